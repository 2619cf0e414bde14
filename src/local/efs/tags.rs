//! Tags of file systems and access points.

use serde_json::{Value, json};

use super::{ACCESS_POINTS, access_point_arn, error, file_system, file_system_arn, id_of};
use crate::local::call::Call;
use crate::local::error::AwsError;

/// The ARN of what `ResourceId` names.
fn arn(call: &Call<'_>) -> Result<String, AwsError> {
    let reference = call.input.text("ResourceId")?;
    let id = id_of(&reference);
    if !id.starts_with("fsap-") {
        return file_system(call, id).map(|(id, _)| file_system_arn(call, &id));
    }
    match call.get(ACCESS_POINTS, id) {
        Some(_) => Ok(access_point_arn(call, id)),
        None => {
            let message = format!("Access point '{id}' does not exist.");
            Err(error("AccessPointNotFound", 404, message))
        }
    }
}

pub(super) fn tag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn(call)?;
    let tags = call.input.tags("Tags", "Key", "Value")?;
    call.add_tags(&arn, tags)?;
    Ok(json!({}))
}

pub(super) fn untag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn(call)?;
    let keys = call.input.texts("tagKeys")?;
    call.remove_tags(&arn, &keys);
    Ok(json!({}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn(call)?;
    let size = call.input.optional_integer("MaxResults")?.unwrap_or(100).clamp(1, 100);
    let token = call.input.optional_text("NextToken")?;
    let tags = call.tags(&arn).into_iter().collect();
    let key = |tag: &(String, String)| tag.0.clone();
    let page = call.page(tags, size as usize, token.as_deref(), key)?;
    let shown: Vec<Value> =
        page.items.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    let mut output = json!({"Tags": shown});
    if let Some(next) = page.next {
        output["NextToken"] = next.into();
    }
    Ok(output)
}
