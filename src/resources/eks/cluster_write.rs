//! From a cluster's document to calls of EKS: all at once when it is made, one concern at a time after that.

use aws_sdk_eks::operation::update_cluster_config::builders::UpdateClusterConfigFluentBuilder;
use aws_sdk_eks::types::{
    BlockStorage, ComputeConfigRequest, ControlPlaneScalingConfig, CrdManagementConfiguration,
    CreateAccessConfigRequest, ElasticLoadBalancing, EncryptionConfig, GatewayApiConfiguration,
    HorizontalPodAutoscalerControllerConfigRequest, KubeApiServerConfigRequest,
    KubeControllerManagerConfigRequest, KubeSchedulerConfigRequest, KubernetesNetworkConfigRequest,
    LogSetup, Logging, NodeResourcesFitConfig, PodGcControllerConfigRequest, Provider,
    RemoteNetworkConfigRequest, RemoteNodeNetwork, RemotePodNetwork, ResourceWeight,
    ScoringStrategy, ServiceNodePortRange, StorageConfigRequest, UpdateAccessConfigRequest,
    UpgradePolicyRequest, VpcConfigRequest, ZonalShiftConfigRequest,
};

use super::cluster::{AutoMode, Cluster};
use super::{shared, upgrade};
use crate::aws::{Cx, classify, tags};
use crate::engine::change::touches;
use crate::engine::{Change, Class, Failure, Identity, Input};
use crate::resources::resource::Live;

/// The logs of a control plane, in EKS's order.
const LOGS: [&str; 5] = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

fn texts<T: Clone + std::fmt::Display>(inputs: &[Input<T>]) -> Result<Vec<String>, Failure> {
    inputs.iter().map(|one| Ok(one.get()?.to_string())).collect()
}

pub(super) async fn create(
    wanted: &Cluster,
    cx: &Cx,
    identity: &Identity,
    name: &str,
) -> Result<aws_sdk_eks::types::Cluster, Failure> {
    let mut network =
        KubernetesNetworkConfigRequest::builder().ip_family(wanted.ip_family.as_str().into());
    if !wanted.service_ipv4_cidr.is_empty() {
        network = network.service_ipv4_cidr(&wanted.service_ipv4_cidr);
    }
    network = network.elastic_load_balancing(balancing(wanted.auto_mode.as_ref()));
    let access = CreateAccessConfigRequest::builder()
        .authentication_mode(wanted.authentication_mode.as_str().into())
        .bootstrap_cluster_creator_admin_permissions(false);
    let vpc = VpcConfigRequest::builder()
        .set_subnet_ids(Some(texts(&wanted.subnets)?))
        .set_security_group_ids(Some(texts(&wanted.security_groups)?))
        .endpoint_public_access(wanted.endpoint.public)
        .endpoint_private_access(wanted.endpoint.private)
        .set_public_access_cidrs(Some(wanted.endpoint.public_cidrs.clone()))
        .control_plane_egress_mode(wanted.control_plane_egress_mode.as_str().into());
    let tags = tags::for_create(identity, &wanted.tags, false);
    let mut call = cx
        .eks
        .create_cluster()
        .name(name)
        .client_request_token(identity.client_token())
        .version(&wanted.version)
        .role_arn(wanted.role.get()?.as_str())
        .resources_vpc_config(vpc.build())
        .kubernetes_network_config(network.build())
        .logging(logging(&wanted.logging))
        .access_config(access.build())
        .bootstrap_self_managed_addons(false)
        .upgrade_policy(
            UpgradePolicyRequest::builder()
                .support_type(wanted.support_type.as_str().into())
                .build(),
        )
        .zonal_shift_config(ZonalShiftConfigRequest::builder().enabled(wanted.zonal_shift).build())
        .deletion_protection(wanted.deletion_protection)
        .control_plane_scaling_config(
            ControlPlaneScalingConfig::builder().tier(wanted.tier.as_str().into()).build(),
        )
        .set_encryption_config(wanted.encryption_key.as_deref().map(|key| vec![encryption(key)]))
        .set_tags(Some(shared::to_sdk(&tags)));
    if let Some(auto) = &wanted.auto_mode {
        call = call.compute_config(compute(Some(auto))?).storage_config(storage(true));
    }
    if !wanted.remote_node_networks.is_empty() {
        call = call.remote_network_config(remote(wanted));
    }
    if let Some(config) = api_server(wanted) {
        call = call.kube_api_server_config(config);
    }
    if let Some(config) = scheduler(wanted) {
        call = call.kube_scheduler_config(config);
    }
    if let Some(config) = controller_manager(wanted) {
        call = call.kube_controller_manager_config(config);
    }
    let answer = call.send().await.map_err(|error| classify("eks CreateCluster", error))?;
    answer.cluster.ok_or_else(|| Failure::new(Class::LostAnswer, "the answer holds no cluster"))
}

