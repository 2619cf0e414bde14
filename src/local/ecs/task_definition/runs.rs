//! How containers may run: limits, restarts, log routers, and what Fargate does not have.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::local::document::Document;
use crate::local::ecs::names::client;
use crate::local::error::AwsError;

/// How a container runs: limits, restarts, secrets of its log driver.
pub(super) fn container(definition: &Value, container: &Value) -> Result<(), AwsError> {
    let name = container.text("name");
    let mut limits = BTreeSet::new();
    for limit in container.list("ulimits") {
        let (soft, hard) = (limit.integer("softLimit"), limit.integer("hardLimit"));
        let unlimited = |number: i64| if number < 0 { i64::MAX } else { number };
        if unlimited(soft) > unlimited(hard) {
            return Err(client(format!(
                "Invalid 'ulimits' setting for container '{name}': the soft limit of {} is larger than \
                 its hard limit.",
                limit.text("name")
            )));
        }
        if !limits.insert(limit.text("name")) {
            return Err(client(format!(
                "Invalid 'ulimits' setting for container '{name}': {} is given twice.",
                limit.text("name")
            )));
        }
    }
    if let Some(policy) = container.get("restartPolicy") {
        let period = policy.integer("restartAttemptPeriod");
        if policy.has("restartAttemptPeriod") && !(60..=1800).contains(&period) {
            return Err(client(format!(
                "Invalid 'restartPolicy' setting for container '{name}': restartAttemptPeriod is 60 to \
                 1800."
            )));
        }
        if policy.list("ignoredExitCodes").len() > 50 {
            return Err(client(format!(
                "Invalid 'restartPolicy' setting for container '{name}': at most 50 ignoredExitCodes."
            )));
        }
    }
    if definition.text("networkMode") == "awsvpc" {
        for member in ["hostname", "extraHosts"] {
            if container.has(member) {
                return Err(client(format!(
                    "Invalid setting for container '{name}'. {member} is not supported when \
                     networkMode=awsvpc."
                )));
            }
        }
    }
    let (hard, soft) = (container.integer("memory"), container.integer("memoryReservation"));
    if hard > 0 && soft > hard {
        return Err(client(format!(
            "Invalid setting for container '{name}'. The 'memory' setting must be greater than or equal \
             to the 'memoryReservation' setting."
        )));
    }
    Ok(())
}

/// A log router where some container wants one, and no more than one.
pub(super) fn routers(containers: &[Value]) -> Result<(), AwsError> {
    let routers = containers.iter().filter(|one| one.has("firelensConfiguration")).count();
    let driver = |one: &Value| {
        one.get("logConfiguration").is_some_and(|log| log.text("logDriver") == "awsfirelens")
    };
    if routers > 1 {
        return Err(client("Only one container can have a firelensConfiguration."));
    }
    if routers == 0 && containers.iter().any(driver) {
        return Err(client(
            "When a firelensConfiguration object is not specified, log driver awsfirelens cannot be used.",
        ));
    }
    Ok(())
}

/// What Fargate refuses of it.
pub(super) fn on_fargate(container: &Value) -> Result<(), AwsError> {
    for member in ["stopTimeout", "startTimeout"] {
        if container.has(member) && !(2..=120).contains(&container.integer(member)) {
            return Err(client(format!("The value of {member} on Fargate is 2 to 120.")));
        }
    }
    for member in ["dnsServers", "dnsSearchDomains", "dockerSecurityOptions"] {
        if !container.list(member).is_empty() {
            return Err(client(format!("Fargate does not support '{member}' for containers.")));
        }
    }
    if container.flag("disableNetworking") {
        return Err(client("Fargate does not support 'disableNetworking' for containers."));
    }
    if let Some(linux) = container.get("linuxParameters") {
        for member in ["devices", "sharedMemorySize", "maxSwap", "swappiness"] {
            if linux.has(member) {
                return Err(client(format!("Fargate does not support '{member}' for containers.")));
            }
        }
        let added = linux.get("capabilities").map(|both| both.texts("add")).unwrap_or_default();
        if let Some(other) = added.iter().find(|one| **one != "SYS_PTRACE") {
            return Err(client(format!("Fargate does not support adding the capability {other}.")));
        }
    }
    let file = container
        .get("firelensConfiguration")
        .and_then(|router| router.get("options"))
        .is_none_or(|options| matches!(options.text("config-file-type"), "" | "file"));
    if !file {
        return Err(client("Fargate supports only the config-file-type file."));
    }
    Ok(())
}
