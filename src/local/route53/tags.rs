//! Tags of hosted zones.

use serde_json::{Value, json};

use super::{find_zone, zone};
use crate::local::call::Call;
use crate::local::error::AwsError;

pub(super) fn change(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = resource(call)?;
    let arn = zone::arn(&id);
    let add = match call.input.optional_structure("AddTags")? {
        Some(tags) => tags.tags("Tag", "Key", "Value")?,
        None => Default::default(),
    };
    let remove = match call.input.optional_structure("RemoveTagKeys")? {
        Some(keys) => keys.texts("Key")?,
        None => Vec::new(),
    };
    call.remove_tags(&arn, &remove);
    call.add_tags(&arn, add)?;
    Ok(json!({}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = resource(call)?;
    Ok(json!({"ResourceTagSet": shown(call, &id)}))
}

pub(super) fn list_many(call: &mut Call<'_>) -> Result<Value, AwsError> {
    kind(call)?;
    let ids = match call.input.optional_structure("ResourceIds")? {
        Some(ids) => ids.texts("ResourceId")?,
        None => Vec::new(),
    };
    if ids.is_empty() || ids.len() > 10 {
        return Err(call.input.invalid("The number of resource ids must be from 1 to 10"));
    }
    let sets = ids
        .iter()
        .map(|id| find_zone(call, id).map(|(id, _)| shown(call, &id)))
        .collect::<Result<Vec<Value>, _>>()?;
    Ok(json!({"ResourceTagSets": {"ResourceTagSet": sets}}))
}

fn kind(call: &Call<'_>) -> Result<(), AwsError> {
    match call.input.optional_one_of("ResourceType", &["healthcheck", "hostedzone"])?.as_deref() {
        Some("hostedzone") => Ok(()),
        _ => Err(AwsError::not_modelled(
            "local AWS models tags of hosted zones, not of health checks",
        )),
    }
}

fn resource(call: &Call<'_>) -> Result<String, AwsError> {
    kind(call)?;
    Ok(find_zone(call, &call.input.text("ResourceId")?)?.0)
}

fn shown(call: &Call<'_>, id: &str) -> Value {
    json!({
        "ResourceType": "hostedzone",
        "ResourceId": id,
        "Tags": {"Tag": call.tag_list(&zone::arn(id), "Key", "Value")},
    })
}
