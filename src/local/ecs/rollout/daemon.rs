//! The daemon scheduler: one task on every instance that takes it.

use super::order::{self, Order};
use super::{scheduler, verdict};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ec2::network;
use crate::local::ecs::placement::{self, Wish};
use crate::local::ecs::records::{Phase, Service, Task};
use crate::local::ecs::{instances, task_definition};

/// One look. Returns whether it changed anything.
pub(super) fn decide(call: &mut Call<'_>, service: &mut Service, tasks: &mut Vec<Task>) -> bool {
    if verdict::break_circuit(call, service, tasks) {
        return true;
    }
    let Some(primary) = service.primary().cloned() else { return false };
    let Some(definition) = task_definition::find(call, primary.spec.text("taskDefinition")) else {
        return false;
    };
    let awsvpc = &primary.spec["networkConfiguration"]["awsvpcConfiguration"];
    let zones = awsvpc.texts("subnets").into_iter();
    let zones: Vec<String> =
        zones.filter_map(|id| network::subnet(call, id).map(|subnet| subnet.zone)).collect();
    let group = format!("service:{}", service.name);
    let strategy = primary.spec.list("capacityProviderStrategy");
    let mut wanted = Vec::new();
    for (id, instance) in instances::active(call, &service.cluster) {
        let provider = instance.text("provider");
        let named = strategy.iter().any(|item| item.text("capacityProvider") == provider);
        if !strategy.is_empty() && !named {
            continue;
        }
        let wish = Wish {
            cluster: &service.cluster,
            provider: named.then_some(provider),
            launch_type: primary.spec.text("launchType"),
            definition: &definition,
            group: &group,
            constraints: primary.spec.list("placementConstraints"),
            strategy: &[],
            zones: zones.clone(),
            only: None,
        };
        if placement::matches_daemon(call, &instance, &wish) {
            wanted.push((id, instance.text("arn").to_owned(), provider.to_owned()));
        }
    }
    service.desired = u64::try_from(wanted.len()).unwrap_or(0);
    let old = |task: &Task| task.deployment != primary.id && task.phase.is_live();
    let going: Vec<usize> = (0..tasks.len()).filter(|&at| old(&tasks[at])).collect();
    let reason = format!("Scaling activity initiated by (deployment {})", primary.id);
    let mut changed = scheduler::stop(call, service, tasks, &going, &reason);
    let waiting = primary.retry_at.is_some_and(|at| at > call.now);
    let (mut names, mut unplaceable) = (Vec::new(), None);
    for (id, arn, provider) in wanted {
        let on = |task: &&Task| {
            task.phase != Phase::Stopped && task.wire.text("containerInstanceArn") == arn
        };
        if waiting || tasks.iter().any(|task| on(&task)) {
            continue;
        }
        if scheduler::slow_down(call, service) {
            return true;
        }
        let exec = service.wire.flag("enableExecuteCommand");
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
        task.daemon = true;
        if !provider.is_empty() && !strategy.is_empty() {
            task.wire.set("capacityProviderName", provider);
        }
        let cluster = service.cluster.clone();
        match super::find_place(call, &cluster, &mut task, &primary.spec, &definition, Some(&id)) {
            Ok(()) => {
                task.save(call, &cluster);
                scheduler::tag(call, service, &definition, &mut task);
                service.started += 1;
                names.push(format!("(task {})", task.id));
                tasks.push(task);
            }
            Err(reason) => unplaceable = Some(reason),
        }
    }
    if !names.is_empty() {
        let message = format!("has started {} tasks: {}.", names.len(), names.join(" "));
        service.say(call, &message);
        changed = true;
    }
    if let Some(reason) = unplaceable {
        changed |= scheduler::cannot_place(call, service, &reason);
    }
    let count = |own: bool, test: fn(Phase) -> bool| {
        let of = |task: &&Task| (task.deployment == primary.id) == own && test(task.phase);
        u64::try_from(tasks.iter().filter(of).count()).unwrap_or(0)
    };
    let healthy = count(true, |phase| phase == Phase::Healthy);
    let others = count(false, |phase| phase != Phase::Stopped);
    changed | verdict::complete(call, service, healthy, others)
}
