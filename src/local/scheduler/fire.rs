//! Schedules come due: RunTask is called as the schedule's role would; what fails is tried again, then written to the dead letters.

use serde_json::{Value, json};

use super::expression::{Expression, Zone};
use super::{SCHEDULES, SERVICE};
use crate::local::call::{Call, iso8601};
use crate::local::clock::Millis;
use crate::local::document::Document;
use crate::local::ecs;
use crate::local::error::AwsError;
use crate::local::sqs;

/// Tasks that ended longer ago are described no more: what was due before is not played.
const FORGOTTEN: Millis = 3_600_000;
/// The first pause before RunTask is tried again; each one is twice the last.
const FIRST_PAUSE: Millis = 60_000;

/// Takes back a schedule's timer.
pub(super) fn forget(call: &mut Call<'_>, schedule: &Value) {
    if let Some(timer) = schedule["timer"].as_str() {
        call.cancel(timer);
    }
}

/// Sets the timer for a schedule's next time, if it has one. What was due while nobody looked for long is over by now.
pub(super) fn set(call: &mut Call<'_>, key: &str, schedule: &mut Value) {
    schedule.unset("timer");
    let wire = &schedule["wire"];
    let millis = |member: &str| wire[member].as_f64().map(|time| (time * 1000.0) as Millis);
    let Some(expression) = Expression::parse(wire.text("ScheduleExpression")) else { return };
    if wire.text("State") != "ENABLED" || !Zone::fires(wire.text("ScheduleExpressionTimezone")) {
        return;
    }
    let once = matches!(expression, Expression::At(_));
    let start = millis("StartDate").filter(|_| !once).unwrap_or(0);
    let from = schedule.time("from").max(start);
    let after = call.now.max(call.present.saturating_sub(FORGOTTEN)).max(start.saturating_sub(1));
    let Some(at) = expression.next(from, after) else { return };
    if !once && millis("EndDate").is_some_and(|end| at >= end) {
        return;
    }
    // Somewhere in its window, and no fairer place than its beginning.
    let timer = call.schedule_for(&SERVICE, at, json!({"schedule": key}));
    schedule.set("timer", timer);
}

pub(super) fn timer(call: &mut Call<'_>, payload: &Value) -> Result<(), AwsError> {
    let key = payload.text("schedule").to_owned();
    if payload.has("attempt") {
        attempt(call, payload);
        return Ok(());
    }
    let Some(stored) = call.get(SCHEDULES, &key) else { return Ok(()) };
    let mut schedule = Value::clone(&stored);
    let wire = schedule["wire"].clone();
    set(call, &key, &mut schedule);
    if !schedule.has("timer") && wire.text("ActionAfterCompletion") == "DELETE" {
        call.delete(SCHEDULES, &key);
    } else {
        call.put(SCHEDULES, &key, schedule);
    }
    attempt(call, &json!({"attempt": 0, "due": call.now, "wire": wire}));
    Ok(())
}

/// Calls RunTask once; what fails is tried again, and again, as the retry policy says.
fn attempt(call: &mut Call<'_>, payload: &Value) {
    let wire = &payload["wire"];
    let Err(error) = run(call, wire) else { return };
    let attempts = payload.integer("attempt");
    let retry = &wire["Target"]["RetryPolicy"];
    let pause = FIRST_PAUSE << attempts.clamp(0, 10);
    let age = Millis::try_from(retry.integer("MaximumEventAgeInSeconds")).unwrap_or(0) * 1000;
    let why = if attempts >= retry.integer("MaximumRetryAttempts") {
        "MaximumRetryAttempts"
    } else if call.now + pause > payload.time("due") + age {
        "MaximumEventAgeInSeconds"
    } else {
        let mut again = payload.clone();
        again.set("attempt", attempts + 1);
        call.schedule_for(&SERVICE, call.now + pause, again);
        return;
    };
    let Some(queue) = wire["Target"]["DeadLetterConfig"].get("Arn").and_then(Value::as_str) else {
        return;
    };
    let text = |value: &str| json!({"DataType": "String", "StringValue": value});
    let attributes = json!({
        "ERROR_CODE": text(&error.code),
        "ERROR_MESSAGE": text(&error.message),
        "EXHAUSTED_RETRY_CONDITION": text(why),
        "RETRY_ATTEMPTS": json!({"DataType": "Number", "StringValue": attempts.to_string()}),
        "SCHEDULED_TIME": text(&iso8601(payload.time("due"))),
        "SCHEDULE_ARN": text(wire.text("Arn")),
        "TARGET_ARN": text(wire["Target"].text("Arn")),
    });
    let name = queue.rsplit(':').next().unwrap_or_default().to_owned();
    if sqs::exists(call, queue)
        && ecs::role_may(call, wire["Target"].text("RoleArn"), "sqs:SendMessage", queue)
    {
        let body = request(wire).to_string();
        sqs::message::deliver(call, &name, &body, json!({"MessageAttributes": attributes}));
    }
}

/// What RunTask is called with.
fn request(wire: &Value) -> Value {
    let (target, parameters) = (&wire["Target"], &wire["Target"]["EcsParameters"]);
    let mut input = json!({"cluster": target["Arn"], "startedBy": "chronos-schedule", "count": parameters["TaskCount"]});
    for (member, name) in [
        ("TaskDefinitionArn", "taskDefinition"),
        ("LaunchType", "launchType"),
        ("PlatformVersion", "platformVersion"),
        ("Group", "group"),
        ("CapacityProviderStrategy", "capacityProviderStrategy"),
        ("EnableECSManagedTags", "enableECSManagedTags"),
        ("EnableExecuteCommand", "enableExecuteCommand"),
        ("PlacementConstraints", "placementConstraints"),
        ("PlacementStrategy", "placementStrategy"),
        ("PropagateTags", "propagateTags"),
        ("Tags", "tags"),
    ] {
        if parameters.has(member) {
            input.set(name, parameters[member].clone());
        }
    }
    if let Some(network) = parameters["NetworkConfiguration"].get("awsvpcConfiguration") {
        let mut awsvpc = json!({});
        for (member, name) in [
            ("Subnets", "subnets"),
            ("SecurityGroups", "securityGroups"),
            ("AssignPublicIp", "assignPublicIp"),
        ] {
            if network.has(member) {
                awsvpc.set(name, network[member].clone());
            }
        }
        input.set("networkConfiguration", json!({"awsvpcConfiguration": awsvpc}));
    }
    if let Ok(overrides) = serde_json::from_str::<Value>(target.text("Input")) {
        input.set("overrides", overrides);
    }
    input
}

fn run(call: &mut Call<'_>, wire: &Value) -> Result<(), AwsError> {
    let (role, parameters) = (wire["Target"].text("RoleArn"), &wire["Target"]["EcsParameters"]);
    let definition = parameters.text("TaskDefinitionArn");
    if !ecs::role_may(call, role, "ecs:RunTask", definition) {
        return Err(AwsError::new(
            "AccessDeniedException",
            format!("{role} is not authorized to perform: ecs:RunTask on resource: {definition}"),
        ));
    }
    for passed in ecs::roles_of(call, definition) {
        if !ecs::role_may(call, role, "iam:PassRole", &passed) {
            return Err(AwsError::new(
                "AccessDeniedException",
                format!("{role} is not authorized to perform: iam:PassRole on resource: {passed}"),
            ));
        }
    }
    ecs::run_task(call, request(wire))
}
