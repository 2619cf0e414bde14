//! Tags of parameters.

use serde_json::{Value, json};

use super::{PARAMETERS, arn_of, name_of};
use crate::local::call::Call;
use crate::local::error::AwsError;

/// The ARN of the parameter that the input names.
fn resource(call: &Call<'_>) -> Result<String, AwsError> {
    let kind = call.input.text("ResourceType")?;
    let id = call.input.text("ResourceId")?;
    if kind != "Parameter" {
        return Err(AwsError::not_modelled(format!("local AWS does not model tags of ssm {kind}")));
    }
    let name = name_of(call, &id);
    if call.get(PARAMETERS, &name).is_none() {
        return Err(AwsError::new(
            "InvalidResourceId",
            "The resource ID is not valid. Verify that you entered the correct ID and try again.",
        ));
    }
    Ok(arn_of(call, &name))
}

pub(super) fn add_tags_to_resource(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = resource(call)?;
    let tags = call.input.tags("Tags", "Key", "Value")?;
    call.add_tags(&arn, tags)?;
    Ok(json!({}))
}

pub(super) fn remove_tags_from_resource(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = resource(call)?;
    let keys = call.input.texts("TagKeys")?;
    call.remove_tags(&arn, &keys);
    Ok(json!({}))
}

pub(super) fn list_tags_for_resource(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = resource(call)?;
    Ok(json!({"TagList": call.tag_list(&arn, "Key", "Value")}))
}
