//! The rules of leases, on a store in memory and a clock that never really waits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{join, join_all};

use super::*;
use crate::aws::parameters::Parameter;
use crate::engine::{BoxFuture, Cancel, Fence, TestClock};

const LEASE: Duration = Duration::from_secs(60);
const START: Duration = Duration::from_secs(1_795_233_600);

/// What goes wrong with a call.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// It does what it should, and its answer never comes.
    Lost,
    /// It fails and does nothing.
    Refused,
}

#[derive(Default)]
struct Cells {
    cells: BTreeMap<String, (Parameter, Duration)>,
    calls: BTreeMap<&'static str, usize>,
    faults: BTreeMap<(&'static str, usize), Fault>,
}

/// Parameter Store in memory. Reads lag behind writes by `lag`.
#[derive(Clone)]
struct Memory {
    cells: Arc<Mutex<Cells>>,
    clock: TestClock,
    lag: Duration,
}

impl Memory {
    fn new() -> Self {
        Self { cells: Arc::default(), clock: TestClock::new(), lag: Duration::ZERO }
    }

    fn fault(&self, call: &'static str, number: usize, fault: Fault) {
        self.cells.lock().unwrap().faults.insert((call, number), fault);
    }

    fn names(&self) -> Vec<String> {
        let cells = self.cells.lock().unwrap();
        cells.cells.keys().map(|name| name.replace("/shipit/demo/test/lock/", "")).collect()
    }

    fn holder(&self, name: &str) -> Holder {
        let cells = self.cells.lock().unwrap();
        Holder::read(&cells.cells[&format!("/shipit/demo/test/lock/{name}")].0.value).unwrap()
    }

    async fn call<T>(
        &self,
        name: &'static str,
        act: impl FnOnce(&mut Cells) -> T,
    ) -> Result<T, Failure> {
        // A call takes a moment, so that others come in between.
        self.clock.sleep(Duration::from_millis(10)).await;
        let mut cells = self.cells.lock().unwrap();
        let count = cells.calls.entry(name).or_default();
        *count += 1;
        let number = *count;
        match cells.faults.remove(&(name, number)) {
            Some(Fault::Refused) => Err(Failure::new(Class::Throttled, "too fast")),
            Some(Fault::Lost) => {
                act(&mut cells);
                Err(Failure::new(Class::LostAnswer, "no answer"))
            }
            None => Ok(act(&mut cells)),
        }
    }

    fn visible(&self, cells: &Cells, name: &str) -> Option<Parameter> {
        let (parameter, born) = cells.cells.get(name)?;
        (self.clock.now() >= *born + self.lag).then(|| parameter.clone())
    }

    fn write(&self, cells: &mut Cells, name: &str, value: &str) -> i64 {
        let now = self.clock.now();
        let (parameter, _) = cells.cells.entry(name.to_owned()).or_insert_with(|| {
            let name = name.to_owned();
            let value = String::new();
            (Parameter { name, value, version: 0, modified: Duration::ZERO }, now)
        });
        parameter.value = value.to_owned();
        parameter.version += 1;
        parameter.modified = START + now;
        parameter.version
    }
}

impl Store for Memory {
    fn create<'a>(&'a self, name: &'a str, value: &'a str) -> BoxFuture<'a, Result<bool, Failure>> {
        Box::pin(self.call("create", move |cells| {
            let free = !cells.cells.contains_key(name);
            if free {
                self.write(cells, name, value);
            }
            free
        }))
    }

    fn overwrite<'a>(
        &'a self,
        name: &'a str,
        value: &'a str,
    ) -> BoxFuture<'a, Result<i64, Failure>> {
        Box::pin(self.call("overwrite", move |cells| self.write(cells, name, value)))
    }

    fn get<'a>(&'a self, names: &'a [String]) -> BoxFuture<'a, Result<Vec<Parameter>, Failure>> {
        Box::pin(self.call("get", move |cells| {
            names.iter().filter_map(|name| self.visible(cells, name)).collect()
        }))
    }

    fn under<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Vec<Parameter>, Failure>> {
        Box::pin(self.call("under", move |cells| {
            let below = format!("{path}/");
            let names = cells.cells.keys().filter(|name| name.starts_with(&below));
            names.filter_map(|name| self.visible(cells, name)).collect()
        }))
    }

    fn delete<'a>(&'a self, names: &'a [String]) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.call("delete", move |cells| {
            cells.cells.retain(|name, _| !names.contains(name));
        }))
    }
}

