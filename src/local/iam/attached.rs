//! Managed policies attached to roles.

use serde_json::{Value, json};

use super::errors::{limit, no_such};
use super::{ROLES, managed, names, pages, role};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn attach(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, found) = names::role(call)?;
    role::not_service_linked(&found)?;
    let arn = call.input.text("PolicyArn")?;
    managed::attachable(call, &arn)?;
    let mut attached: Vec<String> =
        found.texts("Attached").into_iter().map(str::to_owned).collect();
    if attached.contains(&arn) {
        return Ok(Value::Null);
    }
    if attached.len() >= 10 {
        return Err(limit("Cannot exceed quota for PoliciesPerRole: 10"));
    }
    attached.push(arn);
    call.update(ROLES, &name, |role| role.set("Attached", attached));
    Ok(Value::Null)
}

pub(super) fn detach(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, found) = names::role(call)?;
    role::not_service_linked(&found)?;
    let arn = call.input.text("PolicyArn")?;
    let mut attached: Vec<String> =
        found.texts("Attached").into_iter().map(str::to_owned).collect();
    if !attached.contains(&arn) {
        return Err(no_such(format!("Policy {arn} was not found.")));
    }
    attached.retain(|other| *other != arn);
    call.update(ROLES, &name, |role| role.set("Attached", attached));
    Ok(Value::Null)
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, found) = names::role(call)?;
    let prefix = names::path_prefix(call)?;
    let mut arns: Vec<String> = found.texts("Attached").into_iter().map(str::to_owned).collect();
    arns.retain(|arn| arn.split_once(":policy").is_some_and(|(_, path)| path.starts_with(&prefix)));
    pages::page(call, "AttachedPolicies", arns, String::clone, |arn| one(arn))
}

/// An attached policy as IAM lists it.
pub(super) fn one(arn: &str) -> Value {
    json!({"PolicyName": managed::name_of(arn), "PolicyArn": arn})
}

pub(super) fn entities(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("PolicyArn")?;
    managed::find(call, &arn)?;
    let filter = call.input.optional_one_of("EntityFilter", &["Role", "User", "Group"])?;
    let prefix = names::path_prefix(call)?;
    let usage = call
        .input
        .optional_one_of("PolicyUsageFilter", &["PermissionsPolicy", "PermissionsBoundary"])?;
    let mut roles = call.scan(ROLES, "");
    roles.retain(|(_, role)| {
        let attached = role.texts("Attached").contains(&arn.as_str());
        let bounded = role.text("Boundary") == arn;
        let wanted = match usage.as_deref() {
            Some("PermissionsPolicy") => attached,
            Some(_) => bounded,
            None => attached || bounded,
        };
        wanted && role.text("Path").starts_with(&prefix)
    });
    if filter.is_some_and(|filter| filter != "Role") {
        roles.clear();
    }
    let show = |(name, role): &(String, std::sync::Arc<Value>)| json!({"RoleName": name, "RoleId": role["RoleId"]});
    let mut output = pages::page(call, "PolicyRoles", roles, |(name, _)| name.clone(), show)?;
    output.set("PolicyUsers", json!([]));
    output.set("PolicyGroups", json!([]));
    Ok(output)
}
