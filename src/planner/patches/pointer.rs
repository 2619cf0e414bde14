//! The operations of a JSON Patch (RFC 6902) on one document.

use serde_json::Value;

use super::Wrong;
use crate::engine::OutputRef;
use crate::manifest::patch::{Operation, Patch};

/// Carries out one operation.
pub(super) fn apply(document: &mut Value, patch: &Patch) -> Result<(), Wrong> {
    let from = || patch.from.clone().unwrap_or_default();
    match patch.op {
        Operation::Add => add(document, &patch.path, patch.value.clone()),
        Operation::Remove => remove(document, &patch.path).map(drop),
        Operation::Replace => {
            *at(document, &patch.path)? = patch.value.clone();
            Ok(())
        }
        Operation::Move => {
            let value = remove(document, &from())?;
            add(document, &patch.path, value)
        }
        Operation::Copy => {
            let value = at(document, &from())?.clone();
            add(document, &patch.path, value)
        }
        Operation::Test => {
            let found = at(document, &patch.path)?;
            if *found == patch.value {
                return Ok(());
            }
            let message = format!("`{}` is {}, and not {}", patch.path, found, patch.value);
            Err(Wrong {
                help: Some(
                    "look whether the patches below still do what they are meant to".to_owned(),
                ),
                ..Wrong::new(message)
            })
        }
    }
}

/// The steps of a pointer.
fn steps(path: &str) -> Vec<String> {
    path.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

/// The value at a pointer.
fn at<'d>(document: &'d mut Value, path: &str) -> Result<&'d mut Value, Wrong> {
    let mut value = document;
    let mut here = String::new();
    for step in steps(path) {
        leads(value, &step, &here)?;
        let below = match value {
            Value::Object(fields) => fields.get_mut(&step),
            Value::Array(items) => {
                step.parse::<usize>().ok().and_then(|index| items.get_mut(index))
            }
            _ => None,
        };
        value = below.ok_or_else(|| Wrong::new(format!("there is no `{here}/{step}`")))?;
        here.push('/');
        here.push_str(&step);
    }
    Ok(value)
}

/// Whether a step leads further down from a value.
fn leads(value: &Value, step: &str, here: &str) -> Result<(), Wrong> {
    let place = if here.is_empty() { "the document".to_owned() } else { format!("`{here}`") };
    if let Some(reference) = OutputRef::from_value(value) {
        return Err(whole(&place, &reference));
    }
    match value {
        Value::Object(fields) if fields.contains_key(step) => Ok(()),
        Value::Object(fields) => {
            let known: Vec<&str> = fields.keys().map(String::as_str).collect();
            Err(Wrong::unknown(format!("there is no `{step}` in {place}"), step, &known))
        }
        Value::Array(items) => index(step, items.len(), &place).map(drop),
        other => Err(Wrong {
            expected: Some("a path that ends there".to_owned()),
            ..Wrong::new(format!("{place} is {other}, and has nothing below it"))
        }),
    }
}

fn whole(place: &str, reference: &OutputRef) -> Wrong {
    Wrong {
        help: Some("replace, move or copy the whole reference".to_owned()),
        ..Wrong::new(format!("{place} refers to `{reference}`, and has nothing below it"))
    }
}

fn index(step: &str, length: usize, place: &str) -> Result<usize, Wrong> {
    match step.parse::<usize>() {
        Ok(index) if index < length => Ok(index),
        _ => Err(Wrong {
            expected: Some(match length {
                0 => "`-` to append an item (`op: add`): the list is empty".to_owned(),
                _ => format!("a number from 0 to {}", length - 1),
            }),
            ..Wrong::new(format!("there is no item {step} in {place}"))
        }),
    }
}

/// Splits off the last step.
fn parent(path: &str) -> (&str, String) {
    let (above, last) = path.rsplit_once('/').unwrap_or(("", path));
    (above, last.replace("~1", "/").replace("~0", "~"))
}

