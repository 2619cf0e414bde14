//! Patches: changes of what is planned, for what has no key.

use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::problem::{Problem, Source, Span};
use super::read::{Json, Read, Reader, choice, json, notation, record};
use super::yaml::Node;

/// Where something stands in a manifest, for what only planning can find wrong with it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Place {
    source: Arc<Source>,
    span: Span,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({self})")
    }
}

impl fmt::Display for Place {
    /// `services/api.yml:42`, below the folder of manifests.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.source.path.strip_prefix("shipit/").unwrap_or(&self.source.path);
        write!(f, "{path}:{}", self.source.position(self.span.offset).0)
    }
}

impl Place {
    /// A problem at this place.
    pub fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::error(&self.source, self.span, message)
    }
}

/// One change of one planned resource (RFC 6902).
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Patch {
    /// The resource: an address, or a kind of which the owner has one.
    pub resource: String,
    /// What is done.
    pub op: Operation,
    /// The field: a JSON pointer.
    pub path: String,
    /// For `move` and `copy`, the field that the value comes from.
    pub from: Option<String>,
    /// For `add`, `replace` and `test`, the value.
    pub value: serde_json::Value,
    /// Where it is written.
    #[serde(skip)]
    pub place: Place,
}

choice! {
    /// What a patch does.
    pub enum Operation {
        /// Adds or sets a field, or an item of a list.
        Add = "add",
        /// Removes a field or an item.
        Remove = "remove",
        /// Sets what is there.
        Replace = "replace",
        /// Moves a value from elsewhere.
        Move = "move",
        /// Copies a value from elsewhere.
        Copy = "copy",
        /// Stops unless the value is this one.
        Test = "test",
    }
}

record! {
    /// One change of one planned resource, as in a JSON Patch (RFC 6902).
    pub(crate) struct PatchMap {
        /// The resource as plans call it: `ecs/service` where there is one of the kind, else with its name, `elbv2/target-group.api`.
        resource: String,
        /// What is done: `add`, `remove`, `replace`, `move`, `copy` or `test`.
        op: Operation,
        /// The field of the resource's document, which `shipit --format json plan` shows: `/deployment/maximum_percent`.
        path: String as Pointer,
        /// For `move` and `copy`, the field that the value comes from.
        from: Option<String> as Option<Pointer>,
        /// For `add`, `replace` and `test`, the value.
        value: Option<serde_json::Value> as Option<Json>,
    }
}

notation! {
    /// A JSON pointer (RFC 6901).
    Pointer as String,
    { "type": "string", "pattern": "^/", "examples": ["/deployment/maximum_percent"] },
    |node, reader| {
        let expected = "a path from the document's root: `/deployment/maximum_percent`, with `~1` for a `/` and `~0` for a `~` within a name";
        let text = &reader.text(node, expected)?.text;
        let escaped = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        if text.starts_with('/') && text.len() > 1 && escaped {
            Some(text.clone())
        } else {
            reader.wrong(node, expected)
        }
    }
}

impl JsonSchema for Patch {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Patch".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        PatchMap::json_schema(generator)
    }
}

impl Read for Patch {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let map = PatchMap::read(node, reader)?;
        let value = node.get("value");
        let takes = |what: &str| format!("`{}` takes {what}", map.op);
        let (needs_value, needs_from) = match map.op {
            Operation::Add | Operation::Replace | Operation::Test => (true, false),
            Operation::Move | Operation::Copy => (false, true),
            Operation::Remove => (false, false),
        };
        for (key, needed, given) in
            [("value", needs_value, value.is_some()), ("from", needs_from, map.from.is_some())]
        {
            if needed && !given {
                let span = node.get("op").map_or(node.span, |entry| entry.node.span);
                reader.error(span, takes(&format!("a `{key}`, and there is none"))).help =
                    Some(format!("add `{key}:` below `op:`"));
                return None;
            }
            if given && !needed {
                let span = node.get(key).map_or(node.span, |entry| entry.span);
                reader.error(span, takes(&format!("no `{key}`"))).help =
                    Some("remove the line".to_owned());
                return None;
            }
        }
        Some(Self {
            resource: map.resource,
            op: map.op,
            path: map.path,
            from: map.from,
            value: value.map(|entry| json(&entry.node)).unwrap_or_default(),
            place: place(node, reader),
        })
    }
}

/// A place to point at: the first key of an item.
fn place(node: &Node, reader: &Reader) -> Place {
    let span = node.get("path").map_or(node.span, |entry| entry.node.span);
    Place { source: reader.source.clone(), span }
}

/// One change of the task definition in CloudFormation's words, as Copilot has it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct TaskDefinitionOverride {
    /// The member: `ContainerDefinitions[0].Ulimits[-].HardLimit`; `[-]` is a new item.
    pub path: String,
    /// Its value.
    pub value: serde_json::Value,
    /// Where it is written.
    #[serde(skip)]
    pub place: Place,
}

record! {
    /// One change of the task definition in CloudFormation's words.
    pub(crate) struct TaskDefinitionOverrideMap {
        /// The member: `ContainerDefinitions[0].Ulimits[-].HardLimit`. Container 0 is the main one, then come log router, trace collector and sidecars by name; `[-]` adds an item.
        path: String as MemberPath,
        /// Its value.
        value: serde_json::Value as Json,
    }
}

notation! {
    /// A path to a member of a task definition in CloudFormation's words.
    MemberPath as String,
    { "type": "string", "examples": ["ContainerDefinitions[0].Ulimits[-].HardLimit"] },
    |node, reader| {
        let expected = "members with dots between them, items in brackets: `ContainerDefinitions[0].Ulimits[-].HardLimit`";
        let text = &reader.text(node, expected)?.text;
        let step = |step: &str| {
            let (name, index) = match step.split_once('[') {
                Some((name, index)) => (name, index.strip_suffix(']')),
                None => (step, Some("-")),
            };
            let number = index.is_some_and(|index| index == "-" || index.parse::<usize>().is_ok());
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:".contains(c)) && number
        };
        if text.split('.').all(step) { Some(text.clone()) } else { reader.wrong(node, expected) }
    }
}

impl JsonSchema for TaskDefinitionOverride {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TaskDefinitionOverride".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        TaskDefinitionOverrideMap::json_schema(generator)
    }
}

impl Read for TaskDefinitionOverride {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let map = TaskDefinitionOverrideMap::read(node, reader)?;
        Some(Self { path: map.path, value: map.value, place: place(node, reader) })
    }
}
