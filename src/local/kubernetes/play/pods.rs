//! Pods as controllers see them, and make them.

use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::kind::Kind;
use super::world::{Object, World, condition, leaving, reference, uid};
use super::{events::Event, status};
use crate::local::document::Document;

/// The letters that Kubernetes makes names of: none that spell words.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Letters that follow from a text.
pub(super) fn letters(text: &str, count: usize) -> String {
    let hash = Sha256::digest(text);
    hash.iter()
        .take(count)
        .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
        .collect()
}

/// The hash of a template of pods.
pub(super) fn hash(template: &Value) -> String {
    letters(&template.to_string(), 10)
}

/// Whether the pod answers.
pub(super) fn is_ready(pod: &Value) -> bool {
    let mut conditions = pod["status"].list("conditions").iter();
    !leaving(pod) && conditions.any(|it| it.text("type") == "Ready" && it.text("status") == "True")
}

/// Whether it has answered for as long as it must to count.
pub(super) fn is_available(world: &mut World, pod: &Value, seconds: i64) -> bool {
    let time = Duration::from_secs(seconds.unsigned_abs());
    is_ready(pod) && world.part_lasts(pod, "/ready", "ready", time)
}

/// How an owner's pods fare.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) all: i64,
    pub(super) ready: i64,
    pub(super) available: i64,
}

/// Counts pods that are neither over nor leaving.
pub(super) fn count(world: &mut World, pods: &[Object], seconds: i64) -> Counts {
    let mut counts = Counts::default();
    for pod in pods.iter().filter(|pod| is_active(pod)) {
        counts.all += 1;
        counts.ready += i64::from(is_ready(pod));
        counts.available += i64::from(is_available(world, pod, seconds));
    }
    counts
}

/// Whether it is neither over nor leaving.
pub(super) fn is_active(pod: &Value) -> bool {
    !leaving(pod) && !status::is_over(pod)
}

/// Makes a pod of its owner's template; what the API server refuses is told of the owner.
///
/// # Errors
/// What it says.
pub(super) async fn make(
    world: &mut World,
    kind: Kind,
    owner: &Value,
    name: &str,
    change: impl FnOnce(&mut Value),
) -> Result<(), String> {
    let template = &owner["spec"]["template"];
    let meta = &owner["metadata"];
    let version = world.kinds.version(kind);
    let mut pod = json!({
        "metadata": {
            "name": name, "generateName": format!("{}-", meta.text("name")),
            "labels": template["metadata"]["labels"], "annotations": template["metadata"]["annotations"],
            "ownerReferences": reference(version, kind, owner),
        },
        "spec": template["spec"],
    });
    change(&mut pod);
    let namespace = meta.text("namespace").to_owned();
    let made = world.create(Kind::Pod, &namespace, pod).await;
    let from = match kind {
        Kind::ReplicaSet => "replicaset-controller",
        Kind::StatefulSet => "statefulset-controller",
        Kind::DaemonSet => "daemonset-controller",
        _ => "job-controller",
    };
    match made {
        Ok(_) => {
            let message = format!("Created pod: {name}");
            let event = Event {
                from,
                sort: "Normal",
                reason: "SuccessfulCreate",
                message: &message,
                field: "",
            };
            event.tell(world, kind, owner);
            Ok(())
        }
        // It is there already, or its namespace goes.
        Err(error) if error.status == 409 || error.message.contains("being terminated") => Ok(()),
        Err(error) => {
            let message = format!("Error creating: {}", error.message);
            let event = Event {
                from,
                sort: "Warning",
                reason: "FailedCreate",
                message: &message,
                field: "",
            };
            event.tell(world, kind, owner);
            Err(error.message)
        }
    }
}

/// Deletes pods, the least useful first.
pub(super) async fn remove(world: &mut World, mut pods: Vec<Object>, count: i64) {
    pods.retain(|pod| is_active(pod));
    pods.sort_by_key(|pod| {
        let made = pod["metadata"].text("creationTimestamp").to_owned();
        (is_ready(pod), pod["spec"].has("nodeName"), std::cmp::Reverse(made), uid(pod).to_owned())
    });
    for pod in pods.iter().take(usize::try_from(count).unwrap_or(0)) {
        world.delete(Kind::Pod, pod, false).await;
    }
}

/// The condition of an owner whose pods the API server refuses, or none.
pub(super) fn failure(live: &[Value], refused: Option<&str>) -> Option<Value> {
    refused.map(|why| condition(live, "ReplicaFailure", "True", "FailedCreate", why))
}
