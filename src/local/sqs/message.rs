//! Messages: sent, received, hidden, moved to the dead letters, deleted.
//!
//! FIFO queues hand out a group's messages in order; groups do not block each other here as
//! finely as on AWS.

use serde_json::{Value, json};

use super::{MESSAGES, QUEUES, attributes, found, redrive};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::{Params, Shape};

/// How many messages a queue holds.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) visible: usize,
    pub(super) in_flight: usize,
    pub(super) delayed: usize,
}

pub(super) fn counts(call: &Call<'_>, queue: &str) -> Counts {
    let mut counts = Counts::default();
    for (_, message) in call.scan(MESSAGES, &format!("{queue}:")) {
        if expired(call, queue, &message) {
            continue;
        }
        let hidden = message.time("visible") > call.now;
        match (hidden, message.integer("received")) {
            (false, _) => counts.visible += 1,
            (true, 0) => counts.delayed += 1,
            (true, _) => counts.in_flight += 1,
        }
    }
    counts
}

fn seconds(call: &Call<'_>, queue: &str, attribute: &str) -> u64 {
    let stored = call.get(QUEUES, queue);
    let given = stored.as_deref().map_or(&Value::Null, |queue| &queue["attributes"]);
    let all = attributes::complete(queue, given);
    all.get(attribute).and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn expired(call: &Call<'_>, queue: &str, message: &Value) -> bool {
    message.time("sent") + seconds(call, queue, "MessageRetentionPeriod") * 1000 <= call.now
}

/// Puts a message into a queue of this account and region. Returns its id.
pub(in crate::local) fn deliver(
    call: &mut Call<'_>,
    queue: &str,
    body: &str,
    more: Value,
) -> String {
    let id = call.ids.uuid();
    let delay = more["DelaySeconds"].as_u64();
    let delay = delay.unwrap_or_else(|| seconds(call, queue, "DelaySeconds"));
    let number = call.ids.uuid();
    let key = format!("{queue}:{:015}-{number}", call.now);
    let message = json!({
        "id": id,
        "body": body,
        "attributes": more["MessageAttributes"],
        "group": more["MessageGroupId"],
        "deduplication": more["MessageDeduplicationId"],
        "sent": call.now,
        "visible": call.now + delay * 1000,
        "received": 0,
    });
    call.put(MESSAGES, &key, message);
    id
}

const ATTRIBUTE: Shape =
    Shape::Structure(&[("DataType", Shape::Text), ("StringValue", Shape::Text)]);

/// Reads one message of a call and delivers it.
fn take(call: &mut Call<'_>, queue: &str, input: &Params) -> Result<Value, AwsError> {
    let body = input.text("MessageBody")?;
    let delay = input.optional_integer_within("DelaySeconds", 0, 900)?;
    let attributes = input.shaped("MessageAttributes", &Shape::Map(&ATTRIBUTE))?;
    let group = input.optional_text("MessageGroupId")?;
    let deduplication = input.optional_text("MessageDeduplicationId")?;
    let largest = seconds(call, queue, "MaximumMessageSize");
    if body.is_empty() || body.len() as u64 > largest {
        return Err(AwsError::new(
            "com.amazon.coral.service#InvalidParameterValueException",
            format!("One or more parameters are invalid. Reason: Message must be shorter than {largest} bytes."),
        )
        .query_code("InvalidParameterValue"));
    }
    if queue.ends_with(".fifo") && group.is_none() {
        return Err(AwsError::new(
            "com.amazon.coral.service#MissingRequiredParameterException",
            "The request must contain the parameter MessageGroupId.",
        )
        .query_code("MissingParameter"));
    }
    let digest = md5_of(&body);
    let more = json!({
        "DelaySeconds": delay,
        "MessageAttributes": attributes,
        "MessageGroupId": group,
        "MessageDeduplicationId": deduplication,
    });
    let id = deliver(call, queue, &body, more);
    Ok(json!({"MessageId": id, "MD5OfMessageBody": digest}))
}

pub(super) fn send(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (queue, _) = found(call)?;
    let input = call.input.clone();
    take(call, &queue, &input)
}

pub(super) fn send_batch(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (queue, _) = found(call)?;
    let mut sent = Vec::new();
    for entry in call.input.clone().structures("Entries")? {
        let id = entry.text("Id")?;
        let mut one = take(call, &queue, &entry)?;
        one.set("Id", id);
        sent.push(one);
    }
    if sent.is_empty() || sent.len() > 10 {
        return Err(AwsError::new(
            "com.amazonaws.sqs#EmptyBatchRequest",
            "There must be 1 to 10 SendMessageBatchRequestEntry in the request.",
        )
        .query_code("AWS.SimpleQueueService.EmptyBatchRequest"));
    }
    Ok(json!({"Successful": sent, "Failed": []}))
}

pub(super) fn receive(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (queue, _) = found(call)?;
    let input = call.input.clone();
    let most = input.optional_integer_within("MaxNumberOfMessages", 1, 10)?.unwrap_or(1);
    let hidden = input.optional_integer_within("VisibilityTimeout", 0, 43_200)?;
    let mut wanted = input.texts("MessageSystemAttributeNames")?;
    wanted.extend(input.texts("AttributeNames")?);
    let named = input.texts("MessageAttributeNames")?;
    // A simulated queue does not wait: its answer is that of the wait's end.
    input.accept("WaitTimeSeconds");
    let hidden = hidden.map_or_else(
        || seconds(call, &queue, "VisibilityTimeout"),
        |seconds| seconds.unsigned_abs(),
    );
    let policy = call.get(QUEUES, &queue);
    let policy = policy.and_then(|queue| redrive::read(queue["attributes"].text("RedrivePolicy")));
    let mut received = Vec::new();
    for (key, message) in call.scan(MESSAGES, &format!("{queue}:")) {
        if received.len() as i64 >= most {
            break;
        }
        if message.time("visible") > call.now {
            continue;
        }
        if expired(call, &queue, &message) {
            call.delete(MESSAGES, &key);
            continue;
        }
        let count = message.integer("received") + 1;
        if let Some((target, _)) = policy.as_ref().filter(|(_, most)| count > *most) {
            let dead = target.rsplit(':').next().unwrap_or_default().to_owned();
            let mut moved = Value::clone(&message);
            moved.set("received", 0);
            call.delete(MESSAGES, &key);
            let rest = key.split_once(':').map_or("", |(_, rest)| rest).to_owned();
            call.put(MESSAGES, &format!("{dead}:{rest}"), moved);
            continue;
        }
        let until = call.now + hidden * 1000;
        let handle = call.ids.uuid();
        let first = if count == 1 { call.now } else { message.time("first") };
        call.update(MESSAGES, &key, |message| {
            message.set("received", count);
            message.set("visible", until);
            message.set("handle", handle.clone());
            message.set("first", first);
        });
        let all = wanted.iter().any(|name| name == "All");
        let mut system = json!({});
        for (name, value) in [
            ("ApproximateReceiveCount", count.to_string()),
            ("SentTimestamp", message.time("sent").to_string()),
            ("ApproximateFirstReceiveTimestamp", first.to_string()),
            ("MessageGroupId", message.text("group").to_owned()),
            ("MessageDeduplicationId", message.text("deduplication").to_owned()),
        ] {
            if !value.is_empty() && (all || wanted.iter().any(|wanted| wanted == name)) {
                system.set(name, value);
            }
        }
        let mut shown = json!({
            "MessageId": message["id"],
            "ReceiptHandle": format!("{key}|{handle}"),
            "Body": message["body"],
            "MD5OfBody": md5_of(message.text("body")),
        });
        if system.as_object().is_some_and(|system| !system.is_empty()) {
            shown.set("Attributes", system);
        }
        if let Some(own) = message["attributes"].as_object() {
            let asked = |name: &String| {
                named.iter().any(|wanted| {
                    matches!(wanted.as_str(), "All" | ".*")
                        || wanted == name
                        || wanted.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
                })
            };
            let shown_ones: serde_json::Map<String, Value> = own
                .iter()
                .filter(|(name, _)| asked(name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            if !shown_ones.is_empty() {
                shown.set("MessageAttributes", shown_ones);
            }
        }
        received.push(shown);
    }
    Ok(if received.is_empty() { json!({}) } else { json!({"Messages": received}) })
}

/// The message that a receipt handle of this queue is for.
fn received(call: &Call<'_>, queue: &str, handle: &str) -> Result<Option<String>, AwsError> {
    let invalid = || {
        AwsError::new(
            "com.amazonaws.sqs#ReceiptHandleIsInvalid",
            format!("The input receipt handle \"{handle}\" is not a valid receipt handle."),
        )
        .query_code("ReceiptHandleIsInvalid")
    };
    let (key, nonce) = handle.split_once('|').ok_or_else(invalid)?;
    if !key.starts_with(&format!("{queue}:")) {
        return Err(invalid());
    }
    let message = call.get(MESSAGES, key);
    Ok(message.filter(|message| message.text("handle") == nonce).map(|_| key.to_owned()))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (queue, _) = found(call)?;
    let handle = call.input.text("ReceiptHandle")?;
    // What is gone is deleted: no error.
    if let Some(key) = received(call, &queue, &handle)? {
        call.delete(MESSAGES, &key);
    }
    Ok(json!({}))
}

pub(super) fn delete_batch(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (queue, _) = found(call)?;
    let mut deleted = Vec::new();
    for entry in call.input.clone().structures("Entries")? {
        let (id, handle) = (entry.text("Id")?, entry.text("ReceiptHandle")?);
        if let Some(key) = received(call, &queue, &handle)? {
            call.delete(MESSAGES, &key);
        }
        deleted.push(json!({"Id": id}));
    }
    Ok(json!({"Successful": deleted, "Failed": []}))
}

pub(super) fn change_visibility(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (queue, _) = found(call)?;
    let input = call.input.clone();
    let handle = input.text("ReceiptHandle")?;
    let hidden = input
        .optional_integer_within("VisibilityTimeout", 0, 43_200)?
        .ok_or_else(|| input.missing("VisibilityTimeout"))?;
    let Some(key) = received(call, &queue, &handle)? else {
        return Err(AwsError::new(
            "com.amazonaws.sqs#MessageNotInflight",
            "The message is not in flight.",
        )
        .query_code("AWS.SimpleQueueService.MessageNotInflight"));
    };
    let until = call.now + hidden.unsigned_abs() * 1000;
    call.update(MESSAGES, &key, |message| message.set("visible", until));
    Ok(json!({}))
}

fn md5_of(text: &str) -> String {
    use md5::{Digest, Md5};
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
