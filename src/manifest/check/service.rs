//! A service in one environment.

use std::sync::Arc;

use super::{
    Explain, Findings, capacity, connect, containers, deployment, discovery, http, job, kubernetes,
    mesh, messaging, nlb, policy, scaling, settings,
};
use crate::manifest::environment::{Environment, Nat, Vpc};
use crate::manifest::problem::{Problem, Severity, Source};
use crate::manifest::read::Reader;
use crate::manifest::service::{
    Count, CountMap, NetworkMode, Placement, Runs, ServiceManifest, ServiceType,
};
use crate::manifest::yaml::Node;

/// The map `count`, in which two forms share their keys.
pub(crate) fn count(map: &CountMap, node: &Node, reader: &mut Reader) {
    let source = reader.source.clone();
    let mut problems = Vec::new();
    let findings =
        &mut Findings { source: &source, node, unread: Vec::new(), problems: &mut problems };
    let metrics =
        ["cpu_percentage", "memory_percentage", "requests", "response_time", "queue_delay"];
    let metric = metrics
        .into_iter()
        .chain(["steps", "schedules"])
        .find(|metric| node.get(metric).is_some_and(|entry| !entry.node.is_null()));
    if let Some(range) = &map.range {
        if range.min > range.max {
            findings
                .error(
                    "range",
                    format!("the range starts at {} and ends at {}", range.min, range.max),
                )
                .explain("the smaller number first", format!("write {}-{}", range.max, range.min));
        }
        if range.spot_from.is_some_and(|from| from > range.max) {
            findings
                .error(
                    "range.spot_from",
                    "`spot_from` is larger than `max`, so no task would run on Fargate Spot",
                )
                .explain(
                    format!("a number from 1 to {}", range.max),
                    "1 runs all tasks on Fargate Spot",
                );
        }
        if metric.is_none() {
            findings
                .error("range", "a range needs a target that says how many tasks to run")
                .explain(
                    crate::manifest::read::list(&metrics),
                    "add `cpu_percentage: 70` below `count:`",
                );
        }
    } else if let Some(metric) = metric {
        findings
            .error(metric, format!("`{metric}` needs a range to scale within"))
            .advise("add `range: 1-10` below `count:`");
    } else if map.cooldown.scale_in.or(map.cooldown.scale_out).is_some() {
        findings
            .error("cooldown", "`cooldown` means nothing without autoscaling")
            .advise("add `range` and a target, or remove it");
    } else if map.spot.is_none() {
        findings.error("", "`count` is a map that says nothing").explain(
            "`spot`, or `range` with a target",
            "write a number for a fixed count: `count: 2`",
        );
    }
    scaling::steps(&map.steps, findings);
    scaling::schedules(&map.schedules, findings);
    if map.spot.is_some() && (map.range.is_some() || metric.is_some()) {
        findings.error("spot", "`spot` is a fixed count, and does not go with autoscaling").advise(
            "write `range: {min: 1, max: 10, spot_from: 1}` for autoscaling on Fargate Spot",
        );
    }
    for (name, zero) in [
        ("requests", map.requests.as_ref().is_some_and(|goal| goal.value == 0)),
        ("response_time", map.response_time.as_ref().is_some_and(|goal| goal.value.is_zero())),
    ] {
        if zero {
            findings.error(name, format!("`{name}` is zero, which nothing can reach")).expected =
                Some("more than zero".into());
        }
    }
    if let Some(delay) = &map.queue_delay {
        if delay.msg_processing_time.is_zero() {
            findings
                .error("queue_delay.msg_processing_time", "no message is processed in no time")
                .expected = Some("more than zero".into());
        } else if delay.acceptable_latency < delay.msg_processing_time {
            findings
                .error(
                    "queue_delay.acceptable_latency",
                    "a message would wait shorter than a task takes to process one",
                )
                .advise("write an `acceptable_latency` of at least `msg_processing_time`");
        }
    }
    reader.problems.append(&mut problems);
}

