//! `LookupEvents`: newest first, by one attribute and a range of time.

use serde_json::{Value, json};

use super::EVENTS;
use crate::local::call::{Call, iso8601};
use crate::local::document::Document;
use crate::local::error::AwsError;

/// The attributes that events can be looked up by.
const KEYS: &[&str] = &[
    "EventId",
    "EventName",
    "ReadOnly",
    "Username",
    "ResourceType",
    "ResourceName",
    "EventSource",
    "AccessKeyId",
];

pub(super) fn lookup_events(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let size = match input.optional_integer("MaxResults")? {
        Some(size) if !(1..=50).contains(&size) => {
            return Err(AwsError::new(
                "InvalidMaxResultsException",
                "The maximum number of results must be between 1 and 50.",
            ));
        }
        size => size.unwrap_or(50),
    };
    let token = input.optional_text("NextToken")?;
    let (from, to) = (millis(call, "StartTime")?, millis(call, "EndTime")?);
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        return Err(AwsError::new(
            "InvalidTimeRangeException",
            "The start time must not be after the end time.",
        ));
    }
    if input.has("EventCategory") {
        return Err(AwsError::not_modelled("local AWS has no CloudTrail Insights events"));
    }
    let attributes = input.structures("LookupAttributes")?;
    if attributes.len() > 1 {
        return Err(wrong("You can specify only one lookup attribute."));
    }
    let attribute = match attributes.first() {
        None => None,
        Some(one) => {
            let (key, value) = (one.text("AttributeKey")?, one.text("AttributeValue")?);
            if !KEYS.contains(&key.as_str()) {
                return Err(wrong(&format!("The lookup attribute {key} is not valid.")));
            }
            if key == "ReadOnly" && value != "false" {
                return Err(AwsError::not_modelled("local AWS records calls that write only"));
            }
            Some((key, value))
        }
    };
    let mut events: Vec<_> = call.scan(EVENTS, "").into_iter().map(|(_, event)| event).collect();
    events.retain(|event| {
        let at = event.time("at");
        from.is_none_or(|from| at >= from)
            && to.is_none_or(|to| at <= to)
            && attribute.as_ref().is_none_or(|(key, value)| meets(event, key, value))
    });
    events.sort_by_key(|event| std::cmp::Reverse(event.integer("number")));
    let size = usize::try_from(size).unwrap_or(50);
    let page = call.page(events, size, token.as_deref(), |event| event.text("id").to_owned())?;
    let shown: Vec<Value> = page.items.iter().map(|event| shown(call, event)).collect();
    let mut output = json!({ "Events": shown });
    if let Some(next) = page.next {
        output.set("NextToken", next);
    }
    Ok(output)
}

fn wrong(message: &str) -> AwsError {
    AwsError::new("InvalidLookupAttributesException", message)
}

/// A time as JSON protocols send it: seconds since 1970.
fn millis(call: &Call<'_>, name: &str) -> Result<Option<u64>, AwsError> {
    let seconds = call.input.optional_number(name)?;
    Ok(seconds.map(|seconds| (seconds.max(0.0) * 1000.0) as u64))
}

fn meets(event: &Value, key: &str, value: &str) -> bool {
    let resources = |member: &str| {
        event.list("resources").iter().any(|resource| resource.text(member) == value)
    };
    match key {
        "EventId" => event.text("id") == value,
        "EventName" => event.text("name") == value,
        "EventSource" => event.text("source") == value,
        "AccessKeyId" => event.text("access_key") == value,
        "Username" => username(event) == value,
        "ReadOnly" => true,
        member => resources(member),
    }
}

/// The user's name, or the session's where a role was assumed.
fn username(event: &Value) -> &str {
    event.text("arn").rsplit('/').next().unwrap_or_default()
}

fn shown(call: &Call<'_>, event: &Value) -> Value {
    let arn = event.text("arn");
    let at = event.time("at");
    let assumed = arn.contains(":assumed-role/");
    let mut who = json!({
        "type": if assumed { "AssumedRole" } else { "IAMUser" },
        "principalId": event["user"],
        "arn": arn,
        "accountId": call.account,
        "accessKeyId": event["access_key"],
    });
    if !assumed {
        who.set("userName", username(event));
    }
    // As CloudTrail writes it: whole seconds.
    let time = format!("{}Z", iso8601(at).split('.').next().unwrap_or_default());
    let whole = json!({
        "eventVersion": "1.11",
        "userIdentity": who,
        "eventTime": time,
        "eventSource": event["source"],
        "eventName": event["name"],
        "awsRegion": call.region,
        "sourceIPAddress": "127.0.0.1",
        "userAgent": event["agent"],
        "requestParameters": null,
        "responseElements": null,
        "requestID": event["request"],
        "eventID": event["id"],
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": call.account,
        "eventCategory": "Management",
    });
    json!({
        "EventId": event["id"],
        "EventName": event["name"],
        "ReadOnly": "false",
        "AccessKeyId": event["access_key"],
        "EventTime": call.time(at / 1000 * 1000),
        "EventSource": event["source"],
        "Username": username(event),
        "Resources": event["resources"],
        "CloudTrailEvent": whole.to_string(),
    })
}
