//! Targets as other services see them: ECS registers its tasks here, and asks whether they are
//! healthy. A target's state is computed from times whenever it is asked for.

use std::time::Duration;

use serde_json::{Value, json};

use super::{names, target_group};
use crate::local::call::Call;
use crate::local::clock::Millis;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;
use crate::local::store::Table;

/// Targets by `{target group ARN}|{id}:{port}`: `id`, `port`, `zone`, `registered`, `healthy`
/// (when the first check passes, absent if none ever does), `unhealthy` (when enough have failed)
/// and `drained` (when a deregistered one is gone).
pub const TARGETS: Table = Table::regional("elbv2/target");

/// A target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// Where its targets listen unless they say otherwise.
    pub port: u16,
    /// `vpc-…`.
    pub vpc: String,
    /// `ip` or `instance`.
    pub target_type: String,
    /// The load balancers whose listeners or rules forward to it: ECS wants one.
    pub load_balancers: Vec<String>,
    /// How long it takes until a target that answers badly is declared unhealthy.
    pub unhealthy_after: Duration,
}

/// How a target answers its health checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// It passes them.
    Well,
    /// It fails them: no connection.
    Badly,
    /// It answers with a code that is not wanted.
    Code(u16),
    /// It does not answer in time.
    NotInTime,
}

impl Answers {
    /// `Reason` and `Description` of a target that answers so.
    pub fn reason(self) -> (&'static str, String) {
        match self {
            Self::Well | Self::Badly => {
                ("Target.FailedHealthChecks", "Health checks failed".to_owned())
            }
            Self::Code(code) => (
                "Target.ResponseCodeMismatch",
                format!("Health checks failed with these codes: [{code}]"),
            ),
            Self::NotInTime => ("Target.Timeout", "Request timed out".to_owned()),
        }
    }
}

/// The state of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetState {
    /// Registered, and not checked often enough yet.
    Initial,
    /// Takes traffic.
    Healthy,
    /// Failed its checks.
    Unhealthy,
    /// Deregistered, finishing what it has begun.
    Draining,
    /// Registered, but no load balancer forwards to its group.
    Unused,
}

/// The target group with this ARN.
///
/// # Errors
/// `ValidationError` for what is no such ARN, `TargetGroupNotFound`.
pub fn find_target_group(call: &Call<'_>, arn: &str) -> Result<TargetGroup, AwsError> {
    let document = names::target_group(call, arn)?;
    let users = target_group::users(call);
    Ok(TargetGroup {
        arn: arn.to_owned(),
        port: u16::try_from(document.integer("Port")).unwrap_or_default(),
        vpc: document.text("VpcId").to_owned(),
        target_type: document.text("TargetType").to_owned(),
        load_balancers: users.get(arn).cloned().unwrap_or_default(),
        unhealthy_after: unhealthy_after(&document),
    })
}

/// Registers a target that begins to answer now; one that is there is checked anew.
///
/// # Errors
/// As [`find_target_group`].
pub fn register(
    call: &mut Call<'_>,
    group: &str,
    id: &str,
    port: u16,
    zone: Option<&str>,
    answers: Answers,
) -> Result<(), AwsError> {
    let document = names::target_group(call, group)?;
    let mut target = json!({"id": id, "port": port, "registered": call.now});
    match answers {
        Answers::Well => target.set("healthy", call.ready_at(durations::TARGET_INITIAL)),
        badly => {
            target.set("unhealthy", call.ready_at(unhealthy_after(&document)));
            let (reason, description) = badly.reason();
            target.set("reason", reason);
            target.set("description", description);
        }
    }
    if let Some(zone) = zone {
        target.set("zone", zone);
    }
    call.put(TARGETS, &key(group, id, port), target);
    Ok(())
}

/// Makes a registered target pass or fail its checks from now on.
pub fn answer(call: &mut Call<'_>, group: &str, id: &str, port: u16, answers: Answers) {
    let zone =
        call.get(TARGETS, &key(group, id, port)).map(|target| target.text("zone").to_owned());
    if let Some(zone) = zone {
        let zone = Some(zone.as_str()).filter(|zone| !zone.is_empty());
        // A group that is gone has no targets whose health matters.
        let _ = register(call, group, id, port, zone, answers);
    }
}

/// Deregisters a target, which drains for the group's deregistration delay; returns when it is
/// gone. One that is not there is gone already.
pub fn deregister(call: &mut Call<'_>, group: &str, id: &str, port: u16) -> Millis {
    let key = key(group, id, port);
    let Some(target) = call.get(TARGETS, &key) else { return call.now };
    if target.has("drained") {
        return target.time("drained");
    }
    let Ok(document) = names::target_group(call, group) else {
        call.delete(TARGETS, &key);
        return call.now;
    };
    let delay = document["Attributes"].text("deregistration_delay.timeout_seconds");
    let gone = call.ready_at(Duration::from_secs(delay.parse().unwrap_or(300)));
    if target_group::users(call).contains_key(group) {
        call.update(TARGETS, &key, |target| target.set("drained", gone));
        call.schedule_for(&super::SERVICE, gone, json!({"target": key}));
        gone
    } else {
        call.delete(TARGETS, &key);
        call.now
    }
}

/// The state of a target; none if it is not registered, or no longer.
pub fn state(call: &Call<'_>, group: &str, id: &str, port: u16) -> Option<TargetState> {
    let target = call.get(TARGETS, &key(group, id, port))?;
    state_of(call, &target, target_group::users(call).contains_key(group))
}

/// When a target that answers well will be, or was, first healthy.
pub fn healthy_at(call: &Call<'_>, group: &str, id: &str, port: u16) -> Option<Millis> {
    let target = call.get(TARGETS, &key(group, id, port))?;
    target.has("healthy").then(|| target.time("healthy"))
}

/// When a target that answers badly will be, or was, declared unhealthy.
pub fn unhealthy_at(call: &Call<'_>, group: &str, id: &str, port: u16) -> Option<Millis> {
    let target = call.get(TARGETS, &key(group, id, port))?;
    target.has("unhealthy").then(|| target.time("unhealthy"))
}

fn unhealthy_after(group: &Value) -> Duration {
    Duration::from_secs(
        group.time("HealthCheckIntervalSeconds") * group.time("UnhealthyThresholdCount"),
    )
}

pub(super) fn key(group: &str, id: &str, port: u16) -> String {
    format!("{group}|{id}:{port}")
}

pub(super) fn state_of(call: &Call<'_>, target: &Value, used: bool) -> Option<TargetState> {
    if target.has("drained") {
        return (target.time("drained") > call.now).then_some(TargetState::Draining);
    }
    Some(if !used {
        TargetState::Unused
    } else if target.has("healthy") && target.time("healthy") <= call.now {
        TargetState::Healthy
    } else if target.has("unhealthy") && target.time("unhealthy") <= call.now {
        TargetState::Unhealthy
    } else {
        TargetState::Initial
    })
}
