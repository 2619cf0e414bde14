//! Times of a mesh, which are as short as a millisecond.

use std::time::Duration;

use crate::manifest::read::{Read, Reader, duration};
use crate::manifest::yaml::Node;

/// A span of time between two numbers of milliseconds: `250ms`, `2s`, `1m30s`.
#[derive(Debug)]
pub(crate) struct Millis<const MIN: u64, const MAX: u64>;

/// Any span of time that Envoy takes; 0 is none.
pub(crate) type AnyTime = Millis<0, 4_294_967_000>;

impl<const MIN: u64, const MAX: u64> schemars::JsonSchema for Millis<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Millis{MIN}And{MAX}").into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^([0-9]+ms|([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?)$",
            "examples": ["250ms", "15s"],
        })
    }
}

impl<const MIN: u64, const MAX: u64> Read for Millis<MIN, MAX> {
    type Value = Duration;

    fn read(node: &Node, reader: &mut Reader) -> Option<Duration> {
        let expected = "a time with its unit: `250ms`, `10s`, `1m30s`";
        let text = &reader.text(node, expected)?.text;
        let millis = text.strip_suffix("ms").and_then(|number| number.parse().ok());
        let Some(time) = millis.map(Duration::from_millis).or_else(|| duration(text)) else {
            return reader.wrong(node, expected);
        };
        let within = u64::try_from(time.as_millis()).is_ok_and(|time| (MIN..=MAX).contains(&time));
        if within {
            return Some(time);
        }
        reader.wrong(node, &format!("a time from {} to {}", word(MIN), word(MAX)))
    }
}

/// `2s`, or `250ms` where it is no whole number of seconds.
fn word(millis: u64) -> String {
    if millis.is_multiple_of(1000) { format!("{}s", millis / 1000) } else { format!("{millis}ms") }
}
