//! The VPC's own ways to services of AWS, and its flow log.

use std::collections::BTreeSet;

use serde_json::json;

use super::Context;
use super::environment::all_traffic;
use crate::engine::{Address, Desired, Failure, Handle, Input, Owner};
use crate::manifest::environment::endpoints::{GATEWAYS, services};
use crate::manifest::environment::{FlowLogs, OwnVpc};
use crate::resources::ec2::{
    Direction, FlowLog, FlowLogDestination, Peer, RouteTableId, SecurityGroup, SecurityGroupId,
    SecurityGroupRule, SubnetId, VpcEndpoint, VpcId,
};
use crate::resources::iam::Role;
use crate::resources::logs::LogGroup;

const OWNER: Owner = Owner::Environment;

/// Where endpoints stand.
pub(super) struct Place<'a> {
    pub(super) vpc: &'a Input<VpcId>,
    /// For interfaces, one a zone.
    pub(super) subnets: &'a [Input<SubnetId>],
    /// For gateways.
    pub(super) tables: &'a [Input<RouteTableId>],
}

/// Plans an endpoint for each service that the manifest names; their addresses.
pub(super) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    own: &OwnVpc,
    place: &Place<'_>,
) -> Result<Vec<Address>, Failure> {
    let prefix = format!("com.amazonaws.{}.", context.region);
    let services: BTreeSet<String> =
        own.endpoints.iter().flat_map(|name| services(name, context.region)).collect();
    let mut group = None;
    let mut addresses = Vec::new();
    for service in services {
        let short = service.strip_prefix(&prefix).unwrap_or(&service).replace('.', "-");
        let vpc = place.vpc.clone();
        let endpoint = if GATEWAYS.contains(&short.as_str()) {
            VpcEndpoint::gateway(vpc, service, place.tables.to_vec())
        } else {
            let group = match &group {
                Some(group) => group,
                None => group.insert(security_group(desired, context, own, place.vpc)?),
            };
            let interfaces = place.subnets.to_vec();
            VpcEndpoint::interface(vpc, service, interfaces, vec![group.clone()])
        };
        let endpoint = VpcEndpoint { tags: context.tags()?, ..endpoint };
        addresses.push(desired.add(&OWNER, short, &endpoint)?.address().clone());
    }
    Ok(addresses)
}

/// Everything in the VPC may ask the services, by HTTPS.
fn security_group(
    desired: &mut Desired,
    context: &Context<'_>,
    own: &OwnVpc,
    vpc: &Input<VpcId>,
) -> Result<Input<SecurityGroupId>, Failure> {
    let group = SecurityGroup {
        vpc: vpc.clone(),
        description: "VPC endpoints of the environment".to_owned(),
        default_egress: true,
        tags: context.tags()?,
    };
    let group = desired.add(&OWNER, "endpoints", &group)?.id();
    let from = own.cidr.to_string();
    let rule = SecurityGroupRule {
        description: "Everything in the VPC".to_owned(),
        protocol: "tcp".to_owned(),
        from_port: 443,
        to_port: 443,
        tags: context.tags()?,
        ..all_traffic(&group, Direction::Ingress, Peer::Cidr(from.clone()))
    };
    desired.add(&OWNER, format!("endpoints-443-from-{from}"), &rule)?;
    Ok(group)
}

/// Plans the flow log, its log group, and the role that EC2 writes as.
pub(super) fn flow_log(
    desired: &mut Desired,
    context: &Context<'_>,
    logs: &FlowLogs,
    vpc: &Input<VpcId>,
) -> Result<(), Failure> {
    let name = "flow-logs";
    let group = LogGroup {
        retention_days: i32::try_from(logs.retention).ok(),
        tags: context.tags()?,
        ..LogGroup::default()
    };
    let group: Handle<LogGroup> = desired.add(&OWNER, name, &group)?;
    let own = format!("log-group:/shipit/{}/{}/{name}", context.application(), context.environment);
    let role = Role {
        assume_policy: json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "vpc-flow-logs.amazonaws.com" },
                "Action": "sts:AssumeRole",
            }],
        }),
        description: "What the VPC's flow log is written with".to_owned(),
        inline_policies: [(
            "write".to_owned(),
            json!({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Action": [
                        "logs:CreateLogStream",
                        "logs:DescribeLogGroups",
                        "logs:DescribeLogStreams",
                        "logs:PutLogEvents",
                    ],
                    "Resource": [context.arn("logs", &own), context.arn("logs", &format!("{own}:*"))],
                }],
            }),
        )]
        .into(),
        tags: context.tags()?,
        ..Role::default()
    };
    let role = desired.add(&OWNER, name, &role)?;
    let log = FlowLog {
        vpc: vpc.clone(),
        traffic: "ALL".to_owned(),
        destination: FlowLogDestination::LogGroup { name: group.name(), role: role.arn() },
        interval: 60,
        format: None,
        tags: context.tags()?,
    };
    desired.add(&OWNER, "main", &log)?;
    Ok(())
}
