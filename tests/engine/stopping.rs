//! What stops a run from outside: a lost lock (the fence), an interrupt whose patience ends.

use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;
use shipit::engine::execute::Options;
use shipit::engine::{
    AllowDelete, BoxFuture, Cancel, Class, Clock, Failure, Fence, Outcome, TestClock,
};

use super::cloud::Cloud;
use super::execution::told;
use super::graph::{Graph, apply, carry_out, planned, scope, text, web};

/// Lost at a moment; noticed only when asked, or by itself.
struct Lease {
    clock: TestClock,
    until: Duration,
    noticed: bool,
}

impl Fence for Lease {
    fn may_go_on(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { if self.clock.now() < self.until { Ok(()) } else { Err(lost()) } })
    }

    fn lost(&self) -> BoxFuture<'_, Failure> {
        Box::pin(async {
            if !self.noticed {
                std::future::pending::<()>().await;
            }
            let left = self.until.saturating_sub(self.clock.now());
            self.clock.sleep(left).await;
            lost()
        })
    }
}

fn lost() -> Failure {
    Failure::new(Class::Broken, "the lock was lost to bob")
}

async fn fenced(cloud: &Cloud, graph: &Graph, seconds: u64, noticed: bool) -> (Outcome, String) {
    let plan = planned(cloud, graph, &scope(true, &["api"]), &AllowDelete::All).await.unwrap();
    let until = cloud.clock.now() + Duration::from_secs(seconds);
    let fence = Arc::new(Lease { clock: cloud.clock.clone(), until, noticed });
    let options = Options { fence: Some(fence), ..Options::default() };
    let (outcome, events) = carry_out(cloud, &plan, &Cancel::new(), options).await;
    (outcome, told(&events))
}

#[tokio::test]
async fn a_fenced_run_starts_nothing_new_and_finishes_what_is_in_flight() {
    let cloud = Cloud::default();
    cloud.state().latency = Duration::from_secs(2);
    let (outcome, events) = fenced(&cloud, &web(), 3, false).await;
    assert_snapshot!(events, @"
    0 5 steps
    0 t/plain.vpc starts
    0 t/revision.api starts
    2 t/single.subnet starts
    4 t/plain.vpc done, took 4 s
    4 t/slow.balancer starts
    4 t/revision.api done, took 4 s
    4 the lock was lost to bob, 0 in flight
    4 t/single.subnet skipped: stopped by the lost lock while it settles
    4 t/plain.api skipped: stopped by the lost lock
    4 t/slow.balancer skipped: stopped by the lost lock
    4 2 done, 0 failed, 3 skipped, interrupted: false
    ");
    assert_eq!(outcome.fenced, Some(lost()));
    assert!(!outcome.cancelled && !outcome.is_complete());
    assert_eq!(
        cloud.take_log(),
        ["create t/plain.vpc #1", "create t/revision.api #1", "create t/single.subnet #1"]
    );
    apply(&cloud, &web(), &scope(true, &["api"]), &AllowDelete::All).await.unwrap();
    assert_snapshot!(text(&cloud, &web(), &scope(true, &["api"])).await, @"unchanged 5");
}

#[tokio::test]
async fn a_run_that_only_waits_ends_when_its_lock_is_lost() {
    let cloud = Cloud::default();
    let graph = Graph::default().env("t/slow.balancer", json!({}));
    let (outcome, events) = fenced(&cloud, &graph, 30, true).await;
    assert_snapshot!(events, @"
     0 1 steps
     0 t/slow.balancer starts
     0 t/slow.balancer: it is being set up
    30 the lock was lost to bob, 0 in flight
    30 t/slow.balancer skipped: stopped by the lost lock while it settles
    30 0 done, 0 failed, 1 skipped, interrupted: false
    ");
    assert_eq!(outcome.fenced, Some(lost()));
}

#[tokio::test]
async fn a_call_that_hangs_after_an_interrupt_is_given_up() {
    let cloud = Cloud::default();
    let graph =
        Graph::default().env("t/plain.a", json!({})).env("t/plain.b", json!({ "uses": [] }));
    let plan = planned(&cloud, &graph, &scope(true, &[]), &AllowDelete::All).await.unwrap();
    cloud.state().latency = Duration::from_secs(3600);
    let cancel = Cancel::new();
    let interrupt = async {
        cloud.clock.sleep(Duration::from_secs(5)).await;
        cancel.cancel("a signal");
        cloud.clock.sleep(Duration::from_secs(6)).await;
        cancel.give_up("a signal");
    };
    let options = Options { concurrency: 1, ..Options::default() };
    let run = carry_out(&cloud, &plan, &cancel, options);
    let ((outcome, events), ()) = futures_util::future::join(run, interrupt).await;
    assert_snapshot!(told(&events), @"
     0 2 steps
     0 t/plain.a starts
     5 interrupted, 1 in flight
     5 t/plain.b skipped: interrupted
    11 t/plain.a skipped: given up in flight: it may or may not have happened
    11 0 done, 0 failed, 2 skipped, interrupted: true
    ");
    assert_eq!(outcome.given_up, [0]);
    assert!(outcome.cancelled);
}
