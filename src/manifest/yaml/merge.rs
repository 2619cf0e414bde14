//! Laying `environments.<name>` over the service it belongs to.

use super::{Node, Value};

/// Key groups of which only one may stand in a map: writing one in an environment unsets the others.
/// (path of the map, keys of the one form); the other form is every other key.
const EXCLUSIVE: &[(&str, &[&str])] = &[("count", &["spot"])];

/// Keys of which only one may stand in a map, beside whatever else does; `*` is any one name.
const RIVALS: &[(&str, &[&str])] =
    &[("image", &["location", "build"]), ("sidecars.*.image", &["location", "build"])];

/// `base` with `over` laid on top. Maps merge key by key, to any depth; lists and scalars are
/// replaced, and so is a value whose form differs (`count: 2` over a map). A key without a value
/// changes nothing.
pub(crate) fn overlay(base: &Node, over: &Node) -> Node {
    lay(base, over, "")
}

fn lay(base: &Node, over: &Node, path: &str) -> Node {
    let (Value::Mapping(below), Value::Mapping(above)) = (&base.value, &over.value) else {
        return if over.is_null() { base.clone() } else { over.clone() };
    };
    let mut entries = below.clone();
    for (_, form) in EXCLUSIVE.iter().filter(|(at, _)| *at == path) {
        let chosen = above.iter().filter(|entry| !entry.node.is_null());
        for is_form in chosen.map(|entry| form.contains(&entry.key.as_str())) {
            entries.retain(|entry| form.contains(&entry.key.as_str()) == is_form);
        }
    }
    for (_, rivals) in RIVALS.iter().filter(|(at, _)| is_at(at, path)) {
        let chosen = above.iter().filter(|entry| !entry.node.is_null());
        for chosen in chosen.filter(|entry| rivals.contains(&entry.key.as_str())) {
            entries
                .retain(|entry| entry.key == chosen.key || !rivals.contains(&entry.key.as_str()));
        }
    }
    for entry in above {
        match entries.iter_mut().find(|below| below.key == entry.key) {
            Some(below) => {
                let path = if path.is_empty() {
                    entry.key.clone()
                } else {
                    format!("{path}.{}", entry.key)
                };
                below.node = lay(&below.node, &entry.node, &path);
                if !entry.node.is_null() {
                    below.span = entry.span;
                }
            }
            None => entries.push(entry.clone()),
        }
    }
    Node { span: base.span, value: Value::Mapping(entries) }
}

fn is_at(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) =
        (pattern.split('.').collect(), path.split('.').collect());
    pattern.len() == path.len()
        && pattern.iter().zip(path).all(|(want, step)| *want == "*" || *want == step)
}
