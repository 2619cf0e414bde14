//! How a service fares right now, for people: deployments, tasks, newest events.

use aws_sdk_ecs::types::{Deployment, ServiceField, Task};
use serde::Serialize;

use crate::aws::{Cx, classify};
use crate::engine::{Class, Failure};

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
}

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// When, as seconds since 1970.
    pub at: i64,
    /// What ECS says.
    pub message: String,
}

/// Asks ECS how a service fares: `DescribeServices`, `ListTasks`, `DescribeTasks`.
///
/// # Errors
/// The service is not there, or a call is refused.
pub async fn status(cx: &Cx, cluster: &str, service: &str) -> Result<ServiceStatus, Failure> {
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
    })
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
    }
}

fn task(one: &Task) -> TaskStatus {
    TaskStatus {
        id: last_part(one.task_arn()),
        status: one.last_status().unwrap_or_default().to_owned(),
        health: one.health_status().map(|health| health.as_str()).unwrap_or_default().to_owned(),
        task_definition: last_part(one.task_definition_arn()),
        zone: one.availability_zone().unwrap_or_default().to_owned(),
    }
}

fn last_part(arn: Option<&str>) -> String {
    arn.and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().to_owned()
}
