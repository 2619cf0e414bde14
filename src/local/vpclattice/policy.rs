//! Auth policies and resource policies. Both are kept with what they belong to, and not enforced.

use serde_json::{Value, json};

use super::common::{NETWORK, SERVICE_KIND, invalid, missing, time};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::store::Table;

/// The network or service that a member names.
fn owner(call: &Call<'_>, member: &str) -> Result<(Table, String, bool), AwsError> {
    let reference = call.input.text(member)?;
    let id = reference.rsplit('/').next().unwrap_or_default();
    let kind = if id.starts_with("svc-") { &SERVICE_KIND } else { &NETWORK };
    let (id, found) = kind.at(call, &reference)?;
    Ok((kind.table, id, found.text("authType") == "AWS_IAM"))
}

/// A policy document with at least one statement.
fn document(call: &Call<'_>, most: usize, service: &str) -> Result<String, AwsError> {
    let text = call.input.text("policy")?;
    if text.contains('\n') || text.len() > most {
        return Err(invalid(format!(
            "The policy must be JSON of at most {most} characters without newlines"
        )));
    }
    let policy: Value =
        serde_json::from_str(&text).map_err(|_| invalid("The policy is not valid JSON"))?;
    let statements = match &policy["Statement"] {
        Value::Array(many) => many.clone(),
        Value::Object(_) => vec![policy["Statement"].clone()],
        _ => Vec::new(),
    };
    let whole = |one: &Value| {
        let actions = match &one["Action"] {
            Value::Array(many) => many.clone(),
            one => vec![one.clone()],
        };
        matches!(one.text("Effect"), "Allow" | "Deny")
            && (one.has("Principal") || one.has("NotPrincipal"))
            && (one.has("Resource") || one.has("NotResource"))
            && (one.has("NotAction")
                || actions.iter().all(|action| {
                    action.as_str().is_some_and(|it| it == "*" || it.starts_with(service))
                }))
    };
    if statements.is_empty() || !statements.iter().all(whole) {
        return Err(invalid(format!(
            "Each statement of the policy needs Effect, Principal, Resource and an Action of {service}"
        )));
    }
    Ok(text)
}

fn state(active: bool) -> &'static str {
    if active { "Active" } else { "Inactive" }
}

pub(super) fn put_auth(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (table, id, active) = owner(call, "resourceIdentifier")?;
    let policy = document(call, 10_240, "vpc-lattice-svcs:")?;
    let now = call.now;
    call.update(table, &id, |one| {
        let created = if one.has("policy") { one["policy"].time("created") } else { now };
        one.set("policy", json!({"text": policy, "created": created, "updated": now}));
    });
    Ok(json!({"policy": policy, "state": state(active)}))
}

pub(super) fn get_auth(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (table, id, active) = owner(call, "resourceIdentifier")?;
    let found = call.get(table, &id).unwrap_or_default();
    let Some(policy) = found.get("policy") else { return Err(missing("AUTH_POLICY", &id)) };
    Ok(json!({
        "policy": policy["text"], "state": state(active), "createdAt": time(policy.time("created")),
        "lastUpdatedAt": time(policy.time("updated")),
    }))
}

pub(super) fn delete_auth(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (table, id, _) = owner(call, "resourceIdentifier")?;
    remove(call, table, &id, "policy", "AUTH_POLICY")
}

fn remove(
    call: &mut Call<'_>,
    table: Table,
    id: &str,
    member: &str,
    word: &str,
) -> Result<Value, AwsError> {
    if !call.get(table, id).is_some_and(|one| one.has(member)) {
        return Err(missing(word, id));
    }
    call.update(table, id, |one| {
        one.unset(member);
    });
    Ok(json!({}))
}

pub(super) fn put_resource(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (table, id, _) = owner(call, "resourceArn")?;
    let policy = document(call, 10_000, "vpc-lattice:")?;
    call.update(table, &id, |one| one.set("resourcePolicy", policy));
    Ok(json!({}))
}

pub(super) fn get_resource(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (table, id, _) = owner(call, "resourceArn")?;
    let found = call.get(table, &id).unwrap_or_default();
    match found.has("resourcePolicy") {
        true => Ok(json!({"policy": found["resourcePolicy"]})),
        false => Err(missing("RESOURCE_POLICY", &id)),
    }
}

pub(super) fn delete_resource(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (table, id, _) = owner(call, "resourceArn")?;
    remove(call, table, &id, "resourcePolicy", "RESOURCE_POLICY")
}
