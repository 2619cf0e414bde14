//! How a service comes to have the tasks it shall have: the service scheduler.
//!
//! A service sets a timer for the next moment at which something is due; [`look`] then plays all
//! that is due by then. Nothing here runs between calls, and nothing depends on anything but the
//! stored documents and the time of the timer.

mod daemon;
mod fate;
pub(super) mod order;
mod output;
mod scheduler;
pub(super) mod shift;
mod targets;
pub(super) mod task;
mod verdict;

use serde_json::{Value, json};

use super::placement::{self, Wish};
use super::records::{
    Deployment, End, Phase, REVISIONS, SERVICE_DEPLOYMENTS, Service, State, TASKS, Task,
};
use super::{instances, provider, task_definition};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::ec2::network;
use crate::local::error::AwsError;

/// One look never plays more than this many rounds.
const MOST_ROUNDS: usize = 2000;
/// This many stopped tasks of a service stay described.
const MOST_STOPPED: usize = 20;

/// Begins a deployment of what `service.wire` says.
pub(super) fn begin(call: &mut Call<'_>, service: &mut Service) {
    verdict::supersede(call, service);
    let mut spec = resolved(&service.wire);
    let configuration = service.wire["deploymentConfiguration"].clone();
    let moves = shift::moves(&configuration);
    if moves {
        let resolved = shift::resolve(service, &spec);
        spec.set("resolvedConfiguration", resolved);
    }
    shift::abandon(call, service);
    let sources: Vec<String> =
        service.deployments.iter().map(|deployment| deployment.revision.clone()).collect();
    let number = |call: &mut Call<'_>| {
        (1 + call.ids.below(8)) * 1_000_000_000_000_000_000
            + call.ids.below(1_000_000_000_000_000_000)
    };
    let revision_id = number(call).to_string();
    let path = format!("{}/{}", service.cluster, service.name);
    let revision = call.arn("ecs", &format!("service-revision/{path}/{revision_id}"));
    let mut document = spec.clone();
    document.set("serviceRevisionArn", revision.clone());
    document.set("serviceArn", service.arn.clone());
    document.set("clusterArn", call.arn("ecs", &format!("cluster/{}", service.cluster)));
    document.set("createdAt", call.time(call.now));
    document.set("guardDutyEnabled", false);
    document.set("containerImages", fate::images(call, &spec));
    call.put(REVISIONS, &format!("{path}/{revision_id}"), document);

    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let deployment_id = call.ids.of(alphabet, 21);
    let key = format!("{path}/{deployment_id}");
    let arn = call.arn("ecs", &format!("service-deployment/{key}"));
    let breaker = verdict::breaker(service);
    call.put(
        SERVICE_DEPLOYMENTS,
        &key,
        json!({
            "serviceDeploymentArn": arn,
            "serviceArn": service.arn,
            "clusterArn": call.arn("ecs", &format!("cluster/{}", service.cluster)),
            "created": call.now,
            "started": call.now,
            "updated": call.now,
            "sources": sources,
            "target": revision,
            "status": "IN_PROGRESS",
            "deploymentConfiguration": configuration,
            "breaker": if breaker.is_some() { "MONITORING" } else { "DISABLED" },
            "failureCount": 0,
        }),
    );
    service.current_service_deployment = Some(arn);
    service.deployments.iter_mut().for_each(|deployment| deployment.primary = false);
    let deployment = new_deployment(call, spec, revision, key);
    service.deployments.insert(0, deployment);
    if moves {
        shift::begin(call, service);
    }
    service.steady = false;
    look_again(call, service);
}

/// A deployment that has nothing yet.
fn new_deployment(
    call: &mut Call<'_>,
    spec: Value,
    revision: String,
    service_deployment: String,
) -> Deployment {
    let number = (1 + call.ids.below(8)) * 1_000_000_000_000_000_000;
    let id = format!("ecs-svc/{}", number + call.ids.below(1_000_000_000_000_000_000));
    let reason = format!("ECS deployment {id} in progress.");
    Deployment {
        id,
        primary: true,
        spec,
        revision,
        service_deployment,
        running: 0,
        pending: 0,
        failed: 0,
        counted: 0,
        created: call.now,
        updated: call.now,
        state: State::InProgress,
        reason,
        rollback: false,
        retry_at: None,
        said_unplaced: false,
    }
}

/// The members of a service from which its tasks are made, with the platform that is run.
fn resolved(wire: &Value) -> Value {
    let mut spec = json!({});
    for (member, value) in wire.as_object().into_iter().flatten() {
        let of_revision = matches!(
            member.as_str(),
            "taskDefinition"
                | "launchType"
                | "capacityProviderStrategy"
                | "platformVersion"
                | "platformFamily"
                | "networkConfiguration"
                | "loadBalancers"
                | "serviceRegistries"
                | "serviceConnectConfiguration"
                | "volumeConfigurations"
                | "monitoring"
                | "vpcLatticeConfigurations"
                | "placementConstraints"
                | "placementStrategy"
        );
        if of_revision && value != &json!([]) {
            spec.set(member, value.clone());
        }
    }
    if spec.text("platformVersion") == "LATEST" {
        spec.set("platformVersion", "1.4.0");
    }
    spec
}