/// What `settings` looks at.
const SETTINGS: &[&str] = &[
    "sidecars",
    "ulimits",
    "stop_timeout",
    "start_timeout",
    "restart_policy",
    "linux",
    "system_controls",
    "extra_hosts",
    "dns",
    "hostname",
    "pid_mode",
    "ipc_mode",
];

/// Everything about a service as it is in one environment; `None` when that has problems itself.
pub(crate) fn service(
    service: &ServiceManifest,
    node: &Node,
    environment: Option<&Environment>,
    source: &Arc<Source>,
    problems: &mut Vec<Problem>,
) {
    let unread = problems.iter().map(|problem| problem.span).collect();
    let findings = &mut Findings { source, node, unread, problems };
    if findings.sound(&["type", "on", "timeout", "retries", "count", "sidecars"]) {
        job::job(service, findings);
    }
    let of_eks = |one: &&Environment| one.cluster.kubernetes.is_some();
    if let Some(environment) = environment.filter(of_eks) {
        on_eks(service, environment, findings);
        return;
    }
    if let Some(environment) = environment {
        kubernetes::on_ecs(service, environment, findings);
    }
    if findings.sound(&[
        "capacity",
        "network",
        "count",
        "platform",
        "placement",
        "image",
        "sidecars",
    ]) {
        capacity::capacity(service, environment, findings);
    }
    if findings.sound(&["image", "sidecars", "storage", "variables", "secrets", "logging"]) {
        containers::containers(service, findings);
    }
    if findings.sound(SETTINGS) {
        settings::settings(service, environment, findings);
    }
    on_both(service, findings);
    if findings.sound(&["deployment", "network", "image", "http", "sidecars", "discovery"]) {
        scaling::rollback(service, findings);
        connect::connect(service, environment, findings);
        discovery::service(service, environment, findings);
    }
    if findings.sound(&["deployment", "network", "http", "nlb", "count"])
        && service.service_type != ServiceType::ScheduledJob
    {
        deployment::deployment(service, environment, findings);
    }
    if findings.sound(&["mesh", "network", "image", "sidecars", "platform"]) {
        mesh::service(service, environment, findings);
    }
    if !findings.sound(&["network", "count", "http"]) {
        return;
    }
    if service.formerly.as_deref() == Some(&service.name) {
        findings
            .error("formerly", "`formerly` is the name that the service has now")
            .advise("remove the line");
    }
    if service.network.vpc.security_groups.deny_default
        && service.network.vpc.security_groups.groups.is_empty()
    {
        findings
            .error(
                "network.vpc.security_groups.deny_default",
                "without the environment's security group the tasks have none",
            )
            .advise("list at least one of your own under `groups`");
    }
    let groups = service.network.vpc.security_groups.groups.len()
        + usize::from(!service.network.vpc.security_groups.deny_default);
    if groups > 5 {
        findings
            .error(
                "network.vpc.security_groups",
                format!("the tasks would have {groups} security groups"),
            )
            .explain("at most 5, the environment's included", "merge some of them");
    }
    if let Some(environment) = environment {
        in_environment(service, environment, findings);
    }
}

/// What holds on ECS and on EKS.
fn on_both(service: &ServiceManifest, findings: &mut Findings<'_>) {
    if findings.sound(&["iam"]) {
        policy::iam(service, findings);
    }
    if service.service_type != ServiceType::ScheduledJob
        && findings.sound(&["http", "image", "sidecars"])
    {
        http::http(service, findings);
        if findings.sound(&["nlb"]) {
            nlb::nlb(service, findings);
        }
    }
    if findings.sound(&["publish", "subscribe", "count", "http"]) {
        messaging::messaging(service, findings);
    }
    if findings.sound(&["count", "http"]) {
        scaling::measured(service, findings);
    }
}

