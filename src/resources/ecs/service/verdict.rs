//! What becomes of a deployment, and why it failed.

use aws_sdk_ecs::types::{
    Deployment as SdkDeployment, DeploymentRolloutState, DesiredStatus, Service as SdkService, Task,
};

use super::read::primary;
use crate::aws::{Cx, classify};
use crate::engine::{Failure, Health};

/// How a service fares when nobody waits for a deployment of it: once a deployment is done,
/// ECS replaces single tasks as they come and go.
pub(super) fn standing(service: &SdkService) -> Health {
    match verdict(service, None) {
        Health::Pending(_)
            if primary(service).is_some_and(|one| {
                one.rollout_state() == Some(&DeploymentRolloutState::Completed)
                    && one.running_count() > 0
            }) =>
        {
            Health::Ready
        }
        health => health,
    }
}

/// The verdict on one deployment: the one that `ticket` names, else the primary one.
pub(super) fn verdict(service: &SdkService, ticket: Option<&str>) -> Health {
    match service.status() {
        Some("INACTIVE") => return Health::Gone,
        Some("DRAINING") => return Health::Failed("it is being deleted".to_owned()),
        _ => {}
    }
    if service.deployments().is_empty() {
        // Task sets: somebody else deploys.
        return counts(service.running_count(), service.desired_count(), "");
    }
    let primary = primary(service);
    let asked = match ticket {
        None => primary,
        Some(ticket) => service.deployments().iter().find(|one| one.id() == Some(ticket)),
    };
    match asked {
        Some(deployment) if deployment.status() == Some("PRIMARY") => judge(service, deployment),
        Some(deployment) => Health::Failed(lost(service, deployment.id(), Some(deployment))),
        None if ticket.is_some() => Health::Failed(lost(service, ticket, None)),
        None => Health::Pending("its deployment has not begun".to_owned()),
    }
}

/// One that is primary.
fn judge(service: &SdkService, deployment: &SdkDeployment) -> Health {
    let (running, desired) = (deployment.running_count(), deployment.desired_count());
    match deployment.rollout_state() {
        Some(DeploymentRolloutState::Failed) => {
            Health::Failed(lost(service, deployment.id(), Some(deployment)))
        }
        Some(DeploymentRolloutState::Completed) => counts(running, desired, ""),
        Some(_) => {
            let failed = match deployment.failed_tasks() {
                0 => String::new(),
                1 => ", 1 task failed".to_owned(),
                failed => format!(", {failed} tasks failed"),
            };
            Health::Pending(format!(
                "{running} of {desired} tasks running (deployment in progress{failed})"
            ))
        }
        // Endpoints that do not say: steady once the old tasks are gone and the new ones run.
        None if service.deployments().len() == 1 => counts(running, desired, ""),
        None => counts(running, desired.max(running + 1), " (old tasks still there)"),
    }
}

fn counts(running: i32, desired: i32, more: &str) -> Health {
    if running >= desired {
        Health::Ready
    } else {
        Health::Pending(format!("{running} of {desired} tasks running{more}"))
    }
}

/// How many of a service's newest events a failure quotes.
const EVENTS: usize = 3;

/// Why a deployment is no longer on its way.
fn lost(service: &SdkService, id: Option<&str>, deployment: Option<&SdkDeployment>) -> String {
    let id = id.unwrap_or("?");
    let failed =
        deployment.and_then(|one| one.rollout_state()) == Some(&DeploymentRolloutState::Failed);
    let rolled_back = service.events().iter().any(|event| {
        event.message().is_some_and(|text| text.contains(id) && text.contains("roll"))
    }) || primary(service)
        .is_some_and(|one| one.rollout_state_reason().is_some_and(|why| why.contains("roll")));
    let what = if rolled_back {
        "failed and was rolled back"
    } else if failed {
        "failed"
    } else {
        "was superseded by another deployment"
    };
    let mut text = format!("deployment {id} {what}");
    if let Some(reason) = deployment.and_then(|one| one.rollout_state_reason()) {
        text.push_str(&format!(": {}", reason.trim_end_matches('.')));
    }
    let about = |text: &&str| text.contains(id) || !text.contains("(deployment ");
    let events = service.events().iter().filter_map(|event| event.message()).filter(about);
    for event in events.take(EVENTS) {
        // Every message begins with `(service NAME) `.
        let event = event.split_once(") ").map_or(event, |(_, rest)| rest);
        text.push_str(&format!("; {}", event.trim_end_matches('.')));
    }
    text
}

/// How many stopped tasks a failure quotes.
const TASKS: usize = 3;

/// Why the tasks of a failed deployment stopped, each reason once; empty where nothing is known.
pub(super) async fn stopped_tasks(
    cx: &Cx,
    cluster: &str,
    service: &str,
    ticket: Option<&str>,
) -> Result<Vec<String>, Failure> {
    let listed = cx
        .ecs
        .list_tasks()
        .cluster(cluster)
        .service_name(service)
        .desired_status(DesiredStatus::Stopped)
        .send()
        .await
        .map_err(|error| classify("ecs ListTasks", error))?;
    if listed.task_arns().is_empty() {
        return Ok(Vec::new());
    }
    let arns = listed.task_arns().iter().take(100).cloned().collect();
    let described = cx
        .ecs
        .describe_tasks()
        .cluster(cluster)
        .set_tasks(Some(arns))
        .send()
        .await
        .map_err(|error| classify("ecs DescribeTasks", error))?;
    let mut tasks: Vec<&Task> = described.tasks().iter().collect();
    if tasks.iter().any(|task| task.started_by() == ticket) && ticket.is_some() {
        tasks.retain(|task| task.started_by() == ticket);
    }
    tasks.sort_by_key(|task| std::cmp::Reverse(task.stopped_at().map(|at| at.secs())));
    let mut reasons: Vec<String> = Vec::new();
    for reason in tasks.into_iter().filter_map(why_stopped) {
        if !reasons.contains(&reason) && reasons.len() < TASKS {
            reasons.push(reason);
        }
    }
    Ok(reasons)
}

fn why_stopped(task: &Task) -> Option<String> {
    let mut text = task.stopped_reason().unwrap_or_default().to_owned();
    for container in task.containers() {
        let name = container.name().unwrap_or("?");
        let ended = match (container.exit_code(), container.reason()) {
            (Some(0) | None, None) => continue,
            (Some(code), None) => format!("container `{name}` exited with code {code}"),
            (None, Some(reason)) => format!("container `{name}`: {reason}"),
            (Some(code), Some(reason)) => {
                format!("container `{name}` exited with code {code}: {reason}")
            }
        };
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(&ended);
    }
    (!text.is_empty()).then_some(text)
}
