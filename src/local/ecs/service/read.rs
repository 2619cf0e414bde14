//! From the input of CreateService and UpdateService to the members that are read back.

use serde_json::{Value, json};

use super::{shape, strategy};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ecs::names::invalid;
use crate::local::ecs::{capacity, neighbours};
use crate::local::error::AwsError;

/// The members from which tasks are made: a service revision holds them, and a change of one of
/// them begins a deployment.
pub(crate) const SPEC: [&str; 10] = [
    "taskDefinition",
    "platformVersion",
    "platformFamily",
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "monitoring",
    "vpcLatticeConfigurations",
];

/// Writes every member that creation and update share into `wire`; those that were not given stay
/// as they are, empty lists empty them.
pub(super) fn shared(call: &Call<'_>, wire: &mut Value) -> Result<(), AwsError> {
    let input = &call.input;
    if let Some(zones) =
        input.optional_one_of("availabilityZoneRebalancing", &["ENABLED", "DISABLED"])?
    {
        wire.set("availabilityZoneRebalancing", zones);
    }
    for (member, shape) in [
        ("loadBalancers", &shape::LOAD_BALANCERS),
        ("serviceRegistries", &shape::SERVICE_REGISTRIES),
        ("placementConstraints", &shape::PLACEMENT_CONSTRAINTS),
        ("placementStrategy", &shape::PLACEMENT_STRATEGY),
        ("volumeConfigurations", &shape::VOLUME_CONFIGURATIONS),
        ("monitoring", &shape::MONITORING),
        ("vpcLatticeConfigurations", &shape::LATTICE),
    ] {
        if let Some(value) = input.shaped(member, shape)? {
            wire.set(member, value);
        }
    }
    if let Some(mut network) =
        input.shaped("networkConfiguration", &shape::NETWORK_CONFIGURATION)?
    {
        complete_network(&mut network);
        wire.set("networkConfiguration", network);
    }
    if let Some(deployment) =
        input.shaped("deploymentConfiguration", &shape::DEPLOYMENT_CONFIGURATION)?
    {
        deployment_configuration(wire, deployment)?;
    }
    if let Some(controller) = input.optional_structure("deploymentController")? {
        let kinds = ["ECS", "CODE_DEPLOY", "EXTERNAL"];
        let kind = controller
            .optional_one_of("type", &kinds)?
            .ok_or_else(|| controller.missing("type"))?;
        if kind != "ECS" {
            return Err(AwsError::not_modelled(format!(
                "local AWS does not model the deployment controller {kind}"
            )));
        }
    }
    if let Some(version) = input.optional_text("platformVersion")? {
        if !["LATEST", "1.4.0", "1.3.0"].contains(&version.as_str()) {
            return Err(AwsError::new(
                "PlatformUnknownException",
                "The specified platform does not exist.",
            ));
        }
        wire.set("platformVersion", version);
    }
    if let Some(grace) =
        input.optional_integer_within("healthCheckGracePeriodSeconds", 0, 2_147_483_647)?
    {
        wire.set("healthCheckGracePeriodSeconds", grace);
    }
    for member in ["enableECSManagedTags", "enableExecuteCommand"] {
        if let Some(flag) = input.optional_boolean(member)? {
            wire.set(member, flag);
        }
    }
    let from = ["TASK_DEFINITION", "SERVICE", "NONE"];
    if let Some(propagate) = input.optional_one_of("propagateTags", &from)? {
        wire.set("propagateTags", propagate);
    }
    if let Some(strategy) = capacity::strategy(input, "capacityProviderStrategy")? {
        wire.set("capacityProviderStrategy", strategy);
    }
    if let Some(connect) = input.shaped("serviceConnectConfiguration", &shape::SERVICE_CONNECT)? {
        service_connect(call, wire, connect)?;
    }
    Ok(())
}

/// Fills in what a network configuration leaves out.
pub(crate) fn complete_network(network: &mut Value) {
    if let Some(awsvpc) = network.get_mut("awsvpcConfiguration") {
        if !awsvpc.has("assignPublicIp") {
            awsvpc.set("assignPublicIp", "DISABLED");
        }
        if !awsvpc.has("securityGroups") {
            awsvpc.set("securityGroups", json!([]));
        }
    }
}

/// What a service has whose creation says nothing of deployments.
pub(super) fn default_deployment_configuration() -> Value {
    json!({
        "deploymentCircuitBreaker": {"enable": false, "rollback": false},
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    })
}

fn deployment_configuration(wire: &mut Value, given: Value) -> Result<(), AwsError> {
    for (member, of) in
        [("deploymentCircuitBreaker", ["enable", "rollback"]), ("alarms", ["enable", "rollback"])]
    {
        let incomplete = |value: &Value| of.iter().any(|flag| !value.has(flag));
        if given.get(member).is_some_and(incomplete) {
            return Err(invalid(format!("{member} must say enable and rollback.")));
        }
    }
    let mut whole = wire["deploymentConfiguration"].clone();
    for (member, value) in given.as_object().into_iter().flatten() {
        whole.set(member, value.clone());
    }
    let (low, high) = (whole.integer("minimumHealthyPercent"), whole.integer("maximumPercent"));
    if !(0..=200).contains(&low) || high < 1 || high < low {
        return Err(invalid("maximumPercent must be greater than minimumHealthyPercent."));
    }
    if low == 100 && high == 100 {
        return Err(invalid(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
        ));
    }
    if let Some(early) = whole.get("earlySuccessCriteria")
        && !(0..=100).contains(&early.integer("healthyPercent"))
    {
        return Err(invalid("healthyPercent must be between 0 and 100."));
    }
    if let Some(threshold) = whole["deploymentCircuitBreaker"].get("thresholdConfiguration")
        && (threshold.text("type").is_empty() || threshold.integer("value") < 1)
    {
        return Err(invalid("thresholdConfiguration must have a type and a value of at least 1."));
    }
    strategy::complete(&given, &mut whole)?;
    wire.set("deploymentConfiguration", whole);
    Ok(())
}

fn service_connect(call: &Call<'_>, wire: &mut Value, mut connect: Value) -> Result<(), AwsError> {
    if !connect.has("enabled") {
        return Err(call.input.missing("serviceConnectConfiguration.enabled"));
    }
    if !connect.flag("enabled") {
        wire.unset("serviceConnectConfiguration");
        return Ok(());
    }
    if connect.has("namespace") {
        let arn = neighbours::namespace_arn(call, connect.text("namespace"))?;
        connect.set("namespace", arn);
    }
    wire.set("serviceConnectConfiguration", connect);
    Ok(())
}

/// The service revision that `wire` asks for.
pub(super) fn spec(wire: &Value) -> Value {
    let mut spec = json!({});
    for member in SPEC.iter().chain(&["launchType", "capacityProviderStrategy"]) {
        let empty = wire.get(member).is_none_or(|value| value == &json!([]));
        if !empty {
            spec.set(member, wire[*member].clone());
        }
    }
    spec
}
