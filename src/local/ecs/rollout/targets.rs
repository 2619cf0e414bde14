//! Registration of a task's address with target groups and Cloud Map, and the events that tell.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::shift;
use crate::local::call::Call;
use crate::local::clock::Millis;
use crate::local::document::Document;
use crate::local::ecs::neighbours::{self, Answers};
use crate::local::ecs::records::{Service, Task};
use crate::local::ecs::service::connect;
use crate::local::ecs::task_definition;

/// What one round of moves did with targets, told together as ECS tells it.
#[derive(Debug, Default)]
pub(super) struct News {
    registered: BTreeMap<String, usize>,
    deregistered: BTreeMap<String, usize>,
    draining: usize,
    lines: Vec<String>,
}

impl News {
    /// A line of its own.
    pub(super) fn line(&mut self, line: String) {
        self.lines.push(line);
    }

    /// Writes what happened among the service's events.
    pub(super) fn tell(self, call: &mut Call<'_>, service: &mut Service) {
        for line in self.lines {
            service.say(call, &line);
        }
        if self.draining > 0 {
            service
                .say(call, &format!("has begun draining connections on {} tasks.", self.draining));
        }
        for (verb, groups) in [("registered", self.registered), ("deregistered", self.deregistered)]
        {
            for (group, count) in groups {
                service.say(call, &format!("{verb} {count} targets in (target-group {group})"));
            }
        }
    }
}

/// Registers a task that has begun to run and answers its health checks so.
pub(super) fn register(
    call: &mut Call<'_>,
    service: &Service,
    spec: &Value,
    task: &mut Task,
    answers: Answers,
    news: &mut News,
) {
    let Some(address) = task.address.clone() else { return };
    let zone = task.wire.text("availabilityZone").to_owned();
    let target = task.target.clone().unwrap_or_else(|| address.clone());
    for balancer in shift::joined(spec) {
        let (group, port) = (balancer.text("targetGroupArn"), host_port(task, &balancer));
        if neighbours::register_target(call, group, &target, port, &zone, answers) {
            task.targets.push((group.to_owned(), port));
            *news.registered.entry(group.to_owned()).or_default() += 1;
        }
    }
    let definition = task_definition::find(call, task.wire.text("taskDefinitionArn"));
    for lattice in spec.list("vpcLatticeConfigurations") {
        let port = definition.as_deref().and_then(|definition| {
            let (name, port) = neighbours::named_port(definition, lattice.text("portName"))?;
            Some(json!({"containerName": name, "containerPort": port}))
        });
        let Some(port) = port.map(|reference| host_port(task, &reference)) else { continue };
        let group = lattice.text("targetGroupArn");
        if neighbours::register_target(call, group, &target, port, &zone, answers) {
            task.targets.push((group.to_owned(), port));
            *news.registered.entry(group.to_owned()).or_default() += 1;
        }
    }
    for registry in spec.list("serviceRegistries") {
        let mut attributes = BTreeMap::from([
            ("AWS_INSTANCE_IPV4".to_owned(), address.clone()),
            ("AVAILABILITY_ZONE".to_owned(), zone.clone()),
            ("REGION".to_owned(), call.region.clone()),
            ("ECS_CLUSTER_NAME".to_owned(), service.cluster.clone()),
            ("ECS_SERVICE_NAME".to_owned(), service.name.clone()),
            ("ECS_TASK_DEFINITION_FAMILY".to_owned(), family(spec.text("taskDefinition"))),
        ]);
        let port = match registry.integer("port") {
            0 => host_port(task, registry),
            port => port,
        };
        if port > 0 {
            attributes.insert("AWS_INSTANCE_PORT".to_owned(), port.to_string());
        }
        let arn = registry.text("registryArn");
        if neighbours::register_instance(call, arn, &task.id, attributes) {
            task.registries.push(arn.to_owned());
        }
    }
    let definition = task_definition::find(call, spec.text("taskDefinition"));
    let definition = definition.as_deref().unwrap_or(&Value::Null);
    for (arn, port) in connect::registrations(call, &service.wire, spec, definition) {
        let attributes = BTreeMap::from([
            ("AWS_INSTANCE_IPV4".to_owned(), address.clone()),
            ("AWS_INSTANCE_PORT".to_owned(), port.to_string()),
            ("AVAILABILITY_ZONE".to_owned(), zone.clone()),
            ("ECS_CLUSTER_NAME".to_owned(), service.cluster.clone()),
            ("ECS_SERVICE_NAME".to_owned(), service.name.clone()),
        ]);
        if neighbours::register_instance(call, &arn, &task.id, attributes) {
            task.registries.push(arn);
        }
    }
}

/// The port at which a container's port is reached: its own, or the host's that it is bound to.
fn host_port(task: &Task, reference: &Value) -> i64 {
    let (name, port) = (reference.text("containerName"), reference.integer("containerPort"));
    let containers = task.wire.list("containers").iter().filter(|one| one.text("name") == name);
    let mut bindings = containers.flat_map(|one| one.list("networkBindings"));
    let own = bindings.find(|binding| binding.integer("containerPort") == port);
    own.map_or(port, |binding| binding.integer("hostPort"))
}

fn family(arn: &str) -> String {
    let name = arn.rsplit('/').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default().to_owned()
}

/// Takes a task that stops out of everything it is registered with. Returns when its targets have
/// drained.
pub(super) fn deregister(call: &mut Call<'_>, task: &mut Task, news: &mut News) -> Millis {
    let mut drained = call.now;
    let Some(address) = task.target.clone().or_else(|| task.address.clone()) else {
        return drained;
    };
    for (group, port) in std::mem::take(&mut task.targets) {
        drained = drained.max(neighbours::deregister_target(call, &group, &address, port));
        *news.deregistered.entry(group).or_default() += 1;
    }
    if drained > call.now {
        news.draining += 1;
    }
    for registry in std::mem::take(&mut task.registries) {
        neighbours::deregister_instance(call, &registry, &task.id);
    }
    drained
}
