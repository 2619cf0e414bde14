//! What can be changed of a log group: retention, key, protection.

use serde_json::Value;

use super::{GROUPS, arn_of, find_group, group_name};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

const DAYS: [i64; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

pub(super) fn put_retention(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("logGroupName")?;
    let days = call.input.integer("retentionInDays")?;
    find_group(call, &name)?;
    if !DAYS.contains(&days) {
        return Err(call.input.invalid(format!(
            "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: \
             Member must satisfy enum value set"
        )));
    }
    call.update(GROUPS, &name, |group| group.set("retentionInDays", days));
    Ok(Value::Null)
}

pub(super) fn delete_retention(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("logGroupName")?;
    find_group(call, &name)?;
    call.update(GROUPS, &name, |group| {
        group.unset("retentionInDays");
    });
    Ok(Value::Null)
}

pub(super) fn associate_key(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = encrypted(call)?;
    let key = call.input.text("kmsKeyId")?;
    find_group(call, &name)?;
    if !key.starts_with("arn:aws:kms:") {
        return Err(call.input.invalid(format!("The KMS key '{key}' is not an ARN of a key")));
    }
    call.update(GROUPS, &name, |group| group.set("kmsKeyId", key));
    Ok(Value::Null)
}

pub(super) fn disassociate_key(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = encrypted(call)?;
    find_group(call, &name)?;
    call.update(GROUPS, &name, |group| {
        group.unset("kmsKeyId");
    });
    Ok(Value::Null)
}

/// The group in `logGroupName`, or in `resourceIdentifier` by its ARN; that may also name the
/// results of queries, which are not modelled.
fn encrypted(call: &Call<'_>) -> Result<String, AwsError> {
    let name = call.input.optional_text("logGroupName")?;
    let identifier = call.input.optional_text("resourceIdentifier")?;
    match (name, identifier) {
        (Some(name), None) => Ok(name),
        (None, Some(identifier)) => match identifier.strip_prefix(&arn_of(call, "")) {
            Some(name) => Ok(name.to_owned()),
            None => Err(AwsError::not_modelled(format!(
                "local AWS models keys of its own log groups, not of {identifier}"
            ))),
        },
        _ => Err(call
            .input
            .invalid("Either logGroupName or resourceIdentifier must be specified, and not both")),
    }
}

pub(super) fn put_protection(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = group_name(call)?;
    let enabled = call.input.optional_boolean("deletionProtectionEnabled")?;
    let enabled = enabled.ok_or_else(|| call.input.missing("deletionProtectionEnabled"))?;
    find_group(call, &name)?;
    call.update(GROUPS, &name, |group| group.set("deletionProtectionEnabled", enabled));
    Ok(Value::Null)
}
