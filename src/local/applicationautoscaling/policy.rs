//! Scaling policies: target tracking and step scaling.

use serde_json::{Value, json};

use super::{DIMENSION, POLICIES, TARGETS, not_found, page, resource, shape};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn put(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("PolicyName")?;
    let resource = resource(call)?;
    let kinds = ["StepScaling", "TargetTrackingScaling", "PredictiveScaling"];
    let kind = call.input.optional_one_of("PolicyType", &kinds)?;
    let step = call.input.shaped("StepScalingPolicyConfiguration", &shape::STEP_SCALING)?;
    let tracking =
        call.input.shaped("TargetTrackingScalingPolicyConfiguration", &shape::TARGET_TRACKING)?;
    if name.is_empty() || name.chars().count() > 256 {
        return Err(call.input.invalid("PolicyName must be 1 to 256 characters long."));
    }
    if call.get(TARGETS, &resource).is_none() {
        return Err(AwsError::new(
            "ObjectNotFoundException",
            format!(
                "No scalable target registered for service namespace: ecs, resource ID: {resource}, \
                 scalable dimension: {DIMENSION}"
            ),
        ));
    }
    let key = format!("{resource}/{name}");
    let old = call.get(POLICIES, &key);
    let kept = old.as_ref().map(|old| old.text("PolicyType").to_owned());
    let kind = kind.or(kept).unwrap_or_else(|| "StepScaling".to_owned());
    if kind == "PredictiveScaling" {
        return Err(AwsError::not_modelled("local AWS does not model predictive scaling"));
    }
    let (member, configuration) = match (kind.as_str(), step, tracking) {
        ("StepScaling", Some(step), None) => {
            ("StepScalingPolicyConfiguration", step_scaling(call, step)?)
        }
        ("TargetTrackingScaling", None, Some(tracking)) => {
            let configuration = target_tracking(call, tracking)?;
            refuse_same_metric(call, &resource, &name, &configuration)?;
            ("TargetTrackingScalingPolicyConfiguration", configuration)
        }
        _ => {
            return Err(call.input.invalid(format!(
                "A policy of type {kind} needs exactly the configuration of that type."
            )));
        }
    };
    let id = match &old {
        Some(old) => old.text("id").to_owned(),
        None => call.ids.uuid(),
    };
    let path = format!("scalingPolicy:{id}:resource/ecs/{resource}:policyName/{name}");
    let arn = call.arn("autoscaling", &path);
    let alarms = alarms(call, &resource, old.as_deref(), &kind, &configuration);
    let created =
        old.as_ref().map_or_else(|| call.time(call.now), |old| old["CreationTime"].clone());
    let policy = json!({
        "id": id,
        "PolicyARN": arn,
        "PolicyName": name,
        "ServiceNamespace": "ecs",
        "ResourceId": resource,
        "ScalableDimension": DIMENSION,
        "PolicyType": kind,
        member: configuration,
        "Alarms": alarms,
        "CreationTime": created,
    });
    call.put(POLICIES, &key, policy);
    Ok(json!({"PolicyARN": arn, "Alarms": alarms}))
}

fn step_scaling(call: &Call<'_>, step: Value) -> Result<Value, AwsError> {
    let invalid = |message: &str| Err(call.input.invalid(message));
    if !step.has("AdjustmentType") {
        return invalid("AdjustmentType must be specified.");
    }
    let adjustments = step.list("StepAdjustments");
    if adjustments.is_empty() {
        return invalid("At least one step adjustment must be specified for step policy.");
    }
    if adjustments.iter().any(|adjustment| !adjustment.has("ScalingAdjustment")) {
        return invalid("ScalingAdjustment must be specified for every step.");
    }
    if let Some(why) = intervals(adjustments) {
        return invalid(why);
    }
    if step.has("MinAdjustmentMagnitude")
        && step.text("AdjustmentType") != "PercentChangeInCapacity"
    {
        return invalid("MinAdjustmentMagnitude is for PercentChangeInCapacity only.");
    }
    Ok(step)
}

/// What is wrong with the steps' intervals: they touch each other, and reach as far as the alarm does.
fn intervals(adjustments: &[Value]) -> Option<&'static str> {
    let bound = |step: &Value, member: &str, open: f64| step[member].as_f64().unwrap_or(open);
    let mut all: Vec<(f64, f64)> = adjustments
        .iter()
        .map(|step| {
            let low = bound(step, "MetricIntervalLowerBound", f64::NEG_INFINITY);
            (low, bound(step, "MetricIntervalUpperBound", f64::INFINITY))
        })
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    if all.iter().any(|(low, high)| low >= high) {
        return Some("The lower bound of a step must be less than its upper bound.");
    }
    if all.windows(2).any(|pair| pair[0].1 != pair[1].0) {
        return Some("Step adjustment intervals can't overlap or have gaps between them.");
    }
    let (low, high) = (all.first()?.0, all.last()?.1);
    if low < 0.0 && low.is_finite() {
        return Some("There must be a step adjustment with an unspecified lower bound.");
    }
    (high > 0.0 && high.is_finite())
        .then_some("There must be a step adjustment with an unspecified upper bound.")
}