/// Has the scheduler look at a service whose wishes have changed.
pub(super) fn look_again(call: &mut Call<'_>, service: &mut Service) {
    service.steady = false;
    let at = call.ready_at(durations::SERVICE_SCHEDULER);
    service.wake(call, at);
}

/// Goes back to the last completed revision because somebody asked for it. Returns whether there
/// is one.
pub(super) fn roll_back(call: &mut Call<'_>, service: &mut Service) -> bool {
    let mut tasks = load_tasks(call, service);
    let who = "ECS deployment stopped";
    let possible = verdict::roll_back(call, service, &mut tasks, who, "of a user request");
    store_tasks(call, service, tasks);
    look_again(call, service);
    possible
}

/// A paused lifecycle hook has been told to roll back.
pub(super) fn hook_failed(call: &mut Call<'_>, service: &mut Service) {
    let mut tasks = load_tasks(call, service);
    shift::hook_ended(call, service, &mut tasks, "a lifecycle hook failed");
    store_tasks(call, service, tasks);
    look_again(call, service);
}

/// An alarm went off: a deployment that watches it fails.
pub(super) fn alarm(call: &mut Call<'_>, service: &mut Service, name: &str) {
    let mut tasks = load_tasks(call, service);
    if verdict::alarm(call, service, &mut tasks, name) {
        store_tasks(call, service, tasks);
        look_again(call, service);
        service.save(call);
    }
}

/// The number of failures at which this service's circuit breaker breaks, if it has one.
pub(super) fn threshold(service: &Service) -> Option<u64> {
    verdict::breaker(service)
}

/// Stops one task; its service starts another if it misses it.
pub(super) fn stop_task(call: &mut Call<'_>, cluster: &str, task: &mut Task, end: End) {
    let mut news = targets::News::default();
    task::stop(call, task, end, &mut news);
    task.save(call, cluster);
    let service = task.service.as_deref().and_then(|name| Service::load(call, cluster, name));
    match service {
        Some(mut service) => {
            news.tell(call, &mut service);
            let tasks = load_tasks(call, &service);
            store_tasks(call, &mut service, tasks);
            look_again(call, &mut service);
            service.save(call);
        }
        None => task::wake_alone(call, cluster, task),
    }
}

/// A service that is being deleted: its tasks are stopped at once.
pub(super) fn drain(call: &mut Call<'_>, service: &mut Service) {
    verdict::supersede(call, service);
    service.shift = None;
    let mut tasks = load_tasks(call, service);
    scheduler::stop_all(call, service, &mut tasks);
    store_tasks(call, service, tasks);
    let at = call.ready_at(durations::SERVICE_SCHEDULER);
    service.wake(call, at);
}

/// Something has changed about a cluster's instances: whoever waits for room looks again.
pub(super) fn wake_all(call: &mut Call<'_>, cluster: &str) {
    wake_others(call, cluster, None);
}

/// The same for all services but one, which is being looked at.
fn wake_others(call: &mut Call<'_>, cluster: &str, except: Option<&str>) {
    for mut service in instances::services(call, cluster) {
        if Some(service.name.as_str()) != except {
            look_again(call, &mut service);
            service.save(call);
        }
    }
    for (_, task) in call.scan(TASKS, &format!("{cluster}/")) {
        if !task.has("waiting") || task.has("service") {
            continue;
        }
        let Some(mut task) = Task::load(call, cluster, task.text("id")) else { continue };
        let definition = task_definition::find(call, task.wire.text("taskDefinitionArn"));
        let spec = task.spec.clone();
        if let Some(definition) = definition
            && task.phase == Phase::Provisioning
            && find_place(call, cluster, &mut task, &spec, &definition, None).is_ok()
        {
            task.save(call, cluster);
            task::wake_alone(call, cluster, &task);
        }
    }
}

/// Finds an instance for a task, or has it wait for a provider's next one.
///
/// # Errors
/// Why there is none.
pub(super) fn find_place(
    call: &mut Call<'_>,
    cluster: &str,
    task: &mut Task,
    spec: &Value,
    definition: &Value,
    only: Option<&str>,
) -> Result<(), String> {
    let awsvpc = &spec["networkConfiguration"]["awsvpcConfiguration"];
    let zones = awsvpc.texts("subnets").into_iter();
    let provider = task.wire.text("capacityProviderName").to_owned();
    let group = task.wire.text("group").to_owned();
    let launch_type = task.wire.text("launchType").to_owned();
    let wish = Wish {
        cluster,
        provider: Some(provider.as_str()).filter(|name| !name.is_empty()),
        launch_type: &launch_type,
        definition,
        group: &group,
        constraints: spec.list("placementConstraints"),
        strategy: spec.list("placementStrategy"),
        zones: zones.filter_map(|id| network::subnet(call, id).map(|subnet| subnet.zone)).collect(),
        only,
    };
    match placement::place(call, &wish) {
        Ok(instance) => {
            task.waiting = None;
            task::settle(call, cluster, task, spec, &instance);
            Ok(())
        }
        Err(_) if only.is_none() && provider::scales(call, &provider) => {
            task.waiting = Some(provider);
            task.due = None;
            Ok(())
        }
        Err(reason) => Err(reason),
    }
}

