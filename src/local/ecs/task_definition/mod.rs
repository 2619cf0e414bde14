//! Task definitions: register, describe, list, deregister, delete. What runs them is in `rollout`
//! and `tasks`.

mod check;
mod fargate;
mod fill;
mod runs;
pub(super) mod shape;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::names::{self, client, invalid};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::store::Table;

/// Revisions by `family/0000000001`.
const DEFINITIONS: Table = Table::regional("ecs/task-definition");
/// The last revision number of each family: never used again, whatever is deleted.
const FAMILIES: Table = Table::regional("ecs/task-definition-family");

pub(super) fn register(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let family = call.input.text("family")?;
    names::check(&family, "Family").map_err(|error| client(error.message))?;
    let mut definition = Value::Object(Map::new());
    let containers = call.input.shaped("containerDefinitions", &shape::CONTAINERS)?;
    definition.set(
        "containerDefinitions",
        containers.ok_or_else(|| call.input.missing("containerDefinitions"))?,
    );
    for member in ["taskRoleArn", "executionRoleArn", "cpu", "memory"] {
        if let Some(text) = call.input.optional_text(member)? {
            let role = member.ends_with("RoleArn");
            definition.set(member, if role { role_arn(call, &text)? } else { text });
        }
    }
    if let Some(volumes) = call.input.shaped("volumes", &shape::VOLUMES)? {
        definition.set("volumes", volumes);
    }
    for (member, shape) in shape::REST {
        if let Some(value) = call.input.shaped(member, shape)? {
            definition.set(member, value);
        }
    }
    let tags = call.input.tags("tags", "key", "value")?;
    check::definition(&definition)?;
    fill::defaults(&mut definition);

    let last = call.get(FAMILIES, &family).map_or(0, |family| family.time("last"));
    let revision = last + 1;
    call.put(FAMILIES, &family, json!({"last": revision}));
    let arn = call.arn("ecs", &format!("task-definition/{family}:{revision}"));
    definition.set("taskDefinitionArn", arn.clone());
    definition.set("family", family.clone());
    definition.set("revision", revision);
    definition.set("status", "ACTIVE");
    definition.set("registeredAt", call.time(call.now));
    definition.set("registeredBy", call.global_arn("iam", "user/local"));
    call.add_tags(&arn, tags)?;
    let tags = call.tag_list(&arn, "key", "value");
    call.put(DEFINITIONS, &key(&family, revision), definition.clone());
    Ok(json!({"taskDefinition": definition, "tags": tags}))
}

/// A role given by name reads back as its ARN.
fn role_arn(call: &Call<'_>, text: &str) -> Result<String, AwsError> {
    if text.is_empty() {
        return Err(client("Role is not valid"));
    }
    if text.starts_with("arn:") {
        if !text.contains(":iam::") || !text.contains(":role/") {
            return Err(client("Role is not valid"));
        }
        return Ok(text.to_owned());
    }
    Ok(call.global_arn("iam", &format!("role/{text}")))
}

fn key(family: &str, revision: u64) -> String {
    format!("{family}/{revision:010}")
}

/// The definition that a reference names: the latest active one of a family, or that revision.
pub(super) fn find(call: &Call<'_>, reference: &str) -> Option<Arc<Value>> {
    match names::task_definition(call, reference)? {
        (family, Some(revision)) => call.get(DEFINITIONS, &key(&family, revision)),
        (family, None) => {
            let revisions = call.scan(DEFINITIONS, &format!("{family}/"));
            let active =
                |(_, definition): &(String, Arc<Value>)| definition.text("status") == "ACTIVE";
            revisions.into_iter().rev().find(active).map(|(_, definition)| definition)
        }
    }
}

/// The definition that a service or a task shall run.
pub(super) fn find_active(call: &Call<'_>, reference: &str) -> Result<Arc<Value>, AwsError> {
    let found = find(call, reference).ok_or_else(|| client("TaskDefinition not found."))?;
    if found.text("status") == "ACTIVE" {
        Ok(found)
    } else {
        Err(client("TaskDefinition is inactive"))
    }
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let reference = call.input.text("taskDefinition")?;
    let tags = includes(call, &["TAGS"])?.contains(&"TAGS");
    let definition =
        find(call, &reference).ok_or_else(|| client("Unable to describe task definition."))?;
    let mut output = json!({"taskDefinition": *definition});
    if tags {
        output.set("tags", call.tag_list(definition.text("taskDefinitionArn"), "key", "value"));
    }
    Ok(output)
}

