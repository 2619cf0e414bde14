//! How a lock is lost, and how services do not stand in each other's way.

use super::{Place, until};

/// Standing still before this call, whose name is in the list of those that wait.
fn stand_still(place: &Place, run: &str, operation: &str) -> super::Run {
    place.front.shut(run, operation);
    let started = place.start(run, &["deploy", "--yes", "--lock-lease", "3s"]);
    until("it stands before the door", || place.front.waiting() == [run]);
    started
}

#[test]
fn a_killed_holders_lease_is_taken_over_when_it_has_expired() {
    let place = Place::deployed(&["api"]);
    place.ask_for("api", "more");
    let killed = stand_still(&place, "killed", "UpdateService");
    killed.signal("KILL");
    killed.end();
    let refused = place.start("hasty", &["deploy", "--yes"]).end();
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.stderr.contains("without one for 3.0s it is taken over"), "{}", refused.stderr);
    let next = place.start("next", &["deploy", "--yes", "--lock-wait", "30s"]).end();
    assert_eq!(next.code, 0, "{}", next.stderr);
    assert!(next.stderr.contains("and is dead: taken over"), "{}", next.stderr);
    assert_eq!(place.held(), "");
    assert_eq!(place.start("last", &["plan", "--exit-code"]).end().code, 0);
}

#[test]
fn a_paused_holder_that_wakes_is_fenced() {
    let place = Place::deployed(&["api"]);
    place.ask_for("api", "more");
    let paused = stand_still(&place, "paused", "RegisterTaskDefinition");
    paused.pause();
    place.front.open();
    // Its call in flight is through; its answer waits for it to wake.
    until("the call in flight has happened", || {
        let calls = place.front.calls();
        calls.iter().any(|call| call.run == "paused" && call.operation == "RegisterTaskDefinition")
    });
    let next = place.start("next", &["deploy", "--yes", "--lock-wait", "30s"]).end();
    assert_eq!(next.code, 0, "{}", next.stderr);
    paused.signal("CONT");
    let paused = paused.end();
    assert_eq!(paused.code, 3, "{}", paused.stderr);
    assert!(
        paused.stderr.contains(
            "error: lost the lock of service `api` in environment `test` to arn:aws:iam::123456789012:user/"
        ),
        "{}",
        paused.stderr
    );
    let changes: Vec<_> =
        place.front.calls().into_iter().filter(super::front::Called::changes).collect();
    let last_of_paused = changes.iter().rposition(|call| call.run == "paused");
    assert_eq!(last_of_paused, Some(0), "{changes:?}");
    assert_eq!(place.start("last", &["plan", "--exit-code"]).end().code, 0);
    assert_eq!(place.held(), "");
}

#[test]
fn a_run_whose_lock_is_taken_away_stops_and_the_next_plans_anew() {
    let place = Place::deployed(&["api"]);
    place.ask_for("api", "more");
    let first = stand_still(&place, "first", "RegisterTaskDefinition");
    let shown = place.start("asks", &["unlock"]).end();
    assert_eq!(shown.code, 4);
    assert!(shown.stderr.contains("its last sign of life was"), "{}", shown.stderr);
    assert!(
        shown.stderr.ends_with("hint: add `--yes` to take the lock away\n"),
        "{}",
        shown.stderr
    );
    let unlocked = place.start("unlocks", &["--format", "json", "unlock", "--yes"]).end();
    let document: serde_json::Value = serde_json::from_str(&unlocked.stdout).unwrap();
    assert_eq!(document["unlocked"][0]["owner"]["service"], "api");
    assert_eq!(document["unlocked"][0]["holder"]["command"], "shipit deploy --env test");
    until("it has noticed", || first.has_said("lost the lock"));
    place.front.open();
    let first = first.end();
    assert_eq!(first.code, 3, "{}", first.stderr);
    assert!(first.stderr.contains("it was taken away by arn:"), "{}", first.stderr);
    let next = place.start("next", &["deploy", "--yes"]).end();
    assert_eq!(next.code, 0, "{}", next.stderr);
}

#[test]
fn who_waits_for_a_lock_plans_anew_what_the_other_run_has_changed() {
    let place = Place::deployed(&["api"]);
    place.ask_for("api", "more");
    let first = stand_still(&place, "first", "UpdateService");
    let waits = place.start("waits", &["deploy", "--yes", "--lock-wait", "60s"]);
    until("it waits", || waits.has_said("; waiting for it"));
    place.front.open();
    assert_eq!(first.end().code, 0);
    let waits = waits.end();
    assert_eq!(waits.code, 0, "{}", waits.stderr);
    assert!(waits.stderr.contains("; waiting for it\n"), "{}", waits.stderr);
    assert!(
        waits.stderr.contains("another run has changed this since it was planned:\n"),
        "{}",
        waits.stderr
    );
    assert!(waits.stdout.contains("Nothing to do"), "{}", waits.stdout);
    let changes = place.front.calls().into_iter().filter(super::front::Called::changes);
    assert!(changes.into_iter().all(|call| call.run == "first"));
}

#[test]
fn two_services_of_one_environment_deploy_at_the_same_time() {
    let place = Place::deployed(&["api", "web"]);
    place.ask_for("api", "more");
    place.ask_for("web", "more");
    place.front.shut("api", "UpdateService");
    let api = place.start("api", &["svc", "deploy", "--name", "api", "--yes"]);
    until("api stands still", || place.front.waiting() == ["api"]);
    assert!(place.held().contains("the lock of service `api`"));
    let web = place.start("web", &["svc", "deploy", "--name", "web", "--yes"]).end();
    assert_eq!(web.code, 0, "{}", web.stderr);
    assert_eq!(place.front.waiting(), ["api"]);
    place.front.open();
    assert_eq!(api.end().code, 0);
    assert_eq!(place.held(), "");
}

#[test]
fn plan_and_a_deploy_with_nothing_to_do_never_lock() {
    let place = Place::deployed(&["api"]);
    assert_eq!(place.start("plans", &["plan"]).end().code, 0);
    assert_eq!(place.start("deploys", &["deploy", "--yes"]).end().code, 0);
    place.ask_for("api", "more");
    assert_eq!(place.start("plans", &["plan"]).end().code, 0);
    let writes = |operation: &str| ["PutParameter", "DeleteParameters"].contains(&operation);
    let calls = place.front.calls();
    assert!(!calls.iter().any(|call| call.changes() || writes(&call.operation)), "{calls:?}");
}
