//! Secrets, whose values come from Parameter Store; and objects that are adopted.

use serde_json::json;
use shipit::engine::{Adoption, adopt, observe};

use super::place::{Place, add, namespaced, steps};

/// base64 of `hunter2`.
const HUNTER: &str = "aHVudGVyMg==";

#[tokio::test]
async fn values_are_fetched_and_stand_in_no_document() {
    let test = "kubernetes::secrets::values_are_fetched_and_stand_in_no_document";
    let Some(place) = Place::open(test).await else { return };
    let parameter = place.cx.ssm.put_parameter().name("/shop/password").value("hunter2");
    parameter.r#type("SecureString".into()).send().await.unwrap();
    let address = "kubernetes/secret.api".parse().unwrap();
    let mut desired = place.desired();
    let object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web"}, "type": "Opaque"});
    add(&mut desired, "kubernetes/secret.api", namespaced(object));
    let from = json!({"PASSWORD": {"ssm": "/shop/password"}});
    desired.nodes.get_mut(&address).unwrap().spec["from"] = from;
    place.apply(&desired).await;
    let path = place.path("v1", "secrets/web");
    let data = || place.kube.get(&path).unwrap()["data"].clone();
    assert_eq!(data(), json!({"PASSWORD": HUNTER}));
    let plan = place.plan(&desired).await;
    assert_eq!(steps(&plan), [""; 0]);

    // Changed by hand: put back, and shown by its name alone.
    place.kube.merge(&path, json!({"data": {"PASSWORD": "b3RoZXI="}})).unwrap();
    let shown = place.apply(&desired).await;
    assert_eq!(
        shown,
        ["update kubernetes/secret.api\n  from.PASSWORD: null -> {\"ssm\":\"/shop/password\"}"]
    );
    assert_eq!(data(), json!({"PASSWORD": HUNTER}));

    // What leaves the manifest goes; what lies in the document never holds a value.
    desired.nodes.get_mut(&address).unwrap().spec["from"] = json!({});
    let plan = place.plan(&desired).await;
    let text = serde_json::to_string(&plan).unwrap();
    assert!(!text.contains(HUNTER) && !text.contains("hunter2"), "{text}");
    place.apply(&desired).await;
    assert_eq!(data(), json!(null));
}

#[tokio::test]
async fn a_missing_parameter_is_named() {
    let test = "kubernetes::secrets::a_missing_parameter_is_named";
    let Some(place) = Place::open(test).await else { return };
    let mut desired = place.desired();
    let object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web"}, "type": "Opaque"});
    add(&mut desired, "kubernetes/secret.api", namespaced(object));
    let address = "kubernetes/secret.api".parse().unwrap();
    desired.nodes.get_mut(&address).unwrap().spec["from"] = json!({"A": {"ssm": "/shop/none"}});
    let plan = place.plan(&desired).await;
    let failure = place.outcome(&plan).await.failed.remove(0).1;
    assert_eq!(failure.message, "parameter `/shop/none` is not there");
}

#[tokio::test]
async fn an_object_is_adopted_by_its_name() {
    let test = "kubernetes::secrets::an_object_is_adopted_by_its_name";
    let Some(place) = Place::open(test).await else { return };
    place.apply(&place.desired()).await;
    let theirs = json!({"metadata": {"name": "web", "labels": {"team": "red"}}, "data": {"a": "1", "b": "2"}});
    place.kube.create(&place.path("v1", "configmaps"), theirs).unwrap();
    let mut desired = place.desired();
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"a": "3"}});
    add(&mut desired, "kubernetes/config-map.api", namespaced(object));
    let address = "kubernetes/config-map.api".parse().unwrap();
    let id = format!("{}/web", place.application);
    let target = place.target();
    let clock = shipit::engine::TokioClock::faster(100.0);
    let observation = observe(&place.registry, &target, &desired, &clock, 16).await.unwrap();
    let existing = adopt::existing(&place.registry, &target, &desired, &observation, &address, &id);
    let existing = existing.await.unwrap().expect("it is there");
    let adoption =
        adopt::adoption(&place.registry, &target, &desired, &observation, &address, existing);
    let Adoption::Plan(plan) = adoption.unwrap() else { panic!("no plan") };
    assert_eq!(steps(&plan), ["adopt kubernetes/config-map.api\n  object.data.a: \"1\" -> \"3\""]);
    let outcome = place.outcome(&plan).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let there = place.kube.get(&place.path("v1", "configmaps/web")).unwrap();
    assert_eq!(there["data"], json!({"a": "1", "b": "2"}));
    assert_eq!(there["metadata"]["labels"]["team"], "red");
    place.cx.kubernetes.force_conflicts(true);
    assert_eq!(
        place.apply(&desired).await,
        ["update kubernetes/config-map.api\n  object.data.a: \"1\" -> \"3\""]
    );
    assert_eq!(place.apply(&desired).await, [""; 0]);
}
