//! Policies inside a role.

use serde_json::{Value, json};

use super::errors::no_such;
use super::policy_document::{self, Purpose};
use super::{ROLES, names, pages, role};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn put(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, found) = names::role(call)?;
    role::not_service_linked(&found)?;
    let policy = names::name(call, "PolicyName", 128)?;
    let document = call.input.text("PolicyDocument")?;
    policy_document::check(&document, Purpose::Permissions)?;
    let others = found["Inline"].as_object().into_iter().flatten();
    let others = others.filter(|(other, _)| **other != policy);
    let size: usize =
        others.map(|(_, text)| policy_document::length(text.as_str().unwrap_or_default())).sum();
    if size + policy_document::length(&document) > 10_240 {
        let message = format!("Maximum policy size of 10240 bytes exceeded for role {name}");
        return Err(super::errors::limit(message));
    }
    call.update(ROLES, &name, |role| role["Inline"].set(&policy, document));
    Ok(Value::Null)
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, found) = names::role(call)?;
    let policy = call.input.text("PolicyName")?;
    if !found["Inline"].has(&policy) {
        return Err(missing(&policy));
    }
    Ok(json!({
        "RoleName": name,
        "PolicyName": policy,
        "PolicyDocument": policy_document::encoded(found["Inline"].text(&policy)),
    }))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, found) = names::role(call)?;
    let names: Vec<String> =
        found["Inline"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    pages::page(call, "PolicyNames", names, String::clone, |name| Value::from(name.as_str()))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, found) = names::role(call)?;
    role::not_service_linked(&found)?;
    let policy = call.input.text("PolicyName")?;
    if !found["Inline"].has(&policy) {
        return Err(missing(&policy));
    }
    call.update(ROLES, &name, |role| {
        role["Inline"].unset(&policy);
    });
    Ok(Value::Null)
}

fn missing(policy: &str) -> AwsError {
    no_such(format!("The role policy with name {policy} cannot be found."))
}
