//! How a deployment ended that did not complete, by its service deployment: failed, rolled back, superseded, stopped.

use aws_sdk_ecs::types::{
    Deployment as SdkDeployment, DeploymentRolloutState, Service as SdkService, ServiceDeployment,
    ServiceDeploymentBrief, ServiceDeploymentRollbackMonitorsStatus as Monitor,
    ServiceDeploymentStatus as Status,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::read::primary;
use super::verdict::Ticket;
use crate::aws::{Cx, classify};
use crate::engine::{Failure, Verdict};

/// A service deployment begins within so many seconds of its deployment.
const NEAR: i64 = 60;
/// So many of a service's newest service deployments are read.
const NEWEST: i32 = 20;

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It completed after all; another deployment may have begun since.
    Completed,
    /// It did not, and what happened.
    Lost(Verdict, String),
}

/// `ListServiceDeployments` and `DescribeServiceDeployments`, one call each; where an endpoint does not serve them, what
/// `service` itself shows must do.
pub(super) async fn ending(
    cx: &Cx,
    service: &SdkService,
    ticket: Ticket<'_>,
    deployment: Option<&SdkDeployment>,
) -> Ending {
    let id = ticket.id.or(deployment.and_then(|one| one.id())).unwrap_or("?");
    match read(cx, service, ticket, deployment).await {
        Ok(Some((own, newer))) => judged(service, id, &own, newer),
        Ok(None) | Err(_) => guessed(service, id, deployment),
    }
}

/// The service deployment, and whether there is a newer one.
async fn read(
    cx: &Cx,
    service: &SdkService,
    ticket: Ticket<'_>,
    deployment: Option<&SdkDeployment>,
) -> Result<Option<(ServiceDeployment, bool)>, Failure> {
    let cluster = service.cluster_arn().unwrap_or_default();
    let list = cx.ecs.list_service_deployments().cluster(cluster);
    let list = list.service(service.service_arn().unwrap_or_default()).max_results(NEWEST);
    let listed =
        list.send().await.map_err(|error| classify("ecs ListServiceDeployments", error))?;
    let created = deployment.and_then(|one| one.created_at()).map(|at| at.secs());
    let Some((arn, at)) = own(listed.service_deployments(), ticket, created) else {
        return Ok(None);
    };
    let newer = listed.service_deployments().iter().any(|one| {
        one.service_deployment_arn() != Some(&arn)
            && one.created_at().is_some_and(|other| other.as_secs_f64() > at)
    });
    let call = cx.ecs.describe_service_deployments().service_deployment_arns(arn);
    let answer = call.send().await;
    let answer = answer.map_err(|error| classify("ecs DescribeServiceDeployments", error))?;
    let own = answer.service_deployments.unwrap_or_default().into_iter().next();
    Ok(own.map(|own| (own, newer)))
}

/// Which of them it is, and when that was made: the one that the call named, else the one that was made with the
/// deployment.
fn own(
    all: &[ServiceDeploymentBrief],
    ticket: Ticket<'_>,
    created: Option<i64>,
) -> Option<(String, f64)> {
    let at = |one: &ServiceDeploymentBrief| one.created_at().map_or(0.0, DateTime::as_secs_f64);
    let named = ticket.arn.and_then(|arn| {
        let named = all.iter().find(|one| one.service_deployment_arn() == Some(arn))?;
        // The answer of an update may still have named the one before.
        let fits = created.is_none_or(|created| (at(named) - created as f64).abs() <= NEAR as f64);
        fits.then_some(named)
    });
    let near = || {
        let created = created? as f64;
        let off = |one: &&ServiceDeploymentBrief| (at(one) - created).abs();
        let nearest = all.iter().min_by(|a, b| off(a).total_cmp(&off(b)))?;
        (off(&nearest) <= NEAR as f64).then_some(nearest)
    };
    let one = named.or_else(near)?;
    Some((one.service_deployment_arn()?.to_owned(), at(one)))
}

