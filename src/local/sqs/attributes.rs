//! Attributes of queues: their defaults, what each may hold, and what only SQS sets.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{QUEUES, arn_of, found, message, redrive};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// Numbers: name, least, most, default.
const NUMBERS: [(&str, i64, i64, i64); 6] = [
    ("VisibilityTimeout", 0, 43_200, 30),
    ("MaximumMessageSize", 1_024, 1_048_576, 1_048_576),
    ("MessageRetentionPeriod", 60, 1_209_600, 345_600),
    ("DelaySeconds", 0, 900, 0),
    ("ReceiveMessageWaitTimeSeconds", 0, 20, 0),
    ("KmsDataKeyReusePeriodSeconds", 60, 86_400, 300),
];

/// What an empty value takes away.
const REMOVABLE: [&str; 4] = ["Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId"];

/// Only FIFO queues have these.
const FIFO_ONLY: [&str; 3] =
    ["ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"];

type Attributes = BTreeMap<String, String>;

fn invalid(name: &str) -> AwsError {
    AwsError::new(
        "com.amazonaws.sqs#InvalidAttributeValue",
        format!("Invalid value for the parameter {name}."),
    )
    .query_code("InvalidAttributeValue")
}

fn unknown(name: &str) -> AwsError {
    AwsError::new("com.amazonaws.sqs#InvalidAttributeName", format!("Unknown Attribute {name}."))
        .query_code("InvalidAttributeName")
}

/// Checks attributes that a caller gives.
pub(super) fn check(call: &Call<'_>, name: &str, given: &Attributes) -> Result<(), AwsError> {
    let fifo = name.ends_with(".fifo");
    for (attribute, value) in given {
        let number = NUMBERS.iter().find(|(known, ..)| known == attribute);
        let ok = match (attribute.as_str(), number) {
            (_, Some((_, least, most, _))) => {
                value.parse::<i64>().is_ok_and(|value| (*least..=*most).contains(&value))
            }
            ("FifoQueue", _) => fifo && value == "true",
            ("SqsManagedSseEnabled", _) => matches!(value.as_str(), "true" | "false"),
            (one, _) if FIFO_ONLY.contains(&one) && !fifo => return Err(unknown(one)),
            ("ContentBasedDeduplication", _) => matches!(value.as_str(), "true" | "false"),
            ("DeduplicationScope", _) => matches!(value.as_str(), "queue" | "messageGroup"),
            ("FifoThroughputLimit", _) => {
                matches!(value.as_str(), "perQueue" | "perMessageGroupId")
            }
            (one, _) if REMOVABLE.contains(&one) && value.is_empty() => true,
            ("Policy", _) => {
                serde_json::from_str::<Value>(value).is_ok_and(|policy| policy.has("Statement"))
            }
            ("RedrivePolicy", _) => {
                redrive::check(call, name, value)?;
                true
            }
            ("RedriveAllowPolicy", _) => redrive::is_allow_policy(value),
            ("KmsMasterKeyId", _) => true,
            (one, _) => return Err(unknown(one)),
        };
        if !ok {
            return Err(invalid(attribute));
        }
    }
    Ok(())
}

/// What a queue has with these attributes set: two queues with the same are the same.
pub(super) fn complete(name: &str, given: &Value) -> Attributes {
    let mut all: Attributes = NUMBERS
        .iter()
        .filter(|(name, ..)| *name != "KmsDataKeyReusePeriodSeconds")
        .map(|(name, _, _, default)| ((*name).to_owned(), default.to_string()))
        .collect();
    let keyed = !given.text("KmsMasterKeyId").is_empty();
    all.insert("SqsManagedSseEnabled".into(), (!keyed).to_string());
    if keyed {
        all.insert("KmsDataKeyReusePeriodSeconds".into(), "300".into());
    }
    if name.ends_with(".fifo") {
        for (name, value) in [
            ("FifoQueue", "true"),
            ("ContentBasedDeduplication", "false"),
            ("DeduplicationScope", "queue"),
            ("FifoThroughputLimit", "perQueue"),
        ] {
            all.insert(name.into(), value.into());
        }
    }
    for (name, value) in given.as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        if REMOVABLE.contains(&name.as_str()) && value.is_empty() {
            continue;
        }
        all.insert(name.clone(), value.to_owned());
    }
    all
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, queue) = found(call)?;
    let wanted = call.input.texts("AttributeNames")?;
    let mut all = complete(&name, &queue["attributes"]);
    let counts = message::counts(call, &name);
    let own = [
        ("QueueArn", arn_of(call, &name)),
        ("CreatedTimestamp", (queue.time("created") / 1000).to_string()),
        ("LastModifiedTimestamp", (queue.time("modified") / 1000).to_string()),
        ("ApproximateNumberOfMessages", counts.visible.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
        ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
    ];
    let known = |wanted: &String| {
        matches!(wanted.as_str(), "All" | "FifoQueue")
            || NUMBERS.iter().any(|(name, ..)| name == wanted)
            || REMOVABLE.contains(&wanted.as_str())
            || FIFO_ONLY.contains(&wanted.as_str())
            || wanted == "SqsManagedSseEnabled"
            || own.iter().any(|(name, _)| name == wanted)
    };
    if let Some(wrong) = wanted.iter().find(|wanted| !known(wanted)) {
        return Err(unknown(wrong));
    }
    all.extend(own.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    if !wanted.iter().any(|wanted| wanted == "All") {
        all.retain(|name, _| wanted.contains(name));
    }
    Ok(if all.is_empty() { json!({}) } else { json!({"Attributes": all}) })
}

pub(super) fn set(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = found(call)?;
    let given = call.input.map("Attributes")?;
    if let Some(fixed) = given.keys().find(|given| *given == "FifoQueue") {
        return Err(unknown(fixed));
    }
    check(call, &name, &given)?;
    let now = call.now;
    call.update(QUEUES, &name, |queue| {
        let mut attributes = queue["attributes"].take();
        for (name, value) in given {
            // A key of KMS's and one of SQS's own exclude each other: the last one given counts.
            if name == "KmsMasterKeyId" && !value.is_empty() {
                attributes.unset("SqsManagedSseEnabled");
            }
            if name == "SqsManagedSseEnabled" && value == "true" {
                attributes.unset("KmsMasterKeyId");
            }
            attributes.set(&name, value);
        }
        queue.set("attributes", attributes);
        queue.set("modified", now);
    });
    Ok(json!({}))
}
