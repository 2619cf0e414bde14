//! Taking one lock: look, judge, make the next number, make sure.

use std::time::Duration;

use super::holder::Holder;
use super::seen::{self, Seen};
use super::{Context, parameter_name};
use crate::engine::retry::read_schedule;
use crate::engine::{Cancel, Failure, Owner};

/// So many old numbers stay: a reader that lags behind must find a number taken that it
/// thinks is the next one.
const KEPT_NUMBERS: u64 = 5;

/// Who holds a lock that was wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldBy {
    /// Which lock, as people call it.
    pub lock: String,
    /// The holder; none if another version of shipit wrote something unreadable.
    pub holder: Option<Holder>,
    /// How long ago it last gave a sign of life, as far as clocks agree.
    pub silent: Duration,
}

impl HeldBy {
    /// `the lock of … is held by … on …, since …: COMMAND`.
    pub fn message(&self) -> String {
        let Some(holder) = &self.holder else {
            return format!(
                "the lock of {} is held, in a form that this version cannot read",
                self.lock
            );
        };
        format!("the lock of {} is held by {}", self.lock, describe(holder))
    }
}

/// `WHO on HOST (process N) since WHEN: COMMAND`.
pub(super) fn describe(holder: &Holder) -> String {
    let me = &holder.me;
    let url = me.url.as_ref().map(|url| format!(" ({url})")).unwrap_or_default();
    format!(
        "{} on {} (process {}) since {}: `{}`{url}",
        me.who, me.host, me.pid, holder.since, me.command
    )
}

/// Why a lock was not taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// Another run holds it.
    Held(Box<HeldBy>),
    /// An interrupt came.
    Interrupted,
    /// AWS could not be asked, or a lock that was held already is lost.
    Failed(Box<Failure>),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

/// What is told while a lock is waited for.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// Another run holds it and is waited for.
    Waiting(Box<HeldBy>),
    /// Its holder gave no sign of life; it is taken over unless it does within this time.
    Watching(Box<HeldBy>, Duration),
    /// It was taken from this holder, which is dead.
    TakenOver(Box<HeldBy>),
    /// It is free, but who had it may only notice within this time that it has it no more.
    HoldingOff(Duration),
}

/// A lock that was taken.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Taken {
    pub(super) owner: Owner,
    pub(super) number: u64,
    /// Another run may have changed something since this long before it was taken: since it was
    /// first asked for, if it had to be waited for; since the last release otherwise.
    pub(super) others: Others,
}

/// Whether another run held the lock shortly before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    /// It had to be waited for or taken over.
    JustNow,
    /// The last holder released it so long before, by AWS's clock alone.
    Released(Duration),
    /// Nobody ever held it.
    Never,
}

pub(super) struct Taker<'a> {
    pub(super) cx: &'a Context,
    pub(super) owner: &'a Owner,
    /// The run's, the same for all its locks.
    pub(super) nonce: &'a str,
    /// The parameter that keeps the run's locks alive, if one was taken already.
    pub(super) kept_by: Option<String>,
    /// How long to wait for a holder that lives; not at all if none.
    pub(super) wait: Option<Duration>,
    pub(super) cancel: &'a Cancel,
    pub(super) tell: &'a (dyn Fn(Told) + Send + Sync),
}

