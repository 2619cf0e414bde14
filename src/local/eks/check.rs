//! Rules that several operations share: names, roles, networks.

use serde_json::Value;

use super::invalid;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ec2::network::{self, Subnet};
use crate::local::error::AwsError;
use crate::local::store::Table;

/// IAM's roles by name.
const ROLES: Table = Table::global("iam/role");

/// A name of letters, digits, `-` and `_` that begins with a letter or digit.
pub(super) fn name(what: &str, name: &str, longest: usize) -> Result<(), AwsError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins && name.len() <= longest && name.chars().all(allowed) {
        return Ok(());
    }
    Err(invalid(format!(
        "The {what} '{name}' is not valid: it must begin with an alphanumeric character, have alphanumeric \
         characters, hyphens and underscores only, and be at most {longest} characters long."
    )))
}

/// The role with this ARN, if IAM has it.
pub(super) fn role(call: &Call<'_>, arn: &str) -> Option<Value> {
    let name = arn.rsplit('/').next()?;
    let found = call.get(ROLES, name)?;
    (found.text("Arn") == arn).then(|| Value::clone(&found))
}

/// May this service assume the role (with that action)?
pub(super) fn trusts(role: &Value, service: &str, action: &str) -> bool {
    let Ok(trust) = serde_json::from_str::<Value>(role.text("Trust")) else { return false };
    let any = |value: &Value, wanted: &str| match value {
        Value::String(text) => text == wanted || text == "*" || text == "sts:*",
        Value::Array(items) => items
            .iter()
            .filter_map(Value::as_str)
            .any(|text| text == wanted || text == "*" || text == "sts:*"),
        _ => false,
    };
    let statements = match &trust["Statement"] {
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    statements.iter().any(|statement| {
        statement.text("Effect") == "Allow"
            && any(&statement["Principal"]["Service"], service)
            && any(&statement["Action"], action)
    })
}

/// Is one of these managed policies attached to the role?
pub(super) fn has_policy(role: &Value, names: &[&str]) -> bool {
    let attached = role.texts("Attached");
    attached.iter().any(|arn| names.iter().any(|name| arn.ends_with(&format!("/{name}"))))
}

/// Subnets that must be there, all of one VPC.
pub(super) fn subnets(call: &Call<'_>, ids: &[String]) -> Result<Vec<Subnet>, AwsError> {
    let mut found: Vec<Subnet> = Vec::new();
    for id in ids {
        let subnet = network::subnet(call, id).ok_or_else(|| {
            invalid(format!(
                "The subnet ID '{id}' does not exist (Service: AmazonEC2; Status Code: 400; Error Code: \
                 InvalidSubnetID.NotFound)"
            ))
        })?;
        if found.first().is_some_and(|first| first.vpc != subnet.vpc) {
            return Err(invalid("Subnets specified must be in the same VPC"));
        }
        found.push(subnet);
    }
    Ok(found)
}

/// Security groups that must be there, of that VPC.
pub(super) fn groups(call: &Call<'_>, ids: &[String], vpc: &str) -> Result<(), AwsError> {
    if ids.len() > 5 {
        return Err(invalid("At most 5 security groups can be specified"));
    }
    for id in ids {
        let group = network::security_group(call, id).ok_or_else(|| {
            invalid(format!(
                "The security group '{id}' does not exist (Service: AmazonEC2; Status Code: 400; Error Code: \
                 InvalidGroup.NotFound)"
            ))
        })?;
        if group.vpc != vpc {
            return Err(invalid(format!(
                "Security group(s) [{id}] are not in the same VPC as the subnets. Please specify security \
                 groups of VPC {vpc}"
            )));
        }
    }
    Ok(())
}

/// Two lists with the same items, in any order?
pub(super) fn same(one: &Value, other: &Value) -> bool {
    let sorted = |value: &Value| {
        let mut items: Vec<String> =
            value.as_array().into_iter().flatten().map(Value::to_string).collect();
        items.sort();
        items
    };
    sorted(one) == sorted(other)
}
