//! References as callers write them (names or ARNs) and the ARNs of what they name.

use crate::local::call::Call;
use crate::local::error::AwsError;

/// The name in a reference to a cluster: `default` if there is none.
pub(super) fn cluster(call: &Call<'_>, reference: Option<&str>) -> String {
    match reference {
        None | Some("") => "default".to_owned(),
        Some(reference) => after(call, reference, "cluster/"),
    }
}

/// The name in a reference to a service: its name or one of the two forms of its ARN.
pub(super) fn service(call: &Call<'_>, reference: &str) -> String {
    let rest = after(call, reference, "service/");
    if reference.starts_with("arn:")
        && let Some((_, name)) = rest.split_once('/')
    {
        return name.to_owned();
    }
    rest
}

/// The id in a reference to a task: its id or its ARN.
pub(super) fn task(call: &Call<'_>, reference: &str) -> String {
    let rest = after(call, reference, "task/");
    rest.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Family and, if it was given, revision in a reference to a task definition.
pub(super) fn task_definition(call: &Call<'_>, reference: &str) -> Option<(String, Option<u64>)> {
    let rest = after(call, reference, "task-definition/");
    match rest.rsplit_once(':') {
        None => Some((rest, None)),
        Some((family, revision)) => Some((family.to_owned(), Some(revision.parse().ok()?))),
    }
}

/// What follows `kind` in an ARN of this account and region. Another ARN is left as it is: a name
/// that nothing has.
fn after(call: &Call<'_>, reference: &str, kind: &str) -> String {
    let ours = call.arn("ecs", kind);
    reference.strip_prefix(ours.as_str()).unwrap_or(reference).to_owned()
}

/// Letters, digits, hyphens and underscores, 255 at most: the rule for every name in ECS.
pub(super) fn check(name: &str, what: &str) -> Result<(), AwsError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() {
        return Err(invalid(format!("{what} cannot be empty.")));
    }
    if name.len() > 255 {
        return Err(invalid(format!("{what} longer than 255.")));
    }
    if !name.chars().all(legal) {
        return Err(invalid(format!("{what} contains invalid characters in identifier.")));
    }
    Ok(())
}

/// `InvalidParameterException`.
pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterException", message)
}

/// `ClientException`.
pub(super) fn client(message: impl Into<String>) -> AwsError {
    AwsError::new("ClientException", message)
}

/// `ClusterNotFoundException`.
pub(super) fn no_cluster() -> AwsError {
    AwsError::new("ClusterNotFoundException", "Cluster not found.")
}

/// `ServiceNotFoundException`.
pub(super) fn no_service() -> AwsError {
    AwsError::new("ServiceNotFoundException", "Service not found.")
}

/// The ARN of the role that ECS gives itself in every account.
pub(super) fn service_linked_role(call: &Call<'_>) -> String {
    call.global_arn("iam", "role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")
}
