//! Every kind from its making to its end: no difference but what was changed, and nothing left.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shipit::resources::REGISTRY;

use super::examples::{self, Example, set};
use super::place::{Place, add, namespaced, steps};

#[test]
fn every_kind_of_object_has_an_example() {
    let registered = REGISTRY.iter().map(|kind| kind.info.kind);
    let registered: BTreeSet<&str> =
        registered.filter(|kind| kind.starts_with("kubernetes/")).collect();
    let mut shown: BTreeSet<&str> = examples::all().iter().map(|one| one.kind).collect();
    shown.insert("kubernetes/namespace");
    assert_eq!(shown, registered);
}

fn placed(place: &Place, example: &Example, object: &Value) -> Value {
    let mut object = object.clone();
    if example.namespaced {
        return namespaced(object);
    }
    // All tests share the cluster.
    object["metadata"]["name"] = json!(place.application);
    object
}

async fn live(place: &Place, example: &Example) {
    let address = format!("{}.api", example.kind);
    let with = |object: &Value| {
        let mut desired = place.desired();
        add(&mut desired, &address, placed(place, example, object));
        desired
    };
    let kind = example.kind;
    let made = place.apply(&with(&example.object)).await;
    assert!(made.contains(&format!("create {address}")), "{made:?}");
    assert_eq!(
        steps(&place.plan(&with(&example.object)).await),
        [""; 0],
        "{kind}: after its making"
    );
    let mut object = example.object.clone();
    for (path, value) in &example.edits {
        // What selects pods has to be what they bear.
        if *path == "spec.selector.matchLabels.tier" {
            set(&mut object, "spec.template.metadata.labels.tier", value.clone());
        }
        set(&mut object, path, value.clone());
        let plan = place.plan(&with(&object)).await;
        let changes: Vec<&str> =
            plan.steps.iter().flat_map(|step| &step.changes).map(|one| one.path.as_str()).collect();
        let expected = format!("object.{path}");
        assert!(
            !changes.is_empty()
                && changes
                    .iter()
                    // A port is what names an element, which is then another.
                    .all(|one| one.starts_with(&expected)
                        || expected == format!("{one}.port")
                        || one.ends_with("labels.tier")),
            "{kind}: {path} gave {:#?}",
            steps(&plan)
        );
        let done = place.apply(&with(&object)).await;
        assert!(done.iter().all(|step| step.contains(&address)), "{kind}: {done:?}");
        assert_eq!(steps(&place.plan(&with(&object)).await), [""; 0], "{kind}: after {path}");
    }
    let gone = place.apply(&place.desired()).await;
    assert_eq!(gone, [format!("delete {address}")]);
    assert_eq!(steps(&place.plan(&place.desired()).await), [""; 0], "{kind}: after its end");
}

async fn some(test: &'static str, kinds: &[&str]) {
    let Some(place) = Place::open(test).await else { return };
    for example in examples::all().iter().filter(|one| kinds.contains(&one.kind)) {
        live(&place, example).await;
    }
    // The namespace goes last.
    let nothing = {
        let mut desired = place.desired();
        desired.nodes.remove(&"kubernetes/namespace.main".parse().unwrap());
        desired
    };
    assert_eq!(place.apply(&nothing).await, ["delete kubernetes/namespace.main"]);
    assert_eq!(steps(&place.plan(&nothing).await), [""; 0]);
}

#[tokio::test]
async fn deployments_live() {
    some("kubernetes::life::deployments_live", &["kubernetes/deployment"]).await;
}

#[tokio::test]
async fn other_workloads_live() {
    let kinds = ["stateful-set", "daemon-set", "job", "cron-job"];
    let kinds: Vec<String> = kinds.iter().map(|kind| format!("kubernetes/{kind}")).collect();
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    some("kubernetes::life::other_workloads_live", &kinds).await;
}

#[tokio::test]
async fn all_other_kinds_live() {
    let workloads = ["deployment", "stateful-set", "daemon-set", "job", "cron-job"];
    let all = examples::all();
    let kinds: Vec<&str> = all
        .iter()
        .map(|one| one.kind)
        .filter(|kind| !workloads.iter().any(|one| kind.ends_with(&format!("/{one}"))))
        .collect();
    some("kubernetes::life::all_other_kinds_live", &kinds).await;
}
