//! One task's way: PROVISIONING, PENDING, RUNNING, and back. `order` makes it.

use std::time::Duration;

use serde_json::{Value, json};

use super::fate::{self, Fate, Setting};
use super::order::stand_in;
use super::output;
use super::shift;
use super::targets::{self, News};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::ec2::network::{self, NewInterface};
use crate::local::ecs::neighbours::{self, Answers};
use crate::local::ecs::records::{Deployment, End, Phase, Service, State, Task};
use crate::local::ecs::service::volume_refusal as refusal;
use crate::local::ecs::{SERVICE, instances, provider, task_definition};
use crate::local::faults::Exit;

/// How long a container runs that the script lets exit.
const EXITS_AFTER: Duration = Duration::from_secs(5);

/// The attachments that are no network interface get this status.
fn set_volumes(task: &mut Task, status: &str) {
    let attachments = task.wire.get_mut("attachments").and_then(Value::as_array_mut);
    for one in attachments.into_iter().flatten() {
        if one.text("type") == "AmazonElasticBlockStorage" {
            one.set("status", status);
        }
    }
}

/// A task has got its instance.
pub(in crate::local::ecs::rollout) fn settle(
    call: &mut Call<'_>,
    cluster: &str,
    task: &mut Task,
    spec: &Value,
    instance: &str,
) {
    let Some(one) = instances::find(call, cluster, instance) else { return };
    task.wire.set("containerInstanceArn", one["arn"].clone());
    task.wire.set("availabilityZone", one["zone"].clone());
    let architecture = one["attributes"].text("ecs.cpu-architecture");
    task.wire.set("attributes", json!([{"name": "ecs.cpu-architecture", "value": architecture}]));
    let subnets = spec["networkConfiguration"]["awsvpcConfiguration"].texts("subnets");
    let zone = one.text("zone");
    let here = |id: &&&str| network::subnet(call, id).is_some_and(|subnet| subnet.zone == zone);
    // Its interface hangs on the instance, which is in one zone.
    if let Some(subnet) = subnets.iter().find(here).map(|id| (*id).to_owned()) {
        stand_in(call, &mut task.wire, &subnet);
    } else {
        task.target = Some(one.text("ec2InstanceId").to_owned());
        task.address = Some(one.text("address").to_owned());
    }
    task.due = Some(call.ready_at(durations::TASK_PROVISIONING));
}

/// The ports of the host that a task's containers get: those that are named, or the next that are free.
fn bind(call: &Call<'_>, cluster: &str, task: &mut Task) {
    let Some(definition) = task_definition::find(call, task.wire.text("taskDefinitionArn")) else {
        return;
    };
    let mode = definition.text("networkMode");
    if !matches!(mode, "bridge" | "host") {
        return;
    }
    let Some(one) = instances::of_task(call, &task.wire) else { return };
    let mut taken = instances::taken(call, cluster, &one).ports;
    let mut next = 32_768;
    let mut bindings = std::collections::BTreeMap::new();
    for container in definition.list("containerDefinitions") {
        let mut own = Vec::new();
        for mapping in container.list("portMappings") {
            let protocol = mapping.text("protocol").to_owned();
            let mut host = mapping.integer("hostPort");
            while host == 0 {
                if taken.insert((next, protocol.clone())) {
                    host = next;
                }
                next += 1;
            }
            own.push(json!({
                "bindIP": "0.0.0.0",
                "containerPort": mapping["containerPort"],
                "hostPort": host,
                "protocol": protocol,
            }));
        }
        bindings.insert(container.text("name").to_owned(), own);
    }
    containers(task, |container| {
        let own = bindings.get(container.text("name")).cloned().unwrap_or_default();
        container.set("networkBindings", own);
    });
}

/// Ends a task's phase and begins the next.
pub(super) fn step(
    call: &mut Call<'_>,
    service: Option<&mut Service>,
    task: &mut Task,
    news: &mut News,
) {
    task.due = None;
    match task.phase {
        Phase::Provisioning => attach(call, service, task, news),
        Phase::Pending => run(call, service, task, news),
        Phase::Starting => judge(call, service, task, news),
        Phase::Healthy => {}
        Phase::Stopping => stopped(call, task),
        Phase::Stopped => {}
    }
    let version = task.wire.integer("version") + 1;
    task.wire.set("version", version);
}

