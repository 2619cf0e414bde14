//! What is wanted against what is live: whether they agree, and what a dry run would change.
//!
//! Only what is wanted, and what was ours and left the manifest, can differ; defaults and what others manage never do.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::quantity;
use crate::engine::OutputRef;

/// Fields that name the elements of a list, in the order they are tried.
const KEYS: [&str; 10] = [
    "name",
    "key",
    "id",
    "mountPath",
    "devicePath",
    "containerPort",
    "port",
    "ip",
    "topologyKey",
    "uid",
];

/// Without nulls, which mean nothing.
pub(super) fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key.clone(), without_nulls(value)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

/// A digest of a document, in sixteen hex digits: the same however its fields are ordered.
pub(super) fn digest(value: &Value) -> String {
    let mut text = String::new();
    canonical(&without_nulls(value), &mut text);
    let bytes = Sha256::digest(text.as_bytes());
    bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            out.push('{');
            let sorted: std::collections::BTreeMap<_, _> = fields.iter().collect();
            for (key, value) in sorted {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

/// What is wanted, with the live value where it refers to something; `None` for a reference of which nothing is live.
pub(super) fn fill(wanted: &Value, live: Option<&Value>) -> Option<Value> {
    if OutputRef::from_value(wanted).is_some() {
        return live.filter(|live| !live.is_null()).cloned();
    }
    Some(match wanted {
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .filter_map(|(key, value)| {
                    let live = live.and_then(|live| live.get(key));
                    Some((key.clone(), fill(value, live)?))
                })
                .collect(),
        ),
        Value::Array(items) => {
            let twins = twins(items, live);
            let filled = items.iter().zip(twins).filter_map(|(item, twin)| fill(item, twin));
            Value::Array(filled.collect())
        }
        other => other.clone(),
    })
}

/// The field that names every element of all these lists, each once.
pub(super) fn key_of(lists: &[&[Value]]) -> Option<&'static str> {
    KEYS.into_iter().find(|key| {
        lists.iter().all(|list| {
            let names: Option<BTreeSet<String>> =
                list.iter().map(|item| item.get(key).map(Value::to_string)).collect();
            names.is_some_and(|names| names.len() == list.len())
        })
    })
}

/// For each element the live one that it stands for: by its name, else by its place.
fn twins<'a>(items: &[Value], live: Option<&'a Value>) -> Vec<Option<&'a Value>> {
    let there = live.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    match key_of(&[items, there]) {
        Some(key) => items
            .iter()
            .map(|item| there.iter().find(|other| other.get(key) == item.get(key)))
            .collect(),
        None => (0..items.len()).map(|index| there.get(index)).collect(),
    }
}

/// Whether every path of what is wanted has that value live.
pub(super) fn agrees(wanted: &Value, live: Option<&Value>) -> bool {
    agree(wanted, live, false)
}

fn agree(wanted: &Value, live: Option<&Value>, quantities: bool) -> bool {
    let Some(live) = live.filter(|live| !live.is_null()) else { return hollow(wanted) };
    match (wanted, live) {
        (Value::Null, _) => false,
        (Value::Object(a), Value::Object(b)) => a
            .iter()
            .all(|(key, value)| agree(value, b.get(key), quantities || quantity::below(key))),
        (Value::Array(a), Value::Array(b)) => {
            let named = key_of(&[a, b]).is_some() && !a.is_empty();
            (named || a.len() == b.len())
                && a.iter()
                    .zip(twins(a, Some(live)))
                    .all(|(item, twin)| twin.is_some() && agree(item, twin, quantities))
        }
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::String(a), Value::String(b)) => a == b || (quantities && quantity::same(a, b)),
        // A quantity may be written as a number.
        (Value::Number(a), Value::String(b)) => quantities && quantity::same(&a.to_string(), b),
        (a, b) => a == b,
    }
}

/// What the server leaves out when it is said.
fn hollow(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(hollow),
    }
}

