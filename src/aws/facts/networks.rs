//! Networks that somebody else made: VPCs, subnets, security groups and their ways out.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, Route, RouteState, RouteTable};

use crate::aws::{Cx, classify};
use crate::engine::Failure;

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// `subnet-…`.
    pub id: String,
    /// `vpc-…`.
    pub vpc: String,
    /// `10.0.0.0/24`.
    pub cidr: String,
    /// `eu-west-1a`.
    pub zone: String,
    /// How many addresses are free.
    pub free: i32,
}

/// Where a subnet's traffic to the internet goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WayOut {
    /// An internet gateway: with a public address only.
    InternetGateway,
    /// Anything that reaches on for private addresses: a NAT gateway, a transit gateway, an appliance.
    Onward,
    /// A route whose target is gone.
    Blackhole,
    /// No route.
    None,
}

fn filter(name: &str, values: impl IntoIterator<Item = String>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().collect())).build()
}

/// Which of these VPCs there are.
///
/// # Errors
/// `ec2:DescribeVpcs` is refused.
pub async fn vpcs(cx: &Cx, ids: &BTreeSet<String>) -> Result<BTreeSet<String>, Failure> {
    let answer = cx.ec2.describe_vpcs().filters(filter("vpc-id", ids.iter().cloned())).send().await;
    let answer = answer.map_err(|error| classify("ec2 DescribeVpcs", error))?;
    Ok(answer.vpcs().iter().filter_map(|vpc| vpc.vpc_id().map(str::to_owned)).collect())
}

/// Those of these subnets that there are, by id.
///
/// # Errors
/// `ec2:DescribeSubnets` is refused.
pub async fn subnets(cx: &Cx, ids: &BTreeSet<String>) -> Result<BTreeMap<String, Subnet>, Failure> {
    described(cx, filter("subnet-id", ids.iter().cloned())).await
}

/// All subnets of a VPC, by id.
///
/// # Errors
/// `ec2:DescribeSubnets` is refused.
pub async fn subnets_of(cx: &Cx, vpc: &str) -> Result<BTreeMap<String, Subnet>, Failure> {
    described(cx, filter("vpc-id", [vpc.to_owned()])).await
}

/// The subnets that bear all of these tags, with one of the values of each: id and VPC.
///
/// # Errors
/// `ec2:DescribeSubnets` is refused.
pub async fn tagged(
    cx: &Cx,
    tags: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<(String, String)>, Failure> {
    let filters = tags.iter().map(|(key, values)| filter(&format!("tag:{key}"), values.clone()));
    let call = cx.ec2.describe_subnets().set_filters(Some(filters.collect())).max_results(1000);
    let found: Vec<aws_sdk_ec2::types::Subnet> = call
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| classify("ec2 DescribeSubnets", error))?;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Ok(found.iter().map(|it| (text(it.subnet_id()), text(it.vpc_id()))).collect())
}

async fn described(cx: &Cx, filter: Filter) -> Result<BTreeMap<String, Subnet>, Failure> {
    let mut pages = cx.ec2.describe_subnets().filters(filter).into_paginator().send();
    let mut found = BTreeMap::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("ec2 DescribeSubnets", error))?;
        for subnet in page.subnets() {
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let one = Subnet {
                id: text(subnet.subnet_id()),
                vpc: text(subnet.vpc_id()),
                cidr: text(subnet.cidr_block()),
                zone: text(subnet.availability_zone()),
                free: subnet.available_ip_address_count().unwrap_or(i32::MAX),
            };
            found.insert(one.id.clone(), one);
        }
    }
    Ok(found)
}

/// The VPCs of those of these security groups that there are, by the group's id.
///
/// # Errors
/// `ec2:DescribeSecurityGroups` is refused.
pub async fn security_groups(
    cx: &Cx,
    ids: &BTreeSet<String>,
) -> Result<BTreeMap<String, String>, Failure> {
    let filter = filter("group-id", ids.iter().cloned());
    let answer = cx.ec2.describe_security_groups().filters(filter).send().await;
    let answer = answer.map_err(|error| classify("ec2 DescribeSecurityGroups", error))?;
    let pair = |group: &aws_sdk_ec2::types::SecurityGroup| {
        Some((group.group_id()?.to_owned(), group.vpc_id().unwrap_or_default().to_owned()))
    };
    Ok(answer.security_groups().iter().filter_map(pair).collect())
}

/// Where traffic to the internet goes from each of these subnets of a VPC.
///
/// # Errors
/// `ec2:DescribeRouteTables` is refused.
pub async fn ways_out(
    cx: &Cx,
    vpc: &str,
    subnets: &BTreeSet<String>,
) -> Result<BTreeMap<String, WayOut>, Failure> {
    let filter = filter("vpc-id", [vpc.to_owned()]);
    let mut pages = cx.ec2.describe_route_tables().filters(filter).into_paginator().send();
    let mut tables = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("ec2 DescribeRouteTables", error))?;
        tables.extend(page.route_tables().iter().cloned());
    }
    let follows = |table: &RouteTable, subnet: &str| {
        table.associations().iter().any(|it| it.subnet_id() == Some(subnet))
    };
    let is_main =
        |table: &RouteTable| table.associations().iter().any(|it| it.main() == Some(true));
    let of = |subnet: &String| {
        let own = tables.iter().find(|table| follows(table, subnet));
        let table = own.or_else(|| tables.iter().find(|table| is_main(table)));
        (subnet.clone(), table.map_or(WayOut::None, |table| way_out(table.routes())))
    };
    Ok(subnets.iter().map(of).collect())
}

fn way_out(routes: &[Route]) -> WayOut {
    let everywhere = routes.iter().find(|it| it.destination_cidr_block() == Some("0.0.0.0/0"));
    match everywhere {
        None => WayOut::None,
        Some(route) if route.state() == Some(&RouteState::Blackhole) => WayOut::Blackhole,
        Some(route) if route.gateway_id().is_some_and(|id| id.starts_with("igw-")) => {
            WayOut::InternetGateway
        }
        Some(_) => WayOut::Onward,
    }
}

/// The services that a VPC has endpoints for: `ecr.dkr`, `logs`, `s3`.
///
/// # Errors
/// `ec2:DescribeVpcEndpoints` is refused.
pub async fn endpoints(cx: &Cx, vpc: &str) -> Result<BTreeSet<String>, Failure> {
    let filter = filter("vpc-id", [vpc.to_owned()]);
    let mut pages = cx.ec2.describe_vpc_endpoints().filters(filter).into_paginator().send();
    let prefix = format!("com.amazonaws.{}.", cx.region);
    let mut found = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("ec2 DescribeVpcEndpoints", error))?;
        let names = page.vpc_endpoints().iter().filter_map(|it| it.service_name());
        found.extend(names.filter_map(|name| Some(name.strip_prefix(&prefix)?.to_owned())));
    }
    Ok(found)
}
