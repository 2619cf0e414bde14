//! What controllers in a cluster have made in AWS and left: load balancers with their target groups and security
//! groups, volumes, network interfaces. They would outlive the cluster, cost money, and keep its network from going.
//!
//! Found by the tags that the controllers write. The tagging API lists the dead for a while, so each is looked for
//! where it lives.

use std::collections::BTreeSet;

use aws_sdk_resourcegroupstagging::types::{ResourceTagMapping, TagFilter};

use crate::aws::{Cx, classify, unless_gone};
use crate::engine::identity::TAG_RESOURCE;
use crate::engine::{Class, Failure};

/// Where in an ARN the sorts of things are named that controllers make.
const SORTS: [&str; 5] = [
    "elasticloadbalancing:loadbalancer",
    "elasticloadbalancing:targetgroup",
    "ec2:security-group",
    "ec2:volume",
    "ec2:network-interface",
];

/// Deletes what is left, as far as it can go now; names what is still there.
pub(super) async fn sweep(cx: &Cx, cluster: &str) -> Result<Vec<String>, Failure> {
    let mut left = Vec::new();
    for arn in find(cx, cluster).await? {
        left.extend(remove(cx, cluster, &arn).await?);
    }
    Ok(left)
}

/// The volumes that pods have: they hold data.
pub(super) async fn volumes(cx: &Cx, cluster: &str) -> Result<usize, Failure> {
    let arns = find(cx, cluster).await?.into_iter();
    Ok(arns.filter(|arn| arn.contains(":volume/")).count())
}

/// The ARNs of what bears a controller's tag of this cluster.
async fn find(cx: &Cx, cluster: &str) -> Result<BTreeSet<String>, Failure> {
    let by = |key: &str, value: &str| TagFilter::builder().key(key).values(value).build();
    let filters = [
        by("elbv2.k8s.aws/cluster", cluster),
        by("eks:eks-cluster-name", cluster),
        by(&format!("kubernetes.io/cluster/{cluster}"), "owned"),
    ];
    let mut found = BTreeSet::new();
    for filter in filters {
        let call = cx.tagging.get_resources().tag_filters(filter).resources_per_page(100);
        let call = call.set_resource_type_filters(Some(SORTS.map(str::to_owned).to_vec()));
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = match page.map_err(|error| classify("tag GetResources", error)) {
                Err(failure) if failure.class == Class::NotServed => break,
                page => page?,
            };
            // What is a resource of its own goes by a step of its own.
            let own =
                |one: &&ResourceTagMapping| one.tags().iter().any(|tag| tag.key() == TAG_RESOURCE);
            let rows = page.resource_tag_mapping_list().iter().filter(|one| !own(one));
            found.extend(rows.filter_map(|one| one.resource_arn().map(str::to_owned)));
        }
    }
    Ok(found)
}

/// Deletes one; gives its name if it is still there.
async fn remove(cx: &Cx, cluster: &str, arn: &str) -> Result<Option<String>, Failure> {
    let rest = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let (sort, id) = rest.split_once('/').unwrap_or((rest, ""));
    match sort {
        "loadbalancer" => balancer(cx, arn, id).await,
        "targetgroup" => target_group(cx, arn, id).await,
        "security-group" => security_group(cx, cluster, id).await,
        "volume" => volume(cx, id).await,
        "network-interface" => interface(cx, id).await,
        _ => Ok(None),
    }
}

