//! Quotas of the account: what the plan makes fits beside what is there.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::{Report, Subject};
use crate::aws::facts::quotas::{self, Counted};
use crate::engine::{Address, Failure, Input};
use crate::resources::autoscaling::AutoScalingGroup;
use crate::resources::ec2::{Direction, NatGateway, SecurityGroupRule, Subnet};
use crate::resources::ecs::{Service, TaskDefinition};
use crate::resources::elbv2::{Listener, ListenerRule};

const CHECK: &str = "quota";

/// A quota of which the account's whole use counts.
struct Row {
    /// The kind that uses it up.
    kind: &'static str,
    /// Service Quotas' codes of the service and the quota.
    code: (&'static str, &'static str),
    /// What it counts, in the plural.
    what: &'static str,
    counted: Counted,
    /// Up to so many no account is short, and the quota need not be asked.
    plenty: usize,
}

const fn row(
    kind: &'static str,
    code: (&'static str, &'static str),
    what: &'static str,
    counted: Counted,
    plenty: usize,
) -> Row {
    Row { kind, code, what, counted, plenty }
}

const ROWS: &[Row] = &[
    row("ec2/vpc", ("vpc", "L-F678F1CE"), "VPCs", Counted::Vpcs, 0),
    row(
        "ec2/internet-gateway",
        ("vpc", "L-A4707A72"),
        "internet gateways",
        Counted::InternetGateways,
        0,
    ),
    row("ec2/elastic-ip", ("ec2", "L-0263D0A3"), "elastic IP addresses", Counted::ElasticIps, 0),
    row(
        "ec2/security-group",
        ("vpc", "L-E79EC296"),
        "security groups",
        Counted::SecurityGroups,
        500,
    ),
    row(
        "elbv2/load-balancer",
        ("elasticloadbalancing", "L-53DA6B97"),
        "application load balancers",
        Counted::LoadBalancers,
        10,
    ),
    row(
        "elbv2/target-group",
        ("elasticloadbalancing", "L-B22855CB"),
        "target groups",
        Counted::TargetGroups,
        1000,
    ),
    row("eks/cluster", ("eks", "L-1194D53C"), "EKS clusters", Counted::KubernetesClusters, 10),
    row("appmesh/mesh", ("appmesh", "L-AC861A39"), "meshes", Counted::Meshes, 0),
    row(
        "servicediscovery/namespace",
        ("AWSCloudMap", "L-0FE3F50E"),
        "Cloud Map namespaces",
        Counted::Namespaces,
        10,
    ),
    row(
        "vpclattice/service-network",
        ("vpc-lattice", "L-9CAD07FB"),
        "service networks",
        Counted::ServiceNetworks,
        10,
    ),
    row("s3/bucket", ("s3", "L-DC2B2D3D"), "buckets", Counted::Buckets, 10_000),
];

/// A need within one resource, which the plan itself shows: nothing is counted in AWS.
pub(super) struct Need {
    pub(super) code: (&'static str, &'static str),
    pub(super) address: Address,
    /// `rules of one security group`.
    pub(super) what: String,
    pub(super) wanted: f64,
    pub(super) plenty: f64,
    pub(super) sure: bool,
}

pub(super) async fn check(subject: &Subject<'_>, report: &Report) {
    let rows = ROWS.iter().filter_map(|row| {
        let made = subject.made(row.kind);
        let first = (*made.first()?).clone();
        Some((row, first, made.len()))
    });
    let shared = join_all(rows.map(|(row, address, made)| async move {
        if let Err(failure) = of_account(subject, report, row, &address, made).await {
            report.failed(CHECK, "quotas", &failure);
        }
    }));
    let needs = needs(subject);
    let own = join_all(needs.iter().map(|need| async move {
        match quotas::quota(subject.cx, need.code.0, need.code.1).await {
            Err(failure) => report.failed(CHECK, "quotas", &failure),
            Ok(quota) => judge(report, need, quota),
        }
    }));
    let ((), (), (), ()) = tokio::join!(
        async { drop(shared.await) },
        async { drop(own.await) },
        roles(subject, report),
        nat_gateways(subject, report),
    );
}

