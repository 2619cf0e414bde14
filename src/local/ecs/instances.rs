//! Container instances: registered when an instance comes up, described, drained, let go.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::names::{client, invalid};
use super::placement::Need;
use super::records::{End, SERVICES, Service, TASKS, Task};
use super::task_definition::{includes, page};
use super::{clusters, provider, rollout};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ec2::instance;
use crate::local::ec2::instance_type::{self, InstanceType};
use crate::local::error::AwsError;
use crate::local::params::Shape::{self, Integer, List, Number, OneOf, Structure, Text};
use crate::local::store::Table;

/// Container instances by `cluster/id`.
const INSTANCES: Table = Table::regional("ecs/container-instance");
/// Managed instances that have not registered yet, by id: provider and type.
const COMING: Table = Table::regional("ecs/coming-instance");

const RESOURCES: Shape = List(&Structure(&[
    ("name", Text),
    ("type", Text),
    ("integerValue", Integer),
    ("longValue", Integer),
    ("doubleValue", Number),
    ("stringSetValue", List(&Text)),
]));

/// CPU units, MiB and GPUs of an instance of this type that are there for tasks.
pub(super) fn registered(of_type: &InstanceType) -> (i64, i64, i64) {
    // The system keeps about a sixteenth of the memory.
    (of_type.cpus * 1024, of_type.memory - of_type.memory / 16, of_type.gpus)
}

