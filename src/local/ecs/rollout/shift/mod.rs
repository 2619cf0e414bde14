//! Deployments that move traffic: BLUE_GREEN, LINEAR and CANARY. The new revision's tasks come up beside the old ones', in
//! the other target group of each pair; then the weights of rules and listeners go over, step by step; after the bake time
//! the old tasks go.
//!
//! `state` is what is stored, `traffic` the weights, `hooks` what a stage waits for. The first deployment of a service goes
//! through the same stages, but has nobody to share with: all traffic is its own at once, and nothing bakes.

mod hooks;
mod state;
mod traffic;

use serde_json::Value;

use super::{scheduler, verdict};
use crate::local::call::Call;
use crate::local::clock::Millis;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::ecs::names::invalid;
use crate::local::ecs::records::{Deployment, Phase, SERVICE_DEPLOYMENTS, Service, State, Task};
use crate::local::error::AwsError;

pub(in crate::local::ecs) use hooks::answer;
pub(in crate::local::ecs) use state::{Shift, Stage};
pub(super) use traffic::{joined, resolve};

/// Does a deployment with this configuration move traffic?
pub(super) fn moves(configuration: &Value) -> bool {
    !matches!(configuration.text("strategy"), "" | "ROLLING")
}

/// A new deployment begins while another one moves traffic: it all goes back to where it was.
pub(super) fn abandon(call: &mut Call<'_>, service: &mut Service) {
    if service.shift.is_some() {
        traffic::back(call, service);
        service.shift = None;
    }
}

/// Sets out with a deployment that has just become the primary one.
pub(super) fn begin(call: &mut Call<'_>, service: &mut Service) {
    let configuration = service.wire["deploymentConfiguration"].clone();
    let unfinished = service.deployments.iter().any(|one| !one.primary && !is_source(service, one));
    let first = service.last_completed.is_none();
    let steps = match first {
        true => vec![100.0],
        false => traffic::steps(&configuration),
    };
    service.shift = Some(Shift::new(steps));
    let stage = if unfinished { Stage::Reconcile } else { Stage::PreScaleUp };
    enter(call, service, stage);
}

/// How many tasks of a deployment there shall be.
pub(in crate::local::ecs) fn wanted(service: &Service, deployment: &Deployment) -> u64 {
    let Some(shift) = &service.shift else {
        return if deployment.primary { service.desired } else { 0 };
    };
    let there = match deployment.primary {
        true => shift.stage >= Stage::ScaleUp,
        false => is_source(service, deployment) && shift.stage < Stage::CleanUp,
    };
    if there { service.desired } else { 0 }
}

fn is_source(service: &Service, deployment: &Deployment) -> bool {
    service.last_completed.as_ref().is_some_and(|last| last.deployment == deployment.id)
}

/// One look. Returns whether it changed anything.
pub(super) fn decide(call: &mut Call<'_>, service: &mut Service, tasks: &mut Vec<Task>) -> bool {
    if verdict::break_circuit(call, service, tasks) {
        return true;
    }
    let mut changed = false;
    for deployment in service.deployments.clone() {
        let live = |task: &Task| task.deployment == deployment.id && task.phase.is_live();
        let own = count(tasks, live);
        let wanted = wanted(service, &deployment);
        if own > wanted {
            changed |= scheduler::stop_of(call, service, tasks, own - wanted, &deployment.id);
        } else if own < wanted && deployment.retry_at.is_none_or(|at| at <= call.now) {
            changed |= scheduler::launch(call, service, tasks, wanted - own, &deployment.id);
        }
    }
    changed | advance(call, service, tasks)
}

fn count(tasks: &[Task], of: impl Fn(&Task) -> bool) -> u64 {
    u64::try_from(tasks.iter().filter(|task| of(task)).count()).unwrap_or(0)
}

