//! Schedules: created, overwritten as a whole, deleted.

use std::sync::Arc;

use serde_json::{Value, json};

use super::expression::{Expression, Zone};
use super::{
    DEFAULT, SCHEDULES, check_name, conflict, fire, group, missing, name, target, text_within,
};
use crate::local::call::Call;
use crate::local::clock::Millis;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::Shape;

const FLEXIBLE_TIME_WINDOW: Shape = Shape::Structure(&[
    ("Mode", Shape::OneOf(&["OFF", "FLEXIBLE"])),
    ("MaximumWindowInMinutes", Shape::Integer),
]);

fn arn(call: &Call<'_>, group: &str, name: &str) -> String {
    call.arn("scheduler", &format!("schedule/{group}/{name}"))
}

/// The group's name in a member of the input.
fn group_name(call: &Call<'_>, member: &str) -> Result<String, AwsError> {
    let group = call.input.optional_text(member)?.unwrap_or_else(|| DEFAULT.to_owned());
    check_name(call, member, &group)?;
    Ok(group)
}

/// What the caller wants, as GetSchedule shows it; all that was left out has its default.
fn wanted(call: &mut Call<'_>, group: &str, name: &str) -> Result<Value, AwsError> {
    let text = text_within(call, "ScheduleExpression", 256)?
        .ok_or_else(|| call.input.missing("ScheduleExpression"))?;
    let Some(expression) = Expression::parse(&text) else {
        return Err(call.input.invalid(format!("Invalid Schedule Expression {text}.")));
    };
    let zone = text_within(call, "ScheduleExpressionTimezone", 50)?;
    let zone = zone.unwrap_or_else(|| "UTC".to_owned());
    if !Zone::exists(&zone) {
        return Err(call.input.invalid(format!("Invalid Schedule Expression Timezone {zone}.")));
    }
    let state = call.input.optional_one_of("State", &["ENABLED", "DISABLED"])?;
    let after = call.input.optional_one_of("ActionAfterCompletion", &["NONE", "DELETE"])?;
    let start = call.input.optional_number("StartDate")?;
    let end = call.input.optional_number("EndDate")?;
    if end.is_some_and(|end| end * 1000.0 <= call.now as f64) {
        return Err(call.input.invalid("The EndDate you specify must be in the future."));
    }
    if let (Some(start), Some(end)) = (start, end)
        && end <= start
    {
        return Err(call.input.invalid("The EndDate you specify must come after the StartDate."));
    }
    if matches!(expression, Expression::At(_))
        && after.as_deref() == Some("DELETE")
        && end.is_some()
    {
        return Err(call.input.invalid("EndDate cannot be set for a one-time schedule."));
    }
    let window = call
        .input
        .shaped("FlexibleTimeWindow", &FLEXIBLE_TIME_WINDOW)?
        .ok_or_else(|| call.input.missing("FlexibleTimeWindow"))?;
    match (window.text("Mode"), window.get("MaximumWindowInMinutes").and_then(Value::as_i64)) {
        ("OFF", None) => {}
        ("OFF", Some(_)) => {
            return Err(call.input.invalid(
                "MaximumWindowInMinutes must not be set when the FlexibleTimeWindow's Mode is OFF.",
            ));
        }
        ("FLEXIBLE", Some(1..=1440)) => {}
        ("FLEXIBLE", _) => {
            return Err(call.input.invalid(
                "MaximumWindowInMinutes must be set to a value from 1 to 1440 when the FlexibleTimeWindow's Mode is \
                 FLEXIBLE.",
            ));
        }
        _ => return Err(call.input.missing("FlexibleTimeWindow.Mode")),
    }
    let mut wire = json!({
        "Arn": arn(call, group, name),
        "GroupName": group,
        "Name": name,
        "ScheduleExpression": text,
        "ScheduleExpressionTimezone": zone,
        "State": state.unwrap_or_else(|| "ENABLED".to_owned()),
        "ActionAfterCompletion": after.unwrap_or_else(|| "NONE".to_owned()),
        "FlexibleTimeWindow": window,
        "Target": target::read(call)?,
    });
    if let Some(description) = text_within(call, "Description", 512)? {
        wire.set("Description", description);
    }
    if let Some(key) = text_within(call, "KmsKeyArn", 2048)? {
        if !key.starts_with("arn:aws:kms:") {
            return Err(call.input.invalid(format!("'{key}' is not the ARN of a KMS key.")));
        }
        wire.set("KmsKeyArn", key);
    }
    for (member, time) in [("StartDate", start), ("EndDate", end)] {
        if let Some(time) = time {
            wire.set(member, json!(time));
        }
    }
    Ok(wire)
}

