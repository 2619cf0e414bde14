//! Topics and their attributes.

use serde_json::{Map, Value, json};

use super::{SUBSCRIPTIONS, TOPICS, arn_of, topic};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// What a topic's owner may set.
const SETTABLE: [&str; 11] = [
    "DisplayName",
    "Policy",
    "DeliveryPolicy",
    "KmsMasterKeyId",
    "SignatureVersion",
    "TracingConfig",
    "FifoTopic",
    "ContentBasedDeduplication",
    "ArchivePolicy",
    "FifoThroughputScope",
    "SQSSuccessFeedbackRoleArn",
];

fn check(call: &Call<'_>, fifo: bool, name: &str, value: &str) -> Result<(), AwsError> {
    let is_object = || serde_json::from_str::<Value>(value).is_ok_and(|value| value.is_object());
    let fine = match name {
        "DisplayName" => value.chars().count() <= 100,
        "Policy" => is_object(),
        "DeliveryPolicy" => value.is_empty() || is_object(),
        "SignatureVersion" => matches!(value, "1" | "2"),
        "TracingConfig" => matches!(value, "PassThrough" | "Active"),
        "FifoTopic" | "ContentBasedDeduplication" => {
            (fifo || value == "false") && matches!(value, "true" | "false")
        }
        "FifoThroughputScope" => fifo && matches!(value, "Topic" | "MessageGroup"),
        "ArchivePolicy" => fifo && (value.is_empty() || is_object()),
        "KmsMasterKeyId" | "SQSSuccessFeedbackRoleArn" => true,
        _ => {
            return Err(call.input.invalid(format!(
                "Invalid parameter: Attributes Reason: Unknown attribute: {name}"
            )));
        }
    };
    match fine {
        true => Ok(()),
        false => Err(call.input.invalid(format!(
            "Invalid parameter: Attributes Reason: Invalid value for attribute: {name}"
        ))),
    }
}

fn default_policy(call: &Call<'_>, name: &str) -> String {
    let actions = [
        "SNS:GetTopicAttributes",
        "SNS:SetTopicAttributes",
        "SNS:AddPermission",
        "SNS:RemovePermission",
        "SNS:DeleteTopic",
        "SNS:Subscribe",
        "SNS:ListSubscriptionsByTopic",
        "SNS:Publish",
    ];
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": actions,
            "Resource": arn_of(call, name),
            "Condition": {"StringEquals": {"AWS:SourceOwner": call.account}},
        }],
    })
    .to_string()
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let name = input.text("Name")?;
    let given = input.map("Attributes")?;
    let tags = input.tags("Tags", "Key", "Value")?;
    let fifo = given.get("FifoTopic").is_some_and(|value| value == "true");
    let stem = name.strip_suffix(".fifo").unwrap_or(&name);
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if stem.is_empty() || name.len() > 256 || !stem.chars().all(allowed) {
        return Err(input.invalid("Invalid parameter: Topic Name"));
    }
    if fifo != name.ends_with(".fifo") {
        return Err(input.invalid(
            "Invalid parameter: Fifo Topic names must end with .fifo and must be made up of only uppercase \
             and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
        ));
    }
    for (attribute, value) in &given {
        check(call, fifo, attribute, value)?;
    }
    let arn = arn_of(call, &name);
    if let Some(there) = call.get(TOPICS, &name) {
        let differs =
            given.iter().any(|(attribute, value)| there["attributes"].text(attribute) != value);
        if differs {
            return Err(input.invalid(
                "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
            ));
        }
        if !tags.is_empty() && tags != call.tags(&arn) {
            return Err(input.invalid(
                "Invalid parameter: Tags Reason: Topic already exists with different tags",
            ));
        }
        return Ok(json!({"TopicArn": arn}));
    }
    call.add_tags(&arn, tags)?;
    call.put(TOPICS, &name, json!({"attributes": given}));
    Ok(json!({"TopicArn": arn}))
}

pub(super) fn attributes(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, topic) = topic(call, &call.input.text("TopicArn")?)?;
    let subscriptions = call.scan(SUBSCRIPTIONS, &format!("{name}:")).len();
    let mut all = Map::new();
    let mut add = |name: &str, value: String| {
        all.insert(name.to_owned(), value.into());
    };
    add("TopicArn", arn_of(call, &name));
    add("Owner", call.account.clone());
    add("DisplayName", String::new());
    add("Policy", default_policy(call, &name));
    add("SubscriptionsConfirmed", subscriptions.to_string());
    add("SubscriptionsPending", "0".to_owned());
    add("SubscriptionsDeleted", "0".to_owned());
    add("EffectiveDeliveryPolicy", EFFECTIVE_DELIVERY.to_owned());
    if name.ends_with(".fifo") {
        add("ContentBasedDeduplication", "false".to_owned());
        add("FifoThroughputScope", "Topic".to_owned());
    }
    for (name, value) in topic["attributes"].as_object().into_iter().flatten() {
        let removed = value.as_str().is_some_and(str::is_empty) && name != "DisplayName";
        if !removed {
            all.insert(name.clone(), value.clone());
        }
    }
    Ok(json!({"Attributes": {"$entries": all}}))
}

/// What SNS delivers with where nobody said otherwise.
const EFFECTIVE_DELIVERY: &str = "{\"http\":{\"defaultHealthyRetryPolicy\":{\"minDelayTarget\":20,\"maxDelayTarget\":20,\
\"numRetries\":3,\"numMaxDelayRetries\":0,\"numNoDelayRetries\":0,\"numMinDelayRetries\":0,\"backoffFunction\":\"linear\"},\
\"disableSubscriptionOverrides\":false,\"defaultRequestPolicy\":{\"headerContentType\":\"text/plain; charset=UTF-8\"}}}";

pub(super) fn set_attribute(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let (topic, _) = topic(call, &input.text("TopicArn")?)?;
    let name = input.text("AttributeName")?;
    let value = input.optional_text("AttributeValue")?.unwrap_or_default();
    if !SETTABLE.contains(&name.as_str()) || name == "FifoTopic" {
        return Err(input.invalid("Invalid parameter: AttributeName"));
    }
    check(call, topic.ends_with(".fifo"), &name, &value)?;
    call.update(TOPICS, &topic, |topic| {
        let mut attributes = topic["attributes"].take();
        attributes.set(&name, value);
        topic.set("attributes", attributes);
    });
    Ok(Value::Null)
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let token = call.input.optional_text("NextToken")?;
    let page = call.page(call.scan(TOPICS, ""), 100, token.as_deref(), |(name, _)| name.clone())?;
    let topics: Vec<Value> =
        page.items.iter().map(|(name, _)| json!({"TopicArn": arn_of(call, name)})).collect();
    Ok(json!({"Topics": topics, "NextToken": page.next}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("TopicArn")?;
    // Deleting what is gone is no error.
    let Ok((name, _)) = topic(call, &arn) else { return Ok(Value::Null) };
    for (key, _) in call.scan(SUBSCRIPTIONS, &format!("{name}:")) {
        call.delete(SUBSCRIPTIONS, &key);
    }
    call.forget_tags(&arn);
    call.delete(TOPICS, &name);
    Ok(Value::Null)
}