/// A run by this person, whose calendar clock is wrong by so many seconds.
fn run_by(memory: &Memory, who: &str, skew: i64) -> Context {
    let clock = memory.clock.clone();
    let skew = Arc::new(AtomicI64::new(skew));
    Context {
        store: Arc::new(memory.clone()),
        clock: Arc::new(memory.clock.clone()),
        wall: Arc::new(move || {
            (START + clock.now())
                .checked_add_signed(skew.load(Ordering::Relaxed))
                .unwrap_or_default()
        }),
        prefix: "/shipit/demo/test/lock".to_owned(),
        environment: "test".to_owned(),
        lease: LEASE,
        me: Me {
            who: who.to_owned(),
            host: "builder".to_owned(),
            pid: 7,
            command: "shipit deploy --env test".to_owned(),
            ..Me::default()
        },
        run: "run".to_owned(),
        gone: |_| false,
    }
}

/// Adds seconds that may be negative.
trait AddSigned: Sized {
    fn checked_add_signed(self, seconds: i64) -> Option<Self>;
}

impl AddSigned for Duration {
    fn checked_add_signed(self, seconds: i64) -> Option<Self> {
        let change = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 { self.checked_sub(change) } else { self.checked_add(change) }
    }
}

fn environment() -> BTreeSet<Owner> {
    BTreeSet::from([Owner::Environment])
}

fn service(name: &str) -> Owner {
    Owner::Service(name.to_owned())
}

async fn take(cx: &Context, owners: &BTreeSet<Owner>) -> Result<Locks, Refusal> {
    take_within(cx, owners, None, &Cancel::new()).await.0
}

/// Also what was told meanwhile.
async fn take_within(
    cx: &Context,
    owners: &BTreeSet<Owner>,
    wait: Option<Duration>,
    cancel: &Cancel,
) -> (Result<Locks, Refusal>, Vec<Told>) {
    let told = Mutex::new(Vec::new());
    let tell = |one| told.lock().unwrap().push(one);
    let taken = Locks::take(cx, owners, wait, cancel, &tell).await;
    (taken.map(Option::unwrap), told.into_inner().unwrap())
}

async fn wait_for(cx: &Context, seconds: u64) -> (Result<Locks, Refusal>, Vec<Told>) {
    let wait = Some(Duration::from_secs(seconds));
    take_within(cx, &environment(), wait, &Cancel::new()).await
}

/// Gives the lock back after so long, kept alive meanwhile.
async fn hold(memory: &Memory, locks: &Locks, seconds: u64) {
    tokio::select! {
        () = locks.keep_alive() => panic!("lost"),
        () = memory.clock.sleep(Duration::from_secs(seconds)) => {}
    }
    locks.release(Duration::from_secs(10)).await.unwrap();
}

fn who(refusal: Result<Locks, Refusal>) -> String {
    match refusal {
        Ok(_) => "taken".to_owned(),
        Err(Refusal::Held(held)) => held.holder.map_or("?".to_owned(), |holder| holder.me.who),
        Err(other) => format!("{other:?}"),
    }
}

async fn seconds(memory: &Memory, seconds: u64) {
    memory.clock.sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test]
async fn a_held_lock_is_refused_with_its_holder_and_a_released_one_is_free() {
    let memory = Memory::new();
    let (ann, bob) = (run_by(&memory, "ann", 0), run_by(&memory, "bob", 0));
    let locks = take(&ann, &environment()).await.unwrap();
    let Err(Refusal::Held(held)) = take(&bob, &environment()).await else { panic!() };
    assert_eq!(
        held.message(),
        "the lock of environment `test` is held by ann on builder (process 7) since \
         2026-11-21T04:00:00Z: `shipit deploy --env test`"
    );
    locks.release(LEASE).await.unwrap();
    take(&bob, &environment()).await.unwrap();
    assert_eq!(memory.names(), ["environment/1", "environment/2"]);
}

