//! Tags of certificates.

use serde_json::{Value, json};

use super::find;
use crate::local::call::Call;
use crate::local::error::AwsError;

pub(super) fn add(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let tags = call.input.tags("Tags", "Key", "Value")?;
    let (arn, _) = find(call)?;
    call.add_tags(&arn, tags)?;
    Ok(json!({}))
}

pub(super) fn remove(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let tags = call.input.tags("Tags", "Key", "Value")?;
    let (arn, _) = find(call)?;
    // A tag goes only with the value that is named, as on AWS.
    let now = call.tags(&arn);
    let keys: Vec<String> = tags
        .into_iter()
        .filter(|(key, value)| value.is_empty() || now.get(key) == Some(value))
        .map(|(key, _)| key)
        .collect();
    call.remove_tags(&arn, &keys);
    Ok(json!({}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (arn, _) = find(call)?;
    Ok(json!({"Tags": call.tag_list(&arn, "Key", "Value")}))
}
