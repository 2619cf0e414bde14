//! What ECS refuses in a task definition, in ECS's words as far as they are known.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{fargate, runs};
use crate::local::document::Document;
use crate::local::ecs::names::client;
use crate::local::error::AwsError;

/// Checks a definition that has been read and not yet completed with defaults.
pub(super) fn definition(definition: &Value) -> Result<(), AwsError> {
    let containers = definition.list("containerDefinitions");
    if containers.is_empty() {
        return Err(client("Container list cannot be empty."));
    }
    if containers.len() > 10 {
        return Err(client("Task definition cannot have more than 10 containers."));
    }
    let mut names = BTreeSet::new();
    for container in containers {
        self::container(definition, container)?;
        if !names.insert(container.text("name")) {
            return Err(client(format!(
                "Invalid 'containerDefinitions' setting: duplicate container name '{}'.",
                container.text("name")
            )));
        }
    }
    let essential = |c: &Value| !c.has("essential") || c.flag("essential");
    if !containers.iter().any(essential) {
        return Err(client("Task definition must have at least one essential container."));
    }
    runs::routers(containers)?;
    dependencies(containers, &names)?;
    volumes(definition, containers, &names)?;
    if definition.texts("requiresCompatibilities").contains(&"FARGATE") {
        return on_fargate(definition);
    }
    let awsvpc = definition.text("networkMode") == "awsvpc";
    for container in containers {
        let sized = definition.has("memory")
            || container.has("memory")
            || container.has("memoryReservation");
        if !sized {
            return Err(client(format!(
                "Invalid setting for container '{}'. At least one of 'memory' or 'memoryReservation' \
                 must be specified.",
                container.text("name")
            )));
        }
        if awsvpc && container.has("links") {
            return Err(client("Links are not supported when networkMode=awsvpc."));
        }
    }
    Ok(())
}

