//! Scalable targets.

use serde_json::{Value, json};

use super::{DIMENSION, POLICIES, TARGETS, not_found, page, parts, resource};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ecs;
use crate::local::error::AwsError;

pub(super) fn register(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let resource = resource(call)?;
    let low = call.input.optional_integer("MinCapacity")?;
    let high = call.input.optional_integer("MaxCapacity")?;
    // ECS uses its service-linked role, whatever role is given.
    call.input.optional_text("RoleARN")?;
    let suspended = suspended(call)?;
    let tags = call.input.map("Tags")?;
    let Some((cluster, service)) = parts(&resource) else {
        return Err(call
            .input
            .invalid("Unsupported service namespace, resource type or scalable dimension"));
    };
    if ecs::desired_count(call, cluster, service).is_none() {
        return Err(call.input.invalid(format!("ECS service doesn't exist: {resource}")));
    }
    let old = call.get(TARGETS, &resource).map(|target| Value::clone(&target));
    let needed = |member: &str, given: Option<i64>| {
        let kept = old.as_ref().map(|old| old.integer(member));
        given.or(kept).ok_or_else(|| call.input.invalid(format!("{member} must be specified.")))
    };
    let (low, high) = (needed("MinCapacity", low)?, needed("MaxCapacity", high)?);
    if low < 0 || high < 0 {
        return Err(call.input.invalid("Minimum and maximum capacity cannot be negative."));
    }
    if high < low {
        return Err(call.input.invalid("Maximum capacity cannot be less than minimum capacity."));
    }
    let mut target = match old {
        Some(target) => target,
        None => {
            let id = call.ids.hex(40);
            json!({
                "ServiceNamespace": "ecs",
                "ResourceId": resource,
                "ScalableDimension": DIMENSION,
                "RoleARN": role(call),
                "CreationTime": call.time(call.now),
                "ScalableTargetARN": call.arn("application-autoscaling", &format!("scalable-target/{id}")),
                "SuspendedState": {
                    "DynamicScalingInSuspended": false,
                    "DynamicScalingOutSuspended": false,
                    "ScheduledScalingSuspended": false,
                },
            })
        }
    };
    target.set("MinCapacity", low);
    target.set("MaxCapacity", high);
    for (member, flag) in suspended {
        target["SuspendedState"].set(member, flag);
    }
    let arn = target.text("ScalableTargetARN").to_owned();
    call.add_tags(&arn, tags)?;
    let off = |member: &str| target["SuspendedState"].flag(member);
    let low = if off("DynamicScalingOutSuspended") { 0 } else { low };
    let high = if off("DynamicScalingInSuspended") { i64::MAX } else { high };
    call.put(TARGETS, &resource, target.clone());
    bring_inside(call, &resource, low, high);
    Ok(json!({"ScalableTargetARN": arn}))
}

/// Brings the service's desired count inside these bounds.
pub(super) fn bring_inside(call: &mut Call<'_>, resource: &str, low: i64, high: i64) {
    let bound = |number: i64| u64::try_from(number).unwrap_or(0);
    if let Some((cluster, service)) = parts(resource) {
        ecs::bring_inside(call, cluster, service, bound(low), bound(high));
    }
}

fn suspended(call: &Call<'_>) -> Result<Vec<(&'static str, bool)>, AwsError> {
    let mut flags = Vec::new();
    if let Some(state) = call.input.optional_structure("SuspendedState")? {
        for member in
            ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"]
        {
            if let Some(flag) = state.optional_boolean(member)? {
                flags.push((member, flag));
            }
        }
    }
    Ok(flags)
}

fn role(call: &Call<'_>) -> String {
    let name = "AWSServiceRoleForApplicationAutoScaling_ECSService";
    let path = format!("role/aws-service-role/ecs.application-autoscaling.amazonaws.com/{name}");
    call.global_arn("iam", &path)
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    super::namespace(call)?;
    let wanted = call.input.optional_texts("ResourceIds")?;
    super::dimension(call)?;
    if wanted.as_ref().is_some_and(|wanted| wanted.len() > 50) {
        return Err(call.input.invalid("ResourceIds can have at most 50 elements."));
    }
    let mut rows: Vec<Value> =
        call.scan(TARGETS, "").into_iter().map(|(_, target)| Value::clone(&target)).collect();
    if let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) {
        rows.retain(|target| wanted.iter().any(|id| id == target.text("ResourceId")));
    }
    let page = page(call, rows, |target| target.text("ResourceId").to_owned())?;
    Ok(json!({"ScalableTargets": page.0, "NextToken": page.1}))
}

pub(super) fn deregister(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let resource = resource(call)?;
    let target =
        call.get(TARGETS, &resource).ok_or_else(|| not_found("scalable target", &resource))?;
    call.forget_tags(target.text("ScalableTargetARN"));
    call.delete(TARGETS, &resource);
    for (key, _) in call.scan(POLICIES, &format!("{resource}/")) {
        call.delete(POLICIES, &key);
    }
    super::action::forget(call, &resource);
    Ok(json!({}))
}
