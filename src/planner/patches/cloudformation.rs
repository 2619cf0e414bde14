//! A task definition in CloudFormation's words: written, changed at a path, and read back.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Wrong;
use super::table::{Absent, Member, Shape, TASK};
use crate::engine::OutputRef;

/// A document of ours in CloudFormation's words; containers in this order, the others after them.
pub(super) fn written(document: &Value, order: &[&str]) -> Value {
    let mut words = write_members(TASK, document);
    if let Some(Value::Array(containers)) = words.get_mut("ContainerDefinitions") {
        containers.sort_by_key(|container| {
            let name = container["Name"].as_str().unwrap_or_default();
            order.iter().position(|known| *known == name).unwrap_or(order.len())
        });
    }
    words
}

/// A document of ours from CloudFormation's words; the error says what does not fit.
pub(super) fn read(words: &Value) -> Result<Value, Wrong> {
    read_members(TASK, words, "")
}

fn write_members(members: &[Member], from: &Value) -> Value {
    let mut words = Value::Object(Map::new());
    for member in members {
        let value = ours(from, member.ours);
        if *value != absent(member, from).unwrap_or_default() {
            put(&mut words, member.theirs, write(&member.shape, value));
        }
    }
    words
}

fn ours<'v>(from: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(from, |value, step| &value[step])
}

fn put(into: &mut Value, path: &str, value: Value) {
    let mut place = into;
    for step in path.split('.') {
        place = &mut place[step];
    }
    *place = value;
}

/// What a member is that is not given; `None` if it must be.
fn absent(member: &Member, beside: &Value) -> Option<Value> {
    Some(match member.absent {
        Absent::Must => return None,
        Absent::Nothing => Value::Null,
        Absent::Empty => json!({}),
        Absent::List => json!([]),
        Absent::No => json!(false),
        Absent::Yes => json!(true),
        Absent::Zero => json!(0),
        Absent::Number(number) => json!(number),
        Absent::Word(word) => json!(word),
        Absent::Same(other) => beside[other].clone(),
    })
}

fn write(shape: &Shape, value: &Value) -> Value {
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let fields = |value: &Value| value.as_object().cloned().unwrap_or_default();
    match shape {
        Shape::Text
        | Shape::Number
        | Shape::Flag
        | Shape::Texts
        | Shape::Numbers
        | Shape::Table => value.clone(),
        Shape::NumberText => value.to_string().into(),
        Shape::Enabled => if *value == true { "ENABLED" } else { "DISABLED" }.into(),
        Shape::Values { member, others } => items(value)
            .into_iter()
            .map(|item| {
                let mut words = Map::from_iter([((*member).to_owned(), item)]);
                words.extend(others.iter().map(|(name, word)| ((*name).to_owned(), json!(word))));
                Value::Object(words)
            })
            .collect(),
        Shape::Pairs { key, value: member } => fields(value)
            .into_iter()
            .map(|(name, value)| json!({ *key: name, *member: value }))
            .collect(),
        Shape::Keyed { key, of } => fields(value)
            .into_iter()
            .map(|(name, value)| {
                let mut words = write_members(of, &value);
                words[*key] = name.into();
                words
            })
            .collect(),
        Shape::Structs(of) => items(value).iter().map(|item| write_members(of, item)).collect(),
        Shape::Struct(of) => write_members(of, value),
    }
}

