//! Tags of secrets.

use serde_json::{Value, json};

use super::find_active;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn tag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let tags = call.input.tags("Tags", "Key", "Value")?;
    let (_, secret) = find_active(call)?;
    call.add_tags(secret.text("Arn"), tags)?;
    Ok(json!({}))
}

pub(super) fn untag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let keys = call.input.texts("TagKeys")?;
    let (_, secret) = find_active(call)?;
    call.remove_tags(secret.text("Arn"), &keys);
    Ok(json!({}))
}
