//! Targets, as callers and as ECS see them. A target's state is computed from times whenever it is asked for.

use std::time::Duration;

use serde_json::{Value, json};

use super::common::{TARGET_GROUP, conflict, invalid, pages, status};
use super::{SERVICE, TARGETS, target_group};
use crate::local::call::Call;
use crate::local::clock::Millis;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::elbv2::targets::Answers;
use crate::local::error::AwsError;
use crate::local::params::Params;

/// A target group, as ECS must know it.
#[derive(Debug)]
pub(crate) struct TargetGroup {
    /// `IP`, `INSTANCE` or `ALB`.
    pub(crate) kind: String,
    /// `vpc-…`.
    pub(crate) vpc: String,
    /// It is not being made or deleted.
    pub(crate) active: bool,
    /// How long it takes until a target that answers badly is declared unhealthy.
    pub(crate) unhealthy_after: Duration,
}

/// Is this the ARN of a target group of Lattice?
pub(crate) fn is_lattice(arn: &str) -> bool {
    arn.split(':').nth(2) == Some("vpc-lattice")
}

/// The target group with this ARN, if there is one.
pub(crate) fn find(call: &Call<'_>, arn: &str) -> Option<TargetGroup> {
    let (_, group) = TARGET_GROUP.at(call, arn).ok()?;
    Some(TargetGroup {
        kind: group.text("type").to_owned(),
        vpc: group["config"].text("vpcIdentifier").to_owned(),
        active: status(call, &group) == "ACTIVE",
        unhealthy_after: unhealthy_after(&group),
    })
}

fn unhealthy_after(group: &Value) -> Duration {
    let check = &group["config"]["healthCheck"];
    Duration::from_secs(
        check.time("healthCheckIntervalSeconds") * check.time("unhealthyThresholdCount"),
    )
}

/// Registers a target that begins to answer now. Returns whether the group is there.
pub(crate) fn register(
    call: &mut Call<'_>,
    group: &str,
    id: &str,
    port: u16,
    answers: Answers,
) -> bool {
    let Ok((group, found)) = TARGET_GROUP.at(call, group) else { return false };
    let mut target = json!({"id": id, "port": port});
    match answers {
        Answers::Well => target.set("healthy", call.ready_at(durations::TARGET_INITIAL)),
        badly => {
            target.set("unhealthy", call.ready_at(unhealthy_after(&found)));
            target.set("reason", badly.reason().0.replace("Target.", ""));
        }
    }
    call.put(TARGETS, &format!("{group}/{id}:{port}"), target);
    true
}

/// Deregisters a target, which finishes what it has begun; returns when it is gone.
pub(crate) fn deregister(call: &mut Call<'_>, group: &str, id: &str, port: u16) -> Millis {
    let Ok((group, _)) = TARGET_GROUP.at(call, group) else { return call.now };
    let key = format!("{group}/{id}:{port}");
    let Some(target) = call.get(TARGETS, &key) else { return call.now };
    if target.has("drained") {
        return target.time("drained");
    }
    let gone = call.ready_at(durations::LATTICE_DRAINING);
    call.update(TARGETS, &key, |target| target.set("drained", gone));
    call.schedule_for(&SERVICE, gone, json!({"gone": "target", "id": key}));
    gone
}

fn state(call: &Call<'_>, target: &Value, used: bool, checked: bool) -> &'static str {
    if target.has("drained") {
        "DRAINING"
    } else if !used {
        "UNUSED"
    } else if !checked {
        "UNAVAILABLE"
    } else if target.has("healthy") && target.time("healthy") <= call.now {
        "HEALTHY"
    } else if target.has("unhealthy") && target.time("unhealthy") <= call.now {
        "UNHEALTHY"
    } else {
        "INITIAL"
    }
}

/// The targets that a call names, each with its port.
fn named(call: &Call<'_>, group: &Value) -> Result<Vec<(String, u16)>, AwsError> {
    let own = group["config"].integer("port");
    let read = |target: Params| {
        let id = target.text("id")?;
        let port = target.optional_integer_within("port", 1, 65_535)?.unwrap_or(own);
        Ok((id, u16::try_from(port).unwrap_or_default()))
    };
    let targets: Vec<_> =
        call.input.structures("targets")?.into_iter().map(read).collect::<Result<_, AwsError>>()?;
    match targets.len() {
        0 => Err(call.input.missing("targets")),
        1..=100 => Ok(targets),
        _ => Err(invalid("targets can have at most 100 members")),
    }
}

pub(super) fn register_all(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, group) = TARGET_GROUP.of_input(call, "targetGroupIdentifier")?;
    let targets = named(call, &group)?;
    if status(call, &group) != "ACTIVE" {
        return Err(conflict(TARGET_GROUP.word, &id, format!("Target group {id} is not ACTIVE")));
    }
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for (target, port) in targets {
        let good = match group.text("type") {
            "IP" => target.parse::<std::net::IpAddr>().is_ok(),
            "INSTANCE" => target.starts_with("i-"),
            _ => target.starts_with("arn:"),
        };
        if good {
            register(call, &id, &target, port, Answers::Well);
            done.push(json!({"id": target, "port": port}));
        } else {
            let message = format!("{target} is not a target of type {}", group.text("type"));
            failed.push(json!({
                "id": target, "port": port, "failureCode": "InvalidTarget", "failureMessage": message,
            }));
        }
    }
    Ok(json!({"successful": done, "unsuccessful": failed}))
}

pub(super) fn deregister_all(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, group) = TARGET_GROUP.of_input(call, "targetGroupIdentifier")?;
    let targets = named(call, &group)?;
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for (target, port) in targets {
        if call.get(TARGETS, &format!("{id}/{target}:{port}")).is_some() {
            deregister(call, &id, &target, port);
            done.push(json!({"id": target, "port": port}));
        } else {
            failed.push(json!({
                "id": target, "port": port, "failureCode": "TargetNotFound",
                "failureMessage": format!("{target} is not registered"),
            }));
        }
    }
    Ok(json!({"successful": done, "unsuccessful": failed}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, group) = TARGET_GROUP.of_input(call, "targetGroupIdentifier")?;
    let wanted = match call.input.has("targets") {
        true => Some(named(call, &group)?),
        false => None,
    };
    let used = !target_group::users(call, &id).is_empty();
    let check = &group["config"]["healthCheck"];
    let mut rows = call.scan(TARGETS, &format!("{id}/"));
    rows.retain(|(_, one)| {
        let own = (one.text("id").to_owned(), u16::try_from(one.integer("port")).unwrap_or(0));
        wanted.as_ref().is_none_or(|wanted| wanted.contains(&own))
    });
    let shown = rows.iter().map(|(_, one)| {
        let state = state(call, one, used, check.flag("enabled"));
        let mut wire = json!({"id": one["id"], "port": one["port"], "status": state});
        if state == "UNHEALTHY" {
            wire.set("reasonCode", one["reason"].clone());
        }
        wire
    });
    let shown = shown.collect();
    pages(call, shown, |one| format!("{}:{}", one.text("id"), one.integer("port")))
}
