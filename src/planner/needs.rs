//! What services need of their environment.

use std::collections::BTreeSet;

use super::{Context, surroundings};
use crate::engine::{Failure, Observation, Owner};
use crate::manifest::service::NlbProtocol;
use crate::manifest::{ServiceManifest, ServiceType};

/// What the names of rules begin with that let load balancers reach the services that are not ours.
pub(super) const FROM_BALANCER: &str = "environment-from-alb-";

/// What an environment has only while a service needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// The internet-facing load balancer.
    pub(super) public_load_balancer: bool,
    /// The internal load balancer.
    pub(super) private_load_balancer: bool,
    /// The file system.
    pub(super) files: bool,
    /// The environment's certificate, where no load balancer of its own needs it.
    pub(super) certificate: bool,
    /// Security groups of load balancers that exist: what is behind them may reach the services.
    pub(super) balancer_groups: BTreeSet<String>,
}

impl Needs {
    /// Adds what a manifest needs.
    pub(super) fn add(
        &mut self,
        context: &Context<'_>,
        service: &ServiceManifest,
    ) -> Result<(), Failure> {
        self.files |= super::storage::wants_files(service);
        let tls = service.nlb.as_ref().is_some_and(|nlb| {
            nlb.listeners().any(|(_, one)| one.port.protocol == NlbProtocol::Tls)
        });
        self.certificate |= tls;
        let default = context.manifest()?.http.public.alb.as_deref();
        if let Some(name) = surroundings::balancer(service, default) {
            let balancer = context.surroundings.balancer(name)?;
            self.balancer_groups.extend(balancer.security_groups.iter().cloned());
        } else if service.http.is_some() {
            match service.service_type {
                ServiceType::LoadBalancedWebService => self.public_load_balancer = true,
                ServiceType::BackendService => self.private_load_balancer = true,
                ServiceType::WorkerService | ServiceType::ScheduledJob => {}
            }
        }
        Ok(())
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
                Some(_) => needs.public_load_balancer = true,
                // On a load balancer that is not ours: its way to the services stays as it is.
                None => {
                    let rules = live.seen.of("ec2/security-group-rule").iter();
                    let names = rules.map(|rule| rule.identity.address.name());
                    let groups = names.filter_map(|name| name.strip_prefix(FROM_BALANCER));
                    needs.balancer_groups.extend(groups.map(str::to_owned));
                }
            }
        }
        needs.certificate = live.seen.of("elbv2/listener").iter().any(|listener| {
            listener.spec["protocol"] == "TLS"
                && matches!(&listener.identity.owner, Owner::Service(name) if !planned.contains(name))
        });
        needs
    }
}
