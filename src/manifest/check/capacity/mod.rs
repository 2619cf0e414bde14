//! What a service's tasks run on: capacity that is there, and what goes together with it.

mod environment;
mod outside;
mod windows;

pub(super) use environment::environment;

use super::{Explain, Findings, fargate};
use crate::manifest::environment::Environment;
use crate::manifest::read::{did_you_mean, list};
use crate::manifest::service::{
    Count, NetworkMode, Placement, Platform, Runs, ServiceCapacity, ServiceManifest, Settings,
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
        Runs::External => outside::outside(service, environment, findings),
    }
    if runs != Runs::Fargate {
        off_fargate(service, runs, mode, findings);
    }
    if service.platform.is_windows() {
        windows::windows(service, runs, findings);
    }
    connect(service, runs, mode, findings);
    spot(service, environment, findings);
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
            .error("capacity", "one service does not run on Fargate and on instances at once")
            .advise("use one or the other, or write two services");
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
            .error(
                "capacity",
                "one service does not run on `ec2` and on `managed_instances` at once",
            )
            .advise("use one or the other, or write two services");
    }
    findings.problems.len() == before
}

fn on_fargate(service: &ServiceManifest, findings: &mut Findings<'_>) {
    // Windows has fewer sizes, and says so itself.
    if !service.platform.is_windows() && findings.sound(&["cpu", "memory"]) {
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
    each_container(service, findings, |path, how, findings| {
        if how.gpu.is_some() {
            findings
                .error(&format!("{path}gpu"), "Fargate has no graphics cards")
                .advise("run the service on instances that have: `capacity: NAME`");
        }
        if how.privileged {
            findings
                .error(&format!("{path}privileged"), "Fargate does not run privileged containers")
                .advise("remove the line, or run the service on instances: `capacity: NAME`");
        }
    });
    host_ports(service, NetworkMode::Awsvpc, findings);
}

/// With an address of its own a task has no ports of a host; in the host's network both are the same.
fn host_ports(service: &ServiceManifest, mode: NetworkMode, findings: &mut Findings<'_>) {
    let main = (service.image.host_port, service.image.port);
    let sidecars = service.sidecars.iter();
    let sidecars = sidecars.map(|(name, one)| {
        let port = one.port.as_ref().map(|port| port.port);
        (format!("sidecars.{name}.host_port"), (one.host_port, port))
    });
    let all = std::iter::once(("image.host_port".to_owned(), main)).chain(sidecars);
    for (path, ports) in all.collect::<Vec<_>>() {
        let (Some(host), port) = ports else { continue };
        if port.is_none() {
            findings
                .error(&path, format!("the host's port {host} leads to no port of the container"))
                .advise("add `port` beside it, or remove `host_port`");
        } else if mode == NetworkMode::Awsvpc && port != Some(host) {
            findings
                .error(
                    &path,
                    "in network mode `awsvpc` a task has an address of its own, and no ports of a host",
                )
                .advise(
                    "remove `host_port`, or run the service on instances with `network: {mode: bridge}`",
                );
        } else if mode == NetworkMode::Host && port != Some(host) {
            findings
                .error(&path, "in network mode `host` a container's port is the host's port")
                .advise("remove `host_port`");
        }
    }
    if mode == NetworkMode::Bridge {
        twice(service, findings);
    }
}

/// One port of an instance leads to one container.
fn twice(service: &ServiceManifest, findings: &mut Findings<'_>) {
    let main = service.image.host_port.map(|port| (port, "image.host_port".to_owned()));
    let sidecars = service.sidecars.iter();
    let sidecars = sidecars
        .filter_map(|(name, one)| Some((one.host_port?, format!("sidecars.{name}.host_port"))));
    let mut seen: Vec<(u16, String)> = Vec::new();
    for (port, path) in main.into_iter().chain(sidecars) {
        if let Some((_, first)) = seen.iter().find(|(other, _)| *other == port) {
            let first = findings.node.place(first);
            let message = format!("two containers want the instance's port {port}");
            let problem = findings.error(&path, message);
            *problem = problem.clone().also(first, "the other one").help("choose another port");
        }
        seen.push((port, path));
    }
}

fn each_container(
    service: &ServiceManifest,
    findings: &mut Findings<'_>,
    look: impl Fn(&str, &Settings, &mut Findings<'_>),
) {
    look("", &service.settings, findings);
    for (name, sidecar) in &service.sidecars {
        look(&format!("sidecars.{name}."), &sidecar.settings, findings);
    }
}

/// Service Connect wants a network that its proxy can stand in.
fn connect(service: &ServiceManifest, runs: Runs, mode: NetworkMode, findings: &mut Findings<'_>) {
    if service.network.connect.enabled != Some(true) {
        return;
    }
    if service.platform.is_windows() {
        findings
            .error("network.connect", "Service Connect does not work with Windows containers")
            .advise("remove the line, and call services by their names in Cloud Map");
    } else if runs == Runs::External {
        findings
            .error("network.connect", "Service Connect does not reach machines outside AWS")
            .advise("remove the line, or run the service in AWS");
    } else if matches!(mode, NetworkMode::Host | NetworkMode::None) {
        findings
            .error(
                "network.connect",
                format!("Service Connect does not work in network mode `{mode}`"),
            )
            .explain("`awsvpc` or `bridge`", "write another `mode`, or remove `connect`");
    }
}

/// Fargate Spot is said in one place, and is there only where the environment offers it.
fn spot(service: &ServiceManifest, environment: Option<&Environment>, findings: &mut Findings<'_>) {
    let counted = match &service.count {
        Count::Spot(_) => Some("count.spot"),
        Count::Autoscaling(scaling) if scaling.spot_from.is_some() => Some("count.range.spot_from"),
        _ => None,
    };
    let named = match service.capacity_in(environment) {
        ServiceCapacity::FargateSpot => true,
        ServiceCapacity::Providers(shares) => {
            shares.iter().any(|share| share.provider == "fargate-spot")
        }
        _ => false,
    };
    if let Some(path) = counted.filter(|_| named) {
        findings
            .error(path, "`capacity` says already which tasks run on Fargate Spot")
            .advise("keep one of the two");
        return;
    }
    let own = named && service.capacity.is_some();
    if let Some(environment) = environment.filter(|one| own && !one.cluster.spot) {
        let name = &environment.name;
        findings
            .error("capacity", format!("environment `{name}` does not offer Fargate Spot"))
            .advise(format!(
                "write `cluster: {{spot: true}}` in environments/{name}.yml, or `capacity: fargate`"
            ));
    }
}

/// What holds wherever tasks run on machines.
fn off_fargate(
    service: &ServiceManifest,
    runs: Runs,
    mode: NetworkMode,
    findings: &mut Findings<'_>,
) {
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
    host_ports(service, mode, findings);
    if mode == NetworkMode::Awsvpc {
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
                    "in network mode `{mode}` tasks have no security groups of their own, but their host's"
                ),
            )
            .advise("remove the line, or write `network: {mode: awsvpc}`");
    }
    if service.network.vpc.placement != Placement::Public {
        findings
            .error(
                "network.vpc.placement",
                format!("in network mode `{mode}` tasks have no subnets of their own, but their host's"),
            )
            .advise(
                "remove the line; `placement` of the environment's capacity says where instances stand",
            );
    }
    for (path, given) in [
        ("http", service.http.is_some()),
        ("nlb", service.nlb.is_some()),
        ("image.port", service.image.port.is_some() && service.http.is_none()),
    ] {
        if given && mode == NetworkMode::None {
            findings
                .error_of_key(path, "in network mode `none` nothing reaches the containers")
                .advise("remove it, or choose another mode");
        }
    }
}