/// What a task is made from: its deployment's revision.
pub(super) fn spec(service: Option<&Service>, task: &Task) -> Value {
    let Some(service) = service else { return task.spec.clone() };
    let of = |deployment: &&Deployment| deployment.id == task.deployment;
    service.deployments.iter().find(of).map(|d| d.spec.clone()).unwrap_or_default()
}

fn fate(call: &Call<'_>, spec: &Value, task: &Task) -> Fate {
    let subnet = task.wire["attachments"].get(0).and_then(|a| a.list("details").first());
    let subnet = subnet.filter(|detail| detail.text("name") == "subnetId");
    let awsvpc = &spec["networkConfiguration"]["awsvpcConfiguration"];
    let groups: Vec<String> =
        awsvpc.texts("securityGroups").into_iter().map(str::to_owned).collect();
    // Images are pulled and logs written by the instance.
    let host = instances::of_task(call, &task.wire);
    let host_subnet = host.as_ref().map(|host| host.text("subnet")).filter(|id| !id.is_empty());
    let subnet = match &host {
        Some(_) => host_subnet,
        None => subnet.map(|detail| detail.text("value")),
    };
    let public = match &host {
        Some(host) => host.flag("public"),
        None => awsvpc.text("assignPublicIp") == "ENABLED",
    };
    match task_definition::find(call, task.wire.text("taskDefinitionArn")) {
        Some(definition) => fate::of(
            call,
            &Setting {
                service: task.service.as_deref().unwrap_or_default(),
                definition: &definition,
                subnet,
                public,
                address: task.address.as_deref().unwrap_or_default(),
                groups: &groups,
                task: &task.id,
            },
        ),
        None => Fate::NeverRuns("TaskDefinition not found.".to_owned()),
    }
}

/// PROVISIONING is over: the network interface is there.
fn attach(call: &mut Call<'_>, service: Option<&mut Service>, task: &mut Task, news: &mut News) {
    let spec = spec(service.as_deref(), task);
    let cluster = task.wire.text("clusterArn").rsplit('/').next().unwrap_or_default().to_owned();
    bind(call, &cluster, task);
    let awsvpc = &spec["networkConfiguration"]["awsvpcConfiguration"];
    if let Some(reason) = refusal(call, &spec) {
        return failed(call, service, task, ("TaskFailedToStart", reason), None, news);
    }
    let interface = task.wire["attachments"].get(0);
    let interface = interface.filter(|one| one.text("type") == "ElasticNetworkInterface");
    let details = interface.map(|a| a.list("details").to_vec());
    if let Some(mut details) = details {
        let subnet = details.first().map(|d| d.text("value").to_owned()).unwrap_or_default();
        let attachment = task.wire["attachments"][0].text("id").to_owned();
        let public = awsvpc.text("assignPublicIp") == "ENABLED";
        let public_ip = public.then(|| network::public_address(call));
        let arn = call.arn("ecs", &format!("attachment/{attachment}"));
        let made = network::create_interface(
            call,
            NewInterface {
                subnet,
                security_groups: awsvpc
                    .texts("securityGroups")
                    .iter()
                    .map(|&g| g.to_owned())
                    .collect(),
                description: arn,
                interface_type: "interface".to_owned(),
                requester: "ecs".to_owned(),
                private_ip: None,
                public_ip,
                // The account setting `dualStackIPv6` is on unless AWS's support turns it off.
                ipv6: true,
            },
        );
        let interface = match made {
            Ok(interface) => interface,
            Err(error) => {
                let reason = format!(
                    "Unexpected EC2 error while attempting to create network interface: {error}"
                );
                news.line(format!("was unable to place a task. Reason: {reason}."));
                return failed(call, service, task, ("TaskFailedToStart", reason), None, news);
            }
        };
        let dns = format!("ip-{}.ec2.internal", interface.private_ip.replace('.', "-"));
        for (name, value) in [
            ("networkInterfaceId", &interface.id),
            ("macAddress", &interface.mac),
            ("privateDnsName", &dns),
            ("privateIPv4Address", &interface.private_ip),
        ] {
            details.push(json!({"name": name, "value": value}));
        }
        if let Some(address) = &interface.ipv6 {
            details.push(json!({"name": "ipv6Address", "value": address}));
        }
        task.wire["attachments"][0].set("details", details);
        task.wire["attachments"][0].set("status", "ATTACHED");
        let mut shown = json!([{
            "attachmentId": attachment,
            "privateIpv4Address": interface.private_ip,
        }]);
        if let Some(address) = &interface.ipv6 {
            shown[0].set("ipv6Address", address.clone());
        }
        containers(task, |container| container.set("networkInterfaces", shown.clone()));
        task.interface = Some(interface.id);
        task.address = Some(interface.private_ip);
    }
    set_volumes(task, "ATTACHED");
    task.phase = Phase::Pending;
    task.wire.set("lastStatus", "PENDING");
    task.wire.set("connectivity", "CONNECTED");
    task.wire.set("connectivityAt", call.time(call.now));
    task.wire.set("pullStartedAt", call.time(call.now));
    task.due = Some(call.ready_at(durations::TASK_PENDING));
}

