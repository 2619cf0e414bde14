//! DiscoverInstances: what a running service asks.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{INSTANCES, SERVICES, instance, namespace, operation};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// The service that `NamespaceName` and `ServiceName` name.
fn of_input(call: &Call<'_>) -> Result<(String, String, Arc<Value>), AwsError> {
    let namespace_name = call.input.text("NamespaceName")?;
    let name = call.input.text("ServiceName")?;
    operation::own_account(call)?;
    let named: Vec<Arc<Value>> = namespace::all(call)
        .into_iter()
        .filter(|n| n["Properties"]["HttpProperties"].text("HttpName") == namespace_name)
        .collect();
    if named.is_empty() {
        let message = format!("No namespace found with name: {namespace_name}");
        return Err(AwsError::new("NamespaceNotFound", message));
    }
    let inside = |service: &Value| {
        service.text("Name").eq_ignore_ascii_case(&name)
            && named.iter().any(|n| n.text("Id") == service.text("NamespaceId"))
    };
    let services = call.scan(SERVICES, "");
    let found = services.into_iter().map(|(_, service)| service).find(|service| inside(service));
    let message = format!("No service found with name: {name}");
    let service = found.ok_or_else(|| AwsError::new("ServiceNotFound", message))?;
    Ok((namespace_name, name, service))
}

pub(super) fn instances(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (namespace, name, service) = of_input(call)?;
    let most = call.input.optional_integer_within("MaxResults", 1, 1000)?.unwrap_or(100);
    let wanted = call.input.map("QueryParameters")?;
    let optional = call.input.map("OptionalParameters")?;
    let states = ["HEALTHY", "UNHEALTHY", "ALL", "HEALTHY_OR_ELSE_ALL"];
    let state = call.input.optional_one_of("HealthStatus", &states)?;
    let state = state.unwrap_or_else(|| "HEALTHY_OR_ELSE_ALL".to_owned());
    let rows = call.scan(INSTANCES, &format!("{}/", service.text("Id")));
    let mut rows: Vec<Arc<Value>> = rows.into_iter().map(|(_, instance)| instance).collect();
    let has = |instance: &Value, parameters: &std::collections::BTreeMap<String, String>| {
        parameters.iter().all(|(key, value)| instance["Attributes"].text(key) == value)
    };
    rows.retain(|instance| has(instance, &wanted));
    if rows.iter().any(|instance| has(instance, &optional)) {
        rows.retain(|instance| has(instance, &optional));
    }
    let healthy = |instance: &Arc<Value>| instance::health_of(instance) == "HEALTHY";
    match state.as_str() {
        "HEALTHY" => rows.retain(healthy),
        "UNHEALTHY" => rows.retain(|instance| !healthy(instance)),
        "HEALTHY_OR_ELSE_ALL" if rows.iter().any(healthy) => rows.retain(healthy),
        _ => {}
    }
    rows.truncate(usize::try_from(most).unwrap_or(100));
    let checked = service.has("HealthCheckConfig") || service.has("HealthCheckCustomConfig");
    let show = |row: &Arc<Value>| {
        json!({
            "InstanceId": row["Id"],
            "NamespaceName": namespace,
            "ServiceName": name,
            "HealthStatus": if checked { instance::health_of(row) } else { "UNKNOWN" },
            "Attributes": row["Attributes"],
        })
    };
    let rows: Vec<Value> = rows.iter().map(show).collect();
    Ok(json!({"Instances": rows, "InstancesRevision": service.time("revision")}))
}

pub(super) fn revision(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, _, service) = of_input(call)?;
    Ok(json!({"InstancesRevision": service.time("revision")}))
}
