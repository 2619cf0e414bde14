//! Tags of namespaces and services.

use serde_json::{Value, json};

use super::{SERVICES, id_of, namespace};
use crate::local::call::Call;
use crate::local::error::AwsError;

fn arn_of_input(call: &Call<'_>) -> Result<String, AwsError> {
    let arn = call.input.text("ResourceARN")?;
    let found = namespace::find(call, &id_of(call, &arn, "namespace/")).is_some()
        || call.get(SERVICES, &id_of(call, &arn, "service/")).is_some();
    if found && arn.starts_with("arn:") {
        Ok(arn)
    } else {
        let message = format!("The resource {arn} was not found.");
        Err(AwsError::new("ResourceNotFoundException", message))
    }
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