async fn of_account(
    subject: &Subject<'_>,
    report: &Report,
    row: &Row,
    address: &Address,
    made: usize,
) -> Result<(), Failure> {
    let used = quotas::count(subject.cx, row.counted).await?;
    if used + made <= row.plenty {
        return Ok(());
    }
    if let Some(quota) = quotas::quota(subject.cx, row.code.0, row.code.1).await? {
        exceed(report, address, row.what, "", used, made, quota, row.code);
    }
    Ok(())
}

/// `4 of 5 VPCs are used, and this plan makes 2 more`, if that is more than there may be.
#[expect(clippy::too_many_arguments, reason = "all of them stand in the one sentence")]
fn exceed(
    report: &Report,
    address: &Address,
    what: &str,
    place: &str,
    used: usize,
    made: usize,
    quota: f64,
    code: (&str, &str),
) {
    if (used + made) as f64 <= quota {
        return;
    }
    report.error(
        CHECK,
        address,
        format!("the account's quota is too small: {used} of {quota} {what}{place} are used, and this plan makes {made} more"),
        raise(code),
    );
}

fn raise(code: (&str, &str)) -> String {
    format!(
        "delete what is no longer needed, or raise it: `aws service-quotas request-service-quota-increase --service-code {} --quota-code {} --desired-value …`",
        code.0, code.1
    )
}

fn judge(report: &Report, need: &Need, quota: Option<f64>) {
    let Some(quota) = quota.filter(|quota| need.wanted > *quota) else { return };
    let message = format!(
        "the account's quota is too small: this needs {} {}, and {quota} are allowed",
        need.wanted, need.what
    );
    if need.sure {
        report.error(CHECK, &need.address, message, raise(need.code));
    } else {
        report.warning(CHECK, &need.address, message, raise(need.code));
    }
}

/// Roles: IAM says quota and use in one answer.
async fn roles(subject: &Subject<'_>, report: &Report) {
    let made = subject.made("iam/role");
    let Some(first) = made.first() else { return };
    match quotas::roles(subject.cx).await {
        Ok(Some((used, quota))) => {
            let code = ("iam", "L-FE177D64");
            exceed(report, first, "roles", "", used, made.len(), quota as f64, code);
        }
        Ok(None) => {}
        Err(failure) => report.failed(CHECK, "quotas of IAM", &failure),
    }
}

/// NAT gateways, which are counted in each zone.
async fn nat_gateways(subject: &Subject<'_>, report: &Report) {
    let mut made: BTreeMap<String, Vec<Address>> = BTreeMap::new();
    let new = subject.made("ec2/nat-gateway");
    for (address, gateway) in subject.changed::<NatGateway>() {
        if let Some(Input::Output(from)) = &gateway.subnet
            && new.contains(&address)
            && let Some(subnet) = subject.wanted::<Subnet>(&from.address)
        {
            made.entry(subnet.zone).or_default().push(address);
        }
    }
    if made.is_empty() {
        return;
    }
    let code = ("vpc", "L-FE5A380F");
    let (used, quota) =
        tokio::join!(quotas::nat_gateways(subject.cx), quotas::quota(subject.cx, code.0, code.1));
    match (used, quota) {
        (Ok(used), Ok(Some(quota))) => {
            for (zone, addresses) in &made {
                let used = used.get(zone).copied().unwrap_or_default();
                let place = format!(" in zone {zone}");
                exceed(
                    report,
                    &addresses[0],
                    "NAT gateways",
                    &place,
                    used,
                    addresses.len(),
                    quota,
                    code,
                );
            }
        }
        (Err(failure), _) | (_, Err(failure)) => report.failed(CHECK, "quotas", &failure),
        (_, Ok(None)) => {}
    }
}

