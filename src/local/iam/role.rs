//! Roles.

use serde_json::{Value, json};

use super::errors::{conflict, exists, limit, validation};
use super::policy_document::{self, Purpose};
use super::{PROFILES, ROLES, managed, names, pages, tags};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = names::name(call, "RoleName", 64)?;
    let path = names::path(call)?;
    let trust = call.input.text("AssumeRolePolicyDocument")?;
    let description = names::description(call)?;
    let duration = call.input.optional_integer_within("MaxSessionDuration", 3600, 43_200)?;
    let boundary = call.input.optional_text("PermissionsBoundary")?;
    let tags = tags::of_input(call)?;
    policy_document::check(&trust, Purpose::Trust)?;
    fits(&trust)?;
    if path.starts_with("/aws-service-role/") {
        return Err(validation(
            "The specified value for path is invalid. /aws-service-role/ is reserved for service-linked roles.",
        ));
    }
    if let Some(boundary) = &boundary {
        managed::attachable(call, boundary)?;
    }
    if call.scan(ROLES, "").iter().any(|(other, _)| other.eq_ignore_ascii_case(&name)) {
        return Err(exists(format!("Role with name {name} already exists.")));
    }
    let role = json!({
        "Path": path,
        "RoleName": name,
        "RoleId": call.ids.iam("AROA"),
        "Arn": call.global_arn("iam", &format!("role{path}{name}")),
        "Created": call.now,
        "Trust": trust,
        "Description": description,
        "MaxSessionDuration": duration.unwrap_or(3600),
        "Boundary": boundary,
        "Tags": tags,
        "Inline": {},
        "Attached": [],
    });
    let output = json!({"Role": shown(call, &role, Detail::Created)});
    call.put(ROLES, &name, role);
    Ok(output)
}

fn fits(trust: &str) -> Result<(), AwsError> {
    if policy_document::length(trust) > 2048 {
        return Err(limit("Cannot exceed quota for ACLSizePerRole: 2048"));
    }
    Ok(())
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, role) = names::role(call)?;
    Ok(json!({"Role": shown(call, &role, Detail::Whole)}))
}

/// AWS leaves tags, boundary and last use out of lists.
pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let prefix = names::path_prefix(call)?;
    let mut roles = call.scan(ROLES, "");
    roles.retain(|(_, role)| role.text("Path").starts_with(&prefix));
    pages::page(
        call,
        "Roles",
        roles,
        |(name, _)| name.clone(),
        |(_, role)| shown(call, role, Detail::Listed),
    )
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, role) = names::role(call)?;
    not_service_linked(&role)?;
    let description = names::description(call)?;
    let duration = call.input.optional_integer_within("MaxSessionDuration", 3600, 43_200)?;
    call.update(ROLES, &name, |role| {
        if let Some(description) = description {
            role.set("Description", description);
        }
        if let Some(duration) = duration {
            role.set("MaxSessionDuration", duration);
        }
    });
    Ok(json!({}))
}

pub(super) fn update_description(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = names::role(call)?;
    let description = names::description(call)?.ok_or_else(|| call.input.missing("Description"))?;
    call.update(ROLES, &name, |role| role.set("Description", description));
    let role = call.get(ROLES, &name).unwrap_or_default();
    Ok(json!({"Role": shown(call, &role, Detail::Whole)}))
}

pub(super) fn update_trust(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, role) = names::role(call)?;
    not_service_linked(&role)?;
    let trust = call.input.text("PolicyDocument")?;
    policy_document::check(&trust, Purpose::Trust)?;
    fits(&trust)?;
    call.update(ROLES, &name, |role| role.set("Trust", trust));
    Ok(Value::Null)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, role) = names::role(call)?;
    not_service_linked(&role)?;
    if call.scan(PROFILES, "").iter().any(|(_, profile)| profile.text("Role") == name) {
        return Err(conflict(
            "Cannot delete entity, must remove roles from instance profile first.",
        ));
    }
    if !role.list("Attached").is_empty() {
        return Err(conflict("Cannot delete entity, must detach all policies first."));
    }
    if role["Inline"].as_object().is_some_and(|inline| !inline.is_empty()) {
        return Err(conflict("Cannot delete entity, must delete policies first."));
    }
    call.delete(ROLES, &name);
    Ok(Value::Null)
}

/// Roles of services are changed by those services alone.
pub(super) fn not_service_linked(role: &Value) -> Result<(), AwsError> {
    if role.text("Path").starts_with("/aws-service-role/") {
        let message = format!(
            "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
            role.text("RoleName")
        );
        return Err(AwsError::new("UnmodifiableEntity", message));
    }
    Ok(())
}

/// How much of a role an operation shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    Created,
    Listed,
    Whole,
}

pub(super) fn shown(call: &Call<'_>, role: &Value, detail: Detail) -> Value {
    let mut shown = json!({
        "Path": role["Path"],
        "RoleName": role["RoleName"],
        "RoleId": role["RoleId"],
        "Arn": role["Arn"],
        "CreateDate": call.time(role.time("Created")),
        "AssumeRolePolicyDocument": policy_document::encoded(role.text("Trust")),
    });
    // An empty description is none.
    if !role.text("Description").is_empty() {
        shown.set("Description", role["Description"].clone());
    }
    // CreateRole answers a duration only if it is not the default.
    if detail != Detail::Created || role.integer("MaxSessionDuration") != 3600 {
        shown.set("MaxSessionDuration", role["MaxSessionDuration"].clone());
    }
    if detail != Detail::Listed {
        if let Some(boundary) = boundary(role) {
            shown.set("PermissionsBoundary", boundary);
        }
        let tags = tags::shown(role);
        if !tags.is_empty() {
            shown.set("Tags", tags);
        }
    }
    if detail == Detail::Whole {
        shown.set("RoleLastUsed", json!({}));
    }
    shown
}

pub(super) fn boundary(role: &Value) -> Option<Value> {
    role.has("Boundary").then(
        || json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": role["Boundary"]}),
    )
}
