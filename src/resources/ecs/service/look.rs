//! One look at a service that is being deployed: ready, on its way with what is known of its troubles, or over with a
//! diagnosis.

use aws_sdk_ecs::types::{Deployment as SdkDeployment, Service as SdkService};

use super::Service;
use super::ending::{Ending, ending};
use super::verdict::{State, Ticket, state};
use crate::aws::Cx;
use crate::engine::{Failure, Health, Verdict};
use crate::resources::ecs::diagnosis::{Case, Glance, Hope};
use crate::resources::ecs::shifting;
use crate::resources::resource::{Resource, Waiting};

/// Looks at one service as ECS has just described it. Further calls are made only where something went wrong.
pub(super) async fn look(cx: &Cx, service: &SdkService, one: &Waiting<Service>) -> Health {
    let ticket = Ticket::read(one.ticket.as_deref());
    let name = one.identity.owner.service().unwrap_or_default();
    let environment = one.identity.environment.as_str();
    let case = |deployment: Option<&SdkDeployment>| {
        let since = deployment.or(super::read::primary(service)).and_then(|one| one.created_at());
        let since = since.map_or(0.0, |at| at.as_secs_f64());
        let deployment = ticket.id.or(super::read::primary(service).and_then(|one| one.id()));
        (deployment.map(str::to_owned), since)
    };
    match state(service, ticket) {
        State::Known(health) => health,
        State::Going(deployment, waits) => {
            if let Some(health) = shifting(cx, service, name, environment, deployment).await {
                return health;
            }
            let (id, since) = case(Some(deployment));
            let case = Case { service, deployment: id.as_deref(), since, name, environment };
            match going(cx, case, deployment, waits, one.last).await {
                // ECS takes the time that it was told to take.
                Health::Pending(text) if shifting::moves(service.deployment_configuration()) => {
                    Health::Unhurried(text)
                }
                health => health,
            }
        }
        State::Over(deployment) => match ending(cx, service, ticket, deployment).await {
            Ending::Completed => Health::Ready,
            Ending::Lost(verdict, sentence) => {
                let (id, since) = case(deployment);
                let case = Case { service, deployment: id.as_deref(), since, name, environment };
                broken(case.explain(cx, verdict, sentence).await)
            }
        },
    }
}

/// One that moves traffic and whose tasks do not fail: ECS takes the time that it was told to take.
async fn shifting(
    cx: &Cx,
    service: &SdkService,
    name: &str,
    environment: &str,
    deployment: &SdkDeployment,
) -> Option<Health> {
    if !shifting::moves(service.deployment_configuration()) || deployment.failed_tasks() > 0 {
        return None;
    }
    let arn = service.current_service_deployment()?;
    // What cannot be read now may be at the next look.
    let shifting = shifting::of(cx, service, arn).await.ok().flatten()?;
    Some(match shifting.paused(name, environment) {
        Some(pause) => Health::Paused(Box::new(pause)),
        None => Health::Unhurried(shifting.text()),
    })
}

fn broken(failure: Failure) -> Health {
    Health::Broken(Box::new(failure))
}

/// One that may still succeed, unless what its tasks stop for says that it cannot.
async fn going(
    cx: &Cx,
    case: Case<'_>,
    deployment: &SdkDeployment,
    waits: String,
    last: bool,
) -> Health {
    let (failed, desired) = (deployment.failed_tasks(), deployment.desired_count());
    let id = deployment.id().unwrap_or("?");
    let glance = if case.is_suspicious(failed, desired) {
        // What cannot be read now may be at the next look; the deployment itself is what counts.
        case.glance(cx).await.unwrap_or_default()
    } else {
        Glance::default()
    };
    let breaker = case
        .service
        .deployment_configuration()
        .and_then(|one| one.deployment_circuit_breaker())
        .is_some_and(|one| one.enable());
    if let Some(why) = given_up(&glance, desired, breaker) {
        let ended = format!("deployment {id} is given up: {why}");
        return broken(case.explain(cx, Verdict::Failed, ended).await);
    }
    if last {
        let minutes = Service::INFO.pace.limit.as_secs() / 60;
        let ended = format!("deployment {id} has not completed within {minutes} minutes: {waits}");
        return broken(case.explain(cx, Verdict::Failed, ended).await);
    }
    let known = glance.text();
    Health::Pending(match known.is_empty() {
        true if failed > 0 => {
            format!("{waits}; {failed} {} failed", if failed == 1 { "task" } else { "tasks" })
        }
        true => format!("{waits} (deployment in progress)"),
        false => format!("{waits}; {known}"),
    })
}

/// Why ECS would go on trying for ever, if it would. With a circuit breaker ECS itself ends a deployment whose tasks do not
/// start, and puts back what was there: that is left to it. It does not see tasks that exit after they have run.
fn given_up(glance: &Glance, desired: i32, breaker: bool) -> Option<String> {
    let count = glance.sightings.len();
    let span = match (glance.sightings.iter().max(), glance.sightings.iter().min()) {
        (Some(newest), Some(oldest)) => newest - oldest,
        _ => 0,
    };
    let bears = usize::try_from(desired.saturating_add(1) / 2).unwrap_or_default().clamp(3, 200);
    match glance.hope? {
        Hope::None if !breaker && count >= 2 => {
            Some("trying again changes nothing, and no circuit breaker ends it".to_owned())
        }
        Hope::Soon if !breaker && count >= 3 && span >= 60 => {
            Some(format!("{count} attempts failed alike, and no circuit breaker ends it"))
        }
        Hope::Some if count >= if breaker { 2 * bears } else { bears } => {
            Some(format!("{count} tasks failed alike, and ECS goes on trying"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glance(hope: Hope, sightings: &[i64]) -> Glance {
        Glance { hope: Some(hope), sightings: sightings.to_vec(), ..Glance::default() }
    }

    #[test]
    fn only_what_cannot_succeed_is_given_up() {
        let up = |hope, at: &[i64], desired, breaker| {
            given_up(&glance(hope, at), desired, breaker).is_some()
        };
        assert!(!up(Hope::None, &[5], 1, false));
        assert!(up(Hope::None, &[5, 5], 1, false));
        assert!(!up(Hope::None, &[5, 5, 5, 5], 1, true));
        assert!(!up(Hope::Soon, &[70, 69, 68], 1, false));
        assert!(up(Hope::Soon, &[70, 40, 10], 1, false));
        assert!(!up(Hope::Some, &[3, 2], 1, false));
        assert!(up(Hope::Some, &[3, 2, 1], 1, false));
        assert!(!up(Hope::Some, &[3, 2, 1], 10, false));
        assert!(!up(Hope::Some, &[3, 2, 1], 1, true));
        assert!(up(Hope::Some, &[6, 5, 4, 3, 2, 1], 1, true));
        assert!(!up(Hope::Much, &[9; 100], 1, false));
        assert_eq!(given_up(&Glance::default(), 1, false), None);
    }
}
