//! From manifests to the desired graph: pure, no I/O.
//!
//! `environment` and what it calls (`network`, `endpoints`, `discovery`, `load_balancer`) plan what belongs to an environment on
//! ECS, `kubernetes` what belongs to one on EKS;
//! `service` and what it calls (`task`, `roles`, `http`, `messaging`, `storage`, `scaling`, `pause`, `alarms`, `connect`) what belongs to a service.
//! What only live AWS can tell — priorities in use, what services of other repositories need —
//! comes in as an [`Observation`]. How resources are made is not known here.

mod access_logs;
mod addresses;
mod alarms;
mod app_mesh;
mod capacity;
mod cluster;
mod connect;
mod discovery;
mod endpoints;
mod environment;
mod expiry;
mod http;
mod iam;
mod images;
mod job;
mod kubernetes;
mod lattice;
mod load_balancer;
mod logging;
mod messaging;
mod names;
mod needs;
mod network;
mod network_balancer;
mod patches;
mod pause;
mod picture;
mod ports;
mod priority;
mod rehearse;
mod roles;
mod scaling;
mod service;
mod settings;
mod shift;
mod storage;
mod surroundings;
mod tagged;
mod task;
mod topology;
mod unserved;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::engine::{Desired, Failure, Observation, Owner};
use crate::manifest::environment::{Vpc, Zones};
use crate::manifest::{Environment, Problems, ServiceManifest, ServiceType, Workspace};

pub use addresses::{ServiceAddress, addresses};
pub use capacity::MACHINE;
pub use cluster::cluster_wanted;
pub use expiry::expire;
pub use images::{builds_wanted, locations_wanted};
pub use kubernetes::{ClusterVersions, addons_wanted, version_wanted};
use needs::Needs;
pub use pause::{Counted, counted, pause, pin, restart, resume};
pub use picture::picture;
pub use rehearse::rehearse;
pub use surroundings::{
    ExistingBalancer, ExistingNamespace, HostedZone, Promoted, Surroundings, balancers_wanted,
    class_settings_wanted, namespace_wanted, prefix_list_wanted, zones_wanted,
};
pub use tagged::{TaggedSubnets, tags_needed};
pub use topology::topology;
pub use unserved::{Unserved, refuse_unserved};

/// What a plan is made for.
#[derive(Debug)]
pub struct Context<'a> {
    /// The manifests.
    pub workspace: &'a Workspace,
    /// Which environment.
    pub environment: &'a str,
    /// AWS account, twelve digits.
    pub account: &'a str,
    /// AWS region.
    pub region: &'a str,
    /// ARN partition: `aws`.
    pub partition: &'a str,
    /// The region's availability zones, sorted; may be empty where [`zones_needed`] says 0.
    pub zones: &'a [String],
    /// What bears the tags that [`tags_needed`] names; may be empty where it names none.
    pub tagged: &'a TaggedSubnets,
    /// Hosted zones and load balancers that exist; may be empty where [`zones_wanted`] and [`balancers_wanted`]
    /// say so.
    pub surroundings: &'a Surroundings,
    /// The services whose manifests are planned in this run.
    pub services: &'a BTreeSet<String>,
}

impl Context<'_> {
    /// The application's name.
    fn application(&self) -> &str {
        &self.workspace.application.name
    }

    /// The environment's manifest.
    fn manifest(&self) -> Result<&Environment, Failure> {
        self.workspace.environment(self.environment).ok_or_else(|| {
            Failure::internal(format!("environment `{}` has no manifest", self.environment))
        })
    }

    /// The user's tags on everything: the application's, and the environment's over them.
    fn tags(&self) -> Result<BTreeMap<String, String>, Failure> {
        let mut tags = self.workspace.application.tags.clone();
        tags.extend(self.manifest()?.tags.clone());
        Ok(tags)
    }

    /// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
    fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.account)
    }
}

