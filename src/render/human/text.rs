//! Small pieces of text: plurals, durations, values on one line.

use std::time::Duration;

use serde_json::Value;

use crate::engine::OutputRef;

/// `1 service`, `2 services`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `0.4s`, `12s`, `3m 05s`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1}s", duration.as_secs_f64()),
        10..60 => format!("{seconds}s"),
        _ => format!("{}m {:02}s", seconds / 60, seconds % 60),
    }
}

/// A document's value on one line, cut at `limit` characters; references as
/// `(ec2/vpc.main → id)`.
pub fn value(value: &Value, limit: usize) -> String {
    let text = plain(value);
    if text.chars().count() <= limit {
        return text;
    }
    let cut: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{cut}…")
}

fn plain(value: &Value) -> String {
    if let Some(reference) = OutputRef::from_value(value) {
        return format!("({reference})");
    }
    match value {
        Value::Null => "(none)".to_owned(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{key}: {}", plain(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_fit_one_line() {
        let document =
            json!({"a": [1, "x"], "vpc": {"$output": ["ec2/vpc.main", "id"]}, "z": null});
        assert_eq!(value(&document, 80), r#"{a: [1, "x"], vpc: (ec2/vpc.main → id), z: (none)}"#);
        assert_eq!(value(&document, 8), "{a: [1,…");
    }

    #[test]
    fn durations_read_well() {
        let texts: Vec<String> =
            [420, 12_000, 185_000].map(Duration::from_millis).map(duration).to_vec();
        assert_eq!(texts, ["0.4s", "12s", "3m 05s"]);
    }
}
