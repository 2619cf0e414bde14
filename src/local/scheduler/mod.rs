//! `scheduler`: EventBridge Scheduler's groups and schedules whose target is ECS's RunTask. A schedule fires by the clock on the
//! wall, when the account is next looked at; in which time zones stands in [`expression`]. Other targets are refused.

pub(super) mod expression;
mod fire;
mod group;
mod schedule;
mod tags;
mod target;

use super::call::Call;
use super::error::AwsError;
use super::service::{Protocol, Service, read, write};
use super::store::Table;

/// Groups by name: `state`, `created`, `gone` (when a deleted one is), `token`.
const GROUPS: Table = Table::regional("scheduler/schedule-group");
/// Schedules by `group/name`: `wire` (as GetSchedule shows it), `token`, `request`, `timer`, `from`.
const SCHEDULES: Table = Table::regional("scheduler/schedule");

/// The group that every account has.
const DEFAULT: &str = "default";

pub(super) static SERVICE: Service = Service {
    name: "scheduler",
    protocol: Protocol::RestJson,
    target: "",
    namespace: "",
    invalid: "ValidationException",
    invalid_token: "ValidationException",
    throttle: ("ThrottlingException", 429),
    timer: Some(fire::timer),
    operations: &[
        write("CreateScheduleGroup", group::create).at("POST /schedule-groups/{Name}"),
        read("GetScheduleGroup", group::get).at("GET /schedule-groups/{Name}"),
        read("ListScheduleGroups", group::list).at("GET /schedule-groups"),
        write("DeleteScheduleGroup", group::delete).at("DELETE /schedule-groups/{Name}"),
        write("CreateSchedule", schedule::create).at("POST /schedules/{Name}"),
        read("GetSchedule", schedule::get).at("GET /schedules/{Name}"),
        write("UpdateSchedule", schedule::update).at("PUT /schedules/{Name}"),
        write("DeleteSchedule", schedule::delete).at("DELETE /schedules/{Name}"),
        read("ListSchedules", schedule::list).at("GET /schedules"),
        write("TagResource", tags::tag).at("POST /tags/{ResourceArn+}"),
        write("UntagResource", tags::untag).at("DELETE /tags/{ResourceArn+}"),
        read("ListTagsForResource", tags::list).at("GET /tags/{ResourceArn+}"),
    ],
};

fn missing(what: &str, name: &str) -> AwsError {
    AwsError::new("ResourceNotFoundException", format!("{what} {name} does not exist.")).status(404)
}

fn conflict(message: String) -> AwsError {
    AwsError::new("ConflictException", message).status(409)
}

/// A required name of a group or schedule.
fn name(call: &Call<'_>, member: &str) -> Result<String, AwsError> {
    let name = call.input.text(member)?;
    check_name(call, member, &name)?;
    Ok(name)
}

fn check_name(call: &Call<'_>, member: &str, name: &str) -> Result<(), AwsError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(legal) {
        return Err(call.input.invalid(format!(
            "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: ^[0-9a-zA-Z-_.]+$"
        )));
    }
    Ok(())
}

/// A text with a longest length.
fn text_within(call: &Call<'_>, member: &str, most: usize) -> Result<Option<String>, AwsError> {
    let text = call.input.optional_text(member)?;
    match &text {
        Some(text) if text.chars().count() > most => Err(call.input.invalid(format!(
            "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have length \
             less than or equal to {most}"
        ))),
        _ => Ok(text),
    }
}
