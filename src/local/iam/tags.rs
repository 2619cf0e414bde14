//! Tags, kept in the tagged thing's own document: the tagging API knows nothing of IAM.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::errors::{invalid_input, limit, no_such_profile};
use super::{OIDC_PROVIDERS, POLICIES, PROFILES, ROLES, managed, names, oidc, pages, role};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::store::Table;

/// The `Tags` of the input, each key once.
pub(super) fn of_input(call: &Call<'_>) -> Result<BTreeMap<String, String>, AwsError> {
    let mut tags: BTreeMap<String, String> = BTreeMap::new();
    for tag in call.input.structures("Tags")? {
        let (key, value) = (tag.text("Key")?, tag.text("Value")?);
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(call.input.invalid(format!("The tag '{key}' is too long")));
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(invalid_input("Tag keys beginning with aws: are reserved"));
        }
        if tags.keys().any(|other| other.eq_ignore_ascii_case(&key)) {
            return Err(invalid_input(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        tags.insert(key, value);
    }
    if tags.len() > 50 {
        return Err(limit("Cannot exceed quota for TagsPerRole: 50"));
    }
    Ok(tags)
}

/// A document's tags as IAM lists them.
pub(super) fn shown(document: &Value) -> Vec<Value> {
    let tags = document["Tags"].as_object().into_iter().flatten();
    tags.map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

fn tag(call: &mut Call<'_>, table: Table, key: &str, document: &Value) -> Result<Value, AwsError> {
    if !call.input.has("Tags") {
        return Err(call.input.missing("Tags"));
    }
    let more = of_input(call)?;
    let mut tags = document["Tags"].clone();
    if let Some(tags) = tags.as_object_mut() {
        // Keys are told apart without regard to case; the new spelling stays.
        tags.retain(|key, _| !more.keys().any(|new| new.eq_ignore_ascii_case(key)));
        tags.extend(more.into_iter().map(|(key, value)| (key, Value::from(value))));
    }
    if tags.as_object().is_some_and(|tags| tags.len() > 50) {
        return Err(limit("Cannot exceed quota for TagsPerRole: 50"));
    }
    call.update(table, key, |document| document.set("Tags", tags));
    Ok(Value::Null)
}

fn untag(call: &mut Call<'_>, table: Table, key: &str) -> Result<Value, AwsError> {
    let Some(keys) = call.input.optional_texts("TagKeys")? else {
        return Err(call.input.missing("TagKeys"));
    };
    call.update(table, key, |document| {
        if let Some(tags) = document["Tags"].as_object_mut() {
            tags.retain(|key, _| !keys.iter().any(|gone| gone.eq_ignore_ascii_case(key)));
        }
    });
    Ok(Value::Null)
}

fn list(call: &Call<'_>, document: &Value) -> Result<Value, AwsError> {
    pages::page(call, "Tags", shown(document), |tag| tag.text("Key").to_owned(), Value::clone)
}

pub(super) fn tag_role(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, role) = names::role(call)?;
    role::not_service_linked(&role)?;
    tag(call, ROLES, &name, &role)
}

pub(super) fn untag_role(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, role) = names::role(call)?;
    role::not_service_linked(&role)?;
    untag(call, ROLES, &name)
}

pub(super) fn list_role_tags(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, role) = names::role(call)?;
    list(call, &role)
}

fn policy(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let arn = call.input.text("PolicyArn")?;
    super::policy::not_of_aws(&arn)?;
    Ok((arn.clone(), managed::find(call, &arn)?))
}

pub(super) fn tag_policy(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (arn, found) = policy(call)?;
    tag(call, POLICIES, &arn, &found)
}

pub(super) fn untag_policy(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (arn, _) = policy(call)?;
    untag(call, POLICIES, &arn)
}

pub(super) fn list_policy_tags(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, found) = policy(call)?;
    list(call, &found)
}

fn profile(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let name = names::name(call, "InstanceProfileName", 128)?;
    let profile = call.get(PROFILES, &name).ok_or_else(|| no_such_profile(&name))?;
    Ok((name, profile))
}

pub(super) fn tag_profile(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, found) = profile(call)?;
    tag(call, PROFILES, &name, &found)
}

pub(super) fn untag_profile(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = profile(call)?;
    untag(call, PROFILES, &name)
}

pub(super) fn list_profile_tags(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, found) = profile(call)?;
    list(call, &found)
}

pub(super) fn tag_oidc(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (arn, found) = oidc::find(call)?;
    tag(call, OIDC_PROVIDERS, &arn, &found)
}

pub(super) fn untag_oidc(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (arn, _) = oidc::find(call)?;
    untag(call, OIDC_PROVIDERS, &arn)
}

pub(super) fn list_oidc_tags(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, found) = oidc::find(call)?;
    list(call, &found)
}
