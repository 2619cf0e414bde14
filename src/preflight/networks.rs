//! Networks that somebody else made: VPC, subnets and security groups are there and fit each other,
//! and subnets to be made overlap none that are there.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use futures_util::future::join3;

use super::{Report, Subject};
use crate::aws::facts::networks::{self, Subnet as Found};
use crate::engine::{Address, Input};
use crate::resources::ec2::{SecurityGroup, Subnet, SubnetId, Vpc, VpcId};
use crate::resources::ecs::Service;
use crate::resources::elbv2::{LoadBalancer, TargetGroup};
use crate::resources::servicediscovery::Namespace;

const CHECK: &str = "network";
/// A load balancer takes so many addresses of each subnet as it grows.
const LOAD_BALANCER_NEEDS: i32 = 8;

/// What changed resources say of things that exist already, each with who says it.
#[derive(Default)]
struct Named {
    vpcs: BTreeMap<String, Address>,
    subnets: Vec<Group>,
    security_groups: BTreeMap<String, Address>,
}

/// Subnets that one resource stands in.
struct Group {
    address: Address,
    ids: Vec<String>,
    load_balancer: bool,
}

pub(super) async fn check(subject: &Subject<'_>, report: &Report) {
    let named = named(subject);
    let vpcs: BTreeSet<String> = named.vpcs.keys().cloned().collect();
    let groups: BTreeSet<String> = named.security_groups.keys().cloned().collect();
    let subnets: BTreeSet<String> =
        named.subnets.iter().flat_map(|group| group.ids.iter().cloned()).collect();
    join3(
        async {
            if !vpcs.is_empty() {
                match networks::vpcs(subject.cx, &vpcs).await {
                    Err(failure) => report.failed(CHECK, "VPCs", &failure),
                    Ok(found) => {
                        missing(subject, report, "VPC", &named.vpcs, |id| found.contains(id))
                    }
                }
            }
        },
        async {
            if !subnets.is_empty() {
                match networks::subnets(subject.cx, &subnets).await {
                    Err(failure) => report.failed(CHECK, "subnets", &failure),
                    Ok(found) => judge_subnets(subject, report, &named.subnets, &found),
                }
            }
        },
        async {
            if !groups.is_empty() {
                match networks::security_groups(subject.cx, &groups).await {
                    Err(failure) => report.failed(CHECK, "security groups", &failure),
                    Ok(found) => judge_groups(subject, report, &named.security_groups, &found),
                }
            }
        },
    )
    .await;
    overlaps(subject, report).await;
}

fn named(subject: &Subject<'_>) -> Named {
    let mut named = Named::default();
    let mut vpc = |address: Address, vpc: &Input<VpcId>| {
        if let Input::Known(id) = vpc {
            named.vpcs.entry(id.to_string()).or_insert(address);
        }
    };
    subject.changed::<SecurityGroup>().into_iter().for_each(|(at, it)| vpc(at, &it.vpc));
    subject.changed::<TargetGroup>().into_iter().for_each(|(at, it)| vpc(at, &it.vpc));
    subject.changed::<Namespace>().into_iter().for_each(|(at, it)| {
        if let Some(id) = &it.vpc {
            vpc(at, id);
        }
    });
    let known = |ids: &[Input<SubnetId>]| -> Vec<String> {
        let known = |id: &Input<SubnetId>| match id {
            Input::Known(id) => Some(id.to_string()),
            Input::Output(_) => None,
        };
        ids.iter().filter_map(known).collect()
    };
    for (address, balancer) in subject.changed::<LoadBalancer>() {
        let ids = known(&balancer.subnets);
        named.subnets.push(Group { address, ids, load_balancer: true });
    }
    for (address, service) in subject.changed::<Service>() {
        let Some(network) = service.network else { continue };
        for group in &network.security_groups {
            if let Input::Known(id) = group {
                named.security_groups.entry(id.to_string()).or_insert(address.clone());
            }
        }
        let ids = known(&network.subnets);
        named.subnets.push(Group { address, ids, load_balancer: false });
    }
    named.subnets.retain(|group| !group.ids.is_empty());
    named
}

fn missing(
    subject: &Subject<'_>,
    report: &Report,
    what: &str,
    named: &BTreeMap<String, Address>,
    is_there: impl Fn(&str) -> bool,
) {
    for (id, address) in named.iter().filter(|(id, _)| !is_there(id)) {
        not_there(subject, report, what, id, address);
    }
}

fn not_there(subject: &Subject<'_>, report: &Report, what: &str, id: &str, address: &Address) {
    report.error(
        CHECK,
        address,
        format!(
            "{what} {id} is not there: region {} of account {} has none of that id",
            subject.cx.region, subject.cx.account
        ),
        "correct its id in the manifest, or `region` and `account` of the environment".to_owned(),
    );
}

/// The environment's VPC, if it exists: the one that its manifest names, or its own.
fn vpc_of(subject: &Subject<'_>) -> Option<String> {
    let groups = subject.all::<SecurityGroup>();
    match &groups.first()?.1.vpc {
        Input::Known(id) => Some(id.to_string()),
        Input::Output(from) => {
            let live = subject.live.at(&from.address).next()?;
            live.outputs["id"].as_str().map(str::to_owned)
        }
    }
}