/// What is known of the lock between two looks.
#[derive(Default)]
struct Watch {
    /// The number and version that were seen, and since when.
    last: Option<(u64, (String, i64), Duration)>,
    /// Numbers up to this one are known to be taken, even if a read does not show them yet.
    floor: u64,
    failures: u32,
    waited: bool,
    told: Option<(u64, &'static str)>,
    /// The number that was last tried for, and the one before it: kept until it is made sure
    /// of, which may take several tries.
    tried: Option<Tried>,
}

#[derive(Clone)]
struct Tried {
    number: u64,
    before: Option<Seen>,
    /// The one before was not released: it is taken over.
    over: bool,
}

enum Verdict {
    Make { over: bool },
    Ours(u64),
    Look(Duration),
}

impl Taker<'_> {
    pub(super) async fn take(&self) -> Result<Taken, Refusal> {
        let began = self.cx.clock.now();
        let mut watch = Watch::default();
        loop {
            if self.cancel.reason().is_some() {
                return Err(Refusal::Interrupted);
            }
            let seen = match self.call(self.look(watch.floor)).await? {
                Ok(seen) => seen,
                Err(failure) => {
                    self.stumble(&mut watch, failure).await?;
                    continue;
                }
            };
            let tried = match self.judge(&mut watch, seen.as_ref(), began)? {
                Verdict::Look(pause) => {
                    self.pause(pause).await?;
                    continue;
                }
                Verdict::Ours(number) => {
                    let tried = watch.tried.clone().filter(|tried| tried.number == number);
                    tried.unwrap_or(Tried { number, before: seen, over: false })
                }
                Verdict::Make { over } => {
                    let number = seen.as_ref().map_or(watch.floor, |seen| seen.number) + 1;
                    let tried = Tried { number, before: seen, over };
                    watch.tried = Some(tried.clone());
                    match self.call(self.make(number)).await? {
                        Ok(true) => {}
                        Ok(false) => {
                            watch.floor = watch.floor.max(number);
                            self.pause(Duration::from_millis(50)).await?;
                            continue;
                        }
                        Err(failure) => {
                            self.stumble(&mut watch, failure).await?;
                            continue;
                        }
                    }
                    tried
                }
            };
            let number = tried.number;
            let over = tried.before.as_ref().filter(|_| tried.over);
            match self.call(self.make_sure(&tried)).await? {
                Ok(Some((released, old))) => {
                    // It is ours from here on: tidying may fail.
                    let _ = self.call(self.tidy(over, &old)).await;
                    if let Some(over) = over {
                        (self.tell)(Told::TakenOver(Box::new(self.held_by(over))));
                    }
                    let others =
                        if tried.over || watch.waited { Others::JustNow } else { released };
                    return Ok(Taken { owner: self.owner.clone(), number, others });
                }
                Ok(None) => {
                    // The one before lives after all, or someone was faster.
                    watch.floor = watch.floor.max(number);
                    if let (Some(over), None) = (over, self.wait) {
                        return Err(Refusal::Held(Box::new(self.held_by(over))));
                    }
                }
                Err(failure) => {
                    // Next time round, our own number is found and made sure of.
                    self.stumble(&mut watch, failure).await?;
                }
            }
        }
    }

    async fn look(&self, floor: u64) -> Result<Option<Seen>, Failure> {
        let found = seen::highest(self.cx, self.owner).await?;
        if found.as_ref().map_or(0, |seen| seen.number) >= floor {
            return Ok(found);
        }
        // The list lags behind what creating told.
        let name = parameter_name(&self.cx.prefix, self.owner, floor);
        match self.cx.store.get(std::slice::from_ref(&name)).await?.into_iter().next() {
            Some(parameter) => seen::read(self.cx, floor, parameter).await.map(Some),
            None => Err(Failure::new(
                crate::engine::Class::NotYetConsistent,
                format!("`{name}` is there and cannot be read yet"),
            )),
        }
    }

    fn judge(
        &self,
        watch: &mut Watch,
        seen: Option<&Seen>,
        began: Duration,
    ) -> Result<Verdict, Refusal> {
        let Some(seen) = seen else {
            return Ok(Verdict::Make { over: false });
        };
        let now = self.cx.clock.now();
        let same = watch
            .last
            .as_ref()
            .is_some_and(|(number, beat, _)| *number == seen.number && *beat == seen.beat);
        let moved = watch.last.is_some() && !same;
        if !same {
            watch.last = Some((seen.number, seen.beat.clone(), now));
        }
        let since = watch.last.as_ref().map_or(now, |(_, _, since)| *since);
        let unchanged = now.saturating_sub(since);
        if seen.holder.as_ref().is_some_and(|holder| holder.nonce == self.nonce) && !seen.free {
            return Ok(Verdict::Ours(seen.number));
        }
        if seen.free {
            let left = seen.hold_off.saturating_sub(unchanged);
            if left.is_zero() {
                return Ok(Verdict::Make { over: false });
            }
            watch.waited = true;
            self.tell_once(watch, seen, "off", Told::HoldingOff(left));
            return Ok(Verdict::Look(left));
        }
        if seen.holder.as_ref().is_some_and(self.cx.gone) {
            return Ok(Verdict::Make { over: true });
        }
        let lease = seen.holder.as_ref().map_or(self.cx.lease, Holder::lease);
        let left = lease.saturating_sub(unchanged);
        if left.is_zero() {
            return Ok(Verdict::Make { over: true });
        }
        watch.waited = true;
        let every = (lease / 12).clamp(Duration::from_millis(50), Duration::from_secs(2));
        let Some(wait) = self.wait else {
            if moved || self.cx.age(seen.modified) < lease {
                return Err(Refusal::Held(Box::new(self.held_by(seen))));
            }
            let told = Told::Watching(Box::new(self.held_by(seen)), left);
            self.tell_once(watch, seen, "watch", told);
            return Ok(Verdict::Look(every.min(left)));
        };
        let waited = now.saturating_sub(began);
        if waited >= wait {
            return Err(Refusal::Held(Box::new(self.held_by(seen))));
        }
        self.tell_once(watch, seen, "wait", Told::Waiting(Box::new(self.held_by(seen))));
        Ok(Verdict::Look(every.min(left).min(wait - waited)))
    }

    fn tell_once(&self, watch: &mut Watch, seen: &Seen, what: &'static str, told: Told) {
        if watch.told != Some((seen.number, what)) {
            watch.told = Some((seen.number, what));
            (self.tell)(told);
        }
    }

