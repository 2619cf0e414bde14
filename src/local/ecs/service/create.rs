//! CreateService.

use serde_json::{Value, json};

use super::{check, connect, describe, read};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ecs::names::{self, invalid};
use crate::local::ecs::records::{Service, is_fargate};
use crate::local::ecs::{capacity, clusters, rollout, task_definition};
use crate::local::error::AwsError;

pub(crate) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let cluster = clusters::of_input(call)?;
    let name = call.input.text("serviceName")?;
    names::check(&name, "Service name")?;
    let token = call.input.optional_text("clientToken")?;
    if token.as_ref().is_some_and(|token| token.len() > 36) {
        return Err(invalid("clientToken longer than 36."));
    }
    let tags = call.input.tags("tags", "key", "value")?;
    let desired = desired_count(call)?;
    let (wire, definition_reference) = wire(call, &cluster)?;
    let request = format!("{wire}/{desired:?}/{tags:?}");

    if let Some(old) = Service::load(call, &cluster, &name) {
        if old.is_active() {
            let same_token = token.is_some() && old.token == token;
            if same_token && old.request.as_ref() == Some(&request) {
                return Ok(json!({"service": describe::wire(call, &old, true)}));
            }
            return Err(invalid("Creation of service was not idempotent."));
        }
        if old.status == "DRAINING" {
            return Err(invalid("Unable to Start a service that is still Draining."));
        }
    }
    let definition = task_definition::find_active(call, &definition_reference)?;
    let mut wire = wire;
    wire.set("taskDefinition", definition.text("taskDefinitionArn"));
    platform(&mut wire, &definition);
    check::against(call, &wire, &definition)?;
    rollout::shift::check(call, &wire)?;
    let daemon = wire.text("schedulingStrategy") == "DAEMON";
    if daemon {
        // It has as many tasks as there are instances.
        if desired.is_some_and(|count| count > 0) {
            return Err(invalid(
                "The daemon scheduling strategy does not support a desired count for services. Remove \
                 the desired count value and try again",
            ));
        }
        if is_fargate(&wire) {
            return Err(invalid(
                "The daemon scheduling strategy does not support the FARGATE launch type.",
            ));
        }
        if !wire.list("placementStrategy").is_empty() {
            return Err(invalid(
                "The daemon scheduling strategy does not support placement strategies. Remove the \
                 placement strategy and try again",
            ));
        }
        if !wire.list("capacityProviderStrategy").is_empty() {
            return Err(invalid(
                "Specifying a capacity provider strategy is not supported when you create a service \
                 using the DAEMON scheduling strategy.",
            ));
        }
    }
    let desired = match daemon {
        true => 0,
        false => {
            desired.ok_or_else(|| invalid("desiredCount is required for REPLICA services."))?
        }
    };

    let arn = call.arn("ecs", &format!("service/{cluster}/{name}"));
    let in_cluster = clusters::active(call, &cluster);
    connect::establish(call, &arn, &mut wire, in_cluster.as_deref().unwrap_or(&Value::Null))?;
    call.forget_tags(&arn);
    call.add_tags(&arn, tags)?;
    let mut service = Service {
        cluster,
        name,
        arn,
        status: "ACTIVE".to_owned(),
        desired,
        created: call.now,
        wire,
        token,
        request: Some(request),
        deployments: Vec::new(),
        events: Vec::new(),
        tasks: Vec::new(),
        stopped: Vec::new(),
        last_completed: None,
        current_service_deployment: None,
        steady: false,
        started: 0,
        timer: None,
        inactive_at: None,
        shift: None,
    };
    rollout::begin(call, &mut service);
    service.save(call);
    Ok(json!({"service": describe::wire(call, &service, true)}))
}

pub(super) fn desired_count(call: &Call<'_>) -> Result<Option<u64>, AwsError> {
    let desired = call.input.optional_integer("desiredCount")?;
    match desired.map(u64::try_from).transpose() {
        Ok(Some(desired)) if desired > 5000 => {
            Err(invalid("The desired count exceeds the limit of 5000 tasks per service."))
        }
        Ok(desired) => Ok(desired),
        Err(_) => Err(invalid("desiredCount cannot be negative.")),
    }
}

