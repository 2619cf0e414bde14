//! Tags of whatever has an ARN.

use serde_json::{Value, json};

use super::{
    ADDONS, ASSOCIATIONS, CAPABILITIES, CLUSTERS, ENTRIES, NODEGROUPS, PROFILES, PROVIDERS,
};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// The ARN that the path names, of something that is there.
fn arn(call: &Call<'_>) -> Result<String, AwsError> {
    let arn = call.input.text("resourceArn")?;
    let rest = arn.strip_prefix(&call.arn("eks", "")).unwrap_or_default();
    let mut parts = rest.split('/');
    let table = match parts.next().unwrap_or_default() {
        "cluster" => CLUSTERS,
        "nodegroup" => NODEGROUPS,
        "fargateprofile" => PROFILES,
        "addon" => ADDONS,
        "access-entry" => ENTRIES,
        "podidentityassociation" => ASSOCIATIONS,
        "identityproviderconfig" => PROVIDERS,
        "capability" => CAPABILITIES,
        _ => {
            let message = format!("Invalid ARN: {arn}");
            return Err(AwsError::new("BadRequestException", message));
        }
    };
    let cluster = parts.next().unwrap_or_default();
    let found = call.scan(table, cluster).into_iter().any(|(_, one)| one.text("arn") == arn);
    if found {
        return Ok(arn);
    }
    Err(AwsError::new("NotFoundException", format!("No resource found with ARN {arn}")).status(404))
}

pub(super) fn tag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn(call)?;
    let tags = call.input.map("tags")?;
    call.add_tags(&arn, tags).map_err(|error| bad(&error))?;
    Ok(json!({}))
}

fn bad(error: &AwsError) -> AwsError {
    AwsError::new("BadRequestException", error.message.clone())
}

pub(super) fn untag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn(call)?;
    let keys = call.input.texts("tagKeys")?;
    call.remove_tags(&arn, &keys);
    Ok(json!({}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn(call)?;
    Ok(json!({"tags": call.tags(&arn)}))
}
