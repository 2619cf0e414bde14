//! Short readers over `serde_json::Value`, for documents that local AWS wrote itself. What comes
//! from a caller is read with `Params` instead.

use serde_json::{Map, Value};

/// Reads members of a document that is known to have them; a missing one reads as empty.
pub trait Document {
    /// A string member, or `""`.
    fn text(&self, name: &str) -> &str;
    /// An integer member, or 0.
    fn integer(&self, name: &str) -> i64;
    /// A time member in milliseconds, or 0.
    fn time(&self, name: &str) -> u64;
    /// A boolean member, or false.
    fn flag(&self, name: &str) -> bool;
    /// A list member, or `[]`.
    fn list(&self, name: &str) -> &[Value];
    /// The strings in a list member.
    fn texts(&self, name: &str) -> Vec<&str>;
    /// Is the member there and not null?
    fn has(&self, name: &str) -> bool;
    /// Sets a member, making an object of the document if it is none.
    fn set(&mut self, name: &str, value: impl Into<Value>);
    /// Removes a member and returns it.
    fn unset(&mut self, name: &str) -> Option<Value>;
}

impl Document for Value {
    fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or_default()
    }
    fn integer(&self, name: &str) -> i64 {
        self.get(name).and_then(Value::as_i64).unwrap_or_default()
    }
    fn time(&self, name: &str) -> u64 {
        self.get(name).and_then(Value::as_u64).unwrap_or_default()
    }
    fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or_default()
    }
    fn list(&self, name: &str) -> &[Value] {
        self.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }
    fn texts(&self, name: &str) -> Vec<&str> {
        self.list(name).iter().filter_map(Value::as_str).collect()
    }
    fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !value.is_null())
    }
    fn set(&mut self, name: &str, value: impl Into<Value>) {
        if !self.is_object() {
            *self = Value::Object(Map::new());
        }
        if let Some(object) = self.as_object_mut() {
            object.insert(name.to_owned(), value.into());
        }
    }
    fn unset(&mut self, name: &str) -> Option<Value> {
        self.as_object_mut().and_then(|object| object.remove(name))
    }
}
