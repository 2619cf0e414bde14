//! Interrupts: within the 10 seconds that CI runners give, the lock is free again.

use std::time::{Duration, Instant};

use super::{Ended, Place, Run, until};

const LIMIT: Duration = Duration::from_secs(10);

/// A deploy that stands before its last call.
fn standing(place: &Place, operation: &str) -> Run {
    place.ask_for("api", "more");
    place.front.shut("run", operation);
    let run = place.start("run", &["deploy", "--yes"]);
    until("it stands before the door", || place.front.waiting().contains(&"run".to_owned()));
    assert!(place.held().contains("the lock of service `api`"));
    run
}

/// Exit code 130, the lock free, the time kept; what was printed.
#[track_caller]
fn interrupted(place: &Place, run: Run, signalled: Instant) -> Ended {
    let ended = run.end_within(LIMIT);
    assert!(signalled.elapsed() < LIMIT, "{:?}", signalled.elapsed());
    assert_eq!(ended.code, 130, "{}", ended.stderr);
    assert_eq!(place.held(), "");
    ended
}

/// AWS never answers the call that is in flight.
#[track_caller]
fn hangs(signal: &str) {
    let place = Place::deployed(&["api"]);
    let run = standing(&place, "UpdateService");
    let signalled = Instant::now();
    run.signal(signal);
    let ended = interrupted(&place, run, signalled);
    for line in [
        "interrupted: nothing new is started; 1 step in flight\n",
        "ecs/service.api: its call was in flight; it may or may not have happened\n",
        "1 done, 1 skipped in ",
        "run the same command again: it goes on from what is there\n",
    ] {
        assert!(ended.stderr.contains(line), "{line:?} is not in\n{}", ended.stderr);
    }
    place.front.open();
    assert_eq!(place.start("next", &["deploy", "--yes"]).end().code, 0);
}

#[test]
fn sigint_frees_the_lock_within_ten_seconds_though_aws_hangs() {
    hangs("INT");
}

#[test]
fn sigterm_frees_the_lock_within_ten_seconds_though_aws_hangs() {
    hangs("TERM");
}

#[test]
fn sighup_frees_the_lock_within_ten_seconds_though_aws_hangs() {
    hangs("HUP");
}

#[test]
fn a_call_in_flight_ends_and_nothing_new_is_started() {
    let place = Place::deployed(&["api"]);
    let run = standing(&place, "RegisterTaskDefinition");
    let signalled = Instant::now();
    run.signal("INT");
    until("it has noticed", || run.has_said("interrupted: nothing new is started"));
    place.front.open();
    let ended = interrupted(&place, run, signalled);
    assert!(ended.stderr.contains("1 done, 1 skipped in "), "{}", ended.stderr);
    let changes: Vec<String> = place
        .front
        .calls()
        .into_iter()
        .filter(super::front::Called::changes)
        .map(|call| call.operation)
        .collect();
    assert_eq!(changes, ["RegisterTaskDefinition"]);
}

#[test]
fn a_second_interrupt_ends_at_once_and_frees_the_lock() {
    let place = Place::deployed(&["api"]);
    let run = standing(&place, "UpdateService");
    let signalled = Instant::now();
    run.signal("INT");
    // Signals of one kind that come together count once.
    run.signal("TERM");
    let ended = interrupted(&place, run, signalled);
    assert!(signalled.elapsed() < Duration::from_secs(4), "{:?}", signalled.elapsed());
    assert!(ended.stderr.contains("may or may not have happened"), "{}", ended.stderr);
}

#[test]
fn nothing_answers_any_more_and_it_still_ends_in_time() {
    let place = Place::deployed(&["api"]);
    let run = standing(&place, "UpdateService");
    place.front.shut("run", "PutParameter");
    let signalled = Instant::now();
    run.signal("TERM");
    let ended = run.end_within(LIMIT);
    assert!(signalled.elapsed() < LIMIT, "{:?}", signalled.elapsed());
    assert_eq!(ended.code, 130, "{}", ended.stderr);
    assert!(ended.stderr.contains("the lock could not be given back: "), "{}", ended.stderr);
}

#[test]
fn planning_and_waiting_for_a_lock_are_interruptible() {
    let place = Place::deployed(&["api"]);
    place.ask_for("api", "more");
    place.front.shut("plans", "DescribeVpcs");
    let plans = place.start("plans", &["deploy", "--yes"]);
    until("it observes", || place.front.waiting().contains(&"plans".to_owned()));
    plans.signal("TERM");
    let plans = plans.end_within(Duration::from_secs(5));
    assert_eq!(plans.code, 130, "{}", plans.stderr);
    assert_eq!(plans.stderr, "error: interrupted: nothing was changed\n");
    place.front.open();

    place.front.shut("holds", "UpdateService");
    let holds = place.start("holds", &["deploy", "--yes"]);
    until("it stands still", || place.front.waiting().contains(&"holds".to_owned()));
    let waits = place.start("waits", &["deploy", "--yes", "--lock-wait", "1h"]);
    until("it waits", || waits.has_said("; waiting for it"));
    waits.signal("INT");
    let waits = waits.end_within(Duration::from_secs(5));
    assert_eq!(waits.code, 130, "{}", waits.stderr);
    assert!(
        waits.stderr.ends_with("error: interrupted: nothing was changed\n"),
        "{}",
        waits.stderr
    );
    place.front.open();
    assert_eq!(holds.end().code, 0);
}
