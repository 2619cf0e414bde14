//! Who owns what: drift is put back, what others own is left alone or named.

use serde_json::{Value, json};

use super::place::{Place, add, namespaced, steps};

fn deployment(image: &str, replicas: Option<u32>) -> Value {
    let mut object = namespaced(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": image,
                    "resources": {"requests": {"cpu": "1000m"}}}]},
            },
        },
    }));
    if let Some(replicas) = replicas {
        object["spec"]["replicas"] = json!(replicas);
    }
    object
}

fn config(name: &str, data: Value) -> Value {
    namespaced(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}),
    )
}

#[tokio::test]
async fn a_changed_image_is_one_change_and_drift_is_put_back() {
    let test = "kubernetes::owners::a_changed_image_is_one_change_and_drift_is_put_back";
    let Some(place) = Place::open(test).await else { return };
    let with = |image: &str| {
        let mut desired = place.desired();
        add(&mut desired, "kubernetes/deployment.api", deployment(image, Some(1)));
        desired
    };
    let made = place.apply(&with("web:1")).await;
    assert_eq!(made, ["create kubernetes/namespace.main", "create kubernetes/deployment.api"]);
    assert_eq!(place.apply(&with("web:1")).await, [""; 0]);
    let image = "object.spec.template.spec.containers[0].image";
    assert_eq!(
        place.apply(&with("web:2")).await,
        [format!("update kubernetes/deployment.api\n  {image}: \"web:1\" -> \"web:2\"")]
    );
    assert_eq!(place.apply(&with("web:2")).await, [""; 0]);

    // As `kubectl edit` does it.
    let path = place.path("apps/v1", "deployments/web");
    let mut template = deployment("web:3", None)["spec"]["template"].take();
    template["metadata"].take();
    place.kube.merge(&path, json!({"spec": {"template": {"spec": template["spec"]}}})).unwrap();
    assert_eq!(
        place.apply(&with("web:2")).await,
        [format!("update kubernetes/deployment.api\n  {image}: \"web:3\" -> \"web:2\"")]
    );
    assert_eq!(place.apply(&with("web:2")).await, [""; 0]);
}

#[tokio::test]
async fn what_an_autoscaler_owns_is_left_alone() {
    let test = "kubernetes::owners::what_an_autoscaler_owns_is_left_alone";
    let Some(place) = Place::open(test).await else { return };
    let with = |replicas| {
        let mut desired = place.desired();
        add(&mut desired, "kubernetes/deployment.api", deployment("web:1", replicas));
        desired
    };
    let path = place.path("apps/v1", "deployments/web");
    let count = || place.kube.get(&path).unwrap()["spec"]["replicas"].clone();
    place.apply(&with(Some(2))).await;
    // A fixed count becomes a range: the count stays until an autoscaler changes it.
    place.apply(&with(None)).await;
    assert_eq!(count(), 2);
    assert_eq!(place.apply(&with(None)).await, [""; 0]);
    place.kube.merge(&format!("{path}/scale"), json!({"spec": {"replicas": 3}})).unwrap();
    let all = place.path("apps/v1", "deployments");
    place.kube.until(&all, "web", |one| one["status"]["readyReplicas"] == 3);
    assert_eq!(place.apply(&with(None)).await, [""; 0]);
    assert_eq!(count(), 3);
    // And back, over whoever has it.
    assert_eq!(
        place.apply(&with(Some(1))).await,
        ["update kubernetes/deployment.api\n  object.spec.replicas: 3 -> 1"]
    );
    assert_eq!(count(), 1);
    assert_eq!(place.apply(&with(Some(1))).await, [""; 0]);
}

#[tokio::test]
async fn a_foreign_object_stops_the_plan() {
    let test = "kubernetes::owners::a_foreign_object_stops_the_plan";
    let Some(place) = Place::open(test).await else { return };
    place.apply(&place.desired()).await;
    let helms =
        json!({"metadata": {"name": "web", "labels": {"app.kubernetes.io/managed-by": "Helm"}}});
    place.kube.create(&place.path("v1", "configmaps"), helms).unwrap();
    let mut desired = place.desired();
    add(&mut desired, "kubernetes/config-map.api", config("web", json!({"a": "1"})));
    let plan = place.plan(&desired).await;
    let foreign: Vec<String> = plan
        .foreign
        .iter()
        .map(|one| format!("{} {}: {}", one.address, one.id, one.owner))
        .collect();
    let id = format!("{}/web", place.application);
    assert_eq!(
        foreign,
        [format!("kubernetes/config-map.api {id}: no shipit labels, and is managed by Helm")]
    );
    // Nor is it taken over where it comes between plan and apply.
    let outcome = place.outcome(&plan).await;
    assert_eq!(outcome.failed[0].1.message, "`web` is there already");
    assert_eq!(place.kube.get(&place.path("v1", "configmaps/web")).unwrap()["data"], Value::Null);
}