async fn balancer(cx: &Cx, arn: &str, id: &str) -> Result<Option<String>, Failure> {
    let Some((_, name)) = id.split_once('/') else {
        let message = format!("the classic load balancer `{id}` was left by a controller");
        return Err(Failure::new(Class::Broken, message).with_hint(format!(
            "delete it with `aws elb delete-load-balancer --load-balancer-name {id}`, and run the same command again"
        )));
    };
    let sent = cx.elbv2.describe_load_balancers().load_balancer_arns(arn).send().await;
    let sent = sent.map_err(|error| classify("elbv2 DescribeLoadBalancers", error));
    if unless_gone(sent)?.is_none_or(|answer| answer.load_balancers().is_empty()) {
        return Ok(None);
    }
    let sent = cx.elbv2.delete_load_balancer().load_balancer_arn(arn).send().await;
    unless_gone(sent.map_err(|error| classify("elbv2 DeleteLoadBalancer", error)))?;
    let name = name.split('/').next().unwrap_or(name);
    Ok(Some(format!("load balancer {name}")))
}

async fn target_group(cx: &Cx, arn: &str, id: &str) -> Result<Option<String>, Failure> {
    let sent = cx.elbv2.describe_target_groups().target_group_arns(arn).send().await;
    let sent = sent.map_err(|error| classify("elbv2 DescribeTargetGroups", error));
    if unless_gone(sent)?.is_none_or(|answer| answer.target_groups().is_empty()) {
        return Ok(None);
    }
    let sent = cx.elbv2.delete_target_group().target_group_arn(arn).send().await;
    let sent = sent.map_err(|error| classify("elbv2 DeleteTargetGroup", error));
    let name = id.split('/').next().unwrap_or(id);
    still(unless_gone(sent).map(drop), || format!("target group {name}"))
}

/// A group that something uses stays for now.
async fn security_group(cx: &Cx, cluster: &str, id: &str) -> Result<Option<String>, Failure> {
    let sent = cx.ec2.describe_security_groups().group_ids(id).send().await;
    let sent = sent.map_err(|error| classify("ec2 DescribeSecurityGroups", error));
    let Some(answer) = unless_gone(sent)? else { return Ok(None) };
    let Some(group) = answer.security_groups().first() else { return Ok(None) };
    // The cluster's own group, which EKS deletes with it.
    let own = format!("eks-cluster-sg-{cluster}-");
    if group.group_name().is_some_and(|name| name.starts_with(&own)) {
        return Ok(None);
    }
    let sent = cx.ec2.delete_security_group().group_id(id).send().await;
    let sent = sent.map_err(|error| classify("ec2 DeleteSecurityGroup", error));
    still(unless_gone(sent).map(drop), || format!("security group {id}"))
}

async fn volume(cx: &Cx, id: &str) -> Result<Option<String>, Failure> {
    let sent = cx.ec2.delete_volume().volume_id(id).send().await;
    let sent = sent.map_err(|error| classify("ec2 DeleteVolume", error));
    still(unless_gone(sent).map(drop), || format!("volume {id}"))
}

/// An interface in use goes with what uses it.
async fn interface(cx: &Cx, id: &str) -> Result<Option<String>, Failure> {
    let sent = cx.ec2.describe_network_interfaces().network_interface_ids(id).send().await;
    let sent = sent.map_err(|error| classify("ec2 DescribeNetworkInterfaces", error));
    let Some(answer) = unless_gone(sent)? else { return Ok(None) };
    let Some(interface) = answer.network_interfaces().first() else { return Ok(None) };
    let free = interface.status().is_some_and(|status| status.as_str() == "available");
    if !free {
        return Ok(Some(format!("network interface {id}")));
    }
    let sent = cx.ec2.delete_network_interface().network_interface_id(id).send().await;
    let sent = sent.map_err(|error| classify("ec2 DeleteNetworkInterface", error));
    still(unless_gone(sent).map(drop), || format!("network interface {id}"))
}

/// What is refused as in use goes later.
fn still(sent: Result<(), Failure>, name: impl Fn() -> String) -> Result<Option<String>, Failure> {
    match sent {
        Ok(()) => Ok(None),
        Err(failure) => {
            let busy =
                matches!(failure.class, Class::DependencyStillThere | Class::ConflictInProgress)
                    || failure.code.as_deref() == Some("VolumeInUse");
            if busy { Ok(Some(name())) } else { Err(failure) }
        }
    }
}
