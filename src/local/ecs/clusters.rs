//! Clusters.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::capacity::{self, PROVIDERS};
use super::names::{self, invalid, no_cluster};
use super::records::{Service, TASKS};
use super::task_definition::{includes, page};
use super::{TOMBSTONE, instances, neighbours, provider, service};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;
use crate::local::params::Shape::{Boolean, OneOf, Structure, Text};
use crate::local::params::{Params, Shape};
use crate::local::store::Table;

/// Clusters by name, as ECS describes them, and `readyAt`, `inactiveAt` in milliseconds.
const CLUSTERS: Table = Table::regional("ecs/cluster");

const CONFIGURATION: Shape = Structure(&[
    (
        "executeCommandConfiguration",
        Structure(&[
            ("kmsKeyId", Text),
            ("logging", OneOf(&["NONE", "DEFAULT", "OVERRIDE"])),
            (
                "logConfiguration",
                Structure(&[
                    ("cloudWatchLogGroupName", Text),
                    ("cloudWatchEncryptionEnabled", Boolean),
                    ("s3BucketName", Text),
                    ("s3EncryptionEnabled", Boolean),
                    ("s3KeyPrefix", Text),
                ]),
            ),
        ]),
    ),
    (
        "managedStorageConfiguration",
        Structure(&[("kmsKeyId", Text), ("fargateEphemeralStorageKmsKeyId", Text)]),
    ),
]);

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.optional_text("clusterName")?.unwrap_or_else(|| "default".to_owned());
    names::check(&name, "Cluster name")?;
    let settings = settings(&call.input)?;
    let configuration = configuration(&call.input)?;
    let providers = providers(call, &call.input)?;
    let strategy = capacity::strategy(&call.input, "defaultCapacityProviderStrategy")?;
    let defaults = service_connect_defaults(call)?;
    let tags = call.input.tags("tags", "key", "value")?;
    if let Some(existing) = active(call, &name) {
        // ECS answers with the cluster that is there, whatever else was asked for.
        let output = wire(call, &existing, &["SETTINGS", "CONFIGURATIONS", "TAGS"]);
        return Ok(json!({"cluster": output}));
    }
    let providers = providers.unwrap_or_default();
    let strategy = strategy.unwrap_or_default();
    let associated: Vec<&str> = providers.iter().map(String::as_str).collect();
    capacity::check_strategy(&strategy, &associated)?;
    let arn = call.arn("ecs", &format!("cluster/{name}"));
    let mut cluster = json!({
        "clusterArn": arn,
        "clusterName": name,
        "status": "ACTIVE",
        "settings": settings.unwrap_or_else(|| json!([{"name": "containerInsights", "value": insights(call)}])),
        "capacityProviders": providers,
        "defaultCapacityProviderStrategy": strategy,
    });
    if !associated.is_empty() {
        cluster.set("readyAt", call.ready_at(durations::CLUSTER_UPDATE));
        cluster.set("created", true);
    }
    if let Some(configuration) = configuration {
        cluster.set("configuration", configuration);
    }
    if let Some(namespace) = defaults {
        cluster.set("serviceConnectDefaults", json!({"namespace": namespace}));
    }
    call.forget_tags(&arn);
    call.add_tags(&arn, tags)?;
    let output = wire(call, &cluster, &["SETTINGS", "CONFIGURATIONS", "TAGS"]);
    call.put(CLUSTERS, &name, cluster);
    Ok(json!({"cluster": output}))
}

/// What the account's setting says of container insights.
fn insights(call: &Call<'_>) -> String {
    super::settings::value(call, "containerInsights").unwrap_or_else(|| "disabled".to_owned())
}

fn settings(input: &Params) -> Result<Option<Value>, AwsError> {
    let Some(items) = input.optional_structures("settings")? else { return Ok(None) };
    let mut settings = Vec::new();
    for item in &items {
        let name = item.optional_one_of("name", &["containerInsights"])?;
        let value = item.text("value")?;
        if !["enabled", "disabled", "enhanced"].contains(&value.as_str()) {
            return Err(invalid(format!("Invalid cluster setting value: {value}")));
        }
        settings.push(json!({"name": name.ok_or_else(|| item.missing("name"))?, "value": value}));
    }
    Ok(Some(Value::from(settings)).filter(|settings| settings != &json!([])))
}

