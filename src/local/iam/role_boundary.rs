//! The permissions boundary of a role.

use serde_json::Value;

use super::errors::no_such;
use super::{ROLES, managed, names, role};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn put(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, found) = names::role(call)?;
    role::not_service_linked(&found)?;
    let boundary = call.input.text("PermissionsBoundary")?;
    managed::attachable(call, &boundary)?;
    call.update(ROLES, &name, |role| role.set("Boundary", boundary));
    Ok(Value::Null)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, found) = names::role(call)?;
    role::not_service_linked(&found)?;
    if !found.has("Boundary") {
        return Err(no_such(format!("Role {name} does not have a permissions boundary.")));
    }
    call.update(ROLES, &name, |role| {
        role.unset("Boundary");
    });
    Ok(Value::Null)
}
