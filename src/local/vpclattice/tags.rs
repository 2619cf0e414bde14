//! Tags of every kind of object.

use serde_json::{Value, json};

use super::common::{
    NETWORK, SERVICE_ASSOCIATION, SERVICE_KIND, SUBSCRIPTION, TARGET_GROUP, VPC_ASSOCIATION,
    invalid, missing,
};
use super::{LISTENERS, RULES};
use crate::local::call::Call;
use crate::local::error::AwsError;

/// The ARN in the input, of something that is there.
fn arn(call: &Call<'_>) -> Result<String, AwsError> {
    let arn = call.input.text("resourceArn")?;
    let parts: Vec<&str> = arn.split('/').collect();
    let found = match parts.as_slice() {
        [_, service, "listener", listener] => {
            call.get(LISTENERS, &format!("{service}/{listener}")).is_some()
        }
        [_, service, "listener", listener, "rule", rule] => {
            call.get(RULES, &format!("{service}/{listener}/{rule}")).is_some()
        }
        [_, id] => {
            let kinds = [
                &NETWORK,
                &SERVICE_KIND,
                &TARGET_GROUP,
                &SERVICE_ASSOCIATION,
                &VPC_ASSOCIATION,
                &SUBSCRIPTION,
            ];
            kinds.iter().any(|kind| kind.arn(call, id) == arn && call.get(kind.table, id).is_some())
        }
        _ => return Err(invalid(format!("{arn} is not the ARN of a resource"))),
    };
    let own = arn.starts_with(&call.arn("vpc-lattice", ""));
    if found && own { Ok(arn) } else { Err(missing("RESOURCE", &arn)) }
}

pub(super) fn tag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = arn(call)?;
    let tags = call.input.map("tags")?;
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
    Ok(json!({"tags": call.tags(&arn)}))
}