fn configuration(input: &Params) -> Result<Option<Value>, AwsError> {
    let Some(configuration) = input.shaped("configuration", &CONFIGURATION)? else {
        return Ok(None);
    };
    if let Some(exec) = configuration.get("executeCommandConfiguration") {
        let overrides = exec.text("logging") == "OVERRIDE";
        if overrides != exec.has("logConfiguration") {
            return Err(invalid(
                "A log configuration must be specified if, and only if, logging is OVERRIDE.",
            ));
        }
    }
    Ok(Some(configuration))
}

/// The cluster that a provider is associated with, if there is one.
pub(super) fn using(call: &Call<'_>, provider: &str) -> Option<String> {
    let of = |(_, cluster): &(String, Arc<Value>)| {
        cluster.text("status") != "INACTIVE"
            && cluster.texts("capacityProviders").contains(&provider)
    };
    call.scan(CLUSTERS, "").into_iter().find(of).map(|(name, _)| name)
}

fn providers(call: &Call<'_>, input: &Params) -> Result<Option<Vec<String>>, AwsError> {
    let providers = input.optional_texts("capacityProviders")?;
    for name in providers.iter().flatten() {
        if !PROVIDERS.contains(&name.as_str()) && provider::find(call, name).is_none() {
            return Err(invalid(
                "The specified capacity provider was not found. Specify a valid name or ARN and try again.",
            ));
        }
    }
    Ok(providers)
}

/// The ARN of the namespace; an empty name takes it away.
fn service_connect_defaults(call: &Call<'_>) -> Result<Option<String>, AwsError> {
    let Some(defaults) = call.input.optional_structure("serviceConnectDefaults")? else {
        return Ok(None);
    };
    let namespace = defaults.text("namespace")?;
    if namespace.is_empty() {
        return Ok(Some(namespace));
    }
    neighbours::namespace_arn(call, &namespace).map(Some)
}

/// The document of a cluster that is there and not deleted.
pub(super) fn active(call: &Call<'_>, name: &str) -> Option<Arc<Value>> {
    call.get(CLUSTERS, name).filter(|cluster| cluster.text("status") != "INACTIVE")
}