/// What is needed within single resources, as far as it is worth asking.
fn needs(subject: &Subject<'_>) -> Vec<Need> {
    let mut needs = Vec::new();
    rules_of_groups(subject, &mut needs);
    rules_of_balancers(subject, &mut needs);
    services(subject, &mut needs);
    super::meshes::needs(subject, &mut needs);
    vcpus(subject, &mut needs);
    instances(subject, &mut needs);
    needs.retain(|need| need.wanted > need.plenty);
    needs
}

fn rules_of_groups(subject: &Subject<'_>, needs: &mut Vec<Need>) {
    let made = subject.made("ec2/security-group-rule");
    let mut counts: BTreeMap<(String, bool), (usize, Option<Address>)> = BTreeMap::new();
    for (address, rule) in subject.all::<SecurityGroupRule>() {
        let Input::Output(group) = &rule.group else { continue };
        let key = (group.address.to_string(), matches!(rule.direction, Direction::Ingress));
        let entry = counts.entry(key).or_default();
        entry.0 += 1;
        if made.contains(&address) {
            entry.1.get_or_insert(address);
        }
    }
    for ((group, ingress), (count, address)) in counts {
        let Some(address) = address else { continue };
        let way = if ingress { "inbound" } else { "outbound" };
        needs.push(Need {
            code: ("vpc", "L-0EA8095F"),
            address,
            what: format!("{way} rules in {group}"),
            wanted: count as f64,
            plenty: 50.0,
            sure: true,
        });
    }
}

fn rules_of_balancers(subject: &Subject<'_>, needs: &mut Vec<Need>) {
    let made = subject.made("elbv2/listener-rule");
    let Some(first) = made.first() else { return };
    let mut rules: BTreeMap<Address, Address> = BTreeMap::new();
    for (address, rule) in subject.all::<ListenerRule>() {
        let Input::Output(listener) = &rule.listener else { continue };
        if let Some(Input::Output(balancer)) =
            subject.wanted::<Listener>(&listener.address).map(|listener| listener.load_balancer)
        {
            rules.insert(address, balancer.address);
        }
    }
    // Services of other repositories have their rules on the same load balancers.
    let others = subject
        .live
        .seen
        .of("elbv2/listener-rule")
        .iter()
        .filter(|live| !rules.contains_key(&live.identity.address));
    let others = others.count();
    let balancers: BTreeSet<&Address> = rules.values().collect();
    for balancer in balancers {
        let own = rules.values().filter(|it| *it == balancer).count();
        needs.push(Need {
            code: ("elasticloadbalancing", "L-7EED9B64"),
            address: (*first).clone(),
            what: format!("rules on {balancer}"),
            wanted: (own + others) as f64,
            plenty: 90.0,
            sure: others == 0,
        });
    }
}

fn services(subject: &Subject<'_>, needs: &mut Vec<Need>) {
    let made = subject.made("ecs/service");
    let Some(first) = made.first() else { return };
    let mut all: BTreeSet<&Address> =
        subject.desired.nodes.keys().filter(|address| address.kind() == "ecs/service").collect();
    all.extend(subject.live.seen.of("ecs/service").iter().map(|live| &live.identity.address));
    needs.push(Need {
        code: ("ecs", "L-9EF96962"),
        address: (*first).clone(),
        what: "services in the cluster".to_owned(),
        wanted: all.len() as f64,
        plenty: 1000.0,
        sure: true,
    });
}

/// Classes of instances, each with quotas of its own: the families' letters, the quotas' codes for On-Demand and for Spot, the
/// class's name, and how many vCPUs every account has.
type Class = (&'static [&'static str], [&'static str; 2], &'static str, f64);
const CLASSES: &[Class] = &[
    (&["g", "gr", "vt"], ["L-DB2E81BA", "L-3819A6DF"], "G and VT", 0.0),
    (&["p"], ["L-417A185B", "L-7212CCBC"], "P", 0.0),
    (
        &["a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"],
        ["L-1216C47A", "L-34B43A08"],
        "standard",
        5.0,
    ),
];

