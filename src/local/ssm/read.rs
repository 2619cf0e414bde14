//! Getting parameters and their history.

use serde_json::{Value, json};

use super::{PARAMETERS, find, name_of, not_found, parameter, select};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// `name`, `name:3` or an ARN: the name and the selector.
fn parse(call: &Call<'_>, text: &str) -> (String, Option<String>) {
    if text.starts_with("arn:") {
        let (arn, selector) = match text.match_indices(':').nth(5) {
            Some((at, _)) if text[..at].starts_with("arn:") && text[..at].contains("parameter") => {
                (&text[..at], Some(text[at + 1..].to_owned()))
            }
            _ => (text, None),
        };
        return (name_of(call, arn), selector);
    }
    match text.split_once(':') {
        Some((name, selector)) => (name.to_owned(), Some(selector.to_owned())),
        None => (text.to_owned(), None),
    }
}

fn look_up(call: &Call<'_>, text: &str, decrypt: bool) -> Result<Value, AwsError> {
    let (name, selector) = parse(call, text);
    let document = find(call, &name).ok_or_else(|| not_found(&name))?;
    let version = select(&document, selector.as_deref()).ok_or_else(|| {
        AwsError::new(
            "ParameterVersionNotFound",
            format!(
                "Systems Manager could not find version {} of {name}.",
                selector.clone().unwrap_or_default()
            ),
        )
    })?;
    let mut shown = parameter(call, &name, &version, decrypt);
    if let Some(selector) = selector {
        shown.set("Selector", format!(":{selector}"));
    }
    Ok(shown)
}

pub(super) fn get_parameter(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("Name")?;
    let decrypt = call.input.optional_boolean("WithDecryption")?.unwrap_or(false);
    Ok(json!({"Parameter": look_up(call, &name, decrypt)?}))
}

pub(super) fn get_parameters(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let names = call.input.texts("Names")?;
    let decrypt = call.input.optional_boolean("WithDecryption")?.unwrap_or(false);
    if names.is_empty() || names.len() > 10 {
        return Err(call.input.invalid(
            "1 validation error detected: Value at 'names' failed to satisfy constraint: Member must \
             have length between 1 and 10",
        ));
    }
    let (mut found, mut invalid) = (Vec::new(), Vec::new());
    for name in names {
        match look_up(call, &name, decrypt) {
            Ok(shown) => found.push(shown),
            Err(_) => invalid.push(name),
        }
    }
    Ok(json!({"Parameters": found, "InvalidParameters": invalid}))
}

pub(super) fn get_parameters_by_path(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let path = call.input.text("Path")?;
    let recursive = call.input.optional_boolean("Recursive")?.unwrap_or(false);
    let decrypt = call.input.optional_boolean("WithDecryption")?.unwrap_or(false);
    let size = call.input.optional_integer_within("MaxResults", 1, 10)?.unwrap_or(10);
    let token = call.input.optional_text("NextToken")?;
    if !path.starts_with('/') {
        return Err(call
            .input
            .invalid(format!("The parameter path: {path} must begin with a slash (/)")));
    }
    let folder = format!("{}/", path.trim_end_matches('/'));
    // Names without a slash lie in the root folder.
    let prefix = if folder == "/" { "" } else { &folder };
    let inside = |name: &str| {
        let rest = name.strip_prefix(prefix).unwrap_or(name).trim_start_matches('/');
        recursive || !rest.contains('/')
    };
    let rows = call.scan(PARAMETERS, prefix).into_iter().filter(|(name, _)| inside(name)).collect();
    let page = call.page(rows, size as usize, token.as_deref(), |(name, _)| name.clone())?;
    let shown = |(name, document): &(String, std::sync::Arc<Value>)| {
        let version = document.list("Versions").last()?;
        Some(parameter(call, name, version, decrypt))
    };
    let found: Vec<Value> = page.items.iter().filter_map(shown).collect();
    Ok(with_token(json!({"Parameters": found}), page.next))
}

pub(super) fn get_parameter_history(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = name_of(call, &call.input.text("Name")?);
    let decrypt = call.input.optional_boolean("WithDecryption")?.unwrap_or(false);
    let size = call.input.optional_integer_within("MaxResults", 1, 50)?.unwrap_or(50);
    let token = call.input.optional_text("NextToken")?;
    let document = call.get(PARAMETERS, &name).ok_or_else(|| not_found(&name))?;
    let versions = document.list("Versions").to_vec();
    let page = call.page(versions, size as usize, token.as_deref(), |version| {
        version.integer("Version").to_string()
    })?;
    let shown = |version: &Value| {
        let mut row = parameter(call, &name, version, decrypt);
        row.unset("ARN");
        row.set("LastModifiedUser", call.global_arn("iam", "user/local"));
        row.set("Labels", json!([]));
        row.set("Policies", json!([]));
        row.set("Tier", version["Tier"].clone());
        for member in ["Description", "KeyId"] {
            if version.has(member) {
                row.set(member, version[member].clone());
            }
        }
        row
    };
    let rows: Vec<Value> = page.items.iter().map(shown).collect();
    Ok(with_token(json!({"Parameters": rows}), page.next))
}

pub(super) fn with_token(mut output: Value, next: Option<String>) -> Value {
    if let Some(next) = next {
        output.set("NextToken", next);
    }
    output
}
