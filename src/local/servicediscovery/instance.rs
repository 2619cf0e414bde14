//! Instances of services and their health.

use serde_json::{Value, json};

use super::{INSTANCES, drop_instance, operation, page, put_instance, service};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;

pub(super) fn register(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, service) = service::of_input(call, "ServiceId")?;
    let instance = call.input.text("InstanceId")?;
    // A registration is carried out at once and replaces an older one, so that a repeated one
    // changes nothing more.
    call.input.accept("CreatorRequestId");
    let attributes = call.input.map("Attributes")?;
    let legal = |c: char| c.is_ascii_alphanumeric() || "_/:.@-".contains(c);
    if instance.is_empty() || instance.len() > 64 || !instance.chars().all(legal) {
        return Err(call.input.invalid(format!("The instance id {instance} is not valid.")));
    }
    if attributes.is_empty() {
        return Err(call.input.missing("Attributes"));
    }
    let needs = |kind: &str| match kind {
        "A" => "AWS_INSTANCE_IPV4",
        "AAAA" => "AWS_INSTANCE_IPV6",
        "CNAME" => "AWS_INSTANCE_CNAME",
        _ => "AWS_INSTANCE_PORT",
    };
    for record in service["DnsConfig"].list("DnsRecords") {
        let attribute = needs(record.text("Type"));
        if !attributes.contains_key(attribute) && !attributes.contains_key("AWS_ALIAS_DNS_NAME") {
            return Err(call.input.invalid(format!(
                "The attribute {attribute} is required for {} records.",
                record.text("Type")
            )));
        }
    }
    put_instance(call, &id, &instance, attributes);
    Ok(json!({"OperationId": begin(call, "REGISTER_INSTANCE", &id, &instance)}))
}

fn begin(call: &mut Call<'_>, kind: &str, service: &str, instance: &str) -> String {
    let targets = json!({"SERVICE": service, "INSTANCE": instance});
    operation::begin(call, kind, durations::INSTANCE_REGISTRATION, targets, None)
}

fn not_found(instance: &str) -> AwsError {
    AwsError::new("InstanceNotFound", format!("No instance found with ID: {instance}"))
}

/// The instance that `InstanceId` names: service, id and document.
fn of_input(call: &Call<'_>) -> Result<(String, String, Value), AwsError> {
    let (service, _) = service::of_input(call, "ServiceId")?;
    let instance = call.input.text("InstanceId")?;
    let document = call.get(INSTANCES, &format!("{service}/{instance}"));
    let document = document.ok_or_else(|| not_found(&instance))?;
    Ok((service, instance, Value::clone(&document)))
}

pub(super) fn deregister(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (service, instance, _) = of_input(call)?;
    drop_instance(call, &service, &instance);
    Ok(json!({"OperationId": begin(call, "DEREGISTER_INSTANCE", &service, &instance)}))
}

fn wire(call: &Call<'_>, instance: &Value) -> Value {
    json!({
        "Id": instance["Id"],
        "Attributes": instance["Attributes"],
        "CreatedByAccount": call.account,
    })
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, _, instance) = of_input(call)?;
    Ok(json!({"ResourceOwner": call.account, "Instance": wire(call, &instance)}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (service, _) = service::of_input(call, "ServiceId")?;
    let rows = call.scan(INSTANCES, &format!("{service}/"));
    let rows = rows.iter().map(|(_, instance)| wire(call, instance)).collect();
    let page = page(call, rows, |row| row.text("Id").to_owned())?;
    Ok(json!({"ResourceOwner": call.account, "Instances": page.0, "NextToken": page.1}))
}

/// `HEALTHY` unless a custom status was put.
pub(super) fn health_of(instance: &Value) -> &str {
    match instance.text("health") {
        "" => "HEALTHY",
        health => health,
    }
}

pub(super) fn update_custom_health(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let status = call.input.optional_one_of("Status", &["HEALTHY", "UNHEALTHY"])?;
    let status = status.ok_or_else(|| call.input.missing("Status"))?;
    let (_, document) = service::of_input(call, "ServiceId")?;
    let (service, instance, _) = of_input(call)?;
    if !document.has("HealthCheckCustomConfig") {
        return Err(AwsError::new(
            "CustomHealthNotFound",
            "The service has no custom health check.",
        ));
    }
    call.update(INSTANCES, &format!("{service}/{instance}"), |instance| {
        instance.set("health", status)
    });
    super::bump(call, &service);
    Ok(Value::Null)
}

pub(super) fn health(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (service, document) = service::of_input(call, "ServiceId")?;
    let wanted = call.input.texts("Instances")?;
    let rows = call.scan(INSTANCES, &format!("{service}/"));
    let known = |id: &String| rows.iter().any(|(_, instance)| instance.text("Id") == id);
    if let Some(unknown) = wanted.iter().find(|id| !known(id)) {
        return Err(not_found(unknown));
    }
    let checked = document.has("HealthCheckConfig") || document.has("HealthCheckCustomConfig");
    let rows = rows
        .iter()
        .filter(|(_, i)| wanted.is_empty() || wanted.iter().any(|id| id == i.text("Id")));
    let show = |instance: &Value| {
        let health = if checked { health_of(instance) } else { "UNKNOWN" };
        json!({"Id": instance["Id"], "health": health})
    };
    let rows = rows.map(|(_, instance)| show(instance)).collect();
    let page = page(call, rows, |row| row.text("Id").to_owned())?;
    let mut status = json!({});
    for row in page.0 {
        status.set(row.text("Id"), row["health"].clone());
    }
    Ok(json!({"Status": status, "NextToken": page.1}))
}
