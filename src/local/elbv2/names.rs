//! Names and ARNs: `loadbalancer/app/NAME/ID`, `listener/app/NAME/ID/ID`,
//! `listener-rule/app/NAME/ID/ID/ID` and `targetgroup/NAME/ID`.

use std::sync::Arc;

use serde_json::Value;

use super::errors::{
    listener_not_found, load_balancer_not_found, rule_not_found, target_group_not_found, validation,
};
use super::{LISTENERS, LOAD_BALANCERS, RULES, TARGET_GROUPS};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// The name of this service in ARNs.
pub(super) const SERVICE: &str = "elasticloadbalancing";

/// A load balancer's or a target group's name: 1 to 32 letters, digits and inner hyphens.
pub(super) fn check(noun: &str, name: &str) -> Result<(), AwsError> {
    if name.is_empty() || name.chars().count() > 32 {
        return Err(validation(format!(
            "{noun} name '{name}' cannot be longer than '32' characters"
        )));
    }
    if !name.chars().all(|character| character.is_ascii_alphanumeric() || character == '-') {
        return Err(validation(format!(
            "{noun} name '{name}' can only contain characters that are alphanumeric characters or hyphens(-)"
        )));
    }
    if name.starts_with('-') || name.ends_with('-') {
        return Err(validation(format!("{noun} name '{name}' cannot begin or end with a hyphen")));
    }
    if noun == "Load balancer" && name.starts_with("internal-") {
        return Err(validation(format!("{noun} name '{name}' cannot begin with \"internal-\"")));
    }
    Ok(())
}

/// What stands behind the account in an ARN of this service, split at its slashes.
pub(super) fn parts(arn: &str) -> Option<Vec<&str>> {
    let mut fields = arn.splitn(6, ':');
    let good =
        fields.next() == Some("arn") && fields.next().is_some() && fields.next() == Some(SERVICE);
    fields.nth(1)?;
    good.then_some(())?;
    Some(fields.next()?.split('/').collect())
}

/// The load balancer with this ARN.
pub(super) fn load_balancer(call: &Call<'_>, arn: &str) -> Result<Arc<Value>, AwsError> {
    let parts = parts(arn).filter(|parts| parts.len() == 4 && parts[0] == "loadbalancer");
    let Some(parts) = parts else {
        return Err(validation(format!("'{arn}' is not a valid load balancer ARN")));
    };
    let found = call.get(LOAD_BALANCERS, parts[2]);
    found
        .filter(|found| found.text("LoadBalancerArn") == arn)
        .ok_or_else(|| load_balancer_not_found(arn))
}

/// The target group with this ARN.
pub(super) fn target_group(call: &Call<'_>, arn: &str) -> Result<Arc<Value>, AwsError> {
    let parts = parts(arn).filter(|parts| parts.len() == 3 && parts[0] == "targetgroup");
    let Some(parts) = parts else {
        return Err(validation(format!("'{arn}' is not a valid target group ARN")));
    };
    let found = call.get(TARGET_GROUPS, parts[1]);
    found
        .filter(|found| found.text("TargetGroupArn") == arn)
        .ok_or_else(|| target_group_not_found(arn))
}

/// The listener with this ARN.
pub(super) fn listener(call: &Call<'_>, arn: &str) -> Result<Arc<Value>, AwsError> {
    if parts(arn).is_none_or(|parts| parts.len() != 5 || parts[0] != "listener") {
        return Err(validation(format!("'{arn}' is not a valid listener ARN")));
    }
    call.get(LISTENERS, arn).ok_or_else(|| listener_not_found(arn))
}

/// The rule with this ARN.
pub(super) fn rule(call: &Call<'_>, arn: &str) -> Result<Arc<Value>, AwsError> {
    if parts(arn).is_none_or(|parts| parts.len() != 6 || parts[0] != "listener-rule") {
        return Err(validation(format!("'{arn}' is not a valid listener rule ARN")));
    }
    call.get(RULES, arn).ok_or_else(|| rule_not_found(arn))
}

/// The prefix of the ARNs of a load balancer's listeners.
pub(super) fn listeners_of(load_balancer: &str) -> String {
    format!("{}/", load_balancer.replacen(":loadbalancer/", ":listener/", 1))
}

/// The prefix of the ARNs of a listener's rules.
pub(super) fn rules_of(listener: &str) -> String {
    format!("{}/", listener.replacen(":listener/", ":listener-rule/", 1))
}

/// The ARN of the load balancer to which a listener or a rule belongs.
pub(super) fn load_balancer_of(arn: &str) -> String {
    let (head, tail) = arn.rsplit_once(':').unwrap_or((arn, ""));
    let path: Vec<&str> = tail.split('/').skip(1).take(3).collect();
    format!("{head}:loadbalancer/{}", path.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_lead_to_one_another() {
        let load_balancer =
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/0123";
        let listener =
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/web/0123/4567";
        let rule = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/web/0123/4567/89ab";
        assert_eq!(parts(load_balancer).unwrap(), ["loadbalancer", "app", "web", "0123"]);
        assert!(listener.starts_with(&listeners_of(load_balancer)));
        assert!(rule.starts_with(&rules_of(listener)));
        assert_eq!(load_balancer_of(listener), load_balancer);
        assert_eq!(load_balancer_of(rule), load_balancer);
        assert_eq!(parts("arn:aws:ecs:eu-west-1:123456789012:cluster/x"), None);
        assert_eq!(parts("nonsense"), None);
    }

    #[test]
    fn names_are_checked() {
        assert!(check("Load balancer", "web-1").is_ok());
        for bad in ["", "a_b", "-a", "a-", "internal-a", "123456789012345678901234567890123"] {
            assert!(check("Load balancer", bad).is_err(), "{bad}");
        }
        assert!(check("Target group", "internal-a").is_ok());
    }
}
