//! Alarms that deployments watch and somebody else makes: they are there.

use std::collections::BTreeMap;

use super::{Report, Subject};
use crate::aws::facts::alarms::alarms_there;
use crate::engine::{Address, Input};
use crate::resources::ecs::Service;

const CHECK: &str = "alarm";

pub(super) async fn check(subject: &Subject<'_>, report: &Report) {
    let mut named: BTreeMap<String, Address> = BTreeMap::new();
    for (address, service) in subject.changed::<Service>() {
        for name in service.deployment.alarms.names {
            // What the plan makes is a reference still.
            if let Input::Known(name) = name {
                named.entry(name).or_insert_with(|| address.clone());
            }
        }
    }
    let names: Vec<String> = named.keys().cloned().collect();
    if names.is_empty() {
        return;
    }
    match alarms_there(subject.cx, &names).await {
        Ok(there) => {
            for (name, address) in named.iter().filter(|(name, _)| !there.contains(*name)) {
                report.error(
                    CHECK,
                    address,
                    format!("CloudWatch has no alarm `{name}`, which is to roll deployments back"),
                    "correct `deployment.rollback_alarms`; `aws cloudwatch describe-alarms` prints those that are there".to_owned(),
                );
            }
        }
        Err(failure) => report.failed(CHECK, "alarms", &failure),
    }
}
