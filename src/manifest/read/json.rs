//! Parts of a manifest that are kept as JSON.

use super::notation;
use crate::manifest::yaml::{Node, Style, Value};

/// A tree as JSON: plain scalars that look like numbers or booleans are such.
pub(crate) fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null | Value::Broken => serde_json::Value::Null,
        Value::Sequence(items) => items.iter().map(json).collect(),
        Value::Mapping(entries) => serde_json::Value::Object(
            entries.iter().map(|entry| (entry.key.clone(), json(&entry.node))).collect(),
        ),
        Value::Scalar(scalar) if scalar.style == Style::Plain => {
            match serde_json::from_str(&scalar.text) {
                Ok(plain @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_))) => plain,
                _ => scalar.text.clone().into(),
            }
        }
        Value::Scalar(scalar) => scalar.text.clone().into(),
    }
}

notation! {
    /// Anything, kept as JSON.
    Json as serde_json::Value,
    {},
    |node, _reader| Some(json(node))
}