/// The live side of a difference: what is wanted, but for what a dry run would change, where it is as it is live; and what
/// was `ours`, is not wanted any more and would go. `None` where nothing of it is there.
pub(super) fn live_side(
    wanted: &Value,
    live: Option<&Value>,
    dry: Option<&Value>,
    ours: Option<&Value>,
) -> Option<Value> {
    match (wanted, live, dry) {
        (Value::Object(a), Some(Value::Object(b)), Some(Value::Object(c))) => {
            let mut out = Map::new();
            for (key, wanted) in a {
                let ours = ours.and_then(|ours| ours.get(key));
                if let Some(value) = live_side(wanted, b.get(key), c.get(key), ours) {
                    out.insert(key.clone(), value);
                }
            }
            for (key, value) in ours.and_then(Value::as_object).into_iter().flatten() {
                if let Some(value) = gone(value, c.get(key)).filter(|_| !a.contains_key(key)) {
                    out.insert(key.clone(), value);
                }
            }
            Some(Value::Object(out))
        }
        (Value::Array(a), Some(Value::Array(b)), Some(Value::Array(c))) => {
            let ours = ours.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            Some(Value::Array(lists(a, b, c, ours)))
        }
        _ if same(live, dry) => Some(wanted.clone()),
        _ => live.cloned(),
    }
}

fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    let there = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
    there(a) == there(b)
}

/// What of ours would not be there any more, or be something else.
fn gone(ours: &Value, dry: Option<&Value>) -> Option<Value> {
    match (ours, dry) {
        (_, None) => Some(ours.clone()),
        (Value::Object(ours), Some(Value::Object(dry))) => {
            let parts = ours
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), gone(value, dry.get(key))?)));
            let parts: Map<String, Value> = parts.collect();
            (!parts.is_empty()).then_some(Value::Object(parts))
        }
        (Value::Array(ours), Some(Value::Array(dry))) => {
            let Some(key) = key_of(&[ours, dry]) else {
                return (ours != dry).then(|| Value::Array(ours.clone()));
            };
            let parts = ours.iter().filter_map(|item| gone_element(key, item, dry));
            let parts: Vec<Value> = parts.collect();
            (!parts.is_empty()).then_some(Value::Array(parts))
        }
        (ours, Some(dry)) => (ours != dry).then(|| ours.clone()),
    }
}

fn gone_element(key: &str, item: &Value, dry: &[Value]) -> Option<Value> {
    let name = item.get(key);
    let mut value = gone(item, dry.iter().find(|other| other.get(key) == name))?;
    if let (Some(fields), Some(name)) = (value.as_object_mut(), name) {
        fields.insert(key.to_owned(), name.clone());
    }
    Some(value)
}

fn lists(wanted: &[Value], live: &[Value], dry: &[Value], ours: &[Value]) -> Vec<Value> {
    let Some(key) = key_of(&[wanted, live, dry, ours]) else {
        if live == dry {
            return wanted.to_vec();
        }
        // Its order counts, and it is written as a whole.
        let side = live.iter().enumerate().map(|(index, live)| match wanted.get(index) {
            Some(wanted) => {
                live_side(wanted, Some(live), dry.get(index), None).unwrap_or(Value::Null)
            }
            None => live.clone(),
        });
        return side.collect();
    };
    let mut out = Vec::new();
    for item in wanted {
        let find =
            |list: &[Value]| list.iter().find(|other| other.get(key) == item.get(key)).cloned();
        let (live, dry, ours) = (find(live), find(dry), find(ours));
        if live.is_some() {
            out.extend(live_side(item, live.as_ref(), dry.as_ref(), ours.as_ref()));
        }
    }
    let unwanted =
        ours.iter().filter(|item| wanted.iter().all(|wanted| wanted.get(key) != item.get(key)));
    out.extend(unwanted.filter_map(|item| gone_element(key, item, dry)));
    out
}

/// What would be where a dry run cannot be had: what is wanted, laid over what is live. Quantities that are equal stay as
/// the server writes them.
pub(super) fn laid_over(wanted: &Value, live: Option<&Value>) -> Value {
    lay(wanted, live, false)
}

