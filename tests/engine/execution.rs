//! Runs with scripted failures: retries, lost answers, waiting, skipping, interrupts.

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;
use shipit::engine::execute::Options;
use shipit::engine::{AllowDelete, Cancel, Class, Clock, Event, EventKind, Foreign};

use super::cloud::{Cloud, Fault};
use super::graph::{Graph, apply, carry_out, deploy, planned, ready, scope, text, web};

/// Events as text, one per line: seconds since the start, what happened.
pub(super) fn told(events: &[Event]) -> String {
    let lines = events.iter().map(|event| {
        let what = match &event.kind {
            EventKind::RunStarted { steps } => format!("{steps} steps"),
            EventKind::StepStarted { address, .. } => format!("{address} starts"),
            EventKind::StepWaiting { address, waits_for, .. } => format!("{address}: {waits_for}"),
            EventKind::StepWrote { address, line, .. } => format!("{address} writes: {line}"),
            EventKind::StepRetrying { address, failure, pause, .. } => {
                format!("{address} again in {} ms: {:?}", pause.as_millis(), failure.class)
            }
            EventKind::StepDone { address, took, .. } => {
                format!("{address} done, took {} s", took.as_secs())
            }
            EventKind::StepFailed { address, failure, .. } => {
                format!("{address} failed: {failure}")
            }
            EventKind::StepSkipped { address, because, .. } => {
                format!("{address} skipped: {because}")
            }
            EventKind::Cancelling { in_flight, because } => {
                format!("{because}, {in_flight} in flight")
            }
            EventKind::RunFinished { done, failed, skipped, cancelled } => {
                format!("{done} done, {failed} failed, {skipped} skipped, interrupted: {cancelled}")
            }
        };
        format!("{:>3} {what}", event.elapsed.as_secs())
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn one() -> Graph {
    Graph::default().env("t/plain.a", json!({}))
}

/// Applies with these faults at the calls after observing (one per kind), counted from 1.
async fn with_faults(cloud: &Cloud, graph: &Graph, faults: &[(usize, Fault)]) -> String {
    let plan = planned(cloud, graph, &scope(true, &["api"]), &AllowDelete::All).await.unwrap();
    let calls = cloud.state().calls;
    cloud.state().faults.extend(faults.iter().map(|(call, fault)| (calls + call, *fault)));
    told(&carry_out(cloud, &plan, &Cancel::new(), Options::default()).await.1)
}

#[tokio::test]
async fn what_is_created_is_awaited_only_by_those_that_need_it_ready() {
    let graph = Graph::default()
        .env("t/slow.balancer", json!({}))
        .env("t/plain.listener", json!({ "uses": [super::graph::id("t/slow.balancer")] }))
        .env("t/plain.service", json!({ "awaits": [ready("t/slow.balancer")] }));
    assert_snapshot!(with_faults(&Cloud::default(), &graph, &[]).await, @"
     0 3 steps
     0 t/slow.balancer starts
     0 t/plain.listener starts
     0 t/slow.balancer: it is being set up
     0 t/plain.listener done, took 0 s
    90 t/slow.balancer done, took 90 s
    90 t/plain.service starts
    90 t/plain.service done, took 0 s
    90 3 done, 0 failed, 0 skipped, interrupted: false
    ");
}

#[tokio::test]
async fn throttles_and_consistency_are_waited_out() {
    let faults = [
        (1, Fault::Before(Class::Throttled)),
        (2, Fault::Before(Class::NotYetConsistent)),
        (3, Fault::Before(Class::NotYetConsistent)),
    ];
    assert_snapshot!(with_faults(&Cloud::default(), &one(), &faults).await, @"
    0 1 steps
    0 t/plain.a starts
    0 t/plain.a again in 500 ms: Throttled
    0 t/plain.a again in 250 ms: NotYetConsistent
    0 t/plain.a again in 500 ms: NotYetConsistent
    1 t/plain.a done, took 1 s
    1 1 done, 0 failed, 0 skipped, interrupted: false
    ");
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_found_again() {
    let cloud = Cloud::default();
    cloud.state().lag = Duration::from_secs(3);
    assert_snapshot!(with_faults(&cloud, &one(), &[(1, Fault::After(Class::LostAnswer))]).await, @"
    0 1 steps
    0 t/plain.a starts
    0 t/plain.a again in 0 ms: LostAnswer
    3 t/plain.a done, took 3 s
    3 1 done, 0 failed, 0 skipped, interrupted: false
    ");
    assert_eq!(cloud.shown(), ["t/plain.a#1 {}"]);
}

#[tokio::test]
async fn a_create_that_was_never_received_is_made_again_after_looking() {
    let cloud = Cloud::default();
    assert_snapshot!(with_faults(&cloud, &one(), &[(1, Fault::Before(Class::Server))]).await, @"
     0 1 steps
     0 t/plain.a starts
     0 t/plain.a again in 0 ms: Server
    15 t/plain.a done, took 15 s
    15 1 done, 0 failed, 0 skipped, interrupted: false
    ");
    assert_eq!(cloud.shown(), ["t/plain.a#1 {}"]);
}

#[tokio::test]
async fn a_name_that_is_taken_is_ours_or_foreign() {
    let cloud = Cloud::default();
    let graph = Graph::default().env("t/single.a", json!({}));
    let plan = planned(&cloud, &graph, &scope(true, &[]), &AllowDelete::All).await.unwrap();
    // Another run makes it meanwhile.
    deploy(&cloud, &graph, &scope(true, &[])).await;
    let (outcome, _) = carry_out(&cloud, &plan, &Cancel::new(), Options::default()).await;
    assert!(outcome.is_complete());
    assert_eq!(outcome.outputs[&"t/single.a".parse().unwrap()], json!({ "id": "single-00001" }));

    let cloud = Cloud::default();
    cloud.state().foreign = vec![Foreign {
        address: "t/single.a".parse().unwrap(),
        id: "x".into(),
        owner: "the tags of bob".into(),
        adoptable: false,
    }];
    let (outcome, _) = carry_out(&cloud, &plan, &Cancel::new(), Options::default()).await;
    assert_eq!(outcome.failed[0].1.class, Class::AlreadyExists);
    assert_eq!(
        outcome.failed[0].1.hint.as_deref(),
        Some("rename or delete `x`, which has the tags of bob")
    );
    cloud.state().foreign[0].adoptable = true;
    let (outcome, _) = carry_out(&cloud, &plan, &Cancel::new(), Options::default()).await;
    assert_eq!(
        outcome.failed[0].1.hint.as_deref(),
        Some("take it over with `shipit adopt t/single.a x --env test`, or rename or delete it")
    );
}

#[tokio::test]
async fn a_failed_step_skips_what_depends_on_it_and_nothing_else() {
    let graph = web().env("t/plain.unrelated", json!({}));
    let cloud = Cloud::default();
    cloud.state().broken.push("t/slow.balancer".into());
    assert_snapshot!(with_faults(&cloud, &graph, &[]).await, @"
    0 6 steps
    0 t/plain.vpc starts
    0 t/revision.api starts
    0 t/plain.unrelated starts
    0 t/single.subnet starts
    0 t/plain.vpc done, took 0 s
    0 t/slow.balancer starts
    0 t/revision.api done, took 0 s
    0 t/plain.unrelated done, took 0 s
    0 t/single.subnet done, took 0 s
    0 t/slow.balancer failed: its tasks stop
    0 t/plain.api skipped: `t/slow.balancer` failed
    0 4 done, 1 failed, 1 skipped, interrupted: false
    ");
    cloud.state().broken.clear();
    assert_snapshot!(text(&cloud, &graph, &scope(true, &["api"])).await, @"
    0 settle t/slow.balancer #1: it matches and is still settling: it is being set up
    1 create t/plain.api #1: it is not there yet [after 0!]
    unchanged 4
    ");
}

#[tokio::test]
async fn a_refusal_is_not_tried_again() {
    assert_snapshot!(
        with_faults(&Cloud::default(), &one(), &[(1, Fault::Before(Class::Denied))]).await,
        @"
    0 1 steps
    0 t/plain.a starts
    0 t/plain.a failed: on demand
    0 0 done, 1 failed, 0 skipped, interrupted: false
    "
    );
}

#[tokio::test]
async fn what_is_gone_already_is_deleted() {
    let cloud = Cloud::default();
    deploy(&cloud, &one(), &scope(true, &[])).await;
    let plan =
        planned(&cloud, &Graph::default(), &scope(true, &[]), &AllowDelete::All).await.unwrap();
    cloud.state().objects.clear();
    let (outcome, _) = carry_out(&cloud, &plan, &Cancel::new(), Options::default()).await;
    assert!(outcome.is_complete());
}

#[tokio::test]
async fn a_delete_waits_until_it_is_gone() {
    let cloud = Cloud::default();
    let graph = Graph::default()
        .env("t/plain.vpc", json!({}))
        .env("t/slow.balancer", json!({ "pin": [super::graph::id("t/plain.vpc")] }));
    deploy(&cloud, &graph, &scope(true, &[])).await;
    assert_snapshot!(with_faults(&cloud, &Graph::default(), &[]).await, @"
     0 2 steps
     0 t/slow.balancer starts
     0 t/slow.balancer: it is still there
    10 t/slow.balancer done, took 10 s
    10 t/plain.vpc starts
    10 t/plain.vpc done, took 0 s
    10 2 done, 0 failed, 0 skipped, interrupted: false
    ");
    assert_eq!(cloud.state().refused, 0);
}

#[tokio::test]
async fn no_wait_waits_only_for_what_something_needs() {
    let cloud = Cloud::default();
    let graph = Graph::default()
        .env("t/slow.needed", json!({}))
        .env("t/plain.user", json!({ "awaits": [ready("t/slow.needed")] }))
        .env("t/slow.unneeded", json!({}));
    let plan = planned(&cloud, &graph, &scope(true, &[]), &AllowDelete::All).await.unwrap();
    let options = Options { no_wait: true, ..Options::default() };
    let (_, events) = carry_out(&cloud, &plan, &Cancel::new(), options).await;
    assert_snapshot!(told(&events), @"
     0 3 steps
     0 t/slow.needed starts
     0 t/slow.unneeded starts
     0 t/slow.unneeded done, took 0 s
     0 t/slow.needed: it is being set up
    90 t/slow.needed done, took 90 s
    90 t/plain.user starts
    90 t/plain.user done, took 0 s
    90 3 done, 0 failed, 0 skipped, interrupted: false
    ");
}

#[tokio::test]
async fn an_interrupt_finishes_what_is_in_flight_and_starts_nothing_new() {
    let cloud = Cloud::default();
    cloud.state().latency = Duration::from_secs(2);
    let plan = planned(&cloud, &web(), &scope(true, &["api"]), &AllowDelete::All).await.unwrap();
    let cancel = Cancel::new();
    let interrupt = async {
        cloud.clock.sleep(Duration::from_secs(5)).await;
        cancel.cancel("a signal");
    };
    let run = carry_out(&cloud, &plan, &cancel, Options::default());
    let ((outcome, events), ()) = futures_util::future::join(run, interrupt).await;
    assert_snapshot!(told(&events), @"
    0 5 steps
    0 t/plain.vpc starts
    0 t/revision.api starts
    2 t/single.subnet starts
    4 t/plain.vpc done, took 4 s
    4 t/slow.balancer starts
    4 t/revision.api done, took 4 s
    5 interrupted, 1 in flight
    5 t/single.subnet skipped: interrupted while it settles
    5 t/plain.api skipped: interrupted
    6 t/slow.balancer skipped: interrupted while it settles
    6 2 done, 0 failed, 3 skipped, interrupted: true
    ");
    assert!(outcome.cancelled);
    apply(&cloud, &web(), &scope(true, &["api"]), &AllowDelete::All).await.unwrap();
    assert_snapshot!(text(&cloud, &web(), &scope(true, &["api"])).await, @"unchanged 5");
}

#[tokio::test]
async fn the_longest_chain_goes_first_and_only_so_many_at_a_time() {
    let cloud = Cloud::default();
    cloud.state().latency = Duration::from_secs(1);
    let mut graph = Graph::default().env("t/slow.z", json!({}));
    for name in ["a", "b", "c", "d", "e"] {
        graph = graph.env(&format!("t/plain.{name}"), json!({}));
    }
    let plan = planned(&cloud, &graph, &scope(true, &[]), &AllowDelete::All).await.unwrap();
    cloud.state().most_in_flight = 0;
    let options = Options { concurrency: 1, no_wait: true, ..Options::default() };
    let (outcome, _) = carry_out(&cloud, &plan, &Cancel::new(), options).await;
    assert_eq!(cloud.take_log()[0], "create t/slow.z #1");
    assert_eq!(cloud.state().most_in_flight, 1);
    let started: Vec<_> = outcome.timings.iter().map(|timing| timing.started.as_secs()).collect();
    assert_eq!(started, [1, 2, 3, 4, 5, 0]);
}

#[tokio::test]
async fn looks_are_batched() {
    let cloud = Cloud::default();
    let mut graph = Graph::default();
    for number in 0..40 {
        graph = graph.env(&format!("t/slow.{number}"), json!({}));
    }
    deploy(&cloud, &graph, &scope(true, &[])).await;
    let looks = std::mem::take(&mut cloud.state().looks);
    assert_eq!(looks.iter().filter(|batch| **batch == 40).count(), 45);
    assert!(looks.len() < 95, "{looks:?}");
}

#[tokio::test]
async fn what_takes_several_calls_is_updated_until_it_matches() {
    let cloud = Cloud::default();
    let graph = Graph::default().env("t/slow.a", json!({ "rounds": 2 }));
    deploy(&cloud, &graph, &scope(true, &[])).await;
    assert_eq!(cloud.take_log(), ["create t/slow.a #1", "update t/slow.a", "update t/slow.a"]);
    assert_eq!(cloud.clock.now(), Duration::from_secs(90));
    assert_snapshot!(text(&cloud, &graph, &scope(true, &[])).await, @"unchanged 1");
}

#[tokio::test]
async fn a_look_that_fails_for_one_of_many_fails_only_that_one() {
    let cloud = Cloud::default();
    let graph = Graph::default().env("t/slow.a", json!({})).env("t/slow.b", json!({}));
    // Two creates and their looks; then one look at both, then one look at each.
    let faults = [(5, Fault::Before(Class::Denied)), (6, Fault::Before(Class::Denied))];
    assert_snapshot!(with_faults(&cloud, &graph, &faults).await, @"
     0 2 steps
     0 t/slow.a starts
     0 t/slow.b starts
     0 t/slow.a: it is being set up
     0 t/slow.b: it is being set up
     2 t/slow.a failed: on demand
    90 t/slow.b done, took 90 s
    90 1 done, 1 failed, 0 skipped, interrupted: false
    ");
}
