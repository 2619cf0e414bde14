//! How a service fares right now, for people: deployments, tasks, newest events.

use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState, Service, ServiceField, Task};
use serde::Serialize;

use crate::aws::{Cx, classify};
use crate::engine::{Class, Failure, Verdict};

use super::diagnosis::Case;
use super::shifting::{self, Shifting};

/// How many events are shown.
const EVENTS: usize = 8;
/// `DescribeTasks` takes so many at most.
const BATCH: usize = 100;

/// How a service fares.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServiceStatus {
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// How many tasks it should have.
    pub desired: i32,
    /// How many run.
    pub running: i32,
    /// How many are starting.
    pub pending: i32,
    /// Its deployments, the current one first.
    pub deployments: Vec<DeploymentStatus>,
    /// Its tasks.
    pub tasks: Vec<TaskStatus>,
    /// The newest events first.
    pub events: Vec<Event>,
    /// The deployment in progress, if it moves traffic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shifting: Option<Shifting>,
    /// Why it fails right now, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// One deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeploymentStatus {
    /// `ecs-svc/…`.
    pub id: String,
    /// `PRIMARY` or `ACTIVE` (on its way out).
    pub status: String,
    /// `IN_PROGRESS`, `COMPLETED` or `FAILED`.
    pub rollout: String,
    /// Why, where AWS says so.
    pub reason: String,
    /// `demo-test-api:3`.
    pub task_definition: String,
    /// How many tasks it should have.
    pub desired: i32,
    /// How many run.
    pub running: i32,
    /// How many failed.
    pub failed: i32,
    /// When it began, in seconds since 1970.
    pub since: i64,
}

/// One task.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskStatus {
    /// The last part of its ARN.
    pub id: String,
    /// `PENDING`, `RUNNING`, `STOPPED` and the steps between.
    pub status: String,
    /// What the containers' own checks say: `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    pub health: String,
    /// `demo-test-api:3`.
    pub task_definition: String,
    /// The zone it runs in.
    pub zone: String,
    /// When it began to run, in seconds since 1970.
    pub started: Option<i64>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// When, as seconds since 1970.
    pub at: i64,
    /// What ECS says.
    pub message: String,
}

/// Asks ECS how a service fares: `DescribeServices`, `ListTasks`, `DescribeTasks`; and what is wrong, where something is.
/// `name` and `environment` are what the user calls it.
///
/// # Errors
/// The service is not there, or a call is refused.
pub async fn status(
    cx: &Cx,
    cluster: &str,
    service: &str,
    (name, environment): (&str, &str),
) -> Result<ServiceStatus, Failure> {
    let call = cx.ecs.describe_services().cluster(cluster).services(service);
    let answer = call.include(ServiceField::Tags).send().await;
    let answer = answer.map_err(|error| classify("ecs DescribeServices", error))?;
    let Some(found) = answer.services().first() else {
        return Err(Failure::new(
            Class::Gone,
            format!("ECS does not know the service `{service}`"),
        ));
    };
    let events = found.events().iter().take(EVENTS).map(|event| Event {
        at: event.created_at().map_or(0, |at| at.secs()),
        message: event.message().unwrap_or_default().to_owned(),
    });
    Ok(ServiceStatus {
        status: found.status().unwrap_or_default().to_owned(),
        desired: found.desired_count(),
        running: found.running_count(),
        pending: found.pending_count(),
        deployments: found.deployments().iter().map(deployment).collect(),
        tasks: tasks(cx, cluster, service).await?,
        events: events.collect(),
        shifting: in_progress(cx, found).await?,
        failure: failing(cx, found, name, environment).await,
    })
}

async fn in_progress(cx: &Cx, service: &Service) -> Result<Option<Shifting>, Failure> {
    match service.current_service_deployment() {
        Some(arn) if shifting::moves(service.deployment_configuration()) => {
            Ok(shifting::of(cx, service, arn).await?.filter(Shifting::is_going))
        }
        _ => Ok(None),
    }
}

/// Its newest deployment failed, or misses tasks and has some that stopped.
async fn failing(cx: &Cx, service: &Service, name: &str, environment: &str) -> Option<Failure> {
    let one = service.deployments().iter().find(|one| one.status() == Some("PRIMARY"))?;
    let (running, desired) = (one.running_count(), one.desired_count());
    let since = one.created_at().map_or(0.0, |at| at.as_secs_f64());
    let case = Case { service, deployment: one.id(), since, name, environment };
    let id = one.id().unwrap_or("?");
    let ended = if one.rollout_state() == Some(&DeploymentRolloutState::Failed) {
        let reason = one.rollout_state_reason().unwrap_or_default().trim_end_matches('.');
        format!("deployment {id} failed: {reason}")
    } else if running < desired && case.is_suspicious(one.failed_tasks(), desired) {
        format!("deployment {id} misses tasks: {running} of {desired} run")
    } else {
        return None;
    };
    Some(case.explain(cx, Verdict::Failed, ended).await)
}

async fn tasks(cx: &Cx, cluster: &str, service: &str) -> Result<Vec<TaskStatus>, Failure> {
    let pages = cx.ecs.list_tasks().cluster(cluster).service_name(service).into_paginator();
    let mut pages = pages.items().send();
    let mut arns = Vec::new();
    while let Some(arn) = pages.next().await {
        arns.push(arn.map_err(|error| classify("ecs ListTasks", error))?);
    }
    let mut found = Vec::new();
    for batch in arns.chunks(BATCH) {
        let call = cx.ecs.describe_tasks().cluster(cluster).set_tasks(Some(batch.to_vec()));
        let answer = call.send().await.map_err(|error| classify("ecs DescribeTasks", error))?;
        found.extend(answer.tasks().iter().map(task));
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

fn deployment(one: &Deployment) -> DeploymentStatus {
    DeploymentStatus {
        id: one.id().unwrap_or_default().to_owned(),
        status: one.status().unwrap_or_default().to_owned(),
        rollout: one.rollout_state().map(|state| state.as_str()).unwrap_or_default().to_owned(),
        reason: one.rollout_state_reason().unwrap_or_default().to_owned(),
        task_definition: last_part(one.task_definition()),
        desired: one.desired_count(),
        running: one.running_count(),
        failed: one.failed_tasks(),
        since: one.created_at().map_or(0, |at| at.secs()),
    }
}

fn task(one: &Task) -> TaskStatus {
    TaskStatus {
        id: last_part(one.task_arn()),
        status: one.last_status().unwrap_or_default().to_owned(),
        health: one.health_status().map(|health| health.as_str()).unwrap_or_default().to_owned(),
        task_definition: last_part(one.task_definition_arn()),
        zone: one.availability_zone().unwrap_or_default().to_owned(),
        started: one.started_at().map(|at| at.secs()),
    }
}

fn last_part(arn: Option<&str>) -> String {
    arn.and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().to_owned()
}