/// The launch type of an instance's tasks.
pub(super) fn launch_type(call: &Call<'_>, one: &Value) -> &'static str {
    match one.text("provider") {
        _ if one.flag("external") => "EXTERNAL",
        "" => "EC2",
        name => provider::launch_type(call, name),
    }
}

/// An instance's agent has joined a cluster. `joining` says which (`registers`, `cluster`), and what
/// is known of it.
pub(super) fn up(call: &mut Call<'_>, joining: &Value, group: &str) {
    let (id, cluster) = (joining.text("registers").to_owned(), joining.text("cluster").to_owned());
    call.delete(COMING, &id);
    let Some(facts) = instance::facts(call, &id) else { return };
    if clusters::active(call, &cluster).is_none() {
        return;
    }
    let Some(of_type) = instance_type::find(facts.text("instanceType")) else { return };
    let of_group = |(_, one): &(String, Arc<Value>)| {
        !group.is_empty()
            && !one.has("goneAt")
            && one["autoScalingGroupProvider"].text("autoScalingGroupArn") == group
    };
    let named = joining.text("provider").to_owned();
    let found = call.scan(provider::PROVIDERS, "").into_iter().find(of_group);
    let provider = found.map_or(named, |(name, _)| name);
    let (cpu, memory, gpus) = registered(of_type);
    let system = match joining.text("system") {
        "" => "LINUX",
        system => system,
    };
    let mut attributes = json!({
        "ecs.instance-type": of_type.name,
        "ecs.availability-zone": facts["zone"],
        "ecs.ami-id": facts["imageId"],
        "ecs.subnet-id": facts["subnetId"],
        "ecs.vpc-id": facts["vpcId"],
        "ecs.os-type": if system == "LINUX" { "linux" } else { "windows" },
        "ecs.os-family": system,
        "ecs.cpu-architecture": of_type.architecture,
    });
    for (name, value) in joining["attributes"].as_object().into_iter().flatten() {
        attributes.set(name, value.clone());
    }
    let key = call.ids.hex(32);
    let document = json!({
        "ec2InstanceId": id,
        "provider": provider,
        "status": "ACTIVE",
        "cpu": cpu,
        "memory": memory,
        "gpus": gpus,
        "interfaces": of_type.interfaces,
        "attributes": attributes,
        "zone": facts["zone"],
        "subnet": facts["subnetId"],
        "public": facts.has("publicIp"),
        "address": facts["address"],
    });
    enter(call, &cluster, &key, document);
}

fn enter(call: &mut Call<'_>, cluster: &str, key: &str, mut document: Value) {
    let arn = call.arn("ecs", &format!("container-instance/{cluster}/{key}"));
    document.set("arn", arn);
    document.set("registered", call.now);
    call.put(INSTANCES, &format!("{cluster}/{key}"), document);
    rollout::wake_all(call, cluster);
}

/// What the agent of a machine outside AWS calls; those of instances are not heard here.
pub(super) fn register(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let cluster = clusters::of_input(call)?;
    let identity = call.input.text("instanceIdentityDocument")?;
    call.input.accept("instanceIdentityDocumentSignature");
    call.input.accept("versionInfo");
    let resources = call.input.shaped("totalResources", &RESOURCES)?.unwrap_or_default();
    let given = call.input.shaped(
        "attributes",
        &List(&Structure(&[
            ("name", Text),
            ("value", Text),
            ("targetType", OneOf(&["container-instance"])),
            ("targetId", Text),
        ])),
    )?;
    let tags = call.input.tags("tags", "key", "value")?;
    let identity: Value = serde_json::from_str(&identity)
        .map_err(|_| client("The instance identity document is not valid."))?;
    let id = identity.text("instanceId").to_owned();
    if !id.starts_with("mi-") {
        return Err(AwsError::not_modelled(
            "local AWS registers instances of EC2 by itself; only machines outside AWS (mi-…) register here",
        ));
    }
    let amount = |name: &str| {
        let of = |one: &&Value| one.text("name") == name;
        resources
            .as_array()
            .into_iter()
            .flatten()
            .find(of)
            .map_or(0, |one| one.integer("integerValue"))
    };
    let mut attributes = json!({
        "ecs.os-type": "linux",
        "ecs.os-family": "LINUX",
        "ecs.cpu-architecture": "x86_64",
        "ecs.capability.external": "",
    });
    for attribute in given.as_ref().and_then(Value::as_array).into_iter().flatten() {
        attributes.set(attribute.text("name"), attribute.text("value"));
    }
    let key = call.ids.hex(32);
    let document = json!({
        "ec2InstanceId": id,
        "external": true,
        "status": "ACTIVE",
        "cpu": amount("CPU"),
        "memory": amount("MEMORY"),
        "gpus": 0,
        "interfaces": 0,
        "attributes": attributes,
        "zone": "",
        "address": "192.0.2.10",
    });
    enter(call, &cluster, &key, document);
    let full = format!("{cluster}/{key}");
    let document = call.get(INSTANCES, &full).unwrap_or_default();
    let arn = document.text("arn").to_owned();
    call.add_tags(&arn, tags)?;
    Ok(json!({"containerInstance": wire(call, &cluster, &document, true)}))
}

/// An instance is being terminated: its container instance goes, and its tasks stop.
pub(super) fn gone(call: &mut Call<'_>, id: &str) {
    call.delete(COMING, id);
    for (key, one) in call.scan(INSTANCES, "") {
        if one.text("ec2InstanceId") == id {
            let reason = format!("Host EC2 (instance {id}) terminated.");
            let cluster = key.split('/').next().unwrap_or_default().to_owned();
            leave(call, &cluster, &key, &one, &reason);
        }
    }
}

fn leave(call: &mut Call<'_>, cluster: &str, key: &str, one: &Value, reason: &str) {
    call.delete(INSTANCES, key);
    let arn = one.text("arn").to_owned();
    for (_, task) in call.scan(TASKS, &format!("{cluster}/")) {
        if task["wire"].text("containerInstanceArn") != arn {
            continue;
        }
        let Some(mut task) = Task::load(call, cluster, task.text("id")) else { continue };
        if task.phase.is_live() {
            let end = End {
                code: "TerminationNotice".to_owned(),
                reason: reason.to_owned(),
                exit_code: task.phase.is_running().then_some(137),
                container: None,
                at: 0,
            };
            rollout::stop_task(call, cluster, &mut task, end);
        }
    }
    call.forget_tags(&arn);
    rollout::wake_all(call, cluster);
}

/// The instances of a cluster that take tasks.
pub(super) fn active(call: &Call<'_>, cluster: &str) -> Vec<(String, Value)> {
    let prefix = format!("{cluster}/");
    let rows = call.scan(INSTANCES, &prefix).into_iter();
    let rows = rows.filter(|(_, one)| one.text("status") == "ACTIVE");
    rows.map(|(key, one)| (key[prefix.len()..].to_owned(), Value::clone(&one))).collect()
}

/// How many instances a cluster has.
pub(super) fn count(call: &Call<'_>, cluster: &str) -> usize {
    call.scan(INSTANCES, &format!("{cluster}/")).len()
}

/// One by its id.
pub(super) fn find(call: &Call<'_>, cluster: &str, id: &str) -> Option<Arc<Value>> {
    call.get(INSTANCES, &format!("{cluster}/{id}"))
}

/// The instance that a task runs on.
pub(super) fn of_task(call: &Call<'_>, wire: &Value) -> Option<Arc<Value>> {
    let (_, path) = wire.text("containerInstanceArn").split_once("container-instance/")?;
    call.get(INSTANCES, path)
}

/// What tasks take of an instance.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) cpu: i64,
    pub(super) memory: i64,
    pub(super) gpus: i64,
    pub(super) interfaces: i64,
    pub(super) ports: BTreeSet<(i64, String)>,
    /// The group of each task.
    pub(super) groups: Vec<String>,
    pub(super) running: usize,
    pub(super) pending: usize,
    /// Tasks that are no daemon's.
    pub(super) replicas: usize,
}

