//! What a service's release runs, as documents of both platforms have it.

use serde_json::Value;

use crate::engine::Address;

/// The kinds that keep pods running, or run them at times.
const WORKLOADS: [&str; 4] = [
    "kubernetes/deployment",
    "kubernetes/stateful-set",
    "kubernetes/daemon-set",
    "kubernetes/cron-job",
];

/// What runs a service.
#[derive(Debug)]
pub(super) enum Runs {
    /// A task definition.
    Ecs(Address),
    /// An object with a template of pods.
    Kubernetes(Address),
}

impl Runs {
    /// Of what is wanted or planned, by whether there is something of an address.
    pub(super) fn of(service: &str, is_there: impl Fn(&Address) -> bool) -> Self {
        let mut all = WORKLOADS.iter().map(|kind| Address::new(*kind, service));
        match all.find(|address| is_there(address)) {
            Some(workload) => Self::Kubernetes(workload),
            None => Self::Ecs(Address::new("ecs/task-definition", service)),
        }
    }

    /// What says what runs.
    pub(super) fn address(&self) -> &Address {
        match self {
            Self::Ecs(address) | Self::Kubernetes(address) => address,
        }
    }

    /// The containers in that document and their images, which may be references.
    pub(super) fn images<'a>(&self, spec: &'a Value) -> Option<Vec<(String, &'a Value)>> {
        match self {
            Self::Ecs(_) => {
                let all = spec["containers"].as_object()?.iter();
                Some(all.map(|(name, one)| (name.clone(), &one["image"])).collect())
            }
            Self::Kubernetes(_) => {
                let object = &spec["object"]["spec"];
                let template = object.get("jobTemplate").map_or(object, |job| &job["spec"]);
                let all = template["template"]["spec"]["containers"].as_array()?.iter();
                let named =
                    all.filter_map(|one| Some((one["name"].as_str()?.to_owned(), &one["image"])));
                Some(named.collect())
            }
        }
    }
}
