//! What a manifest says once overrides and variables are put in, as lines that people can compare.

use serde_json::Value;

/// `path  value`, a line for each that says something.
pub fn settings(document: &Value) -> String {
    let mut found = Vec::new();
    leaves("", document, &mut found);
    let width = found.iter().map(|(path, _)| path.chars().count()).max().unwrap_or_default();
    let line = |(path, value): &(String, String)| format!("{path:width$}  {value}\n");
    found.iter().map(line).collect()
}

fn leaves(path: &str, value: &Value, found: &mut Vec<(String, String)>) {
    let plain = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match value {
        Value::Null => {}
        // A length of time.
        Value::Object(fields) if fields.len() == 2 && fields.contains_key("nanos") => {
            found.push((path.to_owned(), format!("{}s", fields.get("secs").unwrap_or(value))));
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                leaves(&path, field, found);
            }
        }
        Value::Array(items) if items.is_empty() => {}
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (at, item) in items.iter().enumerate() {
                leaves(&format!("{path}[{at}]"), item, found);
            }
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            found.push((path.to_owned(), items.join(", ")));
        }
        scalar => found.push((path.to_owned(), plain(scalar))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn only_what_says_something_is_a_line() {
        let document = json!({
            "name": "api", "command": null, "aliases": [], "ports": [80, 443],
            "http": {"path": "/", "rules": [{"path": "/a"}]},
            "secrets": {"DB": {"ssm": "/demo/db"}}, "timeout": {"secs": 90, "nanos": 0},
        });
        insta::assert_snapshot!(super::settings(&document), @r"
        http.path           /
        http.rules[0].path  /a
        name                api
        ports               80, 443
        secrets.DB.ssm      /demo/db
        timeout             90s
        ");
    }
}
