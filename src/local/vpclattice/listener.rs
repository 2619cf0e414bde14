//! Listeners of services.

use std::sync::Arc;

use serde_json::{Value, json};

use super::common::{
    SERVICE_KIND, begin, conflict, invalid, made_before, missing, name, page, quota, set_times,
};
use super::{LISTENERS, RULES, action, rule};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) const WORD: &str = "LISTENER";

/// The ARN of the listener with this key.
pub(super) fn arn(call: &Call<'_>, key: &str) -> String {
    let (service, listener) = key.split_once('/').unwrap_or((key, ""));
    call.arn("vpc-lattice", &format!("service/{service}/listener/{listener}"))
}

/// The service's id, and key and document of the listener, that the input names.
pub(super) fn of_input(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let (service, _) = SERVICE_KIND.of_input(call, "serviceIdentifier")?;
    let reference = call.input.text("listenerIdentifier")?;
    let id = reference.rsplit('/').next().unwrap_or_default();
    let key = format!("{service}/{id}");
    let found = call.get(LISTENERS, &key).ok_or_else(|| missing(WORD, &reference))?;
    Ok((key, found))
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (service, found) = SERVICE_KIND.of_input(call, "serviceIdentifier")?;
    let name = name(call, 63, "listener-")?;
    let protocols = ["HTTP", "HTTPS", "TLS_PASSTHROUGH"];
    let protocol = call.input.optional_one_of("protocol", &protocols)?;
    let protocol = protocol.ok_or_else(|| call.input.missing("protocol"))?;
    let default = if protocol == "HTTP" { 80 } else { 443 };
    let port = call.input.optional_integer_within("port", 1, 65_535)?.unwrap_or(default);
    let input = call.input.clone();
    let action = action::action(call, &input, "defaultAction", &protocol)?;
    let action = action.ok_or_else(|| input.missing("defaultAction"))?;
    if protocol == "TLS_PASSTHROUGH" && !found.has("customDomainName") {
        return Err(invalid(
            "A TLS_PASSTHROUGH listener needs a service with a custom domain name",
        ));
    }
    let token = call.input.optional_text("clientToken")?;
    let tags = call.input.map("tags")?;
    let asked = json!({"name": name, "protocol": protocol, "port": port, "defaultAction": action});
    let rows = call.scan(LISTENERS, &format!("{service}/"));
    if let Some((key, one)) = made_before(token.as_deref(), &rows, &asked, WORD)? {
        return Ok(wire(call, &key, &one));
    }
    if found.has("gone") {
        return Err(conflict(SERVICE_KIND.word, &service, "The service is being deleted"));
    }
    if let Some((key, _)) = rows.iter().find(|(_, one)| one.text("name") == name) {
        return Err(conflict(WORD, key, format!("Listener {name} already exists")));
    }
    if let Some((key, _)) = rows.iter().find(|(_, one)| one.integer("port") == port) {
        return Err(conflict(WORD, key, format!("A listener on port {port} already exists")));
    }
    quota(WORD, rows.len(), 2)?;
    let key = format!("{service}/{}", call.ids.resource("listener"));
    let mut one = asked.clone();
    begin(call, &mut one, token, asked);
    call.add_tags(&arn(call, &key), tags)?;
    call.put(LISTENERS, &key, one.clone());
    Ok(wire(call, &key, &one))
}

fn wire(call: &Call<'_>, key: &str, one: &Value) -> Value {
    let (service, id) = key.split_once('/').unwrap_or((key, ""));
    json!({
        "id": id, "arn": arn(call, key), "name": one["name"], "protocol": one["protocol"], "port": one["port"],
        "serviceId": service, "serviceArn": SERVICE_KIND.arn(call, service), "defaultAction": one["defaultAction"],
    })
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, one) = of_input(call)?;
    let mut wire = wire(call, &key, &one);
    set_times(&mut wire, &one);
    Ok(wire)
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (service, _) = SERVICE_KIND.of_input(call, "serviceIdentifier")?;
    let rows = call.scan(LISTENERS, &format!("{service}/"));
    let shown = rows.iter().map(|(key, one)| {
        let mut wire = wire(call, key, one);
        set_times(&mut wire, one);
        for member in ["serviceId", "serviceArn", "defaultAction"] {
            wire.unset(member);
        }
        wire
    });
    let shown = shown.collect();
    page(call, shown)
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, one) = of_input(call)?;
    let input = call.input.clone();
    let action = action::action(call, &input, "defaultAction", one.text("protocol"))?;
    let action = action.ok_or_else(|| input.missing("defaultAction"))?;
    let now = call.now;
    call.update(LISTENERS, &key, |one| {
        one.set("defaultAction", action);
        one.set("updated", now);
    });
    let (key, one) = of_input(call)?;
    Ok(wire(call, &key, &one))
}

/// A listener takes its rules along.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, _) = of_input(call)?;
    for (rule, _) in call.scan(RULES, &format!("{key}/")) {
        let arn = rule::arn(call, &rule);
        call.forget_tags(&arn);
        call.delete(RULES, &rule);
    }
    let arn = arn(call, &key);
    call.forget_tags(&arn);
    call.delete(LISTENERS, &key);
    Ok(json!({}))
}