fn wire(call: &Call<'_>, cluster: &str) -> Result<(Value, String), AwsError> {
    let input = &call.input;
    let reference = input.optional_text("taskDefinition")?;
    let reference = reference.ok_or_else(|| invalid("Task definition can not be blank."))?;
    let mut wire = json!({
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "deploymentConfiguration": read::default_deployment_configuration(),
        "availabilityZoneRebalancing": "ENABLED",
        "enableECSManagedTags": false,
        "enableExecuteCommand": false,
        "propagateTags": "NONE",
        "taskDefinition": reference,
    });
    if let Some("DAEMON") =
        input.optional_one_of("schedulingStrategy", &["REPLICA", "DAEMON"])?.as_deref()
    {
        wire.set("schedulingStrategy", "DAEMON");
        wire.set("availabilityZoneRebalancing", "DISABLED");
        let mut deployment = read::default_deployment_configuration();
        deployment.set("maximumPercent", 100);
        deployment.set("minimumHealthyPercent", 0);
        wire.set("deploymentConfiguration", deployment);
    }
    read::shared(call, &mut wire)?;
    let kinds = ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"];
    let launch_type = input.optional_one_of("launchType", &kinds)?;
    let strategy = wire.list("capacityProviderStrategy").to_vec();
    if launch_type.is_some() && !strategy.is_empty() {
        return Err(invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one \
             and try again.",
        ));
    }
    if input.optional_text("role")?.is_some() {
        return Err(invalid(
            "You cannot specify an IAM role for services that require a service linked role.",
        ));
    }
    let cluster = clusters::active(call, cluster);
    let cluster = cluster.as_deref().unwrap_or(&Value::Null);
    match launch_type.as_deref() {
        Some("MANAGED_INSTANCES") => {
            return Err(invalid(
                "MANAGED_INSTANCES must be requested by a capacity provider strategy.",
            ));
        }
        Some(launch_type) => wire.set("launchType", launch_type),
        None if !strategy.is_empty() => {
            capacity::check_strategy(&strategy, &cluster.texts("capacityProviders"))?;
        }
        None => {
            let default = cluster.list("defaultCapacityProviderStrategy");
            if default.is_empty() {
                wire.set("launchType", "EC2");
            } else {
                wire.set("capacityProviderStrategy", default.to_vec());
            }
        }
    }
    complete(&mut wire);
    check_namespace(&wire, cluster)?;
    Ok((wire, reference))
}

/// What Fargate calls the platform that a definition is for.
pub(crate) fn platform(wire: &mut Value, definition: &Value) {
    if !is_fargate(wire) {
        return;
    }
    wire.set(
        "platformFamily",
        match definition["runtimePlatform"].text("operatingSystemFamily") {
            "" | "LINUX" => "Linux",
            "WINDOWS_SERVER_2019_CORE" => "Windows Server 2019 Core",
            "WINDOWS_SERVER_2019_FULL" => "Windows Server 2019 Full",
            "WINDOWS_SERVER_2022_CORE" => "Windows Server 2022 Core",
            "WINDOWS_SERVER_2022_FULL" => "Windows Server 2022 Full",
            other => other,
        },
    );
}

/// What follows from the other members.
pub(super) fn complete(wire: &mut Value) {
    if wire.list("capacityProviderStrategy").is_empty() {
        wire.unset("capacityProviderStrategy");
    } else {
        wire.unset("launchType");
    }
    if is_fargate(wire) {
        if !wire.has("platformVersion") {
            wire.set("platformVersion", "LATEST");
        }
        if !wire.has("platformFamily") {
            wire.set("platformFamily", "Linux");
        }
    }
    let balanced = !wire.list("loadBalancers").is_empty();
    if balanced && !wire.has("healthCheckGracePeriodSeconds") {
        wire.set("healthCheckGracePeriodSeconds", 0);
    }
}

/// Service Connect needs a namespace: its own or the cluster's.
pub(super) fn check_namespace(wire: &Value, cluster: &Value) -> Result<(), AwsError> {
    let Some(connect) = wire.get("serviceConnectConfiguration") else { return Ok(()) };
    if connect.has("namespace") || cluster.has("serviceConnectDefaults") {
        Ok(())
    } else {
        Err(invalid("Service Connect requires a namespace: give one, or a default to the cluster."))
    }
}
