//! References become values as soon as what they refer to is known.

use std::borrow::Cow;

use serde_json::Value;

use super::OutputRef;

/// Replaces each reference that `known` can answer by its value; others stay. Borrows where
/// nothing is replaced.
pub fn resolve<'a, 'k>(
    value: &'a Value,
    known: &impl Fn(&OutputRef) -> Option<&'k Value>,
) -> Cow<'a, Value> {
    if let Some(from) = OutputRef::from_value(value) {
        return match known(&from) {
            Some(found) if !found.is_null() => Cow::Owned(found.clone()),
            _ => Cow::Borrowed(value),
        };
    }
    match value {
        Value::Array(items) => {
            let mut copy: Option<Vec<Value>> = None;
            for (index, item) in items.iter().enumerate() {
                if let Cow::Owned(new) = resolve(item, known) {
                    copy.get_or_insert_with(|| items.clone())[index] = new;
                }
            }
            copy.map_or(Cow::Borrowed(value), |items| Cow::Owned(Value::Array(items)))
        }
        Value::Object(fields) => {
            let mut copy = None;
            for (name, field) in fields {
                if let Cow::Owned(new) = resolve(field, known) {
                    copy.get_or_insert_with(|| fields.clone()).insert(name.clone(), new);
                }
            }
            copy.map_or(Cow::Borrowed(value), |fields| Cow::Owned(Value::Object(fields)))
        }
        _ => Cow::Borrowed(value),
    }
}
