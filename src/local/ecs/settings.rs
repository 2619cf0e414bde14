//! Account settings. Only `containerInsights` changes what something else does: the default of
//! new clusters.

use serde_json::{Value, json};

use super::names::invalid;
use super::task_definition::page;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::store::Table;

/// Settings by name.
const SETTINGS: Table = Table::regional("ecs/account-setting");

/// Every setting, its default, and the values it takes (any, if none are listed).
const KNOWN: [(&str, &str, &[&str]); 11] = [
    ("awsvpcTrunking", "disabled", &["enabled", "disabled"]),
    ("containerInsights", "disabled", &["enabled", "disabled", "enhanced"]),
    ("containerInstanceLongArnFormat", "enabled", &["enabled"]),
    ("defaultLogDriverMode", "non-blocking", &["blocking", "non-blocking"]),
    ("fargateEventWindows", "disabled", &["enabled", "disabled"]),
    ("fargateFIPSMode", "disabled", &["enabled", "disabled"]),
    ("fargateTaskRetirementWaitPeriod", "7", &["0", "7", "14"]),
    ("guardDutyActivate", "off", &["on", "off"]),
    ("serviceLongArnFormat", "enabled", &["enabled"]),
    ("tagResourceAuthorization", "off", &["on", "off"]),
    ("taskLongArnFormat", "enabled", &["enabled"]),
];

/// The value of a setting that was put.
pub(super) fn value(call: &Call<'_>, name: &str) -> Option<String> {
    call.get(SETTINGS, name).map(|setting| setting.text("value").to_owned())
}

fn shown(call: &Call<'_>, name: &str, value: &str) -> Value {
    let kind = if name == "guardDutyActivate" { "aws_managed" } else { "user" };
    let principal = call.global_arn("iam", "root");
    json!({"name": name, "value": value, "principalArn": principal, "type": kind})
}

pub(super) fn put(call: &mut Call<'_>) -> Result<Value, AwsError> {
    refuse_principal(call)?;
    put_default(call)
}

/// Users and roles have no settings of their own here: every caller is the account's root.
fn refuse_principal(call: &Call<'_>) -> Result<(), AwsError> {
    let principal = call.input.optional_text("principalArn")?;
    if principal.is_some_and(|principal| !principal.ends_with(":root")) {
        return Err(AwsError::not_modelled(
            "local AWS does not model settings of single principals",
        ));
    }
    Ok(())
}

pub(super) fn put_default(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("name")?;
    let value = call.input.text("value")?;
    let Some((_, _, allowed)) = KNOWN.iter().find(|(known, _, _)| *known == name) else {
        return Err(invalid(format!("Unknown setting: {name}")));
    };
    let value = match value.as_str() {
        "on" if allowed.contains(&"enabled") => "enabled".to_owned(),
        "off" if allowed.contains(&"disabled") => "disabled".to_owned(),
        _ => value,
    };
    if !allowed.contains(&value.as_str()) {
        return Err(invalid(format!("Invalid value for setting {name}: {value}")));
    }
    call.put(SETTINGS, &name, json!({"value": value}));
    Ok(json!({"setting": shown(call, &name, &value)}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    refuse_principal(call)?;
    let name = call.input.text("name")?;
    let Some((_, default, _)) = KNOWN.iter().find(|(known, _, _)| *known == name) else {
        return Err(invalid(format!("Unknown setting: {name}")));
    };
    call.delete(SETTINGS, &name);
    Ok(json!({"setting": shown(call, &name, default)}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    refuse_principal(call)?;
    let name = call.input.optional_text("name")?;
    let wanted = call.input.optional_text("value")?;
    let effective = call.input.optional_boolean("effectiveSettings")?.unwrap_or(false);
    let mut settings = Vec::new();
    for (known, default, _) in KNOWN {
        let put = value(call, known);
        if put.is_none() && !effective || name.as_ref().is_some_and(|name| name != known) {
            continue;
        }
        let value = put.unwrap_or_else(|| default.to_owned());
        if wanted.as_ref().is_none_or(|wanted| *wanted == value) {
            settings.push(shown(call, known, &value));
        }
    }
    let page = page(call, settings, |setting| setting.text("name").to_owned())?;
    Ok(json!({"settings": page.0, "nextToken": page.1}))
}
