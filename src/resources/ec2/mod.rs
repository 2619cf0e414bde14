//! EC2's part of a network: VPC, subnets, gateways, endpoints, routes, addresses, security groups, flow logs; and launch templates.
//!
//! The only folder that names `aws-sdk-ec2`. What a network should look like (how many zones,
//! which blocks) is for the planners to say.

pub mod cidr;
pub mod egress_only_internet_gateway;
pub mod elastic_ip;
pub mod flow_log;
pub mod internet_gateway;
pub mod launch_template;
pub mod nat_gateway;
pub mod route_table;
pub mod security_group;
pub mod security_group_rule;
mod shared;
pub mod subnet;
pub mod vpc;
pub mod vpc_endpoint;

pub use egress_only_internet_gateway::{EgressOnlyInternetGateway, EgressOnlyInternetGatewayId};
pub use elastic_ip::{AllocationId, ElasticIp};
pub use flow_log::{FlowLog, FlowLogDestination, FlowLogId};
pub use internet_gateway::{InternetGateway, InternetGatewayId};
pub use launch_template::{LaunchTemplate, LaunchTemplateId};
pub use nat_gateway::{NatGateway, NatGatewayId, ZoneAddresses};
pub use route_table::{Route, RouteTable, RouteTableId, RouteTarget};
pub use security_group::{SecurityGroup, SecurityGroupId};
pub use security_group_rule::{Direction, Peer, SecurityGroupRule, SecurityGroupRuleId};
pub(in crate::resources) use shared::interface_groups;
pub use subnet::{Subnet, SubnetId};
pub use vpc::{Vpc, VpcId};
pub use vpc_endpoint::{EndpointType, VpcEndpoint, VpcEndpointId};