#[tokio::test]
async fn of_eight_that_try_at_once_one_gets_it_and_old_numbers_go() {
    let memory = Memory::new();
    for round in 1..=20 {
        let runs: Vec<Context> =
            (0..8).map(|number| run_by(&memory, &format!("run {number}"), 0)).collect();
        let owners = environment();
        let taken = join_all(runs.iter().map(|cx| take(cx, &owners))).await;
        let winners: Vec<Locks> = taken.into_iter().filter_map(Result::ok).collect();
        assert_eq!(winners.len(), 1, "round {round}");
        assert!(memory.names().contains(&format!("environment/{round}")));
        winners[0].release(LEASE).await.unwrap();
    }
    let kept: Vec<String> = (16..=20).map(|number| format!("environment/{number}")).collect();
    assert_eq!(memory.names(), kept);
}

#[tokio::test]
async fn a_holder_that_beats_keeps_its_lock_from_one_that_waits() {
    let memory = Memory::new();
    let (ann, bob) = (run_by(&memory, "ann", 0), run_by(&memory, "bob", 0));
    let locks = take(&ann, &environment()).await.unwrap();
    let (_, (bobs, told)) = join(hold(&memory, &locks, 600), wait_for(&bob, 500)).await;
    assert_eq!(who(bobs), "ann");
    assert_eq!(told.len(), 1, "{told:?}");
    // Now it is released within the time that bob waits.
    let locks = take(&ann, &environment()).await.unwrap();
    let (_, (bobs, _)) = join(hold(&memory, &locks, 300), wait_for(&bob, 500)).await;
    let bobs = bobs.unwrap();
    assert!(bobs.others_ran_within(Duration::ZERO), "it had to be waited for");
}

#[tokio::test]
async fn a_dead_holder_is_superseded_after_one_lease_of_the_challengers_clock() {
    // Whatever the challenger's calendar clock says.
    for skew in [0, -86_400, 86_400] {
        let memory = Memory::new();
        let (ann, bob) = (run_by(&memory, "ann", 0), run_by(&memory, "bob", skew));
        take(&ann, &environment()).await.unwrap();
        seconds(&memory, 1).await;
        let began = memory.clock.now();
        let (bobs, told) = wait_for(&bob, 300).await;
        assert!(bobs.unwrap().others_ran_within(Duration::ZERO));
        let took = memory.clock.now() - began;
        assert!(took >= LEASE && took < LEASE + Duration::from_secs(3), "{took:?}");
        assert!(matches!(&told[..], [Told::Waiting(_), Told::TakenOver(_)]), "{told:?}");
        assert!(memory.holder("environment/1").released.is_some());
    }
}

#[tokio::test]
async fn without_waiting_a_young_lease_is_refused_at_once_and_an_old_one_watched() {
    let memory = Memory::new();
    let (ann, bob) = (run_by(&memory, "ann", 0), run_by(&memory, "bob", 0));
    take(&ann, &environment()).await.unwrap();
    seconds(&memory, 30).await;
    let began = memory.clock.now();
    assert_eq!(who(take(&bob, &environment()).await), "ann");
    assert!(memory.clock.now() - began < Duration::from_secs(1));
    seconds(&memory, 60).await;
    let began = memory.clock.now();
    let (bobs, told) = take_within(&bob, &environment(), None, &Cancel::new()).await;
    bobs.unwrap();
    assert!(memory.clock.now() - began >= LEASE);
    assert!(matches!(&told[..], [Told::Watching(_, _), Told::TakenOver(_)]), "{told:?}");
}

#[tokio::test]
async fn a_clock_that_is_wrong_costs_a_wait_and_never_the_lock() {
    let memory = Memory::new();
    // Bob's clock is a day ahead: every lease looks old to him.
    let (ann, bob) = (run_by(&memory, "ann", 0), run_by(&memory, "bob", 86_400));
    let locks = take(&ann, &environment()).await.unwrap();
    let owners = environment();
    let (_, bobs) = join(hold(&memory, &locks, 120), take(&bob, &owners)).await;
    assert_eq!(who(bobs), "ann", "he watched, and saw it move");
}

