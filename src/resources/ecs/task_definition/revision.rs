//! One revision by its name, for rollbacks.

use aws_sdk_ecs::types::TaskDefinitionStatus;

use super::{TaskDefinition, describe, outputs, read};
use crate::aws::{Cx, tags};
use crate::engine::{Failure, Health, Identity, Live, Spec};

/// A revision that is still registered and ours, as a document; `which` is `family:3` or an ARN.
/// `None` where it is deregistered, or bears other tags. `ecs DescribeTaskDefinition`.
///
/// # Errors
/// The call is refused.
pub async fn one_revision(
    cx: &Cx,
    which: &str,
    application: &str,
    environment: &str,
) -> Result<Option<Live>, Failure> {
    let Some((found, all)) = describe(cx, which).await? else { return Ok(None) };
    let Some(identity) = Identity::from_tags(&all, application, environment) else {
        return Ok(None);
    };
    let registered = found.status().is_none_or(|status| *status == TaskDefinitionStatus::Active);
    if !registered || identity.address.kind() != TaskDefinition::KIND {
        return Ok(None);
    }
    let document = |error: serde_json::Error| Failure::internal(error.to_string());
    let outputs = outputs(&found);
    let spec = read::spec(&found, tags::own(&all, &identity));
    Ok(Some(Live {
        identity: Identity { generation: u32::try_from(outputs.revision).unwrap_or(1), ..identity },
        spec: serde_json::to_value(spec).map_err(document)?,
        health: Health::Ready,
        id: outputs.arn.to_string(),
        outputs: serde_json::to_value(outputs).map_err(document)?,
    }))
}
