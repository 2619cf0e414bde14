//! References, found again in live documents, so that what left the manifests has edges too.

use std::collections::HashMap;

use serde_json::Value;

use super::{Live, Registry, Rule};

/// Which live objects refer to which, by index into the list that was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// For each object, those it refers to.
    pub uses: Vec<Vec<usize>>,
    /// For each object, those that refer to it.
    pub users: Vec<Vec<usize>>,
}

/// An identifier shorter than this is a word like any other, not a reference.
const SHORTEST_ID: usize = 5;
/// The same for names, URLs and the like, which are easier to hit by accident.
const SHORTEST_OTHER: usize = 8;

/// Who says a value: the objects that have it as an identifier, else those that have it as
/// another output.
#[derive(Default)]
struct Sayers {
    by_id: Vec<usize>,
    otherwise: Vec<usize>,
}

/// Finds every text in a live document (or key of a map in it) that is a live object's id, ARN
/// or other output. A value that objects at different addresses have in common says nothing;
/// an identifier counts before an output that repeats it (a subnet's `vpc` is not its own). Fields and
/// outputs of which a kind says that they are names are left out.
pub fn relink(objects: &[&Live], registry: &Registry) -> Links {
    relink_by(objects, &|kind| registry.info(kind).map_or(&[], |info| info.rules))
}

fn relink_by(objects: &[&Live], rules: &dyn Fn(&str) -> &'static [Rule]) -> Links {
    let mut sayers: HashMap<&str, Sayers> = HashMap::new();
    for (index, live) in objects.iter().enumerate() {
        let Some(outputs) = live.outputs.as_object() else { continue };
        if rules(live.identity.address.kind()).contains(&Rule::SaysNames) {
            continue;
        }
        for (field, value) in outputs {
            let Some(text) = value.as_str() else { continue };
            let is_id = field == "id" || field == "arn" || text == live.id;
            if text.len() < if is_id { SHORTEST_ID } else { SHORTEST_OTHER } {
                continue;
            }
            let entry = sayers.entry(text).or_default();
            let list = if is_id { &mut entry.by_id } else { &mut entry.otherwise };
            if list.last() != Some(&index) {
                list.push(index);
            }
        }
    }
    sayers.retain(|_, entry| {
        let list = if entry.by_id.is_empty() { &entry.otherwise } else { &entry.by_id };
        list.windows(2)
            .all(|pair| objects[pair[0]].identity.address == objects[pair[1]].identity.address)
    });
    let mut links =
        Links { uses: vec![Vec::new(); objects.len()], users: vec![Vec::new(); objects.len()] };
    for (index, live) in objects.iter().enumerate() {
        let mut uses: Vec<usize> = Vec::new();
        let rules = rules(live.identity.address.kind()).iter();
        let names = rules.filter_map(|rule| match rule {
            Rule::Names(path) => Some(*path),
            _ => None,
        });
        references(&live.spec, &names.collect::<Vec<_>>(), &mut |text| {
            if text.len() < SHORTEST_ID {
                return;
            }
            if let Some(entry) = sayers.get(text) {
                let list = if entry.by_id.is_empty() { &entry.otherwise } else { &entry.by_id };
                uses.extend(list.iter().filter(|other| **other != index));
            }
        });
        uses.sort_unstable();
        uses.dedup();
        for other in &uses {
            links.users[*other].push(index);
        }
        links.uses[index] = uses;
    }
    links
}

/// The texts of a document that may be references: all but those below `names`, paths from here.
fn references<'a>(value: &'a Value, names: &[&str], found: &mut impl FnMut(&'a str)) {
    if names.is_empty() {
        return texts(value, found);
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, names, found)),
        Value::Object(fields) => {
            for (key, field) in fields {
                let below = names.iter().filter_map(|path| {
                    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
                    (first == "*" || first == key).then_some(rest)
                });
                let below: Vec<&str> = below.collect();
                if !below.contains(&"") {
                    found(key);
                    references(field, &below, found);
                }
            }
        }
        other => texts(other, found),
    }
}

fn texts<'a>(value: &'a Value, found: &mut impl FnMut(&'a str)) {
    match value {
        Value::String(text) => found(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => {
            for (key, field) in fields {
                found(key);
                texts(field, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Address, Health, Identity, Owner};
    use serde_json::json;

    fn live(kind: &str, name: &str, spec: Value, outputs: Value) -> Live {
        Live {
            identity: Identity {
                application: "demo".into(),
                environment: "test".into(),
                owner: Owner::Environment,
                address: Address::new(kind, name),
                generation: 1,
                run: String::new(),
            },
            spec,
            id: outputs["id"].as_str().unwrap_or_default().to_owned(),
            outputs,
            health: Health::Ready,
        }
    }

    #[test]
    fn ids_become_edges_and_shared_or_short_values_do_not() {
        let objects = [
            live("ec2/vpc", "main", json!({ "zone": "eu-west-1a" }), json!({ "id": "vpc-0a1b2c" })),
            live(
                "ec2/subnet",
                "a",
                json!({ "vpc": "vpc-0a1b2c", "zone": "eu-west-1a" }),
                json!({ "id": "subnet-1", "vpc": "vpc-0a1b2c", "zone": "eu-west-1a" }),
            ),
            live(
                "ec2/subnet",
                "b",
                json!({ "vpc": "vpc-0a1b2c", "zone": "eu-west-1a" }),
                json!({ "id": "subnet-2", "vpc": "vpc-0a1b2c", "zone": "eu-west-1a" }),
            ),
            live("x/map", "m", json!({ "weights": { "subnet-2": 1 } }), json!({ "id": "m" })),
        ];
        let links = relink_by(&objects.iter().collect::<Vec<_>>(), &|_| &[]);
        assert_eq!(links.uses, [vec![], vec![0], vec![0], vec![2]]);
        assert_eq!(links.users, [vec![1, 2], vec![], vec![3], vec![]]);
    }

    #[test]
    fn names_are_no_references() {
        let called = json!({ "backends": ["store.test.local"], "of": { "a": { "provider": "store.test.local" } } });
        let objects = [
            live("mesh/name", "store", json!({}), json!({ "name": "store.test.local" })),
            live("mesh/node", "api", called, json!({ "name": "node-of-api" })),
        ];
        let objects: Vec<&Live> = objects.iter().collect();
        assert_eq!(relink_by(&objects, &|_| &[Rule::Names("backends")]).uses[1], [0]);
        let all: &[Rule] = &[Rule::Names("backends"), Rule::Names("of.*.provider")];
        assert_eq!(relink_by(&objects, &|_| all).uses[1], Vec::<usize>::new());
        assert_eq!(relink_by(&objects, &|_| &[Rule::SaysNames]).uses[1], Vec::<usize>::new());
    }
}
