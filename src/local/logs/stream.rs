//! Log streams.

use std::sync::Arc;

use serde_json::{Value, json};

use super::group::with_token;
use super::{EVENTS, STREAMS, arn_of, find_group, find_stream, group_name};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let group = call.input.text("logGroupName")?;
    let stream = call.input.text("logStreamName")?;
    find_group(call, &group)?;
    if stream.is_empty() || stream.len() > 512 || stream.contains([':', '*']) {
        return Err(call.input.invalid(format!(
            "1 validation error detected: Value '{stream}' at 'logStreamName' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: [^:*]*"
        )));
    }
    if call.get(STREAMS, &format!("{group}:{stream}")).is_some() {
        return Err(AwsError::new(
            "ResourceAlreadyExistsException",
            "The specified log stream already exists",
        ));
    }
    add(call, &group, &stream);
    Ok(Value::Null)
}

pub(super) fn add(call: &mut Call<'_>, group: &str, stream: &str) {
    let document = json!({"logStreamName": stream, "creationTime": call.now});
    call.put(STREAMS, &format!("{group}:{stream}"), document);
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let group = group_name(call)?;
    let prefix = input.optional_text("logStreamNamePrefix")?;
    let order = input.optional_one_of("orderBy", &["LogStreamName", "LastEventTime"])?;
    let descending = input.optional_boolean("descending")?.unwrap_or(false);
    let token = input.optional_text("nextToken")?;
    let limit = input.optional_integer_within("limit", 1, 50)?.unwrap_or(50);
    let by_time = order.as_deref() == Some("LastEventTime");
    if by_time && prefix.is_some() {
        return Err(input.invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    find_group(call, &group)?;
    let prefix = format!("{group}:{}", prefix.unwrap_or_default());
    let mut streams = call.scan(STREAMS, &prefix);
    if by_time {
        streams.sort_by_key(|(_, stream)| stream.time("lastEventTimestamp"));
    }
    if descending {
        streams.reverse();
    }
    let page = call.page(streams, limit as usize, token.as_deref(), |(key, _)| key.clone())?;
    let shown = |(_, stream): &(String, Arc<Value>)| {
        let mut shown = Value::clone(stream);
        let name = stream.text("logStreamName");
        shown.set("arn", format!("{}:log-stream:{name}", arn_of(call, &group)));
        shown.set("storedBytes", 0);
        shown
    };
    let shown: Vec<Value> = page.items.iter().map(shown).collect();
    Ok(with_token(json!({"logStreams": shown}), page.next))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let group = call.input.text("logGroupName")?;
    let stream = call.input.text("logStreamName")?;
    find_stream(call, &group, &stream)?;
    for (key, _) in call.scan(EVENTS, &format!("{group}:{stream}:")) {
        call.delete(EVENTS, &key);
    }
    call.delete(STREAMS, &format!("{group}:{stream}"));
    Ok(Value::Null)
}
