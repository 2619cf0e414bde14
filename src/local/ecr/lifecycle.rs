//! Lifecycle policies: kept as they are written. Nothing here ages, so no rule ever acts.

use serde_json::{Value, json};

use super::{REPOSITORIES, find};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn put(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = find(call)?;
    let text = call.input.text("lifecyclePolicyText")?;
    if let Err(why) = check(&text) {
        return Err(call.input.invalid(format!(
            "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: {why}'"
        )));
    }
    let output = answer(call, &name, &text);
    call.update(REPOSITORIES, &name, |it| it.set("lifecycle", text));
    Ok(output)
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, found) = find(call)?;
    if !found.has("lifecycle") {
        return Err(missing(call, &name));
    }
    Ok(answer(call, &name, found.text("lifecycle")))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, found) = find(call)?;
    if !found.has("lifecycle") {
        return Err(missing(call, &name));
    }
    let output = answer(call, &name, found.text("lifecycle"));
    call.update(REPOSITORIES, &name, |it| {
        it.unset("lifecycle");
    });
    Ok(output)
}

fn answer(call: &Call<'_>, name: &str, text: &str) -> Value {
    json!({"registryId": call.account, "repositoryName": name, "lifecyclePolicyText": text})
}

fn missing(call: &Call<'_>, name: &str) -> AwsError {
    AwsError::new(
        "LifecyclePolicyNotFoundException",
        format!(
            "Lifecycle policy does not exist for the repository with name '{name}' in the registry with id '{}'",
            call.account
        ),
    )
}

fn check(text: &str) -> Result<(), String> {
    let policy: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let rules = policy.list("rules");
    if rules.is_empty() {
        return Err("string must have a rule".to_owned());
    }
    let mut priorities = std::collections::BTreeSet::new();
    for rule in rules {
        let priority = rule.integer("rulePriority");
        if priority < 1 || !priorities.insert(priority) {
            return Err(format!(
                "rulePriority {priority} must be a number above 0 that no other rule has"
            ));
        }
        let selection = &rule["selection"];
        if !matches!(selection.text("tagStatus"), "tagged" | "untagged" | "any") {
            return Err("tagStatus must be one of tagged, untagged and any".to_owned());
        }
        let lists = ["tagPrefixList", "tagPatternList"];
        let named = lists.iter().any(|list| !selection.list(list).is_empty());
        if named != (selection.text("tagStatus") == "tagged") {
            return Err(
                "tagPrefixList or tagPatternList goes with tagStatus tagged, and only with it"
                    .to_owned(),
            );
        }
        let count = selection.text("countType");
        if !matches!(
            count,
            "imageCountMoreThan"
                | "sinceImagePushed"
                | "sinceImagePulled"
                | "sinceImageTransitioned"
        ) {
            return Err(format!("countType '{count}' is not known"));
        }
        if selection.integer("countNumber") < 1 {
            return Err("countNumber must be above 0".to_owned());
        }
        if (count == "imageCountMoreThan") == selection.has("countUnit") {
            return Err("countUnit goes with a countType of time, and only with one".to_owned());
        }
        if !matches!(rule["action"].text("type"), "expire" | "transition") {
            return Err("the action's type must be expire or transition".to_owned());
        }
    }
    Ok(())
}
