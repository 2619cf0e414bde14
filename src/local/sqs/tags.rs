//! Tags of queues.

use serde_json::{Value, json};

use super::{arn_of, found};
use crate::local::call::Call;
use crate::local::error::AwsError;

pub(super) fn tag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = found(call)?;
    let tags = call.input.map("Tags")?;
    let arn = arn_of(call, &name);
    call.add_tags(&arn, tags)?;
    Ok(json!({}))
}

pub(super) fn untag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = found(call)?;
    let keys = call.input.texts("TagKeys")?;
    let arn = arn_of(call, &name);
    call.remove_tags(&arn, &keys);
    Ok(json!({}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = found(call)?;
    let tags = call.tags(&arn_of(call, &name));
    Ok(if tags.is_empty() { json!({}) } else { json!({"Tags": tags}) })
}