fn read_members(members: &[Member], words: &Value, path: &str) -> Result<Value, Wrong> {
    let mut document = Value::Object(Map::new());
    for member in members {
        let given = member.theirs.split('.').try_fold(words, |value, step| value.get(step));
        let here = join(path, member.theirs);
        let value = match given {
            Some(given) if !given.is_null() => read_value(&member.shape, given, &here)?,
            _ => absent(member, &document)
                .ok_or_else(|| Wrong::new(format!("`{here}` is not given, and has to be")))?,
        };
        put(&mut document, member.ours, value);
    }
    Ok(document)
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn read_value(shape: &Shape, words: &Value, path: &str) -> Result<Value, Wrong> {
    if OutputRef::from_value(words).is_some() {
        return Ok(words.clone());
    }
    let wrong = |expected: &str| Wrong {
        expected: Some(expected.to_owned()),
        ..Wrong::new(format!("`{path}` is {words}"))
    };
    let items = || words.as_array().ok_or_else(|| wrong("a list"));
    let each = |one: &dyn Fn(&Value, &str) -> Result<Value, Wrong>| -> Result<Value, Wrong> {
        let items = items()?.iter().enumerate();
        items.map(|(index, item)| one(item, &format!("{path}[{index}]"))).collect()
    };
    match shape {
        Shape::Text => text(words).ok_or_else(|| wrong("text")),
        Shape::Number | Shape::NumberText => number(words).ok_or_else(|| wrong("a number")),
        Shape::Flag => flag(words).ok_or_else(|| wrong("`true` or `false`")),
        Shape::Enabled => match words.as_str() {
            Some("ENABLED") => Ok(json!(true)),
            Some("DISABLED") => Ok(json!(false)),
            _ => Err(wrong("`ENABLED` or `DISABLED`")),
        },
        Shape::Texts => each(&|item, path| read_value(&Shape::Text, item, path)),
        Shape::Numbers => each(&|item, path| read_value(&Shape::Number, item, path)),
        Shape::Values { member, others } => each(&|item, path| {
            for (name, word) in *others {
                if item.get(name).is_some_and(|given| given != word) {
                    return Err(Wrong {
                        expected: Some(format!("`{word}`")),
                        ..Wrong::new(format!("`{path}.{name}` is {}", item[*name]))
                    });
                }
            }
            part(item, member, path)
        }),
        Shape::Structs(of) => each(&|item, path| read_members(of, item, path)),
        Shape::Struct(of) => match words.is_object() {
            true => read_members(of, words, path),
            false => Err(wrong("a map")),
        },
        Shape::Table => {
            let fields = words.as_object().ok_or_else(|| wrong("a map"))?;
            let read = |(name, value): (&String, &Value)| {
                Ok((name.clone(), read_value(&Shape::Text, value, &join(path, name))?))
            };
            Ok(Value::Object(fields.iter().map(read).collect::<Result<_, Wrong>>()?))
        }
        Shape::Pairs { key, value } => {
            named(items()?, key, path, |item, path| part(item, value, path))
        }
        Shape::Keyed { key, of } => {
            named(items()?, key, path, |item, path| read_members(of, item, path))
        }
    }
}

/// A member of a map that must be there.
fn part(item: &Value, member: &str, path: &str) -> Result<Value, Wrong> {
    let here = join(path, member);
    match item.get(member) {
        Some(value) => read_value(&Shape::Text, value, &here),
        None => Err(Wrong::new(format!("`{here}` is not given, and has to be"))),
    }
}

/// A list of maps that have a name, as a map.
fn named(
    items: &[Value],
    key: &str,
    path: &str,
    read: impl Fn(&Value, &str) -> Result<Value, Wrong>,
) -> Result<Value, Wrong> {
    let mut fields = Map::new();
    for (index, item) in items.iter().enumerate() {
        let here = format!("{path}[{index}]");
        let name = part(item, key, &here)?.as_str().unwrap_or_default().to_owned();
        if fields.contains_key(&name) {
            return Err(Wrong {
                expected: Some(format!("each `{key}` once")),
                ..Wrong::new(format!("`{here}` is the second one called `{name}`"))
            });
        }
        fields.insert(name, read(item, &here)?);
    }
    Ok(Value::Object(fields))
}

fn text(words: &Value) -> Option<Value> {
    match words {
        Value::String(_) => Some(words.clone()),
        Value::Number(_) | Value::Bool(_) => Some(words.to_string().into()),
        _ => None,
    }
}

fn number(words: &Value) -> Option<Value> {
    match words {
        Value::Number(number) => number.as_i64().map(Into::into),
        Value::String(text) => text.trim().parse::<i64>().ok().map(Into::into),
        _ => None,
    }
}

fn flag(words: &Value) -> Option<Value> {
    match words {
        Value::Bool(_) => Some(words.clone()),
        Value::String(text) => text.parse::<bool>().ok().map(Into::into),
        _ => None,
    }
}

/// Where a path leads: what is known there.
enum Place {
    /// Something with members; the text is what of their dotted names is behind.
    Members(&'static [Member], String, Option<&'static str>),
    Value(&'static Shape),
    /// Free text, or what has free names.
    Free,
}

/// Sets a member, making what is above it; `[-]` appends.
pub(super) fn set(words: &mut Value, path: &str, value: &Value) -> Result<(), Wrong> {
    let mut place = Place::Members(TASK, String::new(), None);
    let mut target = words;
    let mut here = String::new();
    for step in path.split('.') {
        let (name, index) = match step.split_once('[') {
            Some((name, index)) => (name, Some(index.trim_end_matches(']'))),
            None => (step, None),
        };
        place = member(&place, name, &here)?;
        here = join(&here, name);
        if matches!(here.as_str(), "Family") || fixed(&here) {
            return Err(Wrong {
                help: Some("names follow from the manifest's own".to_owned()),
                ..Wrong::new(format!("`{here}` cannot be changed"))
            });
        }
        if !target.is_object() {
            *target = json!({});
        }
        target = &mut target[name];
        let Some(index) = index else { continue };
        place = item(&place, &here)?;
        if target.is_null() {
            *target = json!([]);
        }
        let Some(items) = target.as_array_mut() else {
            return Err(Wrong::new(format!("`{here}` is no list")));
        };
        let at = match index.parse::<usize>() {
            Ok(at) if at < items.len() => at,
            Ok(at) => {
                return Err(Wrong {
                    expected: Some(match items.len() {
                        0 => "`[-]` for a new item: there is none yet".to_owned(),
                        length => {
                            format!("an index from 0 to {}, or `-` for a new item", length - 1)
                        }
                    }),
                    ..Wrong::new(format!("there is no `{here}[{at}]`"))
                });
            }
            Err(_) => {
                items.push(Value::Null);
                items.len() - 1
            }
        };
        target = &mut items[at];
        here = format!("{here}[{index}]");
    }
    known(&place, value, &here)?;
    *target = value.clone();
    Ok(())
}

/// Whether a path is the name of a container.
fn fixed(path: &str) -> bool {
    path.strip_prefix("ContainerDefinitions[")
        .and_then(|rest| rest.strip_suffix("].Name"))
        .is_some_and(|index| index != "-" && !index.contains(']'))
}

/// The names that may stand at a place.
fn names(place: &Place) -> Vec<&'static str> {
    match place {
        Place::Members(members, behind, key) => {
            let rest =
                members.iter().filter_map(|member| member.theirs.strip_prefix(behind.as_str()));
            let names: BTreeSet<&str> =
                rest.filter_map(|rest| rest.split('.').next()).chain(*key).collect();
            names.into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// One member further down.
fn member(place: &Place, name: &str, here: &str) -> Result<Place, Wrong> {
    let unknown = |known: &[&str]| {
        let above =
            if here.is_empty() { "a task definition".to_owned() } else { format!("`{here}`") };
        Wrong::unknown(format!("there is no `{name}` in {above}"), name, known)
    };
    match place {
        Place::Free => Ok(Place::Free),
        Place::Value(Shape::Struct(of)) => {
            member(&Place::Members(of, String::new(), None), name, here)
        }
        Place::Value(Shape::Table) => Ok(Place::Value(&Shape::Text)),
        Place::Value(
            Shape::Structs(_)
            | Shape::Keyed { .. }
            | Shape::Pairs { .. }
            | Shape::Values { .. }
            | Shape::Texts
            | Shape::Numbers,
        ) => Err(Wrong {
            expected: Some(format!("an item of it: `{here}[0]`, or `{here}[-]` for a new one")),
            ..Wrong::new(format!("`{here}` is a list"))
        }),
        Place::Value(_) => Err(unknown(&[])),
        Place::Members(members, behind, key) => {
            if *key == Some(name) {
                return Ok(Place::Value(&Shape::Text));
            }
            let full = format!("{behind}{name}");
            if let Some(found) = members.iter().find(|member| member.theirs == full) {
                return Ok(Place::Value(&found.shape));
            }
            let behind = format!("{full}.");
            if members.iter().any(|member| member.theirs.starts_with(&behind)) {
                return Ok(Place::Members(members, behind, None));
            }
            Err(unknown(&names(place)))
        }
    }
}

/// An item of a list.
fn item(place: &Place, here: &str) -> Result<Place, Wrong> {
    match place {
        Place::Value(Shape::Structs(of)) => Ok(Place::Members(of, String::new(), None)),
        Place::Value(Shape::Keyed { key, of }) => Ok(Place::Members(of, String::new(), Some(key))),
        Place::Value(Shape::Texts) => Ok(Place::Value(&Shape::Text)),
        Place::Value(Shape::Numbers) => Ok(Place::Value(&Shape::Number)),
        Place::Value(Shape::Pairs { .. } | Shape::Values { .. }) => Ok(Place::Free),
        _ => Err(Wrong::new(format!("`{here}` is no list"))),
    }
}

/// Whether everything in a value is known at its place.
fn known(place: &Place, value: &Value, here: &str) -> Result<(), Wrong> {
    match value {
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            let below = member(place, name, here)?;
            known(&below, value, &join(here, name))
        }),
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, value)| {
            let below = item(place, here)?;
            known(&below, value, &format!("{here}[{index}]"))
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::ecs::task_definition::{Container, TaskDefinition, Volume};

    fn document() -> Value {
        let containers = ["api", "zip", "agent"].map(|name| {
            (
                name.to_owned(),
                Container { image: format!("{name}:1").into(), ..Container::default() },
            )
        });
        let task = TaskDefinition {
            containers: containers.into(),
            volumes: [("data".to_owned(), Volume::default())].into(),
            ..TaskDefinition::default()
        };
        serde_json::to_value(task).unwrap()
    }

    fn changed(rules: &[(&str, Value)]) -> Result<Value, Wrong> {
        let mut words = written(&document(), &["api", "agent", "zip"]);
        for (path, value) in rules {
            set(&mut words, path, value)?;
        }
        read(&words)
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(changed(&[]).unwrap(), document());
        // Every field of the structs is a row of the table.
        let task: TaskDefinition = serde_json::from_value(changed(&[]).unwrap()).unwrap();
        assert_eq!(serde_json::to_value(task).unwrap(), document());
    }

    #[test]
    fn members_are_set_and_items_added() {
        let made = changed(&[
            ("Cpu", json!("512")),
            ("RuntimePlatform.CpuArchitecture", json!("ARM64")),
            ("ContainerDefinitions[0].Ulimits[-].Name", json!("nofile")),
            ("ContainerDefinitions[0].Ulimits[0].SoftLimit", json!(1024)),
            ("ContainerDefinitions[0].Ulimits[0].HardLimit", json!("4096")),
            ("ContainerDefinitions[1].PortMappings[-]", json!({ "ContainerPort": 9000 })),
            ("ContainerDefinitions[2].LinuxParameters.Capabilities.Drop[-]", json!("ALL")),
            ("ContainerDefinitions[2].Environment[-]", json!({ "Name": "A", "Value": 1 })),
            ("Volumes[0].EFSVolumeConfiguration", json!({ "FilesystemId": "fs-1" })),
        ])
        .unwrap();
        let mut expected = document();
        expected["cpu"] = json!(512);
        expected["cpu_architecture"] = json!("ARM64");
        expected["containers"]["api"]["ulimits"] =
            json!({ "nofile": { "soft": 1024, "hard": 4096 } });
        expected["containers"]["agent"]["port_mappings"] = json!([{
            "container_port": 9000, "host_port": 9000, "protocol": "tcp", "name": null, "app_protocol": null,
        }]);
        expected["containers"]["zip"]["linux_parameters"]["drop_capabilities"] = json!(["ALL"]);
        expected["containers"]["zip"]["environment"] = json!({ "A": "1" });
        expected["volumes"]["data"]["efs"] = json!({
            "file_system": "fs-1", "root_directory": "/", "transit_encryption": false,
            "transit_encryption_port": null, "access_point": null, "iam": false,
        });
        assert_eq!(made, expected);
    }

    #[test]
    fn what_is_not_known_is_named() {
        let said = |path: &str, value: Value| changed(&[(path, value)]).unwrap_err().message;
        assert_eq!(
            said("ContainerDefinitions[0].Ulimts[-]", json!({})),
            "there is no `Ulimts` in `ContainerDefinitions[0]`"
        );
        assert_eq!(
            said("ContainerDefinitions[0].Ulimits[-]", json!({ "Soft": 1 })),
            "there is no `Soft` in `ContainerDefinitions[0].Ulimits[-]`"
        );
        assert_eq!(
            said("ContainerDefinitions[7].Cpu", json!(1)),
            "there is no `ContainerDefinitions[7]`"
        );
        assert_eq!(
            said("ContainerDefinitions[0].Ulimits[-].Name", json!("core")),
            "`ContainerDefinitions[0].Ulimits[0].SoftLimit` is not given, and has to be"
        );
        assert_eq!(
            said("ContainerDefinitions[0].Cpu", json!("many")),
            "`ContainerDefinitions[0].Cpu` is \"many\""
        );
        assert_eq!(said("ContainerDefinitions.Cpu", json!(1)), "`ContainerDefinitions` is a list");
        assert_eq!(said("Family", json!("a")), "there is no `Family` in a task definition");
        assert_eq!(
            said("ContainerDefinitions[0].Name", json!("a")),
            "`ContainerDefinitions[0].Name` cannot be changed"
        );
        assert_eq!(
            said("ContainerDefinitions[-].Name", json!("api")),
            "`ContainerDefinitions[3]` is the second one called `api`"
        );
    }
}
