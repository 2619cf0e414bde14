//! Rules of listeners.

use std::sync::Arc;

use serde_json::{Value, json};

use super::common::{begin, conflict, invalid, made_before, missing, name, page, quota, set_times};
use super::{RULES, action, listener};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::Params;

const WORD: &str = "RULE";
/// Rules that a listener may have.
const MOST: usize = 10;

/// The ARN of the rule with this key.
pub(super) fn arn(call: &Call<'_>, key: &str) -> String {
    let (listener, rule) = key.rsplit_once('/').unwrap_or((key, ""));
    format!("{}/rule/{rule}", listener::arn(call, listener))
}

/// Key and document of the rule that the input names.
fn of_input(call: &Call<'_>, input: &Params) -> Result<(String, Arc<Value>), AwsError> {
    let (listener, _) = listener::of_input(call)?;
    let reference = input.text("ruleIdentifier")?;
    let id = reference.rsplit('/').next().unwrap_or_default();
    let key = format!("{listener}/{id}");
    let found = call.get(RULES, &key).ok_or_else(|| missing(WORD, &reference))?;
    Ok((key, found))
}

fn priority(input: &Params) -> Result<Option<i64>, AwsError> {
    input.optional_integer_within("priority", 1, 2000)
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (listener, found) = listener::of_input(call)?;
    let name = name(call, 63, "rule-")?;
    let input = call.input.clone();
    let priority = priority(&input)?.ok_or_else(|| input.missing("priority"))?;
    let matching = action::matching(&input)?.ok_or_else(|| input.missing("match"))?;
    let protocol = found.text("protocol");
    if protocol == "TLS_PASSTHROUGH" {
        return Err(invalid("A TLS_PASSTHROUGH listener has no rules"));
    }
    let action = action::action(call, &input, "action", protocol)?;
    let action = action.ok_or_else(|| input.missing("action"))?;
    let token = call.input.optional_text("clientToken")?;
    let tags = call.input.map("tags")?;
    let asked = json!({"name": name, "priority": priority, "match": matching, "action": action});
    let rows = call.scan(RULES, &format!("{listener}/"));
    if let Some((key, one)) = made_before(token.as_deref(), &rows, &asked, WORD)? {
        return Ok(wire(call, &key, &one, true));
    }
    if let Some((key, _)) = rows.iter().find(|(_, one)| one.text("name") == name) {
        return Err(conflict(WORD, key, format!("Rule {name} already exists")));
    }
    free(&rows, priority, "")?;
    quota(WORD, rows.len(), MOST)?;
    let key = format!("{listener}/{}", call.ids.resource("rule"));
    let mut one = asked.clone();
    begin(call, &mut one, token, asked);
    call.add_tags(&arn(call, &key), tags)?;
    call.put(RULES, &key, one.clone());
    Ok(wire(call, &key, &one, true))
}

/// No other rule has this priority.
fn free(rows: &[(String, Arc<Value>)], priority: i64, own: &str) -> Result<(), AwsError> {
    match rows.iter().find(|(key, one)| key != own && one.integer("priority") == priority) {
        Some((key, _)) => {
            Err(conflict(WORD, key, format!("A rule of priority {priority} already exists")))
        }
        None => Ok(()),
    }
}

fn wire(call: &Call<'_>, key: &str, one: &Value, fresh: bool) -> Value {
    let id = key.rsplit('/').next().unwrap_or_default();
    let mut wire = json!({
        "id": id, "arn": arn(call, key), "name": one["name"], "priority": one["priority"], "match": one["match"],
        "action": one["action"],
    });
    if !fresh {
        wire.set("isDefault", false);
    }
    wire
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, one) = of_input(call, &call.input)?;
    let mut wire = wire(call, &key, &one, false);
    set_times(&mut wire, &one);
    Ok(wire)
}

/// The listener's default rule is among them, with a made-up id: it has no document of its own.
pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (listener, found) = listener::of_input(call)?;
    let digits = listener.rsplit("listener-").next().unwrap_or_default();
    let id = format!("rule-{digits}");
    let mut default = json!({
        "id": id, "arn": arn(call, &format!("{listener}/{id}")), "name": "default", "isDefault": true,
    });
    set_times(&mut default, &found);
    let rows = call.scan(RULES, &format!("{listener}/"));
    let shown = rows.iter().map(|(key, one)| {
        let mut wire = wire(call, key, one, false);
        set_times(&mut wire, one);
        for member in ["match", "action"] {
            wire.unset(member);
        }
        wire
    });
    let shown = shown.chain([default]).collect();
    page(call, shown)
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    change(call, &input)
}

fn change(call: &mut Call<'_>, input: &Params) -> Result<Value, AwsError> {
    let (listener, found) = listener::of_input(call)?;
    let priority = priority(input)?;
    let matching = action::matching(input)?;
    let action = action::action(call, input, "action", found.text("protocol"))?;
    let (key, _) = of_input(call, input)?;
    if let Some(priority) = priority {
        free(&call.scan(RULES, &format!("{listener}/")), priority, &key)?;
    }
    let now = call.now;
    call.update(RULES, &key, |one| {
        for (member, value) in [
            ("priority", priority.map(Value::from)),
            ("match", matching),
            ("action", action),
            ("updated", Some(now.into())),
        ] {
            if let Some(value) = value {
                one.set(member, value);
            }
        }
    });
    let one = call.get(RULES, &key).unwrap_or_default();
    Ok(wire(call, &key, &one, false))
}

/// Rules one after another; what is refused of one does not keep the others.
pub(super) fn batch_update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let rules = call.input.structures("rules")?;
    if rules.is_empty() || rules.len() > 5 {
        return Err(invalid("rules must have 1 to 5 members"));
    }
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for rule in rules {
        let id = rule.text("ruleIdentifier")?;
        match change(call, &rule) {
            Ok(wire) => done.push(wire),
            Err(error) => failed.push(json!({
                "ruleIdentifier": id, "failureCode": error.code, "failureMessage": error.message,
            })),
        }
    }
    Ok(json!({"successful": done, "unsuccessful": failed}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, _) = of_input(call, &call.input)?;
    let arn = arn(call, &key);
    call.forget_tags(&arn);
    call.delete(RULES, &key);
    Ok(json!({}))
}
