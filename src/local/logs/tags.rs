//! Tags of log groups, by ARN and by the older operations by name.

use serde_json::{Value, json};

use super::{arn_of, exists, find_group};
use crate::local::call::Call;
use crate::local::error::AwsError;

fn arn_of_input(call: &Call<'_>) -> Result<String, AwsError> {
    let arn = call.input.text("resourceArn")?;
    if arn.contains('*') {
        return Err(call.input.invalid(format!(
            "1 validation error detected: Value '{arn}' at 'resourceArn' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: [\\w+=/:,.@-]*"
        )));
    }
    if !exists(call, &arn) {
        return Err(AwsError::new(
            "ResourceNotFoundException",
            "The specified resource does not exist.",
        ));
    }
    Ok(arn)
}

fn arn_of_name(call: &Call<'_>) -> Result<String, AwsError> {
    let name = call.input.text("logGroupName")?;
    find_group(call, &name)?;
    Ok(arn_of(call, &name))
}

pub(super) fn tag_resource(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn_of_input(call)?;
    let tags = call.input.map("tags")?;
    let mut all = call.tags(&arn);
    all.extend(tags.clone());
    if all.len() > 50 {
        let message = "The resource cannot have more than 50 tags.";
        return Err(AwsError::new("TooManyTagsException", message).with("resourceName", arn));
    }
    call.add_tags(&arn, tags)?;
    Ok(Value::Null)
}

pub(super) fn untag_resource(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn_of_input(call)?;
    let keys = call.input.texts("tagKeys")?;
    call.remove_tags(&arn, &keys);
    Ok(Value::Null)
}

pub(super) fn list_for_resource(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn_of_input(call)?;
    Ok(json!({"tags": call.tags(&arn)}))
}

pub(super) fn tag_log_group(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn_of_name(call)?;
    let tags = call.input.map("tags")?;
    call.add_tags(&arn, tags)?;
    Ok(Value::Null)
}

pub(super) fn untag_log_group(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn_of_name(call)?;
    let keys = call.input.texts("tags")?;
    call.remove_tags(&arn, &keys);
    Ok(Value::Null)
}

pub(super) fn list_log_group(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn_of_name(call)?;
    Ok(json!({"tags": call.tags(&arn)}))
}
