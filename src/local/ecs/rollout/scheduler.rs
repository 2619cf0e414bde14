//! What the service scheduler does when it looks at an active service: start, stop, scale, and
//! see whether it is done.

use std::time::Duration;

use serde_json::json;

use super::order::{self, Order};
use super::targets::News;
use super::task;
use super::verdict;
use crate::local::call::Call;
use crate::local::clock::Millis;
use crate::local::document::Document;
use crate::local::ecs::records::{Deployment, End, Phase, Service, State, Task};
use crate::local::ecs::task_definition;
use crate::local::faults::Rollout;

/// From this many failures in a row on, ECS takes its time between attempts.
const PATIENT_FAILURES: u64 = 10;
/// The longest that ECS waits between attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// One look. Returns whether it changed anything.
pub(super) fn decide(call: &mut Call<'_>, service: &mut Service, tasks: &mut Vec<Task>) -> bool {
    if verdict::break_circuit(call, service, tasks) {
        return true;
    }
    let Some(primary) = service.primary().cloned() else { return false };
    let desired = service.desired;
    let configuration = &service.wire["deploymentConfiguration"];
    let percent = |member: &str| u64::try_from(configuration.integer(member)).unwrap_or(0);
    let upper = desired * percent("maximumPercent") / 100;
    let lower = (desired * percent("minimumHealthyPercent")).div_ceil(100);

    let count = |tasks: &[Task], own: Option<bool>, test: fn(Phase) -> bool| {
        let of = |task: &&Task| own.is_none_or(|own| (task.deployment == primary.id) == own);
        u64::try_from(tasks.iter().filter(of).filter(|t| test(t.phase)).count()).unwrap_or(0)
    };
    let healthy = |phase| phase == Phase::Healthy;
    let live_own = count(tasks, Some(true), Phase::is_live);
    let live = count(tasks, None, Phase::is_live);

    // Too many of its own: the newest go, those that are not healthy first.
    if live_own > desired {
        let surplus = live_own - desired;
        return stop_some(call, service, tasks, surplus, &primary.id, true);
    }
    let mut changed = false;
    let failed = primary.state == State::Failed;
    let waiting = primary.retry_at.is_some_and(|at| at > call.now);
    let missing = if failed { 0 } else { desired - live_own };
    let room = upper.saturating_sub(live);
    let start = missing.min(room);
    if start > 0 && !waiting {
        changed |= launch(call, service, tasks, start, &primary.id);
    }
    if !failed {
        changed |= replace(call, service, tasks, (missing - start, lower, desired), &primary.id);
    }
    let healthy_own = count(tasks, Some(true), healthy);
    let others = count(tasks, Some(false), |phase| phase != Phase::Stopped);
    changed | verdict::complete(call, service, healthy_own, others)
}

/// Stops tasks of former deployments as far as enough healthy ones remain.
fn replace(
    call: &mut Call<'_>,
    service: &mut Service,
    tasks: &mut [Task],
    (blocked, lower, desired): (u64, u64, u64),
    primary: &str,
) -> bool {
    let old = |task: &Task| task.deployment != primary && task.phase.is_live();
    let healthy =
        u64::try_from(tasks.iter().filter(|t| t.phase == Phase::Healthy).count()).unwrap_or(0);
    let unhealthy_old = tasks.iter().filter(|t| old(t) && t.phase != Phase::Healthy).count();
    // Whatever is above the desired count may go; down to the lower bound only to make room.
    let spare = healthy.saturating_sub(desired.max(lower));
    let forced = blocked.min(healthy.saturating_sub(lower));
    let count = u64::try_from(unhealthy_old).unwrap_or(0) + spare.max(forced);
    count > 0 && stop_some(call, service, tasks, count, primary, false)
}

/// Stops up to `count` live tasks, of the primary deployment or of the others.
fn stop_some(
    call: &mut Call<'_>,
    service: &mut Service,
    tasks: &mut [Task],
    count: u64,
    primary: &str,
    own: bool,
) -> bool {
    let mut candidates: Vec<usize> = (0..tasks.len())
        .filter(|&at| (tasks[at].deployment == primary) == own && tasks[at].phase.is_live())
        .collect();
    candidates.sort_by_key(|&at| (tasks[at].phase == Phase::Healthy, std::cmp::Reverse(at)));
    candidates.truncate(usize::try_from(count).unwrap_or(usize::MAX));
    let reason = if own {
        "Scaling activity initiated by (deployment ".to_owned() + primary + ")"
    } else {
        let id = candidates.first().map(|&at| tasks[at].deployment.clone());
        format!("Scaling activity initiated by (deployment {})", id.unwrap_or_default())
    };
    stop(call, service, tasks, &candidates, &reason)
}

/// Stops all live tasks of a service that is being deleted. Returns whether there were any.
pub(super) fn stop_all(call: &mut Call<'_>, service: &mut Service, tasks: &mut [Task]) -> bool {
    let live: Vec<usize> = (0..tasks.len()).filter(|&at| tasks[at].phase.is_live()).collect();
    let id = service.primary().map(|primary| primary.id.clone()).unwrap_or_default();
    stop(call, service, tasks, &live, &format!("Scaling activity initiated by (deployment {id})"))
}

pub(super) fn stop(
    call: &mut Call<'_>,
    service: &mut Service,
    tasks: &mut [Task],
    which: &[usize],
    reason: &str,
) -> bool {
    if which.is_empty() {
        return false;
    }
    let mut news = News::default();
    let mut names = Vec::new();
    for &at in which {
        let end = End {
            code: "ServiceSchedulerInitiated".to_owned(),
            reason: reason.to_owned(),
            exit_code: None,
            container: None,
            at: 0,
        };
        names.push(format!("(task {})", tasks[at].id));
        task::stop(call, &mut tasks[at], end, &mut news);
    }
    let message = format!("has stopped {} running tasks: {}.", names.len(), names.join(" "));
    service.say(call, &message);
    news.tell(call, service);
    true
}