/// Writes a schedule and sets the timer for its next time.
fn save(
    call: &mut Call<'_>,
    key: &str,
    mut wire: Value,
    created: Millis,
    token: Option<String>,
    request: &Value,
) {
    wire.set("CreationDate", call.time(created));
    wire.set("LastModificationDate", call.time(call.now));
    let mut schedule = json!({"wire": wire, "created": created, "from": call.now, "token": token, "request": request});
    fire::set(call, key, &mut schedule);
    call.put(SCHEDULES, key, schedule);
}

fn find(call: &Call<'_>, group: &str, name: &str) -> Result<Arc<Value>, AwsError> {
    call.get(SCHEDULES, &format!("{group}/{name}")).ok_or_else(|| missing("Schedule", name))
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = name(call, "Name")?;
    let group = group_name(call, "GroupName")?;
    let token = call.input.optional_text("ClientToken")?;
    let wire = wanted(call, &group, &name)?;
    group::active(call, &group)?;
    let arn = arn(call, &group, &name);
    if let Ok(there) = find(call, &group, &name) {
        let again = token.is_some() && there["token"].as_str() == token.as_deref();
        if again && there["request"] == wire {
            return Ok(json!({"ScheduleArn": arn}));
        }
        return Err(conflict(format!("Schedule {name} already exists.")));
    }
    let request = wire.clone();
    save(call, &format!("{group}/{name}"), wire, call.now, token, &request);
    Ok(json!({"ScheduleArn": arn}))
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = name(call, "Name")?;
    let group = group_name(call, "GroupName")?;
    // Writing the same thing twice leaves what writing it once leaves.
    call.input.accept("ClientToken");
    let wire = wanted(call, &group, &name)?;
    let old = find(call, &group, &name)?;
    fire::forget(call, &old);
    let token = old["token"].as_str().map(str::to_owned);
    save(call, &format!("{group}/{name}"), wire, old.time("created"), token, &old["request"]);
    Ok(json!({"ScheduleArn": arn(call, &group, &name)}))
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = name(call, "Name")?;
    let group = group_name(call, "groupName")?;
    Ok(find(call, &group, &name)?["wire"].clone())
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = name(call, "Name")?;
    let group = group_name(call, "groupName")?;
    // A second deletion finds nothing, whatever its token.
    call.input.accept("clientToken");
    let schedule = find(call, &group, &name)?;
    fire::forget(call, &schedule);
    call.delete(SCHEDULES, &format!("{group}/{name}"));
    Ok(json!({}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let group = call.input.optional_text("ScheduleGroup")?;
    let prefix = call.input.optional_text("NamePrefix")?.unwrap_or_default();
    let state = call.input.optional_one_of("State", &["ENABLED", "DISABLED"])?;
    let size = call.input.optional_integer_within("MaxResults", 1, 100)?.unwrap_or(100);
    let token = call.input.optional_text("NextToken")?;
    if let Some(group) = &group {
        check_name(call, "ScheduleGroup", group)?;
        match group::active(call, group) {
            Err(error) if error.status == 404 => return Err(error),
            _ => {}
        }
    }
    let within = group.map(|group| format!("{group}/")).unwrap_or_default();
    let mut found = call.scan(SCHEDULES, &within);
    found.retain(|(_, schedule)| {
        let wire = &schedule["wire"];
        wire.text("Name").starts_with(&prefix)
            && state.as_ref().is_none_or(|state| wire.text("State") == state)
    });
    let size = usize::try_from(size).unwrap_or(100);
    let page = call.page(found, size, token.as_deref(), |(key, _)| key.clone())?;
    let shown: Vec<Value> = page
        .items
        .iter()
        .map(|(_, schedule)| {
            let mut short = json!({"Target": {"Arn": schedule["wire"]["Target"]["Arn"]}});
            for member in
                ["Arn", "Name", "GroupName", "State", "CreationDate", "LastModificationDate"]
            {
                short.set(member, schedule["wire"][member].clone());
            }
            short
        })
        .collect();
    Ok(json!({"Schedules": shown, "NextToken": page.next}))
}