fn balancing(auto: Option<&AutoMode>) -> ElasticLoadBalancing {
    let managed = auto.and_then(|auto| auto.gateway_api);
    let gateway = managed.map(|managed| {
        let crds = CrdManagementConfiguration::builder().managed(managed).build();
        GatewayApiConfiguration::builder().crds(crds).build()
    });
    ElasticLoadBalancing::builder().enabled(auto.is_some()).set_gateway_api(gateway).build()
}

fn compute(auto: Option<&AutoMode>) -> Result<ComputeConfigRequest, Failure> {
    let Some(auto) = auto else {
        return Ok(ComputeConfigRequest::builder().enabled(false).build());
    };
    let role = auto.node_role.as_ref().map(|role| role.get()).transpose()?;
    let pools = Some(auto.node_pools.clone());
    let call = ComputeConfigRequest::builder().enabled(true).set_node_pools(pools);
    Ok(call.set_node_role_arn(role.map(|role| role.to_string())).build())
}

fn storage(on: bool) -> StorageConfigRequest {
    let block = BlockStorage::builder().enabled(on).build();
    StorageConfigRequest::builder().block_storage(block).build()
}

/// Every log, those that are off too.
fn logging(on: &[String]) -> Logging {
    let setup = |wanted: bool| {
        let types: Vec<_> = LOGS
            .into_iter()
            .filter(|log| on.iter().any(|one| one == log) == wanted)
            .map(Into::into)
            .collect();
        (!types.is_empty())
            .then(|| LogSetup::builder().set_types(Some(types)).enabled(wanted).build())
    };
    let setups = [true, false].into_iter().filter_map(setup).collect();
    Logging::builder().set_cluster_logging(Some(setups)).build()
}

#[expect(deprecated, reason = "regions that still look at it want `secrets`")]
fn encryption(key: &str) -> EncryptionConfig {
    let provider = Provider::builder().key_arn(key).build();
    EncryptionConfig::builder().resources("secrets").provider(provider).build()
}

/// Both lists, empty ones too: that is how they are taken away.
fn remote(wanted: &Cluster) -> RemoteNetworkConfigRequest {
    let (nodes, pods) = (&wanted.remote_node_networks, &wanted.remote_pod_networks);
    let node =
        |cidrs: &Vec<String>| RemoteNodeNetwork::builder().set_cidrs(Some(cidrs.clone())).build();
    let pod =
        |cidrs: &Vec<String>| RemotePodNetwork::builder().set_cidrs(Some(cidrs.clone())).build();
    let one = |list: &Vec<String>| !list.is_empty();
    RemoteNetworkConfigRequest::builder()
        .set_remote_node_networks(Some(one(nodes).then(|| node(nodes)).into_iter().collect()))
        .set_remote_pod_networks(Some(one(pods).then(|| pod(pods)).into_iter().collect()))
        .build()
}

fn api_server(wanted: &Cluster) -> Option<KubeApiServerConfigRequest> {
    let api = &wanted.api_server;
    let range = api.service_node_port_range.as_ref().map(|range| {
        ServiceNodePortRange::builder().min_port(range.min_port).max_port(range.max_port).build()
    });
    (api.event_ttl.is_some() || range.is_some()).then(|| {
        KubeApiServerConfigRequest::builder()
            .set_event_ttl(api.event_ttl.clone())
            .set_service_node_port_range(range)
            .build()
    })
}

fn scheduler(wanted: &Cluster) -> Option<KubeSchedulerConfigRequest> {
    let scoring = wanted.scheduler.as_ref()?;
    let weights = scoring
        .weights
        .iter()
        .map(|(name, weight)| ResourceWeight::builder().name(name).weight(*weight).build());
    let strategy = ScoringStrategy::builder()
        .r#type(scoring.strategy.as_str().into())
        .set_resources(Some(weights.collect()))
        .build();
    let fit = NodeResourcesFitConfig::builder().scoring_strategy(strategy).build();
    Some(KubeSchedulerConfigRequest::builder().node_resources_fit(fit).build())
}

fn controller_manager(wanted: &Cluster) -> Option<KubeControllerManagerConfigRequest> {
    let manager = &wanted.controller_manager;
    let collector = manager.terminated_pod_gc_threshold.map(|threshold| {
        PodGcControllerConfigRequest::builder().terminated_pod_gc_threshold(threshold).build()
    });
    let autoscaler = manager.horizontal_pod_autoscaler_sync_period.as_ref().map(|period| {
        HorizontalPodAutoscalerControllerConfigRequest::builder()
            .horizontal_pod_autoscaler_sync_period(period)
            .build()
    });
    (collector.is_some() || autoscaler.is_some()).then(|| {
        KubeControllerManagerConfigRequest::builder()
            .set_pod_gc_controller_config(collector)
            .set_horizontal_pod_autoscaler_controller_config(autoscaler)
            .build()
    })
}

/// What one call of EKS changes, in the order in which they are made.
const CONCERNS: &[&[&str]] = &[
    &["subnets", "security_groups"],
    &["endpoint"],
    &["control_plane_egress_mode"],
    &["logging"],
    &["authentication_mode"],
    &["support_type"],
    &["zonal_shift"],
    &["remote_node_networks", "remote_pod_networks"],
    &["auto_mode"],
    &["tier"],
    &["api_server", "scheduler", "controller_manager"],
    &["encryption_key"],
    &["deletion_protection"],
    &["version"],
];

