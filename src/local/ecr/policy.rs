//! Permissions on a repository: kept as they are written, and not enforced.

use serde_json::{Value, json};

use super::{REPOSITORIES, find};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn set(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = find(call)?;
    let text = call.input.text("policyText")?;
    // Guards against locking oneself out, which cannot happen here.
    call.input.accept("force");
    let policy: Option<Value> = serde_json::from_str(&text).ok();
    if policy.is_none_or(|policy| !policy.has("Statement")) {
        return Err(call.input.invalid(
            "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'",
        ));
    }
    let output = answer(call, &name, &text);
    call.update(REPOSITORIES, &name, |it| it.set("policy", text));
    Ok(output)
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, found) = find(call)?;
    if !found.has("policy") {
        return Err(missing(call, &name));
    }
    Ok(answer(call, &name, found.text("policy")))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, found) = find(call)?;
    if !found.has("policy") {
        return Err(missing(call, &name));
    }
    let output = answer(call, &name, found.text("policy"));
    call.update(REPOSITORIES, &name, |it| {
        it.unset("policy");
    });
    Ok(output)
}

fn answer(call: &Call<'_>, name: &str, text: &str) -> Value {
    json!({"registryId": call.account, "repositoryName": name, "policyText": text})
}

fn missing(call: &Call<'_>, name: &str) -> AwsError {
    AwsError::new(
        "RepositoryPolicyNotFoundException",
        format!(
            "Repository policy does not exist for the repository with name '{name}' in the registry with id '{}'",
            call.account
        ),
    )
}
