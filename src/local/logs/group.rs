//! Log groups.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{EVENTS, GROUPS, STREAMS, arn_of, group_not_found};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

const CLASSES: [&str; 4] = ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"];

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let name = input.text("logGroupName")?;
    let key = input.optional_text("kmsKeyId")?;
    let tags = input.map("tags")?;
    let class = input.optional_one_of("logGroupClass", &CLASSES)?;
    let protected = input.optional_boolean("deletionProtectionEnabled")?.unwrap_or(false);
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/#".contains(c);
    if name.is_empty() || name.len() > 512 || !name.chars().all(allowed) {
        return Err(input.invalid(format!(
            "1 validation error detected: Value '{name}' at 'logGroupName' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+"
        )));
    }
    if name.starts_with("aws/") {
        return Err(input.invalid("Log groups starting with aws/ are reserved for AWS."));
    }
    if let Some(key) = key.as_ref().filter(|key| !key.starts_with("arn:aws:kms:")) {
        return Err(input.invalid(format!("The KMS key '{key}' is not an ARN of a key")));
    }
    if call.get(GROUPS, &name).is_some() {
        return Err(AwsError::new(
            "ResourceAlreadyExistsException",
            "The specified log group already exists",
        ));
    }
    let arn = arn_of(call, &name);
    call.add_tags(&arn, tags)?;
    let group = json!({
        "logGroupName": name,
        "creationTime": call.now,
        "kmsKeyId": key,
        "logGroupClass": class.unwrap_or_else(|| "STANDARD".to_owned()),
        "deletionProtectionEnabled": protected,
    });
    call.put(GROUPS, &name, group);
    Ok(Value::Null)
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let prefix = input.optional_text("logGroupNamePrefix")?;
    let pattern = input.optional_text("logGroupNamePattern")?;
    let identifiers = input.texts("logGroupIdentifiers")?;
    let class = input.optional_one_of("logGroupClass", &CLASSES)?;
    let token = input.optional_text("nextToken")?;
    let limit = input.optional_integer_within("limit", 1, 50)?.unwrap_or(50);
    if input.optional_boolean("includeLinkedAccounts")?.unwrap_or(false) {
        return Err(AwsError::not_modelled("local AWS has no linked accounts"));
    }
    if prefix.is_some() && pattern.is_some() {
        return Err(input.invalid(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        ));
    }
    if !identifiers.is_empty() && (prefix.is_some() || pattern.is_some()) {
        return Err(input.invalid("logGroupIdentifiers cannot be given with a prefix or a pattern"));
    }
    let mut groups = call.scan(GROUPS, prefix.as_deref().unwrap_or_default());
    if let Some(pattern) = pattern {
        groups.retain(|(name, _)| name.contains(&pattern));
    }
    if let Some(class) = class {
        groups.retain(|(_, group)| group.text("logGroupClass") == class);
    }
    if !identifiers.is_empty() {
        groups.retain(|(name, _)| {
            let arn = arn_of(call, name);
            identifiers.iter().any(|wanted| wanted == name || *wanted == arn)
        });
    }
    let page = call.page(groups, limit as usize, token.as_deref(), |(name, _)| name.clone())?;
    let shown: Vec<Value> = page.items.iter().map(|found| shown(call, found)).collect();
    Ok(with_token(json!({"logGroups": shown}), page.next))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("logGroupName")?;
    let group = call.get(GROUPS, &name).ok_or_else(group_not_found)?;
    if group.flag("deletionProtectionEnabled") {
        return Err(AwsError::new(
            "ValidationException",
            format!(
                "The log group {name} cannot be deleted because deletion protection is enabled"
            ),
        ));
    }
    for table in [STREAMS, EVENTS] {
        for (key, _) in call.scan(table, &format!("{name}:")) {
            call.delete(table, &key);
        }
    }
    let arn = arn_of(call, &name);
    call.forget_tags(&arn);
    call.delete(GROUPS, &name);
    Ok(Value::Null)
}

/// Puts a page's token into an answer, if there is one.
pub(super) fn with_token(mut output: Value, token: Option<String>) -> Value {
    if let Some(token) = token {
        output.set("nextToken", token);
    }
    output
}

fn shown(call: &Call<'_>, (name, group): &(String, Arc<Value>)) -> Value {
    let arn = arn_of(call, name);
    let mut shown = Value::clone(group);
    if !shown.has("kmsKeyId") {
        shown.unset("kmsKeyId");
    }
    shown.set("metricFilterCount", 0);
    shown.set("arn", format!("{arn}:*"));
    shown.set("logGroupArn", arn);
    // AWS counts stored bytes days later, and this is its word for "not yet".
    shown.set("storedBytes", 0);
    shown
}