    fn held_by(&self, seen: &Seen) -> HeldBy {
        HeldBy {
            lock: self.cx.called(self.owner),
            holder: seen.holder.clone(),
            silent: self.cx.age(seen.modified),
        }
    }

    /// Makes the number ours; `false` if it is there, be it by an attempt of ours whose answer was lost.
    async fn make(&self, number: u64) -> Result<bool, Failure> {
        let name = parameter_name(&self.cx.prefix, self.owner, number);
        self.cx.store.create(&name, &self.record().to_text()).await
    }

    pub(super) fn record(&self) -> Holder {
        Holder {
            me: self.cx.me.clone(),
            since: self.cx.moment(),
            nonce: self.nonce.to_owned(),
            run: self.cx.run.clone(),
            lease: u64::try_from(self.cx.lease.as_millis()).unwrap_or(u64::MAX),
            kept_by: self.kept_by.clone(),
            beats: 0,
            released: None,
            hold_off: 0,
        }
    }

    /// After the number is made: it must be the highest, and the one it was taken over must not have moved
    /// since it was judged. If so, when the one before was released, and which parameters are old enough to
    /// go; if not, the number is released again.
    async fn make_sure(&self, tried: &Tried) -> Result<Option<(Others, Vec<String>)>, Failure> {
        let number = tried.number;
        let over = tried.before.as_ref().filter(|_| tried.over);
        let found = seen::numbers(self.cx, self.owner).await?;
        let mut modified = None;
        let mut moved = false;
        let mut highest = number;
        for (other, parameter) in &found {
            highest = highest.max(*other);
            if *other == number {
                modified = Some(parameter.modified);
            }
        }
        if let Some(over) = over {
            let name = std::slice::from_ref(&over.beat.0);
            let beat = self.cx.store.get(name).await?;
            moved = beat.first().is_some_and(|beat| {
                // A lease that beats for several locks is over once the first of them was taken over, be it by us.
                let is_over = Holder::read(&beat.value).is_some_and(|one| one.released.is_some());
                beat.version != over.beat.1 && !is_over
            });
        }
        if highest > number || moved {
            let mut record = self.record();
            record.released = Some(self.cx.moment());
            if let Some(holder) = over.and_then(|over| over.holder.as_ref()) {
                record.hold_off = holder.lease / 2;
            }
            let name = parameter_name(&self.cx.prefix, self.owner, number);
            self.cx.store.overwrite(&name, &record.to_text()).await?;
            return Ok(None);
        }
        let old: Vec<String> = found
            .iter()
            .filter(|(other, _)| other + KEPT_NUMBERS <= number)
            .map(|(_, parameter)| parameter.name.clone())
            .collect();
        let others = match (&tried.before, modified) {
            (None, _) => Others::Never,
            (Some(before), Some(modified)) => {
                Others::Released(modified.saturating_sub(before.modified))
            }
            (Some(_), None) => Others::JustNow,
        };
        Ok(Some((others, old)))
    }

    /// Says in the old lease that it is over, and deletes old numbers.
    async fn tidy(&self, over: Option<&Seen>, old: &[String]) -> Result<(), Failure> {
        if let Some(over) = over {
            self.mark_superseded(over).await?;
        }
        if old.is_empty() { Ok(()) } else { self.cx.store.delete(old).await }
    }

    /// Writes into the old lease that it is over: its holder, if it wakes, finds that it is no
    /// longer the only one who writes it.
    async fn mark_superseded(&self, over: &Seen) -> Result<(), Failure> {
        let name = parameter_name(&self.cx.prefix, self.owner, over.number);
        if let Some(mut record) = over.holder.clone().filter(|_| over.beat.0 == name) {
            record.released = Some(self.cx.moment());
            self.cx.store.overwrite(&name, &record.to_text()).await?;
        }
        Ok(())
    }

    /// A call's answer, unless what is in flight is given up.
    async fn call<T>(
        &self,
        call: impl Future<Output = Result<T, Failure>>,
    ) -> Result<Result<T, Failure>, Refusal> {
        tokio::select! {
            biased;
            () = self.cancel.given_up() => Err(Refusal::Interrupted),
            answer = self.cx.bounded(call) => Ok(answer),
        }
    }

    async fn pause(&self, pause: Duration) -> Result<(), Refusal> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Refusal::Interrupted),
            () = self.cx.clock.sleep(pause) => Ok(()),
        }
    }

    /// Counts a failed call and pauses, or gives up.
    async fn stumble(&self, watch: &mut Watch, failure: Failure) -> Result<(), Refusal> {
        watch.failures += 1;
        match read_schedule(failure.class).and_then(|schedule| schedule.pause(watch.failures)) {
            Some(pause) => self.pause(pause).await,
            None => Err(failure.into()),
        }
    }
}
