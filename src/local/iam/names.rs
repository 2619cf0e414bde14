//! Names and paths, read from the input and checked.

use std::sync::Arc;

use serde_json::Value;

use super::ROLES;
use super::errors::{no_such_role, validation};
use crate::local::call::Call;
use crate::local::error::AwsError;

/// A required name of at most `longest` characters out of IAM's set.
pub(super) fn name(call: &Call<'_>, member: &str, longest: usize) -> Result<String, AwsError> {
    let name = call.input.text(member)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(validation(format!(
            "The specified value for {member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
        )));
    }
    if name.len() > longest {
        return Err(validation(format!(
            "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: Member must have length less than or equal to {longest}"
        )));
    }
    Ok(name)
}

/// `Path`, `/` if absent: begins and ends with a slash.
pub(super) fn path(call: &Call<'_>) -> Result<String, AwsError> {
    let path = call.input.optional_text("Path")?.unwrap_or_else(|| "/".to_owned());
    let good = path == "/"
        || (path.len() > 2
            && path.len() <= 512
            && path.starts_with('/')
            && path.ends_with('/')
            && path.bytes().all(|byte| (0x21..=0x7e).contains(&byte)));
    if !good {
        return Err(validation(
            "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
        ));
    }
    Ok(path)
}

/// `PathPrefix`, `/` if absent.
pub(super) fn path_prefix(call: &Call<'_>) -> Result<String, AwsError> {
    let prefix = call.input.optional_text("PathPrefix")?.unwrap_or_else(|| "/".to_owned());
    let graphic = prefix.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    if prefix.starts_with('/') && prefix.len() <= 512 && graphic {
        return Ok(prefix);
    }
    Err(validation(
        "The specified value for pathPrefix is invalid. It must begin with / and contain only alphanumeric characters and/or / characters.",
    ))
}

/// `Description`, at most 1,000 characters.
pub(super) fn description(call: &Call<'_>) -> Result<Option<String>, AwsError> {
    let description = call.input.optional_text("Description")?;
    if description.as_ref().is_some_and(|text| text.chars().count() > 1000) {
        return Err(validation(
            "1 validation error detected: Value at 'description' failed to satisfy constraint: Member must have length less than or equal to 1000",
        ));
    }
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    if let Some(text) = description.as_ref().filter(|text| !text.chars().all(allowed)) {
        return Err(validation(format!(
            "1 validation error detected: Value '{text}' at 'description' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*"
        )));
    }
    Ok(description)
}

/// The role that `RoleName` names.
pub(super) fn role(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let name = name(call, "RoleName", 64)?;
    let role = call.get(ROLES, &name).ok_or_else(|| no_such_role(&name))?;
    Ok((name, role))
}
