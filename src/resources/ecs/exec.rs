//! ECS Exec: a session in a container of a running task.

use aws_sdk_ecs::types::{Container, ManagedAgentName, Task};
use serde_json::{Value, json};

use crate::aws::{Cx, classify};
use crate::engine::{Class, Failure, redact};

/// `DescribeTasks` takes so many at most.
const BATCH: usize = 100;

/// Whose container is meant.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The cluster's name.
    pub cluster: &'a str,
    /// What ECS calls the service.
    pub service: &'a str,
    /// What the user calls it.
    pub name: &'a str,
    /// Its environment.
    pub environment: &'a str,
    /// How the task's id begins; the task that started last without it.
    pub task: Option<&'a str>,
    /// The container; the main one without it.
    pub container: Option<&'a str>,
}

/// A container that a session can be opened in.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The cluster's name.
    pub cluster: String,
    /// The task's id.
    pub task: String,
    /// The container's name.
    pub container: String,
    runtime: String,
}

/// An open session, as the Session Manager plugin wants it.
#[derive(Clone, Debug)]
pub struct Session {
    /// `sessionId`, `streamUrl` and `tokenValue`: a secret.
    pub response: Value,
    /// `Target`: whom it is with.
    pub request: Value,
}

/// Finds the task and its container: `ListTasks`, `DescribeTasks`. Whatever would make the session fail is told here.
///
/// # Errors
/// There is no such task or container, it does not run, or its agent does not.
pub async fn find(cx: &Cx, wanted: Wanted<'_>) -> Result<Place, Failure> {
    let Wanted { name, environment, .. } = wanted;
    let refused =
        |message: String, hint: String| Failure::new(Class::Invalid, message).with_hint(hint);
    let status = format!("`shipit svc status --name {name} --env {environment}` lists its tasks");
    let running = tasks(cx, wanted, None).await?;
    let id = |task: &Task| last(task.task_arn());
    let found = match wanted.task {
        Some(start) => match running.iter().find(|task| id(task).starts_with(start)) {
            Some(task) => Some(task.clone()),
            None => match stopped(cx, wanted, start).await? {
                Some(task) => Some(task),
                None => {
                    let ids: Vec<String> = running.iter().map(id).collect();
                    let there = match ids.as_slice() {
                        [] => "none runs".to_owned(),
                        ids => format!("there is {}", ids.join(", ")),
                    };
                    return Err(refused(
                        format!("service `{name}` has no task `{start}`"),
                        format!("{there}; {status}"),
                    ));
                }
            },
        },
        None => {
            let started = |task: &&Task| task.started_at().map_or(0, |at| at.secs());
            let ready = running.iter().filter(|task| task.last_status() == Some("RUNNING"));
            ready.max_by_key(started).cloned()
        }
    };
    let Some(task) = found else {
        return Err(refused(format!("no task of service `{name}` runs"), status));
    };
    let task_id = id(&task);
    if task.last_status() != Some("RUNNING") {
        let word = task.last_status().unwrap_or_default().to_lowercase();
        return Err(refused(format!("task {task_id} of service `{name}` is {word}"), status));
    }
    let container = container(&task, wanted.container, name).map_err(|names| {
        refused(
            format!("task {task_id} has no container `{}`", wanted.container.unwrap_or(name)),
            format!("it has {}; choose one with `--container`", names.join(", ")),
        )
    })?;
    let own = container.name().unwrap_or_default().to_owned();
    if !task.enable_execute_command() {
        return Err(refused(
            format!("task {task_id} was started before ECS Exec was switched on"),
            format!("start new ones with `shipit svc restart {name} --env {environment}`"),
        ));
    }
    let agent = container
        .managed_agents()
        .iter()
        .find(|agent| agent.name() == Some(&ManagedAgentName::ExecuteCommandAgent));
    let state = agent.and_then(|agent| agent.last_status()).unwrap_or("not there yet");
    if state != "RUNNING" {
        let why = agent.and_then(|agent| agent.reason()).map(redact::others);
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        return Err(refused(
            format!("the agent of ECS Exec in container `{own}` is {}{why}", state.to_lowercase()),
            "it needs some seconds after the task's start, the way to Systems Manager (NAT gateway or endpoint `ssmmessages`), a root file system that can be written to, and `ssmmessages:*Channel` in the task role".to_owned(),
        ));
    }
    Ok(Place {
        cluster: wanted.cluster.to_owned(),
        task: task_id,
        container: own,
        runtime: container.runtime_id().unwrap_or_default().to_owned(),
    })
}

/// Opens a session: `ExecuteCommand`.
///
/// # Errors
/// The call is refused.
pub async fn open(cx: &Cx, place: &Place, command: &str) -> Result<Session, Failure> {
    let call = cx
        .ecs
        .execute_command()
        .cluster(&place.cluster)
        .task(&place.task)
        .container(&place.container)
        .command(command)
        .interactive(true);
    let answer = call.send().await.map_err(|error| {
        classify("ecs ExecuteCommand", error).with_hint(
            "an agent that runs may still not be connected: try again in some seconds; the task role needs \
             `ssmmessages:CreateControlChannel`, `CreateDataChannel`, `OpenControlChannel` and `OpenDataChannel`",
        )
    })?;
    let session = answer.session();
    let token = session.and_then(|session| session.token_value()).unwrap_or_default();
    redact::remember(token);
    Ok(Session {
        response: json!({
            "sessionId": session.and_then(|session| session.session_id()),
            "streamUrl": session.and_then(|session| session.stream_url()),
            "tokenValue": token,
        }),
        request: json!({
            "Target": format!("ecs:{}_{}_{}", place.cluster, place.task, place.runtime),
        }),
    })
}

/// The named container, else the service's own, else the first; else the names that there are.
fn container<'a>(
    task: &'a Task,
    wanted: Option<&str>,
    name: &str,
) -> Result<&'a Container, Vec<String>> {
    let all = task.containers();
    let named = |name: &str| all.iter().find(|one| one.name() == Some(name));
    let found = match wanted {
        Some(wanted) => named(wanted),
        None => named(name).or(all.first()),
    };
    found.ok_or_else(|| {
        all.iter().filter_map(|one| one.name()).map(|name| format!("`{name}`")).collect()
    })
}

async fn tasks(
    cx: &Cx,
    wanted: Wanted<'_>,
    status: Option<aws_sdk_ecs::types::DesiredStatus>,
) -> Result<Vec<Task>, Failure> {
    let call = cx.ecs.list_tasks().cluster(wanted.cluster).service_name(wanted.service);
    let mut pages = call.set_desired_status(status).into_paginator().items().send();
    let mut arns = Vec::new();
    while let Some(arn) = pages.next().await {
        arns.push(arn.map_err(|error| classify("ecs ListTasks", error))?);
    }
    let mut found = Vec::new();
    for batch in arns.chunks(BATCH) {
        let call = cx.ecs.describe_tasks().cluster(wanted.cluster);
        let answer = call.set_tasks(Some(batch.to_vec())).send().await;
        let answer = answer.map_err(|error| classify("ecs DescribeTasks", error))?;
        found.extend(answer.tasks.unwrap_or_default());
    }
    Ok(found)
}

async fn stopped(cx: &Cx, wanted: Wanted<'_>, start: &str) -> Result<Option<Task>, Failure> {
    let all = tasks(cx, wanted, Some(aws_sdk_ecs::types::DesiredStatus::Stopped)).await?;
    Ok(all.into_iter().find(|task| last(task.task_arn()).starts_with(start)))
}

fn last(arn: Option<&str>) -> String {
    arn.and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().to_owned()
}
