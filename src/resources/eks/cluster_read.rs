//! From what EKS says of a cluster to its document.

use aws_sdk_eks::types::{Cluster as SdkCluster, ClusterStatus};

use super::cluster::{
    ApiServer, AutoMode, Cluster, ClusterOutputs, ControllerManager, Endpoint, HOLDS_OBJECTS,
    PortRange, Scoring,
};
use crate::engine::{Health, Identity, Input};
use crate::resources::resource::{Live, Tags};

pub(super) fn outputs(from: &SdkCluster) -> ClusterOutputs {
    ClusterOutputs {
        name: from.name().unwrap_or_default().into(),
        arn: from.arn().unwrap_or_default().into(),
        endpoint: from.endpoint().map(str::to_owned),
        certificate_authority: from
            .certificate_authority()
            .and_then(|one| one.data())
            .map(str::to_owned),
        issuer: from
            .identity()
            .and_then(|identity| identity.oidc())
            .and_then(|oidc| oidc.issuer())
            .map(str::to_owned),
        security_group: from
            .resources_vpc_config()
            .and_then(|vpc| vpc.cluster_security_group_id())
            .map(Into::into),
        holds_objects: from.tags().is_some_and(|tags| tags.contains_key(HOLDS_OBJECTS)),
    }
}

pub(super) fn health(from: &SdkCluster) -> Health {
    match from.status() {
        Some(ClusterStatus::Active) | None => Health::Ready,
        Some(ClusterStatus::Failed) => {
            let issues = from.health().map(|health| health.issues()).unwrap_or_default();
            let why = issues.iter().filter_map(|issue| issue.message()).collect::<Vec<_>>();
            Health::Failed(why.join("; "))
        }
        Some(other) => Health::Pending(other.as_str().to_lowercase()),
    }
}

pub(super) fn live(from: &SdkCluster, identity: Identity, tags: Tags) -> Live<Cluster> {
    Live {
        identity,
        spec: document(from, tags),
        outputs: outputs(from),
        health: health(from),
        id: from.name().unwrap_or_default().to_owned(),
    }
}

fn known<T: for<'a> From<&'a str>>(ids: &[String]) -> Vec<Input<T>> {
    ids.iter().map(|id| Input::Known(id.as_str().into())).collect()
}

/// What EKS leaves out has its default.
fn document(from: &SdkCluster, tags: Tags) -> Cluster {
    let role = Input::Known(from.role_arn().unwrap_or_default().into());
    let plain = Cluster::new(from.version().unwrap_or_default(), role);
    let vpc = from.resources_vpc_config();
    let network = from.kubernetes_network_config();
    let enabled = from.logging().map(|logging| logging.cluster_logging()).unwrap_or_default();
    let enabled = enabled.iter().filter(|setup| setup.enabled() == Some(true));
    let encryption = from.encryption_config().first().and_then(|one| one.provider());
    let remote = from.remote_network_config();
    let nodes = remote.map(|remote| remote.remote_node_networks()).unwrap_or_default();
    let pods = remote.map(|remote| remote.remote_pod_networks()).unwrap_or_default();
    let api = from.kube_api_server_config();
    let manager = from.kube_controller_manager_config();
    let fit = from.kube_scheduler_config().and_then(|one| one.node_resources_fit());
    let text = |value: Option<&str>, default: &str| value.unwrap_or(default).to_owned();
    Cluster {
        subnets: known(vpc.map(|vpc| vpc.subnet_ids()).unwrap_or_default()),
        security_groups: known(vpc.map(|vpc| vpc.security_group_ids()).unwrap_or_default()),
        endpoint: match vpc {
            Some(vpc) => Endpoint {
                public: vpc.endpoint_public_access(),
                private: vpc.endpoint_private_access(),
                public_cidrs: vpc.public_access_cidrs().to_vec(),
            },
            None => plain.endpoint.clone(),
        },
        control_plane_egress_mode: text(
            vpc.and_then(|vpc| vpc.control_plane_egress_mode()).map(|mode| mode.as_str()),
            "AWS_MANAGED",
        ),
        ip_family: text(network.and_then(|one| one.ip_family()).map(|one| one.as_str()), "ipv4"),
        service_ipv4_cidr: text(network.and_then(|one| one.service_ipv4_cidr()), ""),
        logging: enabled
            .flat_map(|setup| setup.types())
            .map(|log| log.as_str().to_owned())
            .collect(),
        encryption_key: encryption.and_then(|one| one.key_arn()).map(str::to_owned),
        authentication_mode: text(
            from.access_config().and_then(|one| one.authentication_mode()).map(|one| one.as_str()),
            "CONFIG_MAP",
        ),
        support_type: text(
            from.upgrade_policy().and_then(|one| one.support_type()).map(|one| one.as_str()),
            "EXTENDED",
        ),
        zonal_shift: from.zonal_shift_config().and_then(|one| one.enabled()).unwrap_or_default(),
        remote_node_networks: nodes.iter().flat_map(|one| one.cidrs()).cloned().collect(),
        remote_pod_networks: pods.iter().flat_map(|one| one.cidrs()).cloned().collect(),
        auto_mode: from.compute_config().filter(|one| one.enabled() == Some(true)).map(|one| {
            let gateway = network
                .and_then(|network| network.elastic_load_balancing())
                .and_then(|balancing| balancing.gateway_api())
                .and_then(|gateway| gateway.crds());
            AutoMode {
                node_pools: one.node_pools().to_vec(),
                node_role: one.node_role_arn().map(|arn| Input::Known(arn.into())),
                gateway_api: gateway.and_then(|crds| crds.managed()),
            }
        }),
        deletion_protection: from.deletion_protection().unwrap_or_default(),
        tier: text(
            from.control_plane_scaling_config().and_then(|one| one.tier()).map(|one| one.as_str()),
            "standard",
        ),
        api_server: ApiServer {
            event_ttl: api.and_then(|api| api.event_ttl()).map(str::to_owned),
            service_node_port_range: api
                .and_then(|api| api.service_node_port_range())
                .map(|range| PortRange { min_port: range.min_port(), max_port: range.max_port() }),
        },
        scheduler: fit.and_then(|fit| fit.scoring_strategy()).map(|scoring| Scoring {
            strategy: text(scoring.r#type().map(|kind| kind.as_str()), "LeastAllocated"),
            weights: scoring
                .resources()
                .iter()
                .map(|one| (one.name().unwrap_or_default().to_owned(), one.weight().unwrap_or(1)))
                .collect(),
        }),
        controller_manager: ControllerManager {
            terminated_pod_gc_threshold: manager
                .and_then(|one| one.pod_gc_controller_config())
                .and_then(|one| one.terminated_pod_gc_threshold()),
            horizontal_pod_autoscaler_sync_period: manager
                .and_then(|one| one.horizontal_pod_autoscaler_controller_config())
                .and_then(|one| one.horizontal_pod_autoscaler_sync_period())
                .map(str::to_owned),
        },
        tags,
        ..plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_eks_leaves_out_has_its_default() {
        let bare = SdkCluster::builder().version("1.35").role_arn("role").build();
        let plain = Cluster {
            service_ipv4_cidr: String::new(),
            authentication_mode: "CONFIG_MAP".to_owned(),
            support_type: "EXTENDED".to_owned(),
            ..Cluster::new("1.35", Input::Known("role".into()))
        };
        assert_eq!(document(&bare, Tags::new()), plain);
    }
}
