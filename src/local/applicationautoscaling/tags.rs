//! Tags of scalable targets.

use serde_json::{Value, json};

use super::TARGETS;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

fn arn_of_input(call: &Call<'_>) -> Result<String, AwsError> {
    let arn = call.input.text("ResourceARN")?;
    let targets = call.scan(TARGETS, "");
    if targets.iter().any(|(_, target)| target.text("ScalableTargetARN") == arn) {
        return Ok(arn);
    }
    let message = format!("The resource {arn} was not found.");
    Err(AwsError::new("ResourceNotFoundException", message).with("ResourceName", arn))
}

pub(super) fn tag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn_of_input(call)?;
    let tags = call.input.map("Tags")?;
    call.add_tags(&arn, tags)?;
    Ok(json!({}))
}

pub(super) fn untag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn_of_input(call)?;
    let keys = call.input.texts("TagKeys")?;
    call.remove_tags(&arn, &keys);
    Ok(json!({}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn_of_input(call)?;
    Ok(json!({"Tags": call.tags(&arn)}))
}
