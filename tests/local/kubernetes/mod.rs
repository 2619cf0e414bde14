//! The API server behind local AWS's EKS clusters: real programs, started as `shipit local kubernetes` starts them, and the
//! controllers that are played in it.

mod command;
mod failures;
mod workloads;

use serde_json::{Value, json};

use crate::support::kubernetes::Kubernetes;
use crate::support::{Workdir, kubernetes};

/// A new namespace, ready for pods.
fn namespace(server: &Kubernetes, stem: &str) -> String {
    let name = server.name(stem);
    server.create("/api/v1/namespaces", json!({"metadata": {"name": name}})).unwrap();
    name
}

/// A Deployment of one container.
fn deployment(image: &str, replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": image}]},
            },
        },
    })
}

/// Takes out what no two runs have alike.
fn plain(value: &Value) -> Value {
    match value {
        Value::Array(all) => all.iter().map(plain).collect(),
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| {
                !name.ends_with("Time")
                    && !["startedAt", "finishedAt", "containerID", "hostIP", "podIP", "podIPs"]
                        .contains(&name.as_str())
            });
            kept.map(|(name, value)| (name.clone(), plain(value))).collect()
        }
        other => other.clone(),
    }
}

#[test]
fn the_tokens_of_eks_are_taken_and_no_others() {
    let Some(server) = kubernetes::server("local::kubernetes::tokens") else { return };
    let workdir = Workdir::new();
    let credential = workdir
        .local(&["kube", "token", "--cluster", "demo-test-main", "--region", "eu-west-1"])
        .expect(0)
        .json();
    let token = credential["status"]["token"].as_str().unwrap();
    let namespaces = server.get_with(token, "/api/v1/namespaces/default").unwrap();
    assert_eq!(namespaces["metadata"]["name"], "default");
    for rubbish in ["rubbish", "k8s-aws-v1.rubbish", &token.replace("k8s-aws-v1.", "")] {
        let refused = server.get_with(rubbish, "/api/v1/namespaces/default").unwrap_err();
        assert_eq!((refused.status, refused.reason.as_str()), (401, "Unauthorized"), "{rubbish}");
    }
}
