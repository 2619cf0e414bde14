//! Scheduled actions: when they come due they change the bounds of their target.

use serde_json::{Value, json};

use super::{ACTIONS, DIMENSION, SERVICE, TARGETS, not_found, page, resource, target};
use crate::local::call::Call;
use crate::local::clock::Millis;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::Shape::{Integer, Structure};
use crate::local::scheduler::expression::{Expression, Zone};

pub(super) fn put(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("ScheduledActionName")?;
    let resource = resource(call)?;
    let schedule = call.input.optional_text("Schedule")?;
    let timezone = call.input.optional_text("Timezone")?;
    let start = call.input.optional_number("StartTime")?;
    let end = call.input.optional_number("EndTime")?;
    let shape = Structure(&[("MinCapacity", Integer), ("MaxCapacity", Integer)]);
    let action = call.input.shaped("ScalableTargetAction", &shape)?;
    let invalid = |message: String| Err(call.input.invalid(message));
    if name.is_empty() || name.chars().count() > 256 || name.contains(['|', ':']) {
        return invalid(format!("ScheduledActionName {name:?} is not valid."));
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
    let old = call.get(ACTIONS, &key);
    let old = old.as_deref();
    let kept = |member: &str| old.and_then(|old| old.get(member)).cloned();
    // What a change does not name stays as it is.
    let mut wire = json!({
        "ScheduledActionName": name,
        "ServiceNamespace": "ecs",
        "ResourceId": resource,
        "ScalableDimension": DIMENSION,
    });
    for (member, given) in [
        ("Schedule", schedule.map(Value::from)),
        ("Timezone", timezone.map(Value::from)),
        ("StartTime", start.map(Value::from)),
        ("EndTime", end.map(Value::from)),
        ("ScalableTargetAction", action),
    ] {
        if let Some(value) = given.or_else(|| kept(member)) {
            wire.set(member, value);
        }
    }
    let written = wire.text("Schedule").to_owned();
    if Expression::parse(&written).is_none() {
        return invalid(format!("Schedule expression {written:?} is not valid."));
    }
    if wire.has("Timezone") && !Zone::exists(wire.text("Timezone")) {
        return invalid(format!("Timezone {} is not valid.", wire.text("Timezone")));
    }
    let bounds = &wire["ScalableTargetAction"];
    let (low, high) = (bounds.integer("MinCapacity"), bounds.integer("MaxCapacity"));
    if !bounds.has("MinCapacity") && !bounds.has("MaxCapacity") {
        return invalid("MinCapacity or MaxCapacity must be specified.".to_owned());
    }
    if low < 0 || high < 0 {
        return invalid("Minimum and maximum capacity cannot be negative.".to_owned());
    }
    if bounds.has("MinCapacity") && bounds.has("MaxCapacity") && high < low {
        return invalid("Maximum capacity cannot be less than minimum capacity.".to_owned());
    }
    if let (Some(start), Some(end)) = (wire["StartTime"].as_f64(), wire["EndTime"].as_f64())
        && end <= start
    {
        return invalid("EndTime must be after StartTime.".to_owned());
    }
    let id = match old {
        Some(old) => old.text("id").to_owned(),
        None => call.ids.uuid(),
    };
    let path = format!("scheduledAction:{id}:resource/ecs/{resource}:scheduledActionName/{name}");
    wire.set("ScheduledActionARN", call.arn("autoscaling", &path));
    wire.set("CreationTime", kept("CreationTime").unwrap_or_else(|| call.time(call.now)));
    wire.set("id", id);
    wire.set("from", call.now);
    if let Some(timer) = old.and_then(|old| old["timer"].as_str()) {
        call.cancel(timer);
    }
    set_timer(call, &key, &mut wire);
    call.put(ACTIONS, &key, wire);
    Ok(json!({}))
}

/// Sets the timer for an action's next time, if it has one.
fn set_timer(call: &mut Call<'_>, key: &str, action: &mut Value) {
    action.unset("timer");
    let Some(expression) = Expression::parse(action.text("Schedule")) else { return };
    if action.has("Timezone") && !Zone::fires(action.text("Timezone")) {
        return;
    }
    let millis = |member: &str| action[member].as_f64().map(|time| (time * 1000.0) as Millis);
    let start = millis("StartTime").unwrap_or(0);
    // What was due while nobody looked has been overtaken by what came after it, but for the last.
    let after = call.now.max(start.saturating_sub(1));
    let from = action.time("from").max(start);
    let Some(at) = expression.next(from, after) else { return };
    if millis("EndTime").is_some_and(|end| at > end) {
        return;
    }
    let timer = call.schedule_for(&SERVICE, at, json!({ "action": key }));
    action.set("timer", timer);
}

/// An action has come due.
pub(super) fn due(call: &mut Call<'_>, payload: &Value) -> Result<(), AwsError> {
    let key = payload.text("action").to_owned();
    let Some(stored) = call.get(ACTIONS, &key) else { return Ok(()) };
    let mut action = Value::clone(&stored);
    set_timer(call, &key, &mut action);
    let resource = action.text("ResourceId").to_owned();
    let bounds = action["ScalableTargetAction"].clone();
    call.put(ACTIONS, &key, action);
    let Some(target) = call.get(TARGETS, &resource) else { return Ok(()) };
    if target["SuspendedState"].flag("ScheduledScalingSuspended") {
        return Ok(());
    }
    let bound = |member: &str| match bounds.has(member) {
        true => bounds.integer(member),
        false => target.integer(member),
    };
    // A bound that would pass the other one moves it along.
    let low = bound("MinCapacity");
    let high = bound("MaxCapacity").max(low);
    call.update(TARGETS, &resource, |target| {
        target.set("MinCapacity", low);
        target.set("MaxCapacity", high);
    });
    target::bring_inside(call, &resource, low, high);
    Ok(())
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    super::namespace(call)?;
    let names = call.input.texts("ScheduledActionNames")?;
    let resource = call.input.optional_text("ResourceId")?;
    let dimension = super::dimension(call)?;
    if names.len() > 50 {
        return Err(call.input.invalid("ScheduledActionNames can have at most 50 elements."));
    }
    if resource.is_none() && dimension.is_some() {
        return Err(call
            .input
            .invalid("ScalableDimension must be given together with ResourceId."));
    }
    let prefix = resource.map(|resource| format!("{resource}/")).unwrap_or_default();
    let rows = call.scan(ACTIONS, &prefix).into_iter().filter(|(_, action)| {
        names.is_empty() || names.iter().any(|name| name == action.text("ScheduledActionName"))
    });
    let show = |action: &Value| {
        let mut action = action.clone();
        for own in ["id", "from", "timer"] {
            action.unset(own);
        }
        action
    };
    let rows: Vec<Value> = rows.map(|(_, action)| show(&action)).collect();
    let page = page(call, rows, |action| action.text("ScheduledActionARN").to_owned())?;
    Ok(json!({"ScheduledActions": page.0, "NextToken": page.1}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("ScheduledActionName")?;
    let resource = resource(call)?;
    let key = format!("{resource}/{name}");
    let Some(action) = call.get(ACTIONS, &key) else {
        return Err(not_found(&format!("scheduled action named {name}"), &resource));
    };
    if let Some(timer) = action["timer"].as_str() {
        call.cancel(timer);
    }
    call.delete(ACTIONS, &key);
    Ok(json!({}))
}

/// The target is gone, and its actions with it.
pub(super) fn forget(call: &mut Call<'_>, resource: &str) {
    for (key, action) in call.scan(ACTIONS, &format!("{resource}/")) {
        if let Some(timer) = action["timer"].as_str() {
            call.cancel(timer);
        }
        call.delete(ACTIONS, &key);
    }
}