pub(super) fn taken(call: &Call<'_>, cluster: &str, one: &Value) -> Taken {
    let mut taken = Taken::default();
    for (_, task) in call.scan(TASKS, &format!("{cluster}/")) {
        let wire = &task["wire"];
        if wire.text("containerInstanceArn") != one.text("arn") || task.text("phase") == "stopped" {
            continue;
        }
        let need = Need::of_task(call, wire).unwrap_or_default();
        taken.cpu += need.cpu;
        taken.memory += need.memory;
        taken.gpus += need.gpus;
        taken.interfaces += i64::from(need.interface);
        taken.ports.extend(need.ports);
        for binding in wire.list("containers").iter().flat_map(|one| one.list("networkBindings")) {
            taken.ports.insert((binding.integer("hostPort"), binding.text("protocol").to_owned()));
        }
        taken.groups.push(wire.text("group").to_owned());
        match wire.text("lastStatus") {
            "RUNNING" => taken.running += 1,
            "PROVISIONING" | "PENDING" => taken.pending += 1,
            _ => {}
        }
        taken.replicas += usize::from(!task.flag("daemon"));
    }
    taken
}

/// Instances of a provider with tasks that are no daemon's.
pub(super) fn busy(call: &Call<'_>, cluster: &str, provider: &str) -> i64 {
    let of = |(_, one): &&(String, Value)| {
        one.text("provider") == provider && taken(call, cluster, one).replicas > 0
    };
    i64::try_from(active(call, cluster).iter().filter(of).count()).unwrap_or(i64::MAX)
}

/// EC2's ids of a provider's instances without such tasks.
pub(super) fn empty(call: &Call<'_>, cluster: &str, provider: &str) -> Vec<String> {
    let of =
        |one: &Value| one.text("provider") == provider && taken(call, cluster, one).replicas == 0;
    let all = active(call, cluster).into_iter().filter(|(_, one)| of(one));
    all.map(|(_, one)| one.text("ec2InstanceId").to_owned()).collect()
}

/// EC2's ids of all instances of a provider, those that are coming up too.
pub(super) fn of_provider(call: &Call<'_>, provider: &str) -> Vec<String> {
    let all = call.scan(INSTANCES, "").into_iter();
    let all = all.filter(|(_, one)| one.text("provider") == provider);
    let mut ids: Vec<String> = all.map(|(_, one)| one.text("ec2InstanceId").to_owned()).collect();
    let coming = call.scan(COMING, "").into_iter();
    ids.extend(coming.filter(|(_, one)| one.text("provider") == provider).map(|(id, _)| id));
    ids
}

/// Managed instances that come up, and what they will have free.
pub(super) fn coming(call: &Call<'_>, provider: &str) -> Vec<(String, i64, i64, i64)> {
    let all = call.scan(COMING, "").into_iter();
    let all = all.filter(|(_, one)| one.text("provider") == provider);
    all.filter_map(|(id, one)| {
        let (cpu, memory, gpus) = registered(instance_type::find(one.text("type"))?);
        Some((id, cpu, memory, gpus))
    })
    .collect()
}

pub(super) fn note_coming(call: &mut Call<'_>, provider: &str, id: &str, of_type: &str) {
    call.put(COMING, id, json!({"provider": provider, "type": of_type}));
}