/// What its own state says.
fn judged(service: &SdkService, id: &str, own: &ServiceDeployment, newer: bool) -> Ending {
    let breaker = own.deployment_circuit_breaker();
    let broke = breaker.is_some_and(|one| one.status() == Some(&Monitor::Triggered));
    let alarms = own.alarms().map(|one| one.triggered_alarm_names()).unwrap_or_default();
    let reason = own.status_reason().unwrap_or_default().trim_end_matches('.').to_owned();
    // Why ECS itself ended it, if it did.
    let by_ecs = if broke {
        let count = breaker.map_or(0, |one| one.failure_count());
        Some(match count {
            0 => "the circuit breaker ended it".to_owned(),
            1 => "the circuit breaker ended it after 1 failed task".to_owned(),
            count => format!("the circuit breaker ended it after {count} failed tasks"),
        })
    } else if !alarms.is_empty() {
        Some(format!("alarm {} went off", alarms.join(", ")))
    } else if own
        .lifecycle_hook_details()
        .iter()
        .any(|hook| hook.status().is_some_and(|status| status.as_str().contains("FAILED")))
    {
        Some("a lifecycle hook failed".to_owned())
    } else if own
        .lifecycle_hook_details()
        .iter()
        .any(|hook| hook.status().is_some_and(|status| status.as_str() == "TIMED_OUT"))
    {
        Some("nobody answered a lifecycle hook in time".to_owned())
    } else {
        None
    };
    let back = primary(service).and_then(|one| one.task_definition()).map(last).unwrap_or_default();
    let lost = |verdict, text: String| Ending::Lost(verdict, format!("deployment {id} {text}"));
    match (own.status(), by_ecs) {
        (Some(Status::Successful), _) => Ending::Completed,
        (Some(Status::RollbackInProgress), Some(why)) => lost(
            Verdict::RolledBack,
            format!("failed, and ECS is rolling it back to {back}: {why}"),
        ),
        (Some(Status::RollbackSuccessful), Some(why)) => {
            lost(Verdict::RolledBack, format!("failed and was rolled back to {back}: {why}"))
        }
        (Some(Status::RollbackFailed), Some(why)) => {
            let none = own.rollback().is_none();
            let back = if none {
                "there is no earlier deployment to roll back to"
            } else {
                "rolling it back failed too"
            };
            lost(Verdict::Failed, format!("failed: {why}; {back}"))
        }
        (_, Some(why)) => lost(Verdict::Failed, format!("failed: {why}; it was not rolled back")),
        (Some(Status::Stopped), None) if newer => superseded(service, id),
        (Some(Status::Stopped), None) => {
            lost(Verdict::Stopped, format!("was stopped by someone{}", said(&reason)))
        }
        (Some(Status::StopRequested | Status::RollbackRequested), None) => {
            lost(Verdict::Stopped, "is being stopped: someone asked for it".to_owned())
        }
        (Some(Status::RollbackInProgress), None) => lost(
            Verdict::Stopped,
            format!(
                "was stopped by someone, and ECS is rolling it back to {back}{}",
                said(&reason)
            ),
        ),
        (Some(Status::RollbackSuccessful), None) => lost(
            Verdict::Stopped,
            format!("was stopped by someone and rolled back to {back}{}", said(&reason)),
        ),
        (Some(Status::RollbackFailed), None) => lost(
            Verdict::Stopped,
            format!("was stopped by someone, and could not be rolled back{}", said(&reason)),
        ),
        _ if newer => superseded(service, id),
        _ => {
            let own = service.deployments().iter().find(|one| one.id() == Some(id));
            guessed(service, id, own)
        }
    }
}

fn said(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" ({reason})") }
}

fn superseded(service: &SdkService, id: &str) -> Ending {
    let by = primary(service).map(|one| {
        let at = one.created_at().and_then(|at| at.fmt(Format::DateTime).ok());
        // To the second.
        let at = at.map(|at| {
            at.split('.').next().unwrap_or_default().trim_end_matches('Z').to_owned() + "Z"
        });
        let at = at.map(|at| format!(", begun at {at}")).unwrap_or_default();
        let definition = one.task_definition().map(last).unwrap_or_default();
        let other = one.id().unwrap_or("another");
        format!(" by {other} ({definition}{at}), which this run did not begin")
    });
    let text = format!("deployment {id} was superseded{}", by.unwrap_or_default());
    Ending::Lost(Verdict::Superseded, text)
}

