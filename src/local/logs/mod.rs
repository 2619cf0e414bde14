//! `logs`: log groups, streams and events. Queries, filters that make metrics, subscriptions and
//! exports are not here.
//!
//! Other services write through [`events::write`].

pub mod events;
mod filter;
mod group;
mod group_settings;
mod pattern;
mod stream;
mod tags;

use std::sync::Arc;

use serde_json::Value;

use super::call::Call;
use super::error::AwsError;
use super::service::{self, Protocol, Service};
use super::store::Table;

/// Log groups by name.
const GROUPS: Table = Table::regional("logs/log-group");
/// Streams by `group:stream`; neither name can hold a colon.
const STREAMS: Table = Table::regional("logs/log-stream");
/// Events by `group:stream:time:number`, so that their keys are in order of time.
const EVENTS: Table = Table::regional("logs/event");

pub(super) static SERVICE: Service = Service {
    name: "logs",
    protocol: Protocol::Json,
    target: "Logs_20140328",
    namespace: "",
    invalid: "InvalidParameterException",
    invalid_token: "InvalidParameterException",
    throttle: ("ThrottlingException", 400),
    timer: None,
    operations: &[
        service::write("CreateLogGroup", group::create),
        service::read("DescribeLogGroups", group::describe),
        service::write("DeleteLogGroup", group::delete),
        service::write("PutRetentionPolicy", group_settings::put_retention),
        service::write("DeleteRetentionPolicy", group_settings::delete_retention),
        service::write("AssociateKmsKey", group_settings::associate_key),
        service::write("DisassociateKmsKey", group_settings::disassociate_key),
        service::write("PutLogGroupDeletionProtection", group_settings::put_protection),
        service::write("TagResource", tags::tag_resource),
        service::write("UntagResource", tags::untag_resource),
        service::read("ListTagsForResource", tags::list_for_resource),
        service::write("TagLogGroup", tags::tag_log_group),
        service::write("UntagLogGroup", tags::untag_log_group),
        service::read("ListTagsLogGroup", tags::list_log_group),
        service::write("CreateLogStream", stream::create),
        service::read("DescribeLogStreams", stream::describe),
        service::write("DeleteLogStream", stream::delete),
        service::write("PutLogEvents", events::put),
        service::read("GetLogEvents", events::get),
        service::read("FilterLogEvents", filter::filter),
    ],
};

/// The ARN of a log group, without the `:*` that some of AWS's answers have behind it.
pub(super) fn arn_of(call: &Call<'_>, name: &str) -> String {
    call.arn("logs", &format!("log-group:{name}"))
}

/// Is there a log group with this ARN?
pub(super) fn exists(call: &Call<'_>, arn: &str) -> bool {
    let prefix = arn_of(call, "");
    arn.strip_prefix(&prefix).is_some_and(|name| call.get(GROUPS, name).is_some())
}

fn group_not_found() -> AwsError {
    AwsError::new("ResourceNotFoundException", "The specified log group does not exist.")
}

fn stream_not_found() -> AwsError {
    AwsError::new("ResourceNotFoundException", "The specified log stream does not exist.")
}

/// The name that stands in `logGroupName`, or in `logGroupIdentifier`, which may be an ARN.
fn group_name(call: &Call<'_>) -> Result<String, AwsError> {
    let name = call.input.optional_text("logGroupName")?;
    let identifier = call.input.optional_text("logGroupIdentifier")?;
    match (name, identifier) {
        (Some(name), None) => Ok(name),
        (None, Some(identifier)) => {
            let prefix = arn_of(call, "");
            Ok(identifier.strip_prefix(&prefix).map(str::to_owned).unwrap_or(identifier))
        }
        _ => Err(call
            .input
            .invalid("Either logGroupName or logGroupIdentifier must be specified, and not both")),
    }
}

fn find_group(call: &Call<'_>, name: &str) -> Result<Arc<Value>, AwsError> {
    call.get(GROUPS, name).ok_or_else(group_not_found)
}

fn find_stream(call: &Call<'_>, group: &str, stream: &str) -> Result<Arc<Value>, AwsError> {
    find_group(call, group)?;
    call.get(STREAMS, &format!("{group}:{stream}")).ok_or_else(stream_not_found)
}
