//! What a service's tasks run on: capacity that is there, and what goes together with it.

use super::{Explain, Findings, fargate};
use crate::manifest::environment::{Environment, ImageFamily, Vpc};
use crate::manifest::read::{did_you_mean, list};
use crate::manifest::service::{
    Count, NetworkMode, Placement, Platform, Runs, ServiceCapacity, ServiceManifest, ServiceType,
};

/// Looks at a service as it is in an environment, if that is known.
pub(super) fn capacity(
    service: &ServiceManifest,
    environment: Option<&Environment>,
    findings: &mut Findings<'_>,
) {
    if !names(service, environment, findings) {
        return;
    }
    let runs = service.runs_in(environment);
    let mode = service.network_mode_in(environment);
    match runs {
        Runs::Fargate => on_fargate(service, findings),
        Runs::Ec2 | Runs::Managed => on_instances(service, environment, findings),
        Runs::External => outside(service, findings),
    }
    if runs != Runs::Fargate {
        off_fargate(service, runs, mode, findings);
    }
    windows(service, runs, findings);
}

/// The names of capacities. Returns whether all are known.
fn names(
    service: &ServiceManifest,
    environment: Option<&Environment>,
    findings: &mut Findings<'_>,
) -> bool {
    let Some(ServiceCapacity::Providers(shares)) = &service.capacity else { return true };
    let before = findings.problems.len();
    if shares.iter().filter(|share| share.base > 0).count() > 1 {
        findings
            .error("capacity", "only one capacity of a list may have a `base`")
            .advise("leave `base` with the one that must be used first");
    }
    if shares.len() > 1 && shares.iter().all(|share| share.weight == 0) {
        findings
            .error("capacity", "no capacity of the list has a `weight`")
            .advise("give at least one a weight of more than 0");
    }
    let fargate = |name: &str| matches!(name, "fargate" | "fargate-spot");
    if shares.iter().any(|one| fargate(&one.provider))
        && !shares.iter().all(|one| fargate(&one.provider))
    {
        findings
            .error("capacity", "ECS does not mix Fargate and instances in one service")
            .advise("use one or the other, or two services");
    }
    let Some(environment) = environment else { return findings.problems.len() == before };
    let known: Vec<&str> = environment.cluster.capacity.keys().map(String::as_str).collect();
    for (at, share) in shares.iter().enumerate() {
        let name = share.provider.as_str();
        if fargate(name) || known.contains(&name) {
            continue;
        }
        let path = if findings.node.get("capacity").is_some_and(|entry| entry.node.text().is_some())
        {
            "capacity".to_owned()
        } else {
            format!("capacity.{at}.provider")
        };
        let mut words = known.clone();
        words.extend(["fargate", "fargate-spot", "external"]);
        let help = did_you_mean(name, &words).unwrap_or_else(|| {
            format!("write it under `cluster.capacity` in environments/{}.yml", environment.name)
        });
        findings
            .error(&path, format!("environment `{}` has no capacity `{name}`", environment.name))
            .explain(list(&words), help);
    }
    if let [first, rest @ ..] = &shares[..]
        && let Some(kind) = environment.cluster.capacity.get(&first.provider)
        && rest.iter().any(|share| {
            let other = environment.cluster.capacity.get(&share.provider);
            other.is_some_and(|other| other.ec2.is_some() != kind.ec2.is_some())
        })
    {
        findings
            .error("capacity", "ECS does not mix `ec2` and `managed_instances` in one service")
            .advise("use one or the other, or two services");
    }
    findings.problems.len() == before
}