#[tokio::test]
async fn a_paused_holder_that_wakes_is_fenced() {
    let memory = Memory::new();
    let (ann, bob) = (run_by(&memory, "ann", 0), run_by(&memory, "bob", 0));
    let locks = take(&ann, &environment()).await.unwrap();
    locks.may_go_on().await.unwrap();
    // Ann's process is stopped: nobody beats.
    let (bobs, _) = wait_for(&bob, 300).await;
    let bobs = bobs.unwrap();
    let lost = locks.may_go_on().await.unwrap_err();
    assert_eq!(
        lost.message,
        "lost the lock of environment `test` to bob on builder (process 7) since \
         2026-11-21T04:01:00Z: `shipit deploy --env test`"
    );
    assert_eq!(locks.lost().await, lost);
    bobs.may_go_on().await.unwrap();
    // What ann tidies up touches her own number alone.
    locks.release(LEASE).await.unwrap();
    bobs.may_go_on().await.unwrap();
    seconds(&memory, 30).await;
    bobs.may_go_on().await.unwrap();
}

#[tokio::test]
async fn a_heartbeat_after_a_long_pause_finds_the_loss_by_itself() {
    let memory = Memory::new();
    let (ann, bob) = (run_by(&memory, "ann", 0), run_by(&memory, "bob", 0));
    let locks = take(&ann, &environment()).await.unwrap();
    wait_for(&bob, 300).await.0.unwrap();
    let (_, lost) = join(locks.keep_alive(), locks.lost()).await;
    assert!(lost.message.starts_with("lost the lock of environment `test` to bob"), "{lost}");
}

#[tokio::test]
async fn a_challenger_that_was_too_slow_steps_back() {
    let memory = Memory::new();
    let (ann, bob) = (run_by(&memory, "ann", 0), run_by(&memory, "bob", 0));
    let locks = take(&ann, &environment()).await.unwrap();
    // Bob has watched for a whole lease; before his number is made, ann's heartbeat comes through.
    let beat = async {
        while memory.clock.now() < LEASE + Duration::from_millis(20) {
            memory.clock.sleep(Duration::from_millis(5)).await;
        }
        locks.may_go_on().await
    };
    let ((bobs, _), beat) = join(wait_for(&bob, 61), beat).await;
    // Never both.
    assert!(bobs.is_err() || beat.is_err(), "{beat:?}");
}

