//! Events of several streams of a group, chosen by time and words.

use std::sync::Arc;

use serde_json::{Value, json};

use super::events::within;
use super::group::with_token;
use super::pattern::Pattern;
use super::{EVENTS, find_group, find_stream, group_name};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn filter(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let group = group_name(call)?;
    let streams = input.texts("logStreamNames")?;
    let prefix = input.optional_text("logStreamNamePrefix")?;
    // Here, unlike in GetLogEvents, the end belongs to the time that is asked for.
    let until = input.optional_integer("endTime")?.map(|until| until.saturating_add(1));
    let from = input.optional_integer("startTime")?;
    let pattern =
        Pattern::parse(&input.optional_text("filterPattern")?.unwrap_or_default(), &input)?;
    let token = input.optional_text("nextToken")?;
    let limit = input.optional_integer_within("limit", 1, 10_000)?.unwrap_or(10_000);
    // Events of all streams are always interleaved since 2019, and nothing is masked here.
    input.accept("interleaved");
    input.accept("unmask");
    if !streams.is_empty() && prefix.is_some() {
        return Err(input.invalid("logStreamNames and logStreamNamePrefix are mutually exclusive"));
    }
    find_group(call, &group)?;
    for stream in &streams {
        find_stream(call, &group, stream)?;
    }
    let scope = format!("{group}:{}", prefix.unwrap_or_default());
    let mut events = call.scan(EVENTS, &scope);
    events.retain(|(key, event)| {
        let wanted = streams.is_empty() || streams.iter().any(|stream| stream == stream_of(key));
        let said = pattern.matches(event.text("message"));
        wanted && said && within(event.integer("timestamp"), from, until)
    });
    events.sort_by_key(|(_, event)| event.integer("timestamp"));
    let page = call.page(events, limit as usize, token.as_deref(), |(key, _)| key.clone())?;
    let shown = |(key, event): &(String, Arc<Value>)| {
        let mut shown = Value::clone(event);
        shown.set("logStreamName", stream_of(key));
        shown.set("eventId", id_of(key));
        shown
    };
    let shown: Vec<Value> = page.items.iter().map(shown).collect();
    Ok(with_token(json!({"events": shown, "searchedLogStreams": []}), page.next))
}

fn stream_of(key: &str) -> &str {
    key.split(':').nth(1).unwrap_or_default()
}

/// AWS's ids are 56 digits.
fn id_of(key: &str) -> String {
    let place = key.rsplit(':').next().unwrap_or_default();
    let digits: String = place.chars().filter(char::is_ascii_digit).take(32).collect();
    format!("{digits:0<56}")
}
