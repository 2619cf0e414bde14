//! What a plan rests on: what may move before it is carried out, and what may not.

use insta::assert_snapshot;
use serde_json::json;
use shipit::engine::{Foreign, Observation, Plan, Scope, observe, saved};
use shipit::render::human::stale;

use super::cloud::{Cloud, Object};
use super::graph::{Graph, carry_out, deploy, planned, scope, target, web};

/// Two services in one environment; the plan changes the definition of `api`.
fn two() -> Graph {
    let web = web();
    let other = web.0.nodes[&"t/plain.api".parse().unwrap()].spec["awaits"].clone();
    web.svc("other", "t/plain.other", json!({ "awaits": other, "size": 1 })).svc(
        "other",
        "t/revision.other",
        json!({ "size": 1 }),
    )
}

fn all() -> Scope {
    scope(true, &["api", "other"])
}

async fn changed() -> (Cloud, Plan) {
    let cloud = Cloud::default();
    deploy(&cloud, &two(), &all()).await;
    let graph = two().svc("api", "t/revision.api", json!({ "size": 512 }));
    let plan = planned(&cloud, &graph, &all(), &Default::default()).await.unwrap();
    (cloud, plan)
}

async fn fresh(cloud: &Cloud, plan: &Plan) -> Observation {
    let wanted = plan.basis.desired();
    observe(&cloud.registry(), &target(), &wanted, &cloud.clock, 16).await.unwrap()
}

async fn moved(cloud: &Cloud, plan: &Plan) -> String {
    let fresh = fresh(cloud, plan).await;
    let moved = saved::moved(&cloud.registry(), plan, &fresh).unwrap();
    stale::lines(&moved).join("\n")
}

fn edit(cloud: &Cloud, address: &str, change: impl FnOnce(&mut Object)) {
    let mut state = cloud.state();
    let objects = state.objects.iter_mut();
    let object = objects.rev().find(|object| object.identity.address.to_string() == address);
    change(object.unwrap());
}

#[tokio::test]
async fn nothing_has_moved_right_after_planning() {
    let (cloud, plan) = changed().await;
    assert_snapshot!(moved(&cloud, &plan).await, @"");
    let cloud = Cloud::default();
    let plan = planned(&cloud, &two(), &all(), &Default::default()).await.unwrap();
    assert_snapshot!(moved(&cloud, &plan).await, @"");
}

#[tokio::test]
async fn what_is_changed_and_what_that_refers_to_may_not_move() {
    for (address, field) in [
        ("t/plain.api", "text"),
        ("t/revision.api", "size"),
        ("t/slow.balancer", "bag"),
        ("t/single.subnet", "size"),
        ("t/plain.vpc", "size"),
    ] {
        let (cloud, plan) = changed().await;
        edit(&cloud, address, |object| object.spec[field] = json!("by hand"));
        let moved = moved(&cloud, &plan).await;
        assert!(moved.starts_with(&format!("{address}  {field}: ")), "{address}: {moved}");
        assert!(moved.ends_with(" → \"by hand\""), "{address}: {moved}");
        assert_eq!(moved.lines().count(), 1, "{moved}");
    }
}

#[tokio::test]
async fn what_is_unrelated_or_owned_elsewhere_may_move() {
    let (cloud, plan) = changed().await;
    edit(&cloud, "t/plain.other", |object| object.spec["size"] = json!(5));
    edit(&cloud, "t/revision.other", |object| object.identity.generation += 1);
    edit(&cloud, "t/plain.api", |object| object.spec["count"] = json!(7));
    assert_snapshot!(moved(&cloud, &plan).await, @"");
}

#[tokio::test]
async fn what_autoscaling_did_since_is_left_as_it_is() {
    let (cloud, plan) = changed().await;
    edit(&cloud, "t/plain.api", |object| object.spec["count"] = json!(7));
    let fresh = fresh(&cloud, &plan).await;
    let renewed = saved::renew(&cloud.registry(), &plan, &fresh, "run-2").unwrap();
    let (outcome, _) = carry_out(&cloud, &renewed, &Default::default(), Default::default()).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    let shown = cloud.shown();
    let api = shown.iter().find(|line| line.starts_with("t/plain.api#")).unwrap();
    assert!(api.contains(r#""count":7"#), "{api}");
    assert!(renewed.steps.iter().all(|step| step.identity.run == "run-2"));
}

#[tokio::test]
async fn objects_that_came_and_went_are_named() {
    let (cloud, plan) = changed().await;
    {
        let mut state = cloud.state();
        let mut twin = state.objects[0].clone();
        twin.id = "plain-twin".into();
        twin.identity.address = "t/plain.other-two".parse().unwrap();
        state.objects.push(twin);
        state.objects.retain(|object| object.identity.address.to_string() != "t/plain.other");
        state.foreign.push(Foreign {
            address: "t/plain.other".parse().unwrap(),
            id: "a stranger".into(),
            owner: "untagged".into(),
            adoptable: true,
        });
    }
    assert_snapshot!(moved(&cloud, &plan).await, @r#"
    t/plain.other      it is gone: plain-00007
    t/plain.other-two  it is there now: plain-twin
    "#);
}

#[tokio::test]
async fn a_plan_that_was_carried_out_once_is_stale() {
    let (cloud, plan) = changed().await;
    let (outcome, _) = carry_out(&cloud, &plan, &Default::default(), Default::default()).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_snapshot!(moved(&cloud, &plan).await, @r#"
    t/plain.api     uses: ["revision-00002"] → ["revision-00008"]
    t/revision.api  it is there now: revision-00008
    "#);
    let cloud = Cloud::default();
    let plan = planned(&cloud, &web(), &all(), &Default::default()).await.unwrap();
    carry_out(&cloud, &plan, &Default::default(), Default::default()).await;
    assert_snapshot!(moved(&cloud, &plan).await, @r#"
    t/plain.api      it is there now: plain-00005
    t/plain.vpc      it is there now: plain-00001
    t/revision.api   it is there now: revision-00002
    t/single.subnet  it is there now: single-00003
    t/slow.balancer  it is there now: slow-00004
    "#);
}

#[tokio::test]
async fn a_new_user_of_what_goes_is_named() {
    let cloud = Cloud::default();
    deploy(&cloud, &two(), &all()).await;
    // `api` goes; what `other` has is in no scope.
    let graph = Graph(shipit::engine::Desired::default());
    let only = scope(false, &["api"]);
    let plan = planned(&cloud, &graph, &only, &Default::default()).await.unwrap();
    assert_snapshot!(moved(&cloud, &plan).await, @"");
    let id = {
        let state = cloud.state();
        let api = state.objects.iter().find(|o| o.identity.address.to_string() == "t/plain.api");
        api.unwrap().id.clone()
    };
    edit(&cloud, "t/plain.other", |object| object.spec["uses"] = json!([id]));
    assert_snapshot!(moved(&cloud, &plan).await, @r#"
    t/plain.api  t/plain.other uses it now, and the plan takes it away
    "#);
}
