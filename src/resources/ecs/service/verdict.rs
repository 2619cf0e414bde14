//! What becomes of a deployment, as far as DescribeServices alone tells. `ending` reads the rest once it is over.

use aws_sdk_ecs::types::{
    Deployment as SdkDeployment, DeploymentRolloutState, Service as SdkService,
};

use super::read::primary;
use crate::engine::Health;

/// Which deployment a call began: its id, when it was made (seconds since 1970), and the ARN of its service
/// deployment where ECS gave one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ticket<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) made: Option<f64>,
    pub(super) arn: Option<&'a str>,
}

impl<'a> Ticket<'a> {
    /// Reads what [`Ticket::of`] wrote.
    pub(super) fn read(ticket: Option<&'a str>) -> Self {
        let Some(ticket) = ticket else { return Self::default() };
        let mut words = ticket.split(' ');
        let id = words.next();
        let made = words.next().and_then(|made| made.parse().ok());
        Self { id, made, arn: words.next() }
    }

    /// The ticket of the deployment that a service works towards.
    pub(super) fn of(service: &SdkService) -> Option<String> {
        let primary = primary(service)?;
        let id = primary.id()?;
        let made = primary.created_at().map_or(0.0, |at| at.as_secs_f64());
        Some(match service.current_service_deployment() {
            Some(arn) => format!("{id} {made} {arn}"),
            None => format!("{id} {made}"),
        })
    }
}

/// Where a deployment stands.
#[derive(Debug)]
pub(super) enum State<'a> {
    /// Nothing more is to be found out.
    Known(Health),
    /// It may still succeed; it waits for this.
    Going(&'a SdkDeployment, String),
    /// It failed, or another one is the primary one by now.
    Over(Option<&'a SdkDeployment>),
}

/// How a service fares when nobody waits for a deployment of it: once a deployment is done,
/// ECS replaces single tasks as they come and go.
pub(super) fn standing(service: &SdkService) -> Health {
    match state(service, Ticket::default()) {
        State::Known(health) => health,
        State::Going(one, _)
            if one.rollout_state() == Some(&DeploymentRolloutState::Completed)
                && one.running_count() > 0 =>
        {
            Health::Ready
        }
        State::Going(_, waits) => Health::Pending(waits),
        State::Over(deployment) => {
            let reason = deployment.and_then(|one| one.rollout_state_reason());
            let reason =
                reason.map(|text| text.trim_end_matches('.')).filter(|text| !text.is_empty());
            Health::Failed(match reason {
                Some(reason) => format!("its last deployment failed: {reason}"),
                None => "its last deployment failed".to_owned(),
            })
        }
    }
}

/// Where the deployment stands that `ticket` names, else the primary one.
pub(super) fn state<'a>(service: &'a SdkService, ticket: Ticket<'_>) -> State<'a> {
    match service.status() {
        Some("INACTIVE") => return State::Known(Health::Gone),
        Some("DRAINING") => return State::Known(Health::Failed("it is being deleted".to_owned())),
        _ => {}
    }
    if service.deployments().is_empty() {
        // Task sets: somebody else deploys.
        let (running, desired) = (service.running_count(), service.desired_count());
        return State::Known(match missing(running, desired, "") {
            None => Health::Ready,
            Some(waits) => Health::Pending(waits),
        });
    }
    let asked = match ticket.id {
        None => primary(service),
        Some(id) => service.deployments().iter().find(|one| one.id() == Some(id)),
    };
    match asked {
        Some(deployment) if deployment.status() == Some("PRIMARY") => judge(service, deployment),
        Some(deployment) => State::Over(Some(deployment)),
        None if older(service, ticket) => {
            State::Known(Health::Pending("its deployment is not visible yet".to_owned()))
        }
        None if ticket.id.is_some() => State::Over(None),
        None => State::Known(Health::Pending("its deployment has not begun".to_owned())),
    }
}

/// Whether what was read is older than the deployment: reads may lag behind writes.
fn older(service: &SdkService, ticket: Ticket<'_>) -> bool {
    let primary = primary(service).and_then(|one| one.created_at()).map(|at| at.as_secs_f64());
    ticket.made.zip(primary).is_some_and(|(made, primary)| primary < made)
}

/// One that is primary.
fn judge<'a>(service: &SdkService, deployment: &'a SdkDeployment) -> State<'a> {
    let (running, desired) = (deployment.running_count(), deployment.desired_count());
    let waits = match deployment.rollout_state() {
        Some(DeploymentRolloutState::Failed) => return State::Over(Some(deployment)),
        Some(DeploymentRolloutState::Completed) => missing(running, desired, ""),
        Some(_) => Some(format!("{running} of {desired} tasks running")),
        // Endpoints that do not say: steady once the old tasks are gone and the new ones run.
        None if service.deployments().len() == 1 => missing(running, desired, ""),
        None => missing(running, desired.max(running + 1), " (old tasks still there)"),
    };
    match waits {
        None => State::Known(Health::Ready),
        Some(waits) => State::Going(deployment, waits),
    }
}

fn missing(running: i32, desired: i32, more: &str) -> Option<String> {
    (running < desired).then(|| format!("{running} of {desired} tasks running{more}"))
}
