//! Errors that several operations share.

use crate::local::error::AwsError;

pub(super) fn load_balancer_not_found(text: &str) -> AwsError {
    AwsError::new("LoadBalancerNotFound", format!("Load balancers '[{text}]' not found"))
}

pub(super) fn target_group_not_found(text: &str) -> AwsError {
    AwsError::new("TargetGroupNotFound", format!("Target groups '[{text}]' not found"))
}

pub(super) fn listener_not_found(arn: &str) -> AwsError {
    AwsError::new("ListenerNotFound", format!("Listeners '[{arn}]' not found"))
}

pub(super) fn rule_not_found(arn: &str) -> AwsError {
    AwsError::new("RuleNotFound", format!("Rules '[{arn}]' not found"))
}

pub(super) fn validation(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationError", message)
}

pub(super) fn configuration(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidConfigurationRequest", message)
}
