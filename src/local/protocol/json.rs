//! awsJson 1.0 and 1.1.

use serde_json::{Map, Value};

use crate::local::error::AwsError;

pub(super) fn decode(body: &[u8]) -> Result<Value, AwsError> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(Value::Object(members)),
        Ok(_) => Err(AwsError::new("SerializationException", "the body is not a JSON object")),
        Err(error) => Err(AwsError::new("SerializationException", error.to_string())),
    }
}

pub(super) fn success(output: &Value) -> String {
    let text = if output.is_null() { "{}".to_owned() } else { output.to_string() };
    // A service that speaks CBOR too writes times so that both can say them.
    if text.contains(r#"{"$time":"#) { seconds(output.clone()).to_string() } else { text }
}

fn seconds(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(seconds).collect(),
        Value::Object(members) => match members.get("$time").and_then(Value::as_u64) {
            Some(at) => (at as f64 / 1000.0).into(),
            None => members.into_iter().map(|(name, value)| (name, seconds(value))).collect(),
        },
        other => other,
    }
}

pub(super) fn failure(error: &AwsError) -> String {
    let mut body = error.members.clone();
    body.insert("__type".to_owned(), error.code.clone().into());
    body.insert("message".to_owned(), error.message.clone().into());
    Value::Object(body).to_string()
}