fn judge_subnets(
    subject: &Subject<'_>,
    report: &Report,
    groups: &[Group],
    found: &BTreeMap<String, Found>,
) {
    let vpc = vpc_of(subject);
    for group in groups {
        let address = &group.address;
        let mut zones = BTreeSet::new();
        for id in &group.ids {
            let Some(subnet) = found.get(id) else {
                not_there(subject, report, "subnet", id, address);
                continue;
            };
            zones.insert(subnet.zone.as_str());
            if let Some(vpc) = vpc.as_ref().filter(|vpc| **vpc != subnet.vpc) {
                report.error(
                    CHECK,
                    address,
                    format!(
                        "subnet {id} is not part of the environment's VPC: it is in {}, not {vpc}",
                        subnet.vpc
                    ),
                    "list subnets of one VPC in the environment's manifest".to_owned(),
                );
            }
            if group.load_balancer && subnet.free < LOAD_BALANCER_NEEDS {
                report.error(
                    CHECK,
                    address,
                    format!("subnet {id} is full: a load balancer needs {LOAD_BALANCER_NEEDS} free addresses, and {} are left", subnet.free),
                    "list a larger subnet in the environment's manifest".to_owned(),
                );
            } else if subnet.free == 0 {
                report.error(
                    CHECK,
                    address,
                    format!("subnet {id} is full: no task gets an address in it"),
                    "list a larger subnet in the environment's manifest".to_owned(),
                );
            }
        }
        let all = group.ids.iter().all(|id| found.contains_key(id));
        if all && zones.len() == 1 {
            let zone = zones.first().copied().unwrap_or_default();
            let text = format!("all its subnets are in zone {zone}");
            if group.load_balancer {
                report.error(
                    CHECK,
                    address,
                    format!("{text}: a load balancer needs subnets in two zones"),
                    "list a subnet of another zone in the environment's manifest".to_owned(),
                );
            } else if group.ids.len() > 1 {
                report.warning(
                    CHECK,
                    address,
                    format!("{text}: it ends with that zone"),
                    "list a subnet of another zone in the manifest".to_owned(),
                );
            }
        }
    }
}

fn judge_groups(
    subject: &Subject<'_>,
    report: &Report,
    named: &BTreeMap<String, Address>,
    found: &BTreeMap<String, String>,
) {
    missing(subject, report, "security group", named, |id| found.contains_key(id));
    let Some(vpc) = vpc_of(subject) else { return };
    for (id, of) in found.iter().filter(|(_, of)| **of != vpc) {
        if let Some(address) = named.get(id) {
            report.error(
                CHECK,
                address,
                format!("security group {id} is not part of the environment's VPC: it is in {of}, not {vpc}"),
                "name a group of the environment's VPC under `network.vpc.security_groups`".to_owned(),
            );
        }
    }
}

/// Subnets to be made in a VPC that exists: others may stand there already.
async fn overlaps(subject: &Subject<'_>, report: &Report) {
    let made = subject.made("ec2/subnet");
    let new: Vec<(Address, Subnet)> = subject
        .changed::<Subnet>()
        .into_iter()
        .filter(|(address, _)| made.contains(address))
        .collect();
    let Some(vpc) = vpc_of(subject).filter(|_| !new.is_empty()) else { return };
    // A VPC that is replaced takes its subnets along.
    if subject.changed::<Vpc>().iter().any(|(address, _)| subject.made("ec2/vpc").contains(address))
    {
        return;
    }
    let there = match networks::subnets_of(subject.cx, &vpc).await {
        Ok(there) => there,
        Err(failure) => return report.failed(CHECK, "subnets", &failure),
    };
    // Our own are the engine's business: what leaves the manifest goes, what stays is known not to overlap.
    let own: BTreeSet<&str> = subject
        .live
        .seen
        .of("ec2/subnet")
        .iter()
        .filter_map(|it| it.outputs["id"].as_str())
        .collect();
    for (address, subnet) in &new {
        for other in there.values().filter(|it| !own.contains(it.id.as_str())) {
            if overlap(&subnet.cidr, &other.cidr) {
                report.error(
                    CHECK,
                    address,
                    format!("its range {} is taken: subnet {} of {vpc} has {}", subnet.cidr, other.id, other.cidr),
                    "choose another `cidr` under `network.vpc.subnets` in the environment's manifest".to_owned(),
                );
            }
        }
    }
}

/// Whether two IPv4 ranges share an address; what is no range overlaps nothing.
fn overlap(one: &str, other: &str) -> bool {
    let range = |text: &str| {
        let (address, prefix) = text.split_once('/')?;
        let (address, prefix) = (address.parse::<Ipv4Addr>().ok()?, prefix.parse::<u32>().ok()?);
        let size = 1u64.checked_shl(32u32.checked_sub(prefix)?)?;
        let first = u64::from(u32::from(address));
        Some((first, first + size - 1))
    };
    match (range(one), range(other)) {
        (Some(one), Some(other)) => one.0 <= other.1 && other.0 <= one.1,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn ranges_overlap_where_they_share_an_address() {
        for (one, other, wanted) in [
            ("10.0.0.0/24", "10.0.0.128/25", true),
            ("10.0.0.0/24", "10.0.1.0/24", false),
            ("0.0.0.0/0", "10.0.1.0/24", true),
            ("10.0.0.0/24", "nonsense", false),
        ] {
            assert_eq!(super::overlap(one, other), wanted, "{one} {other}");
        }
    }
}
