//! Dead letters: where a queue sends what nobody could process.

use serde_json::{Value, json};

use super::{QUEUES, arn_of, found, url_of};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

fn invalid(value: &str, why: &str) -> AwsError {
    AwsError::new(
        "com.amazonaws.sqs#InvalidParameterValueException",
        format!("Value {value} for parameter RedrivePolicy is invalid. Reason: {why}"),
    )
    .query_code("InvalidParameterValue")
}

/// `{"deadLetterTargetArn": …, "maxReceiveCount": …}`; the count may be a number or a string.
pub(super) fn read(policy: &str) -> Option<(String, i64)> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let count = match policy.get("maxReceiveCount")? {
        Value::String(text) => text.parse().ok()?,
        value => value.as_i64()?,
    };
    Some((policy.get("deadLetterTargetArn")?.as_str()?.to_owned(), count))
}

pub(super) fn check(call: &Call<'_>, name: &str, policy: &str) -> Result<(), AwsError> {
    let Some((target, count)) = read(policy) else {
        return Err(invalid(
            policy,
            "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.",
        ));
    };
    if !(1..=1000).contains(&count) {
        return Err(invalid(
            policy,
            "Invalid value for maxReceiveCount: it must be between 1 and 1000.",
        ));
    }
    if !super::exists(call, &target) {
        return Err(invalid(policy, "Dead letter target does not exist."));
    }
    if target.ends_with(".fifo") != name.ends_with(".fifo") {
        return Err(invalid(policy, "Dead-letter queue must be same type of queue as the source."));
    }
    Ok(())
}

/// `{"redrivePermission": allowAll|denyAll|byQueue, "sourceQueueArns": […]}`.
pub(super) fn is_allow_policy(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|policy| {
        let sources = policy.list("sourceQueueArns").len();
        match policy.text("redrivePermission") {
            "allowAll" | "denyAll" => sources == 0,
            "byQueue" => (1..=10).contains(&sources),
            _ => false,
        }
    })
}

/// The queues whose dead letters come here.
pub(super) fn sources(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = found(call)?;
    let size = call.input.optional_integer_within("MaxResults", 1, 1000)?.unwrap_or(1000);
    let token = call.input.optional_text("NextToken")?;
    let arn = arn_of(call, &name);
    let mut queues = call.scan(QUEUES, "");
    queues.retain(|(_, queue)| {
        read(queue["attributes"].text("RedrivePolicy")).is_some_and(|(target, _)| target == arn)
    });
    let page = call.page(queues, size as usize, token.as_deref(), |(name, _)| name.clone())?;
    let urls: Vec<String> = page.items.iter().map(|(name, _)| url_of(call, name)).collect();
    let mut output = json!({"queueUrls": urls});
    if let Some(token) = page.next {
        output.set("NextToken", token);
    }
    Ok(output)
}