fn referenced(call: &Call<'_>, cluster: &str, reference: &str) -> Option<(String, Arc<Value>)> {
    let id = reference.rsplit('/').next().unwrap_or_default();
    let key = format!("{cluster}/{id}");
    call.get(INSTANCES, &key).map(|one| (key, one))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let cluster = clusters::of_input(call)?;
    let references = call.input.texts("containerInstances")?;
    let tags = includes(call, &["TAGS", "CONTAINER_INSTANCE_HEALTH"])?.contains(&"TAGS");
    if references.is_empty() {
        return Err(invalid("Container instances cannot be empty."));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for reference in references {
        match referenced(call, &cluster, &reference) {
            Some((_, one)) => found.push(wire(call, &cluster, &one, tags)),
            None => failures.push(json!({"arn": reference, "reason": "MISSING"})),
        }
    }
    Ok(json!({"containerInstances": found, "failures": failures}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let cluster = clusters::of_input(call)?;
    let status = call.input.optional_one_of(
        "status",
        &["ACTIVE", "DRAINING", "REGISTERING", "DEREGISTERING", "REGISTRATION_FAILED"],
    )?;
    let filter = call.input.optional_text("filter")?;
    let mut arns = Vec::new();
    for (_, one) in call.scan(INSTANCES, &format!("{cluster}/")) {
        let groups = taken(call, &cluster, &one).groups;
        let meets = match &filter {
            Some(filter) => super::placement::expression::holds(filter, &one, &groups)
                .ok_or_else(|| invalid(format!("Invalid filter: {filter}")))?,
            None => true,
        };
        if meets && status.as_ref().is_none_or(|status| status == one.text("status")) {
            arns.push(one.text("arn").to_owned());
        }
    }
    let page = page(call, arns, String::clone)?;
    Ok(json!({"containerInstanceArns": page.0, "nextToken": page.1}))
}

pub(super) fn deregister(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let cluster = clusters::of_input(call)?;
    let reference = call.input.text("containerInstance")?;
    let force = call.input.optional_boolean("force")?.unwrap_or(false);
    let missing = || invalid("The referenced container instance was not found.");
    let (key, one) = referenced(call, &cluster, &reference).ok_or_else(missing)?;
    if !force && !taken(call, &cluster, &one).groups.is_empty() {
        return Err(invalid(
            "Found running tasks on the instance. To deregister it anyway, use force.",
        ));
    }
    let mut shown = wire(call, &cluster, &one, true);
    shown.set("status", "INACTIVE");
    leave(call, &cluster, &key, &one, "Container instance deregistered.");
    Ok(json!({"containerInstance": shown}))
}

pub(super) fn update_state(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let cluster = clusters::of_input(call)?;
    let references = call.input.texts("containerInstances")?;
    let status = call.input.optional_one_of("status", &["ACTIVE", "DRAINING"])?;
    let status = status.ok_or_else(|| call.input.missing("status"))?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for reference in references {
        match referenced(call, &cluster, &reference) {
            Some((key, _)) => {
                call.update(INSTANCES, &key, |one| one.set("status", status.clone()));
                let one = call.get(INSTANCES, &key).unwrap_or_default();
                found.push(wire(call, &cluster, &one, false));
            }
            None => failures.push(json!({"arn": reference, "reason": "MISSING"})),
        }
    }
    rollout::wake_all(call, &cluster);
    Ok(json!({"containerInstances": found, "failures": failures}))
}

fn wire(call: &Call<'_>, cluster: &str, one: &Value, tags: bool) -> Value {
    let taken = taken(call, cluster, one);
    let number =
        |name: &str, value: i64| json!({"name": name, "type": "INTEGER", "integerValue": value});
    let resources = |cpu: i64, memory: i64, gpus: i64, ports: &BTreeSet<(i64, String)>| {
        let of = |wanted: &str| {
            let ports = ports.iter().filter(|(_, protocol)| protocol == wanted);
            ports.map(|(port, _)| port.to_string()).collect::<Vec<_>>()
        };
        let mut all = vec![
            number("CPU", cpu),
            number("MEMORY", memory),
            json!({"name": "PORTS", "type": "STRINGSET", "stringSetValue": of("tcp")}),
            json!({"name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": of("udp")}),
        ];
        if one.integer("gpus") > 0 {
            let ids: Vec<String> = (0..gpus).map(|at| format!("GPU-{at}")).collect();
            all.push(json!({"name": "GPU", "type": "STRINGSET", "stringSetValue": ids}));
        }
        all
    };
    let (cpu, memory, gpus) = (one.integer("cpu"), one.integer("memory"), one.integer("gpus"));
    let attributes = one["attributes"].as_object().into_iter().flatten();
    let attributes = attributes.map(|(name, value)| match value.as_str() {
        Some("") => json!({"name": name}),
        _ => json!({"name": name, "value": value}),
    });
    let mut output = json!({
        "containerInstanceArn": one["arn"],
        "ec2InstanceId": one["ec2InstanceId"],
        "version": 1,
        "versionInfo": {"agentVersion": "1.98.0", "dockerVersion": "25.0.8"},
        "registeredResources": resources(cpu, memory, gpus, &BTreeSet::new()),
        "remainingResources": resources(
            cpu - taken.cpu, memory - taken.memory, gpus - taken.gpus, &taken.ports,
        ),
        "status": one["status"],
        "agentConnected": true,
        "runningTasksCount": taken.running,
        "pendingTasksCount": taken.pending,
        "attributes": attributes.collect::<Vec<_>>(),
        "registeredAt": call.time(one.time("registered")),
        "attachments": [],
        "tags": [],
    });
    if !one.text("provider").is_empty() {
        output.set("capacityProviderName", one["provider"].clone());
    }
    if tags {
        output.set("tags", call.tag_list(one.text("arn"), "key", "value"));
    }
    output
}

/// All services of a cluster whose tasks run on instances.
pub(super) fn services(call: &Call<'_>, cluster: &str) -> Vec<Service> {
    let rows = call.scan(SERVICES, &format!("{cluster}/")).into_iter();
    let services = rows.filter_map(|(_, one)| serde_json::from_value(Value::clone(&one)).ok());
    services.filter(|one: &Service| one.is_active() && !one.is_fargate()).collect()
}
