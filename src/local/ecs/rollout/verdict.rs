//! How a deployment ends: completed, failed by the circuit breaker, rolled back, superseded.

use serde_json::json;

use super::{new_deployment, shift};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ecs::records::{Completed, SERVICE_DEPLOYMENTS, Service, State, Task};
use crate::local::ecs::service::SPEC;

/// The number of failures at which the circuit breaker of this service breaks, if it has one.
pub(super) fn breaker(service: &Service) -> Option<u64> {
    let breaker = &service.wire["deploymentConfiguration"]["deploymentCircuitBreaker"];
    if !breaker.flag("enable") {
        return None;
    }
    let threshold = &breaker["thresholdConfiguration"];
    let value = if threshold.is_null() { 50 } else { threshold.integer("value") };
    let value = u64::try_from(value).unwrap_or(0);
    let share = (service.desired * value).div_ceil(100);
    Some(match threshold.text("type") {
        "COUNT" => value.max(1),
        "UNBOUNDED_PERCENT" => share.max(1),
        _ => share.clamp(3, 200),
    })
}

/// Fails the primary deployment if it has had too many failures.
pub(super) fn break_circuit(
    call: &mut Call<'_>,
    service: &mut Service,
    tasks: &mut [Task],
) -> bool {
    let Some(threshold) = breaker(service) else { return false };
    let Some(primary) = service.primary_mut() else { return false };
    if primary.state != State::InProgress || primary.counted < threshold {
        return false;
    }
    let failures = primary.counted;
    let key = primary.service_deployment.clone();
    call.update(SERVICE_DEPLOYMENTS, &key, |document| {
        document.set("breaker", "TRIGGERED");
        document.set("failureCount", failures);
        document.set("threshold", threshold);
    });
    let because = Because {
        who: "ECS deployment circuit breaker",
        what: "tasks failed to start.",
        why: "the circuit breaker threshold was exceeded",
        rolls_back: "deploymentCircuitBreaker",
    };
    fail(call, service, tasks, &because);
    true
}

/// Fails the primary deployment if it watches this alarm, which went off just now.
pub(super) fn alarm(
    call: &mut Call<'_>,
    service: &mut Service,
    tasks: &mut [Task],
    name: &str,
) -> bool {
    let alarms = &service.wire["deploymentConfiguration"]["alarms"];
    if !alarms.flag("enable") || !alarms.texts("alarmNames").contains(&name) {
        return false;
    }
    let Some(primary) = service.primary() else { return false };
    // A rollback is not stopped by what made it necessary.
    if primary.state != State::InProgress || primary.rollback {
        return false;
    }
    // All that could be gone back to is being taken down.
    if shift::may_stop(service).is_err() {
        return false;
    }
    let key = primary.service_deployment.clone();
    call.update(SERVICE_DEPLOYMENTS, &key, |document| {
        document.set("triggered", json!([name]));
    });
    let because = Because {
        who: "ECS deployment alarms",
        what: "alarm detected.",
        why: "a CloudWatch alarm went into the ALARM state",
        rolls_back: "alarms",
    };
    fail(call, service, tasks, &because);
    true
}

/// Why a deployment fails, in ECS's words.
struct Because {
    who: &'static str,
    what: &'static str,
    why: &'static str,
    /// The part of the configuration that says whether the last one comes back.
    rolls_back: &'static str,
}

/// Ends the primary deployment, and rolls back if that is asked for.
fn fail(call: &mut Call<'_>, service: &mut Service, tasks: &mut [Task], because: &Because) {
    let Some(primary) = service.primary_mut() else { return };
    let id = primary.id.clone();
    let (key, again) = (primary.service_deployment.clone(), primary.rollback);
    primary.state = State::Failed;
    primary.reason = format!("{}: {}", because.who, because.what);
    primary.updated = call.now;
    primary.retry_at = None;
    let wants = service.wire["deploymentConfiguration"][because.rolls_back].flag("rollback");
    service.say(call, &format!("(deployment {id}) deployment failed: {}", because.what));
    let now = call.now;
    call.update(SERVICE_DEPLOYMENTS, &key, |document| document.set("updated", now));
    let why = because.why;
    let end = match (again, wants, &service.last_completed) {
        (true, _, _) => {
            Some(("ROLLBACK_FAILED", format!("Service deployment rollback failed because {why}.")))
        }
        (_, true, None) => Some((
            "ROLLBACK_FAILED",
            "No rollback candidate was found to run the rollback.".to_owned(),
        )),
        (_, false, _) => Some(("STOPPED", format!("Service deployment stopped because {why}."))),
        (false, true, Some(_)) => None,
    };
    match end {
        Some((status, reason)) => {
            service.shift = None;
            finish(call, &key, status, &reason);
        }
        None => {
            roll_back(call, service, tasks, because.who, why);
        }
    }
}

