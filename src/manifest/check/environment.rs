//! Environments: networks that AWS would refuse, and what does not go together.

use super::{Explain, Findings};
use crate::manifest::Problem;
use crate::manifest::environment::{
    ContainerInsights, Environment, Nat, Protocol, SubnetMap, Vpc, VpcMap, Zones,
};
use crate::manifest::loader::File;
use crate::manifest::problem::Span;
use crate::manifest::read::Reader;
use crate::manifest::yaml::Node;

/// The map `network.vpc`, in which two forms share their keys.
pub(crate) fn vpc(map: &VpcMap, node: &Node, key: Span, reader: &mut Reader) {
    let source = reader.source.clone();
    let mut problems = Vec::new();
    let findings =
        &mut Findings { source: &source, node, unread: Vec::new(), problems: &mut problems };
    if map.id.is_some() {
        imported(map, key, findings)
    } else {
        own(map, key, findings)
    }
    reader.problems.append(&mut problems);
}

fn imported(map: &VpcMap, key: Span, findings: &mut Findings<'_>) {
    for field in ["cidr", "zones", "nat", "endpoints", "ipv6"] {
        if findings.node.get(field).is_some_and(|entry| !entry.node.is_null()) {
            findings
                .error(
                    field,
                    format!("`{field}` describes a new VPC, but `id` names an existing one"),
                )
                .advise(format!("remove `{field}`, or `id`"));
        }
    }
    for (side, subnets) in sides(map) {
        for (index, subnet) in subnets.iter().enumerate() {
            if subnet.id.is_none() {
                findings
                    .error(&format!("subnets.{side}.{index}"), "this subnet has no `id`")
                    .explain("the id of a subnet of the existing VPC", "write `id: subnet-...`");
            } else if subnet.cidr.is_some() || subnet.az.is_some() {
                findings
                    .error(
                        &format!("subnets.{side}.{index}"),
                        "`cidr` and `az` describe a new subnet, but `id` names an existing one",
                    )
                    .advise("keep only `id`");
            }
            let first = subnets.iter().position(|other| other.id == subnet.id).unwrap_or(index);
            if first < index && subnet.id.is_some() {
                findings
                    .error(&format!("subnets.{side}.{index}.id"), "this subnet stands here twice")
                    .advise("remove one of the two");
            }
        }
        if subnets.len() == 1 {
            findings
                .error(&format!("subnets.{side}"), format!("there is only one {side} subnet"))
                .explain(
                    "at least two, in different availability zones",
                    "a load balancer needs two zones: add another `- id: subnet-...`",
                );
        }
    }
    if map.subnets.public.is_empty() && map.subnets.private.is_empty() {
        findings.error_at(key, "an existing VPC needs its subnets").explain(
            "at least two under `subnets.public` or `subnets.private`",
            "add `subnets:` with `private:` and below it `- id: subnet-...`",
        );
    }
}

