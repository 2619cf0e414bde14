//! Environments on EKS: what does not go together there, and what belongs to ECS alone.
//!
//! Node groups and Fargate profiles are in `nodes`, who may do what in `access`, services in `service`, whether they fit in
//! `sizes`, and what the controllers of meshes cannot do in `mesh`, labels and quotas in `namespace`.

mod access;
mod mesh;
mod namespace;
mod nodes;
mod service;
mod sizes;

pub(super) use service::{on_ecs, service};

use super::{Explain, Findings};
use crate::manifest::environment::kubernetes::IpFamily;
use crate::manifest::environment::{ClusterType, Environment, Kubernetes, Nat, Side, Vpc};
use crate::manifest::problem::{Problem, Severity};
use crate::manifest::read::name_problem;

/// Keys of `cluster` that an ECS cluster has.
const OF_ECS: &[&str] = &["name", "arn", "spot", "capacity", "default_capacity", "external"];
/// Keys of `cluster` that an EKS cluster has.
const OF_EKS: &[&str] = &[
    "version",
    "upgrade_despite_insights",
    "auto_mode",
    "node_pools",
    "gateway_api",
    "node_groups",
    "fargate_profiles",
    "access",
    "pod_identities",
    "addons",
    "capabilities",
    "namespace",
    "endpoint",
    "control_plane_logs",
    "encryption_key",
    "support",
    "zonal_shift",
    "tier",
    "ip_family",
    "service_cidr",
    "security_groups",
];
/// Keys of an environment that say something of services on ECS, and what to do on EKS.
const OF_SERVICES: &[(&str, &str)] = &[
    ("discovery", "in the cluster, Kubernetes' own names serve: SERVICE.NAMESPACE"),
    ("http.public.access_logs", "`patches` can set attributes of the load balancer's class"),
    ("http.public.ingress", "`patches` can set what the load balancer's class lets in"),
    ("http.public.security_groups", "`patches` can set what the load balancer's class lets in"),
    ("http.public.alb", "the cluster's controllers use those load balancers alone that they make"),
    ("http.public.ssl_policy", "`patches` can set the policy of the load balancer's class"),
    ("http.private.ingress", "`patches` can set what the load balancer's class lets in"),
    ("http.private.security_groups", "`patches` can set what the load balancer's class lets in"),
    ("http.private.subnets", "the cluster's controllers find subnets by their tags"),
    ("http.private.ssl_policy", "`patches` can set the policy of the load balancer's class"),
    ("observability", "the add-on `amazon-cloudwatch-observability` measures a cluster of EKS"),
    ("logging", "`cluster.control_plane_logs` are the control plane's logs"),
    (
        "network.vpc.security_group",
        "`cluster.security_groups` names further groups of the control plane",
    ),
];

/// Everything about it.
pub(super) fn environment(environment: &Environment, findings: &mut Findings<'_>) {
    let Some(kubernetes) = &environment.cluster.kubernetes else {
        of_the_other_type(environment.cluster.cluster_type, findings);
        return;
    };
    of_the_other_type(ClusterType::Eks, findings);
    for (key, instead) in OF_SERVICES {
        if written(findings, key) {
            findings
                .error_of_key(
                    key,
                    format!("`{key}` is for services on ECS, and this cluster is EKS"),
                )
                .advise(*instead);
        }
    }
    auto_mode(kubernetes, findings);
    endpoint(kubernetes, findings);
    addresses(environment, kubernetes, findings);
    zones(environment, findings);
    ways_out(environment, kubernetes, findings);
    nodes::check(environment, kubernetes, findings);
    access::check(kubernetes, findings);
    mesh::environment(environment, findings);
    namespace::check(kubernetes, findings);
}