/// Stops up to `count` live tasks of one deployment.
pub(super) fn stop_of(
    call: &mut Call<'_>,
    service: &mut Service,
    tasks: &mut [Task],
    count: u64,
    deployment: &str,
) -> bool {
    stop_some(call, service, tasks, count, deployment, true)
}

/// Starts tasks of a deployment.
pub(super) fn launch(
    call: &mut Call<'_>,
    service: &mut Service,
    tasks: &mut Vec<Task>,
    count: u64,
    deployment: &str,
) -> bool {
    let of = |one: &&Deployment| one.id == deployment;
    let Some(primary) = service.deployments.iter().find(of).cloned() else { return false };
    let reference = primary.spec.text("taskDefinition");
    let Some(definition) = task_definition::find(call, reference) else { return false };
    let images = definition.list("containerDefinitions").iter().map(|one| one.text("image"));
    let no_capacity =
        |image| call.faults().rollout(&service.name, image) == Some(Rollout::NoCapacity);
    if images.into_iter().any(no_capacity) {
        return unplaced(
            call,
            service,
            "was unable to place a task. Reason: Capacity is unavailable at this time. Please try \
             again later or in a different availability zone. For more information, see the \
             Troubleshooting section of the Amazon ECS Developer Guide.",
        );
    }
    if slow_down(call, service) {
        return true;
    }
    let exec = service.wire.flag("enableExecuteCommand");
    let group = format!("service:{}", service.name);
    let mut names = Vec::new();
    let mut unplaceable = None;
    for _ in 0..count {
        let order = Order {
            cluster: &service.cluster,
            service: Some(&service.name),
            deployment: &primary.id,
            spec: &primary.spec,
            definition: &definition,
            number: service.started,
            started_by: &primary.id,
            group: &group,
            exec,
        };
        let mut task = order::new(call, &order);
        if !service.is_fargate() {
            let spec = primary.spec.clone();
            let cluster = service.cluster.clone();
            if let Err(reason) =
                super::find_place(call, &cluster, &mut task, &spec, &definition, None)
            {
                unplaceable = Some(reason);
                break;
            }
            // The next one must see what it takes.
            task.save(call, &cluster);
            super::grow(call, &cluster, &task);
        }
        tag(call, service, &definition, &mut task);
        service.started += 1;
        names.push(format!("(task {})", task.id));
        tasks.push(task);
    }
    let started = !names.is_empty();
    if started {
        let message = format!("has started {} tasks: {}.", names.len(), names.join(" "));
        service.say(call, &message);
    }
    match unplaceable {
        Some(reason) => cannot_place(call, service, &reason) | started,
        None => started,
    }
}

/// Tags as `propagateTags` and `enableECSManagedTags` say.
pub(super) fn tag(
    call: &mut Call<'_>,
    service: &Service,
    definition: &serde_json::Value,
    task: &mut Task,
) {
    let from = match service.wire.text("propagateTags") {
        "SERVICE" => Some(service.arn.as_str()),
        "TASK_DEFINITION" => Some(definition.text("taskDefinitionArn")),
        _ => None,
    };
    if let Some(from) = from {
        let tags = call.tags(from);
        let arn = task.arn().to_owned();
        // What is a tag already is one that may be put on.
        let _ = call.add_tags(&arn, tags);
    }
    if service.wire.flag("enableECSManagedTags") {
        task.managed_tags = json!([
            {"key": "aws:ecs:clusterName", "value": service.cluster},
            {"key": "aws:ecs:serviceName", "value": service.name},
        ]);
    }
}

/// No instance can take a task. The service looks again when that may have changed.
pub(super) fn cannot_place(call: &mut Call<'_>, service: &mut Service, reason: &str) -> bool {
    unplaced(
        call,
        service,
        &format!(
            "was unable to place a task because no container instance met all of its requirements. \
             Reason: {reason} For more information, see the Troubleshooting section of the Amazon ECS \
             Developer Guide."
        ),
    )
}

/// No task can be placed: said once for every deployment.
fn unplaced(call: &mut Call<'_>, service: &mut Service, message: &str) -> bool {
    let Some(primary) = service.primary_mut() else { return false };
    if std::mem::replace(&mut primary.said_unplaced, true) {
        return false;
    }
    service.say(call, message);
    true
}

/// After many failures in a row, waits before the next attempt: always longer, in the clock's own
/// time too, so that a service that never succeeds costs little however fast the time passes.
pub(super) fn slow_down(call: &mut Call<'_>, service: &mut Service) -> bool {
    let desired = service.desired.max(1);
    let breaker = verdict::breaker(service).is_some();
    let Some(primary) = service.primary_mut() else { return false };
    let rounds = primary.failed / desired;
    let spared = breaker && primary.state == State::InProgress;
    if spared || rounds < PATIENT_FAILURES || primary.retry_at.is_some_and(|at| at <= call.now) {
        primary.retry_at = None;
        return false;
    }
    let doubled = Duration::from_secs(1 << (rounds - PATIENT_FAILURES).min(20));
    let wait = doubled.min(LONGEST_WAIT);
    let own: Millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    let at = call.ready_at(wait * 30).max(call.now.saturating_add(own));
    let first = primary.failed == PATIENT_FAILURES * desired;
    primary.retry_at = Some(at);
    if first {
        service.say(
            call,
            "is unable to consistently start tasks successfully. For more information, see the \
             Troubleshooting section of the Amazon ECS Developer Guide.",
        );
    }
    true
}
