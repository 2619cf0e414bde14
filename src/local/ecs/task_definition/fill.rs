//! What ECS adds to a task definition on its own: defaults, compatibilities, attributes.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::check::is_ecr;
use super::fargate;
use crate::local::document::Document;

/// Completes a checked definition as ECS reads it back.
pub(super) fn defaults(definition: &mut Value) {
    let fargate = definition.texts("requiresCompatibilities").contains(&"FARGATE");
    for (member, units) in [
        ("cpu", fargate::cpu_units(definition.text("cpu"))),
        ("memory", fargate::memory_mib(definition.text("memory"))),
    ] {
        if let Some(units) = units {
            definition.set(member, units.to_string());
        }
    }
    if !definition.has("networkMode") && !fargate {
        definition.set("networkMode", "bridge");
    }
    let mode = definition.text("networkMode").to_owned();
    for container in members(definition, "containerDefinitions") {
        self::container(container, &mode);
    }
    for volume in members(definition, "volumes") {
        let plain = volume.as_object().is_some_and(|members| members.len() == 1);
        if plain {
            volume.set("host", Map::new());
        }
        if let Some(efs) = volume.get_mut("efsVolumeConfiguration") {
            default(efs, "rootDirectory", "/");
        }
    }
    for list in ["volumes", "placementConstraints"] {
        default(definition, list, json!([]));
    }
    let windows = definition
        .get("runtimePlatform")
        .is_some_and(|platform| platform.text("operatingSystemFamily").starts_with("WINDOWS"));
    let mut compatibilities = vec!["EC2"];
    if fargate || (mode == "awsvpc" && fits_fargate(definition)) {
        compatibilities.push("FARGATE");
    }
    if mode != "awsvpc" && !windows {
        compatibilities.insert(0, "EXTERNAL");
    }
    definition.set("compatibilities", json!(compatibilities));
    let attributes = attributes(definition);
    definition.set("requiresAttributes", json!(attributes));
}

fn container(container: &mut Value, mode: &str) {
    default(container, "cpu", 0);
    default(container, "essential", true);
    for list in ["portMappings", "environment", "mountPoints", "volumesFrom", "systemControls"] {
        default(container, list, json!([]));
    }
    for mapping in members(container, "portMappings") {
        let port = mapping.integer("containerPort");
        if !mapping.has("containerPortRange") {
            let same = matches!(mode, "awsvpc" | "host");
            default(mapping, "hostPort", if same { port } else { 0 });
        }
        default(mapping, "protocol", "tcp");
    }
    if let Some(check) = container.get_mut("healthCheck") {
        default(check, "interval", 30);
        default(check, "timeout", 5);
        default(check, "retries", 3);
    }
    if let Some(policy) = container.get_mut("restartPolicy")
        && policy.flag("enabled")
    {
        default(policy, "restartAttemptPeriod", 300);
    }
}

fn fits_fargate(definition: &Value) -> bool {
    let cpu = fargate::cpu_units(definition.text("cpu"));
    let memory = fargate::memory_mib(definition.text("memory"));
    cpu.zip(memory).is_some_and(|(cpu, memory)| fargate::offers(cpu, memory))
}

/// What the container agent must be able to do to run this.
fn attributes(definition: &Value) -> Vec<Value> {
    let mut names = BTreeSet::new();
    let role = !definition.text("executionRoleArn").is_empty();
    names.insert("com.amazonaws.ecs.capability.docker-remote-api.1.18");
    if definition.text("networkMode") == "awsvpc" {
        names.insert("ecs.capability.task-eni");
    }
    if !definition.text("taskRoleArn").is_empty() {
        names.insert("com.amazonaws.ecs.capability.task-iam-role");
    }
    for container in definition.list("containerDefinitions") {
        match container.get("logConfiguration").map_or("", |log| log.text("logDriver")) {
            "awslogs" => {
                names.insert("com.amazonaws.ecs.capability.logging-driver.awslogs");
                names.insert("com.amazonaws.ecs.capability.docker-remote-api.1.19");
                if role {
                    names.insert("ecs.capability.execution-role-awslogs");
                }
            }
            "splunk" => {
                names.insert("com.amazonaws.ecs.capability.logging-driver.splunk");
            }
            _ => {}
        }
        if is_ecr(container.text("image")) {
            names.insert("com.amazonaws.ecs.capability.ecr-auth");
            if role {
                names.insert("ecs.capability.execution-role-ecr-pull");
            }
        }
        if container.has("healthCheck") {
            names.insert("ecs.capability.container-health-check");
        }
        if !container.list("dependsOn").is_empty() {
            names.insert("ecs.capability.container-ordering");
        }
        for secret in container.list("secrets") {
            names.insert(if secret.text("valueFrom").contains(":secretsmanager:") {
                "ecs.capability.secrets.asm.environment-variables"
            } else {
                "ecs.capability.secrets.ssm.environment-variables"
            });
        }
    }
    if definition.list("volumes").iter().any(|volume| volume.has("efsVolumeConfiguration")) {
        names.insert("ecs.capability.efs");
        names.insert("ecs.capability.efsAuth");
    }
    names.into_iter().map(|name| json!({"name": name})).collect()
}

fn members<'a>(value: &'a mut Value, list: &str) -> impl Iterator<Item = &'a mut Value> {
    value.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten()
}

fn default(value: &mut Value, member: &str, to: impl Into<Value>) {
    if !value.has(member) {
        value.set(member, to);
    }
}
