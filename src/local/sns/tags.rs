//! Tags of topics.

use serde_json::{Value, json};

use super::topic;
use crate::local::call::Call;
use crate::local::error::AwsError;

fn arn(call: &Call<'_>) -> Result<String, AwsError> {
    let arn = call.input.text("ResourceArn")?;
    let none = |_| AwsError::new("ResourceNotFound", "Resource does not exist").status(404);
    topic(call, &arn).map_err(none)?;
    Ok(arn)
}

pub(super) fn tag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn(call)?;
    let tags = call.input.tags("Tags", "Key", "Value")?;
    call.add_tags(&arn, tags)?;
    Ok(json!({}))
}

pub(super) fn untag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn(call)?;
    let keys = call.input.texts("TagKeys")?;
    call.remove_tags(&arn, &keys);
    Ok(json!({}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn(call)?;
    Ok(json!({"Tags": call.tag_list(&arn, "Key", "Value")}))
}
