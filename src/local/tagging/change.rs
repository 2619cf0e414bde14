//! Tags of many resources of many services, changed at once.

use serde_json::{Value, json};

use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::{ecr, elbv2, logs};

pub(super) fn tag_resources(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arns = arns_of_input(call)?;
    let tags = call.input.map("Tags")?;
    if tags.is_empty() {
        return Err(call.input.missing("Tags"));
    }
    let mut failed = json!({});
    for arn in arns {
        match existing(call, &arn)? {
            true => call.add_tags(&arn, tags.clone())?,
            false => failed.set(&arn, failure(&arn)),
        }
    }
    Ok(json!({"FailedResourcesMap": failed}))
}

pub(super) fn untag_resources(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arns = arns_of_input(call)?;
    let keys = call.input.texts("TagKeys")?;
    if keys.is_empty() {
        return Err(call.input.missing("TagKeys"));
    }
    let mut failed = json!({});
    for arn in arns {
        match existing(call, &arn)? {
            true => call.remove_tags(&arn, &keys),
            false => failed.set(&arn, failure(&arn)),
        }
    }
    Ok(json!({"FailedResourcesMap": failed}))
}

fn arns_of_input(call: &Call<'_>) -> Result<Vec<String>, AwsError> {
    let arns = call.input.texts("ResourceARNList")?;
    if arns.is_empty() || arns.len() > 20 {
        return Err(call.input.invalid("ResourceARNList must hold 1 to 20 ARNs"));
    }
    Ok(arns)
}

/// Is there such a resource? What has tags is there; of what has none, only some can be told.
fn existing(call: &Call<'_>, arn: &str) -> Result<bool, AwsError> {
    if !call.tags(arn).is_empty() {
        return Ok(true);
    }
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, _, service, region, account, _] = fields.as_slice() else { return Ok(false) };
    if *region != call.region || *account != call.account {
        return Ok(false);
    }
    match *service {
        "elasticloadbalancing" => Ok(elbv2::exists(call, arn)),
        "logs" => Ok(logs::exists(call, arn)),
        "ecr" => Ok(ecr::exists(call, arn)),
        _ => Err(AwsError::not_modelled(format!(
            "local AWS cannot tell here whether {arn}, which has no tags, is there: tag it with its own service"
        ))),
    }
}

fn failure(arn: &str) -> Value {
    json!({
        "StatusCode": 400,
        "ErrorCode": "InvalidParameterException",
        "ErrorMessage": format!("The resource {arn} does not exist"),
    })
}