/// At whatever moment of bob's takeover ann wakes, at most one of them goes on.
#[tokio::test]
async fn holder_and_challenger_never_both_go_on() {
    for wakes in 0..40 {
        let memory = Memory::new();
        let (ann, bob) = (run_by(&memory, "ann", 0), run_by(&memory, "bob", 0));
        let locks = take(&ann, &environment()).await.unwrap();
        let at = LEASE + Duration::from_millis(5 * wakes);
        let anns = async {
            memory.clock.sleep(at.saturating_sub(memory.clock.now())).await;
            let goes_on = locks.may_go_on().await.is_ok();
            (goes_on, memory.clock.now())
        };
        let bobs = async {
            let taken = take_within(&bob, &environment(), Some(LEASE * 2), &Cancel::new()).await.0;
            (taken, memory.clock.now())
        };
        let ((goes_on, asked), (taken, took)) = join(anns, bobs).await;
        if goes_on && taken.is_ok() {
            // Only if she has known for long, by then, that she must ask again.
            assert!(took >= asked + LEASE / 3, "wakes at {at:?}: {asked:?}, {took:?}");
            assert!(locks.may_go_on().await.is_err());
        }
    }
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_ones_own() {
    let memory = Memory::new();
    memory.fault("create", 1, Fault::Lost);
    let locks = take(&run_by(&memory, "ann", 0), &environment()).await.unwrap();
    locks.may_go_on().await.unwrap();
    assert_eq!(memory.names(), ["environment/1"]);
}

#[tokio::test]
async fn a_takeover_that_loses_answers_is_still_one() {
    for (call, number) in [("create", 2), ("under", 40), ("get", 1), ("overwrite", 1)] {
        let memory = Memory::new();
        let (ann, bob) = (run_by(&memory, "ann", 0), run_by(&memory, "bob", 0));
        let locks = take(&ann, &environment()).await.unwrap();
        memory.fault(call, number, Fault::Lost);
        memory.fault("create", 3, Fault::Refused);
        wait_for(&bob, 300).await.0.unwrap().may_go_on().await.unwrap();
        assert!(locks.may_go_on().await.is_err(), "{call} {number}");
        assert_eq!(memory.names(), ["environment/1", "environment/2"], "{call} {number}");
    }
}

#[tokio::test]
async fn heartbeats_outlive_lost_answers_and_throttles() {
    let memory = Memory::new();
    let locks = take(&run_by(&memory, "ann", 0), &environment()).await.unwrap();
    for number in [1, 3, 4, 7] {
        memory.fault("overwrite", number, Fault::Lost);
        memory.fault("get", number + 1, Fault::Refused);
        memory.fault("overwrite", number + 1, Fault::Refused);
    }
    hold(&memory, &locks, 600).await;
    assert!(memory.holder("environment/1").beats > 30);
}

#[tokio::test]
async fn reads_that_lag_make_no_second_holder() {
    let mut memory = Memory::new();
    memory.lag = Duration::from_secs(2);
    let (ann, bob) = (run_by(&memory, "ann", 0), run_by(&memory, "bob", 0));
    let locks = take(&ann, &environment()).await.unwrap();
    locks.release(LEASE).await.unwrap();
    let second = take(&bob, &environment()).await.unwrap();
    // The list still shows the first number only, released.
    assert_eq!(who(take(&ann, &environment()).await), "bob");
    second.may_go_on().await.unwrap();
}

#[tokio::test]
async fn several_locks_are_kept_by_one_and_given_back_with_it() {
    let memory = Memory::new();
    let (ann, bob) = (run_by(&memory, "ann", 0), run_by(&memory, "bob", 0));
    let all = BTreeSet::from([service("api"), service("web"), Owner::Environment]);
    let locks = take(&ann, &all).await.unwrap();
    assert_eq!(memory.names(), ["environment/1", "service/api/1", "service/web/1"]);
    let web = BTreeSet::from([service("web")]);
    let other = BTreeSet::from([service("other")]);
    take(&bob, &other).await.unwrap();
    let tries = async {
        seconds(&memory, 300).await;
        take(&bob, &web).await
    };
    let (_, bobs) = join(hold(&memory, &locks, 400), tries).await;
    assert_eq!(who(bobs), "ann");
    assert!(memory.cells.lock().unwrap().calls["overwrite"] < 40);
    // One write has freed all.
    take(&bob, &web).await.unwrap();
    assert!(memory.holder("service/api/1").released.is_none());
    take(&bob, &BTreeSet::from([service("api")])).await.unwrap();
}

#[tokio::test]
async fn losing_one_of_several_locks_is_losing_all() {
    let memory = Memory::new();
    let (ann, bob) = (run_by(&memory, "ann", 0), run_by(&memory, "bob", 0));
    let both = BTreeSet::from([service("api"), service("web")]);
    let locks = take(&ann, &both).await.unwrap();
    let web = BTreeSet::from([service("web")]);
    take_within(&bob, &web, Some(LEASE * 3), &Cancel::new()).await.0.unwrap();
    let lost = locks.may_go_on().await.unwrap_err();
    assert!(lost.message.starts_with("lost the lock of service `web`"), "{lost}");
}

#[tokio::test]
async fn a_run_that_gets_only_some_locks_gives_them_back() {
    let memory = Memory::new();
    let (ann, bob) = (run_by(&memory, "ann", 0), run_by(&memory, "bob", 0));
    let web = BTreeSet::from([service("web")]);
    take(&bob, &web).await.unwrap();
    let both = BTreeSet::from([service("api"), service("web")]);
    assert_eq!(who(take(&ann, &both).await), "bob");
    take(&bob, &BTreeSet::from([service("api")])).await.unwrap();
}

#[tokio::test]
async fn unlock_fences_the_holder_and_the_next_waits_until_it_must_know() {
    let memory = Memory::new();
    let (ann, bob) = (run_by(&memory, "ann", 0), run_by(&memory, "bob", 0));
    let both = BTreeSet::from([Owner::Environment, service("api")]);
    let locks = take(&ann, &both).await.unwrap();
    let held = super::held(&bob).await.unwrap();
    let owners: Vec<&Owner> = held.iter().map(|held| &held.owner).collect();
    assert_eq!(owners, [&Owner::Environment, &service("api")]);
    assert!(unlock(&bob, &held[1]).await.unwrap());
    assert!(!unlock(&bob, &held[1]).await.unwrap(), "it has moved on");
    assert_eq!(super::held(&bob).await.unwrap(), []);
    let began = memory.clock.now();
    let (taken, told) = take_within(&bob, &environment(), None, &Cancel::new()).await;
    taken.unwrap();
    assert!(memory.clock.now() - began >= LEASE / 3);
    assert!(matches!(&told[..], [Told::HoldingOff(_)]), "{told:?}");
    let lost = locks.may_go_on().await.unwrap_err();
    assert!(
        lost.message.starts_with("lost the lock of environment `test` to bob")
            || lost.message.contains("was taken away by bob"),
        "{lost}"
    );
}

#[tokio::test]
async fn waiting_is_interruptible_and_leaves_nothing() {
    let memory = Memory::new();
    let (ann, bob) = (run_by(&memory, "ann", 0), run_by(&memory, "bob", 0));
    let locks = take(&ann, &environment()).await.unwrap();
    let cancel = Cancel::new();
    let interrupt = async {
        seconds(&memory, 5).await;
        cancel.cancel("a signal");
    };
    let owners = environment();
    let bobs = take_within(&bob, &owners, Some(LEASE * 3), &cancel);
    let ((bobs, _), ()) = join(bobs, interrupt).await;
    assert_eq!(who(bobs), "Interrupted");
    assert!(memory.clock.now() < Duration::from_secs(6));
    locks.may_go_on().await.unwrap();
    assert_eq!(memory.names(), ["environment/1"]);
}

#[tokio::test]
async fn what_was_made_in_flight_when_it_was_given_up_is_given_back() {
    let memory = Memory::new();
    let ann = run_by(&memory, "ann", 0);
    let cancel = Cancel::new();
    let interrupt = async {
        // The number is being made by then.
        memory.clock.sleep(Duration::from_millis(15)).await;
        memory.fault("create", 1, Fault::Lost);
        memory.clock.sleep(Duration::from_millis(4)).await;
        cancel.cancel("a signal");
    };
    let owners = environment();
    let ((taken, _), ()) = join(take_within(&ann, &owners, None, &cancel), interrupt).await;
    assert_eq!(who(taken), "Interrupted");
    assert!(memory.holder("environment/1").released.is_some());
}

#[tokio::test]
async fn who_ran_meanwhile_is_told_by_awss_clock_alone() {
    let memory = Memory::new();
    let (ann, bob) = (run_by(&memory, "ann", 7200), run_by(&memory, "bob", -7200));
    let locks = take(&ann, &environment()).await.unwrap();
    assert!(!locks.others_ran_within(LEASE), "nobody ever held it");
    locks.release(LEASE).await.unwrap();
    seconds(&memory, 100).await;
    let locks = take(&bob, &environment()).await.unwrap();
    assert!(!locks.others_ran_within(Duration::from_secs(99)));
    assert!(locks.others_ran_within(Duration::from_secs(101)));
}

#[tokio::test]
async fn a_holder_whose_process_is_known_to_be_gone_is_superseded_at_once() {
    let memory = Memory::new();
    let ann = run_by(&memory, "ann", 0);
    let bob = Context { gone: |holder| holder.me.who == "ann", ..run_by(&memory, "bob", 0) };
    take(&ann, &environment()).await.unwrap();
    take(&bob, &environment()).await.unwrap();
    assert!(memory.clock.now() < Duration::from_secs(1));
}
