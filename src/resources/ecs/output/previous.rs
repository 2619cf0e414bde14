//! Which task of a service stopped last.

use aws_sdk_cloudwatchlogs::types::OrderBy;
use aws_sdk_ecs::types::DesiredStatus;

use super::Source;
use crate::aws::{Cx, classify};
use crate::engine::{Class, Failure};

/// The id of the task that stopped last: `ListTasks`, `DescribeTasks`. ECS knows them for an hour; before that it is the
/// one that wrote last and does not run, by `DescribeLogStreams`.
///
/// # Errors
/// A call is refused.
pub async fn previous(
    cx: &Cx,
    cluster: &str,
    service: &str,
    sources: &[Source],
) -> Result<Option<String>, Failure> {
    let stopped = tasks(cx, cluster, service, DesiredStatus::Stopped).await?;
    if let Some((_, id)) = stopped.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)) {
        return Ok(Some(id));
    }
    let running = tasks(cx, cluster, service, DesiredStatus::Running).await?;
    let runs = |id: &str| running.iter().any(|(_, running)| running == id);
    let mut newest: Option<(i64, String)> = None;
    for source in sources {
        let call = cx.logs.describe_log_streams().log_group_name(&source.group);
        let call = call.order_by(OrderBy::LastEventTime).descending(true).limit(50);
        let sent = call.send().await.map_err(|error| classify("logs DescribeLogStreams", error));
        let answer = match sent {
            Ok(answer) => answer,
            Err(failure) if failure.class == Class::Gone => continue,
            Err(failure) => return Err(failure),
        };
        for stream in answer.log_streams() {
            let name = stream.log_stream_name().unwrap_or_default();
            let Some((start, id)) = name.rsplit_once('/') else { continue };
            if !source.containers.contains_key(&format!("{start}/")) || runs(id) {
                continue;
            }
            let at = stream.last_event_timestamp().unwrap_or_default();
            if newest.as_ref().is_none_or(|(newest, _)| at > *newest) {
                newest = Some((at, id.to_owned()));
            }
        }
    }
    Ok(newest.map(|(_, id)| id))
}

/// Ids of a service's tasks, each with when it stopped.
async fn tasks(
    cx: &Cx,
    cluster: &str,
    service: &str,
    status: DesiredStatus,
) -> Result<Vec<(f64, String)>, Failure> {
    let call = cx.ecs.list_tasks().cluster(cluster).service_name(service).desired_status(status);
    let mut pages = call.into_paginator().items().send();
    let mut arns = Vec::new();
    while let Some(arn) = pages.next().await {
        arns.push(arn.map_err(|error| classify("ecs ListTasks", error))?);
    }
    let mut found = Vec::new();
    for batch in arns.chunks(100) {
        let call = cx.ecs.describe_tasks().cluster(cluster).set_tasks(Some(batch.to_vec()));
        let answer = call.send().await.map_err(|error| classify("ecs DescribeTasks", error))?;
        found.extend(answer.tasks().iter().filter_map(|task| {
            let id = task.task_arn()?.rsplit('/').next()?.to_owned();
            Some((task.stopped_at().map_or(0.0, |at| at.as_secs_f64()), id))
        }));
    }
    Ok(found)
}