fn lay(wanted: &Value, live: Option<&Value>, quantities: bool) -> Value {
    match (wanted, live) {
        (Value::Object(a), Some(Value::Object(b))) => {
            let mut out = b.clone();
            for (key, value) in a {
                let quantities = quantities || quantity::below(key);
                out.insert(key.clone(), lay(value, b.get(key), quantities));
            }
            Value::Object(out)
        }
        (Value::Array(a), Some(live @ Value::Array(_))) => {
            let twins = twins(a, Some(live));
            let items = a.iter().zip(twins).map(|(item, twin)| lay(item, twin, quantities));
            Value::Array(items.collect())
        }
        (wanted, Some(live)) if quantities && agree(wanted, Some(live), true) => live.clone(),
        (wanted, _) => wanted.clone(),
    }
}

/// The fields that a manager owns, as `managedFields` has them, projected out of the live object.
pub(super) fn owned(object: &Value, manager: &str) -> Value {
    let mut out = Value::Null;
    let entries = object["metadata"]["managedFields"].as_array();
    for entry in entries.into_iter().flatten() {
        if entry["manager"].as_str() == Some(manager) && entry["operation"] == "Apply" {
            out = project(&entry["fieldsV1"], object);
        }
    }
    let mut out = if out.is_object() { out } else { Value::Object(Map::new()) };
    for field in ["apiVersion", "kind"] {
        out[field] = object[field].clone();
    }
    let mut metadata = match out.get("metadata") {
        Some(Value::Object(fields)) => fields.clone(),
        _ => Map::new(),
    };
    for field in ["name", "namespace"] {
        if let Some(value) = object["metadata"].get(field) {
            metadata.insert(field.to_owned(), value.clone());
        }
    }
    out["metadata"] = Value::Object(metadata);
    out
}

