//! What services need of their environment.

use std::collections::BTreeSet;

use crate::engine::{Observation, Owner};
use crate::manifest::{ServiceManifest, ServiceType};

/// What an environment has only while a service needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// The internet-facing load balancer.
    pub(super) public_load_balancer: bool,
    /// The internal load balancer.
    pub(super) private_load_balancer: bool,
    /// The file system.
    pub(super) files: bool,
}

impl Needs {
    /// Adds what a manifest needs.
    pub(super) fn add(&mut self, service: &ServiceManifest) {
        self.files |= super::storage::wants_files(service);
        if service.http.is_some() {
            match service.service_type {
                ServiceType::LoadBalancedWebService => self.public_load_balancer = true,
                ServiceType::BackendService => self.private_load_balancer = true,
                ServiceType::WorkerService | ServiceType::ScheduledJob => {}
            }
        }
    }

    /// What live services need whose manifests are not planned in this run: they may be
    /// deployed from another repository. It shows in their listener rules and access points.
    pub(super) fn of_live(live: &Observation, planned: &BTreeSet<String>) -> Self {
        let mut needs = Self::default();
        let other =
            |owner: &Owner| matches!(owner, Owner::Service(name) if !planned.contains(name));
        let points = live.seen.of("efs/access-point");
        needs.files = points.iter().any(|point| other(&point.identity.owner));
        let rules = live.seen.of("elbv2/listener-rule").iter();
        let others = rules.filter(|rule| other(&rule.identity.owner));
        for rule in others {
            let listener = &rule.spec["listener"];
            let on =
                live.seen.of("elbv2/listener").iter().find(|live| live.outputs["arn"] == *listener);
            match on.map(|listener| listener.identity.address.name()) {
                Some(name) if name.starts_with("private") => needs.private_load_balancer = true,
                _ => needs.public_load_balancer = true,
            }
        }
        needs
    }
}
