//! Queues.

use serde_json::{Value, json};

use super::{GRAVES, MESSAGES, QUEUES, arn_of, attributes, found, missing, url_of};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let name = input.text("QueueName")?;
    let given = input.map("Attributes")?;
    let tags = input.map("tags")?;
    let stem = name.strip_suffix(".fifo").unwrap_or(&name);
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if stem.is_empty() || name.len() > 80 || !stem.chars().all(allowed) {
        return Err(AwsError::new(
            "com.amazon.coral.service#InvalidParameterValueException",
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        )
        .query_code("InvalidParameterValue"));
    }
    if name.ends_with(".fifo") != given.get("FifoQueue").is_some_and(|value| value == "true") {
        return Err(AwsError::new(
            "com.amazon.coral.service#InvalidParameterValueException",
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, \
             must end with .fifo suffix and be 1 to 80 in length.",
        )
        .query_code("InvalidParameterValue"));
    }
    attributes::check(call, &name, &given)?;
    let given = json!(given);
    if let Some(there) = call.get(QUEUES, &name) {
        let (old, new) = (
            attributes::complete(&name, &there["attributes"]),
            attributes::complete(&name, &given),
        );
        let differs = given
            .as_object()
            .into_iter()
            .flatten()
            .find(|(attribute, _)| old.get(*attribute) != new.get(*attribute));
        return match differs {
            None => Ok(json!({"QueueUrl": url_of(call, &name)})),
            Some((attribute, _)) => Err(AwsError::new(
                "com.amazonaws.sqs#QueueNameExists",
                format!(
                    "A queue already exists with the same name and a different value for attribute {attribute}"
                ),
            )
            .query_code("QueueAlreadyExists")),
        };
    }
    if call.get(GRAVES, &name).is_some_and(|grave| grave.time("free") > call.now) {
        return Err(AwsError::new(
            "com.amazonaws.sqs#QueueDeletedRecently",
            "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
        )
        .query_code("AWS.SimpleQueueService.QueueDeletedRecently"));
    }
    let arn = arn_of(call, &name);
    call.add_tags(&arn, tags)?;
    call.delete(GRAVES, &name);
    let queue = json!({"attributes": given, "created": call.now, "modified": call.now});
    call.put(QUEUES, &name, queue);
    Ok(json!({"QueueUrl": url_of(call, &name)}))
}

pub(super) fn url(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("QueueName")?;
    if call.input.optional_text("QueueOwnerAWSAccountId")?.is_some_and(|it| it != call.account) {
        return Err(missing());
    }
    call.get(QUEUES, &name).ok_or_else(missing)?;
    Ok(json!({"QueueUrl": url_of(call, &name)}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let prefix = call.input.optional_text("QueueNamePrefix")?.unwrap_or_default();
    let size = call.input.optional_integer_within("MaxResults", 1, 1000)?;
    let token = call.input.optional_text("NextToken")?;
    let queues = call.scan(QUEUES, &prefix);
    // Without a page size the list ends at a thousand, with no token.
    let page =
        call.page(queues, size.unwrap_or(1000) as usize, token.as_deref(), |(name, _)| {
            name.clone()
        })?;
    let urls: Vec<String> = page.items.iter().map(|(name, _)| url_of(call, name)).collect();
    let mut output = json!({});
    if !urls.is_empty() {
        output.set("QueueUrls", urls);
    }
    if let Some(token) = page.next.filter(|_| size.is_some()) {
        output.set("NextToken", token);
    }
    Ok(output)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = found(call)?;
    empty(call, &name);
    let arn = arn_of(call, &name);
    call.forget_tags(&arn);
    call.delete(QUEUES, &name);
    let free = call.ready_at(durations::QUEUE_NAME);
    call.put(GRAVES, &name, json!({"free": free}));
    Ok(json!({}))
}

pub(super) fn purge(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = found(call)?;
    empty(call, &name);
    Ok(json!({}))
}

fn empty(call: &mut Call<'_>, name: &str) {
    for (key, _) in call.scan(MESSAGES, &format!("{name}:")) {
        call.delete(MESSAGES, &key);
    }
}
