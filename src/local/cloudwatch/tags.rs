//! Tags of alarms.

use serde_json::{Value, json};

use super::{ALARMS, arn};
use crate::local::call::Call;
use crate::local::error::AwsError;

fn arn_of_input(call: &Call<'_>) -> Result<String, AwsError> {
    let given = call.input.text("ResourceARN")?;
    let name = given.strip_prefix(&arn(call, ""));
    if name.is_some_and(|name| call.get(ALARMS, name).is_some()) {
        return Ok(given);
    }
    let message = format!("The resource {given} does not exist");
    Err(AwsError::new("ResourceNotFoundException", message)
        .status(404)
        .with("ResourceType", "Alarm")
        .with("ResourceId", given))
}

pub(super) fn tag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn_of_input(call)?;
    let tags = call.input.tags("Tags", "Key", "Value")?;
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
    Ok(json!({"Tags": call.tag_list(&arn, "Key", "Value")}))
}
