//! How much of what an account may have, and how much it has.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, NatGatewayState};
use aws_sdk_iam::types::SummaryKeyType;

use crate::aws::{Cx, classify, unless_gone};
use crate::engine::Failure;

/// A quota's value in this account and region: what was applied for, else AWS's default; `None`
/// where AWS knows none of that code.
///
/// # Errors
/// The API refuses.
pub async fn quota(cx: &Cx, service: &str, code: &str) -> Result<Option<f64>, Failure> {
    let call = cx.servicequotas.get_service_quota().service_code(service).quota_code(code);
    let answer =
        call.send().await.map_err(|error| classify("servicequotas GetServiceQuota", error));
    if let Some(answer) = unless_gone(answer)? {
        return Ok(answer.quota().and_then(|quota| quota.value()));
    }
    let call = cx.servicequotas.get_aws_default_service_quota();
    let answer = call
        .service_code(service)
        .quota_code(code)
        .send()
        .await
        .map_err(|error| classify("servicequotas GetAWSDefaultServiceQuota", error));
    Ok(unless_gone(answer)?.and_then(|answer| answer.quota().and_then(|quota| quota.value())))
}

/// How many roles there are, and may be (`iam:GetAccountSummary`).
///
/// # Errors
/// The API refuses.
pub async fn roles(cx: &Cx) -> Result<Option<(usize, usize)>, Failure> {
    let answer = cx.iam.get_account_summary().send().await;
    let answer = answer.map_err(|error| classify("iam GetAccountSummary", error))?;
    let number = |key: SummaryKeyType| {
        let found = answer.summary_map()?.get(&key)?;
        usize::try_from(*found).ok()
    };
    Ok(number(SummaryKeyType::Roles).zip(number(SummaryKeyType::from("RolesQuota"))))
}

/// What is counted, region by region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// VPCs.
    Vpcs,
    /// Internet gateways.
    InternetGateways,
    /// Elastic IP addresses.
    ElasticIps,
    /// Security groups.
    SecurityGroups,
    /// Application load balancers.
    LoadBalancers,
    /// Target groups.
    TargetGroups,
    /// Buckets, of all regions.
    Buckets,
    /// Clusters of EKS.
    KubernetesClusters,
    /// Meshes of App Mesh.
    Meshes,
    /// Namespaces of Cloud Map.
    Namespaces,
    /// Service networks of VPC Lattice.
    ServiceNetworks,
}

/// How many there are.
///
/// # Errors
/// The API refuses.
pub async fn count(cx: &Cx, what: Counted) -> Result<usize, Failure> {
    macro_rules! pages {
        ($call:expr, $name:literal, $list:ident) => {{
            let mut pages = $call.into_paginator().send();
            let mut sum = 0;
            while let Some(page) = pages.next().await {
                sum += page.map_err(|error| classify($name, error))?.$list().len();
            }
            Ok(sum)
        }};
    }
    match what {
        Counted::Vpcs => pages!(cx.ec2.describe_vpcs(), "ec2 DescribeVpcs", vpcs),
        Counted::InternetGateways => pages!(
            cx.ec2.describe_internet_gateways(),
            "ec2 DescribeInternetGateways",
            internet_gateways
        ),
        Counted::ElasticIps => {
            let answer = cx.ec2.describe_addresses().send().await;
            Ok(answer.map_err(|error| classify("ec2 DescribeAddresses", error))?.addresses().len())
        }
        Counted::SecurityGroups => {
            pages!(cx.ec2.describe_security_groups(), "ec2 DescribeSecurityGroups", security_groups)
        }
        Counted::LoadBalancers => pages!(
            cx.elbv2.describe_load_balancers(),
            "elbv2 DescribeLoadBalancers",
            load_balancers
        ),
        Counted::Buckets => {
            pages!(cx.s3.list_buckets().max_buckets(1000), "s3 ListBuckets", buckets)
        }
        Counted::KubernetesClusters => {
            pages!(cx.eks.list_clusters().max_results(100), "eks ListClusters", clusters)
        }
        Counted::Meshes => pages!(cx.appmesh.list_meshes(), "appmesh ListMeshes", meshes),
        Counted::Namespaces => pages!(
            cx.servicediscovery.list_namespaces(),
            "servicediscovery ListNamespaces",
            namespaces
        ),
        Counted::ServiceNetworks => {
            pages!(cx.vpclattice.list_service_networks(), "vpc-lattice ListServiceNetworks", items)
        }
        Counted::TargetGroups => {
            pages!(cx.elbv2.describe_target_groups(), "elbv2 DescribeTargetGroups", target_groups)
        }
    }
}

/// How many NAT gateways there are in each zone.
///
/// # Errors
/// The API refuses.
pub async fn nat_gateways(cx: &Cx) -> Result<BTreeMap<String, usize>, Failure> {
    let states = [NatGatewayState::Pending, NatGatewayState::Available, NatGatewayState::Deleting];
    let states = states.iter().map(|state| state.as_str().to_owned()).collect();
    let state = Filter::builder().name("state").set_values(Some(states)).build();
    let mut pages = cx.ec2.describe_nat_gateways().filter(state).into_paginator().send();
    let mut subnets = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("ec2 DescribeNatGateways", error))?;
        subnets
            .extend(page.nat_gateways().iter().filter_map(|it| it.subnet_id().map(str::to_owned)));
    }
    let mut counts = BTreeMap::new();
    if subnets.is_empty() {
        return Ok(counts);
    }
    let zones = super::networks::subnets(cx, &subnets.iter().cloned().collect()).await?;
    for subnet in subnets {
        if let Some(subnet) = zones.get(&subnet) {
            *counts.entry(subnet.zone.clone()).or_default() += 1;
        }
    }
    Ok(counts)
}