/// Brings instances for a task that waits.
pub(super) fn grow(call: &mut Call<'_>, cluster: &str, task: &Task) {
    if let Some(provider) = &task.waiting {
        provider::grow(call, cluster, provider);
    }
}

/// What [`Call::schedule`] was given has come due.
pub(super) fn timer(call: &mut Call<'_>, payload: &Value) -> Result<(), AwsError> {
    let cluster = payload.text("cluster");
    if payload.has("registers") || payload.has("shrinks") {
        provider::timer(call, payload);
    } else if payload.has("task") {
        task::advance_alone(call, cluster, payload.text("task"));
    } else if let Some(mut service) = Service::load(call, cluster, payload.text("service")) {
        service.timer = None;
        look(call, &mut service);
        service.save(call);
    }
    Ok(())
}

/// Plays all that is due, and sets a timer for what comes next.
fn look(call: &mut Call<'_>, service: &mut Service) {
    let mut tasks = load_tasks(call, service);
    for _ in 0..MOST_ROUNDS {
        let moved = move_tasks(call, service, &mut tasks);
        let decided = match service.status.as_str() {
            "ACTIVE" if service.is_daemon() => daemon::decide(call, service, &mut tasks),
            "ACTIVE" if service.shift.is_some() => shift::decide(call, service, &mut tasks),
            "ACTIVE" => scheduler::decide(call, service, &mut tasks),
            _ => scheduler::stop_all(call, service, &mut tasks),
        };
        if !moved && !decided {
            break;
        }
    }
    let live = tasks.iter().any(|task| task.phase != Phase::Stopped);
    let due = tasks.iter().filter_map(|task| task.due).min();
    store_tasks(call, service, tasks);
    if service.status == "DRAINING" && !live {
        service.status = "INACTIVE".to_owned();
        service.inactive_at = Some(call.now);
        service.deployments.clear();
        let arn = service.arn.clone();
        call.forget_tags(&arn);
        return;
    }
    let retry = service.primary().and_then(|primary| primary.retry_at).filter(|at| *at > call.now);
    let shift: Vec<_> = shift::next_look(service).filter(|at| *at > call.now).collect();
    if let Some(at) = due.into_iter().chain(retry).chain(shift).min() {
        service.wake(call, at);
    }
}

/// Moves every task whose phase has ended. Returns whether there was one.
fn move_tasks(call: &mut Call<'_>, service: &mut Service, tasks: &mut [Task]) -> bool {
    let mut news = targets::News::default();
    let mut moved = false;
    for task in tasks.iter_mut().filter(|task| task.waiting.is_some() && task.phase.is_live()) {
        let spec = task::spec(Some(service), task);
        let Some(definition) = task_definition::find(call, task.wire.text("taskDefinitionArn"))
        else {
            continue;
        };
        let cluster = service.cluster.clone();
        if find_place(call, &cluster, task, &spec, &definition, None).is_ok() {
            moved |= task.waiting.is_none();
            task.save(call, &cluster);
            // Others may have taken the room that was made.
            grow(call, &cluster, task);
        }
    }
    for task in tasks.iter_mut() {
        while task.due.is_some_and(|due| due <= call.now) {
            moved = true;
            task::step(call, Some(service), task, &mut news);
        }
    }
    news.tell(call, service);
    moved
}

fn load_tasks(call: &Call<'_>, service: &Service) -> Vec<Task> {
    service.tasks.iter().filter_map(|id| Task::load(call, &service.cluster, id)).collect()
}

/// Writes the tasks back, forgets stopped ones that are old, and counts for the deployments.
fn store_tasks(call: &mut Call<'_>, service: &mut Service, tasks: Vec<Task>) {
    for deployment in &mut service.deployments {
        let of = |task: &&Task| task.deployment == deployment.id;
        let count = |test: fn(Phase) -> bool| {
            u64::try_from(tasks.iter().filter(of).filter(|task| test(task.phase)).count())
                .unwrap_or(0)
        };
        let running = count(Phase::is_running);
        let pending = count(|phase| matches!(phase, Phase::Provisioning | Phase::Pending));
        if (running, pending) != (deployment.running, deployment.pending) {
            (deployment.running, deployment.pending) = (running, pending);
            deployment.updated = call.now;
        }
    }
    service.tasks.clear();
    for task in &tasks {
        task.save(call, &service.cluster);
        if task.phase == Phase::Stopped {
            service.stopped.push(task.id.clone());
        } else {
            service.tasks.push(task.id.clone());
        }
    }
    while service.stopped.len() > MOST_STOPPED {
        let id = service.stopped.remove(0);
        call.delete(super::records::TASKS, &format!("{}/{id}", service.cluster));
    }
}