/// Keys that a cluster of this type does not have.
fn of_the_other_type(own: ClusterType, findings: &mut Findings<'_>) {
    let (other, word) = match own {
        ClusterType::Ecs => (OF_EKS, "EKS"),
        ClusterType::Eks => (OF_ECS, "ECS"),
    };
    let node = findings.node;
    let Some(cluster) = node.get("cluster") else { return };
    for key in other.iter().filter(|key| cluster.node.get(key).is_some()) {
        let problem = findings.error_of_key(
            &format!("cluster.{key}"),
            format!("`{key}` is a key of clusters of {word}, and this one is {}", word_of(own)),
        );
        match own {
            ClusterType::Ecs => problem.advise("write `type: eks` beside it, or remove it"),
            ClusterType::Eks if matches!(*key, "name" | "arn") => problem.advise(
                "a cluster of EKS that exists cannot be used: shipit makes one for the environment",
            ),
            ClusterType::Eks if *key == "capacity" => {
                problem.advise("groups of instances are `node_groups` there");
            }
            ClusterType::Eks => problem.advise("remove it"),
        }
    }
}

fn word_of(cluster_type: ClusterType) -> &'static str {
    match cluster_type {
        ClusterType::Ecs => "ECS",
        ClusterType::Eks => "EKS",
    }
}

/// What Auto Mode alone has, and a cluster in which nothing runs pods.
fn auto_mode(kubernetes: &Kubernetes, findings: &mut Findings<'_>) {
    if kubernetes.auto_mode() {
        return;
    }
    for (key, written) in [
        ("node_pools", kubernetes.node_pools.as_ref().is_some_and(|pools| !pools.is_empty())),
        ("gateway_api", kubernetes.gateway_api == Some(true)),
    ] {
        if !written {
            continue;
        }
        let why = match kubernetes.auto_mode {
            Some(_) => "is off here",
            None => "is off by itself where there are node groups or Fargate profiles",
        };
        findings
            .error(
                &format!("cluster.{key}"),
                format!("`{key}` is a part of Auto Mode, which {why}"),
            )
            .advise(format!("write `auto_mode: true` beside it, or remove `{key}`"));
    }
    if kubernetes.node_groups.is_empty() && kubernetes.fargate_profiles.is_empty() {
        findings
            .error("cluster.auto_mode", "nothing in this cluster runs pods")
            .explain(
                "Auto Mode, `node_groups` or `fargate_profiles`",
                "remove `auto_mode: false`, or write `node_groups: {general: {instances: [m7g.large], max: 3}}`",
            );
    }
}

/// An API server that nobody reaches, or everybody.
fn endpoint(kubernetes: &Kubernetes, findings: &mut Findings<'_>) {
    let endpoint = &kubernetes.endpoint;
    if !endpoint.public && !endpoint.private {
        findings
            .error("cluster.endpoint", "nobody reaches the API server")
            .advise("write `private: true`, `public: true`, or both");
    }
    if endpoint.public && !endpoint.private && endpoint.source_ips.is_empty() {
        findings
            .error(
                "cluster.endpoint",
                "the API server is open to the whole internet, and to nothing else: even nodes reach it from outside",
            )
            .explain(
                "`source_ips` with the ranges that may reach it, or `private: true`",
                "write `private: true`, and `source_ips: [203.0.113.0/24]` with your own range",
            );
    }
    if !endpoint.public && !endpoint.source_ips.is_empty() {
        findings
            .error(
                "cluster.endpoint.source_ips",
                "`source_ips` limits who comes from outside, and `public` is off",
            )
            .advise("remove it, or write `public: true`");
    }
    // EKS takes ranges of IPv6 for clusters of IPv6 alone.
    let range = endpoint.source_ips.iter().position(|range| range.to_string().contains(':'));
    if let Some(at) = range.filter(|_| kubernetes.ip_family == IpFamily::Ipv4) {
        findings
            .error(
                &format!("cluster.endpoint.source_ips.{at}"),
                "the API server of a cluster of IPv4 is not reached by IPv6",
            )
            .advise("write a range of IPv4, or `ip_family: ipv6` for a new cluster");
    }
}