/// Why there is no desired graph.
#[derive(Debug)]
pub enum Error {
    /// The account or region does not fit the manifests, or shipit is mistaken.
    Failure(Failure),
    /// Manifests ask for what only planning can find wrong.
    Problems(Problems),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::Problems(problems)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failure(failure) => failure.fmt(f),
            Self::Problems(problems) => problems.fmt(f),
        }
    }
}

/// How many availability zones have to be asked of AWS: 0 where the manifest names them or uses a VPC that exists.
pub fn zones_needed(workspace: &Workspace, environment: &str) -> usize {
    match workspace.environment(environment).map(|manifest| &manifest.network.vpc) {
        Some(Vpc::Own(vpc))
            if vpc.public.iter().chain(&vpc.private).any(|subnet| subnet.zone.is_none()) =>
        {
            match &vpc.zones {
                Zones::Count(count) => *count,
                Zones::Names(_) => 0,
            }
        }
        _ => 0,
    }
}

/// Everything that should be there: the environment with what its services need, and the services
/// of this run. An empty observation is good for the names alone.
///
/// # Errors
/// The region has fewer zones than the manifest wants, or a patch does not fit; all else is a mistake in shipit.
pub fn desired(context: &Context<'_>, live: &Observation) -> Result<Desired, Error> {
    tagged::refuse_loss_of_ipv6(context, live)?;
    let environment = context.manifest()?;
    if let Some(manifest) = &environment.cluster.kubernetes {
        let mut desired = Desired::default();
        let services = manifests(context)?;
        kubernetes::plan(&mut desired, context, manifest, live, &services)?;
        kubernetes::own::plan(&mut desired, context, &services)?;
        crate::resources::kubernetes::definitions_first(&mut desired);
        iam::bound(&mut desired, context);
        pause::keep(&mut desired, live);
        patches::apply(&mut desired, environment, &services)?;
        return Ok(desired);
    }
    let services = manifests(context)?;
    let mut needs = Needs::of_live(live, context.services);
    for service in &services {
        needs.add(context, service)?;
    }
    let mut desired = Desired::default();
    let environment = environment::plan(&mut desired, context, &needs)?;
    let mut priorities = priority::Priorities::of_live(live);
    context.surroundings.balancers.values().for_each(|one| priorities.reserve(&one.priorities));
    for service in &services {
        if service.service_type == ServiceType::ScheduledJob {
            job::plan(&mut desired, context, &environment, service)?;
        } else {
            service::plan(&mut desired, context, live, &environment, service, &mut priorities)?;
        }
        images::first(&mut desired, service);
    }
    cluster::check(context, &desired)?;
    iam::bound(&mut desired, context);
    pause::keep(&mut desired, live);
    patches::apply(&mut desired, context.manifest()?, &services)?;
    Ok(desired)
}

/// Where a task of this service is run by hand: a [`Place`](crate::resources::ecs::run::Place), as a document that refers to what is live.
///
/// # Errors
/// As of [`desired`].
pub fn placement(
    context: &Context<'_>,
    live: &Observation,
    service: &ServiceManifest,
) -> Result<Value, Failure> {
    let needs = Needs::of_live(live, context.services);
    let environment = environment::plan(&mut Desired::default(), context, &needs)?;
    let place = capacity::place(context, &environment, service)?;
    serde_json::to_value(place).map_err(|error| Failure::internal(error.to_string()))
}

/// The manifests of this run's services, as they are in the environment.
fn manifests(context: &Context<'_>) -> Result<Vec<ServiceManifest>, Failure> {
    context
        .services
        .iter()
        .map(|name| {
            context.workspace.service_in(name, context.environment).map_err(|_| {
                Failure::internal(format!("service `{name}` was not checked before planning"))
            })
        })
        .collect()
}

/// A service as the owner of its resources.
fn owner(service: &ServiceManifest) -> Owner {
    Owner::Service(service.name.clone())
}
