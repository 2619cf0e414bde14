//! Who called what: CloudTrail's event history.

use aws_sdk_cloudtrail::config::Region;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::Serialize;

use super::{Cx, classify};
use crate::engine::Failure;

/// One call that changed something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrailEvent {
    /// When, in UTC: `2026-11-21T07:12:29Z`.
    pub at: String,
    /// The caller's ARN, or what stands in its place.
    pub by: String,
    /// `ecs UpdateService`.
    pub operation: String,
    /// The resources that it names.
    #[serde(skip)]
    pub resources: Vec<String>,
}

/// By what events are looked up: the API takes one attribute at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By<'a> {
    /// A resource's id, name or ARN.
    Resource(&'a str),
    /// An operation: `DeleteVpc`.
    Operation(&'a str),
}

/// The newest calls since `since` (UTC, as in [`TrailEvent::at`]) that changed something, newest
/// first, at most fifty looked at. `global` asks where the events of services without regions
/// (IAM) are. AWS allows two such calls a second, and shows events some minutes late.
///
/// # Errors
/// `cloudtrail LookupEvents` is refused.
pub async fn events(
    cx: &Cx,
    by: By<'_>,
    since: &str,
    global: bool,
) -> Result<Vec<TrailEvent>, Failure> {
    let (key, value) = match by {
        By::Resource(name) => (LookupAttributeKey::ResourceName, name),
        By::Operation(name) => (LookupAttributeKey::EventName, name),
    };
    let attribute = LookupAttribute::builder().attribute_key(key).attribute_value(value).build();
    let attribute = attribute.map_err(|error| Failure::internal(error.to_string()))?;
    let since = DateTime::from_str(since, Format::DateTime).ok();
    let call = cx
        .cloudtrail
        .lookup_events()
        .lookup_attributes(attribute)
        .set_start_time(since)
        .max_results(50)
        .customize();
    let call = match cx.partition() {
        _ if !global => call,
        partition => call.config_override(
            aws_sdk_cloudtrail::Config::builder().region(Region::new(home(partition))),
        ),
    };
    let answer = call.send().await;
    let answer = answer.map_err(|error| classify("cloudtrail LookupEvents", error))?;
    let writes = answer.events().iter().filter(|event| event.read_only() != Some("true"));
    Ok(writes
        .map(|event| {
            let service = event.event_source().and_then(|source| source.split('.').next());
            TrailEvent {
                at: event
                    .event_time()
                    .and_then(|at| DateTime::from_secs(at.secs()).fmt(Format::DateTime).ok())
                    .unwrap_or_default(),
                by: event
                    .cloud_trail_event()
                    .and_then(arn)
                    .or_else(|| event.username().map(ToOwned::to_owned))
                    .unwrap_or_else(|| "an AWS service".to_owned()),
                operation: format!(
                    "{} {}",
                    service.unwrap_or_default(),
                    event.event_name().unwrap_or_default()
                ),
                resources: event
                    .resources()
                    .iter()
                    .filter_map(|resource| resource.resource_name().map(ToOwned::to_owned))
                    .collect(),
            }
        })
        .collect())
}

/// The caller's ARN, or the service that called for itself.
fn arn(event: &str) -> Option<String> {
    let event: serde_json::Value = serde_json::from_str(event).ok()?;
    let who = &event["userIdentity"];
    let text = who["arn"].as_str().or_else(|| who["invokedBy"].as_str());
    text.map(ToOwned::to_owned)
}

/// The region that holds the events of services without regions.
fn home(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    }
}