fn target_tracking(call: &Call<'_>, mut tracking: Value) -> Result<Value, AwsError> {
    let invalid = |message: &str| Err(call.input.invalid(message));
    let Some(value) = tracking["TargetValue"].as_f64() else {
        return invalid("TargetValue must be specified.");
    };
    if value <= 0.0 {
        return invalid("TargetValue must be greater than 0.");
    }
    // A double, however it was written.
    tracking.set("TargetValue", value);
    match (
        tracking.get("PredefinedMetricSpecification"),
        tracking.get("CustomizedMetricSpecification"),
    ) {
        (Some(metric), None) => {
            let kind = metric.text("PredefinedMetricType");
            let labelled = metric.has("ResourceLabel");
            if kind.is_empty() {
                return invalid("PredefinedMetricType must be specified.");
            }
            if (kind == "ALBRequestCountPerTarget") != labelled {
                return invalid(
                    "ResourceLabel must be specified for, and only for, ALBRequestCountPerTarget.",
                );
            }
            if labelled && !is_label(metric.text("ResourceLabel")) {
                return invalid("ResourceLabel has the form app/NAME/ID/targetgroup/NAME/ID.");
            }
        }
        (None, Some(metric)) => {
            if metric.has("Metrics") == metric.has("MetricName") {
                return invalid("A customized metric has either a metric or a list of queries.");
            }
        }
        _ => return invalid("Exactly one of predefined and customized metric must be specified."),
    }
    for cooldown in ["ScaleOutCooldown", "ScaleInCooldown"] {
        if tracking.integer(cooldown) < 0 {
            return invalid("A cooldown cannot be negative.");
        }
    }
    if !tracking.has("DisableScaleIn") {
        tracking.set("DisableScaleIn", false);
    }
    Ok(tracking)
}

fn is_label(label: &str) -> bool {
    let parts: Vec<&str> = label.split('/').collect();
    matches!(parts.as_slice(), ["app", _, _, "targetgroup", _, _])
        && parts.iter().all(|part| !part.is_empty())
}

fn refuse_same_metric(
    call: &Call<'_>,
    resource: &str,
    name: &str,
    configuration: &Value,
) -> Result<(), AwsError> {
    let metric = |configuration: &Value| {
        ["PredefinedMetricSpecification", "CustomizedMetricSpecification"]
            .map(|member| configuration.get(member).cloned())
    };
    let wanted = metric(configuration);
    for (_, other) in call.scan(POLICIES, &format!("{resource}/")) {
        let theirs = other.get("TargetTrackingScalingPolicyConfiguration");
        if other.text("PolicyName") != name && theirs.is_some_and(|theirs| metric(theirs) == wanted)
        {
            return Err(call.input.invalid(
                "Only one TargetTrackingScaling policy for a given metric specification is allowed.",
            ));
        }
    }
    Ok(())
}

/// The alarms that application autoscaling makes for target tracking.
fn alarms(
    call: &mut Call<'_>,
    resource: &str,
    old: Option<&Value>,
    kind: &str,
    configuration: &Value,
) -> Vec<Value> {
    if kind != "TargetTrackingScaling" {
        return Vec::new();
    }
    let mut levels = vec!["AlarmHigh"];
    if !configuration.flag("DisableScaleIn") {
        levels.push("AlarmLow");
    }
    let mut alarms = Vec::new();
    for level in levels {
        let prefix = format!("TargetTracking-{resource}-{level}-");
        let kept = old.into_iter().flat_map(|old| old.list("Alarms"));
        let mut kept = kept.filter(|alarm| alarm.text("AlarmName").starts_with(&prefix));
        if let Some(alarm) = kept.next() {
            alarms.push(alarm.clone());
            continue;
        }
        let name = format!("{prefix}{}", call.ids.uuid());
        alarms.push(json!({
            "AlarmName": name,
            "AlarmARN": call.arn("cloudwatch", &format!("alarm:{name}")),
        }));
    }
    alarms
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    super::namespace(call)?;
    let names = call.input.optional_texts("PolicyNames")?.unwrap_or_default();
    let resource = call.input.optional_text("ResourceId")?;
    let dimension = super::dimension(call)?;
    if names.len() > 50 {
        return Err(call.input.invalid("PolicyNames can have at most 50 elements."));
    }
    if resource.is_none() && dimension.is_some() {
        return Err(call
            .input
            .invalid("ScalableDimension must be given together with ResourceId."));
    }
    let prefix = resource.map(|resource| format!("{resource}/")).unwrap_or_default();
    let rows = call.scan(POLICIES, &prefix).into_iter().filter(|(_, policy)| {
        names.is_empty() || names.iter().any(|name| name == policy.text("PolicyName"))
    });
    let show = |policy: &Value| {
        let mut policy = policy.clone();
        policy.unset("id");
        policy
    };
    let rows: Vec<Value> = rows.map(|(_, policy)| show(&policy)).collect();
    let page = page(call, rows, |policy| policy.text("PolicyARN").to_owned())?;
    Ok(json!({"ScalingPolicies": page.0, "NextToken": page.1}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("PolicyName")?;
    let resource = resource(call)?;
    let key = format!("{resource}/{name}");
    if call.get(POLICIES, &key).is_none() {
        return Err(not_found(&format!("scaling policy named {name}"), &resource));
    }
    call.delete(POLICIES, &key);
    Ok(json!({}))
}
