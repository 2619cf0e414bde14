//! Parts of a service's document: networks, what its tasks join, where they are placed.

use serde::{Deserialize, Serialize};

use crate::engine::Input;
use crate::resources::ec2::{SecurityGroupId, SubnetId};
use crate::resources::elbv2::TargetGroupArn;
use crate::resources::iam::RoleArn;
use crate::resources::servicediscovery::DiscoveryServiceArn;
use crate::resources::vpclattice::TargetGroupArn as LatticeTargetGroupArn;

/// Where tasks get their network interfaces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// At most 16, of one VPC.
    pub subnets: Vec<Input<SubnetId>>,
    /// At most 5.
    pub security_groups: Vec<Input<SecurityGroupId>>,
    /// Tasks get a public address; without one they need a NAT gateway or endpoints.
    pub assign_public_ip: bool,
}

/// One target group that tasks join.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// The target group.
    pub target_group: Input<TargetGroupArn>,
    /// The container that is reached.
    pub container: String,
    /// Its port.
    pub port: i32,
    /// The second target group and the rules that are switched, for blue/green, linear and canary.
    pub switch: Option<Switch>,
}

/// What ECS switches between two target groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Switch {
    /// The other target group.
    pub alternate_target_group: Input<TargetGroupArn>,
    /// ARN of the listener rule that carries users' traffic.
    pub production_listener_rule: Input<String>,
    /// ARN of the listener rule that carries test traffic.
    pub test_listener_rule: Option<Input<String>>,
    /// The role in which ECS changes the rules.
    pub role: Input<RoleArn>,
}

/// A target group of VPC Lattice that tasks join.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatticeTargets {
    /// The target group.
    pub target_group: Input<LatticeTargetGroupArn>,
    /// The role in which ECS registers and deregisters tasks.
    pub role: Input<RoleArn>,
}

/// One Cloud Map service that tasks join.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceRegistry {
    /// The Cloud Map service.
    pub registry: Input<DiscoveryServiceArn>,
    /// The port of SRV records, where the container port does not say it.
    pub port: Option<i32>,
    /// The container, for SRV records.
    pub container: Option<String>,
    /// Its port, for SRV records.
    pub container_port: Option<i32>,
}

/// Where a task may be placed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PlacementConstraint {
    /// `distinctInstance` or `memberOf`.
    pub constraint: String,
    /// A cluster query language expression, with `memberOf`.
    pub expression: Option<String>,
}

/// How tasks are spread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlacementStrategy {
    /// `random`, `spread` or `binpack`.
    pub strategy: String,
    /// By what: `attribute:ecs.availability-zone`, `instanceId`, `cpu`, `memory`.
    pub field: Option<String>,
}
