//! An environment on EKS: its roles, network, cluster, and what lies in it.
//!
//! Roles, network and cluster are made side by side: the cluster needs its role and subnets, and nothing else. What lies in
//! it waits for it alone, node groups for their way to the internet, too. Which versions there are comes in from outside
//! (`versions`). `shared` is what services share in the cluster, `mesh` what their mesh has there, `service` what each of them becomes,
//! `by_hand` what people have stopped or counted.

mod access;
mod addons;
pub(super) mod by_hand;
mod mesh;
mod nodes;
pub(super) mod own;
mod roles;
mod service;
mod shared;
mod versions;

use super::{Context, endpoints, lattice, network};
use crate::engine::{Address, Desired, Failure, Handle, Input, Observation, Owner, Wait};
use crate::manifest::ServiceManifest;
use crate::manifest::environment::Kubernetes as Manifest;
use crate::manifest::environment::kubernetes::{IpFamily, LogType, NodePool, Support, Tier};
use crate::resources::ec2::SecurityGroupId;
use crate::resources::eks::cluster::{AutoMode, Endpoint};
use crate::resources::eks::{Cluster, ClusterName};

pub use versions::{ClusterVersions, addons_wanted, version_wanted};

/// What belongs to the environment.
const OWNER: Owner = Owner::Environment;

/// What all that lies in the cluster is planned from.
struct Place<'a> {
    context: &'a Context<'a>,
    manifest: &'a Manifest,
    live: &'a Observation,
    network: network::Network,
    /// The cluster's name, known once it works.
    cluster: Input<ClusterName>,
    /// The security group that the cluster gives to nodes and pods.
    security_group: Input<SecurityGroupId>,
    /// Who issues the tokens of its service accounts.
    issuer: Input<String>,
    /// The version that the cluster has in the end.
    version: String,
    /// What must be there before pods run.
    workers: Vec<(Address, Wait)>,
}

/// Plans the environment and these services.
pub(super) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    manifest: &Manifest,
    live: &Observation,
    services: &[ServiceManifest],
) -> Result<(), Failure> {
    let network = network::plan(desired, context)?;
    if let Some(logs) = &context.manifest()?.network.flow_logs {
        endpoints::flow_log(desired, context, logs, &network.vpc)?;
    }
    let version = versions::cluster(context, manifest, live)?;
    let cluster = cluster(desired, context, manifest, &network, &version)?;
    let security_group = cluster.security_group();
    let (issuer, cluster) = (cluster.issuer(), cluster.name().when_ready());
    let mut place = Place {
        context,
        manifest,
        live,
        network,
        cluster,
        security_group,
        issuer,
        version,
        workers: Vec::new(),
    };
    place.node_groups(desired)?;
    place.fargate_profiles(desired)?;
    place.access(desired)?;
    place.pod_identities(desired)?;
    place.addons(desired)?;
    place.capabilities(desired)?;
    place.workers(desired);
    lattice::network(desired, context, &place.network, &place.security_group)?;
    let files = place.shared(desired, services)?;
    services.iter().try_for_each(|service| service::plan(desired, &place, service, files.as_ref()))
}

fn cluster(
    desired: &mut Desired,
    context: &Context<'_>,
    manifest: &Manifest,
    network: &network::Network,
    version: &str,
) -> Result<Handle<Cluster>, Failure> {
    let role = roles::cluster(desired, context)?;
    let pools: Vec<String> = manifest.node_pools().into_iter().map(pool).collect();
    let auto_mode = match manifest.auto_mode() {
        true => Some(AutoMode {
            node_role: match pools.is_empty() {
                true => None,
                false => Some(roles::auto_mode(desired, context)?),
            },
            node_pools: pools,
            gateway_api: manifest.gateway_api,
        }),
        false => None,
    };
    let plain = Cluster::new(version, role);
    let subnets = if network.private.is_empty() { &network.public } else { &network.private };
    let sources: Vec<String> =
        manifest.endpoint.source_ips.iter().map(ToString::to_string).collect();
    let (ip_family, service_ipv4_cidr) = match manifest.ip_family {
        IpFamily::Ipv4 => {
            let range = manifest.service_cidr.map(|range| range.to_string());
            ("ipv4", range.unwrap_or_else(|| plain.service_ipv4_cidr.clone()))
        }
        IpFamily::Ipv6 => ("ipv6", String::new()),
    };
    let cluster = Cluster {
        subnets: subnets.clone(),
        security_groups: manifest
            .security_groups
            .iter()
            .map(|id| Input::Known(id.as_str().into()))
            .collect(),
        endpoint: Endpoint {
            public: manifest.endpoint.public,
            private: manifest.endpoint.private,
            public_cidrs: match sources.is_empty() {
                true => plain.endpoint.public_cidrs.clone(),
                false => sources,
            },
        },
        ip_family: ip_family.to_owned(),
        service_ipv4_cidr,
        logging: manifest.control_plane_logs.iter().map(|log| word(*log).to_owned()).collect(),
        encryption_key: manifest.encryption_key.clone(),
        support_type: match manifest.support {
            Support::Standard => "STANDARD",
            Support::Extended => "EXTENDED",
        }
        .to_owned(),
        zonal_shift: manifest.zonal_shift,
        auto_mode,
        upgrade_despite_insights: manifest.upgrade_despite_insights,
        deletion_protection: context.manifest()?.protect,
        tier: match manifest.tier {
            Tier::Standard => "standard",
            Tier::Xl => "tier-xl",
            Tier::TwoXl => "tier-2xl",
            Tier::FourXl => "tier-4xl",
            Tier::EightXl => "tier-8xl",
        }
        .to_owned(),
        tags: context.tags()?,
        ..plain
    };
    desired.add(&OWNER, "main", &cluster)
}

fn pool(pool: NodePool) -> String {
    match pool {
        NodePool::GeneralPurpose => "general-purpose",
        NodePool::System => "system",
    }
    .to_owned()
}

/// A log, as EKS calls it.
fn word(log: LogType) -> &'static str {
    match log {
        LogType::Api => "api",
        LogType::Audit => "audit",
        LogType::Authenticator => "authenticator",
        LogType::ControllerManager => "controllerManager",
        LogType::Scheduler => "scheduler",
    }
}
