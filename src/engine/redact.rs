//! Keeps secrets out of what others say: error messages of AWS, reasons of stopped tasks, lines of logs.
//!
//! shipit reads no secret values, so it cannot know them all. It masks what this process has sent and knows to be
//! secret (a session token), in every spelling; what stands as the value of a variable that a task gets from a secret
//! (`SESSION_KEY=…`); and what AWS quotes as the value of a secret member. Plain `variables` are no secrets.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use serde_json::Value;

use super::diff::MASK;

/// Anything shorter is a word like any other.
const SHORTEST: usize = 8;

/// What is known to be secret in this process.
static KNOWN: RwLock<Known> =
    RwLock::new(Known { values: BTreeSet::new(), names: BTreeSet::new() });

struct Known {
    /// Each value in each spelling.
    values: BTreeSet<String>,
    names: BTreeSet<String>,
}

/// Members of AWS's requests that hold secrets.
const MEMBERS: [&str; 6] =
    ["secretString", "SecretString", "secretBinary", "password", "token", "value"];

/// Has a value masked from now on, wherever shipit prints.
pub fn remember(secret: &str) {
    if secret.len() < SHORTEST || known(|known| known.values.contains(secret)) {
        return;
    }
    let json = serde_json::Value::from(secret).to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let url = |upper: bool| -> String {
        let spell = |byte: u8| match byte {
            byte if plain(byte) => char::from(byte).to_string(),
            byte if upper => format!("%{byte:02X}"),
            byte => format!("%{byte:02x}"),
        };
        secret.bytes().map(spell).collect()
    };
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.values.extend([
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        STANDARD.encode(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        url(true),
        url(false),
    ]);
}

/// Says that a variable of this name holds a secret.
pub fn remember_name(name: &str) {
    if !name.is_empty() && !known(|known| known.names.contains(name)) {
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        known.names.insert(name.to_owned());
    }
}

/// Notes the names of all variables that get secrets in a document: the keys of every map called `secrets`.
pub fn remember_names_of(document: &Value) {
    match document {
        Value::Object(fields) => {
            for (key, field) in fields {
                if key == "secrets" || key == "secret_options" {
                    let names = field.as_object().into_iter().flatten();
                    names.for_each(|(name, _)| remember_name(name));
                } else {
                    remember_names_of(field);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(remember_names_of),
        _ => {}
    }
}

fn known<T>(ask: impl FnOnce(&Known) -> T) -> T {
    ask(&KNOWN.read().unwrap_or_else(PoisonError::into_inner))
}

/// A text without the values that are known.
pub fn values(text: &str) -> Cow<'_, str> {
    known(|known| {
        let mut text = Cow::Borrowed(text);
        // Longer spellings may hold shorter ones.
        let mut found: Vec<&String> =
            known.values.iter().filter(|value| text.contains(value.as_str())).collect();
        found.sort_by_key(|value| std::cmp::Reverse(value.len()));
        for value in found {
            text = Cow::Owned(text.replace(value.as_str(), MASK));
        }
        text
    })
}

/// A text that someone else wrote, without secrets as far as they can be told.
pub fn others(text: &str) -> String {
    let mut text = quoted(&values(text));
    let names = known(|known| known.names.clone());
    for name in names.iter().filter(|name| text.contains(name.as_str())).collect::<Vec<_>>() {
        text = assigned(&text, name);
    }
    text
}

/// Masks `Value '…' at 'secretString'`, as AWS's validation says it.
fn quoted(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(start) = rest.find("Value '") {
        let (before, after) = rest.split_at(start + "Value '".len());
        out.push_str(before);
        let end = MEMBERS.iter().filter_map(|member| after.find(&format!("' at '{member}'"))).min();
        let next = after.find("Value '").unwrap_or(after.len());
        match end.filter(|end| *end <= next) {
            Some(end) => {
                out.push_str(MASK);
                rest = &after[end..];
            }
            None => rest = after,
        }
    }
    out + rest
}

/// Masks what is assigned to a name: `NAME=value`, `NAME='a value'`, `"NAME": "value"`. Where a secret stands is none.
fn assigned(text: &str, name: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(start) = rest.find(name) {
        let (before, after) = rest.split_at(start + name.len());
        out.push_str(before);
        rest = after;
        let Some((gap, value)) = value_of(after) else { continue };
        let (length, quote) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => (closing(value, quote), 1),
            _ => {
                let ends = |c: char| c.is_whitespace() || ",;)]}".contains(c);
                (value.find(ends).unwrap_or(value.len()), 0)
            }
        };
        let inner = &value[quote..length.max(quote)];
        if inner.is_empty() || inner.starts_with("arn:") || inner.starts_with('/') {
            continue;
        }
        out.push_str(&after[..gap + quote]);
        out.push_str(MASK);
        rest = &value[length.max(quote)..];
    }
    out + rest
}

/// How far it is to the value behind a name, and what begins there.
fn value_of(after: &str) -> Option<(usize, &str)> {
    let behind = after.trim_start_matches(['"', '\'']);
    let (sign, value) = (behind.chars().next()?, behind.get(1..)?);
    let value = match sign {
        '=' => value,
        // In prose a colon goes before words.
        ':' if value.trim_start().starts_with(['"', '\'']) => value.trim_start(),
        ':' if !value.starts_with(char::is_whitespace) => value,
        _ => return None,
    };
    Some((after.len() - value.len(), value))
}

/// Where a quoted text ends; an escaped quote does not end it.
fn closing(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return index,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_are_masked_in_every_spelling() {
        let secret = "t0ken\"+/=&of a session";
        remember(secret);
        let json = serde_json::json!({ "token": secret }).to_string();
        assert_eq!(values(&json), r#"{"token":"(sensitive)"}"#);
        assert_eq!(values(&STANDARD.encode(secret)), MASK);
        assert_eq!(values("t0ken%22%2B%2F%3D%26of%20a%20session!"), "(sensitive)!");
        assert_eq!(values("a token"), "a token");
        remember("local");
        assert_eq!(values("a local word"), "a local word");
    }

    #[test]
    fn values_of_secret_variables_are_masked_and_where_they_stand_is_not() {
        remember_name("REDACT_KEY");
        for (text, masked) in [
            ("REDACT_KEY=hunter2 and more", "REDACT_KEY=(sensitive) and more"),
            ("env REDACT_KEY='a b', x", "env REDACT_KEY='(sensitive)', x"),
            (r#"{"REDACT_KEY": "a\"b", "x": 1}"#, r#"{"REDACT_KEY": "(sensitive)", "x": 1}"#),
            ("REDACT_KEY:hunter2", "REDACT_KEY:(sensitive)"),
            ("REDACT_KEY: access denied", "REDACT_KEY: access denied"),
            ("REDACT_KEY=arn:aws:ssm:x", "REDACT_KEY=arn:aws:ssm:x"),
            ("no REDACT_KEY", "no REDACT_KEY"),
            ("REDACT_KEY=", "REDACT_KEY="),
            ("REDACT_KEY='", "REDACT_KEY='"),
            (
                "Value 'hunter2' at 'secretString' failed; Value 'x' at 'name' failed",
                "Value '(sensitive)' at 'secretString' failed; Value 'x' at 'name' failed",
            ),
            (
                "Value 'x' at 'name', Value 'hunter2' at 'value'",
                "Value 'x' at 'name', Value '(sensitive)' at 'value'",
            ),
        ] {
            assert_eq!(others(text), masked);
        }
    }
}
