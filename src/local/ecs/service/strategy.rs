//! What belongs to which deployment strategy in a deployment configuration.

use serde_json::{Value, json};

use crate::local::document::Document;
use crate::local::ecs::names::invalid;
use crate::local::error::AwsError;

/// Checks a configuration after `given` was written over it, and fills in and drops what follows from the strategy.
pub(super) fn complete(given: &Value, whole: &mut Value) -> Result<(), AwsError> {
    let strategy = whole.text("strategy").to_owned();
    let rolling = strategy == "ROLLING";
    let of = |member: &str| {
        invalid(format!("{member} is not supported with the {strategy} deployment strategy."))
    };
    if rolling && given.integer("bakeTimeInMinutes") != 0 {
        return Err(of("bakeTimeInMinutes"));
    }
    if given.text("strategy") == "BLUE_GREEN" && !given.has("bakeTimeInMinutes") {
        return Err(invalid(
            "bakeTimeInMinutes is required with the BLUE_GREEN deployment strategy.",
        ));
    }
    if !(0..=1440).contains(&whole.integer("bakeTimeInMinutes")) {
        return Err(invalid("bakeTimeInMinutes must be between 0 and 1440."));
    }
    if rolling {
        whole.set("bakeTimeInMinutes", 0);
    }
    if !rolling && given["earlySuccessCriteria"].flag("enable") {
        return Err(of("earlySuccessCriteria"));
    }
    step(given, whole, "LINEAR", ("stepPercent", 3.0, 10.0), ("stepBakeTimeInMinutes", 6))?;
    step(given, whole, "CANARY", ("canaryPercent", 0.1, 5.0), ("canaryBakeTimeInMinutes", 10))?;
    if rolling && !given.list("lifecycleHooks").is_empty() {
        return Err(of("lifecycleHooks"));
    }
    given.list("lifecycleHooks").iter().try_for_each(hook)?;
    if whole.list("lifecycleHooks").is_empty() {
        whole.unset("lifecycleHooks");
    }
    Ok(())
}

/// `linearConfiguration` or `canaryConfiguration`: there with its own strategy alone, with its defaults.
fn step(
    given: &Value,
    whole: &mut Value,
    strategy: &str,
    (percent, least, usual): (&str, f64, f64),
    (bake, minutes): (&str, i64),
) -> Result<(), AwsError> {
    let member = if strategy == "LINEAR" { "linearConfiguration" } else { "canaryConfiguration" };
    if whole.text("strategy") != strategy {
        if given.has(member) {
            return Err(invalid(format!(
                "{member} is only supported with the {strategy} deployment strategy."
            )));
        }
        whole.unset(member);
        return Ok(());
    }
    let mut own = whole.get(member).cloned().unwrap_or_else(|| json!({}));
    let share = own.get(percent).and_then(Value::as_f64).unwrap_or(usual);
    let tenths = share * 10.0;
    if !(least..=100.0).contains(&share) || (tenths - tenths.round()).abs() > 1e-6 {
        return Err(invalid(format!(
            "{percent} must be a multiple of 0.1 between {least:.1} and 100.0."
        )));
    }
    let waits = own.get(bake).and_then(Value::as_i64).unwrap_or(minutes);
    if !(0..=1440).contains(&waits) {
        return Err(invalid(format!("{bake} must be between 0 and 1440.")));
    }
    own.set(percent, share);
    own.set(bake, waits);
    whole.set(member, own);
    Ok(())
}

fn hook(hook: &Value) -> Result<(), AwsError> {
    let stages = hook.texts("lifecycleStages");
    if stages.is_empty() {
        return Err(invalid("lifecycleStages is required for lifecycle hooks."));
    }
    if hook.text("targetType") != "PAUSE" {
        for member in ["hookTargetArn", "roleArn"] {
            if !hook.has(member) {
                return Err(invalid(format!(
                    "{member} is required for AWS_LAMBDA lifecycle hooks."
                )));
            }
        }
        return Err(AwsError::not_modelled(
            "local AWS does not model lifecycle hooks of AWS Lambda: it has no functions",
        ));
    }
    for stage in ["TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"] {
        if stages.contains(&stage) {
            return Err(invalid(format!(
                "PAUSE lifecycle hooks cannot be configured at the {stage} stage."
            )));
        }
    }
    for member in ["hookTargetArn", "roleArn"] {
        if hook.has(member) {
            return Err(invalid(format!("{member} is not applicable to PAUSE lifecycle hooks.")));
        }
    }
    let timeout = &hook["timeoutConfiguration"];
    if timeout.has("timeoutInMinutes")
        && !(1..=20_160).contains(&timeout.integer("timeoutInMinutes"))
    {
        return Err(invalid("timeoutInMinutes must be between 1 and 20160."));
    }
    Ok(())
}