fn add(document: &mut Value, path: &str, value: Value) -> Result<(), Wrong> {
    let (above, last) = parent(path);
    let into = at(document, above)?;
    let place = if above.is_empty() { "the document".to_owned() } else { format!("`{above}`") };
    if let Some(reference) = OutputRef::from_value(into) {
        return Err(whole(&place, &reference));
    }
    match into {
        Value::Object(fields) => {
            fields.insert(last, value);
            Ok(())
        }
        Value::Array(items) if last == "-" => {
            items.push(value);
            Ok(())
        }
        Value::Array(items) => {
            // Behind the last item is a place, too.
            let index = index(&last, items.len() + 1, &place)?;
            items.insert(index, value);
            Ok(())
        }
        Value::Null => Err(Wrong {
            help: Some(format!("add the whole of {place}, with `{last}` in it")),
            ..Wrong::new(format!("{place} is not set, so `{last}` cannot be added to it"))
        }),
        other => Err(Wrong {
            expected: Some("a path that ends there".to_owned()),
            ..Wrong::new(format!("{place} is {other}, and has nothing below it"))
        }),
    }
}

fn remove(document: &mut Value, path: &str) -> Result<Value, Wrong> {
    let (above, last) = parent(path);
    // What is not there is told in full.
    at(document, path)?;
    match at(document, above)? {
        Value::Object(fields) => fields.remove(&last),
        Value::Array(items) => last
            .parse()
            .ok()
            .filter(|index| *index < items.len())
            .map(|index: usize| items.remove(index)),
        _ => None,
    }
    .ok_or_else(|| Wrong::new(format!("there is no `{path}`")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(
        document: Value,
        op: Operation,
        path: &str,
        value: Value,
        from: &str,
    ) -> Result<Value, String> {
        let mut document = document;
        let patch = Patch {
            resource: String::new(),
            op,
            path: path.to_owned(),
            from: Some(from.to_owned()),
            value,
            place: Default::default(),
        };
        apply(&mut document, &patch).map(|()| document).map_err(|wrong| wrong.message)
    }

    #[test]
    fn operations_do_what_the_standard_says() {
        let list = json!({ "a": [1, 2], "b/c": { "~": 3 } });
        let add = |path: &str| run(list.clone(), Operation::Add, path, json!(9), "");
        assert_eq!(add("/a/0").unwrap()["a"], json!([9, 1, 2]));
        assert_eq!(add("/a/2").unwrap()["a"], json!([1, 2, 9]));
        assert_eq!(add("/a/-").unwrap()["a"], json!([1, 2, 9]));
        assert_eq!(add("/b~1c/~0").unwrap()["b/c"], json!({ "~": 9 }));
        assert_eq!(add("/a/3").unwrap_err(), "there is no item 3 in `/a`");
        assert_eq!(add("/x/y").unwrap_err(), "there is no `x` in the document");
        let other = |op, from| run(list.clone(), op, "/a/0", json!(1), from);
        assert_eq!(other(Operation::Move, "/a/1").unwrap()["a"], json!([2, 1]));
        assert_eq!(other(Operation::Copy, "/a/1").unwrap()["a"], json!([2, 1, 2]));
        assert_eq!(other(Operation::Remove, "").unwrap()["a"], json!([2]));
        assert_eq!(other(Operation::Test, "").unwrap(), list);
        let wrong = run(list.clone(), Operation::Test, "/a/1", json!(1), "").unwrap_err();
        assert_eq!(wrong, "`/a/1` is 2, and not 1");
        let scalar = run(list, Operation::Replace, "/a/1/b", json!(1), "").unwrap_err();
        assert_eq!(scalar, "`/a/1` is 2, and has nothing below it");
    }

    #[test]
    fn a_reference_has_no_parts() {
        let document = json!({ "vpc": { "$output": ["ec2/vpc.main", "id"] } });
        for op in [Operation::Add, Operation::Replace, Operation::Remove] {
            let said = run(document.clone(), op, "/vpc/$output", json!(1), "").unwrap_err();
            assert_eq!(said, "`/vpc` refers to `ec2/vpc.main → id`, and has nothing below it");
        }
        let whole = run(document, Operation::Replace, "/vpc", json!("vpc-1"), "").unwrap();
        assert_eq!(whole, json!({ "vpc": "vpc-1" }));
    }
}
