//! Creating secrets, and giving them values.

use serde_json::{Value, json};

use super::{CURRENT, PREVIOUS, SECRETS, find, find_active, is_gone, named, staged, value};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("Name")?;
    let token = token(call)?;
    let description = call.input.optional_text("Description")?;
    let key = call.input.optional_text("KmsKeyId")?;
    let value = value::of_input(call)?;
    let tags = call.input.tags("Tags", "Key", "Value")?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
    if name.is_empty() || name.len() > 512 || !name.chars().all(allowed) {
        return Err(AwsError::new(
            "ValidationException",
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        ));
    }
    if let Some(old) = call.get(SECRETS, &name).filter(|old| !is_gone(old, call.now)) {
        if old.has("Deleted") {
            return Err(AwsError::new(
                "InvalidRequestException",
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            ));
        }
        let same = old.list("Versions").iter().any(|it| it.text("Id") == token);
        if same && old.list("Versions").first().map(|it| &it["Value"]) == value.as_ref() {
            return Ok(with_version(named(&name, &old), &token));
        }
        return Err(AwsError::new(
            "ResourceExistsException",
            format!("The operation failed because the secret {name} already exists."),
        ));
    }
    let end = call.ids.of(LETTERS, 6);
    let arn = call.arn("secretsmanager", &format!("secret:{name}-{end}"));
    let mut secret = json!({
        "Arn": arn,
        "Description": description,
        "KmsKeyId": key,
        "Created": call.now,
        "Changed": call.now,
        "Versions": [],
    });
    let filled = value.is_some();
    if let Some(value) = value {
        add(&mut secret, &token, value, &[CURRENT.to_owned()], call.now);
    }
    let answer = named(&name, &secret);
    call.put(SECRETS, &name, secret);
    call.add_tags(&arn, tags)?;
    Ok(if filled { with_version(answer, &token) } else { answer })
}

fn with_version(mut answer: Value, version: &str) -> Value {
    answer.set("VersionId", version);
    answer
}

/// `ClientRequestToken`, which becomes the version's id.
fn token(call: &mut Call<'_>) -> Result<String, AwsError> {
    match call.input.optional_text("ClientRequestToken")? {
        None => Ok(call.ids.uuid()),
        Some(token) if (32..=64).contains(&token.len()) => Ok(token),
        Some(_) => Err(call.input.invalid("ClientRequestToken must be 32-64 characters long.")),
    }
}

/// Adds a version; stages that it takes leave the version that had them.
fn add(secret: &mut Value, id: &str, value: Value, stages: &[String], now: u64) {
    let old_current = staged(secret, CURRENT).map(|it| it.text("Id").to_owned());
    let takes_current = stages.iter().any(|stage| stage == CURRENT);
    let mut versions = secret.list("Versions").to_vec();
    for version in &mut versions {
        let is_old = Some(version.text("Id")) == old_current.as_deref();
        let mut kept: Vec<String> =
            version.texts("Stages").into_iter().map(str::to_owned).collect();
        let moves = |stage: &String| stages.contains(stage) || takes_current && stage == PREVIOUS;
        kept.retain(|stage| !moves(stage));
        if takes_current && is_old {
            kept.push(PREVIOUS.to_owned());
        }
        version.set("Stages", kept);
    }
    versions.push(json!({"Id": id, "Value": value, "Stages": stages, "Created": now}));
    // Versions without a stage are deprecated: some hundred are kept at most.
    let extra = versions.len().saturating_sub(100);
    let mut dropped = 0;
    versions.retain(|version| {
        let drop = dropped < extra && version.list("Stages").is_empty();
        dropped += usize::from(drop);
        !drop
    });
    secret.set("Versions", versions);
    secret.set("Changed", now);
}

pub(super) fn put_value(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let token = token(call)?;
    let value = value::of_input(call)?;
    let stages = call.input.texts("VersionStages")?;
    let (name, secret) = find_active(call)?;
    let Some(value) = value else {
        return Err(call.input.invalid("You must provide either SecretString or SecretBinary."));
    };
    let stages = if stages.is_empty() { vec![CURRENT.to_owned()] } else { stages };
    let mut secret = Value::clone(&secret);
    if let Some(old) = secret.list("Versions").iter().find(|it| it.text("Id") == token) {
        if old["Value"] != value {
            return Err(AwsError::new(
                "ResourceExistsException",
                "You can't modify an existing version, you can only create a new version.",
            ));
        }
    } else {
        add(&mut secret, &token, value, &stages, call.now);
    }
    let mut answer = with_version(named(&name, &secret), &token);
    let written = secret.list("Versions").iter().find(|it| it.text("Id") == token);
    answer.set("VersionStages", written.map(|it| it["Stages"].clone()).unwrap_or_default());
    call.put(SECRETS, &name, secret);
    Ok(answer)
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let token = token(call)?;
    let value = value::of_input(call)?;
    let description = call.input.optional_text("Description")?;
    let key = call.input.optional_text("KmsKeyId")?;
    let (name, secret) = find_active(call)?;
    let mut secret = Value::clone(&secret);
    for (member, value) in [("Description", description), ("KmsKeyId", key)] {
        if let Some(value) = value {
            secret.set(member, value);
        }
    }
    secret.set("Changed", call.now);
    let mut answer = named(&name, &secret);
    if let Some(value) = value {
        add(&mut secret, &token, value, &[CURRENT.to_owned()], call.now);
        answer = with_version(answer, &token);
    }
    call.put(SECRETS, &name, secret);
    Ok(answer)
}

pub(super) fn update_stage(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let stage = call.input.text("VersionStage")?;
    let from = call.input.optional_text("RemoveFromVersionId")?;
    let to = call.input.optional_text("MoveToVersionId")?;
    let (name, secret) = find(call)?;
    let mut secret = Value::clone(&secret);
    let held = staged(&secret, &stage).map(|it| it.text("Id").to_owned());
    if held.is_some() && from != held && to != held {
        return Err(call.input.invalid(format!(
            "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version {}, so you must explicitly reference that version in RemoveFromVersionId.",
            held.unwrap_or_default()
        )));
    }
    if to.is_none() && stage == CURRENT {
        return Err(call.input.invalid(
            "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
        ));
    }
    let known = |id: &str| secret.list("Versions").iter().any(|it| it.text("Id") == id);
    if to.as_deref().is_some_and(|to| !known(to)) {
        return Err(super::not_found());
    }
    let mut versions = secret.list("Versions").to_vec();
    for version in &mut versions {
        let id = version.text("Id").to_owned();
        let mut kept: Vec<String> =
            version.texts("Stages").into_iter().map(str::to_owned).collect();
        let moves = to.is_some() && stage == CURRENT;
        kept.retain(|it| *it != stage && !(moves && it == PREVIOUS));
        if Some(&id) == to.as_ref() {
            kept.push(stage.clone());
        } else if moves && Some(&id) == held.as_ref() {
            kept.push(PREVIOUS.to_owned());
        }
        version.set("Stages", kept);
    }
    secret.set("Versions", versions);
    let answer = named(&name, &secret);
    call.put(SECRETS, &name, secret);
    Ok(answer)
}
