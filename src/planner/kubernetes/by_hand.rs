//! What a person has stopped, counted or restarted on EKS: annotations and counts of the object that keeps pods running.
//!
//! An autoscaler cannot be suspended there. One that is to keep a count has that as both its bounds; one whose object has
//! no pods leaves it so by itself.

use serde_json::{Value, json};

use crate::engine::{Address, Desired, Observation, Spec};
use crate::manifest::service::Count;
use crate::planner::pause::Counted;
use crate::resources::kubernetes::HorizontalPodAutoscaler;
use crate::resources::kubernetes::workload::{PAUSED, WORKLOADS};

/// When it was restarted; an annotation of its pods.
const RESTARTED: &str = "by-hand.shipit/restarted";

/// What keeps the pods of a service running, if they are pods.
pub(in crate::planner) fn workload(desired: &Desired, service: &str) -> Option<Address> {
    let mut all = WORKLOADS.into_iter().map(|kind| Address::new(kind, service));
    all.find(|address| desired.nodes.contains_key(address))
}

/// What is live of a service's count.
pub(in crate::planner) fn counted(live: &Observation, service: &str) -> Option<Counted> {
    let found = live.live().find(|one| {
        let address = &one.identity.address;
        WORKLOADS.contains(&address.kind()) && address.name() == service
    })?;
    let paused = found.spec.pointer("/object/metadata/annotations").map(|all| &all[PAUSED]);
    Some(Counted {
        word: "pod",
        place: "node",
        daemon: found.identity.address.kind() == "kubernetes/daemon-set",
        paused: paused.and_then(Value::as_str).map(str::to_owned),
        scaled: live.at(&autoscaler(service)).next().is_some(),
    })
}

/// What is live of services' pauses and restarts stays as it is.
pub(in crate::planner) fn keep(desired: &mut Desired, live: &Observation) {
    let all = desired.nodes.keys().filter(|address| WORKLOADS.contains(&address.kind()));
    for address in all.cloned().collect::<Vec<_>>() {
        let Some(found) = live.at(&address).next() else { continue };
        let said = |place: &str, name: &str| {
            let all = found.spec.pointer(&format!("/object{place}/metadata/annotations"))?;
            all[name].as_str().map(str::to_owned)
        };
        if let Some(at) = said("/spec/template", RESTARTED) {
            restart(desired, &address, &at);
        }
        if let Some(since) = said("", PAUSED) {
            pause(desired, &address, &since);
        }
    }
}

pub(in crate::planner) fn pause(desired: &mut Desired, workload: &Address, since: &str) {
    set(desired, workload, &["metadata", "annotations", PAUSED], json!(since));
    set(desired, workload, &["spec", "replicas"], json!(0));
}

pub(in crate::planner) fn pin(desired: &mut Desired, workload: &Address, count: u32) {
    set(desired, workload, &["spec", "replicas"], json!(count));
    bounds(desired, workload, count, count);
}

pub(in crate::planner) fn resume(desired: &mut Desired, workload: &Address, count: &Count) {
    let paused = desired.nodes.get(workload).is_some_and(|node| {
        let annotations = node.spec.pointer("/object/metadata/annotations");
        annotations.is_some_and(|all| !all[PAUSED].is_null())
    });
    set(desired, workload, &["metadata", "annotations", PAUSED], Value::Null);
    match count {
        Count::Fixed(count) | Count::Spot(count) => {
            set(desired, workload, &["spec", "replicas"], json!(count));
        }
        Count::Autoscaling(range) => {
            bounds(desired, workload, range.min, range.max);
            // An autoscaler does not begin with none.
            if paused {
                set(desired, workload, &["spec", "replicas"], json!(range.min));
            }
        }
        Count::Daemon => {}
    }
}

pub(in crate::planner) fn restart(desired: &mut Desired, workload: &Address, at: &str) {
    let path = ["spec", "template", "metadata", "annotations", RESTARTED];
    set(desired, workload, &path, json!(at));
}

fn autoscaler(service: &str) -> Address {
    Address::new(HorizontalPodAutoscaler::KIND, service)
}

fn bounds(desired: &mut Desired, workload: &Address, min: u32, max: u32) {
    let address = autoscaler(workload.name());
    set(desired, &address, &["spec", "minReplicas"], json!(min));
    set(desired, &address, &["spec", "maxReplicas"], json!(max));
}

/// Sets what is at a path of an object; null takes it away, with what is empty without it.
fn set(desired: &mut Desired, address: &Address, path: &[&str], value: Value) {
    if let Some(node) = desired.nodes.get_mut(address) {
        put(&mut node.spec["object"], path, value);
    }
}

fn put(at: &mut Value, path: &[&str], value: Value) {
    let [first, rest @ ..] = path else {
        *at = value;
        return;
    };
    if value.is_null() && at.get(*first).is_none() {
        return;
    }
    if !at.is_object() {
        *at = json!({});
    }
    let below = &mut at[*first];
    put(below, rest, value);
    let hollow = below.is_null() || below.as_object().is_some_and(serde_json::Map::is_empty);
    if let Some(fields) = at.as_object_mut().filter(|_| hollow) {
        fields.remove(*first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_taken_away_again() {
        let mut object = json!({"metadata": {"name": "api"}, "spec": {}});
        let before = object.clone();
        let path = ["metadata", "annotations", PAUSED];
        put(&mut object, &path, json!("now"));
        assert_eq!(object["metadata"]["annotations"], json!({ PAUSED: "now" }));
        put(&mut object, &path, Value::Null);
        assert_eq!(object, before);
        put(&mut object, &path, Value::Null);
        assert_eq!(object, before);
    }
}
