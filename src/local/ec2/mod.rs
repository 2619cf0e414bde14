//! `ec2`: networks, launch templates, and instances as far as containers run on them: Auto Scaling and ECS alone launch
//! them. Volumes and network interfaces of a caller's own are there as far as a cluster's controllers leave them behind.

mod address;
mod cidr;
mod cidr6;
mod egress_gateway;
mod endpoint;
mod endpoint_change;
mod endpoint_services;
mod errors;
mod flow_log;
mod gateway;
pub mod image;
pub mod instance;
pub mod instance_type;
mod interface;
mod ipv6;
mod launch_template;
mod list;
mod nat_gateway;
mod nat_regional;
pub mod network;
mod permission;
mod prefix_list;
mod route;
mod route_table;
mod rule;
mod security_group;
mod subnet;
mod surroundings;
mod tag;
mod volume;
mod vpc;

use serde_json::Value;

pub(in crate::local) use launch_template::{
    drop_template, make_template, next_version, version_of,
};
pub(in crate::local) use security_group::{drop_group, make_group};

use super::call::Call;
use super::error::AwsError;
use super::service::{Operation, Protocol, Service, read, write};
use super::store::Table;

const ADDRESSES: Table = Table::regional("ec2/address");
const EGRESS_GATEWAYS: Table = Table::regional("ec2/egress-only-internet-gateway");
const ENDPOINTS: Table = Table::regional("ec2/vpc-endpoint");
const FLOW_LOGS: Table = Table::regional("ec2/flow-log");
const INTERNET_GATEWAYS: Table = Table::regional("ec2/internet-gateway");
const NAT_GATEWAYS: Table = Table::regional("ec2/nat-gateway");
const NETWORK_ACLS: Table = Table::regional("ec2/network-acl");
const ROUTE_TABLES: Table = Table::regional("ec2/route-table");
const SECURITY_GROUP_RULES: Table = Table::regional("ec2/security-group-rule");
const VOLUMES: Table = Table::regional("ec2/volume");

pub(super) static SERVICE: Service = Service {
    name: "ec2",
    protocol: Protocol::Ec2,
    target: "2016-11-15",
    namespace: "http://ec2.amazonaws.com/doc/2016-11-15",
    invalid: "InvalidParameterValue",
    invalid_token: "InvalidNextToken",
    throttle: ("RequestLimitExceeded", 503),
    timer: Some(timer),
    operations: OPERATIONS,
};

/// What comes later: gateways and endpoints that are gone.
fn timer(call: &mut Call<'_>, payload: &Value) -> Result<(), AwsError> {
    match payload.get("endpoint") {
        Some(_) => endpoint::timer(call, payload),
        None => nat_gateway::timer(call, payload),
    }
}