#[tokio::test]
async fn a_conflict_names_the_other_manager_and_the_field() {
    let test = "kubernetes::owners::a_conflict_names_the_other_manager_and_the_field";
    let Some(place) = Place::open(test).await else { return };
    let with = |data: Value| {
        let mut desired = place.desired();
        add(&mut desired, "kubernetes/config-map.api", config("web", data));
        desired
    };
    place.apply(&with(json!({"a": "1"}))).await;
    let path = place.path("v1", "configmaps/web");
    let theirs = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"b": "theirs"}});
    place.kube.apply(&path, "argocd", theirs).unwrap();
    // What is theirs is none of ours.
    assert_eq!(place.apply(&with(json!({"a": "1"}))).await, [""; 0]);
    let wanted = with(json!({"a": "1", "b": "ours"}));
    let plan = place.plan(&wanted).await;
    assert_eq!(
        steps(&plan),
        ["update kubernetes/config-map.api\n  object.data.b: \"theirs\" -> \"ours\""]
    );
    let outcome = place.outcome(&plan).await;
    let failure = &outcome.failed[0].1;
    assert_eq!(failure.message, "`argocd` manages `data.b`");
    assert_eq!(
        failure.hint.as_deref(),
        Some("take the field out of the manifest, or take it over with `--force-conflicts`")
    );
    place.cx.kubernetes.force_conflicts(true);
    place.apply(&wanted).await;
    assert_eq!(place.kube.get(&path).unwrap()["data"]["b"], "ours");
    assert_eq!(place.apply(&wanted).await, [""; 0]);
}

#[tokio::test]
async fn pruning_touches_nothing_of_others() {
    let test = "kubernetes::owners::pruning_touches_nothing_of_others";
    let Some(place) = Place::open(test).await else { return };
    let mut desired = place.desired();
    add(&mut desired, "kubernetes/config-map.api", config("web", json!({"a": "1"})));
    let class = json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
        "metadata": {"name": place.application}, "value": 5});
    add(&mut desired, "kubernetes/object.api", class);
    place.apply(&desired).await;
    let others = [
        json!({"metadata": {"name": "plain"}}),
        json!({"metadata": {"name": "neighbours", "labels": {"app.kubernetes.io/managed-by": "shipit",
            "shipit/application": "another", "shipit/environment": "test"},
            "annotations": {"shipit/resource": "kubernetes/config-map.api"}}}),
        // Labels that were copied, and no address.
        json!({"metadata": {"name": "copied", "labels": {"app.kubernetes.io/managed-by": "shipit",
            "shipit/application": place.application, "shipit/environment": "test"}}}),
    ];
    for other in others {
        place.kube.create(&place.path("v1", "configmaps"), other).unwrap();
    }
    // One that is given away keeps what somebody else wants of it.
    let mut gone = place.apply(&place.desired()).await;
    gone.sort();
    assert_eq!(gone, ["delete kubernetes/config-map.api", "delete kubernetes/object.api"]);
    let left = place.kube.get(&place.path("v1", "configmaps")).unwrap();
    let names: Vec<&str> = left["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["metadata"]["name"].as_str())
        .collect();
    assert_eq!(
        names.iter().filter(|name| **name != "kube-root-ca.crt").copied().collect::<Vec<_>>(),
        ["copied", "neighbours", "plain"]
    );
}

#[tokio::test]
async fn a_kind_that_is_not_served_is_named_with_the_versions_that_are() {
    let test = "kubernetes::owners::a_kind_that_is_not_served_is_named_with_the_versions_that_are";
    let Some(place) = Place::open(test).await else { return };
    let mut desired = place.desired();
    let other =
        namespaced(json!({"apiVersion": "autoscaling/v7", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"}, "spec": {}}));
    add(&mut desired, "kubernetes/object.api", other);
    let plan = place.plan(&desired).await;
    let failure = place.outcome(&plan).await.failed.remove(0).1;
    assert_eq!(
        failure.message,
        "cluster `cluster-of-tests` serves no `HorizontalPodAutoscaler` of `autoscaling/v7`"
    );
    assert!(failure.hint.unwrap().starts_with("it serves autoscaling/v1, autoscaling/v2"));
}

#[tokio::test]
async fn a_namespace_that_hangs_says_what_holds_it() {
    let test = "kubernetes::owners::a_namespace_that_hangs_says_what_holds_it";
    let Some(place) = Place::open(test).await else { return };
    let mut desired = place.desired();
    let mut held = config("web", json!({"a": "1"}));
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    add(&mut desired, "kubernetes/config-map.api", held);
    place.apply(&desired).await;
    let plan = place.plan(&place.desired()).await;
    let failure = place.outcome(&plan).await.failed.remove(0).1;
    assert_eq!(
        failure.message,
        "not there after 600 s: terminating: waits for the finalizer `example.com/hold`"
    );
}

#[tokio::test]
async fn what_goes_waits_for_what_has_used_it() {
    let test = "kubernetes::owners::what_goes_waits_for_what_has_used_it";
    let Some(place) = Place::open(test).await else { return };
    let with = |name: &str| {
        let mut desired = place.desired();
        add(
            &mut desired,
            &format!("kubernetes/config-map.api/{name}"),
            config(name, json!({"a": "1"})),
        );
        let mut object = deployment("web:1", Some(1));
        let from = json!([{"configMapRef": {"name": {"$output": [format!("kubernetes/config-map.api/{name}"), "name"]}}}]);
        object["spec"]["template"]["spec"]["containers"][0]["envFrom"] = from;
        add(&mut desired, "kubernetes/deployment.api", object);
        desired
    };
    place.apply(&with("one")).await;
    let plan = place.plan(&with("two")).await;
    let at = |address: &str| {
        plan.steps.iter().position(|step| step.address.to_string() == address).unwrap()
    };
    let waits =
        |step: usize| plan.steps[step].after.iter().map(|edge| edge.step).collect::<Vec<_>>();
    let (made, changed, gone) = (
        at("kubernetes/config-map.api/two"),
        at("kubernetes/deployment.api"),
        at("kubernetes/config-map.api/one"),
    );
    assert_eq!((waits(changed), waits(gone)), (vec![made], vec![changed]));
}
