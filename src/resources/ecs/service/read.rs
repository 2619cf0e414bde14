//! From the SDK's types to the document, with every default of ECS spelt out.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    AssignPublicIp, AvailabilityZoneRebalancing, Deployment as SdkDeployment,
    LoadBalancer as SdkLoadBalancer, NetworkConfiguration, Service as SdkService,
    VpcLatticeConfiguration,
};

use super::{
    COUNT_TAG, Deployment, LatticeTargets, LoadBalancer, Network, PAUSED_TAG, PlacementConstraint,
    PlacementStrategy, RESTARTED_TAG, Service, ServiceConnect, ServiceOutputs, ServiceRegistry,
    Switch, volume,
};
use crate::engine::Input;
use crate::resources::ecs::convert::{given, known, sorted, strategy_from_sdk};
use crate::resources::resource::Tags;

/// The deployment that ECS works towards.
pub(super) fn primary(from: &SdkService) -> Option<&SdkDeployment> {
    from.deployments().iter().find(|one| one.status() == Some("PRIMARY"))
}

pub(super) fn outputs(from: &SdkService) -> ServiceOutputs {
    let cluster = from.cluster_arn().unwrap_or_default();
    ServiceOutputs {
        arn: from.service_arn().unwrap_or_default().into(),
        name: from.service_name().unwrap_or_default().into(),
        cluster: cluster.rsplit('/').next().unwrap_or_default().into(),
    }
}

pub(super) fn spec(from: &SdkService, all: &BTreeMap<String, String>, tags: Tags) -> Service {
    let primary = primary(from);
    let scheduling = from.scheduling_strategy().map_or("REPLICA", |one| one.as_str()).to_owned();
    let counted = scheduling == "REPLICA";
    let autoscaled = all.contains_key(COUNT_TAG);
    let capacity_provider_strategy = strategy_from_sdk(from.capacity_provider_strategy());
    let launch_type = given(from.launch_type().map(|one| one.as_str()))
        .filter(|_| capacity_provider_strategy.is_empty());
    let fargate = launch_type.as_deref() == Some("FARGATE")
        || from
            .capacity_provider_strategy()
            .iter()
            .any(|item| item.capacity_provider().starts_with("FARGATE"));
    let network = from
        .network_configuration()
        .or_else(|| primary.and_then(|one| one.network_configuration()));
    let load_balancers: Vec<_> = from.load_balancers().iter().map(load_balancer).collect();
    Service {
        cluster: Input::Known(outputs(from).cluster),
        task_definition: Input::Known(from.task_definition().unwrap_or_default().into()),
        desired_count: (counted && !autoscaled).then_some(from.desired_count()),
        initial_count: (counted && autoscaled).then_some(from.desired_count()),
        launch_type,
        capacity_provider_strategy,
        platform_version: given(from.platform_version())
            .or_else(|| fargate.then(|| "LATEST".to_owned())),
        scheduling_strategy: scheduling,
        deployment_controller: from
            .deployment_controller()
            .map_or("ECS", |one| one.r#type().as_str())
            .to_owned(),
        deployment: from.deployment_configuration().map(Deployment::from_sdk).unwrap_or_default(),
        network: network.and_then(self::network),
        health_check_grace_period: from
            .health_check_grace_period_seconds()
            .filter(|_| !load_balancers.is_empty())
            .unwrap_or_default(),
        load_balancers,
        service_registries: from
            .service_registries()
            .iter()
            .map(|one| ServiceRegistry {
                registry: Input::Known(one.registry_arn().unwrap_or_default().into()),
                port: one.port().filter(|port| *port != 0),
                container: given(one.container_name()),
                container_port: one.container_port().filter(|port| *port != 0),
            })
            .collect(),
        availability_zone_rebalancing: from.availability_zone_rebalancing()
            == Some(&AvailabilityZoneRebalancing::Enabled),
        enable_execute_command: from.enable_execute_command(),
        enable_ecs_managed_tags: from.enable_ecs_managed_tags(),
        propagate_tags: from.propagate_tags().map_or("NONE", |one| one.as_str()).to_owned(),
        service_connect: primary
            .and_then(|one| one.service_connect_configuration())
            .filter(|one| one.enabled())
            .map(ServiceConnect::from_sdk),
        volumes: primary
            .map(|one| volume::from_sdk(one.volume_configurations()))
            .unwrap_or_default(),
        lattice: primary
            .map(|one| one.vpc_lattice_configurations().iter().map(lattice).collect())
            .unwrap_or_default(),
        placement_constraints: sorted(
            &from
                .placement_constraints()
                .iter()
                .map(|one| PlacementConstraint {
                    constraint: one.r#type().map_or("", |kind| kind.as_str()).to_owned(),
                    expression: given(one.expression()),
                })
                .collect::<Vec<_>>(),
        ),
        placement_strategy: from
            .placement_strategy()
            .iter()
            .map(|one| PlacementStrategy {
                strategy: one.r#type().map_or("", |kind| kind.as_str()).to_owned(),
                field: given(one.field()),
            })
            .collect(),
        paused: all.get(PAUSED_TAG).cloned(),
        restarted: all.get(RESTARTED_TAG).cloned(),
        tags,
    }
}

fn network(from: &NetworkConfiguration) -> Option<Network> {
    let awsvpc = from.awsvpc_configuration()?;
    let inputs = |ids: &[String]| sorted(ids);
    Some(Network {
        subnets: inputs(awsvpc.subnets()).into_iter().map(|id| Input::Known(id.into())).collect(),
        security_groups: inputs(awsvpc.security_groups())
            .into_iter()
            .map(|id| Input::Known(id.into()))
            .collect(),
        assign_public_ip: awsvpc.assign_public_ip() == Some(&AssignPublicIp::Enabled),
    })
}

fn lattice(from: &VpcLatticeConfiguration) -> (String, LatticeTargets) {
    let targets = LatticeTargets {
        target_group: Input::Known(from.target_group_arn().into()),
        role: Input::Known(from.role_arn().into()),
    };
    (from.port_name().to_owned(), targets)
}

fn load_balancer(from: &SdkLoadBalancer) -> LoadBalancer {
    LoadBalancer {
        target_group: Input::Known(from.target_group_arn().unwrap_or_default().into()),
        container: from.container_name().unwrap_or_default().to_owned(),
        port: from.container_port().unwrap_or_default(),
        switch: from.advanced_configuration().and_then(|one| {
            Some(Switch {
                alternate_target_group: known(one.alternate_target_group_arn())?,
                production_listener_rule: known(one.production_listener_rule())?,
                test_listener_rule: known(one.test_listener_rule()),
                role: known(one.role_arn())?,
            })
        }),
    }
}