const OPERATIONS: &[Operation] = &[
    write("CreateVpc", vpc::create_vpc),
    read("DescribeVpcs", vpc::describe_vpcs),
    write("DeleteVpc", vpc::delete_vpc),
    write("ModifyVpcAttribute", vpc::modify_vpc_attribute),
    read("DescribeVpcAttribute", vpc::describe_vpc_attribute),
    write("AssociateVpcCidrBlock", ipv6::associate_vpc_cidr_block),
    write("DisassociateVpcCidrBlock", ipv6::disassociate_vpc_cidr_block),
    write("AssociateSubnetCidrBlock", ipv6::associate_subnet_cidr_block),
    write("DisassociateSubnetCidrBlock", ipv6::disassociate_subnet_cidr_block),
    write("CreateSubnet", subnet::create_subnet),
    read("DescribeSubnets", subnet::describe_subnets),
    write("DeleteSubnet", subnet::delete_subnet),
    write("ModifySubnetAttribute", subnet::modify_subnet_attribute),
    write("CreateInternetGateway", gateway::create_internet_gateway),
    read("DescribeInternetGateways", gateway::describe_internet_gateways),
    write("AttachInternetGateway", gateway::attach_internet_gateway),
    write("DetachInternetGateway", gateway::detach_internet_gateway),
    write("DeleteInternetGateway", gateway::delete_internet_gateway),
    write("CreateEgressOnlyInternetGateway", egress_gateway::create),
    read("DescribeEgressOnlyInternetGateways", egress_gateway::describe),
    write("DeleteEgressOnlyInternetGateway", egress_gateway::delete),
    write("CreateVpcEndpoint", endpoint::create),
    read("DescribeVpcEndpoints", endpoint::describe),
    write("ModifyVpcEndpoint", endpoint_change::modify),
    write("DeleteVpcEndpoints", endpoint::delete),
    read("DescribeVpcEndpointServices", endpoint_services::describe),
    write("CreateFlowLogs", flow_log::create),
    read("DescribeFlowLogs", flow_log::describe),
    write("DeleteFlowLogs", flow_log::delete),
    write("CreateRouteTable", route_table::create_route_table),
    read("DescribeRouteTables", route_table::describe_route_tables),
    write("DeleteRouteTable", route_table::delete_route_table),
    write("AssociateRouteTable", route_table::associate_route_table),
    write("DisassociateRouteTable", route_table::disassociate_route_table),
    write("ReplaceRouteTableAssociation", route_table::replace_route_table_association),
    write("CreateRoute", route::create_route),
    write("ReplaceRoute", route::replace_route),
    write("DeleteRoute", route::delete_route),
    write("AllocateAddress", address::allocate_address),
    read("DescribeAddresses", address::describe_addresses),
    write("ReleaseAddress", address::release_address),
    write("CreateNatGateway", nat_gateway::create_nat_gateway),
    read("DescribeNatGateways", nat_gateway::describe_nat_gateways),
    write("DeleteNatGateway", nat_gateway::delete_nat_gateway),
    write("CreateSecurityGroup", security_group::create_security_group),
    read("DescribeSecurityGroups", security_group::describe_security_groups),
    write("DeleteSecurityGroup", security_group::delete_security_group),
    write("AuthorizeSecurityGroupIngress", rule::authorize_ingress),
    write("AuthorizeSecurityGroupEgress", rule::authorize_egress),
    write("RevokeSecurityGroupIngress", rule::revoke_ingress),
    write("RevokeSecurityGroupEgress", rule::revoke_egress),
    read("DescribeSecurityGroupRules", rule::describe_security_group_rules),
    write("ModifySecurityGroupRules", rule::modify_security_group_rules),
    write("UpdateSecurityGroupRuleDescriptionsIngress", rule::update_descriptions_ingress),
    write("UpdateSecurityGroupRuleDescriptionsEgress", rule::update_descriptions_egress),
    write("CreateTags", tag::create_tags),
    write("DeleteTags", tag::delete_tags),
    read("DescribeTags", tag::describe_tags),
    read("DescribeAvailabilityZones", surroundings::describe_availability_zones),
    read("DescribeRegions", surroundings::describe_regions),
    read("DescribeNetworkInterfaces", surroundings::describe_network_interfaces),
    write("CreateNetworkInterface", interface::create),
    write("DeleteNetworkInterface", interface::delete),
    write("CreateVolume", volume::create),
    read("DescribeVolumes", volume::describe),
    write("DeleteVolume", volume::delete),
    read("DescribeNetworkAcls", surroundings::describe_network_acls),
    read("DescribeAccountAttributes", surroundings::describe_account_attributes),
    write("CreateLaunchTemplate", launch_template::create),
    write("CreateLaunchTemplateVersion", launch_template::create_version),
    write("ModifyLaunchTemplate", launch_template::modify),
    write("DeleteLaunchTemplate", launch_template::delete),
    read("DescribeLaunchTemplates", launch_template::describe),
    read("DescribeLaunchTemplateVersions", launch_template::describe_versions),
    read("DescribeInstances", instance::describe),
    read("DescribeInstanceTypes", instance_type::describe),
    read("DescribeImages", image::describe),
    read("DescribeManagedPrefixLists", prefix_list::describe),
    read("GetManagedPrefixListEntries", prefix_list::entries),
];
