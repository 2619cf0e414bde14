//! Groups: what bears the tags of schedules. A deleted one is `DELETING` for a while, and takes its schedules along.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{DEFAULT, GROUPS, SCHEDULES, check_name, conflict, fire, missing, name};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;

pub(super) fn arn(call: &Call<'_>, name: &str) -> String {
    call.arn("scheduler", &format!("schedule-group/{name}"))
}

/// The group with this name, unless it is gone.
fn find(call: &Call<'_>, name: &str) -> Option<Arc<Value>> {
    if name == DEFAULT {
        return Some(Arc::new(json!({"state": "ACTIVE", "created": 0})));
    }
    let group = call.get(GROUPS, name)?;
    let gone = group.text("state") == "DELETING" && group.time("gone") <= call.now;
    (!gone).then_some(group)
}

/// The group with this name, which is not being deleted.
pub(super) fn active(call: &Call<'_>, name: &str) -> Result<Arc<Value>, AwsError> {
    let group = find(call, name).ok_or_else(|| missing("Schedule group", name))?;
    if group.text("state") == "DELETING" {
        return Err(conflict(format!("Schedule group {name} is being deleted.")));
    }
    Ok(group)
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = name(call, "Name")?;
    let token = call.input.optional_text("ClientToken")?;
    let tags = call.input.tags("Tags", "Key", "Value")?;
    let arn = arn(call, &name);
    if let Some(group) = find(call, &name) {
        let again = token.is_some() && group["token"].as_str() == token.as_deref();
        if again && group.text("state") == "ACTIVE" && call.tags(&arn) == tags {
            return Ok(json!({"ScheduleGroupArn": arn}));
        }
        return Err(conflict(format!("Schedule group {name} already exists.")));
    }
    call.forget_tags(&arn);
    call.add_tags(&arn, tags)?;
    call.put(GROUPS, &name, json!({"state": "ACTIVE", "created": call.now, "token": token}));
    Ok(json!({"ScheduleGroupArn": arn}))
}

fn wire(call: &Call<'_>, name: &str, group: &Value) -> Value {
    let changed = if group.has("deleted") { group.time("deleted") } else { group.time("created") };
    json!({
        "Arn": arn(call, name),
        "Name": name,
        "State": group["state"],
        "CreationDate": call.time(group.time("created")),
        "LastModificationDate": call.time(changed),
    })
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = name(call, "Name")?;
    let group = find(call, &name).ok_or_else(|| missing("Schedule group", &name))?;
    Ok(wire(call, &name, &group))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let prefix = call.input.optional_text("NamePrefix")?.unwrap_or_default();
    if !prefix.is_empty() {
        check_name(call, "namePrefix", &prefix)?;
    }
    let size = call.input.optional_integer_within("MaxResults", 1, 100)?.unwrap_or(100);
    let token = call.input.optional_text("NextToken")?;
    let mut names: Vec<String> = call.scan(GROUPS, "").into_iter().map(|(name, _)| name).collect();
    names.push(DEFAULT.to_owned());
    names.sort();
    let found: Vec<(String, Arc<Value>)> = names
        .into_iter()
        .filter(|name| name.starts_with(&prefix))
        .filter_map(|name| find(call, &name).map(|group| (name, group)))
        .collect();
    let size = usize::try_from(size).unwrap_or(100);
    let page = call.page(found, size, token.as_deref(), |(name, _)| name.clone())?;
    let shown: Vec<Value> =
        page.items.iter().map(|(name, group)| wire(call, name, group)).collect();
    Ok(json!({"ScheduleGroups": shown, "NextToken": page.next}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = name(call, "Name")?;
    // A query parameter; deleting again changes nothing anyway.
    call.input.accept("clientToken");
    if name == DEFAULT {
        return Err(call.input.invalid("The default schedule group cannot be deleted."));
    }
    let group = find(call, &name).ok_or_else(|| missing("Schedule group", &name))?;
    if group.text("state") == "DELETING" {
        return Ok(json!({}));
    }
    for (key, schedule) in call.scan(SCHEDULES, &format!("{name}/")) {
        fire::forget(call, &schedule);
        call.delete(SCHEDULES, &key);
    }
    let (now, gone) = (call.now, call.ready_at(durations::SCHEDULE_GROUP_DELETION));
    call.update(GROUPS, &name, |group| {
        group.set("state", "DELETING");
        group.set("deleted", now);
        group.set("gone", gone);
    });
    let arn = arn(call, &name);
    call.forget_tags(&arn);
    Ok(json!({}))
}
