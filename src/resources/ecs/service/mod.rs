//! An ECS service: how many tasks of which definition run where, and how new ones replace old.
//!
//! `deployment` and `connect` hold parts of the document, `write` and `read` the way to the
//! SDK's types and back, `verdict` what becomes of a deployment.

pub mod connect;
pub mod deployment;

use serde::{Deserialize, Serialize};

pub use connect::ServiceConnect;
pub use deployment::Deployment;

use super::task_definition::TaskDefinitionArn;
use super::{CapacityProviderStrategyItem, ClusterName};
use crate::engine::{Input, KindInfo, Pace, ReplaceOrder, Rule, Spec};
use crate::resources::ec2::{SecurityGroupId, SubnetId};
use crate::resources::elbv2::TargetGroupArn;
use crate::resources::iam::RoleArn;
use crate::resources::resource::Tags;
use crate::resources::servicediscovery::DiscoveryServiceArn;

/// An ECS service, named `identity.name(255)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// The cluster.
    pub cluster: Input<ClusterName>,
    /// The task definition's revision.
    pub task_definition: Input<TaskDefinitionArn>,
    /// How many tasks; `None` where Application Auto Scaling decides, and with `DAEMON`.
    pub desired_count: Option<i32>,
    /// How many tasks to begin with where Application Auto Scaling decides; `None` otherwise.
    pub initial_count: Option<i32>,
    /// `FARGATE`, `EC2` or `EXTERNAL`; `None` with a strategy.
    pub launch_type: Option<String>,
    /// Capacity providers; empty with a launch type.
    pub capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    /// Fargate's platform version, `LATEST` or a number; `None` on EC2.
    pub platform_version: Option<String>,
    /// `REPLICA` or `DAEMON`.
    pub scheduling_strategy: String,
    /// `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    pub deployment_controller: String,
    /// How new tasks replace old.
    pub deployment: Deployment,
    /// Where tasks get their network interfaces, with `awsvpc`.
    pub network: Option<Network>,
    /// Target groups that tasks join.
    pub load_balancers: Vec<LoadBalancer>,
    /// Cloud Map services that tasks join.
    pub service_registries: Vec<ServiceRegistry>,
    /// Seconds in which a new task's load-balancer checks do not count; 0 without a load balancer.
    pub health_check_grace_period: i32,
    /// Tasks are moved so that zones stay even.
    pub availability_zone_rebalancing: bool,
    /// `ecs execute-command` works.
    pub enable_execute_command: bool,
    /// Tasks get AWS's own tags: cluster and service name.
    pub enable_ecs_managed_tags: bool,
    /// Whose tags tasks get: `SERVICE`, `TASK_DEFINITION` or `NONE`.
    pub propagate_tags: String,
    /// Service Connect; `None` where it is off.
    pub service_connect: Option<ServiceConnect>,
    /// Where tasks may not be placed (EC2).
    pub placement_constraints: Vec<PlacementConstraint>,
    /// How tasks are spread (EC2), first rule first.
    pub placement_strategy: Vec<PlacementStrategy>,
    /// The user's own tags.
    pub tags: Tags,
}

impl Service {
    /// One Fargate task in `cluster`, with ECS's defaults for all else.
    pub fn new(cluster: Input<ClusterName>, task_definition: Input<TaskDefinitionArn>) -> Self {
        Self {
            cluster,
            task_definition,
            desired_count: Some(1),
            initial_count: None,
            launch_type: Some("FARGATE".to_owned()),
            capacity_provider_strategy: Vec::new(),
            platform_version: Some("LATEST".to_owned()),
            scheduling_strategy: "REPLICA".to_owned(),
            deployment_controller: "ECS".to_owned(),
            deployment: Deployment::default(),
            network: None,
            load_balancers: Vec::new(),
            service_registries: Vec::new(),
            health_check_grace_period: 0,
            availability_zone_rebalancing: true,
            enable_execute_command: false,
            enable_ecs_managed_tags: false,
            propagate_tags: "NONE".to_owned(),
            service_connect: None,
            placement_constraints: Vec::new(),
            placement_strategy: Vec::new(),
            tags: Tags::new(),
        }
    }
}

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

impl Spec for Service {
    const KIND: &'static str = "ecs/service";
}

crate::ids! {
    /// A service's name.
    ServiceName,
    /// A service's ARN.
    ServiceArn,
}

crate::outputs!(Service => ServiceOutputs {
    /// Its ARN.
    arn: ServiceArn,
    /// Its name.
    name: ServiceName,
    /// The name of its cluster.
    cluster: ClusterName,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateService.serviceName", "the physical name follows from the address"),
    ("CreateService.clientToken", "makes the call idempotent, is no property"),
    ("CreateService.role", "the service-linked role is used; another is for classic networks only"),
    ("CreateService.loadBalancers[].loadBalancerName", "classic load balancers are not offered"),
    (
        "CreateService.deploymentConfiguration.lifecycleHooks[].hookDetails",
        "free-form JSON handed to the hook; its function knows better what it wants",
    ),
    ("CreateService.volumeConfigurations", "EBS volumes of tasks are not offered yet"),
    ("CreateService.vpcLatticeConfigurations", "VPC Lattice is not offered yet"),
    ("CreateService.gatewayConnectors", "ECS gateways are not offered yet"),
    (
        "CreateService.monitoring",
        "DescribeServices does not give it back, so it could not be compared",
    ),
    ("UpdateService.service", "says which service"),
    ("UpdateService.forceNewDeployment", "an act, not a property"),
    ("UpdateService.loadBalancers[].loadBalancerName", "classic load balancers are not offered"),
    (
        "UpdateService.deploymentConfiguration.lifecycleHooks[].hookDetails",
        "free-form JSON handed to the hook; its function knows better what it wants",
    ),
    ("UpdateService.volumeConfigurations", "EBS volumes of tasks are not offered yet"),
    ("UpdateService.vpcLatticeConfigurations", "VPC Lattice is not offered yet"),
    ("UpdateService.gatewayConnectors", "ECS gateways are not offered yet"),
    (
        "UpdateService.monitoring",
        "DescribeServices does not give it back, so it could not be compared",
    ),
];

#[allow(dead_code)]
const INFO: KindInfo = KindInfo {
    kind: Service::KIND,
    rules: &[
        Rule::Immutable("cluster"),
        Rule::Immutable("launch_type"),
        Rule::Immutable("scheduling_strategy"),
        Rule::OwnedElsewhere("initial_count", "application autoscaling"),
        Rule::Unordered("capacity_provider_strategy"),
        Rule::Unordered("network.subnets"),
        Rule::Unordered("network.security_groups"),
        Rule::Unordered("placement_constraints"),
        Rule::Unordered("deployment.alarms.names"),
    ],
    observe_after: &["ecs/cluster"],
    // A target group must hang on a load balancer before a service may use it.
    order_after: &["elbv2/listener", "elbv2/listener-rule"],
    replace: ReplaceOrder::CreateFirst,
    revisioned: false,
    stateful: None,
    pace: Pace::seconds(90, 5, 1800),
};
