//! Instance profiles, each with at most one role.

use std::sync::Arc;

use serde_json::{Value, json};

use super::errors::{conflict, exists, limit, no_such, no_such_profile};
use super::role::{self, Detail};
use super::{PROFILES, ROLES, names, pages, tags};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = names::name(call, "InstanceProfileName", 128)?;
    let path = names::path(call)?;
    let tags = tags::of_input(call)?;
    if call.scan(PROFILES, "").iter().any(|(other, _)| other.eq_ignore_ascii_case(&name)) {
        return Err(exists(format!("Instance Profile {name} already exists.")));
    }
    let profile = json!({
        "Path": path,
        "InstanceProfileName": name,
        "InstanceProfileId": call.ids.iam("AIPA"),
        "Arn": call.global_arn("iam", &format!("instance-profile{path}{name}")),
        "Created": call.now,
        "Tags": tags,
    });
    let output = json!({"InstanceProfile": shown(call, &profile)});
    call.put(PROFILES, &name, profile);
    Ok(output)
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, profile) = find(call)?;
    Ok(json!({"InstanceProfile": shown(call, &profile)}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let prefix = names::path_prefix(call)?;
    let mut profiles = call.scan(PROFILES, "");
    profiles.retain(|(_, profile)| profile.text("Path").starts_with(&prefix));
    page(call, profiles)
}

pub(super) fn list_for_role(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = names::role(call)?;
    let mut profiles = call.scan(PROFILES, "");
    profiles.retain(|(_, profile)| profile.text("Role") == name);
    page(call, profiles)
}

pub(super) fn add_role(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, profile) = find(call)?;
    let (role, found) = names::role(call)?;
    role::not_service_linked(&found)?;
    if profile.has("Role") {
        return Err(limit("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"));
    }
    call.update(PROFILES, &name, |profile| profile.set("Role", role));
    Ok(Value::Null)
}

pub(super) fn remove_role(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, profile) = find(call)?;
    let (role, _) = names::role(call)?;
    if profile.text("Role") != role {
        return Err(no_such(format!("Role {role} is not in Instance Profile {name}.")));
    }
    call.update(PROFILES, &name, |profile| {
        profile.unset("Role");
    });
    Ok(Value::Null)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, profile) = find(call)?;
    if profile.has("Role") {
        return Err(conflict(
            "Cannot delete entity, must remove roles from instance profile first.",
        ));
    }
    call.delete(PROFILES, &name);
    Ok(Value::Null)
}

/// The profiles of a role, as IAM shows them.
pub(super) fn of_role(call: &Call<'_>, role: &str) -> Vec<Value> {
    let profiles = call.scan(PROFILES, "").into_iter();
    let of_role = profiles.filter(|(_, profile)| profile.text("Role") == role);
    of_role.map(|(_, profile)| without_tags(call, &profile)).collect()
}

fn page(call: &Call<'_>, profiles: Vec<(String, Arc<Value>)>) -> Result<Value, AwsError> {
    pages::page(
        call,
        "InstanceProfiles",
        profiles,
        |(name, _)| name.clone(),
        |(_, profile)| without_tags(call, profile),
    )
}

fn find(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let name = names::name(call, "InstanceProfileName", 128)?;
    let profile = call.get(PROFILES, &name).ok_or_else(|| no_such_profile(&name))?;
    Ok((name, profile))
}

fn without_tags(call: &Call<'_>, profile: &Value) -> Value {
    let mut shown = shown(call, profile);
    shown.unset("Tags");
    shown
}

fn shown(call: &Call<'_>, profile: &Value) -> Value {
    let role = call.get(ROLES, profile.text("Role"));
    let roles: Vec<Value> =
        role.iter().map(|role| role::shown(call, role, Detail::Listed)).collect();
    let tags = tags::shown(profile);
    json!({
        "Path": profile["Path"],
        "InstanceProfileName": profile["InstanceProfileName"],
        "InstanceProfileId": profile["InstanceProfileId"],
        "Arn": profile["Arn"],
        "CreateDate": call.time(profile.time("Created")),
        "Roles": roles,
        "Tags": if tags.is_empty() { Value::Null } else { Value::from(tags) },
    })
}
