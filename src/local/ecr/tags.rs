//! Tags of repositories.

use serde_json::{Value, json};

use super::{exists, not_found};
use crate::local::call::Call;
use crate::local::error::AwsError;

fn arn_of_input(call: &Call<'_>) -> Result<String, AwsError> {
    let arn = call.input.text("resourceArn")?;
    let Some((_, name)) = arn.split_once(":repository/") else {
        return Err(call.input.invalid(format!(
            "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN': '{arn}'"
        )));
    };
    if exists(call, &arn) { Ok(arn) } else { Err(not_found(call, name)) }
}

pub(super) fn tag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn_of_input(call)?;
    let tags = call.input.tags("tags", "Key", "Value")?;
    let mut all = call.tags(&arn);
    all.extend(tags.clone());
    if all.len() > 50 {
        let message = format!("{arn} cannot have more than 50 tags");
        return Err(AwsError::new("TooManyTagsException", message));
    }
    call.add_tags(&arn, tags)?;
    Ok(json!({}))
}

pub(super) fn untag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn_of_input(call)?;
    let keys = call.input.texts("tagKeys")?;
    call.remove_tags(&arn, &keys);
    Ok(json!({}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn_of_input(call)?;
    Ok(json!({"tags": call.tag_list(&arn, "Key", "Value")}))
}