/// Ends the stage if it is over.
fn advance(call: &mut Call<'_>, service: &mut Service, tasks: &mut [Task]) -> bool {
    let Some(shift) = service.shift.clone() else { return false };
    let Some(primary) = service.primary().cloned() else { return false };
    if let Some(hook) = hooks::missed(call, service) {
        return hook_missed(call, service, tasks, hook);
    }
    if shift.due.is_some_and(|due| due > call.now) || hooks::wait(service) {
        return false;
    }
    let of = |task: &Task| task.deployment == primary.id;
    let healthy = count(tasks, |task| of(task) && task.phase == Phase::Healthy);
    let others = count(tasks, |task| !of(task) && task.phase != Phase::Stopped);
    let source = service.last_completed.as_ref().map(|last| last.deployment.clone());
    let abandoned = count(tasks, |task| {
        !of(task) && Some(&task.deployment) != source.as_ref() && task.phase != Phase::Stopped
    });
    match shift.stage {
        Stage::Reconcile if abandoned > 0 => false,
        Stage::ScaleUp if healthy < service.desired => false,
        Stage::CleanUp if others > 0 => false,
        Stage::CleanUp => {
            if verdict::complete(call, service, healthy, others) {
                service.shift = None;
                return true;
            }
            false
        }
        stage => {
            let next = shift.next(stage);
            enter(call, service, next);
            true
        }
    }
}

/// Begins a stage: what it does, how long it lasts, what it waits for.
fn enter(call: &mut Call<'_>, service: &mut Service, stage: Stage) {
    let configuration = configuration(call, service);
    let minutes =
        |number: i64| std::time::Duration::from_secs(60 * u64::try_from(number).unwrap_or(0));
    let slow = match traffic::by_network(service) {
        true => durations::SHIFT_NETWORK,
        false => std::time::Duration::ZERO,
    };
    let first = service.last_completed.is_none();
    let mut lasts = durations::SHIFT_STAGE;
    match stage {
        Stage::TestShift => {
            lasts += slow;
            traffic::test(call, service);
        }
        Stage::ProductionShift => {
            lasts += slow;
            traffic::step(call, service);
            if service.shift.as_ref().is_some_and(|shift| shift.step < shift.steps.len()) {
                lasts += minutes(traffic::step_bake(&configuration));
            }
        }
        Stage::Bake if !first => lasts = minutes(configuration.integer("bakeTimeInMinutes")),
        _ => {}
    }
    let due = call.ready_at(lasts);
    let hooks = hooks::of(call, &configuration, stage);
    if let Some(shift) = &mut service.shift {
        shift.stage = stage;
        shift.due = Some(due);
        shift.hooks = hooks;
    }
    note(call, service);
}

/// The configuration with which the primary deployment began.
fn configuration(call: &Call<'_>, service: &Service) -> Value {
    let key = service.primary().map(|primary| primary.service_deployment.clone());
    let document = key.and_then(|key| call.get(SERVICE_DEPLOYMENTS, &key));
    document.map(|one| one["deploymentConfiguration"].clone()).unwrap_or_default()
}

/// Writes where the shift is into its service deployment.
fn note(call: &mut Call<'_>, service: &Service) {
    let (Some(shift), Some(primary)) = (&service.shift, service.primary()) else { return };
    let (key, now) = (primary.service_deployment.clone(), call.now);
    let hooks: Vec<Value> = shift.hooks.iter().map(|hook| hook.stored()).collect();
    let (stage, production, test) = (shift.stage.word(), shift.production, shift.test);
    call.update(SERVICE_DEPLOYMENTS, &key, |document| {
        document.set("stage", stage);
        document.set("production", production);
        document.set("test", test);
        document.set("hooks", hooks);
        document.set("updated", now);
    });
}

/// Nobody answered a hook in time.
fn hook_missed(
    call: &mut Call<'_>,
    service: &mut Service,
    tasks: &mut [Task],
    hook: hooks::Hook,
) -> bool {
    if hook.goes_on {
        hooks::settle(service, &hook.id, "TIMED_OUT");
        note(call, service);
        return true;
    }
    hooks::settle(service, &hook.id, "TIMED_OUT");
    note(call, service);
    let why = format!("lifecycle hook {} timed out", hook.id);
    hook_ended(call, service, tasks, &why)
}

