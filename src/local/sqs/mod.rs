//! `sqs`: queues with their attributes, tags and messages. Message move tasks, permissions by
//! AddPermission and message attributes' binary values are not here.
//!
//! Other services deliver through [`message::deliver`].

mod attributes;
pub(super) mod message;
mod queue;
mod redrive;
mod tags;

use std::sync::Arc;

use serde_json::Value;

use super::call::Call;
use super::document::Document;
use super::error::AwsError;
use super::service::{Protocol, Service, read, write};
use super::store::Table;

/// Queues by name: `attributes` as they were set, `created`, `modified`.
const QUEUES: Table = Table::regional("sqs/queue");
/// When a queue of this name was deleted: the name is free again a minute later.
const GRAVES: Table = Table::regional("sqs/grave");
/// Messages by `queue:number`, in order of arrival.
const MESSAGES: Table = Table::regional("sqs/message");

pub(super) static SERVICE: Service = Service {
    name: "sqs",
    protocol: Protocol::Json,
    target: "AmazonSQS",
    namespace: "",
    invalid: "com.amazon.coral.service#InvalidParameterValue",
    invalid_token: "InvalidParameterValue",
    throttle: ("RequestThrottled", 400),
    timer: None,
    operations: &[
        write("CreateQueue", queue::create),
        read("GetQueueUrl", queue::url),
        read("ListQueues", queue::list),
        write("DeleteQueue", queue::delete),
        write("PurgeQueue", queue::purge),
        read("GetQueueAttributes", attributes::get),
        write("SetQueueAttributes", attributes::set),
        read("ListDeadLetterSourceQueues", redrive::sources),
        write("TagQueue", tags::tag),
        write("UntagQueue", tags::untag),
        read("ListQueueTags", tags::list),
        write("SendMessage", message::send),
        write("SendMessageBatch", message::send_batch),
        write("ReceiveMessage", message::receive),
        write("DeleteMessage", message::delete),
        write("DeleteMessageBatch", message::delete_batch),
        write("ChangeMessageVisibility", message::change_visibility),
    ],
};

/// The error of a queue that is not there, with the code that older clients know.
fn missing() -> AwsError {
    AwsError::new(
        "com.amazonaws.sqs#QueueDoesNotExist",
        "The specified queue does not exist for this wsdl version.",
    )
    .query_code("AWS.SimpleQueueService.NonExistentQueue")
}

fn url_of(call: &Call<'_>, name: &str) -> String {
    format!("https://sqs.{}.amazonaws.com/{}/{name}", call.region, call.account)
}

fn arn_of(call: &Call<'_>, name: &str) -> String {
    call.arn("sqs", name)
}

/// The queue that `QueueUrl` names: its name and document.
fn found(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let url = call.input.text("QueueUrl")?;
    let mut steps = url.trim_end_matches('/').rsplit('/');
    let (name, account) = (steps.next().unwrap_or_default(), steps.next().unwrap_or_default());
    if account != call.account {
        return Err(missing());
    }
    let queue = call.get(QUEUES, name).ok_or_else(missing)?;
    Ok((name.to_owned(), queue))
}

/// Is there a queue with this ARN in this account and region?
pub(super) fn exists(call: &Call<'_>, arn: &str) -> bool {
    let prefix = arn_of(call, "");
    arn.strip_prefix(&prefix).is_some_and(|name| call.get(QUEUES, name).is_some())
}

/// Whether the queue's policy lets SNS deliver from this topic.
pub(super) fn admits(call: &Call<'_>, name: &str, topic: &str) -> bool {
    let Some(queue) = call.get(QUEUES, name) else { return false };
    let policy: Value =
        serde_json::from_str(queue["attributes"].text("Policy")).unwrap_or_default();
    let arn = arn_of(call, name);
    let holds = |value: &Value, wanted: &str| match value {
        Value::String(text) => text == wanted || text == "*",
        Value::Array(list) => list.iter().any(|one| one == wanted || one == "*"),
        _ => false,
    };
    let statements = match &policy["Statement"] {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    };
    statements.iter().any(|statement| {
        let principal = &statement["Principal"];
        let action = &statement["Action"];
        let sources = statement["Condition"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, keys)| {
                keys.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case("aws:SourceArn"))
            })
            .map(|(_, value)| value)
            .collect::<Vec<_>>();
        statement.text("Effect") == "Allow"
            && (holds(principal, "*")
                || holds(&principal["Service"], "sns.amazonaws.com")
                || holds(&principal["AWS"], "*"))
            && (holds(action, "sqs:SendMessage")
                || holds(action, "SQS:SendMessage")
                || holds(action, "sqs:*"))
            && holds(&statement["Resource"], &arn)
            && sources.iter().all(|source| holds(source, topic))
    })
}
