//! XML answers of awsQuery and ec2Query. Outputs carry the names of the wire, so writing them
//! needs no model: an object's members are elements, a list's items are `<member>` or `<item>`.
//! An object with the only member `$entries` is a map, written as `<entry>`s. restXml has no name of
//! its own for items: a list's element is repeated, so `{"Zones": {"Zone": [a, b]}}` is a list.
//!
//! Bodies of restXml are read the same way back; every leaf is a string, and what may be a list of one
//! is told by `Params`.

use serde_json::{Map, Value};
use xmlparser::{ElementEnd, Token, Tokenizer};

use super::Envelope;
use crate::local::error::AwsError;

/// The name of a list's items where they have none of their own.
const REPEATED: &str = "";
/// Deeper than any body of AWS's APIs.
const MOST_OPEN: usize = 64;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

pub(super) fn query_success(envelope: &Envelope, output: &Value) -> String {
    let Envelope { operation, namespace, request_id, .. } = envelope;
    let mut text = format!("<{operation}Response xmlns=\"{namespace}\">");
    if !output.is_null() {
        element(&mut text, &format!("{operation}Result"), output, "member");
    }
    text.push_str(&format!(
        "<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    ));
    text
}

pub(super) fn ec2_success(envelope: &Envelope, output: &Value) -> String {
    let Envelope { operation, namespace, request_id, .. } = envelope;
    let mut text = format!(
        "{HEAD}<{operation}Response xmlns=\"{namespace}/\"><requestId>{request_id}</requestId>"
    );
    match output {
        Value::Object(members) => {
            for (name, value) in members {
                element(&mut text, name, value, "item");
            }
        }
        _ => text.push_str("<return>true</return>"),
    }
    text.push_str(&format!("</{operation}Response>"));
    text
}

pub(super) fn rest_success(envelope: &Envelope, output: &Value) -> String {
    let Envelope { operation, namespace, .. } = envelope;
    let mut text = format!("{HEAD}<{operation}Response xmlns=\"{namespace}\">");
    content(&mut text, output, REPEATED);
    text.push_str(&format!("</{operation}Response>"));
    text
}

/// A document with this root element.
pub(super) fn rooted(root: &str, namespace: &str, output: &Value) -> String {
    let mut text = format!("{HEAD}<{root} xmlns=\"{namespace}\">");
    content(&mut text, output, REPEATED);
    text.push_str(&format!("</{root}>"));
    text
}

/// S3's errors are in no envelope.
pub(super) fn s3_failure(code: &str, message: &str, request_id: &str) -> String {
    format!(
        "{HEAD}<Error><Code>{}</Code><Message>{}</Message><RequestId>{request_id}</RequestId></Error>",
        escape(code),
        escape(message)
    )
}

/// Reads the members of a restXml body's root element.
pub(super) fn decode(body: &[u8]) -> Result<Value, AwsError> {
    let malformed = |why: &dyn std::fmt::Display| AwsError::new("MalformedInput", why.to_string());
    let text = std::str::from_utf8(body).map_err(|error| malformed(&error))?;
    // Elements that are open: name, members, text.
    let mut open: Vec<(String, Map<String, Value>, String)> = Vec::new();
    let mut root = Map::new();
    for token in Tokenizer::from(text) {
        match token.map_err(|error| malformed(&error))? {
            Token::ElementStart { local, .. } if open.len() < MOST_OPEN => {
                open.push((local.to_string(), Map::new(), String::new()));
            }
            Token::ElementStart { .. } => return Err(malformed(&"the body is too deep")),
            Token::Text { text } | Token::Cdata { text, .. } => {
                if let Some((_, _, inner)) = open.last_mut() {
                    inner.push_str(&unescape(text.as_str()));
                }
            }
            Token::ElementEnd { end: ElementEnd::Open, .. } => {}
            Token::ElementEnd { .. } => {
                let Some((name, members, inner)) = open.pop() else {
                    return Err(malformed(&"an element is closed that was not opened"));
                };
                let value =
                    if members.is_empty() { inner.into() } else { Value::Object(members.clone()) };
                match open.last_mut() {
                    None => root = members,
                    Some((_, siblings, _)) => match siblings.get_mut(&name) {
                        Some(Value::Array(list)) => list.push(value),
                        Some(one) => *one = Value::Array(vec![one.take(), value]),
                        None => {
                            siblings.insert(name, value);
                        }
                    },
                }
            }
            _ => {}
        }
    }
    Ok(Value::Object(root))
}

fn unescape(text: &str) -> String {
    // The five entities and numbers are all that SDKs write.
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let (entity, behind) = after.split_once(';').unwrap_or((after, ""));
        let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok();
        let character = match entity {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => entity
                .strip_prefix("#x")
                .and_then(|digits| number(digits, 16))
                .or_else(|| entity.strip_prefix('#').and_then(|digits| number(digits, 10)))
                .and_then(char::from_u32),
        };
        plain.extend(character);
        rest = behind;
    }
    plain.push_str(rest);
    plain
}

pub(super) fn query_failure(envelope: &Envelope, error: &AwsError) -> String {
    let fault = if error.status < 500 { "Sender" } else { "Receiver" };
    format!(
        "<ErrorResponse xmlns=\"{}\"><Error><Type>{fault}</Type><Code>{}</Code><Message>{}</Message>\
         </Error><RequestId>{}</RequestId></ErrorResponse>",
        envelope.namespace,
        escape(&error.code),
        escape(&error.message),
        envelope.request_id
    )
}

pub(super) fn ec2_failure(envelope: &Envelope, error: &AwsError) -> String {
    format!(
        "{HEAD}<Response><Errors><Error><Code>{}</Code><Message>{}</Message></Error></Errors>\
         <RequestID>{}</RequestID></Response>",
        escape(&error.code),
        escape(&error.message),
        envelope.request_id
    )
}

fn element(text: &mut String, name: &str, value: &Value, item: &str) {
    if value.is_null() {
        return;
    }
    if let (REPEATED, Value::Array(items)) = (item, value) {
        return items.iter().for_each(|each| element(text, name, each, item));
    }
    text.push('<');
    text.push_str(name);
    text.push('>');
    content(text, value, item);
    text.push_str("</");
    text.push_str(name);
    text.push('>');
}

fn content(text: &mut String, value: &Value, item: &str) {
    match value {
        Value::Null => {}
        Value::String(string) => text.push_str(&escape(string)),
        Value::Bool(_) | Value::Number(_) => text.push_str(&value.to_string()),
        Value::Array(items) => items.iter().for_each(|each| element(text, item, each, item)),
        Value::Object(members) => match members.get("$entries") {
            Some(Value::Object(entries)) => {
                for (key, value) in entries {
                    text.push_str("<entry>");
                    element(text, "key", &Value::from(key.as_str()), item);
                    element(text, "value", value, item);
                    text.push_str("</entry>");
                }
            }
            _ => members.iter().for_each(|(name, value)| element(text, name, value, item)),
        },
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#xD;"),
            '\n' | '\t' => escaped.push(character),
            // XML 1.0 has no way to spell the other control characters.
            character if character.is_control() && character < ' ' => escaped.push('\u{fffd}'),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_reads_back_what_an_answer_says() {
        let body = br#"<?xml version="1.0"?><R xmlns="n"><Zones><Zone><Name>a&amp;b</Name></Zone>
            <Zone><Name>&#x63;</Name></Zone></Zones><Empty/><One><Tag>x</Tag></One></R>"#;
        let value = decode(body).unwrap();
        assert_eq!(
            value,
            json!({
                "Zones": {"Zone": [{"Name": "a&b"}, {"Name": "c"}]},
                "Empty": "",
                "One": {"Tag": "x"},
            })
        );
        let mut text = String::new();
        content(&mut text, &value["Zones"], REPEATED);
        assert_eq!(text, "<Zone><Name>a&amp;b</Name></Zone><Zone><Name>c</Name></Zone>");
    }
}
