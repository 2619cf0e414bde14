//! Publishing: to every queue whose filter lets the message through and whose policy lets SNS in.

use serde_json::{Value, json};

use super::{SUBSCRIPTIONS, arn_of, filter, topic};
use crate::local::call::{Call, iso8601};
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::Shape;
use crate::local::sqs;

const ATTRIBUTE: Shape =
    Shape::Structure(&[("DataType", Shape::Text), ("StringValue", Shape::Text)]);

pub(super) fn publish(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let (topic, _) = topic(call, &input.text("TopicArn")?)?;
    let message = input.text("Message")?;
    let subject = input.optional_text("Subject")?;
    let group = input.optional_text("MessageGroupId")?;
    let deduplication = input.optional_text("MessageDeduplicationId")?;
    // The query protocol's maps are `entry.N.Name` and `entry.N.Value` here.
    let mut attributes = json!({});
    if let Some(entries) = input.optional_structure("MessageAttributes")? {
        for entry in entries.structures("entry")? {
            let value = entry.shaped("Value", &ATTRIBUTE)?.unwrap_or_default();
            attributes.set(&entry.text("Name")?, value);
        }
    }
    if topic.ends_with(".fifo") && group.is_none() {
        return Err(input.invalid(
            "Invalid parameter: The MessageGroupId parameter is required for FIFO topics",
        ));
    }
    let id = call.ids.uuid();
    let topic_arn = arn_of(call, &topic);
    for (_, found) in call.scan(SUBSCRIPTIONS, &format!("{topic}:")) {
        let given = &found["attributes"];
        if !filter::passes(given, &attributes, &message) {
            continue;
        }
        let endpoint = found.text("endpoint").to_owned();
        let queue = endpoint.rsplit(':').next().unwrap_or_default().to_owned();
        // As on AWS, a queue that is gone or does not let SNS in gets nothing, and nobody is told.
        if !sqs::exists(call, &endpoint) || !sqs::admits(call, &queue, &topic_arn) {
            continue;
        }
        let (body, more) = if given.text("RawMessageDelivery") == "true" {
            (message.clone(), attributes.clone())
        } else {
            let mut envelope = json!({
                "Type": "Notification",
                "MessageId": id,
                "TopicArn": topic_arn,
                "Message": message,
                "Timestamp": iso8601(call.now),
            });
            if let Some(subject) = &subject {
                envelope.set("Subject", subject.clone());
            }
            if attributes.as_object().is_some_and(|all| !all.is_empty()) {
                let shown: serde_json::Map<String, Value> = attributes
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, value)| {
                        let shown =
                            json!({"Type": value["DataType"], "Value": value["StringValue"]});
                        (name.clone(), shown)
                    })
                    .collect();
                envelope.set("MessageAttributes", shown);
            }
            (envelope.to_string(), Value::Null)
        };
        let more = json!({
            "MessageAttributes": more,
            "MessageGroupId": group,
            "MessageDeduplicationId": deduplication,
        });
        sqs::message::deliver(call, &queue, &body, more);
    }
    Ok(json!({"MessageId": id}))
}
