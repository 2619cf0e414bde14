//! Tags: those given at creation, and `CreateTags`, `DeleteTags`, `DescribeTags`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::errors::{self, NOUNS};
use super::list::{self, Filters};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// `arn:aws:ec2:…:vpc/vpc-…`.
pub(super) fn arn(call: &Call<'_>, kind: &str, id: &str) -> String {
    call.arn("ec2", &format!("{kind}/{id}"))
}

/// A resource's tags as every answer shows them.
pub(super) fn set_of(call: &Call<'_>, kind: &str, id: &str) -> Vec<Value> {
    call.tag_list(&arn(call, kind, id), "key", "value")
}

/// The tags that `TagSpecification` gives to the kind which the operation creates.
pub(super) fn specified(call: &Call<'_>, kind: &str) -> Result<BTreeMap<String, String>, AwsError> {
    let mut tags = BTreeMap::new();
    for specification in call.input.structures("TagSpecification")? {
        let given = specification.text("ResourceType")?;
        if given != kind {
            return Err(errors::invalid_value(format!(
                "'{given}' is not a valid taggable resource type for this operation."
            )));
        }
        for (key, value) in specification.tags("Tag", "Key", "Value")? {
            if tags.insert(key.clone(), value).is_some() {
                return Err(errors::invalid_value(format!("Tag key '{key}' is given twice")));
            }
        }
    }
    Ok(tags)
}

/// Puts tags on a resource that is being created.
pub(super) fn put(
    call: &mut Call<'_>,
    kind: &str,
    id: &str,
    tags: BTreeMap<String, String>,
) -> Result<(), AwsError> {
    let arn = arn(call, kind, id);
    call.add_tags(&arn, tags)
}

/// Puts tags on that a service makes of its own, `aws:…` among them.
pub(super) fn put_any(call: &mut Call<'_>, kind: &str, id: &str, tags: BTreeMap<String, String>) {
    let arn = arn(call, kind, id);
    call.put(crate::local::call::TAGS, &arn, json!(tags));
}

/// Forgets the tags of a resource that is being deleted.
pub(super) fn forget(call: &mut Call<'_>, kind: &str, id: &str) {
    let arn = arn(call, kind, id);
    call.forget_tags(&arn);
}

/// The ARNs that `ResourceId` lists; every one must be there.
fn resources(call: &Call<'_>) -> Result<Vec<String>, AwsError> {
    let ids = call.input.texts("ResourceId")?;
    if ids.is_empty() {
        return Err(call.input.missing("ResourceId"));
    }
    let mut arns = Vec::new();
    for id in ids {
        let noun = NOUNS.iter().find(|noun| id.starts_with(noun.prefix));
        let noun =
            noun.ok_or_else(|| AwsError::new("InvalidID", format!("The ID '{id}' is not valid")))?;
        if call.get(noun.table, &id).is_none() {
            return Err(errors::not_found(noun.kind, &id));
        }
        arns.push(arn(call, noun.kind, &id));
    }
    Ok(arns)
}

pub(super) fn create_tags(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arns = resources(call)?;
    let tags = call.input.tags("Tag", "Key", "Value")?;
    if tags.is_empty() {
        return Err(call.input.missing("Tag"));
    }
    for arn in arns {
        call.add_tags(&arn, tags.clone())?;
    }
    Ok(Value::Null)
}

/// A tag with a value goes only if it has that value; without one, it goes; no tags: all go.
pub(super) fn delete_tags(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arns = resources(call)?;
    let mut wanted = Vec::new();
    for tag in call.input.structures("Tag")? {
        wanted.push((tag.text("Key")?, tag.optional_text("Value")?));
    }
    for arn in arns {
        let goes = |(key, value): &(String, String)| {
            let meets = |(wanted, only): &(String, Option<String>)| {
                wanted == key && only.as_ref().is_none_or(|only| only == value)
            };
            wanted.is_empty() || wanted.iter().any(meets)
        };
        let keys: Vec<String> =
            call.tags(&arn).into_iter().filter(goes).map(|(key, _)| key).collect();
        call.remove_tags(&arn, &keys);
    }
    Ok(Value::Null)
}

pub(super) fn describe_tags(call: &mut Call<'_>) -> Result<Value, AwsError> {
    const FILTERS: &[(&str, &str)] = &[
        ("key", "key"),
        ("value", "value"),
        ("resource-id", "resourceId"),
        ("resource-type", "resourceType"),
    ];
    let filters = Filters::read(&call.input, FILTERS)?;
    let prefix = call.arn("ec2", "");
    let mut rows = Vec::new();
    for (arn, tags) in call.tagged(&prefix) {
        let Some((kind, id)) = arn[prefix.len()..].split_once('/') else { continue };
        for (key, value) in tags.as_object().into_iter().flatten() {
            let mut row =
                json!({"resourceId": id, "resourceType": kind, "key": key, "value": value});
            // `tag:KEY` looks at the row's own tag.
            row.set("tagSet", json!([{"key": key, "value": value}]));
            if filters.meet(&row) {
                row.unset("tagSet");
                rows.push(row);
            }
        }
    }
    list::paged(call, "tagSet", rows, 1000, false)
}