/// A hook has ended the deployment: rolls back, or fails where there is nothing to go back to.
pub(super) fn hook_ended(
    call: &mut Call<'_>,
    service: &mut Service,
    tasks: &mut [Task],
    why: &str,
) -> bool {
    let who = "ECS deployment lifecycle hook";
    if verdict::roll_back(call, service, tasks, who, why) {
        return true;
    }
    let Some(primary) = service.primary_mut() else { return false };
    primary.state = State::Failed;
    primary.reason = format!("{who}: {why}.");
    primary.updated = call.now;
    let key = primary.service_deployment.clone();
    service.shift = None;
    verdict::finish(
        call,
        &key,
        "ROLLBACK_FAILED",
        "No rollback candidate was found to run the rollback.",
    );
    true
}

/// The last completed revision has just become the primary one again: all traffic goes there at once, and the scheduler
/// takes the others' tasks down.
pub(super) fn turned_back(call: &mut Call<'_>, service: &mut Service, key: &str) {
    if service.shift.is_none() {
        return;
    }
    traffic::back(call, service);
    service.shift = None;
    let now = call.now;
    call.update(SERVICE_DEPLOYMENTS, key, |document| {
        document.set("production", 0.0);
        document.set("test", 0.0);
        let mut hooks = document.list("hooks").to_vec();
        hooks.retain(|hook| hook.text("status") != "AWAITING_ACTION");
        document.set("hooks", hooks);
        document.set("updated", now);
    });
}

/// Can somebody still stop it?
pub(in crate::local::ecs) fn may_stop(service: &Service) -> Result<(), AwsError> {
    match &service.shift {
        Some(shift) if shift.stage == Stage::CleanUp => Err(AwsError::new(
            "ConflictException",
            "The service deployment is in the CLEAN_UP lifecycle stage and cannot be stopped.",
        )),
        _ => Ok(()),
    }
}

/// When it wants to be looked at again.
pub(super) fn next_look(service: &Service) -> impl Iterator<Item = Millis> {
    let shift = service.shift.as_ref();
    let due = shift.and_then(|shift| shift.due);
    let expires = shift.map(|shift| shift.hooks.iter().filter(|hook| hook.waits()));
    let expires = expires.into_iter().flatten().map(|hook| hook.expires).collect::<Vec<_>>();
    due.into_iter().chain(expires)
}

/// What CreateService and UpdateService refuse of a strategy that moves traffic.
pub(in crate::local::ecs) fn check(call: &Call<'_>, wire: &Value) -> Result<(), AwsError> {
    let configuration = &wire["deploymentConfiguration"];
    let balancers = wire.list("loadBalancers");
    let advanced = |one: &Value| one.has("advancedConfiguration");
    if !moves(configuration) {
        return match balancers.iter().any(advanced) {
            true => Err(invalid(
                "advancedConfiguration is not supported with the ROLLING deployment strategy.",
            )),
            false => Ok(()),
        };
    }
    let strategy = configuration.text("strategy");
    if wire.text("schedulingStrategy") == "DAEMON" {
        return Err(invalid(format!(
            "The DAEMON scheduling strategy does not support the deployment strategy {strategy}."
        )));
    }
    if !wire.list("vpcLatticeConfigurations").is_empty() {
        return Err(AwsError::not_modelled(format!(
            "local AWS does not model the deployment strategy {strategy} with VPC Lattice"
        )));
    }
    let headless = balancers.is_empty() && !wire.has("serviceConnectConfiguration");
    if headless && strategy != "BLUE_GREEN" {
        return Err(invalid(format!(
            "The deployment strategy {strategy} requires Elastic Load Balancing or Service Connect."
        )));
    }
    for member in ["deploymentCircuitBreaker", "alarms"] {
        let one = &configuration[member];
        if one.flag("enable") && !one.flag("rollback") {
            return Err(AwsError::not_modelled(format!(
                "local AWS does not model {member} without rollback with the strategy {strategy}"
            )));
        }
    }
    balancers.iter().try_for_each(|balancer| traffic::check(call, balancer, strategy))
}