/// PENDING is over: the images are there, or not.
fn run(call: &mut Call<'_>, mut service: Option<&mut Service>, task: &mut Task, news: &mut News) {
    let spec = spec(service.as_deref(), task);
    let fate = fate(call, &spec, task);
    if let Fate::NeverRuns(reason) = fate {
        if let Some(rest) = reason.strip_prefix("ECS was unable to assume the role") {
            news.line(format!(
                "failed to launch a task with (error ECS was unable to assume the role{rest})."
            ));
        }
        return failed(call, service, task, ("TaskFailedToStart", reason), None, news);
    }
    output::begins(call, task);
    let now = call.time(call.now);
    task.phase = Phase::Starting;
    task.wire.set("lastStatus", "RUNNING");
    task.wire.set("pullStoppedAt", now.clone());
    task.wire.set("startedAt", now);
    let mut runtime = 0;
    let id = task.id.clone();
    let exec = task.wire.flag("enableExecuteCommand");
    let agent = json!([{
        "name": "ExecuteCommandAgent",
        "lastStatus": "RUNNING",
        "lastStartedAt": call.time(call.now),
    }]);
    containers(task, |container| {
        runtime += 1;
        if exec {
            container.set("managedAgents", agent.clone());
        }
        container.set("lastStatus", "RUNNING");
        container.set("runtimeId", format!("{id}-{runtime:010}"));
        let digest = fate::digest(container.text("image"));
        container.set("imageDigest", digest);
    });
    if let Some(service) = service.as_deref_mut() {
        let answers = if let Fate::Unhealthy(answers) = fate { answers } else { Answers::Well };
        targets::register(call, service, &spec, task, answers, news);
    }
    let checked = balanced(&spec).is_some() || has_health_check(call, task);
    let alone = task.service.is_none();
    let (wait, grace) = match fate {
        Fate::Exits(exit, _) => (exit.runs().unwrap_or(EXITS_AFTER), 0),
        Fate::OutOfMemory => (EXITS_AFTER, 0),
        Fate::Well if alone => (durations::TASK_ALONE, 0),
        Fate::Unhealthy(_) if checked => {
            let grace = service.map_or(0, |s| s.wire.integer("healthCheckGracePeriodSeconds"));
            (unhealthy_after(call, &spec), grace)
        }
        _ if checked => (durations::TARGET_INITIAL, 0),
        _ => (Duration::ZERO, 0),
    };
    let grace = Duration::from_secs(u64::try_from(grace).unwrap_or(0));
    task.due = Some(call.ready_at(wait + grace));
}

fn has_health_check(call: &Call<'_>, task: &Task) -> bool {
    let definition = task_definition::find(call, task.wire.text("taskDefinitionArn"));
    let definition = definition.as_deref().unwrap_or(&Value::Null);
    definition.list("containerDefinitions").iter().any(|container| container.has("healthCheck"))
}

/// The load balancer, or else the target group of VPC Lattice, whose health checks decide.
fn balanced(spec: &Value) -> Option<Value> {
    let lattice = || spec.list("vpcLatticeConfigurations").first().cloned();
    shift::joined(spec).into_iter().next().or_else(lattice)
}

