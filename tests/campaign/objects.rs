//! What an application has in a cluster, listed by kind from whatever its API server serves.

use serde_json::{Value, json};

use crate::support::kubernetes::Kubernetes;

/// What a server adds, counts or makes up.
const ITS_OWN: &[&str] = &[
    "/metadata/uid",
    "/metadata/resourceVersion",
    "/metadata/creationTimestamp",
    "/metadata/generation",
    "/metadata/managedFields",
    "/metadata/selfLink",
    "/spec/clusterIP",
    "/spec/clusterIPs",
    "/status",
];

/// Every object that bears the labels of an application: where it is, and what it is.
pub(super) fn of(server: &Kubernetes, application: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for version in versions(server) {
        let served = server.get(&version).unwrap();
        for one in served["resources"].as_array().into_iter().flatten() {
            let plural = one["name"].as_str().unwrap();
            let lists = one["verbs"].as_array().unwrap().contains(&json!("list"));
            if plural.contains('/') || !lists {
                continue;
            }
            let selector = format!("labelSelector=shipit%2Fapplication%3D{application}");
            let list = server.get(&format!("{version}/{plural}?{selector}")).unwrap();
            for object in list["items"].as_array().unwrap() {
                // A group may have two names; pods and their like are their controllers'.
                if object["metadata"]["ownerReferences"].is_null() {
                    found.push((format!("{plural}/{}", at(object)), plain(object)));
                }
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found.dedup_by(|a, b| a.0 == b.0);
    found
}

/// `/api/v1`, and of each group the version that the server prefers.
fn versions(server: &Kubernetes) -> Vec<String> {
    let groups = server.get("/apis").unwrap();
    let preferred = groups["groups"].as_array().unwrap().iter();
    let version =
        |group: &Value| group["preferredVersion"]["groupVersion"].as_str().unwrap().to_owned();
    let mut all = vec!["/api/v1".to_owned()];
    all.extend(preferred.map(|group| format!("/apis/{}", version(group))));
    all
}

fn at(object: &Value) -> String {
    let text = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
    format!("{}/{}", text("namespace"), text("name"))
}

fn plain(object: &Value) -> Value {
    let mut object = object.clone();
    for path in ITS_OWN {
        let (parent, name) = path.rsplit_once('/').unwrap();
        if let Some(parent) = object.pointer_mut(parent).and_then(Value::as_object_mut) {
            parent.remove(name);
        }
    }
    // A digest of the whole, names included.
    if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
        annotations.remove("shipit/applied");
    }
    let label = |name: &str| object["metadata"]["labels"][name].clone();
    let (application, environment) = (label("shipit/application"), label("shipit/environment"));
    object["tags"] = json!({"shipit:application": application, "shipit:environment": environment});
    object
}