fn on_fargate(service: &ServiceManifest, findings: &mut Findings<'_>) {
    if findings.sound(&["cpu", "memory"]) {
        fargate::size(service, findings);
    }
    if let Some(mode) = service.network.mode.filter(|mode| *mode != NetworkMode::Awsvpc) {
        findings.error("network.mode", format!("Fargate has no network mode `{mode}`")).explain(
            "`awsvpc`",
            "remove the line, or run the service on instances: `capacity: NAME`",
        );
    }
    for (path, given) in [
        ("placement.constraints", !service.placement.constraints.is_empty()),
        ("placement.strategies", !service.placement.strategies.is_empty()),
    ] {
        if given {
            findings
                .error(path, "on Fargate there are no instances to place tasks on")
                .advise("remove `placement`, or run the service on instances: `capacity: NAME`");
        }
    }
    if service.count == Count::Daemon {
        findings
            .error("count", "a daemon runs once on every instance, and Fargate has none")
            .advise("write a number, or run the service on instances: `capacity: NAME`");
    }
    each_container(service, findings, |path, gpu, privileged, findings| {
        if gpu.is_some() {
            findings
                .error(&format!("{path}gpu"), "Fargate has no graphics cards")
                .advise("run the service on instances that have: `capacity: NAME`");
        }
        if privileged {
            findings
                .error(&format!("{path}privileged"), "Fargate does not run privileged containers")
                .advise("remove the line, or run the service on instances: `capacity: NAME`");
        }
    });
    if let (Some(host), Some(port)) = (service.image.host_port, service.image.port)
        && host != port
    {
        host_port(findings);
    }
}

fn host_port(findings: &mut Findings<'_>) {
    findings
        .error(
            "image.host_port",
            "with a network interface of its own a task has the container's ports",
        )
        .advise("remove `host_port`, or write `network: {mode: bridge}` on instances");
}

