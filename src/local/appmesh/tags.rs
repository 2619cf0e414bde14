//! Tags of every kind of object.

use serde_json::{Value, json};

use super::{OBJECTS, missing};
use crate::local::call::Call;
use crate::local::error::AwsError;

fn arn(call: &Call<'_>) -> Result<String, AwsError> {
    let arn = call.input.text("resourceArn")?;
    let found = arn
        .strip_prefix(&call.arn("appmesh", "mesh/"))
        .is_some_and(|key| call.get(OBJECTS, key).is_some());
    if found { Ok(arn) } else { Err(missing(&format!("Resource {arn}"))) }
}

pub(super) fn tag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn(call)?;
    let tags = call.input.tags("tags", "key", "value")?;
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
    let size = call.input.optional_integer_within("limit", 1, 50)?.unwrap_or(50);
    let token = call.input.optional_text("nextToken")?;
    let tags = call.tag_list(&arn, "key", "value");
    let size = usize::try_from(size).unwrap_or(50);
    let page = call.page(tags, size, token.as_deref(), |tag| {
        tag["key"].as_str().unwrap_or_default().to_owned()
    })?;
    Ok(json!({"tags": page.items, "nextToken": page.next}))
}
