//! Tags: groups have them, schedules have none.

use serde_json::{Value, json};

use super::group;
use crate::local::call::Call;
use crate::local::error::AwsError;

fn arn(call: &Call<'_>) -> Result<String, AwsError> {
    let arn = call.input.text("ResourceArn")?;
    let Some(name) = arn.strip_prefix(&group::arn(call, "")) else {
        return Err(call.input.invalid(format!(
            "1 validation error detected: Value '{arn}' at 'resourceArn' failed to satisfy constraint: only schedule \
             groups have tags"
        )));
    };
    group::active(call, name)?;
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