/// Makes the last completed revision the primary one again. Returns whether there was one. `why` goes on from "because".
pub(super) fn roll_back(
    call: &mut Call<'_>,
    service: &mut Service,
    tasks: &mut [Task],
    who: &str,
    why: &str,
) -> bool {
    let Some(back) = service.last_completed.clone() else { return false };
    let why = format!("Service deployment rolled back because {why}.");
    let Some(failed) = service.primary_mut() else { return false };
    failed.primary = false;
    failed.state = State::Failed;
    failed.updated = call.now;
    let key = failed.service_deployment.clone();
    let mut deployment =
        new_deployment(call, back.spec.clone(), back.revision.clone(), key.clone());
    deployment.rollback = true;
    deployment.reason = format!("{who}: rolling back to deploymentId {}.", back.deployment);
    let id = deployment.id.clone();
    service.say(call, &format!("rolling back to (deployment {}).", back.deployment));
    // The tasks that still run of that revision belong to the new deployment from now on.
    if service.deployments.iter().any(|old| old.id == back.deployment) {
        for task in tasks.iter_mut().filter(|task| task.deployment == back.deployment) {
            task.deployment.clone_from(&id);
        }
        service.deployments.retain(|old| old.id != back.deployment);
    }
    // Whoever begins before it is done finds those tasks by it.
    if let Some(last) = &mut service.last_completed {
        last.deployment.clone_from(&id);
    }
    service.deployments.insert(0, deployment);
    for member in SPEC {
        let version = member == "platformVersion";
        match back.spec.get(member) {
            // The service goes on saying LATEST where the revision says which one that was.
            Some(_) if version => {}
            Some(value) => service.wire.set(member, value.clone()),
            None if matches!(member, "loadBalancers" | "serviceRegistries") => {
                service.wire.set(member, json!([]));
            }
            None => {
                service.wire.unset(member);
            }
        }
    }
    service.steady = false;
    shift::turned_back(call, service, &key);
    let now = call.now;
    call.update(SERVICE_DEPLOYMENTS, &key, |document| {
        document.set("status", "ROLLBACK_IN_PROGRESS");
        document.set("statusReason", why.as_str());
        document.set("updated", now);
        document.set(
            "rollback",
            json!({"reason": why, "startedAt": now, "serviceRevisionArn": back.revision}),
        );
    });
    true
}

/// Completes the primary deployment if all its tasks are healthy and no others are left, and says
/// when the service has come to rest.
pub(super) fn complete(
    call: &mut Call<'_>,
    service: &mut Service,
    healthy: u64,
    others: u64,
) -> bool {
    let desired = service.desired;
    let early = &service.wire["deploymentConfiguration"]["earlySuccessCriteria"];
    let (enough, wait) = if early.flag("enable") {
        let percent =
            if early.has("healthyPercent") { early.integer("healthyPercent") } else { 100 };
        let share = (desired * u64::try_from(percent).unwrap_or(100)).div_ceil(100);
        (share, early.text("sourceServiceRevisionCleanup") != "DEFERRED")
    } else {
        (desired, true)
    };
    let mut changed = false;
    let Some(primary) = service.primary_mut() else { return false };
    if primary.state == State::InProgress && healthy >= enough && (others == 0 || !wait) {
        primary.state = State::Completed;
        primary.reason = format!("ECS deployment {} completed.", primary.id);
        primary.updated = call.now;
        primary.retry_at = None;
        let (id, key, rollback) =
            (primary.id.clone(), primary.service_deployment.clone(), primary.rollback);
        service.last_completed = Some(Completed {
            deployment: id.clone(),
            revision: primary.revision.clone(),
            spec: primary.spec.clone(),
        });
        service.say(call, &format!("(deployment {id}) deployment completed."));
        let (status, reason) = if rollback {
            ("ROLLBACK_SUCCESSFUL", "Service deployment rolled back successfully.")
        } else {
            ("SUCCESSFUL", "")
        };
        finish(call, &key, status, reason);
        changed = true;
    }
    let completed = service.primary().is_some_and(|primary| primary.state == State::Completed);
    if completed && others == 0 && service.deployments.len() > 1 {
        service.deployments.retain(|deployment| deployment.primary);
        changed = true;
    }
    if completed && !service.steady && healthy == desired && others == 0 {
        service.steady = true;
        service.say(call, "has reached a steady state.");
        changed = true;
    }
    changed
}

/// A new deployment takes the place of one that is still in progress.
pub(super) fn supersede(call: &mut Call<'_>, service: &mut Service) {
    let Some(primary) = service.primary() else { return };
    if primary.state != State::InProgress {
        return;
    }
    let key = primary.service_deployment.clone();
    finish(
        call,
        &key,
        "STOPPED",
        "Service deployment stopped because a new service deployment began.",
    );
}

/// Writes how a service deployment ended.
pub(super) fn finish(call: &mut Call<'_>, key: &str, status: &str, reason: &str) {
    let now = call.now;
    call.update(SERVICE_DEPLOYMENTS, key, |document| {
        document.set("status", status);
        if !reason.is_empty() && !document.has("statusReason") {
            document.set("statusReason", reason);
        }
        document.set("finished", now);
        document.set("updated", now);
        if document.text("breaker") == "MONITORING" {
            document.set("breaker", "MONITORING_COMPLETE");
        }
    });
}
