//! Keeping what was taken: heartbeats, and noticing that it is lost.

use std::time::Duration;

use tokio::sync::{Mutex, watch};

use super::holder::Holder;
use super::take::{Taken, describe};
use super::{Context, parameter_name, seen};
use crate::engine::{Class, Failure, Owner};

/// The locks of one run, kept alive by the first one's parameter.
pub(super) struct Held {
    cx: Context,
    nonce: String,
    /// The first one keeps all.
    taken: std::sync::Mutex<Vec<Taken>>,
    turn: Mutex<Turn>,
    fresh: std::sync::Mutex<Fresh>,
    lost: watch::Sender<Option<Failure>>,
}

/// What only one heartbeat at a time may touch.
struct Turn {
    record: Holder,
    version: i64,
    /// Writes of ours whose answer never came: each may have made a version.
    unsure: i64,
    released: bool,
}

/// When the last heartbeat that succeeded began.
#[derive(Clone, Copy)]
struct Fresh {
    clock: Duration,
    wall: Duration,
}

impl Held {
    /// `began`: when the first lock's parameter was about to be made, or earlier.
    pub(super) fn new(cx: Context, record: Holder, first: Taken, began: Duration) -> Self {
        let wall = (cx.wall)().saturating_sub(cx.clock.now().saturating_sub(began));
        Self {
            nonce: record.nonce.clone(),
            fresh: std::sync::Mutex::new(Fresh { clock: began, wall }),
            turn: Mutex::new(Turn { record, version: 1, unsure: 0, released: false }),
            taken: std::sync::Mutex::new(vec![first]),
            lost: watch::channel(None).0,
            cx,
        }
    }

    pub(super) fn add(&self, taken: Taken) {
        lock(&self.taken).push(taken);
    }

    pub(super) fn taken(&self) -> Vec<Taken> {
        lock(&self.taken).clone()
    }

    /// The parameter that keeps all locks alive.
    pub(super) fn keeper(&self) -> String {
        let first = lock(&self.taken).first().cloned();
        first.map_or_else(String::new, |first| self.name(&first))
    }

    fn name(&self, taken: &Taken) -> String {
        parameter_name(&self.cx.prefix, &taken.owner, taken.number)
    }

    /// Completes when the locks are known to be lost.
    pub(super) async fn lost(&self) -> Failure {
        let mut receiver = self.lost.subscribe();
        // The sender lives in `self`, so the channel cannot close meanwhile.
        match receiver.wait_for(Option::is_some).await {
            Ok(lost) => lost.clone().unwrap_or_else(|| Failure::internal("lost without a reason")),
            Err(_) => Failure::internal("the lock's channel closed"),
        }
    }

    fn known_lost(&self) -> Option<Failure> {
        self.lost.borrow().clone()
    }

    /// Whether the last heartbeat is younger than a third of the lease, by both clocks: the
    /// monotonic one stands still while some machines sleep.
    fn is_fresh(&self) -> bool {
        let fresh = *lock(&self.fresh);
        let third = self.cx.lease / 3;
        self.cx.clock.now().saturating_sub(fresh.clock) <= third
            && (self.cx.wall)().saturating_sub(fresh.wall) <= third
    }

    /// Heartbeats until the locks are lost or released.
    pub(super) async fn keep_alive(&self) {
        let mut pause = self.cx.lease / 4;
        loop {
            self.cx.clock.sleep(pause).await;
            let mut turn = self.turn.lock().await;
            if turn.released || self.known_lost().is_some() {
                return;
            }
            pause = match self.beat(&mut turn).await {
                Ok(()) => self.cx.lease / 4,
                Err(_) => self.cx.lease / 16,
            };
        }
    }

