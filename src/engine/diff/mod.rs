//! Field-level difference between a live document and a desired one, under a kind's rules.
//!
//! What a rule's path means, and masking, is in `pattern`; IAM policies are in `policy`;
//! lists are in `list`.

mod list;
mod pattern;
mod policy;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::desired::references;
use super::{Change, OutputRef};

pub use pattern::{MASK, Rules};
use pattern::{Segment, text};

/// Every field where `desired` differs from `live`, in document order. Absent and `null` are
/// equal, and so are `1` and `1.0`. A reference in `desired` is a value that is not known yet
/// and always differs.
pub fn diff(rules: &Rules, live: &Value, desired: &Value) -> Vec<Change> {
    let mut walk = Walk { rules, path: Vec::new(), changes: Vec::new() };
    walk.compare(live, desired);
    walk.changes
}

struct Walk<'a> {
    rules: &'a Rules,
    path: Vec<Segment>,
    changes: Vec<Change>,
}

impl Walk<'_> {
    fn compare(&mut self, live: &Value, desired: &Value) {
        if live == desired || self.rules.owned_elsewhere(&self.path) {
            return;
        }
        match (live, desired) {
            (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => {}
            _ if self.rules.policy(&self.path) => {
                if !policy::same(live, desired) {
                    self.changed(live, desired);
                }
            }
            (Value::Object(a), Value::Object(b)) if OutputRef::from_value(desired).is_none() => {
                self.objects(a, b);
            }
            (Value::Array(a), Value::Array(b)) => self.lists(live, desired, a, b),
            _ if same_without_nulls(live, desired) => {}
            _ => self.changed(live, desired),
        }
    }

    fn objects(&mut self, live: &Map<String, Value>, desired: &Map<String, Value>) {
        for (name, before) in live {
            let after = desired.get(name).unwrap_or(&Value::Null);
            self.at(Segment::Key(name.clone()), |walk| walk.compare(before, after));
        }
        for (name, after) in desired {
            if !live.contains_key(name) {
                self.at(Segment::Key(name.clone()), |walk| walk.compare(&Value::Null, after));
            }
        }
    }

    fn at(&mut self, segment: Segment, inside: impl FnOnce(&mut Self)) {
        self.path.push(segment);
        inside(self);
        self.path.pop();
    }

    /// Whether two values at the current path are equal under the rules.
    fn equal(&mut self, a: &Value, b: &Value) -> bool {
        let kept = std::mem::take(&mut self.changes);
        self.compare(a, b);
        std::mem::replace(&mut self.changes, kept).is_empty()
    }

    fn changed(&mut self, before: &Value, after: &Value) {
        let sensitive = self.rules.sensitive(&self.path);
        let unknown = references(after).iter().map(ToString::to_string).collect();
        let forces_replacement = self.rules.immutable(&self.path, before, after);
        let shown = |value: &Value| {
            if sensitive && !value.is_null() {
                return Value::String(MASK.to_owned());
            }
            let mut value = value.clone();
            self.rules.mask(&self.path, &mut value);
            value
        };
        let change = Change {
            path: text(&self.path),
            before: shown(before),
            after: shown(after),
            unknown,
            forces_replacement,
            sensitive,
            drift: false,
        };
        self.changes.push(change);
    }
}

/// Whether one side is absent and the other holds nothing but absent fields.
fn same_without_nulls(a: &Value, b: &Value) -> bool {
    fn hollow(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Object(fields) => !fields.is_empty() && fields.values().all(Value::is_null),
            _ => false,
        }
    }
    (a.is_null() && hollow(b)) || (b.is_null() && hollow(a))
}
