//! Attributes of load balancers, target groups and listeners: read whole, changed key by key.

use serde_json::{Value, json};

use super::attribute_keys::{
    Attribute, LISTENER, SECURE_LISTENER, TCP_LISTENER, of_load_balancer, of_target_group,
};
use super::errors::{configuration, validation};
use super::{LISTENERS, LOAD_BALANCERS, TARGET_GROUPS, names};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::s3;

pub(super) fn describe_load_balancer(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("LoadBalancerArn")?;
    let document = names::load_balancer(call, &arn)?;
    Ok(listed(&document, &[of_load_balancer(document.text("Type"))]))
}

pub(super) fn modify_load_balancer(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("LoadBalancerArn")?;
    let mut document = Value::clone(&*names::load_balancer(call, &arn)?);
    let table = of_load_balancer(document.text("Type"));
    let given = change(call, &mut document, "Load balancer", &[table])?;
    for logs in ["access_logs", "connection_logs", "health_check_logs"] {
        let attributes = &document["Attributes"];
        let on = attributes.text(&format!("{logs}.s3.enabled")) == "true";
        if on && attributes.text(&format!("{logs}.s3.bucket")).is_empty() {
            return Err(configuration(format!("The value of '{logs}.s3.bucket' cannot be empty")));
        }
        let part = |key: &str| attributes.text(&format!("{logs}.s3.{key}")).to_owned();
        // Asked when logs are turned to a bucket, and never again.
        let asked = on && given.iter().any(|key| key.starts_with(logs));
        let network = document.text("Type") == "network";
        let refusal = |bucket: &str, prefix: &str| {
            asked.then(|| s3::delivery::refusal(call, network, bucket, prefix)).flatten()
        };
        if let Some(why) = refusal(&part("bucket"), &part("prefix")) {
            return Err(configuration(why));
        }
    }
    let output = listed(&document, &[table]);
    let name = document.text("LoadBalancerName").to_owned();
    call.put(LOAD_BALANCERS, &name, document);
    Ok(output)
}

pub(super) fn describe_target_group(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("TargetGroupArn")?;
    let document = names::target_group(call, &arn)?;
    Ok(listed(&document, &[of_target_group(document.text("Protocol"))]))
}

pub(super) fn modify_target_group(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("TargetGroupArn")?;
    let mut document = Value::clone(&*names::target_group(call, &arn)?);
    let table = of_target_group(document.text("Protocol"));
    change(call, &mut document, "Target group", &[table])?;
    let attributes = &document["Attributes"];
    let datagrams = matches!(document.text("Protocol"), "UDP" | "TCP_UDP");
    if datagrams && attributes.text("preserve_client_ip.enabled") == "false" {
        return Err(configuration(
            "Client IP preservation cannot be disabled for target groups with the protocols UDP and TCP_UDP",
        ));
    }
    if document.text("Protocol") == "TLS" && attributes.text("stickiness.enabled") == "true" {
        return Err(configuration("Stickiness cannot be enabled for TLS target groups"));
    }
    let cookie = attributes.text("stickiness.app_cookie.cookie_name");
    if attributes.text("stickiness.type") == "app_cookie" && cookie.is_empty() {
        return Err(configuration(
            "You must specify 'stickiness.app_cookie.cookie_name' when 'stickiness.type' is 'app_cookie'",
        ));
    }
    if cookie.starts_with("AWSALB") {
        return Err(validation(format!("The cookie name '{cookie}' is reserved")));
    }
    let algorithm = attributes.text("load_balancing.algorithm.type");
    if attributes.text("load_balancing.algorithm.anomaly_mitigation") == "on"
        && algorithm != "weighted_random"
    {
        return Err(configuration(format!(
            "'load_balancing.algorithm.anomaly_mitigation' cannot be enabled with the algorithm '{algorithm}'"
        )));
    }
    if !matches!(attributes.text("slow_start.duration_seconds"), "0" | "")
        && algorithm != "round_robin"
    {
        return Err(configuration(format!(
            "'slow_start.duration_seconds' cannot be enabled with the algorithm '{algorithm}'"
        )));
    }
    let output = listed(&document, &[table]);
    let name = document.text("TargetGroupName").to_owned();
    call.put(TARGET_GROUPS, &name, document);
    Ok(output)
}

pub(super) fn describe_listener(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("ListenerArn")?;
    let document = names::listener(call, &arn)?;
    Ok(listed(&document, of_listener(document.text("Protocol"))))
}

pub(super) fn modify_listener(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("ListenerArn")?;
    let mut document = Value::clone(&*names::listener(call, &arn)?);
    let tables = of_listener(document.text("Protocol"));
    change(call, &mut document, "Listener", tables)?;
    let output = listed(&document, tables);
    call.put(LISTENERS, &arn, document);
    Ok(output)
}

/// The tables of a listener's attributes, by its protocol.
pub(super) fn of_listener(protocol: &str) -> &'static [&'static [Attribute]] {
    match protocol {
        "HTTPS" => &[LISTENER, SECURE_LISTENER],
        "TCP" => &[TCP_LISTENER],
        "TLS" | "UDP" | "TCP_UDP" => &[],
        _ => &[LISTENER],
    }
}

/// Changes what the call gives; says which keys.
fn change(
    call: &Call<'_>,
    document: &mut Value,
    noun: &str,
    tables: &[&[Attribute]],
) -> Result<Vec<String>, AwsError> {
    let given = call.input.structures("Attributes")?;
    if given.is_empty() {
        return Err(call.input.missing("Attributes"));
    }
    let mut keys = Vec::new();
    for attribute in given {
        let key = attribute.text("Key")?;
        let value = attribute.optional_text("Value")?.unwrap_or_default();
        let known = tables.iter().copied().flatten().find(|(name, ..)| *name == key);
        let Some((_, default, check)) = known else {
            return Err(validation(format!("{noun} attribute key '{key}' is not recognized")));
        };
        let unchanged = value == *default && matches!(check, super::attribute_keys::Check::Fixed);
        if !unchanged && !check.allows(&value) {
            return Err(validation(format!(
                "{noun} attribute '{key}' cannot have the value '{value}'"
            )));
        }
        document["Attributes"].set(&key, value);
        keys.push(key);
    }
    Ok(keys)
}

fn listed(document: &Value, tables: &[&[Attribute]]) -> Value {
    let attributes = &document["Attributes"];
    let keys = tables.iter().copied().flatten().map(|(key, ..)| *key);
    let listed: Vec<Value> =
        keys.map(|key| json!({"Key": key, "Value": attributes.text(key)})).collect();
    json!({"Attributes": listed})
}
