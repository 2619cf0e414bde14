//! How many tasks or pods a service has that a person has stopped, counted or restarted, beside what its manifest says.
//!
//! A pause is kept with the service (a tag on ECS, an annotation on EKS): a deploy changes all else and starts no task. A
//! count that was set by hand is not: the next deploy puts the manifest's back. Here it is chosen what runs the service;
//! `kubernetes::by_hand` has the other side.

use serde_json::{Value, json};

use super::kubernetes::by_hand as pods;
use super::scaling;
use crate::engine::{Address, Desired, Observation, Spec};
use crate::manifest::service::Count;
use crate::resources::applicationautoscaling::Target;
use crate::resources::ecs::Service;

/// What is live of a service's count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// `task` or `pod`.
    pub word: &'static str,
    /// What one of them runs on: `instance`, `node`.
    pub place: &'static str,
    /// It has one on each of those, and no count.
    pub daemon: bool,
    /// Since when it is paused, if it is.
    pub paused: Option<String>,
    /// Something scales it.
    pub scaled: bool,
}

/// What is live of a service's count; `None` where it is not deployed.
pub fn counted(live: &Observation, service: &str) -> Option<Counted> {
    let address = Address::new(Service::KIND, service);
    let Some(found) = live.at(&address).next() else { return pods::counted(live, service) };
    Some(Counted {
        word: "task",
        place: "instance",
        daemon: found.spec["scheduling_strategy"] == "DAEMON",
        paused: found.spec["paused"].as_str().map(str::to_owned),
        scaled: live.at(&Address::new(Target::KIND, service)).next().is_some(),
    })
}

/// What is live of services' pauses and restarts stays as it is.
pub(super) fn keep(desired: &mut Desired, live: &Observation) {
    pods::keep(desired, live);
    let services = desired.nodes.keys().filter(|address| address.kind() == Service::KIND);
    let services: Vec<Address> = services.cloned().collect();
    for address in services {
        let Some(found) = live.at(&address).next() else { continue };
        if let Some(at) = found.spec["restarted"].as_str() {
            set(desired, &address, "restarted", json!(at));
        }
        if let Some(since) = found.spec["paused"].as_str() {
            pause(desired, address.name(), since);
        }
    }
}

/// The service has no tasks, and nothing scales it, from now on.
pub fn pause(desired: &mut Desired, service: &str, since: &str) {
    if let Some(workload) = pods::workload(desired, service) {
        return pods::pause(desired, &workload, since);
    }
    let address = Address::new(Service::KIND, service);
    set(desired, &address, "paused", json!(since));
    pin(desired, service, 0);
}

/// The service has so many tasks, and nothing scales it, until the next deploy.
pub fn pin(desired: &mut Desired, service: &str, count: u32) {
    if let Some(workload) = pods::workload(desired, service) {
        return pods::pin(desired, &workload, count);
    }
    let address = Address::new(Service::KIND, service);
    set(desired, &address, "desired_count", json!(count));
    set(desired, &address, "initial_count", Value::Null);
    suspend(desired, service, true);
}

/// The service has as many tasks as its manifest says, and what scales it does so.
pub fn resume(desired: &mut Desired, service: &str, count: &Count) {
    if let Some(workload) = pods::workload(desired, service) {
        return pods::resume(desired, &workload, count);
    }
    let address = Address::new(Service::KIND, service);
    let (fixed, initial) = scaling::counts(count);
    set(desired, &address, "desired_count", json!(fixed));
    set(desired, &address, "initial_count", json!(initial));
    if let Some(node) = desired.nodes.get_mut(&address)
        && let Some(fields) = node.spec.as_object_mut()
    {
        fields.remove("paused");
    }
    suspend(desired, service, false);
}

/// The service's tasks are replaced by new ones of the same revision.
pub fn restart(desired: &mut Desired, service: &str, at: &str) {
    if let Some(workload) = pods::workload(desired, service) {
        return pods::restart(desired, &workload, at);
    }
    set(desired, &Address::new(Service::KIND, service), "restarted", json!(at));
}

fn suspend(desired: &mut Desired, service: &str, suspended: bool) {
    let switched = json!({
        "dynamic_scaling_in": suspended,
        "dynamic_scaling_out": suspended,
        "scheduled_scaling": suspended,
    });
    set(desired, &Address::new(Target::KIND, service), "suspended", switched);
}

fn set(desired: &mut Desired, address: &Address, field: &str, value: Value) {
    if let Some(node) = desired.nodes.get_mut(address) {
        node.spec[field] = value;
    }
}
