//! What ECS asks of the other services of the account, in one place. A service that local AWS
//! does not serve has no say.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::local::call::Call;
use crate::local::clock::Millis;
use crate::local::document::Document;
use crate::local::elbv2::targets::{self, Answers, TargetGroup};
use crate::local::error::AwsError;
use crate::local::registry;
use crate::local::servicediscovery;
use crate::local::store::Table;

const ROLES: Table = Table::global("iam/role");
const LOG_GROUPS: Table = Table::regional("logs/log-group");
const REPOSITORIES: Table = Table::regional("ecr/repository");

fn is_served(name: &str) -> bool {
    registry::SERVICES.iter().any(|service| service.name == name)
}

/// The target group with this ARN, if there is one.
pub(super) fn target_group(call: &Call<'_>, arn: &str) -> Option<TargetGroup> {
    targets::find_target_group(call, arn).ok()
}

/// Registers an address with a target group. Returns whether the group is there.
pub(super) fn register_target(
    call: &mut Call<'_>,
    group: &str,
    address: &str,
    port: i64,
    zone: &str,
    healthy: bool,
) -> bool {
    let answers = if healthy { Answers::Well } else { Answers::Badly };
    let port = u16::try_from(port).unwrap_or_default();
    targets::register(call, group, address, port, Some(zone), answers).is_ok()
}

/// Takes an address out of a target group, where it drains first; returns when that is over.
pub(super) fn deregister_target(
    call: &mut Call<'_>,
    group: &str,
    address: &str,
    port: i64,
) -> Millis {
    targets::deregister(call, group, address, u16::try_from(port).unwrap_or_default())
}

/// Is there a role with this ARN that tasks may assume?
pub(super) fn role_exists(call: &Call<'_>, arn: &str) -> bool {
    let name = arn.rsplit('/').next().unwrap_or_default();
    let assumable = |role: &Value| {
        let trust = role.get("Trust").map(Value::to_string).unwrap_or_default();
        role.text("Arn") == arn && trust.contains("ecs-tasks.amazonaws.com")
    };
    !is_served("iam") || call.get(ROLES, name).is_some_and(|role| assumable(&role))
}

/// Is there a log group with this name?
pub(super) fn log_group_exists(call: &Call<'_>, name: &str) -> bool {
    !is_served("logs") || call.get(LOG_GROUPS, name).is_some()
}

/// Could there be an image of this name? What other registries hold is not known; of the
/// account's own, the repository must be there.
pub(super) fn image_exists(call: &Call<'_>, image: &str) -> bool {
    let own = format!("{}.dkr.ecr.{}.amazonaws.com/", call.account, call.region);
    let Some(rest) = image.strip_prefix(&own) else { return true };
    let name = rest.split(['@', ':']).next().unwrap_or_default();
    !is_served("ecr") || call.get(REPOSITORIES, name).is_some()
}

/// The ARN of the Cloud Map namespace with this name or ARN.
pub(super) fn namespace_arn(call: &Call<'_>, reference: &str) -> Result<String, AwsError> {
    servicediscovery::namespace_arn(call, reference).ok_or_else(|| {
        AwsError::new(
            "NamespaceNotFoundException",
            format!("The namespace \"{reference}\" was not found."),
        )
    })
}

/// Is there a Cloud Map service with this ARN?
pub(super) fn registry_exists(call: &Call<'_>, arn: &str) -> bool {
    servicediscovery::service_id(call, arn).is_some()
}

/// Registers an instance with a Cloud Map service. Returns whether the service is there.
pub(super) fn register_instance(
    call: &mut Call<'_>,
    registry: &str,
    instance: &str,
    attributes: BTreeMap<String, String>,
) -> bool {
    let Some(service) = servicediscovery::service_id(call, registry) else { return false };
    servicediscovery::put_instance(call, &service, instance, attributes);
    true
}

/// Takes an instance out of a Cloud Map service.
pub(super) fn deregister_instance(call: &mut Call<'_>, registry: &str, instance: &str) {
    if let Some(service) = servicediscovery::service_id(call, registry) {
        servicediscovery::drop_instance(call, &service, instance);
    }
}