/// Begins the first change that is left; says what was begun, and whether others are left.
pub(super) async fn change(
    wanted: &Cluster,
    cx: &Cx,
    live: &Live<Cluster>,
    changes: &[Change],
) -> Result<(Option<String>, bool), Failure> {
    let touched = |fields: &[&str]| fields.iter().any(|field| touches(changes, field));
    let mut left = CONCERNS.iter().filter(|fields| touched(fields));
    let Some(first) = left.next() else {
        return upgrade::last(cx, live, &live.spec.version).await;
    };
    let name = live.outputs.name.as_str();
    let more = left.next().is_some();
    match first[0] {
        "version" => upgrade::next(wanted, cx, live).await,
        "encryption_key" => {
            let (None, Some(key)) = (&live.spec.encryption_key, &wanted.encryption_key) else {
                return Err(Failure::new(
                    Class::Invalid,
                    "the key that encrypts a cluster's secrets cannot be changed or taken away",
                )
                .with_hint(
                    "write the old key again, or make another environment and move to that",
                ));
            };
            let call = cx.eks.associate_encryption_config().cluster_name(name);
            let sent = call.encryption_config(encryption(key)).send().await;
            let sent = sent.map_err(|error| classify("eks AssociateEncryptionConfig", error))?;
            Ok((sent.update.and_then(|update| update.id), more))
        }
        concern => {
            let call = cx.eks.update_cluster_config().name(name);
            let call = with(wanted, live, concern, call)?;
            let sent = call.send().await;
            let sent = sent.map_err(|error| classify("eks UpdateClusterConfig", error))?;
            Ok((sent.update.and_then(|update| update.id), more))
        }
    }
}

fn with(
    wanted: &Cluster,
    live: &Live<Cluster>,
    concern: &str,
    call: UpdateClusterConfigFluentBuilder,
) -> Result<UpdateClusterConfigFluentBuilder, Failure> {
    let vpc = VpcConfigRequest::builder();
    Ok(match concern {
        "subnets" => call.resources_vpc_config(
            vpc.set_subnet_ids(Some(texts(&wanted.subnets)?))
                .set_security_group_ids(Some(texts(&wanted.security_groups)?))
                .build(),
        ),
        "endpoint" => call.resources_vpc_config(
            vpc.endpoint_public_access(wanted.endpoint.public)
                .endpoint_private_access(wanted.endpoint.private)
                .set_public_access_cidrs(Some(wanted.endpoint.public_cidrs.clone()))
                .build(),
        ),
        "control_plane_egress_mode" => call.resources_vpc_config(
            vpc.control_plane_egress_mode(wanted.control_plane_egress_mode.as_str().into()).build(),
        ),
        "logging" => call.logging(logging(&wanted.logging)),
        "authentication_mode" => call.access_config(
            UpdateAccessConfigRequest::builder()
                .authentication_mode(wanted.authentication_mode.as_str().into())
                .build(),
        ),
        "support_type" => call.upgrade_policy(
            UpgradePolicyRequest::builder()
                .support_type(wanted.support_type.as_str().into())
                .build(),
        ),
        "zonal_shift" => call.zonal_shift_config(
            ZonalShiftConfigRequest::builder().enabled(wanted.zonal_shift).build(),
        ),
        "remote_node_networks" => call.remote_network_config(remote(wanted)),
        "auto_mode" => {
            let auto = wanted.auto_mode.as_ref();
            call.compute_config(compute(auto)?)
                .storage_config(storage(auto.is_some()))
                .kubernetes_network_config(
                    KubernetesNetworkConfigRequest::builder()
                        .elastic_load_balancing(balancing(auto))
                        .build(),
                )
        }
        "tier" => call.control_plane_scaling_config(
            ControlPlaneScalingConfig::builder().tier(wanted.tier.as_str().into()).build(),
        ),
        "api_server" => {
            let mut call = call;
            // What is taken away is sent empty.
            if wanted.api_server != live.spec.api_server {
                let empty = || KubeApiServerConfigRequest::builder().build();
                call = call.kube_api_server_config(api_server(wanted).unwrap_or_else(empty));
            }
            if wanted.scheduler != live.spec.scheduler {
                let empty = || KubeSchedulerConfigRequest::builder().build();
                call = call.kube_scheduler_config(scheduler(wanted).unwrap_or_else(empty));
            }
            if wanted.controller_manager != live.spec.controller_manager {
                let empty = || KubeControllerManagerConfigRequest::builder().build();
                let config = controller_manager(wanted).unwrap_or_else(empty);
                call = call.kube_controller_manager_config(config);
            }
            call
        }
        "deletion_protection" => call.deletion_protection(wanted.deletion_protection),
        other => return Err(Failure::internal(format!("`{other}` is no concern of a cluster"))),
    })
}
