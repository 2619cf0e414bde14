//! From the document to the SDK's types.

use aws_sdk_ecs::types::{
    AdvancedConfiguration, AssignPublicIp, AvailabilityZoneRebalancing, AwsVpcConfiguration,
    DeploymentController, LoadBalancer as SdkLoadBalancer, NetworkConfiguration,
    PlacementConstraint as SdkConstraint, PlacementStrategy as SdkStrategy,
    ServiceRegistry as SdkRegistry,
};

use super::{
    LoadBalancer, Network, PlacementConstraint, PlacementStrategy, Service, ServiceRegistry,
};
use crate::engine::{Failure, Input};
use crate::resources::ecs::convert::{built, text};

fn texts<T: Clone + ToString>(inputs: &[Input<T>]) -> Result<Vec<String>, Failure> {
    inputs.iter().map(|input| Ok(input.get()?.to_string())).collect()
}

impl Service {
    pub(super) fn rebalancing(&self) -> AvailabilityZoneRebalancing {
        if self.availability_zone_rebalancing {
            AvailabilityZoneRebalancing::Enabled
        } else {
            AvailabilityZoneRebalancing::Disabled
        }
    }

    pub(super) fn controller(&self) -> Result<DeploymentController, Failure> {
        let kind = self.deployment_controller.as_str().into();
        built(DeploymentController::builder().r#type(kind).build())
    }

    pub(super) fn sdk_network(&self) -> Result<Option<NetworkConfiguration>, Failure> {
        self.network.as_ref().map(network).transpose()
    }

    pub(super) fn sdk_load_balancers(&self) -> Result<Vec<SdkLoadBalancer>, Failure> {
        self.load_balancers.iter().map(load_balancer).collect()
    }

    pub(super) fn sdk_registries(&self) -> Result<Vec<SdkRegistry>, Failure> {
        self.service_registries.iter().map(registry).collect()
    }

    pub(super) fn sdk_constraints(&self) -> Vec<SdkConstraint> {
        self.placement_constraints.iter().map(constraint).collect()
    }

    pub(super) fn sdk_strategy(&self) -> Vec<SdkStrategy> {
        self.placement_strategy.iter().map(strategy).collect()
    }
}

fn network(from: &Network) -> Result<NetworkConfiguration, Failure> {
    let public =
        if from.assign_public_ip { AssignPublicIp::Enabled } else { AssignPublicIp::Disabled };
    let awsvpc = built(
        AwsVpcConfiguration::builder()
            .set_subnets(Some(texts(&from.subnets)?))
            .set_security_groups(Some(texts(&from.security_groups)?))
            .assign_public_ip(public)
            .build(),
    )?;
    Ok(NetworkConfiguration::builder().awsvpc_configuration(awsvpc).build())
}

fn load_balancer(from: &LoadBalancer) -> Result<SdkLoadBalancer, Failure> {
    let switch = match &from.switch {
        None => None,
        Some(switch) => Some(
            AdvancedConfiguration::builder()
                .alternate_target_group_arn(switch.alternate_target_group.get()?.0)
                .production_listener_rule(switch.production_listener_rule.get()?)
                .set_test_listener_rule(text(switch.test_listener_rule.as_ref())?)
                .role_arn(switch.role.get()?.0)
                .build(),
        ),
    };
    Ok(SdkLoadBalancer::builder()
        .target_group_arn(from.target_group.get()?.0)
        .container_name(&from.container)
        .container_port(from.port)
        .set_advanced_configuration(switch)
        .build())
}

fn registry(from: &ServiceRegistry) -> Result<SdkRegistry, Failure> {
    Ok(SdkRegistry::builder()
        .registry_arn(from.registry.get()?.0)
        .set_port(from.port)
        .set_container_name(from.container.clone())
        .set_container_port(from.container_port)
        .build())
}

fn constraint(from: &PlacementConstraint) -> SdkConstraint {
    SdkConstraint::builder()
        .r#type(from.constraint.as_str().into())
        .set_expression(from.expression.clone())
        .build()
}

fn strategy(from: &PlacementStrategy) -> SdkStrategy {
    SdkStrategy::builder()
        .r#type(from.strategy.as_str().into())
        .set_field(from.field.clone())
        .build()
}
