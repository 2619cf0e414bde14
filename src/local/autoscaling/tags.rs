//! Tags of groups; each says whether instances get it too.

use serde_json::{Value, json};

use super::{GROUPS, invalid, required};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::Params;

/// Reads `Tags`: group (by `ResourceId`, or the one that is made), key, value, propagation.
pub(super) fn of_input(
    input: &Params,
    made: Option<&str>,
) -> Result<Vec<(String, Value)>, AwsError> {
    let mut tags = Vec::new();
    for tag in input.structures("Tags")? {
        let resource = tag.optional_text("ResourceId")?;
        tag.optional_one_of("ResourceType", &["auto-scaling-group"])?;
        let group = made.map(str::to_owned).or(resource);
        let group = group.ok_or_else(|| tag.missing("ResourceId"))?;
        let key = tag.text("Key")?;
        if key.to_lowercase().starts_with("aws:") {
            return Err(invalid("aws: prefixed tag key names are not allowed for external use"));
        }
        tags.push((
            group,
            json!({
                "Key": key,
                "Value": tag.optional_text("Value")?.unwrap_or_default(),
                "PropagateAtLaunch": tag.optional_boolean("PropagateAtLaunch")?.unwrap_or(false),
            }),
        ));
    }
    Ok(tags)
}

/// Puts tags on a group's document.
pub(super) fn put(group: &mut Value, tag: Value) {
    let mut tags = group.list("Tags").to_vec();
    tags.retain(|old| old.text("Key") != tag.text("Key"));
    tags.push(tag);
    tags.sort_by(|one, other| one.text("Key").cmp(other.text("Key")));
    group.set("Tags", tags);
}

/// A group's tags as they are shown.
pub(super) fn shown(name: &str, group: &Value) -> Vec<Value> {
    let shown = |tag: &Value| {
        let mut tag = tag.clone();
        tag.set("ResourceId", name);
        tag.set("ResourceType", "auto-scaling-group");
        tag
    };
    group.list("Tags").iter().map(shown).collect()
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    for (name, tag) in of_input(&call.input, None)? {
        let mut group = required(call, &name)?;
        put(&mut group, tag);
        call.put(GROUPS, &name, group);
    }
    Ok(Value::Null)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    for (name, tag) in of_input(&call.input, None)? {
        let mut group = required(call, &name)?;
        let mut tags = group.list("Tags").to_vec();
        tags.retain(|old| old.text("Key") != tag.text("Key"));
        group.set("Tags", tags);
        call.put(GROUPS, &name, group);
    }
    Ok(Value::Null)
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let mut filters = Vec::new();
    for filter in call.input.structures("Filters")? {
        filters.push((filter.text("Name")?, filter.texts("Values")?));
    }
    let all = call.scan(GROUPS, "");
    let mut tags: Vec<Value> = all.iter().flat_map(|(name, group)| shown(name, group)).collect();
    for (name, values) in filters {
        let member = match name.as_str() {
            "auto-scaling-group" => "ResourceId",
            "key" => "Key",
            "value" => "Value",
            other => return Err(invalid(format!("Filter type {other} is not correct."))),
        };
        tags.retain(|tag| values.iter().any(|value| value == tag.text(member)));
    }
    let size = call.input.optional_integer_within("MaxRecords", 1, 100)?.unwrap_or(50);
    let token = call.input.optional_text("NextToken")?;
    let page = call.page(tags, size as usize, token.as_deref(), ToString::to_string)?;
    Ok(json!({"Tags": page.items, "NextToken": page.next}))
}
