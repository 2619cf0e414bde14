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
    cut(&plain(value), limit)
}

/// A document's value on one line, all of it.
pub fn whole(value: &Value) -> String {
    plain(value)
}

/// A text of at most `limit` characters, with `…` where it was cut.
pub fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let cut: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{cut}…")
}

/// The same, cut in front: what ends tell apart.
pub fn cut_front(text: &str, limit: usize) -> String {
    let length = text.chars().count();
    if length <= limit {
        return text.to_owned();
    }
    let end: String = text.chars().skip(length + 1 - limit.max(1)).collect();
    format!("…{end}")
}

/// Two texts of at most `limit` characters each, cut so that where they begin to differ is seen.
pub fn cut_pair(before: &str, after: &str, limit: usize) -> (String, String) {
    let length = |text: &str| text.chars().count();
    if length(before) <= limit && length(after) <= limit {
        return (before.to_owned(), after.to_owned());
    }
    let same = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
    // Enough of what both have in common to know where one is; nothing is left out where all shows anyway.
    let from = if same + 12 <= limit { 0 } else { same.saturating_sub(limit / 3) };
    let part = |text: &str| match from {
        0 => cut(text, limit),
        from => format!(
            "…{}",
            cut(&text.chars().skip(from).collect::<String>(), limit.saturating_sub(1))
        ),
    };
    (part(before), part(after))
}

/// Lines of at most `width` characters, broken between words; a longer word stands alone.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    // Words with the blanks before them: what is indented or aligned stays so.
    for piece in text.split_inclusive(' ') {
        let word = piece.trim_end_matches(' ');
        let needed = word.chars().count();
        if length > 0 && length + needed > width.max(1) {
            lines.push(line.trim_end().to_owned());
            line = String::new();
            length = 0;
        }
        line.push_str(piece);
        length += piece.chars().count();
    }
    lines.push(line.trim_end().to_owned());
    lines
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
    fn a_cut_shows_where_two_texts_differ() {
        let (before, after) = cut_pair(
            "arn:aws:ecs:eu-west-1:123456789012:task-definition/demo-test-api:7",
            "arn:aws:ecs:eu-west-1:123456789012:task-definition/demo-test-api:8",
            30,
        );
        assert_eq!(before, "…-test-api:7");
        assert_eq!(after, "…-test-api:8");
        assert_eq!(cut_pair("short", "longer than ten", 10), ("short".into(), "longer th…".into()));
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two  three", 8), ["one two", "three"]);
        assert_eq!(wrap("averylongword and more", 8), ["averylongword", "and more"]);
        assert_eq!(wrap("", 8), [""]);
    }

    #[test]
    fn durations_read_well() {
        let texts: Vec<String> =
            [420, 12_000, 185_000].map(Duration::from_millis).map(duration).to_vec();
        assert_eq!(texts, ["0.4s", "12s", "3m 05s"]);
    }
}