fn own(map: &VpcMap, key: Span, findings: &mut Findings<'_>) {
    let cidr = map.cidr.unwrap_or(crate::manifest::environment::DEFAULT_CIDR);
    if !(16..=28).contains(&cidr.prefix()) {
        findings
            .error("cidr", format!("a VPC cannot have the range {cidr}"))
            .explain("a prefix from /16 to /28", "10.0.0.0/16 is a good choice");
    }
    for (index, name) in map.endpoints.iter().enumerate() {
        if map.endpoints[..index].contains(name) {
            findings
                .error(&format!("endpoints.{index}"), format!("`{name}` stands here twice"))
                .advise("a VPC has one endpoint for a service: remove one of the two");
        }
    }
    let zones = map.zones.as_ref().map(Zones::count);
    let mut placed: Vec<(String, crate::manifest::Cidr)> = Vec::new();
    for (side, subnets) in sides(map) {
        if !subnets.is_empty() {
            count_of_subnets(side, subnets.len(), zones, findings);
        }
        for (index, subnet) in subnets.iter().enumerate() {
            let path = format!("subnets.{side}.{index}");
            if subnet.id.is_some() {
                findings
                    .error(
                        &format!("{path}.id"),
                        "`id` names an existing subnet, but the VPC has no `id`",
                    )
                    .advise("add `id: vpc-...` to use an existing VPC, or write `cidr` here");
                continue;
            }
            let Some(range) = subnet.cidr else {
                findings.error(&path, "this subnet has no `cidr`").explain(
                    "the range of the new subnet",
                    "write `cidr: 10.0.0.0/20`, or remove the whole list",
                );
                continue;
            };
            let path = format!("{path}.cidr");
            if !(16..=28).contains(&range.prefix()) {
                findings.error(&path, format!("a subnet cannot have the range {range}")).expected =
                    Some("a prefix from /16 to /28".into());
            } else if !cidr.contains(range) {
                findings
                    .error(&path, format!("{range} lies outside the VPC's {cidr}"))
                    .advise("choose a range within the VPC, or widen `network.vpc.cidr`");
            } else if let Some((other, with)) =
                placed.iter().find(|(_, placed)| placed.overlaps(range))
            {
                let message = format!("{range} overlaps {with}");
                let first = findings.node.place(other);
                let problem = findings.error(&path, message);
                *problem = problem
                    .clone()
                    .also(first, "the other range")
                    .help("choose ranges that share no address");
            }
            placed.push((path, range));
        }
    }
    let names = map
        .zones
        .as_ref()
        .and_then(|zones| if let Zones::Names(names) = zones { Some(names) } else { None });
    if let (Some(names), Some(written)) =
        (names, map.zones.as_ref().and(findings.node.get("zones")))
    {
        let span = written.span;
        if names.iter().enumerate().any(|(index, name)| names[..index].contains(name)) {
            findings
                .error_at(span, "a zone is listed twice")
                .advise("list each availability zone once");
        }
    }
    if map.nat.is_some_and(|nat| nat != Nat::None)
        && map.subnets.private.is_empty()
        && !map.subnets.public.is_empty()
    {
        findings.error("nat", "a NAT gateway serves private subnets, and none are listed").advise(
            "list `subnets.private` too, or remove `subnets` to have both cut from the VPC's range",
        );
    }
    let wanted = zones.unwrap_or(2);
    let fits = 1usize << 28u8.saturating_sub(cidr.prefix()).min(4);
    if map.subnets.public.is_empty()
        && map.subnets.private.is_empty()
        && wanted * 2 > fits
        && cidr.prefix() <= 28
        && cidr.prefix() >= 16
    {
        findings
            .error_at(
                key,
                format!("{cidr} is too small for {wanted} public and {wanted} private subnets"),
            )
            .advise("choose a range of /24 or larger, or list the subnets");
    }
    if let (public @ 1.., private @ 1..) = (map.subnets.public.len(), map.subnets.private.len())
        && public != private
    {
        findings
            .error("subnets", format!("there are {public} public and {private} private subnets"))
            .explain(
                "one of each in every zone",
                "add or remove subnets until both lists are equally long",
            );
    }
}

fn count_of_subnets(side: &str, count: usize, zones: Option<usize>, findings: &mut Findings<'_>) {
    if count < 2 {
        findings
            .error(&format!("subnets.{side}"), format!("there is only one {side} subnet"))
            .explain(
                "at least two, in different availability zones",
                "a load balancer needs two zones: add another `- cidr: ...`",
            );
    } else if let Some(zones) = zones.filter(|zones| *zones != count) {
        findings
            .error(
                &format!("subnets.{side}"),
                format!("there are {count} {side} subnets for {zones} zones"),
            )
            .explain(format!("{zones} subnets, one per zone"), "change the list, or `zones`");
    }
}