/// How long it takes to call a target unhealthy.
fn unhealthy_after(call: &Call<'_>, spec: &Value) -> Duration {
    let lattice = spec.list("vpcLatticeConfigurations").to_vec();
    let groups = shift::joined(spec).into_iter().chain(lattice);
    let after = |one: Value| neighbours::unhealthy_after(call, one.text("targetGroupArn"));
    groups.filter_map(after).max().unwrap_or(Duration::from_secs(90))
}

/// A running task's health is known now.
fn judge(call: &mut Call<'_>, service: Option<&mut Service>, task: &mut Task, news: &mut News) {
    let spec = spec(service.as_deref(), task);
    let checked = has_health_check(call, task);
    let exited = || ("EssentialContainerExited", "Essential container in task exited".to_owned());
    match fate(call, &spec, task) {
        Fate::Exits(exit, at) => {
            output::ends(call, task, &exit, at);
            failed(call, service, task, exited(), Some((exit.code, None, at)), news);
        }
        Fate::Well if task.service.is_none() => {
            output::ends(call, task, &Exit::with(0), 0);
            failed(call, None, task, exited(), Some((0, None, 0)), news);
        }
        Fate::OutOfMemory => {
            let reason = "OutOfMemoryError: Container killed due to memory usage";
            failed(call, service, task, exited(), Some((137, Some(reason), 0)), news);
        }
        Fate::Unhealthy(answers) if balanced(&spec).is_some() => {
            let balancer = balanced(&spec).unwrap_or_default();
            let group = balancer.text("targetGroupArn");
            let port = match balancer.has("portName") {
                true => task.targets.iter().find(|(own, _)| own == group).map_or(0, |own| own.1),
                false => balancer.integer("containerPort"),
            };
            let (_, why) = answers.reason();
            news.line(format!(
                "(port {port}) is unhealthy in (target-group {group}) due to (reason {why})."
            ));
            let reason = format!("Task failed ELB health checks in (target-group {group})");
            failed(call, service, task, ("ServiceSchedulerInitiated", reason), None, news);
        }
        Fate::Unhealthy(_) if checked => {
            let reason = "Task failed container health checks".to_owned();
            news.line(format!("(task {}) failed container health checks.", task.id));
            set_health(task, "UNHEALTHY");
            failed(call, service, task, ("ServiceSchedulerInitiated", reason), None, news);
        }
        _ => {
            task.phase = Phase::Healthy;
            if checked {
                set_health(task, "HEALTHY");
            }
            let reset = service.as_deref().is_none_or(|service| {
                let breaker = &service.wire["deploymentConfiguration"]["deploymentCircuitBreaker"];
                !breaker.has("resetOnHealthyTask") || breaker.flag("resetOnHealthyTask")
            });
            if let Some(deployment) = deployment(service, task) {
                deployment.failed = 0;
                if reset {
                    deployment.counted = 0;
                }
            }
        }
    }
}

fn set_health(task: &mut Task, health: &str) {
    task.wire.set("healthStatus", health);
    containers(task, |container| container.set("healthStatus", health));
}

fn deployment<'a>(service: Option<&'a mut Service>, task: &Task) -> Option<&'a mut Deployment> {
    service?.deployments.iter_mut().find(|deployment| deployment.id == task.deployment)
}

/// A task that went wrong: it stops, and its deployment counts it.
fn failed(
    call: &mut Call<'_>,
    mut service: Option<&mut Service>,
    task: &mut Task,
    (code, reason): (&str, String),
    exit: Option<(i64, Option<&str>, usize)>,
    news: &mut News,
) {
    if let Some(deployment) = deployment(service.as_deref_mut(), task) {
        deployment.failed += 1;
        if deployment.state == State::InProgress {
            deployment.counted += 1;
        }
        deployment.updated = call.now;
    }
    if let Some(service) = service {
        service.steady = false;
        if code == "ServiceSchedulerInitiated" {
            news.line(format!("has stopped 1 running tasks: (task {}).", task.id));
        }
    }
    let end = End {
        code: code.to_owned(),
        reason,
        exit_code: exit.map(|(code, ..)| code),
        container: exit.and_then(|(_, said, _)| said).map(str::to_owned),
        at: exit.map_or(0, |(.., at)| at),
    };
    stop(call, task, end, news);
}