/// The name of the active cluster that the member `cluster` names.
pub(super) fn of_input(call: &Call<'_>) -> Result<String, AwsError> {
    let reference = call.input.optional_text("cluster")?;
    let name = names::cluster(call, reference.as_deref());
    active(call, &name).map(|_| name).ok_or_else(no_cluster)
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let mut references = call.input.texts("clusters")?;
    let all = ["ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "STATISTICS", "TAGS"];
    let include = includes(call, &all)?;
    if references.is_empty() {
        references.push("default".to_owned());
    }
    if references.len() > 100 {
        return Err(invalid("Clusters cannot have more than 100 elements."));
    }
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for reference in references {
        let name = names::cluster(call, Some(&reference));
        let kept = |cluster: &Arc<Value>| {
            !cluster.has("inactiveAt") || cluster.time("inactiveAt") + TOMBSTONE > call.now
        };
        match call.get(CLUSTERS, &name).filter(kept) {
            Some(cluster) => clusters.push(wire(call, &cluster, &include)),
            None => {
                let arn = call.arn("ecs", &format!("cluster/{name}"));
                let arn = if name.starts_with("arn:") { name } else { arn };
                failures.push(json!({"arn": arn, "reason": "MISSING"}));
            }
        }
    }
    Ok(json!({"clusters": clusters, "failures": failures}))
}

/// A cluster as ECS describes it.
fn wire(call: &Call<'_>, cluster: &Value, include: &[&str]) -> Value {
    let name = cluster.text("clusterName");
    let busy = cluster.time("readyAt") > call.now;
    let services = service::all(call, name);
    let alive: Vec<&Service> = services.iter().filter(|service| service.is_active()).collect();
    let tasks = call.scan(TASKS, &format!("{name}/"));
    let count = |status: &[&str]| {
        let is = |task: &&(String, Arc<Value>)| status.contains(&task.1["wire"].text("lastStatus"));
        tasks.iter().filter(is).count()
    };
    let (running, pending) = (count(&["RUNNING"]), count(&["PENDING", "PROVISIONING"]));
    let status =
        if busy && cluster.flag("created") { "PROVISIONING" } else { cluster.text("status") };
    let mut output = json!({
        "clusterArn": cluster["clusterArn"],
        "clusterName": name,
        "status": status,
        "registeredContainerInstancesCount": instances::count(call, name),
        "runningTasksCount": running,
        "pendingTasksCount": pending,
        "activeServicesCount": alive.len(),
        "statistics": [],
        "tags": [],
        "settings": [],
        "capacityProviders": cluster["capacityProviders"],
        "defaultCapacityProviderStrategy": cluster["defaultCapacityProviderStrategy"],
    });
    if cluster.has("serviceConnectDefaults") {
        output.set("serviceConnectDefaults", cluster["serviceConnectDefaults"].clone());
    }
    for what in include {
        match *what {
            "TAGS" => output.set("tags", call.tag_list(cluster.text("clusterArn"), "key", "value")),
            "SETTINGS" => output.set("settings", cluster["settings"].clone()),
            "CONFIGURATIONS" if cluster.has("configuration") => {
                output.set("configuration", cluster["configuration"].clone());
            }
            "STATISTICS" => output.set("statistics", statistics(&alive, &tasks)),
            "ATTACHMENTS" => {
                output.set("attachments", json!([]));
                if cluster.has("readyAt") {
                    let status = if busy { "UPDATE_IN_PROGRESS" } else { "UPDATE_COMPLETE" };
                    output.set("attachmentsStatus", status);
                }
            }
            _ => {}
        }
    }
    output
}

fn statistics(services: &[&Service], tasks: &[(String, Arc<Value>)]) -> Value {
    let pair = |name: &str, value: usize| json!({"name": name, "value": value.to_string()});
    let count = |on_fargate: bool, status: &[&str]| {
        let of = |wire: &Value| {
            (wire.text("launchType") == "FARGATE") == on_fargate
                && status.contains(&wire.text("lastStatus"))
        };
        tasks.iter().filter(|(_, task)| of(&task["wire"])).count()
    };
    let (running, pending) = (["RUNNING"], ["PENDING", "PROVISIONING"]);
    let fargate = services.iter().filter(|service| service.is_fargate()).count();
    json!([
        pair("runningEC2TasksCount", count(false, &running)),
        pair("runningFargateTasksCount", count(true, &running)),
        pair("pendingEC2TasksCount", count(false, &pending)),
        pair("pendingFargateTasksCount", count(true, &pending)),
        pair("activeEC2ServiceCount", services.len() - fargate),
        pair("activeFargateServiceCount", fargate),
        pair("drainingEC2ServiceCount", 0),
        pair("drainingFargateServiceCount", 0),
    ])
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let mut rows = call.scan(CLUSTERS, "");
    rows.retain(|(_, cluster)| cluster.text("status") != "INACTIVE");
    let arns: Vec<String> =
        rows.iter().map(|(_, cluster)| cluster.text("clusterArn").to_owned()).collect();
    let page = page(call, arns, String::clone)?;
    Ok(json!({"clusterArns": page.0, "nextToken": page.1}))
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, mut cluster) = to_change(call)?;
    if let Some(settings) = settings(&call.input)? {
        cluster.set("settings", settings);
    }
    if let Some(configuration) = configuration(&call.input)? {
        let empty = configuration.as_object().is_some_and(Map::is_empty);
        if empty {
            cluster.unset("configuration");
        } else {
            cluster.set("configuration", configuration);
        }
    }
    match service_connect_defaults(call)? {
        Some(namespace) if namespace.is_empty() => {
            cluster.unset("serviceConnectDefaults");
        }
        Some(namespace) => cluster.set("serviceConnectDefaults", json!({"namespace": namespace})),
        None => {}
    }
    store(call, &name, cluster)
}

