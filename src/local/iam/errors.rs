//! IAM's errors with their HTTP statuses.

use crate::local::error::AwsError;

pub(super) fn no_such_role(name: &str) -> AwsError {
    no_such(format!("The role with name {name} cannot be found."))
}

pub(super) fn no_such_policy(arn: &str) -> AwsError {
    no_such(format!("Policy {arn} does not exist or is not attachable."))
}

pub(super) fn no_such_profile(name: &str) -> AwsError {
    no_such(format!("Instance Profile {name} cannot be found."))
}

pub(super) fn no_such(message: impl Into<String>) -> AwsError {
    AwsError::new("NoSuchEntity", message).status(404)
}

pub(super) fn exists(message: impl Into<String>) -> AwsError {
    AwsError::new("EntityAlreadyExists", message).status(409)
}

pub(super) fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::new("DeleteConflict", message).status(409)
}

pub(super) fn limit(message: impl Into<String>) -> AwsError {
    AwsError::new("LimitExceeded", message).status(409)
}

pub(super) fn validation(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationError", message)
}

pub(super) fn invalid_input(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidInput", message)
}
