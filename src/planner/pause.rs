//! How many tasks a service has that a person has stopped, counted or restarted, beside what its manifest says.
//!
//! A pause is kept in a tag of the ECS service: a deploy changes all else and starts no task. A count that was set by hand
//! is not: the next deploy puts the manifest's back.

use serde_json::{Value, json};

use super::scaling;
use crate::engine::{Address, Desired, Observation, Spec};
use crate::manifest::service::Count;
use crate::resources::applicationautoscaling::Target;
use crate::resources::ecs::Service;

/// What is live of services' pauses and restarts stays as it is.
pub(super) fn keep(desired: &mut Desired, live: &Observation) {
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
    let address = Address::new(Service::KIND, service);
    set(desired, &address, "paused", json!(since));
    pin(desired, service, 0);
}

/// The service has so many tasks, and nothing scales it, until the next deploy.
pub fn pin(desired: &mut Desired, service: &str, count: u32) {
    let address = Address::new(Service::KIND, service);
    set(desired, &address, "desired_count", json!(count));
    set(desired, &address, "initial_count", Value::Null);
    suspend(desired, service, true);
}

/// The service has as many tasks as its manifest says, and what scales it does so.
pub fn resume(desired: &mut Desired, service: &str, count: &Count) {
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