fn sides(map: &VpcMap) -> [(&'static str, &[SubnetMap]); 2] {
    [("public", &map.subnets.public), ("private", &map.subnets.private)]
}

/// What goes together in an environment.
pub(crate) fn environment(
    environment: &Environment,
    file: &File,
    unread: &[Problem],
    problems: &mut Vec<Problem>,
) {
    let unread = unread.iter().map(|problem| problem.span).collect();
    let findings = &mut Findings { source: &file.source, node: &file.node, unread, problems };
    if findings.sound(&["cluster", "network"]) {
        super::capacity::environment(environment, findings);
        super::kubernetes::environment(environment, findings);
    }
    if findings.sound(&["mesh", "discovery"]) {
        super::mesh::environment(environment, findings);
    }
    if environment.review.is_some() {
        let why = match (&environment.cluster.existing, &environment.cluster.kubernetes) {
            (Some(_), _) => Some("one that exists is never changed"),
            (_, Some(_)) => Some("that works on ECS only"),
            _ => None,
        };
        if let Some(why) = why {
            findings
                .error_of_key(
                    "review",
                    format!("when an environment ends is kept in a tag of its cluster, and {why}"),
                )
                .advise("remove `review`, or let the environment have an ECS cluster of its own");
        }
    }
    let measured = environment.observability.container_insights != ContainerInsights::Disabled;
    if environment.cluster.existing.is_some() && measured {
        findings
            .error(
                "observability.container_insights",
                "Container Insights is a setting of the cluster, and one that exists is never changed",
            )
            .advise("remove it: the cluster's owner turns it on");
    }
    let rules = &environment.network.security_group;
    if !findings.sound(&["network", "http", "role", "discovery"]) {
        return;
    }
    for (side, rules) in [("ingress", &rules.ingress), ("egress", &rules.egress)] {
        for (index, rule) in rules.iter().enumerate() {
            let path = format!("network.vpc.security_group.{side}.{index}");
            match (rule.ip_protocol, rule.ports) {
                (Protocol::Tcp | Protocol::Udp, None) => findings
                    .error(&path, format!("a rule for {} needs `ports`", rule.ip_protocol))
                    .explain(
                        "a port or a range",
                        "write `ports: 443`, or `ports: \"0-65535\"` for all",
                    ),
                // Copilot wants `ports` for these, too, and EC2 opens all whatever is said.
                (Protocol::Icmp | Protocol::All, Some(ports))
                    if ![(0, 0), (0, u16::MAX)].contains(&ports) =>
                {
                    findings
                        .error(
                            &format!("{path}.ports"),
                            format!("a rule for `{}` holds for all ports", rule.ip_protocol),
                        )
                        .advise("remove `ports`, or write `ip_protocol: tcp`");
                }
                _ => {}
            }
        }
    }
    let http = &environment.http;
    for (path, certificates, policy) in [
        ("http.public", &http.public.certificates, &http.public.ssl_policy),
        ("http.private", &http.private.certificates, &http.private.ssl_policy),
    ] {
        // A domain may bring one for the public load balancer: see `domains`.
        if policy.is_some() && certificates.is_empty() && path == "http.private" {
            findings
                .error(
                    &format!("{path}.ssl_policy"),
                    "`ssl_policy` means nothing without a certificate",
                )
                .advise("list a certificate's ARN under `certificates`, or remove `ssl_policy`");
        }
        for (index, certificate) in certificates.iter().enumerate() {
            let service = certificate.split(':').nth(2);
            if !matches!(service, Some("acm" | "iam")) {
                findings
                    .error(
                        &format!("{path}.certificates.{index}"),
                        "this is not the ARN of a certificate",
                    )
                    .explain(
                        "`arn:aws:acm:REGION:ACCOUNT:certificate/ID`",
                        "`aws acm list-certificates` prints them",
                    );
            }
        }
    }
    if let Some(role) = environment.role.as_ref().filter(|role| !role.contains(":role/")) {
        findings
            .error("role", format!("`{role}` is not the ARN of a role"))
            .explain("`arn:aws:iam::ACCOUNT:role/NAME`", "`aws iam list-roles` prints them");
    }
    super::discovery::environment(environment, findings);
    super::connect::environment(environment, findings);
    if let Vpc::Imported(vpc) = &environment.network.vpc
        && vpc.private.is_empty()
        && !http.private.subnets.is_empty()
    {
        findings
            .error("http.private.subnets", "the VPC lists no private subnets")
            .advise("list these under `network.vpc.subnets.private` too");
    }
}