    /// Whether another call may start; asks AWS when the last heartbeat is too old.
    pub(super) async fn may_go_on(&self) -> Result<(), Failure> {
        const TRIES: u32 = 3;
        for attempt in 1..=TRIES {
            if let Some(lost) = self.known_lost() {
                return Err(lost);
            }
            if self.is_fresh() {
                return Ok(());
            }
            let mut turn = self.turn.lock().await;
            // Whoever had the turn may have asked already.
            if self.is_fresh() || self.known_lost().is_some() {
                continue;
            }
            match self.beat(&mut turn).await {
                Ok(()) => {}
                Err(failure) if attempt == TRIES && self.known_lost().is_none() => {
                    let mut unsure = failure;
                    unsure.message = format!(
                        "whether the lock of {} is still held could not be asked: {}",
                        self.called(),
                        unsure.message
                    );
                    return Err(unsure);
                }
                Err(_) => {
                    drop(turn);
                    self.cx.clock.sleep(self.cx.lease / 24).await;
                }
            }
        }
        match self.known_lost() {
            Some(lost) => Err(lost),
            // The last heartbeat took longer than it is worth: what it found was true when it began.
            None if self.is_fresh() => Ok(()),
            None => Err(Failure::new(
                Class::LostAnswer,
                format!("heartbeats of the lock of {} take too long", self.called()),
            )
            .with_hint("run the same command again, with a longer `SHIPIT_LOCK_LEASE`")),
        }
    }

    fn called(&self) -> String {
        let owners: Vec<String> =
            lock(&self.taken).iter().map(|taken| self.cx.called(&taken.owner)).collect();
        owners.join(", ")
    }

    /// Writes first, reads then: a challenger does the same the other way round, so that one of
    /// the two sees the other.
    async fn beat(&self, turn: &mut Turn) -> Result<(), Failure> {
        let began = Fresh { clock: self.cx.clock.now(), wall: (self.cx.wall)() };
        turn.record.beats += 1;
        let name = self.keeper();
        // Counted before it is sent: the future may be dropped while it is on its way.
        turn.unsure += 1;
        let value = turn.record.to_text();
        let version = self.cx.bounded(self.cx.store.overwrite(&name, &value)).await?;
        let alone = version > turn.version && version <= turn.version + turn.unsure;
        (turn.version, turn.unsure) = (version, 0);
        let next: Vec<(Owner, String)> = self
            .taken()
            .iter()
            .map(|taken| {
                let next = parameter_name(&self.cx.prefix, &taken.owner, taken.number + 1);
                (taken.owner.clone(), next)
            })
            .collect();
        let names: Vec<String> = next.iter().map(|(_, name)| name.clone()).collect();
        let found = self.cx.bounded(self.cx.store.get(&names)).await?;
        let superseded = next
            .iter()
            .find(|(_, name)| found.iter().any(|parameter| parameter.name == *name))
            .map(|(owner, _)| owner.clone());
        let owner = match (superseded, alone) {
            (None, true) => {
                *lock(&self.fresh) = began;
                return Ok(());
            }
            (Some(owner), _) => Some(owner),
            (None, false) => self.taken().first().map(|taken| taken.owner.clone()),
        };
        let lost = self.who_took(&owner.unwrap_or(Owner::Environment)).await;
        self.lost.send_replace(Some(lost.clone()));
        Err(lost)
    }

    /// Says to whom a lock was lost.
    async fn who_took(&self, owner: &Owner) -> Failure {
        let lock = self.cx.called(owner);
        let found = self.cx.bounded(seen::highest(&self.cx, owner)).await.ok().flatten();
        let other = found.and_then(|seen| seen.holder).filter(|holder| holder.nonce != self.nonce);
        let message = match other {
            // Nobody ever ran under such a number.
            Some(holder) if holder.released.is_some() && holder.hold_off > 0 => {
                format!("lost the lock of {lock}: it was taken away by {}", describe(&holder))
            }
            Some(holder) => format!("lost the lock of {lock} to {}", describe(&holder)),
            None => format!("lost the lock of {lock} to another run"),
        };
        Failure::new(Class::Broken, message)
            .with_hint("nothing new was started; plan again when the other run has ended")
    }

    /// Gives all locks back with one write, even when they are lost: the number is ours, and locks
    /// that it keeps are free sooner.
    pub(super) async fn release(&self) -> Result<(), Failure> {
        let mut turn = self.turn.lock().await;
        turn.released = true;
        turn.record.released = Some(self.cx.moment());
        let value = turn.record.to_text();
        self.cx.store.overwrite(&self.keeper(), &value).await.map(|_| ())
    }
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
