//! Tags of load balancers, target groups, listeners and rules.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::errors::validation;
use super::names;
use crate::local::call::Call;
use crate::local::error::AwsError;

/// The `Tags` of the input, each key once.
pub(super) fn of_input(call: &Call<'_>) -> Result<BTreeMap<String, String>, AwsError> {
    let mut tags = BTreeMap::new();
    for tag in call.input.structures("Tags")? {
        let (key, value) = (tag.text("Key")?, tag.optional_text("Value")?.unwrap_or_default());
        if tags.insert(key.clone(), value).is_some() {
            return Err(AwsError::new(
                "DuplicateTagKeys",
                format!("Tag key '{key}' is given twice"),
            ));
        }
    }
    if tags.len() > 50 {
        return Err(AwsError::new("TooManyTags", "The maximum number of tags is 50"));
    }
    Ok(tags)
}

pub(super) fn add(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arns = arns_of_input(call)?;
    let tags = of_input(call)?;
    if tags.is_empty() {
        return Err(call.input.missing("Tags"));
    }
    for arn in arns {
        if call
            .tags(&arn)
            .keys()
            .chain(tags.keys())
            .collect::<std::collections::BTreeSet<_>>()
            .len()
            > 50
        {
            return Err(AwsError::new("TooManyTags", "The maximum number of tags is 50"));
        }
        call.add_tags(&arn, tags.clone())?;
    }
    Ok(json!({}))
}

pub(super) fn remove(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arns = arns_of_input(call)?;
    let keys = call.input.texts("TagKeys")?;
    for arn in arns {
        call.remove_tags(&arn, &keys);
    }
    Ok(json!({}))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arns = arns_of_input(call)?;
    let description =
        |arn: &String| json!({"ResourceArn": arn, "Tags": call.tag_list(arn, "Key", "Value")});
    let descriptions: Vec<Value> = arns.iter().map(description).collect();
    Ok(json!({"TagDescriptions": descriptions}))
}

fn arns_of_input(call: &Call<'_>) -> Result<Vec<String>, AwsError> {
    let arns = call.input.texts("ResourceArns")?;
    if arns.is_empty() {
        return Err(call.input.missing("ResourceArns"));
    }
    if arns.len() > 20 {
        return Err(validation("Cannot have more than 20 resources specified in a single call"));
    }
    arns.iter().try_for_each(|arn| find(call, arn))?;
    Ok(arns)
}

/// Is there a resource with this ARN?
pub(super) fn find(call: &Call<'_>, arn: &str) -> Result<(), AwsError> {
    let parts = names::parts(arn);
    match parts.as_deref().and_then(<[&str]>::first).copied() {
        Some("loadbalancer") => names::load_balancer(call, arn)?,
        Some("targetgroup") => names::target_group(call, arn)?,
        Some("listener") => names::listener(call, arn)?,
        Some("listener-rule") => names::rule(call, arn)?,
        _ => return Err(validation(format!("'{arn}' is not a valid ARN"))),
    };
    Ok(())
}
