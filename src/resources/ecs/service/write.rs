//! From the document to the SDK's types.

use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder;
use aws_sdk_ecs::types::{
    AdvancedConfiguration, AssignPublicIp, AvailabilityZoneRebalancing, AwsVpcConfiguration,
    DeploymentController, LoadBalancer as SdkLoadBalancer, NetworkConfiguration,
    PlacementConstraint as SdkConstraint, PlacementStrategy as SdkStrategy,
    ServiceRegistry as SdkRegistry, VpcLatticeConfiguration,
};

use super::{
    LatticeTargets, LoadBalancer, Network, PlacementConstraint, PlacementStrategy, Service,
    ServiceRegistry,
};
use super::{connect, volume};
use crate::aws::Cx;
use crate::engine::change::touches;
use crate::engine::{Change, Class, Failure, Input};
use crate::resources::ecs::convert::{built, strategy_to_sdk, text};
use crate::resources::resource::Live;

fn texts<T: Clone + ToString>(inputs: &[Input<T>]) -> Result<Vec<String>, Failure> {
    inputs.iter().map(|input| Ok(input.get()?.to_string())).collect()
}

impl Service {
    /// The update with nothing but what changed: all that is named in it may begin a deployment.
    pub(super) fn update_call(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<UpdateServiceFluentBuilder, Failure> {
        let touched = |path| touches(changes, path);
        let mut call = cx
            .ecs
            .update_service()
            .cluster(live.outputs.cluster.as_str())
            .service(live.outputs.name.as_str());
        if touched("task_definition") {
            call = call.task_definition(self.task_definition.get()?.0);
        }
        if touched("desired_count") {
            // What scales it was suspended, and begins anew.
            let resumed = self.initial_count.filter(|_| live.spec.paused.is_some());
            call = call.set_desired_count(self.desired_count.or(resumed));
        }
        if touched("restarted") && self.restarted.is_some() {
            call = call.force_new_deployment(true);
        }
        if touched("launch_type") && self.launch_type.is_some() {
            return Err(Failure::new(
                Class::Invalid,
                "ECS moves a service from a launch type to capacity providers, but not back",
            )
            .with_hint("delete the service and deploy it again"));
        }
        if touched("capacity_provider_strategy") {
            // Only new tasks go where the new strategy says.
            call = call
                .set_capacity_provider_strategy(Some(strategy_to_sdk(
                    &self.capacity_provider_strategy,
                )?))
                .force_new_deployment(true);
        }
        if touched("platform_version") {
            call = call.set_platform_version(self.platform_version.clone());
        }
        if touched("deployment_controller") {
            call = call.deployment_controller(self.controller()?);
        }
        if touched("deployment") {
            call =
                call.deployment_configuration(self.deployment.to_sdk(Some(&live.spec.deployment))?);
        }
        if touched("network") {
            call = call.set_network_configuration(self.sdk_network()?);
        }
        if touched("load_balancers") {
            call = call.set_load_balancers(Some(self.sdk_load_balancers()?));
        }
        if touched("service_registries") {
            call = call.set_service_registries(Some(self.sdk_registries()?));
        }
        if touched("health_check_grace_period") {
            call = call.health_check_grace_period_seconds(self.health_check_grace_period);
        }
        if touched("availability_zone_rebalancing") {
            call = call.availability_zone_rebalancing(self.rebalancing());
        }
        if touched("enable_execute_command") {
            call = call.enable_execute_command(self.enable_execute_command);
        }
        if touched("enable_ecs_managed_tags") {
            call = call.enable_ecs_managed_tags(self.enable_ecs_managed_tags);
        }
        if touched("propagate_tags") {
            call = call.propagate_tags(self.propagate_tags.as_str().into());
        }
        if touched("service_connect") {
            let connect = connect::to_sdk(self.service_connect.as_ref())?;
            call = call.service_connect_configuration(connect);
        }
        if touched("volumes") {
            call = call.set_volume_configurations(Some(volume::to_sdk(&self.volumes)?));
        }
        if touched("lattice") {
            call = call.set_vpc_lattice_configurations(Some(self.sdk_lattice()?));
        }
        if touched("placement_constraints") {
            call = call.set_placement_constraints(Some(self.sdk_constraints()));
        }
        if touched("placement_strategy") {
            call = call.set_placement_strategy(Some(self.sdk_strategy()));
        }
        Ok(call)
    }

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

    pub(super) fn sdk_lattice(&self) -> Result<Vec<VpcLatticeConfiguration>, Failure> {
        let one = |(port, targets): (&String, &LatticeTargets)| {
            built(
                VpcLatticeConfiguration::builder()
                    .port_name(port)
                    .target_group_arn(targets.target_group.get()?.0)
                    .role_arn(targets.role.get()?.0)
                    .build(),
            )
        };
        self.lattice.iter().map(one).collect()
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

/// A constraint as the API takes it.
pub(in crate::resources::ecs) fn constraint(from: &PlacementConstraint) -> SdkConstraint {
    SdkConstraint::builder()
        .r#type(from.constraint.as_str().into())
        .set_expression(from.expression.clone())
        .build()
}

/// A strategy as the API takes it.
pub(in crate::resources::ecs) fn strategy(from: &PlacementStrategy) -> SdkStrategy {
    SdkStrategy::builder()
        .r#type(from.strategy.as_str().into())
        .set_field(from.field.clone())
        .build()
}