/// The part of `live` that a set of fields names: `f:spec`, `k:{"name":"web"}`, `v:"x"`, `.`.
fn project(fields: &Value, live: &Value) -> Value {
    let Some(set) = fields.as_object() else { return live.clone() };
    let below: Vec<(&String, &Value)> = set.iter().filter(|(name, _)| *name != ".").collect();
    if below.is_empty() {
        return match (set.contains_key("."), live) {
            (true, Value::Object(_)) => Value::Object(Map::new()),
            _ => live.clone(),
        };
    }
    match live {
        Value::Object(there) => {
            let mut out = Map::new();
            for (name, more) in below {
                let Some(field) = name.strip_prefix("f:") else { continue };
                if let Some(value) = there.get(field) {
                    out.insert(field.to_owned(), project(more, value));
                }
            }
            Value::Object(out)
        }
        Value::Array(items) => {
            let mut out = Vec::new();
            for item in items {
                for (name, more) in &below {
                    if let Some(value) = name.strip_prefix("v:") {
                        let value: Option<Value> = serde_json::from_str(value).ok();
                        if value.as_ref() == Some(item) {
                            out.push(item.clone());
                        }
                        continue;
                    }
                    let Some(keys) = name.strip_prefix("k:") else { continue };
                    let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
                    if keys.iter().all(|(key, value)| item.get(key) == Some(value)) {
                        let mut part = project(more, item);
                        if let Some(part) = part.as_object_mut() {
                            part.extend(keys);
                        }
                        out.push(part);
                    }
                }
            }
            Value::Array(out)
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(image: &str) -> Value {
        json!({"spec": {"template": {"spec": {"containers": [
            {"name": "web", "image": image, "resources": {"limits": {"cpu": "0.5"}}},
        ]}}}})
    }

    fn live(image: &str) -> Value {
        json!({"spec": {"replicas": 1, "template": {"spec": {"restartPolicy": "Always", "containers": [
            {"name": "web", "image": image, "imagePullPolicy": "Always",
             "resources": {"limits": {"cpu": "500m"}}},
        ]}}}})
    }

    #[test]
    fn defaults_and_quantities_are_no_difference() {
        assert!(agrees(&deployment("a:1"), Some(&live("a:1"))));
        assert!(!agrees(&deployment("a:2"), Some(&live("a:1"))));
        assert!(!agrees(&json!({"spec": {"paused": true}}), Some(&live("a:1"))));
        assert!(agrees(&json!({"spec": {"paused": false}}), Some(&live("a:1"))));
    }

    #[test]
    fn a_changed_image_is_the_one_difference() {
        let side = live_side(&deployment("a:2"), Some(&live("a:1")), Some(&live("a:2")), None);
        assert_eq!(side, Some(deployment("a:1")));
    }

    #[test]
    fn what_leaves_is_shown_and_what_others_manage_is_not() {
        let wanted = json!({"spec": {"a": 1}, "list": [{"name": "x", "v": 1}]});
        let live = json!({"spec": {"a": 1, "ours": 2, "theirs": 3},
            "list": [{"name": "x", "v": 1}, {"name": "ours", "v": 2}, {"name": "theirs", "v": 3}]});
        let dry = json!({"spec": {"a": 1, "theirs": 3},
            "list": [{"name": "x", "v": 1}, {"name": "theirs", "v": 3}]});
        let ours = json!({"spec": {"a": 1, "ours": 2},
            "list": [{"name": "x", "v": 1}, {"name": "ours", "v": 2}]});
        assert_eq!(
            live_side(&wanted, Some(&live), Some(&dry), Some(&ours)),
            Some(json!({"spec": {"a": 1, "ours": 2},
                "list": [{"name": "x", "v": 1}, {"name": "ours", "v": 2}]}))
        );
    }

    #[test]
    fn references_take_what_is_live() {
        let wanted = json!({"metadata": {"namespace": {"$output": ["kubernetes/namespace.main", "name"]}},
            "env": [{"name": "A", "value": {"$output": ["sqs/queue.a", "url"]}}, {"name": "B", "value": "b"}]});
        let live = json!({"metadata": {"namespace": "shop"},
            "env": [{"name": "B", "value": "c"}, {"name": "A", "value": "https://a"}]});
        assert_eq!(
            fill(&wanted, Some(&live)),
            Some(json!({"metadata": {"namespace": "shop"},
                "env": [{"name": "A", "value": "https://a"}, {"name": "B", "value": "b"}]}))
        );
        assert_eq!(fill(&wanted, None).unwrap()["metadata"], json!({}));
    }

    #[test]
    fn a_digest_is_the_same_in_any_order() {
        let one = digest(&json!({"a": 1, "b": {"c": null, "d": [1]}}));
        assert_eq!(one, digest(&json!({"b": {"d": [1]}, "a": 1})));
        assert_ne!(one, digest(&json!({"b": {"d": [2]}, "a": 1})));
        assert_eq!(one.len(), 16);
    }

    #[test]
    fn what_a_manager_owns() {
        let object = json!({
            "apiVersion": "v1", "kind": "X",
            "metadata": {"name": "x", "labels": {"a": "1", "b": "2"}, "managedFields": [
                {"manager": "shipit", "operation": "Apply", "fieldsV1": {
                    "f:metadata": {"f:labels": {"f:a": {}}},
                    "f:spec": {"f:ports": {"k:{\"port\":80}": {".": {}, "f:port": {}, "f:name": {}}}}}},
                {"manager": "other", "operation": "Update", "fieldsV1": {"f:metadata": {"f:labels": {"f:b": {}}}}},
            ]},
            "spec": {"ports": [{"port": 80, "name": "http", "nodePort": 3}, {"port": 81}]},
        });
        assert_eq!(
            owned(&object, "shipit"),
            json!({"apiVersion": "v1", "kind": "X", "metadata": {"name": "x", "labels": {"a": "1"}},
                "spec": {"ports": [{"port": 80, "name": "http"}]}})
        );
    }
}