/// Begins to stop a task.
pub(in crate::local::ecs::rollout) fn stop(
    call: &mut Call<'_>,
    task: &mut Task,
    end: End,
    news: &mut News,
) {
    let drained = targets::deregister(call, task, news);
    let now = call.time(call.now);
    task.wire.set("desiredStatus", "STOPPED");
    let draining = drained > call.now;
    task.wire.set("lastStatus", if draining { "DEACTIVATING" } else { "DEPROVISIONING" });
    task.wire.set("stoppingAt", now.clone());
    task.wire.set("stopCode", end.code.clone());
    task.wire.set("stoppedReason", end.reason.clone());
    if task.wire.has("startedAt") {
        task.wire.set("executionStoppedAt", now);
    }
    if end.code == "EssentialContainerExited"
        && let Some(ended) = task.wire["containers"].get_mut(end.at)
    {
        // It has ended; the others follow.
        ended.set("lastStatus", "STOPPED");
        ended.set("exitCode", end.exit_code.unwrap_or(0));
        if let Some(said) = &end.container {
            ended.set("reason", said.clone());
        }
    }
    task.end = Some(end);
    task.phase = Phase::Stopping;
    task.due = Some(drained.max(call.ready_at(durations::TASK_STOPPING)));
}

fn stopped(call: &mut Call<'_>, task: &mut Task) {
    if let Some(interface) = task.interface.take() {
        network::delete_interface(call, &interface);
    }
    task.phase = Phase::Stopped;
    task.wire.set("lastStatus", "STOPPED");
    task.wire.set("stoppedAt", call.time(call.now));
    if let Some(attachment) = task.wire["attachments"].get_mut(0) {
        attachment.set("status", "DELETED");
    }
    set_volumes(task, "DELETED");
    let end = task.end.clone();
    let ran = task.wire.has("startedAt");
    // Containers beside the one that exited are terminated.
    let exited = end.as_ref().is_some_and(|end| end.code == "EssentialContainerExited");
    containers(task, |container| {
        container.set("lastStatus", "STOPPED");
        if let Some(agents) = container.get_mut("managedAgents").and_then(Value::as_array_mut) {
            agents.iter_mut().for_each(|agent| agent.set("lastStatus", "STOPPED"));
        }
        if let Some(end) = &end {
            if container.has("exitCode") {
                return;
            }
            if ran {
                container.set("exitCode", if exited { 143 } else { end.exit_code.unwrap_or(0) });
            } else {
                container.set("reason", end.reason.clone());
            }
        }
    });
    let arn = task.arn().to_owned();
    call.forget_tags(&arn);
    if task.wire.has("containerInstanceArn") {
        let cluster =
            task.wire.text("clusterArn").rsplit('/').next().unwrap_or_default().to_owned();
        // Others see its room only once it is written down as stopped.
        task.save(call, &cluster);
        let provider = task.wire.text("capacityProviderName").to_owned();
        provider::shrink_later(call, &cluster, &provider);
        super::wake_others(call, &cluster, task.service.as_deref());
    }
}

fn containers(task: &mut Task, mut change: impl FnMut(&mut Value)) {
    let containers = task.wire.get_mut("containers").and_then(Value::as_array_mut);
    containers.into_iter().flatten().for_each(&mut change);
}

/// The timer of a task that belongs to no service.
pub(super) fn advance_alone(call: &mut Call<'_>, cluster: &str, id: &str) {
    let Some(mut task) = Task::load(call, cluster, id) else { return };
    let mut news = News::default();
    while task.due.is_some_and(|due| due <= call.now) {
        step(call, None, &mut task, &mut news);
    }
    task.save(call, cluster);
    wake_alone(call, cluster, &task);
}

/// Sets the timer of a task that belongs to no service.
pub(crate) fn wake_alone(call: &mut Call<'_>, cluster: &str, task: &Task) {
    if let Some(due) = task.due {
        call.schedule_for(&SERVICE, due, json!({"cluster": cluster, "task": task.id}));
    }
}
