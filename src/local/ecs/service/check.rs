//! What ECS refuses of a service as a whole, in ECS's words as far as they are known.

use serde_json::Value;

use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ec2::network;
use crate::local::ecs::names::invalid;
use crate::local::ecs::neighbours;
use crate::local::ecs::records::is_fargate;
use crate::local::error::AwsError;

/// Checks a service (or a task to be run) against its task definition and its surroundings.
pub(crate) fn against(call: &Call<'_>, wire: &Value, definition: &Value) -> Result<(), AwsError> {
    let fargate = is_fargate(wire);
    if fargate && !definition.texts("compatibilities").contains(&"FARGATE") {
        return Err(invalid("Task definition does not support launch_type FARGATE."));
    }
    if fargate && !wire.list("placementConstraints").is_empty() {
        return Err(invalid("Placement constraints are not supported with FARGATE launch type."));
    }
    if fargate && !wire.list("placementStrategy").is_empty() {
        return Err(invalid("Placement strategies are not supported with FARGATE launch type."));
    }
    let awsvpc = definition.text("networkMode") == "awsvpc";
    if wire.text("launchType") == "EXTERNAL" {
        if awsvpc {
            return Err(invalid(
                "The networkMode awsvpc is not supported with the EXTERNAL launch type.",
            ));
        }
        if !wire.list("loadBalancers").is_empty() || !wire.list("serviceRegistries").is_empty() {
            return Err(invalid(
                "Load balancers and service registries are not supported with the EXTERNAL launch type.",
            ));
        }
    }
    for constraint in wire.list("placementConstraints") {
        let expression = constraint.text("expression");
        let readable = super::super::placement::expression::holds(expression, &Value::Null, &[]);
        if constraint.text("type") == "memberOf" && readable.is_none() {
            return Err(invalid(format!("Invalid expression: {expression}")));
        }
    }
    let network = wire.get("networkConfiguration").and_then(|n| n.get("awsvpcConfiguration"));
    match network {
        None if awsvpc => {
            return Err(invalid(
                "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
            ));
        }
        Some(_) if !awsvpc => {
            return Err(invalid(
                "Network Configuration is not valid for the given networkMode of this task definition.",
            ));
        }
        Some(network) => self::network(call, network)?,
        None => {}
    }
    load_balancers(call, wire, definition, awsvpc)?;
    for registry in wire.list("serviceRegistries") {
        let arn = registry.text("registryArn");
        if !neighbours::registry_exists(call, arn) {
            return Err(invalid(format!("Service registry {arn} does not exist.")));
        }
        if registry.has("containerName") {
            container_port(definition, registry)?;
        } else if !awsvpc {
            return Err(invalid(
                "When specifying 'host' or 'bridge' for networkMode, values for 'containerName' and \
                 'containerPort' must be specified from the task definition.",
            ));
        }
    }
    if wire.list("serviceRegistries").len() > 1 {
        return Err(invalid("service registries can have at most 1 items."));
    }
    super::volumes::check(wire, definition)?;
    lattice(call, wire, definition, awsvpc)?;
    super::connect::check(call, wire, definition)
}

fn network(call: &Call<'_>, awsvpc: &Value) -> Result<(), AwsError> {
    let subnets = awsvpc.texts("subnets");
    if subnets.is_empty() {
        return Err(invalid("subnets can not be empty."));
    }
    let groups = awsvpc.texts("securityGroups");
    if subnets.len() > 16 || groups.len() > 5 {
        return Err(invalid("At most 16 subnets and 5 security groups can be specified."));
    }
    let mut vpc = None;
    for id in subnets {
        let Some(subnet) = network::subnet(call, id) else {
            return Err(invalid(format!(
                "Error retrieving subnet information for [{id}]: The subnet ID '{id}' does not exist \
                 (ErrorCode: InvalidSubnetID.NotFound)"
            )));
        };
        if vpc.as_ref().is_some_and(|vpc| *vpc != subnet.vpc) {
            return Err(invalid("The subnets must be in the same VPC."));
        }
        vpc = Some(subnet.vpc);
    }
    for id in groups {
        let Some(group) = network::security_group(call, id) else {
            return Err(invalid(format!(
                "Error retrieving security group information for [{id}]: The security group '{id}' \
                 does not exist (ErrorCode: InvalidGroup.NotFound)"
            )));
        };
        if Some(&group.vpc) != vpc.as_ref() {
            return Err(invalid("Security group and subnet must be in the same VPC."));
        }
    }
    Ok(())
}

