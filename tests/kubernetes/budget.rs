//! What a plan costs that changes nothing: a list of each kind, however many services there are.

use std::fmt::Write as _;

use serde_json::json;

use super::place::{Place, add, counted, namespaced};

const SERVICES: usize = 100;

#[tokio::test]
async fn a_plan_of_a_hundred_services_is_a_list_of_each_kind() {
    let test = "kubernetes::budget::a_plan_of_a_hundred_services_is_a_list_of_each_kind";
    let Some(place) = Place::open(test).await else { return };
    let with = |changed: &str| {
        let mut desired = place.desired();
        for index in 0..SERVICES {
            let name = format!("web{index}");
            let account =
                json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
            add(&mut desired, &format!("kubernetes/service-account.{name}"), namespaced(account));
            let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
                "spec": {"selector": {"app": name}, "ports": [{"port": 80, "protocol": "TCP"}]}});
            add(&mut desired, &format!("kubernetes/service.{name}"), namespaced(service));
            let image = if index < 3 { changed } else { "web:1" };
            let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
                "spec": {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"containers": [{"name": "web", "image": image,
                        "resources": {"limits": {"cpu": "0.5"}}}]}}}});
            add(&mut desired, &format!("kubernetes/deployment.{name}"), namespaced(deployment));
        }
        desired
    };
    place.apply(&with("web:1")).await;
    let before = place.calls.calls().len();
    assert_eq!(place.plan(&with("web:1")).await.steps, []);
    let mut table = String::new();
    for (call, times) in counted(&place.calls, before) {
        writeln!(table, "{times} {call}").unwrap();
    }
    // Three kinds are asked for in an older version, too, as the server is an old one.
    insta::assert_snapshot!(table, @r"
    1 kubernetes GetConfigMap
    1 kubernetes ListConfigmaps
    2 kubernetes ListCronjobs
    1 kubernetes ListDaemonsets
    1 kubernetes ListDeployments
    2 kubernetes ListHorizontalpodautoscalers
    1 kubernetes ListIngresses
    1 kubernetes ListJobs
    1 kubernetes ListNamespaces
    1 kubernetes ListNetworkpolicies
    1 kubernetes ListPersistentvolumeclaims
    2 kubernetes ListPoddisruptionbudgets
    1 kubernetes ListResourcequotas
    1 kubernetes ListSecrets
    1 kubernetes ListServiceaccounts
    1 kubernetes ListServices
    1 kubernetes ListStatefulsets
    ");

    // What differs costs one dry run each.
    let before = place.calls.calls().len();
    assert_eq!(place.plan(&with("web:2")).await.steps.len(), 3);
    assert_eq!(counted(&place.calls, before)["kubernetes DryRunDeployment"], 3);
}