fn each_container(
    service: &ServiceManifest,
    findings: &mut Findings<'_>,
    look: impl Fn(&str, Option<u32>, bool, &mut Findings<'_>),
) {
    look("", service.settings.gpu, service.settings.privileged, findings);
    for (name, sidecar) in &service.sidecars {
        let how = &sidecar.settings;
        look(&format!("sidecars.{name}."), how.gpu, how.privileged, findings);
    }
}

/// What holds wherever tasks run on machines.
fn off_fargate(
    service: &ServiceManifest,
    runs: Runs,
    mode: NetworkMode,
    findings: &mut Findings<'_>,
) {
    if service.service_type == ServiceType::ScheduledJob {
        findings
            .error("capacity", "a `Scheduled Job` runs on Fargate")
            .advise("remove the line, or make it a service");
    }
    let spot = match &service.count {
        Count::Spot(_) => Some("count.spot"),
        Count::Autoscaling(scaling) if scaling.spot_from.is_some() => Some("count.range.spot_from"),
        _ => None,
    };
    if let Some(path) = spot {
        findings
            .error(path, "this is Fargate Spot, and the service does not run on Fargate")
            .advise(
                "Spot instances are the environment's choice: `cluster.capacity.NAME.ec2.spot`",
            );
    }
    if service.storage.ephemeral.is_some() {
        findings
            .error("storage.ephemeral", "a task on instances has no disk of its own")
            .advise("`disk` of the environment's capacity is the size of an instance's disk");
    }
    if service.count == Count::Daemon {
        if runs == Runs::Managed {
            findings
                .error("count", "Managed Instances do not run daemons")
                .advise("run the daemon on `ec2` capacity");
        }
        if !service.placement.strategies.is_empty() {
            findings
                .error(
                    "placement.strategies",
                    "a daemon runs on every instance, so there is nothing to choose",
                )
                .advise("remove the line; `constraints` say which instances");
        }
    }
    if mode == NetworkMode::Awsvpc {
        if let (Some(host), Some(port)) = (service.image.host_port, service.image.port)
            && host != port
        {
            host_port(findings);
        }
        return;
    }
    if runs == Runs::Managed && mode != NetworkMode::Host {
        findings
            .error("network.mode", format!("Managed Instances have no network mode `{mode}`"))
            .explain("`awsvpc` or `host`", "remove the line");
    }
    let groups = &service.network.vpc.security_groups;
    if !groups.groups.is_empty() || groups.deny_default {
        findings
            .error(
                "network.vpc.security_groups",
                format!(
                    "in network mode `{mode}` tasks have no security groups: their instances have"
                ),
            )
            .advise("remove the line, or write `network: {mode: awsvpc}`");
    }
    if service.network.vpc.placement != Placement::Public {
        findings
            .error(
                "network.vpc.placement",
                format!("in network mode `{mode}` tasks stand where their instances stand"),
            )
            .advise("remove the line; `placement` of the environment's capacity says where");
    }
    if mode == NetworkMode::None && (service.http.is_some() || service.image.port.is_some()) {
        let path = if service.http.is_some() { "http" } else { "image.port" };
        findings
            .error(path, "in network mode `none` nothing reaches the containers")
            .advise("remove the line, or choose another mode");
    }
    if mode == NetworkMode::Host
        && let (Some(host), Some(port)) = (service.image.host_port, service.image.port)
        && host != port
    {
        findings
            .error("image.host_port", "in network mode `host` a container's port is the host's")
            .advise("remove `host_port`");
    }
}

fn on_instances(
    service: &ServiceManifest,
    environment: Option<&Environment>,
    findings: &mut Findings<'_>,
) {
    let Some(environment) = environment else { return };
    let ServiceCapacity::Providers(shares) = service.capacity_in(Some(environment)) else { return };
    for share in &shares {
        let Some(capacity) = environment.cluster.capacity.get(&share.provider) else { continue };
        let name = &share.provider;
        let Some(ec2) = &capacity.ec2 else {
            if service.platform.is_windows() {
                findings
                    .error("platform", "Managed Instances do not run Windows")
                    .advise("use `ec2` capacity with a Windows `image`");
            }
            continue;
        };
        if service.platform.is_windows() != (ec2.system() != "LINUX")
            || (service.platform.is_windows() && service.platform.system() != ec2.system())
        {
            findings
                .error(
                    "platform",
                    format!(
                        "capacity `{name}` runs {}, and the service is built for {}",
                        ec2.system(),
                        service.platform.system()
                    ),
                )
                .advise("containers of Windows run on the very edition that they are built for");
        } else if (service.platform == Platform::LinuxArm64) != ec2.is_arm() && ec2.ami.is_none() {
            let (there, wanted) = match ec2.is_arm() {
                true => ("arm64", "linux/arm64"),
                false => ("x86_64", "linux/x86_64"),
            };
            findings
                .error("platform", format!("the instances of capacity `{name}` are {there}"))
                .advise(format!("write `platform: {wanted}`, or choose another capacity"));
        }
        each_container(service, findings, |path, gpu, _, findings| {
            if gpu.is_some() && !ec2.has_gpus() {
                findings
                    .error(
                        &format!("{path}gpu"),
                        format!("the instances of capacity `{name}` have no graphics cards"),
                    )
                    .advise("choose types that have, such as g5.xlarge");
            }
        });
    }
}

fn outside(service: &ServiceManifest, findings: &mut Findings<'_>) {
    if service.http.is_some() {
        findings
            .error("http", "a load balancer does not reach machines outside AWS")
            .advise("remove `http`, or run the service in AWS");
    }
    if service.network.mode == Some(NetworkMode::Awsvpc) {
        findings
            .error("network.mode", "machines outside AWS have no network mode `awsvpc`")
            .explain(
                "`bridge`, `host` or `none`",
                "remove the line: `bridge` is the default there",
            );
    }
    if !service.placement.strategies.is_empty() {
        findings
            .error("placement.strategies", "ECS does not place tasks outside AWS by strategies")
            .advise("remove the line; `constraints` may say which machines");
    }
}

fn windows(service: &ServiceManifest, runs: Runs, findings: &mut Findings<'_>) {
    if !service.platform.is_windows() {
        return;
    }
    if runs == Runs::External {
        findings
            .error("platform", "shipit runs Linux alone outside AWS")
            .advise("run Windows on Fargate, or on `ec2` capacity with a Windows `image`");
    }
    if runs == Runs::Fargate
        && findings.sound(&["cpu", "memory"])
        && !(1024..=4096).contains(&service.cpu)
    {
        findings
            .error("cpu", format!("Windows does not run on Fargate with cpu {}", service.cpu))
            .explain("one of `1024`, `2048` or `4096`", "write `cpu: 1024` and `memory: 2048`");
    }
    if service.storage.readonly_fs {
        findings
            .error("storage.readonly_fs", "Windows needs to write to its root file system")
            .advise("remove the line");
    }
    each_container(service, findings, |path, gpu, privileged, findings| {
        if gpu.is_some() {
            findings
                .error(&format!("{path}gpu"), "ECS gives no graphics cards to Windows")
                .advise("remove the line");
        }
        if privileged {
            findings
                .error(&format!("{path}privileged"), "Windows has no privileged containers")
                .advise("remove the line");
        }
    });
}

/// The environment's own: the map `cluster.capacity`.
pub(super) fn environment(environment: &Environment, findings: &mut Findings<'_>) {
    let cluster = &environment.cluster;
    let own = matches!(environment.network.vpc, Vpc::Own(_));
    for (name, capacity) in &cluster.capacity {
        let path = format!("cluster.capacity.{name}");
        if matches!(name.as_str(), "fargate" | "fargate-spot" | "external") {
            findings
                .error_of_key(&path, format!("`{name}` is a capacity that every environment has"))
                .advise("give it another name");
        }
        match (&capacity.ec2, &capacity.managed_instances) {
            (Some(_), Some(_)) => {
                findings
                    .error(&path, "a capacity is either `ec2` or `managed_instances`")
                    .advise("make two of it");
            }
            (None, None) => {
                findings.error_of_key(&path, "this capacity says nothing").explain(
                    "`ec2` or `managed_instances`",
                    "write `ec2:` and below it `instances: [m7g.large]` and `max: 4`",
                );
            }
            _ => {}
        }
        let Some(ec2) = &capacity.ec2 else { continue };
        if ec2.min > ec2.max {
            findings
                .error(
                    &format!("{path}.ec2.min"),
                    format!(
                        "the group would have at least {} instances and at most {}",
                        ec2.min, ec2.max
                    ),
                )
                .advise(format!("write `min: {}` and `max: {}`", ec2.max, ec2.min));
        }
        if ec2.instances.is_empty() {
            findings
                .error_of_key(&format!("{path}.ec2"), "this group has no instance types")
                .advise("write `instances: [m7g.large]`");
        }
        let arm = ec2.is_arm();
        if let Some(at) =
            ec2.instances.iter().position(|one| crate::manifest::environment::is_arm(one) != arm)
        {
            findings
                .error(
                    &format!("{path}.ec2.instances.{at}"),
                    format!(
                        "`{}` has another architecture than `{}`",
                        ec2.instances[at], ec2.instances[0]
                    ),
                )
                .advise("a capacity's instances run the same image: make two capacities");
        }
        if arm && ec2.system() != "LINUX" {
            findings
                .error(&format!("{path}.ec2.image"), "Windows does not run on Graviton")
                .advise("choose types without a `g` behind the number: m7i.large");
        }
        if ec2.ami.is_some() && ec2.image == ImageFamily::Bottlerocket && ec2.disk.is_some() {
            findings
                .error(
                    &format!("{path}.ec2.disk"),
                    "which disk of this image is meant is not known",
                )
                .advise("leave `disk` out, or use AWS's own image");
        }
        let sides = match &environment.network.vpc {
            Vpc::Imported(vpc) => (!vpc.public.is_empty(), !vpc.private.is_empty()),
            Vpc::Own(_) => (true, true),
        };
        let public = ec2.placement == crate::manifest::environment::Side::Public;
        if !own && !(if public { sides.0 } else { sides.1 }) {
            let side = if public { "public" } else { "private" };
            findings
                .error(
                    &format!("{path}.ec2.placement"),
                    format!("the instances would stand in {side} subnets, and there are none"),
                )
                .advise(format!(
                    "list them under `network.vpc.subnets.{side}`, or choose the other side"
                ));
        }
    }
    if let Some(default) = &cluster.default_capacity
        && !cluster.capacity.contains_key(default)
        && default != "fargate"
    {
        let mut known: Vec<&str> = cluster.capacity.keys().map(String::as_str).collect();
        known.push("fargate");
        let help = did_you_mean(default, &known)
            .unwrap_or_else(|| "write it under `cluster.capacity`".to_owned());
        findings
            .error("cluster.default_capacity", format!("there is no capacity `{default}`"))
            .explain(list(&known), help);
    }
}