/// `WINDOWS_SERVER_2022_CORE` as people write it.
fn words(system: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{first}{}", rest.to_lowercase())
    };
    system.split('_').map(word).collect::<Vec<_>>().join(" ")
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
            let managed = capacity.managed_instances.as_ref();
            each_container(service, findings, |path, how, findings| {
                if how.gpu.is_some()
                    && managed.is_some_and(|one| one.gpus.is_none() && one.instances.is_empty())
                {
                    findings
                        .error(
                            &format!("{path}gpu"),
                            format!("the instances of capacity `{name}` need not have graphics cards"),
                        )
                        .advise(format!(
                            "write `gpus: {{min: 1}}` below `{name}: managed_instances:` of the environment"
                        ));
                }
            });
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
            let (there, built) = (words(ec2.system()), words(service.platform.system()));
            let help = match ec2.system() {
                "LINUX" => format!(
                    "choose capacity with `image: {}`",
                    service.platform.system().to_lowercase()
                ),
                system => format!(
                    "containers run on the very edition that they are built for: write `platform: {{osfamily: {}}}`, or choose another capacity",
                    system.to_lowercase()
                ),
            };
            findings
                .error(
                    "platform",
                    format!(
                        "the instances of capacity `{name}` run {there}, and the service is built for {built}"
                    ),
                )
                .advise(help);
        } else if (service.platform == Platform::LinuxArm64) != ec2.is_arm() && ec2.ami.is_none() {
            let (there, wanted) = match ec2.is_arm() {
                true => ("arm64", "linux/arm64"),
                false => ("x86_64", "linux/x86_64"),
            };
            findings
                .error("platform", format!("the instances of capacity `{name}` are {there}, and the service is built for {}", if ec2.is_arm() { "x86_64" } else { "arm64" }))
                .advise(format!("write `platform: {wanted}`, or choose another capacity"));
        }
        each_container(service, findings, |path, how, findings| {
            if how.gpu.is_some() && !ec2.has_gpus() {
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