/// What the address family needs.
fn addresses(environment: &Environment, kubernetes: &Kubernetes, findings: &mut Findings<'_>) {
    if kubernetes.ip_family == IpFamily::Ipv6 {
        if matches!(&environment.network.vpc, Vpc::Own(vpc) if !vpc.ipv6) {
            findings
                .error("cluster.ip_family", "the environment's VPC has no IPv6 addresses")
                .advise("write `network: {vpc: {ipv6: true}}`");
        }
        if kubernetes.service_cidr.is_some() {
            findings
                .error("cluster.service_cidr", "services have addresses of EKS's own with IPv6")
                .advise("remove `service_cidr`");
        }
    }
    let Some(range) = kubernetes.service_cidr else { return };
    if !(12..=24).contains(&range.prefix()) {
        findings
            .error("cluster.service_cidr", format!("services cannot have the range {range}"))
            .explain("a prefix from /12 to /24", "write `service_cidr: 172.20.0.0/16`");
    } else if let Vpc::Own(vpc) = &environment.network.vpc
        && vpc.cidr.overlaps(range)
    {
        findings
            .error("cluster.service_cidr", format!("{range} overlaps the VPC's {}", vpc.cidr))
            .advise("choose a range that shares no address with the VPC");
    }
}

/// EKS wants two zones.
fn zones(environment: &Environment, findings: &mut Findings<'_>) {
    match &environment.network.vpc {
        Vpc::Imported(vpc) => {
            let side = if vpc.private.is_empty() { &vpc.public } else { &vpc.private };
            if side.len() < 2 {
                findings.error("network.vpc.subnets", "EKS wants subnets in two zones").explain(
                    "two subnets at least, in different availability zones",
                    "list another one",
                );
            }
        }
        Vpc::Own(vpc) => {
            let side = if vpc.private.is_empty() { &vpc.public } else { &vpc.private };
            let named: Option<Vec<&String>> = side.iter().map(|it| it.zone.as_ref()).collect();
            let Some(named) = named else { return };
            if let [first, rest @ ..] = named.as_slice()
                && rest.iter().all(|zone| zone == first)
            {
                findings
                    .error(
                        "network.vpc.subnets",
                        format!(
                            "all of these subnets stand in zone {first}, and EKS wants two zones"
                        ),
                    )
                    .advise("write another `az` at one of them");
            }
        }
    }
}

/// Nodes in private subnets pull images, and reach AWS.
fn ways_out(environment: &Environment, kubernetes: &Kubernetes, findings: &mut Findings<'_>) {
    let Vpc::Own(vpc) = &environment.network.vpc else { return };
    let private = kubernetes.auto_mode()
        || !kubernetes.fargate_profiles.is_empty()
        || kubernetes.node_groups.values().any(|group| group.placement == Side::Private);
    if private && vpc.nat == Some(Nat::None) && vpc.endpoints.is_empty() {
        warn(findings.error(
            "network.vpc.nat",
            "private subnets have no way to the internet, so nodes there cannot pull images and cannot join the cluster",
        ))
        .advise("write `nat: single`, or list `endpoints`: `[tasks, ec2, eks, eks-auth, sts]` for images of ECR alone");
    }
}

/// Whether this path is written.
fn written(findings: &Findings<'_>, path: &str) -> bool {
    let mut node = findings.node;
    path.split('.').all(|step| {
        let entry = node.get(step);
        node = entry.map_or(node, |entry| &entry.node);
        entry.is_some()
    })
}

fn warn(problem: &mut Problem) -> &mut Problem {
    problem.severity = Severity::Warning;
    problem
}

/// A name that becomes part of AWS's.
fn name(path: &str, name: &str, findings: &mut Findings<'_>) {
    let Some(better) = name_problem(name) else { return };
    let problem = findings.error_of_key(path, format!("`{name}` is no name"));
    problem.explain(
        "lower-case letters, digits and single hyphens, starting with a letter, at most 40 characters",
        better.map_or_else(|| "choose another".to_owned(), |better| format!("write `{better}`")),
    );
}