/// vCPUs of EC2 instances that the groups of this plan have when they are as large as they may be.
fn instances(subject: &Subject<'_>, needs: &mut Vec<Need>) {
    let changed = subject.changed::<AutoScalingGroup>();
    let Some((first, _)) = changed.first() else { return };
    for (families, codes, class, plenty) in CLASSES {
        let mut wanted = [0.0, 0.0];
        for (_, group) in subject.all::<AutoScalingGroup>() {
            let of = |one: &&String| families.contains(&family(one));
            let size = group.instance_types.iter().filter(of).filter_map(|one| cpus(one)).max();
            let above = f64::from(group.max - group.on_demand_base).max(0.0);
            let share = (above * f64::from(group.on_demand_percentage) / 100.0).ceil();
            let on_demand = f64::from(group.max.min(group.on_demand_base)) + share;
            let size = f64::from(size.unwrap_or_default());
            wanted[0] += on_demand * size;
            wanted[1] += (f64::from(group.max) - on_demand) * size;
        }
        for ((code, how), wanted) in codes.iter().zip(["On-Demand", "Spot"]).zip(wanted) {
            needs.push(Need {
                code: ("ec2", code),
                address: first.clone(),
                what: format!(
                    "vCPUs of {class} {how} instances when its groups are at their `max`"
                ),
                wanted,
                plenty: *plenty,
                sure: false,
            });
        }
    }
}

/// The letters of an instance type: `m` of `m7g.large`.
fn family(name: &str) -> &str {
    let end = name.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(name.len());
    &name[..end]
}

/// The vCPUs of an instance type by its size, as far as that says it.
fn cpus(name: &str) -> Option<u32> {
    match name.split_once('.')?.1 {
        "medium" if family(name) != "t" => Some(1),
        "nano" | "micro" | "small" | "medium" | "large" => Some(2),
        "xlarge" => Some(4),
        size => size.strip_suffix("xlarge")?.parse::<u32>().ok().map(|times| times * 4),
    }
}

/// vCPUs of Fargate that the services of this plan want together. What runs elsewhere in the
/// account comes on top, and is not counted.
fn vcpus(subject: &Subject<'_>, needs: &mut Vec<Need>) {
    let made: BTreeSet<&Address> = subject
        .changing()
        .filter(|step| matches!(step.address.kind(), "ecs/service" | "ecs/task-definition"))
        .map(|step| &step.address)
        .collect();
    let Some(first) = made.first() else { return };
    let mut units = 0;
    for (_, service) in subject.all::<Service>() {
        let on_demand = match service.capacity_provider_strategy.as_slice() {
            [] => service.launch_type.as_deref() == Some("FARGATE"),
            list => {
                list.iter().all(|item| item.capacity_provider == Input::Known("FARGATE".into()))
            }
        };
        let Input::Output(from) = &service.task_definition else { continue };
        let cpu = subject.wanted::<TaskDefinition>(&from.address).and_then(|task| task.cpu);
        if on_demand {
            let tasks = service.desired_count.or(service.initial_count).unwrap_or_default();
            units += i64::from(cpu.unwrap_or_default()) * i64::from(tasks);
        }
    }
    needs.push(Need {
        code: ("fargate", "L-3032A538"),
        address: (*first).clone(),
        what: "vCPUs of Fargate for the services of this plan".to_owned(),
        wanted: units as f64 / 1024.0,
        // New accounts have two at least.
        plenty: 2.0,
        sure: false,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_says_how_much_there_is() {
        let report = Report::default();
        let address = Address::new("ec2/vpc", "main");
        exceed(&report, &address, "VPCs", "", 3, 2, 5.0, ("vpc", "L-F678F1CE"));
        exceed(&report, &address, "VPCs", "", 4, 2, 5.0, ("vpc", "L-F678F1CE"));
        let lines: Vec<String> = report
            .into_findings()
            .into_iter()
            .map(|it| format!("{}: {}", it.message, it.why))
            .collect();
        assert_eq!(
            lines,
            ["the account's quota is too small: 4 of 5 VPCs are used, and this plan makes 2 more"]
        );
    }
}
