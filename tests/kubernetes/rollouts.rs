//! Rollouts that break, each in its own way: they end as soon as nothing heals them, and say the cause first.

use serde_json::{Value, json};
use shipit::engine::{Address, Failure};
use shipit::render::human::failure::failure;

use super::place::{Place, add, namespaced};

async fn broken(test: &'static str, image: &str, more: Value) -> Option<(Place, Failure)> {
    let place = Place::open(test).await?;
    let mut desired = place.desired();
    let mut object = namespaced(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": image,
                    "resources": {"limits": {"memory": "64Mi"}}}]},
            },
        },
    }));
    for (key, value) in more.as_object().unwrap() {
        object["spec"][key] = value.clone();
    }
    add(&mut desired, "kubernetes/deployment.api", object);
    let plan = place.plan(&desired).await;
    let mut outcome = place.outcome(&plan).await;
    let (step, failure) = outcome.failed.remove(0);
    assert_eq!(plan.steps[step].address.to_string(), "kubernetes/deployment.api");
    Some((place, failure))
}

/// What a person reads first, without what no two runs have alike.
fn first_lines(place: &Place, found: &Failure) -> String {
    let address: Address = "kubernetes/deployment.api".parse().unwrap();
    let text = failure(Some(&address), found).replace(&place.application, "APP");
    let lines = text.lines().take(3).map(|line| {
        let words = line.split(' ').map(|word| match word.strip_prefix("web-") {
            Some(rest) if rest.contains('-') => {
                let end: String =
                    word.chars().rev().take_while(|letter| !letter.is_alphanumeric()).collect();
                format!("web-POD{}", end.chars().rev().collect::<String>())
            }
            _ => word.to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn an_image_that_is_not_there() {
    let test = "kubernetes::rollouts::an_image_that_is_not_there";
    let Some((place, failure)) = broken(test, "shop/web:missing", json!({})).await else { return };
    insta::assert_snapshot!(first_lines(&place, &failure), @r"
    error: kubernetes/deployment.api: image `shop/web:missing` cannot be pulled: not found
      rollout: 0 of 2 pods ready
    hint: check the image's name and tag in the manifest, and that it is pushed
    ");
    assert_eq!(failure.diagnosis.unwrap().cause.as_deref(), Some("image-not-found"));
}

#[tokio::test]
async fn a_container_that_crashes() {
    let test = "kubernetes::rollouts::a_container_that_crashes";
    let Some((place, failure)) = broken(test, "shop/web:crash", json!({})).await else { return };
    insta::assert_snapshot!(first_lines(&place, &failure), @r"
    error: kubernetes/deployment.api: container `web` ends with exit code 1, restarted 2 times
      rollout: 0 of 2 pods ready
    hint: `kubectl --namespace APP describe pod web-POD` tells more
    ");
    let diagnosis = failure.diagnosis.unwrap();
    assert_eq!(diagnosis.cause.as_deref(), Some("crash"));
    assert!(diagnosis.log.is_some());
}

#[tokio::test]
async fn a_container_that_needs_more_memory() {
    let test = "kubernetes::rollouts::a_container_that_needs_more_memory";
    let Some((place, failure)) = broken(test, "shop/web:out-of-memory", json!({})).await else {
        return;
    };
    insta::assert_snapshot!(first_lines(&place, &failure), @r"
    error: kubernetes/deployment.api: container `web` needs more than its memory of 64Mi (OOMKilled, restarted 2 times)
      rollout: 0 of 2 pods ready
    hint: raise `memory` in the manifest
    ");
    assert_eq!(failure.diagnosis.unwrap().cause.as_deref(), Some("out-of-memory"));
}

#[tokio::test]
async fn a_probe_that_fails_until_the_deadline() {
    let test = "kubernetes::rollouts::a_probe_that_fails_until_the_deadline";
    let more = json!({"progressDeadlineSeconds": 60});
    let Some((place, failure)) = broken(test, "shop/web:unhealthy", more).await else { return };
    insta::assert_snapshot!(first_lines(&place, &failure), @r"
    error: kubernetes/deployment.api: its pods run and are not ready: readiness probe failed: HTTP probe failed with statuscode: 503
      rollout: its rollout made no progress for 60 s
    hint: check port and path of `healthcheck`, and that the program listens on all addresses
    ");
    assert_eq!(failure.diagnosis.unwrap().cause.as_deref(), Some("probe"));
}

#[tokio::test]
async fn pods_that_no_node_takes() {
    let test = "kubernetes::rollouts::pods_that_no_node_takes";
    let more = json!({"progressDeadlineSeconds": 60});
    let Some((place, failure)) = broken(test, "shop/web:no-capacity", more).await else { return };
    insta::assert_snapshot!(first_lines(&place, &failure), @r"
    error: kubernetes/deployment.api: no node takes its pods: 0/3 nodes are available: 3 Insufficient cpu
      rollout: its rollout made no progress for 60 s
    hint: lower `cpu` and `memory`, loosen `placement`, or give the cluster more nodes
    ");
    assert_eq!(failure.diagnosis.unwrap().cause.as_deref(), Some("unschedulable"));
}
