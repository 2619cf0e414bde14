//! Putting and deleting parameters.

use serde_json::{Value, json};

use super::{PARAMETERS, arn_of, name_of, not_found};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::sealed;

/// A parameter keeps so many versions.
const MOST_VERSIONS: usize = 100;

pub(super) fn put_parameter(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = name_of(call, &call.input.text("Name")?);
    let value = call.input.text("Value")?;
    let overwrite = call.input.optional_boolean("Overwrite")?.unwrap_or(false);
    let wanted = call.input.optional_one_of("Type", &["String", "StringList", "SecureString"])?;
    let tier = call
        .input
        .optional_one_of("Tier", &["Standard", "Advanced", "Intelligent-Tiering"])?
        .unwrap_or_else(|| "Standard".to_owned());
    let description = call.input.optional_text("Description")?;
    let pattern = call.input.optional_text("AllowedPattern")?;
    let data_type = call.input.optional_one_of("DataType", &["text"])?;
    let key = call.input.optional_text("KeyId")?;
    let tags = call.input.tags("Tags", "Key", "Value")?;
    if pattern.is_some() {
        return Err(AwsError::not_modelled(
            "local AWS does not model AllowedPattern of ssm:PutParameter",
        ));
    }
    check_name(&name)?;
    let largest = if tier == "Standard" { 4096 } else { 8192 };
    if value.is_empty() {
        return Err(call.input.invalid(
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member \
             must have length greater than or equal to 1.",
        ));
    }
    if value.len() > largest {
        return Err(call.input.invalid(format!(
            "{tier} tier parameters support a maximum parameter value of {largest} characters."
        )));
    }
    let old = call.get(PARAMETERS, &name);
    if old.is_some() && !overwrite {
        return Err(AwsError::new(
            "ParameterAlreadyExists",
            "The parameter already exists. To overwrite this value, set the overwrite option in the \
             request to true.",
        ));
    }
    if old.is_some() && !tags.is_empty() {
        return Err(call.input.invalid(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with \
             tags, please remove overwrite flag. To update tags for an existing parameter, please use \
             AddTagsToResource or RemoveTagsFromResource.",
        ));
    }
    let mut document = old.as_deref().cloned().unwrap_or_else(|| json!({"Versions": []}));
    let last = document.list("Versions").last().cloned();
    let kind = match (&wanted, &last) {
        (Some(kind), None) => kind.clone(),
        (wanted, Some(last)) => {
            let kind = last.text("Type").to_owned();
            if wanted.as_ref().is_some_and(|wanted| *wanted != kind) && kind == "SecureString" {
                return Err(AwsError::new(
                    "HierarchyTypeMismatchException",
                    "Parameter type cannot be changed from SecureString.",
                ));
            }
            wanted.clone().unwrap_or(kind)
        }
        (None, None) => {
            return Err(call
                .input
                .invalid("A parameter type is required when you create a parameter."));
        }
    };
    if key.is_some() && kind != "SecureString" {
        return Err(call.input.invalid("KeyId is required for SecureString type parameter only."));
    }
    let key = match (&kind, key) {
        (kind, key) if kind == "SecureString" => {
            Some(key.unwrap_or_else(|| "alias/aws/ssm".to_owned()))
        }
        _ => None,
    };
    let number = last.as_ref().map_or(1, |last| last.integer("Version") + 1);
    let description = description
        .map(Value::from)
        .or_else(|| last.as_ref().and_then(|last| last.get("Description").cloned()))
        .unwrap_or_default();
    let version = json!({
        "Value": if kind == "SecureString" { sealed::secret(&value) } else { json!(value) },
        "Type": kind,
        "Version": number,
        "Modified": call.now,
        "DataType": data_type.unwrap_or_else(|| "text".to_owned()),
        "Tier": if tier == "Intelligent-Tiering" { "Standard" } else { &tier },
        "Description": description,
        "KeyId": key,
        "Cipher": call.ids.hex(32),
    });
    let mut versions = document.list("Versions").to_vec();
    versions.push(version);
    if versions.len() > MOST_VERSIONS {
        versions.remove(0);
    }
    document.set("Versions", versions);
    call.put(PARAMETERS, &name, document);
    let arn = arn_of(call, &name);
    call.add_tags(&arn, tags)?;
    Ok(
        json!({"Version": number, "Tier": if tier == "Intelligent-Tiering" { "Standard" } else { &tier }}),
    )
}

fn check_name(name: &str) -> Result<(), AwsError> {
    let invalid = |message: &str| Err(AwsError::new("ValidationException", message));
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    if name.is_empty() || !name.chars().all(allowed) {
        return invalid(
            "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, \
             it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix \
             of letters, numbers and the following 3 symbols .-_",
        );
    }
    let bare = name.trim_start_matches('/').to_ascii_lowercase();
    if bare.starts_with("aws") || bare.starts_with("ssm") {
        return Err(AwsError::new(
            "AccessDeniedException",
            format!("No access to reserved parameter name: {name}."),
        ));
    }
    if name.contains('/') && !name.starts_with('/') {
        return invalid("Parameter name must be a fully qualified name.");
    }
    if name.contains("//") || name.ends_with('/') {
        return invalid("Parameter name must not end with a slash or hold an empty level.");
    }
    if name.trim_start_matches('/').split('/').count() > 15 {
        return Err(AwsError::new(
            "HierarchyLevelLimitExceededException",
            "A hierarchy can have a maximum of 15 levels.",
        ));
    }
    if name.len() > 1011 {
        return invalid("Parameter name exceeds the maximum length of 1011 characters.");
    }
    Ok(())
}

pub(super) fn delete_parameter(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = name_of(call, &call.input.text("Name")?);
    if delete(call, &name) { Ok(json!({})) } else { Err(not_found(&name)) }
}

pub(super) fn delete_parameters(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let names = call.input.texts("Names")?;
    if names.is_empty() || names.len() > 10 {
        return Err(call.input.invalid(
            "1 validation error detected: Value at 'names' failed to satisfy constraint: Member must \
             have length between 1 and 10",
        ));
    }
    let (mut deleted, mut invalid) = (Vec::new(), Vec::new());
    for text in names {
        let name = name_of(call, &text);
        if delete(call, &name) { deleted.push(text) } else { invalid.push(text) }
    }
    Ok(json!({"DeletedParameters": deleted, "InvalidParameters": invalid}))
}

fn delete(call: &mut Call<'_>, name: &str) -> bool {
    if call.get(PARAMETERS, name).is_none() {
        return false;
    }
    call.delete(PARAMETERS, name);
    let arn = arn_of(call, name);
    call.forget_tags(&arn);
    true
}