/// Reads `include`, of which each is one of `allowed`.
pub(super) fn includes(
    call: &Call<'_>,
    allowed: &[&'static str],
) -> Result<Vec<&'static str>, AwsError> {
    let mut all = Vec::new();
    for text in call.input.texts("include")? {
        match allowed.iter().find(|known| **known == text) {
            Some(known) => all.push(*known),
            None => return Err(call.input.not_one_of("include", &text, allowed)),
        }
    }
    Ok(all)
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let family = call.input.optional_text("familyPrefix")?;
    let statuses = ["ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"];
    let status = call.input.optional_one_of("status", &statuses)?;
    let status = status.unwrap_or_else(|| "ACTIVE".to_owned());
    let sort = call.input.optional_one_of("sort", &["ASC", "DESC"])?;
    let prefix = family.map(|family| format!("{family}/")).unwrap_or_default();
    let mut rows = call.scan(DEFINITIONS, &prefix);
    rows.retain(|(_, definition)| definition.text("status") == status);
    if sort.as_deref() == Some("DESC") {
        rows.reverse();
    }
    let arns: Vec<String> = rows
        .iter()
        .map(|(_, definition)| definition.text("taskDefinitionArn").to_owned())
        .collect();
    let page = page(call, arns, String::clone)?;
    Ok(json!({"taskDefinitionArns": page.0, "nextToken": page.1}))
}

/// A page by ECS's rules: `maxResults` 1 to 100, 100 by default, `nextToken`.
pub(super) fn page<T>(
    call: &Call<'_>,
    items: Vec<T>,
    key: impl Fn(&T) -> String,
) -> Result<(Vec<T>, Option<String>), AwsError> {
    let size = call.input.optional_integer_within("maxResults", 1, 100)?.unwrap_or(100);
    let token = call.input.optional_text("nextToken")?;
    let size = usize::try_from(size).unwrap_or(100);
    let page = call.page(items, size, token.as_deref(), key)?;
    Ok((page.items, page.next))
}

pub(super) fn list_families(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let prefix = call.input.optional_text("familyPrefix")?.unwrap_or_default();
    let statuses = ["ACTIVE", "INACTIVE", "ALL"];
    let status = call.input.optional_one_of("status", &statuses)?;
    let status = status.unwrap_or_else(|| "ACTIVE".to_owned());
    let mut active = std::collections::BTreeMap::<String, bool>::new();
    for (_, definition) in call.scan(DEFINITIONS, &prefix) {
        let is_active = active.entry(definition.text("family").to_owned()).or_default();
        *is_active |= definition.text("status") == "ACTIVE";
    }
    active.retain(|_, is_active| match status.as_str() {
        "ACTIVE" => *is_active,
        "INACTIVE" => !*is_active,
        _ => true,
    });
    let page = page(call, active.into_keys().collect(), String::clone)?;
    Ok(json!({"families": page.0, "nextToken": page.1}))
}

pub(super) fn deregister(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let reference = call.input.text("taskDefinition")?;
    let (family, revision) = with_revision(call, &reference)?;
    let key = key(&family, revision);
    let Some(definition) = call.get(DEFINITIONS, &key) else {
        return Err(client("Unable to describe task definition."));
    };
    let mut definition = Value::clone(&definition);
    if definition.text("status") != "ACTIVE" {
        return Err(client(
            "The specified task definition is inactive. Specify an active task definition.",
        ));
    }
    definition.set("status", "INACTIVE");
    definition.set("deregisteredAt", call.time(call.now));
    call.put(DEFINITIONS, &key, definition.clone());
    Ok(json!({"taskDefinition": definition}))
}

fn with_revision(call: &Call<'_>, reference: &str) -> Result<(String, u64), AwsError> {
    match names::task_definition(call, reference) {
        Some((family, Some(revision))) => Ok((family, revision)),
        Some((_, None)) => Err(invalid("Task definition revision number is required.")),
        None => Err(invalid("Invalid revision number.")),
    }
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let references = call.input.texts("taskDefinitions")?;
    if references.is_empty() || references.len() > 10 {
        return Err(invalid("Specify 1 to 10 task definitions."));
    }
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for reference in references {
        let (family, revision) = with_revision(call, &reference)?;
        let arn = call.arn("ecs", &format!("task-definition/{family}:{revision}"));
        let key = key(&family, revision);
        let failure = match call.get(DEFINITIONS, &key) {
            None => Some(
                "The specified task definition does not exist. Specify a valid account, family, revision and try again.",
            ),
            Some(found) if found.text("status") == "ACTIVE" => Some(
                "The specified task definition is still in ACTIVE status. Please deregister the target and try again.",
            ),
            Some(_) => None,
        };
        if let Some(reason) = failure {
            failures.push(json!({"arn": arn, "reason": reason}));
            continue;
        }
        let at = call.time(call.now);
        call.update(DEFINITIONS, &key, |definition| {
            definition.set("status", "DELETE_IN_PROGRESS");
            definition.set("deleteRequestedAt", at);
        });
        deleted.extend(call.get(DEFINITIONS, &key).map(|definition| Value::clone(&definition)));
        call.forget_tags(&arn);
        // Nothing that is modelled holds on to an inactive revision for long: it is gone at once.
        call.delete(DEFINITIONS, &key);
    }
    Ok(json!({"taskDefinitions": deleted, "failures": failures}))
}

/// Is there a definition with this ARN?
pub(super) fn exists(call: &Call<'_>, arn: &str) -> bool {
    find(call, arn).is_some_and(|definition| definition.text("taskDefinitionArn") == arn)
}