pub(super) fn update_settings(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, mut cluster) = to_change(call)?;
    let settings = settings(&call.input)?.ok_or_else(|| call.input.missing("settings"))?;
    cluster.set("settings", settings);
    store(call, &name, cluster)
}

pub(super) fn put_capacity_providers(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, mut cluster) = to_change(call)?;
    let missing = |member: &str| call.input.missing(member);
    let providers = providers(call, &call.input)?.ok_or_else(|| missing("capacityProviders"))?;
    let strategy = capacity::strategy(&call.input, "defaultCapacityProviderStrategy")?
        .ok_or_else(|| missing("defaultCapacityProviderStrategy"))?;
    if cluster.time("readyAt") > call.now {
        return Err(update_in_progress());
    }
    let associated: Vec<&str> = providers.iter().map(String::as_str).collect();
    capacity::check_strategy(&strategy, &associated)?;
    let services = service::all(call, &name);
    for gone in cluster.texts("capacityProviders").iter().filter(|old| !associated.contains(old)) {
        let used =
            services.iter().any(|service| service.is_active() && service.uses_provider(gone));
        let runs = call.scan(TASKS, &format!("{name}/")).iter().any(|(_, task)| {
            task["wire"].text("capacityProviderName") == *gone
                && task["wire"].text("lastStatus") != "STOPPED"
        });
        if used || (runs && !PROVIDERS.contains(gone)) {
            return Err(AwsError::new(
                "ResourceInUseException",
                "The specified capacity provider is in use and cannot be removed.",
            ));
        }
    }
    cluster.set("capacityProviders", json!(providers));
    cluster.set("defaultCapacityProviderStrategy", strategy);
    cluster.set("readyAt", call.ready_at(durations::CLUSTER_UPDATE));
    cluster.set("created", false);
    store(call, &name, cluster)
}

fn update_in_progress() -> AwsError {
    AwsError::new(
        "UpdateInProgressException",
        "The specified cluster is in a busy state. Please wait until the current update is complete.",
    )
}

fn to_change(call: &Call<'_>) -> Result<(String, Value), AwsError> {
    let reference = call.input.text("cluster")?;
    let name = names::cluster(call, Some(&reference));
    let cluster = active(call, &name).ok_or_else(no_cluster)?;
    Ok((name, Value::clone(&cluster)))
}

fn store(call: &mut Call<'_>, name: &str, cluster: Value) -> Result<Value, AwsError> {
    let output = wire(call, &cluster, &["SETTINGS", "CONFIGURATIONS", "TAGS", "ATTACHMENTS"]);
    call.put(CLUSTERS, name, cluster);
    Ok(json!({"cluster": output}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, mut cluster) = to_change(call)?;
    if service::all(call, &name).iter().any(Service::is_active) {
        return Err(AwsError::new(
            "ClusterContainsServicesException",
            "The Cluster cannot be deleted while Services are active.",
        ));
    }
    if instances::count(call, &name) > 0 {
        return Err(AwsError::new(
            "ClusterContainsContainerInstancesException",
            "The Cluster cannot be deleted while Container Instances are active or draining.",
        ));
    }
    let tasks = call.scan(TASKS, &format!("{name}/"));
    if tasks.iter().any(|(_, task)| task["wire"].text("lastStatus") != "STOPPED") {
        return Err(AwsError::new(
            "ClusterContainsTasksException",
            "The Cluster cannot be deleted while Tasks are active.",
        ));
    }
    if cluster.time("readyAt") > call.now {
        return Err(update_in_progress());
    }
    cluster.set("status", "INACTIVE");
    cluster.set("inactiveAt", call.now);
    cluster.set("capacityProviders", json!([]));
    cluster.set("defaultCapacityProviderStrategy", json!([]));
    let arn = cluster.text("clusterArn").to_owned();
    let output = store(call, &name, cluster)?;
    call.forget_tags(&arn);
    Ok(output)
}