/// What can be told from the service's deployments and events.
fn guessed(service: &SdkService, id: &str, deployment: Option<&SdkDeployment>) -> Ending {
    let state = deployment.and_then(|one| one.rollout_state());
    let reason = deployment.and_then(|one| one.rollout_state_reason()).unwrap_or_default();
    let failed = state == Some(&DeploymentRolloutState::Failed);
    let back = primary(service).filter(|one| one.id() != Some(id));
    let rolled_back = service.events().iter().any(|event| {
        event.message().is_some_and(|text| text.contains(id) && text.contains("rolling back"))
    }) || back.is_some_and(|one| {
        one.rollout_state_reason().is_some_and(|why| why.contains("rolling back"))
    });
    let reason =
        reason.trim_end_matches('.').trim_start_matches("ECS deployment circuit breaker: ");
    let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    if rolled_back {
        let to = back.and_then(|one| one.task_definition()).map(last).unwrap_or_default();
        let text = format!("deployment {id} failed and was rolled back to {to}{why}");
        Ending::Lost(Verdict::RolledBack, text)
    } else if failed {
        Ending::Lost(Verdict::Failed, format!("deployment {id} failed{why}"))
    } else {
        superseded(service, id)
    }
}

fn last(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecs::types::{
        Rollback, ServiceDeploymentAlarms, ServiceDeploymentCircuitBreaker, ServiceEvent,
    };

    fn deployment(id: &str, status: &str) -> aws_sdk_ecs::types::builders::DeploymentBuilder {
        SdkDeployment::builder().id(id).status(status)
    }

    fn service(events: &[&str], others: Vec<SdkDeployment>) -> SdkService {
        let primary = deployment("ecs-svc/3", "PRIMARY")
            .task_definition("arn:aws:ecs:r:1:task-definition/demo:3")
            .created_at(DateTime::from_secs(1_700_000_000))
            .build();
        let event = |text: &&str| ServiceEvent::builder().message(*text).build();
        let service = SdkService::builder()
            .deployments(primary)
            .set_events(Some(events.iter().map(event).collect()));
        others.into_iter().fold(service, |service, other| service.deployments(other)).build()
    }

    fn text(ending: Ending) -> String {
        match ending {
            Ending::Completed => "completed".to_owned(),
            Ending::Lost(verdict, text) => format!("{verdict:?}: {text}"),
        }
    }

    /// Each way in which a service deployment can end, as a sentence of its own.
    #[test]
    fn each_end_has_its_sentence() {
        let broke = ServiceDeploymentCircuitBreaker::builder()
            .status(Monitor::Triggered)
            .failure_count(3)
            .build();
        let back = Rollback::builder().service_revision_arn("arn").build();
        let alarms = ServiceDeploymentAlarms::builder().triggered_alarm_names("errors").build();
        let end = |status, breaker: bool, alarm: bool, rolled: bool, reason: &str, newer| {
            let own = ServiceDeployment::builder()
                .status(status)
                .status_reason(reason)
                .set_deployment_circuit_breaker(breaker.then(|| broke.clone()))
                .set_alarms(alarm.then(|| alarms.clone()))
                .set_rollback(rolled.then(|| back.clone()))
                .build();
            text(judged(&service(&[], Vec::new()), "ecs-svc/2", &own, newer))
        };
        let ends = [
            end(Status::Successful, false, false, false, "", true),
            end(Status::RollbackInProgress, true, false, true, "", false),
            end(Status::RollbackSuccessful, true, false, true, "", false),
            end(Status::RollbackFailed, true, false, false, "", false),
            end(Status::RollbackFailed, true, false, true, "", false),
            end(Status::Stopped, true, false, false, "", false),
            end(Status::RollbackSuccessful, false, true, true, "", false),
            end(Status::Stopped, false, false, false, "A new one began.", true),
            end(Status::Stopped, false, false, false, "User request.", false),
            end(Status::StopRequested, false, false, false, "", false),
            end(Status::RollbackInProgress, false, false, true, "User request.", false),
            end(Status::RollbackSuccessful, false, false, true, "User request.", false),
            end(Status::RollbackFailed, false, false, false, "", false),
        ];
        insta::assert_debug_snapshot!(ends, @r#"
        [
            "completed",
            "RolledBack: deployment ecs-svc/2 failed, and ECS is rolling it back to demo:3: the circuit breaker ended it after 3 failed tasks",
            "RolledBack: deployment ecs-svc/2 failed and was rolled back to demo:3: the circuit breaker ended it after 3 failed tasks",
            "Failed: deployment ecs-svc/2 failed: the circuit breaker ended it after 3 failed tasks; there is no earlier deployment to roll back to",
            "Failed: deployment ecs-svc/2 failed: the circuit breaker ended it after 3 failed tasks; rolling it back failed too",
            "Failed: deployment ecs-svc/2 failed: the circuit breaker ended it after 3 failed tasks; it was not rolled back",
            "RolledBack: deployment ecs-svc/2 failed and was rolled back to demo:3: alarm errors went off",
            "Superseded: deployment ecs-svc/2 was superseded by ecs-svc/3 (demo:3, begun at 2023-11-14T22:13:20Z), which this run did not begin",
            "Stopped: deployment ecs-svc/2 was stopped by someone (User request)",
            "Stopped: deployment ecs-svc/2 is being stopped: someone asked for it",
            "Stopped: deployment ecs-svc/2 was stopped by someone, and ECS is rolling it back to demo:3 (User request)",
            "Stopped: deployment ecs-svc/2 was stopped by someone and rolled back to demo:3 (User request)",
            "Stopped: deployment ecs-svc/2 was stopped by someone, and could not be rolled back",
        ]
        "#);
    }

    #[test]
    fn an_endpoint_without_service_deployments_is_guessed_at() {
        let failed = deployment("ecs-svc/2", "ACTIVE")
            .rollout_state(DeploymentRolloutState::Failed)
            .rollout_state_reason("ECS deployment circuit breaker: tasks failed to start.")
            .build();
        let guess = |events: &[&str], own: Option<&SdkDeployment>| {
            text(guessed(&service(events, own.cloned().into_iter().collect()), "ecs-svc/2", own))
        };
        let guesses = [
            guess(
                &["(service a) rolling back to deployment ecs-svc/3 from ecs-svc/2."],
                Some(&failed),
            ),
            guess(&[], Some(&failed)),
            guess(&[], None),
        ];
        insta::assert_debug_snapshot!(guesses, @r#"
        [
            "RolledBack: deployment ecs-svc/2 failed and was rolled back to demo:3: tasks failed to start",
            "Failed: deployment ecs-svc/2 failed: tasks failed to start",
            "Superseded: deployment ecs-svc/2 was superseded by ecs-svc/3 (demo:3, begun at 2023-11-14T22:13:20Z), which this run did not begin",
        ]
        "#);
    }

    #[test]
    fn its_own_service_deployment_is_found_by_name_or_time() {
        let brief = |arn: &str, at: i64| {
            ServiceDeploymentBrief::builder()
                .service_deployment_arn(arn)
                .created_at(DateTime::from_secs(at))
                .build()
        };
        let all = [brief("new", 1000), brief("old", 100)];
        let find = |arn, created| {
            own(&all, Ticket { id: Some("ecs-svc/2"), made: None, arn }, created)
                .map(|(arn, _)| arn)
        };
        assert_eq!(find(Some("old"), None).as_deref(), Some("old"));
        assert_eq!(find(Some("old"), Some(1001)).as_deref(), Some("new"));
        assert_eq!(find(None, Some(101)).as_deref(), Some("old"));
        assert_eq!(find(None, Some(500)), None);
        assert_eq!(find(None, None), None);
    }
}