fn load_balancers(
    call: &Call<'_>,
    wire: &Value,
    definition: &Value,
    awsvpc: bool,
) -> Result<(), AwsError> {
    let balancers = wire.list("loadBalancers");
    if balancers.len() > 5 {
        return Err(invalid("load balancers can have at most 5 items."));
    }
    for balancer in balancers {
        for member in ["targetGroupArn", "containerName", "containerPort"] {
            if !balancer.has(member) {
                return Err(invalid(format!("{member} should not be null or empty.")));
            }
        }
        container_port(definition, balancer)?;
        let arn = balancer.text("targetGroupArn");
        let Some(group) = neighbours::target_group(call, arn) else {
            return Err(invalid("The specified target group does not exist."));
        };
        if awsvpc && group.target_type != "ip" {
            return Err(invalid(format!(
                "The provided target group {arn} has target type {}, which is incompatible with the \
                 awsvpc network mode specified in the task definition.",
                group.target_type
            )));
        }
        if !awsvpc && group.target_type != "instance" {
            return Err(invalid(format!(
                "The provided target group {arn} has target type {}, which is incompatible with the {} \
                 network mode specified in the task definition.",
                group.target_type,
                definition.text("networkMode")
            )));
        }
        if group.load_balancers.is_empty() {
            return Err(invalid(format!(
                "The target group with targetGroupArn {arn} does not have an associated load balancer."
            )));
        }
    }
    Ok(())
}

fn container_port(definition: &Value, reference: &Value) -> Result<(), AwsError> {
    let (name, port) = (reference.text("containerName"), reference.integer("containerPort"));
    let containers = definition.list("containerDefinitions");
    let Some(container) = containers.iter().find(|container| container.text("name") == name) else {
        return Err(invalid(format!(
            "The container {name} does not exist in the task definition."
        )));
    };
    let mappings = container.list("portMappings");
    if mappings.iter().any(|mapping| mapping.integer("containerPort") == port) {
        Ok(())
    } else {
        Err(invalid(format!("The container {name} did not have a container port {port} defined.")))
    }
}

/// VPC Lattice: a port by its name, a target group of the network that the tasks are in, and a role in which ECS registers them.
fn lattice(
    call: &Call<'_>,
    wire: &Value,
    definition: &Value,
    awsvpc: bool,
) -> Result<(), AwsError> {
    let configurations = wire.list("vpcLatticeConfigurations");
    if configurations.len() > 5 {
        return Err(invalid("vpcLatticeConfigurations can have at most 5 items."));
    }
    for one in configurations {
        for member in ["roleArn", "targetGroupArn", "portName"] {
            if !one.has(member) {
                return Err(invalid(format!("{member} is required in vpcLatticeConfigurations.")));
            }
        }
        let wanted = one.text("portName");
        if neighbours::named_port(definition, wanted).is_none() {
            return Err(invalid(format!(
                "portName(s) [{wanted}] used in vpcLatticeConfigurations not found in task definition."
            )));
        }
        let arn = one.text("targetGroupArn");
        let Some(group) = neighbours::lattice_group(call, arn).filter(|group| group.active) else {
            return Err(invalid(format!("The VPC Lattice target group {arn} does not exist.")));
        };
        let kind = if awsvpc { "IP" } else { "INSTANCE" };
        if group.kind != kind {
            return Err(invalid(format!(
                "The VPC Lattice target group {arn} must be of type {kind} with this networkMode."
            )));
        }
        let awsvpc = &wire["networkConfiguration"]["awsvpcConfiguration"];
        let first = awsvpc.texts("subnets").first().and_then(|id| network::subnet(call, id));
        if first.is_some_and(|subnet| subnet.vpc != group.vpc) {
            return Err(invalid(format!(
                "The VPC Lattice target group {arn} must be in the same VPC as the service."
            )));
        }
        let role = one.text("roleArn");
        if !neighbours::is_infrastructure_role(call, role) {
            return Err(invalid(format!(
                "Unable to assume the service's infrastructure role {role}."
            )));
        }
    }
    Ok(())
}
