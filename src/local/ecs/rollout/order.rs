//! What a task is ordered with, and how it looks before anything of it is there.

use serde_json::{Value, json};

use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::ec2::network;
use crate::local::ecs::records::{Phase, Task, is_fargate};
use crate::local::ecs::{capacity, provider};

/// What a task is made from.
#[derive(Debug)]
pub(in crate::local::ecs) struct Order<'a> {
    pub(in crate::local::ecs) cluster: &'a str,
    pub(in crate::local::ecs) service: Option<&'a str>,
    pub(in crate::local::ecs) deployment: &'a str,
    /// The members of a service revision.
    pub(in crate::local::ecs) spec: &'a Value,
    pub(in crate::local::ecs) definition: &'a Value,
    /// How many there were before it.
    pub(in crate::local::ecs) number: u64,
    pub(in crate::local::ecs) started_by: &'a str,
    pub(in crate::local::ecs) group: &'a str,
    pub(in crate::local::ecs) exec: bool,
}

/// Makes a task; it is `PROVISIONING`.
pub(in crate::local::ecs) fn new(call: &mut Call<'_>, order: &Order<'_>) -> Task {
    let id = call.ids.hex(32);
    let arn = call.arn("ecs", &format!("task/{}/{id}", order.cluster));
    let (spec, definition) = (order.spec, order.definition);
    let strategy = spec.list("capacityProviderStrategy");
    let number = usize::try_from(order.number).unwrap_or(0);
    let mut containers = Vec::new();
    for container in definition.list("containerDefinitions") {
        let path = format!("container/{}/{id}/{}", order.cluster, call.ids.uuid());
        containers.push(json!({
            "containerArn": call.arn("ecs", &path),
            "taskArn": arn,
            "name": container["name"],
            "image": container["image"],
            "lastStatus": "PENDING",
            "networkInterfaces": [],
            "healthStatus": "UNKNOWN",
            "cpu": container.integer("cpu").to_string(),
        }));
    }
    let mut wire = json!({
        "taskArn": arn,
        "clusterArn": call.arn("ecs", &format!("cluster/{}", order.cluster)),
        "taskDefinitionArn": definition["taskDefinitionArn"],
        "containers": containers,
        "cpu": definition["cpu"],
        "memory": definition["memory"],
        "createdAt": call.time(call.now),
        "desiredStatus": "RUNNING",
        "lastStatus": "PROVISIONING",
        "enableExecuteCommand": order.exec,
        "group": order.group,
        "healthStatus": "UNKNOWN",
        "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": []},
        "startedBy": order.started_by,
        "attachments": [],
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
        "version": 1,
    });
    if !is_fargate(spec) {
        // Disks of instances are the instances'.
    } else if definition.has("ephemeralStorage") {
        wire.set("ephemeralStorage", definition["ephemeralStorage"].clone());
    } else {
        wire.set("ephemeralStorage", json!({"sizeInGiB": 20}));
    }
    match capacity::provider(strategy, number) {
        Some(provider) => {
            wire.set("launchType", provider::launch_type(call, &provider));
            wire.set("capacityProviderName", provider);
        }
        None => wire.set("launchType", spec["launchType"].clone()),
    }
    for member in ["platformVersion", "platformFamily"] {
        if spec.has(member) {
            wire.set(member, spec[member].clone());
        }
    }
    let subnets = spec["networkConfiguration"]["awsvpcConfiguration"].texts("subnets");
    let on_fargate = is_fargate(spec);
    if let Some(subnet) =
        number.checked_rem(subnets.len()).filter(|_| on_fargate).map(|at| subnets[at])
    {
        stand_in(call, &mut wire, subnet);
    }
    for volume in spec.list("volumeConfigurations") {
        let attachment = volume_attachment(call, volume);
        if let Some(list) = wire.get_mut("attachments").and_then(Value::as_array_mut) {
            list.push(attachment);
        }
    }
    Task {
        id,
        wire,
        service: order.service.map(str::to_owned),
        deployment: order.deployment.to_owned(),
        phase: Phase::Provisioning,
        due: Some(call.ready_at(durations::TASK_PROVISIONING)),
        interface: None,
        address: None,
        targets: Vec::new(),
        registries: Vec::new(),
        managed_tags: json!([]),
        spec: if order.service.is_none() { spec.clone() } else { Value::Null },
        end: None,
        waiting: None,
        daemon: false,
        target: None,
    }
}

/// A task's EBS volume as its attachments show it.
fn volume_attachment(call: &mut Call<'_>, volume: &Value) -> Value {
    let managed = &volume["managedEBSVolume"];
    let termination = &managed["terminationPolicy"];
    let kept = termination.has("deleteOnTermination") && !termination.flag("deleteOnTermination");
    let system = managed.text("filesystemType");
    let details = [
        ("volumeId", call.ids.resource("vol")),
        ("volumeSizeInGiB", managed.integer("sizeInGiB").to_string()),
        ("volumeName", volume.text("name").to_owned()),
        ("filesystemType", if system.is_empty() { "xfs" } else { system }.to_owned()),
        ("deleteOnTermination", (!kept).to_string()),
        ("roleArn", managed.text("roleArn").to_owned()),
    ];
    let details: Vec<Value> =
        details.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    json!({
        "id": call.ids.uuid(),
        "type": "AmazonElasticBlockStorage",
        "status": "ATTACHING",
        "details": details,
    })
}

/// Has a task get its network interface in this subnet.
pub(super) fn stand_in(call: &mut Call<'_>, wire: &mut Value, subnet: &str) {
    let zone = network::subnet(call, subnet).map(|subnet| subnet.zone).unwrap_or_default();
    wire.set("availabilityZone", zone);
    let attachment = json!({
        "id": call.ids.uuid(),
        "type": "ElasticNetworkInterface",
        "status": "PRECREATED",
        "details": [{"name": "subnetId", "value": subnet}],
    });
    wire.set("attachments", json!([attachment]));
}