fn container(definition: &Value, container: &Value) -> Result<(), AwsError> {
    let name = container.text("name");
    if name.is_empty() {
        return Err(client("Container.name should not be null or empty."));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.len() > 255 || !name.chars().all(legal) {
        return Err(client(format!("Container.name contains invalid characters: '{name}'.")));
    }
    if container.text("image").is_empty() {
        return Err(client("Container.image should not be null or empty."));
    }
    let execution_role = !definition.text("executionRoleArn").is_empty();
    if !container.list("secrets").is_empty() && !execution_role {
        return Err(client(
            "When you are specifying container secrets, you must also specify a value for \
             'executionRoleArn'.",
        ));
    }
    let secret_options =
        container.get("logConfiguration").map_or(0, |l| l.list("secretOptions").len());
    if secret_options > 0 && !execution_role {
        return Err(client(
            "When you are specifying secretOptions, you must also specify a value for \
             'executionRoleArn'.",
        ));
    }
    let same_port = matches!(definition.text("networkMode"), "awsvpc" | "host");
    let mut ports = BTreeSet::new();
    for mapping in container.list("portMappings") {
        let port = mapping.integer("containerPort");
        if !mapping.has("containerPortRange") && !(1..=65_535).contains(&port) {
            return Err(client(format!("Invalid 'containerPort' setting for container '{name}'")));
        }
        if same_port && mapping.has("hostPort") && mapping.integer("hostPort") != port {
            return Err(client(format!(
                "When networkMode={}, the host ports and container ports in port mappings must match.",
                definition.text("networkMode")
            )));
        }
        let protocol = if mapping.has("protocol") { mapping.text("protocol") } else { "tcp" };
        if same_port && port > 0 && !ports.insert((port, protocol)) {
            return Err(client(format!("Invalid 'portMappings' setting: duplicate port {port}.")));
        }
    }
    runs::container(definition, container)?;
    let Some(check) = container.get("healthCheck") else { return Ok(()) };
    let within = |member: &str, low: i64, high: i64| {
        !check.has(member) || (low..=high).contains(&check.integer(member))
    };
    if check.list("command").is_empty() {
        return Err(client("Container healthCheck.command should not be null or empty."));
    }
    let legal = within("interval", 5, 300)
        && within("timeout", 2, 120)
        && within("retries", 1, 10)
        && within("startPeriod", 0, 300);
    if legal {
        Ok(())
    } else {
        Err(client(format!(
            "Invalid healthCheck setting for container '{name}': interval is 5 to 300, timeout 2 to \
             120, retries 1 to 10, startPeriod 0 to 300."
        )))
    }
}

fn dependencies(containers: &[Value], names: &BTreeSet<&str>) -> Result<(), AwsError> {
    let mut left: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for container in containers {
        let name = container.text("name");
        let mut waits_for = BTreeSet::new();
        for dependency in container.list("dependsOn") {
            let on = dependency.text("containerName");
            if !names.contains(on) {
                return Err(client(format!(
                    "Container '{name}' depends on the unknown container '{on}'."
                )));
            }
            let other = containers.iter().find(|c| c.text("name") == on);
            let checked = other.is_some_and(|other| other.has("healthCheck"));
            if dependency.text("condition") == "HEALTHY" && !checked {
                return Err(client(format!(
                    "Container '{name}' depends on '{on}' being HEALTHY, which has no healthCheck."
                )));
            }
            waits_for.insert(on);
        }
        left.insert(name, waits_for);
    }
    while let Some(free) = left.iter().find(|(_, on)| on.is_empty()).map(|(name, _)| *name) {
        left.remove(free);
        for on in left.values_mut() {
            on.remove(free);
        }
    }
    match left.keys().next() {
        None => Ok(()),
        Some(name) => Err(client(format!("Container dependencies form a cycle at '{name}'."))),
    }
}

fn volumes(
    definition: &Value,
    containers: &[Value],
    names: &BTreeSet<&str>,
) -> Result<(), AwsError> {
    let mut volumes = BTreeSet::new();
    for volume in definition.list("volumes") {
        let name = volume.text("name");
        if name.is_empty() || !volumes.insert(name) {
            return Err(client(format!(
                "Invalid 'volumes' setting: '{name}' is empty or duplicate."
            )));
        }
    }
    for container in containers {
        for mount in container.list("mountPoints") {
            if !volumes.contains(mount.text("sourceVolume")) {
                return Err(client(format!("Unknown volume '{}'.", mount.text("sourceVolume"))));
            }
        }
        for from in container.list("volumesFrom") {
            if !names.contains(from.text("sourceContainer")) {
                return Err(client(format!(
                    "Unknown container '{}' in volumesFrom.",
                    from.text("sourceContainer")
                )));
            }
        }
    }
    Ok(())
}

fn on_fargate(definition: &Value) -> Result<(), AwsError> {
    if definition.text("networkMode") != "awsvpc" {
        return Err(client("Fargate only supports network mode 'awsvpc'."));
    }
    if !definition.has("cpu") {
        return Err(client("Fargate requires that 'cpu' be defined at the task level."));
    }
    if !definition.has("memory") {
        return Err(client("Fargate requires that 'memory' be defined at the task level."));
    }
    let cpu = fargate::cpu_units(definition.text("cpu"));
    let memory = fargate::memory_mib(definition.text("memory"));
    let (Some(cpu), Some(memory)) = (cpu, memory) else {
        return Err(client("Invalid 'cpu' or 'memory' setting for task."));
    };
    if !fargate::offers(cpu, memory) {
        return Err(client(format!(
            "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the \
             Amazon ECS documentation for the valid values."
        )));
    }
    let windows =
        definition["runtimePlatform"].text("operatingSystemFamily").starts_with("WINDOWS");
    if windows && !(1024..=4096).contains(&cpu) {
        return Err(client(
            "No Fargate configuration exists for given values: Windows needs 1024, 2048 or 4096 CPU.",
        ));
    }
    if windows
        && definition
            .list("containerDefinitions")
            .iter()
            .any(|one| one.has("linuxParameters") || one.flag("readonlyRootFilesystem"))
    {
        return Err(client(
            "linuxParameters and readonlyRootFilesystem are not supported for Windows containers.",
        ));
    }
    if let Some(storage) = definition.get("ephemeralStorage")
        && !(21..=200).contains(&storage.integer("sizeInGiB"))
    {
        return Err(client("Ephemeral storage size must be between 21 GiB and 200 GiB."));
    }
    if !definition.list("placementConstraints").is_empty() {
        return Err(client("Fargate does not support placement constraints."));
    }
    if !matches!(definition.text("pidMode"), "" | "task") {
        return Err(client("Fargate supports only the pidMode task."));
    }
    if definition.has("ipcMode") {
        return Err(client("Fargate does not support ipcMode."));
    }
    let (mut cpu_left, mut memory_left) = (cpu, memory);
    for container in definition.list("containerDefinitions") {
        fargate_container(definition, container)?;
        let cpu = u64::try_from(container.integer("cpu")).unwrap_or(0);
        let reserved = container.integer("memoryReservation").max(0);
        let hard = container.integer("memory").max(0);
        let memory = u64::try_from(if reserved > 0 { reserved } else { hard }).unwrap_or(0);
        let wrong = |what: &str| {
            client(format!(
                "Invalid setting for container '{}'. The {what} of all containers exceeds the task's.",
                container.text("name")
            ))
        };
        cpu_left = cpu_left.checked_sub(cpu).ok_or_else(|| wrong("cpu"))?;
        memory_left = memory_left.checked_sub(memory).ok_or_else(|| wrong("memory"))?;
    }
    Ok(())
}

fn fargate_container(definition: &Value, container: &Value) -> Result<(), AwsError> {
    let execution_role = !definition.text("executionRoleArn").is_empty();
    let driver = container.get("logConfiguration").map_or("", |log| log.text("logDriver"));
    if !matches!(driver, "" | "awslogs" | "splunk" | "awsfirelens") {
        return Err(client(format!(
            "Log driver {driver} is not supported for the FARGATE launch type."
        )));
    }
    if driver == "awslogs" {
        let options = container.get("logConfiguration").and_then(|log| log.get("options"));
        for option in ["awslogs-group", "awslogs-region", "awslogs-stream-prefix"] {
            if options.is_none_or(|options| options.text(option).is_empty()) {
                return Err(client(format!(
                    "Log driver awslogs requires options: awslogs-group, awslogs-region, \
                     awslogs-stream-prefix; {option} is missing."
                )));
            }
        }
        if !execution_role {
            return Err(client(
                "Fargate requires task definition to have execution role ARN to support log driver \
                 awslogs.",
            ));
        }
    }
    if is_ecr(container.text("image")) && !execution_role {
        return Err(client(
            "Fargate requires task definition to have execution role ARN to support ECR images.",
        ));
    }
    for (member, text) in
        [("links", "links"), ("privileged", "privileged"), ("extraHosts", "extraHosts")]
    {
        let used = !container.list(member).is_empty() || container.flag(member);
        if used {
            return Err(client(format!("Fargate does not support '{text}' for containers.")));
        }
    }
    runs::on_fargate(container)
}

/// Is it an image of a private ECR repository?
pub(super) fn is_ecr(image: &str) -> bool {
    image
        .split('/')
        .next()
        .is_some_and(|host| host.contains(".dkr.ecr.") && host.contains(".amazonaws.com"))
}
