//! Whole plans, as text.

use insta::assert_snapshot;
use serde_json::json;
use shipit::engine::execute::Options;
use shipit::engine::planning::dump;
use shipit::engine::{AllowDelete, Cancel, Foreign, Scope};

use super::cloud::Cloud;
use super::graph::{Graph, carry_out, deploy, id, planned, ready, scope, text, web};

fn all() -> Scope {
    scope(true, &["api"])
}

#[tokio::test]
async fn from_nothing_everything_is_created_in_order() {
    assert_snapshot!(text(&Cloud::default(), &web(), &all()).await, @"
    0 create t/plain.vpc #1: it is not there yet
    1 create t/revision.api #1: it is not there yet
    2 create t/single.subnet #1: it is not there yet [after 0]
    3 create t/slow.balancer #1: it is not there yet [after 2]
    4 create t/plain.api #1: it is not there yet [after 1 3!]
    unchanged 0
    ");
}

#[tokio::test]
async fn after_applying_there_is_nothing_to_do() {
    let cloud = Cloud::default();
    deploy(&cloud, &web(), &all()).await;
    assert_snapshot!(text(&cloud, &web(), &all()).await, @"unchanged 5");
}

#[tokio::test]
async fn a_changed_definition_is_a_revision_and_an_update_of_its_service() {
    let cloud = Cloud::default();
    deploy(&cloud, &web(), &all()).await;
    let changed = web().svc("api", "t/revision.api", json!({ "size": 512 }));
    assert_snapshot!(text(&cloud, &changed, &all()).await, @r#"
    0 revise t/revision.api #2: `size` differs: a new revision
        size: 256 -> 512
    1 update t/plain.api #1: `uses` differs [after 0]
        uses: ["revision-00002"] -> [{"$output":["t/revision.api","id"]}]
    unchanged 3
    "#);
    deploy(&cloud, &changed, &all()).await;
    assert_snapshot!(text(&cloud, &changed, &all()).await, @"unchanged 5");
    assert_snapshot!(cloud.shown().join("\n"), @r#"
    t/plain.api#1 {"awaits":["slow-00004"],"count":2,"uses":["revision-00006"]}
    t/plain.vpc#1 {"fixed":1,"size":1}
    t/revision.api#1 {"size":256}
    t/revision.api#2 {"size":512}
    t/single.subnet#1 {"fixed":1,"pin":["plain-00001"]}
    t/slow.balancer#1 {"bag":[1,2],"pin":["single-00003"]}
    "#);
}

#[tokio::test]
async fn a_replacement_cascades_and_what_cannot_be_twice_goes_first() {
    let cloud = Cloud::default();
    deploy(&cloud, &web(), &all()).await;
    let changed = web().env("t/plain.vpc", json!({ "fixed": 2, "size": 1 }));
    assert_snapshot!(text(&cloud, &changed, &all()).await, @r#"
    0 replace, create first t/plain.vpc #2: `fixed` cannot change in place
        fixed: 1 -> 2 forces replacement
    1 delete (deposed) t/slow.balancer #1: it is replaced
    2 delete (deposed) t/single.subnet #1: it is replaced [after 1!]
    3 replace, delete first t/single.subnet #1: `pin` cannot change in place, and `t/plain.vpc → id` is made anew [after 0 2!]
        pin: ["plain-00001"] -> [{"$output":["t/plain.vpc","id"]}] forces replacement
    4 replace, delete first t/slow.balancer #2: `pin` cannot change in place, and `t/single.subnet → id` is made anew [after 1! 3]
        pin: ["single-00003"] -> [{"$output":["t/single.subnet","id"]}] forces replacement
    5 update t/plain.api #1: `awaits` differs [after 4!]
        awaits: ["slow-00004"] -> [{"$output":["t/slow.balancer","id"],"$wait":"ready"}]
    6 delete (deposed) t/plain.vpc #1: it is replaced [after 0! 2! 3!]
    unchanged 1
    "#);
    cloud.take_log();
    deploy(&cloud, &changed, &all()).await;
    assert_snapshot!(cloud.take_log().join("\n"), @"
    delete t/slow.balancer #1
    create t/plain.vpc #2
    delete t/single.subnet #1
    create t/single.subnet #1
    create t/slow.balancer #2
    delete t/plain.vpc #1
    update t/plain.api
    ");
    assert_eq!(cloud.state().refused, 0);
    assert_snapshot!(text(&cloud, &changed, &all()).await, @"unchanged 5");
}

#[tokio::test]
async fn what_left_the_manifests_goes_in_reverse() {
    let cloud = Cloud::default();
    deploy(&cloud, &web(), &all()).await;
    let nothing = Graph::default();
    let everything = Scope { prune: true, ..scope(true, &[]) };
    assert_snapshot!(text(&cloud, &nothing, &everything).await, @"
    0 delete t/plain.api #1: service `api` is in no manifest here
    1 delete t/revision.api #1: service `api` is in no manifest here [after 0!]
    2 delete t/slow.balancer #1: it left the environment's manifest [after 0!]
    3 delete t/single.subnet #1: it left the environment's manifest [after 2!]
    4 delete t/plain.vpc #1: it left the environment's manifest [after 3!]
    unchanged 0
    ");
    cloud.take_log();
    deploy(&cloud, &nothing, &everything).await;
    assert_eq!(cloud.state().refused, 0);
    assert_eq!(cloud.shown(), [""; 0]);
}

#[tokio::test]
async fn a_service_in_no_manifest_is_left_alone_and_holds_what_it_uses() {
    let cloud = Cloud::default();
    deploy(&cloud, &web(), &all()).await;
    let other = Graph::default().env("t/plain.other", json!({}));
    assert_snapshot!(text(&cloud, &other, &scope(true, &[])).await, @"
    0 create t/plain.other #1: it is not there yet
    1 keep t/plain.vpc #1: `t/single.subnet`, which is kept, refers to it
    2 keep t/single.subnet #1: `t/slow.balancer`, which is kept, refers to it
    3 keep t/slow.balancer #1: `t/plain.api` of service `api` still uses it
    notice service `api` is live and in no manifest here: it is left alone (`shipit svc delete --name api` or `--prune` deletes it)
    unchanged 0
    ");
    deploy(&cloud, &other, &scope(true, &[])).await;
    assert_snapshot!(text(&cloud, &other, &scope(true, &[])).await, @"
    0 keep t/plain.vpc #1: `t/single.subnet`, which is kept, refers to it
    1 keep t/single.subnet #1: `t/slow.balancer`, which is kept, refers to it
    2 keep t/slow.balancer #1: `t/plain.api` of service `api` still uses it
    notice service `api` is live and in no manifest here: it is left alone (`shipit svc delete --name api` or `--prune` deletes it)
    unchanged 1
    ");
}

#[tokio::test]
async fn what_clings_to_something_kept_for_a_service_is_kept_too() {
    let cloud = Cloud::default();
    let group = id("t/plain.group");
    let graph = Graph::default()
        .env("t/plain.group", json!({}))
        .env("t/plain.rule", json!({ "uses": [group] }))
        .env("t/plain.unrelated", json!({}))
        .svc("api", "t/plain.api", json!({ "uses": [group] }));
    deploy(&cloud, &graph, &all()).await;
    assert_snapshot!(text(&cloud, &Graph::default(), &scope(true, &[])).await, @"
    0 keep t/plain.group #1: `t/plain.api` of service `api` still uses it
    1 delete t/plain.unrelated #1: it left the environment's manifest
    2 keep t/plain.rule #1: it belongs to `t/plain.group`, which a service still uses
    notice service `api` is live and in no manifest here: it is left alone (`shipit svc delete --name api` or `--prune` deletes it)
    unchanged 0
    ");
}

#[tokio::test]
async fn deploying_a_service_creates_what_it_needs_and_touches_nothing_else() {
    let cloud = Cloud::default();
    let unneeded = web().env("t/plain.unneeded", json!({}));
    let service = scope(false, &["api"]);
    let plan = planned(&cloud, &unneeded, &service, &AllowDelete::default()).await.unwrap();
    assert_snapshot!(dump(&plan), @"
    0 create t/plain.vpc #1: it is not there yet
    1 create t/revision.api #1: it is not there yet
    2 create t/single.subnet #1: it is not there yet [after 0]
    3 create t/slow.balancer #1: it is not there yet [after 2]
    4 create t/plain.api #1: it is not there yet [after 1 3!]
    unchanged 0
    ");
    let made: Vec<_> = plan.environment_creates().map(|step| step.address.to_string()).collect();
    assert_eq!(made, ["t/plain.vpc", "t/single.subnet", "t/slow.balancer"]);
    deploy(&cloud, &unneeded, &service).await;
    let changed = web().env("t/plain.vpc", json!({ "fixed": 9 }));
    assert_snapshot!(text(&cloud, &changed, &service).await, @"unchanged 2");
}

#[tokio::test]
async fn another_service_that_is_needed_and_not_there_is_an_error() {
    let graph = web().svc("web", "t/plain.web", json!({ "uses": [id("t/plain.api")] }));
    let failure =
        planned(&Cloud::default(), &graph, &scope(false, &["web"]), &AllowDelete::default())
            .await
            .unwrap_err();
    assert_eq!(failure.to_string(), "`t/revision.api` of service `api` is needed and not there");
}

#[tokio::test]
async fn the_environment_cannot_replace_first_what_a_service_out_of_scope_holds() {
    let cloud = Cloud::default();
    let graph = Graph::default().env("t/single.net", json!({ "fixed": 1 })).svc(
        "api",
        "t/plain.api",
        json!({ "pin": [id("t/single.net")] }),
    );
    deploy(&cloud, &graph, &all()).await;
    let changed = graph.env("t/single.net", json!({ "fixed": 2 }));
    let failure =
        planned(&cloud, &changed, &scope(true, &[]), &AllowDelete::default()).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "`t/single.net` must be deleted before it is made anew, and `t/plain.api` uses it"
    );
    assert_snapshot!(text(&cloud, &changed, &all()).await, @r#"
    0 delete (deposed) t/plain.api #1: it is replaced
    1 delete (deposed) t/single.net #1: it is replaced [after 0!]
    2 replace, delete first t/single.net #1: `fixed` cannot change in place [after 1!]
        fixed: 1 -> 2 forces replacement
    3 replace, delete first t/plain.api #2: `pin` cannot change in place, and `t/single.net → id` is made anew [after 0! 2]
        pin: ["single-00001"] -> [{"$output":["t/single.net","id"]}] forces replacement
    unchanged 0
    "#);
}

#[tokio::test]
async fn the_old_side_stays_while_a_service_out_of_scope_uses_it() {
    let cloud = Cloud::default();
    let graph = Graph::default().env("t/plain.group", json!({ "fixed": 1 })).svc(
        "api",
        "t/plain.api",
        json!({ "uses": [id("t/plain.group")] }),
    );
    deploy(&cloud, &graph, &all()).await;
    let changed = graph.env("t/plain.group", json!({ "fixed": 2 }));
    assert_snapshot!(text(&cloud, &changed, &scope(true, &[])).await, @"
    0 replace, create first t/plain.group #2: `fixed` cannot change in place
        fixed: 1 -> 2 forces replacement
    1 keep (deposed) t/plain.group #1: `t/plain.api` of service `api` still uses it
    unchanged 0
    ");
    deploy(&cloud, &changed, &scope(true, &[])).await;
    assert_snapshot!(text(&cloud, &changed, &scope(true, &[])).await, @"
    0 keep (deposed) t/plain.group #1: `t/plain.api` of service `api` still uses it
    unchanged 1
    ");
    assert_snapshot!(text(&cloud, &changed, &all()).await, @r#"
    0 update t/plain.api #1: `uses` differs
        uses: ["plain-00001"] -> ["plain-00003"]
    1 delete (deposed) t/plain.group #1: it is an older twin [after 0!]
    unchanged 1
    "#);
}

#[tokio::test]
async fn stateful_things_are_kept_unless_their_kind_is_named() {
    let cloud = Cloud::default();
    let graph = Graph::default()
        .env("t/plain.key", json!({}))
        .env("t/plain.other", json!({}))
        .env("t/store.files", json!({ "uses": [id("t/plain.key")] }));
    deploy(&cloud, &graph, &all()).await;
    assert_snapshot!(text(&cloud, &Graph::default(), &all()).await, @"
    0 keep t/plain.key #1: `t/store.files`, which is kept, refers to it
    1 delete t/plain.other #1: it left the environment's manifest
    2 keep t/store.files #1: it holds files: `--allow-delete t/store` lets it go
    unchanged 0
    ");
    let allowed = AllowDelete::Kinds(["t/store".to_owned()].into());
    let plan = planned(&cloud, &Graph::default(), &all(), &allowed).await.unwrap();
    assert_snapshot!(dump(&plan), @"
    0 delete t/plain.other #1: it left the environment's manifest
    1 delete t/store.files #1: it left the environment's manifest
    2 delete t/plain.key #1: it left the environment's manifest [after 1!]
    unchanged 0
    ");
}

#[tokio::test]
async fn a_stateful_thing_is_replaced_and_the_old_one_kept() {
    let cloud = Cloud::default();
    let graph = |fixed| Graph::default().env("t/store.files", json!({ "fixed": fixed }));
    deploy(&cloud, &graph(1), &all()).await;
    assert_snapshot!(text(&cloud, &graph(2), &all()).await, @"
    0 replace, create first t/store.files #2: `fixed` cannot change in place
        fixed: 1 -> 2 forces replacement
    1 keep (deposed) t/store.files #1: it holds files: `--allow-delete t/store` lets it go
    unchanged 0
    ");
    deploy(&cloud, &graph(2), &all()).await;
    assert_snapshot!(text(&cloud, &graph(2), &all()).await, @"
    0 keep (deposed) t/store.files #1: it holds files: `--allow-delete t/store` lets it go
    unchanged 1
    ");
}

#[tokio::test]
async fn a_rename_moves_dependants_before_the_old_one_goes() {
    let cloud = Cloud::default();
    let graph = Graph::default().env("t/plain.old", json!({ "fixed": 1 })).svc(
        "api",
        "t/plain.api",
        json!({ "uses": [id("t/plain.old")] }),
    );
    deploy(&cloud, &graph, &all()).await;
    let renamed = Graph::default()
        .env("t/plain.new", json!({ "fixed": 1 }))
        .svc("api", "t/plain.api", json!({ "uses": [id("t/plain.new")] }))
        .formerly("t/plain.new", "t/plain.old");
    assert_snapshot!(text(&cloud, &renamed, &all()).await, @r#"
    0 replace, create first t/plain.new #1: renamed from `t/plain.old`
    1 update t/plain.api #1: `uses` differs [after 0]
        uses: ["plain-00001"] -> [{"$output":["t/plain.new","id"]}]
    2 delete (deposed) t/plain.old #1: it is replaced [after 0! 1!]
    unchanged 0
    "#);
    deploy(&cloud, &renamed, &all()).await;
    assert_snapshot!(text(&cloud, &renamed, &all()).await, @"unchanged 2");
}

#[tokio::test]
async fn the_twin_in_use_is_current_and_the_other_one_goes() {
    let cloud = Cloud::default();
    deploy(&cloud, &web(), &all()).await;
    {
        // The answer to a second create was lost: nothing uses what it made.
        let mut state = cloud.state();
        let mut twin = state.objects[0].clone();
        twin.id = "plain-99999".into();
        state.objects.push(twin);
    }
    assert_snapshot!(text(&cloud, &web(), &all()).await, @"
    0 delete (deposed) t/plain.vpc #1: it is an older twin
    unchanged 5
    ");
}

#[tokio::test]
async fn ten_revisions_are_kept() {
    let cloud = Cloud::default();
    let graph = |size: u32| {
        Graph::default().svc("api", "t/revision.api", json!({ "size": size })).svc(
            "api",
            "t/plain.api",
            json!({ "uses": [id("t/revision.api")] }),
        )
    };
    for size in 1..=10 {
        let plan = deploy(&cloud, &graph(size), &all()).await.plan;
        assert!(!dump(&plan).contains("delete"));
    }
    assert_snapshot!(text(&cloud, &graph(11), &all()).await, @r#"
    0 revise t/revision.api #11: `size` differs: a new revision
        size: 10 -> 11
    1 update t/plain.api #1: `uses` differs [after 0]
        uses: ["revision-00011"] -> [{"$output":["t/revision.api","id"]}]
    2 delete (deposed) t/revision.api #1: only the last 10 revisions are kept [after 0!]
    unchanged 0
    "#);
    deploy(&cloud, &graph(11), &all()).await;
    assert_snapshot!(text(&cloud, &graph(11), &all()).await, @"unchanged 2");
}

#[tokio::test]
async fn what_matches_and_is_not_ready_is_settled() {
    let cloud = Cloud::default();
    let slow = Graph::default().env("t/slow.a", json!({})).env("t/plain.b", json!({}));
    let plan = planned(&cloud, &slow, &all(), &AllowDelete::default()).await.unwrap();
    let options = Options { no_wait: true, ..Options::default() };
    carry_out(&cloud, &plan, &Cancel::new(), options).await;
    cloud.state().broken.push("t/plain.b".into());
    assert_snapshot!(text(&cloud, &slow, &all()).await, @"
    0 settle t/plain.b #1: it matches and has failed: its tasks stop
    1 settle t/slow.a #1: it matches and is still settling: it is being set up
    unchanged 0
    ");
    let needed = slow.svc("api", "t/plain.api", json!({ "awaits": [ready("t/slow.a")] }));
    assert_snapshot!(text(&cloud, &needed, &scope(false, &["api"])).await, @"
    0 settle t/slow.a #1: it matches and is still settling: it is being set up
    1 create t/plain.api #1: it is not there yet [after 0!]
    unchanged 0
    ");
}

#[tokio::test]
async fn what_is_foreign_is_in_the_way_of_a_create_only() {
    let cloud = Cloud::default();
    let foreign = |name: &str| Foreign {
        address: format!("t/plain.{name}").parse().unwrap(),
        id: format!("{name}-of-bob"),
        owner: "no tags".into(),
        adoptable: true,
    };
    deploy(&cloud, &web(), &all()).await;
    cloud.state().foreign = vec![foreign("vpc"), foreign("new"), foreign("unwanted")];
    let graph = web().env("t/plain.new", json!({}));
    assert_snapshot!(text(&cloud, &graph, &all()).await, @"
    0 create t/plain.new #1: it is not there yet
    foreign t/plain.new: new-of-bob (no tags)
    unchanged 5
    ");
}

#[tokio::test]
async fn kinds_have_an_order_that_no_reference_shows() {
    let cloud = Cloud::default();
    let graph = Graph::default().env("t/late.route", json!({})).env("t/plain.gateway", json!({}));
    assert_snapshot!(text(&cloud, &graph, &all()).await, @"
    0 create t/plain.gateway #1: it is not there yet
    1 create t/late.route #1: it is not there yet [after 0!]
    unchanged 0
    ");
    deploy(&cloud, &graph, &all()).await;
    assert_snapshot!(text(&cloud, &Graph::default(), &all()).await, @"
    0 delete t/late.route #1: it left the environment's manifest
    1 delete t/plain.gateway #1: it left the environment's manifest [after 0!]
    unchanged 0
    ");
}
