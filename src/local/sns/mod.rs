//! `sns`: topics, subscriptions to queues, and publishing to them. Mobile push, SMS, mail, HTTP
//! endpoints and data protection policies are not here.

mod filter;
mod publish;
mod subscription;
mod tags;
mod topic;

use std::sync::Arc;

use serde_json::Value;

use super::call::Call;
use super::error::AwsError;
use super::service::{Protocol, Service, read, write};
use super::store::Table;

/// Topics by name: `attributes` as they were set.
const TOPICS: Table = Table::regional("sns/topic");
/// Subscriptions by `topic:id`: `protocol`, `endpoint`, `attributes` as they were set.
const SUBSCRIPTIONS: Table = Table::regional("sns/subscription");

pub(super) static SERVICE: Service = Service {
    name: "sns",
    protocol: Protocol::Query,
    target: "2010-03-31",
    namespace: "http://sns.amazonaws.com/doc/2010-03-31/",
    invalid: "InvalidParameter",
    invalid_token: "InvalidParameter",
    throttle: ("Throttled", 429),
    timer: None,
    operations: &[
        write("CreateTopic", topic::create),
        read("GetTopicAttributes", topic::attributes),
        write("SetTopicAttributes", topic::set_attribute),
        read("ListTopics", topic::list),
        write("DeleteTopic", topic::delete),
        write("Subscribe", subscription::create),
        write("Unsubscribe", subscription::delete),
        read("GetSubscriptionAttributes", subscription::attributes),
        write("SetSubscriptionAttributes", subscription::set_attribute),
        read("ListSubscriptions", subscription::list),
        read("ListSubscriptionsByTopic", subscription::list_by_topic),
        write("Publish", publish::publish),
        write("TagResource", tags::tag),
        write("UntagResource", tags::untag),
        read("ListTagsForResource", tags::list),
    ],
};

fn arn_of(call: &Call<'_>, name: &str) -> String {
    call.arn("sns", name)
}

fn missing(what: &str) -> AwsError {
    AwsError::new("NotFound", format!("{what} does not exist")).status(404)
}

/// The topic that an ARN names: its name and document.
fn topic(call: &Call<'_>, arn: &str) -> Result<(String, Arc<Value>), AwsError> {
    if !arn.starts_with("arn:aws:sns:") || arn.split(':').count() != 6 {
        return Err(call.input.invalid("Invalid parameter: TopicArn"));
    }
    let prefix = arn_of(call, "");
    let name = arn.strip_prefix(&prefix).ok_or_else(|| missing("Topic"))?;
    let topic = call.get(TOPICS, name).ok_or_else(|| missing("Topic"))?;
    Ok((name.to_owned(), topic))
}

/// The subscription that an ARN names: its key and document.
fn subscription(call: &Call<'_>, arn: &str) -> Result<(String, Arc<Value>), AwsError> {
    let prefix = arn_of(call, "");
    let key = arn.strip_prefix(&prefix).filter(|key| key.contains(':'));
    let key = key.ok_or_else(|| call.input.invalid("Invalid parameter: SubscriptionArn"))?;
    let found = call.get(SUBSCRIPTIONS, key).ok_or_else(|| missing("Subscription"))?;
    Ok((key.to_owned(), found))
}