/// What holds on EKS, too, and what holds there alone.
fn on_eks(service: &ServiceManifest, environment: &Environment, findings: &mut Findings<'_>) {
    if findings.sound(&["image", "sidecars", "storage", "variables", "secrets", "logging"]) {
        containers::containers(service, findings);
    }
    on_both(service, findings);
    if findings.sound(&["mesh", "network", "image", "sidecars", "platform"]) {
        mesh::service(service, Some(environment), findings);
    }
    if service.formerly.as_deref() == Some(&service.name) {
        findings
            .error("formerly", "`formerly` is the name that the service has now")
            .advise("remove the line");
    }
    let Some(cluster) = &environment.cluster.kubernetes else { return };
    if findings.unread.is_empty() {
        kubernetes::service(service, environment, cluster, findings);
    }
}

fn in_environment(
    service: &ServiceManifest,
    environment: &Environment,
    findings: &mut Findings<'_>,
) {
    let name = &environment.name;
    let spot = match &service.count {
        Count::Spot(_) => Some("count.spot"),
        Count::Autoscaling(scaling) if scaling.spot_from.is_some() => Some("count.range.spot_from"),
        _ => None,
    };
    if let Some(path) = spot.filter(|_| !environment.cluster.spot) {
        findings.error(path, format!("environment `{name}` does not offer Fargate Spot")).advise(
            format!(
                "write `cluster: {{spot: true}}` in environments/{name}.yml, or use a plain count"
            ),
        );
    }
    // In another mode tasks are in the network of their hosts.
    let own = service.network_mode_in(Some(environment)) == NetworkMode::Awsvpc;
    let runs = service.runs_in(Some(environment));
    let placement = &service.network.vpc.placement;
    if own && runs != Runs::Fargate && *placement == Placement::Public {
        let problem = findings.error(
            "network.vpc.placement",
            "on instances tasks get no public address, so that from public subnets they do not reach the internet",
        );
        problem.severity = Severity::Warning;
        problem.advise("write `network: {vpc: {placement: private}}` with a NAT gateway, or `network: {mode: bridge}`");
    }
    match (&environment.network.vpc, placement) {
        _ if !own => {}
        (Vpc::Own(vpc), Placement::Private)
            if vpc.nat.unwrap_or(Nat::None) == Nat::None && vpc.endpoints.is_empty() =>
        {
            let problem = findings.error(
                "network.vpc.placement",
                format!("private subnets of environment `{name}` have no way to the internet, so tasks cannot pull their image"),
            );
            problem.severity = Severity::Warning;
            problem.advise(format!(
                "write `network: {{vpc: {{nat: single}}}}` in environments/{name}.yml, or `endpoints: [tasks]` for images of ECR alone"
            ));
        }
        (Vpc::Own(vpc), Placement::Private) if vpc.private.is_empty() => {
            missing_subnets("private", name, findings)
        }
        (Vpc::Imported(vpc), Placement::Private) if vpc.private.is_empty() => {
            missing_subnets("private", name, findings)
        }
        (Vpc::Imported(vpc), Placement::Public) if vpc.public.is_empty() => {
            missing_subnets("public", name, findings)
        }
        _ => {}
    }
    if service.http.is_some() {
        let public = service.service_type == ServiceType::LoadBalancedWebService;
        let listed = match &environment.network.vpc {
            Vpc::Own(_) => true,
            Vpc::Imported(vpc) if public => !vpc.public.is_empty(),
            Vpc::Imported(vpc) => !vpc.private.is_empty(),
        };
        if !listed {
            let side = if public { "public" } else { "private" };
            findings
                .error(
                    "http",
                    format!("environment `{name}` has no {side} subnets for the load balancer"),
                )
                .advise(format!(
                    "list them under `network.vpc.subnets.{side}` in environments/{name}.yml"
                ));
        }
    }
}

fn missing_subnets(side: &str, name: &str, findings: &mut Findings<'_>) {
    let other = if side == "public" { "private" } else { "public" };
    findings
        .error("network.vpc.placement", format!("the tasks would stand in {side} subnets, and environment `{name}` lists none"))
        .advise(format!("write `network: {{vpc: {{placement: {other}}}}}`, or list them under `network.vpc.subnets.{side}` in environments/{name}.yml"));
}
