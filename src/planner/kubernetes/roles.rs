//! The roles of a cluster, its nodes, and what runs on them.

use serde_json::{Value, json};

use super::OWNER;
use crate::engine::{Desired, Failure, Input};
use crate::manifest::service::RoleSource;
use crate::planner::{Context, iam};
use crate::resources::iam::web_identity::ISSUER;
use crate::resources::iam::{OidcProviderArn, Role, RoleArn};

/// What EKS does with a cluster. Those of Auto Mode are there without it, too, so that it can be turned on and off: what it
/// has made is cleared away in this role.
const OF_CLUSTER: &[&str] = &[
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSClusterPolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
    "AmazonEKSVPCResourceController",
];
/// What nodes of node groups do.
const OF_NODES: &[&str] = &[
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonSSMManagedInstanceCore",
];
/// What nodes of Auto Mode do.
const OF_AUTO_MODE: &[&str] =
    &["AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodeMinimalPolicy"];

/// The cluster's.
pub(super) fn cluster(
    desired: &mut Desired,
    context: &Context<'_>,
) -> Result<Input<RoleArn>, Failure> {
    let role = Role {
        description: "Lets EKS run the cluster".to_owned(),
        ..made(context, trust("eks.amazonaws.com", &TAGGED), OF_CLUSTER)?
    };
    Ok(desired.add(&OWNER, "cluster", &role)?.arn())
}

/// That of nodes of Auto Mode.
pub(super) fn auto_mode(
    desired: &mut Desired,
    context: &Context<'_>,
) -> Result<Input<RoleArn>, Failure> {
    let role = Role {
        description: "Nodes of EKS Auto Mode".to_owned(),
        ..made(context, trust("ec2.amazonaws.com", &PLAIN), OF_AUTO_MODE)?
    };
    Ok(desired.add(&OWNER, "auto-mode", &role)?.arn())
}

/// That of nodes of node groups.
pub(super) fn nodes(
    desired: &mut Desired,
    context: &Context<'_>,
    ipv6: bool,
) -> Result<Input<RoleArn>, Failure> {
    let mut role = Role {
        description: "Nodes of EKS".to_owned(),
        ..made(context, trust("ec2.amazonaws.com", &PLAIN), OF_NODES)?
    };
    if ipv6 {
        // AWS has no managed policy for that.
        let actions = [
            "ec2:AssignIpv6Addresses",
            "ec2:DescribeInstances",
            "ec2:DescribeInstanceTypes",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeTags",
        ];
        let addresses = json!({ "Effect": "Allow", "Action": actions, "Resource": "*" });
        let interfaces = format!("arn:{}:ec2:*:*:network-interface/*", context.partition);
        let tags = json!({ "Effect": "Allow", "Action": "ec2:CreateTags", "Resource": interfaces });
        let policy = json!({ "Version": "2012-10-17", "Statement": [addresses, tags] });
        role.inline_policies.insert("ipv6".to_owned(), policy);
    }
    Ok(desired.add(&OWNER, "nodes", &role)?.arn())
}

/// That in which Fargate starts pods.
pub(super) fn fargate(
    desired: &mut Desired,
    context: &Context<'_>,
) -> Result<Input<RoleArn>, Failure> {
    let mut assume_policy = trust("eks-fargate-pods.amazonaws.com", &PLAIN);
    let profiles = context.arn("eks", "fargateprofile/*");
    assume_policy["Statement"][0]["Condition"] =
        json!({ "ArnLike": { "aws:SourceArn": profiles } });
    let role = Role {
        description: "Lets Fargate start pods".to_owned(),
        ..made(context, assume_policy, &["AmazonEKSFargatePodExecutionRolePolicy"])?
    };
    Ok(desired.add(&OWNER, "fargate", &role)?.arn())
}

/// That of pods, through EKS's agent; or one that exists.
pub(super) fn pods(
    desired: &mut Desired,
    context: &Context<'_>,
    name: String,
    source: &RoleSource,
) -> Result<Input<RoleArn>, Failure> {
    let trust = trust("pods.eks.amazonaws.com", &TAGGED);
    written(desired, context, name, "Pods of EKS", trust, source)
}

/// That of a capability; or one that exists.
pub(super) fn capability(
    desired: &mut Desired,
    context: &Context<'_>,
    name: &str,
    source: &RoleSource,
) -> Result<Input<RoleArn>, Failure> {
    let name = format!("capabilities/{name}");
    let trust = trust("capabilities.eks.amazonaws.com", &TAGGED);
    written(desired, context, name, "A capability of EKS", trust, source)
}

/// That of pods, by the cluster's OIDC provider; or one that exists.
pub(super) fn trusted(
    desired: &mut Desired,
    context: &Context<'_>,
    name: String,
    trust: Value,
    source: &RoleSource,
) -> Result<Input<RoleArn>, Failure> {
    written(desired, context, name, "Pods of EKS", trust, source)
}

/// Trust in a service account, as the cluster's OIDC provider vouches for it.
pub(super) fn web_identity(
    provider: Input<OidcProviderArn>,
    namespace: &str,
    service_account: &str,
) -> Value {
    let subject = format!("system:serviceaccount:{namespace}:{service_account}");
    let says = |variable: &str| format!("{ISSUER}:{variable}");
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": provider },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": { says("aud"): "sts.amazonaws.com", says("sub"): subject },
            },
        }],
    })
}

fn written(
    desired: &mut Desired,
    context: &Context<'_>,
    name: String,
    description: &str,
    trust: Value,
    source: &RoleSource,
) -> Result<Input<RoleArn>, Failure> {
    let own = match source {
        RoleSource::Existing(arn) => return Ok(Input::Known(arn.as_str().into())),
        RoleSource::Own(own) => own,
    };
    let mut role = Role { description: description.to_owned(), ..made(context, trust, &[])? };
    iam::add(&mut role, own);
    Ok(desired.add(&OWNER, name, &role)?.arn())
}

const PLAIN: [&str; 1] = ["sts:AssumeRole"];
/// Sessions bear tags: EKS limits by them what can be done.
const TAGGED: [&str; 2] = ["sts:AssumeRole", "sts:TagSession"];

fn trust(service: &str, actions: &[&str]) -> Value {
    let actions = if let [one] = actions { json!(one) } else { json!(actions) };
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "Service": service }, "Action": actions }],
    })
}

fn made(context: &Context<'_>, assume_policy: Value, policies: &[&str]) -> Result<Role, Failure> {
    let arn = |name: &&str| format!("arn:{}:iam::aws:policy/{name}", context.partition);
    Ok(Role {
        assume_policy,
        managed_policies: policies.iter().map(arn).collect(),
        tags: context.tags()?,
        ..Role::default()
    })
}
