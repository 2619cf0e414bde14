//! XML answers of awsQuery and ec2Query. Outputs carry the names of the wire, so writing them
//! needs no model: an object's members are elements, a list's items are `<member>` or `<item>`.
//! An object with the only member `$entries` is a map, written as `<entry>`s.

use serde_json::Value;

use super::Envelope;
use crate::local::error::AwsError;

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
