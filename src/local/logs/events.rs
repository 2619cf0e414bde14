//! Log events: written, and read from one stream.

use serde_json::{Value, json};

use super::stream;
use super::{EVENTS, GROUPS, STREAMS, find_stream, group_name};
use crate::local::call::Call;
use crate::local::clock::Millis;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// Writes lines of another service (a task's output), all of now, making the stream if it is not
/// there. Returns false if there is no such group.
pub fn write(call: &mut Call<'_>, group: &str, stream: &str, lines: &[&str]) -> bool {
    if call.get(GROUPS, group).is_none() {
        return false;
    }
    if call.get(STREAMS, &format!("{group}:{stream}")).is_none() {
        stream::add(call, group, stream);
    }
    let now = call.now;
    let events: Vec<(Millis, String)> =
        lines.iter().map(|line| (now, (*line).to_owned())).collect();
    append(call, group, stream, &events);
    true
}

pub(super) fn put(call: &mut Call<'_>) -> Result<Value, AwsError> {
    const DAY: Millis = 86_400_000;
    let input = call.input.clone();
    let group = input.text("logGroupName")?;
    let stream = input.text("logStreamName")?;
    // AWS takes sequence tokens and has ignored them since 2023.
    input.accept("sequenceToken");
    find_stream(call, &group, &stream)?;
    let mut events = Vec::new();
    for event in input.structures("logEvents")? {
        let at = u64::try_from(event.integer("timestamp")?).unwrap_or_default();
        events.push((at, event.text("message")?));
    }
    if events.is_empty() || events.len() > 10_000 {
        return Err(input.invalid("The batch of log events must hold 1 to 10000 of them"));
    }
    if events.windows(2).any(|pair| pair[0].0 > pair[1].0) {
        return Err(input.invalid(
            "Log events in a single PutLogEvents request must be in chronological order.",
        ));
    }
    if events[events.len() - 1].0 - events[0].0 > DAY {
        return Err(input.invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours."));
    }
    let old = events.iter().filter(|(at, _)| at + 14 * DAY < call.now).count();
    let new = events.iter().position(|(at, _)| *at > call.now + DAY / 12);
    let good = &events[old..new.unwrap_or(events.len()).max(old)];
    append(call, &group, &stream, good);
    let token = format!("{:056}", call.ids.sequence());
    let mut output = json!({"nextSequenceToken": token});
    let mut rejected = json!({});
    if old > 0 {
        rejected.set("tooOldLogEventEndIndex", old);
    }
    if let Some(new) = new {
        rejected.set("tooNewLogEventStartIndex", new);
    }
    if rejected != json!({}) {
        output.set("rejectedLogEventsInfo", rejected);
    }
    Ok(output)
}

fn append(call: &mut Call<'_>, group: &str, stream: &str, events: &[(Millis, String)]) {
    let (Some((first, _)), Some((last, _))) = (events.first(), events.last()) else { return };
    // Two writes within one call must not meet.
    let batch = call.ids.hex(8);
    // What one call writes one after another keeps that order.
    let sequence = call.ids.sequence();
    let earlier = events.first().map_or(0, |(time, _)| {
        call.scan(EVENTS, &format!("{group}:{stream}:{time:015}-{sequence:012}-")).len()
    });
    for (at, (time, message)) in events.iter().enumerate() {
        let at = earlier + at;
        let key = format!("{group}:{stream}:{time:015}-{sequence:012}-{at:05}-{batch}");
        let event = json!({"timestamp": time, "message": message, "ingestionTime": call.now});
        call.put(EVENTS, &key, event);
    }
    let now = call.now;
    call.update(STREAMS, &format!("{group}:{stream}"), |document| {
        if !document.has("firstEventTimestamp") || document.time("firstEventTimestamp") > *first {
            document.set("firstEventTimestamp", *first);
        }
        if document.time("lastEventTimestamp") < *last {
            document.set("lastEventTimestamp", *last);
        }
        document.set("lastIngestionTime", now);
    });
}

/// Tokens name the event behind which, or before which, the next page begins; at either end the
/// same token is answered again, as AWS does.
pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let group = group_name(call)?;
    let stream = input.text("logStreamName")?;
    let (from, until) = (input.optional_integer("startTime")?, input.optional_integer("endTime")?);
    let token = input.optional_text("nextToken")?;
    let limit = input.optional_integer_within("limit", 1, 10_000)?.unwrap_or(10_000) as usize;
    let from_head = input.optional_boolean("startFromHead")?.unwrap_or(false);
    // Nothing is masked here.
    input.accept("unmask");
    find_stream(call, &group, &stream)?;
    let prefix = format!("{group}:{stream}:");
    let mut events = call.scan(EVENTS, &prefix);
    events.retain(|(_, event)| within(event.integer("timestamp"), from, until));
    let place = |key: &str| key[prefix.len()..].to_owned();
    let (forward, behind) = match token.as_deref().and_then(|token| token.split_once('/')) {
        None if token.is_some() => {
            return Err(input.invalid("The specified nextToken is invalid."));
        }
        None => (from_head, None),
        Some(("f", behind)) => (true, Some(behind.to_owned())),
        Some(("b", before)) => (false, Some(before.to_owned())),
        Some(_) => return Err(input.invalid("The specified nextToken is invalid.")),
    };
    if let Some(at) = &behind {
        events.retain(|(key, _)| if forward { place(key) > *at } else { place(key) < *at });
    }
    if forward {
        events.truncate(limit);
    } else {
        events.drain(..events.len().saturating_sub(limit));
    }
    let same = behind.unwrap_or_default();
    let first = events.first().map_or_else(|| same.clone(), |(key, _)| place(key));
    let last = events.last().map_or_else(|| same.clone(), |(key, _)| place(key));
    let shown: Vec<&Value> = events.iter().map(|(_, event)| &**event).collect();
    Ok(json!({
        "events": shown,
        "nextForwardToken": format!("f/{last}"),
        "nextBackwardToken": format!("b/{first}"),
    }))
}

/// Is this time in `[from, until)`?
pub(super) fn within(at: i64, from: Option<i64>, until: Option<i64>) -> bool {
    from.is_none_or(|from| at >= from) && until.is_none_or(|until| at < until)
}
