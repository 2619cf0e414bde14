//! JSON Schema of each kind of manifest, made from the types that read them.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::Kind;
use super::read::Read;

/// The JSON Schema (draft 2020-12) of a kind of manifest: what `shipit schema KIND` prints.
pub fn schema(kind: Kind) -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let schema = match kind {
        Kind::Application => {
            generator.into_root_schema_for::<super::application::ApplicationFile>()
        }
        Kind::Environment => {
            generator.into_root_schema_for::<super::environment::EnvironmentFile>()
        }
        Kind::Service => generator.into_root_schema_for::<super::service::ServiceFile>(),
    };
    let mut schema = schema.to_value();
    if kind == Kind::Service {
        add_overrides(&mut schema);
    }
    schema["title"] = json!(format!("shipit {kind}"));
    schema
}

/// `environments.<name>` takes every key of the service but its identity, and requires none.
fn add_overrides(schema: &mut Value) {
    let mut part = schema.clone();
    strip_required(&mut part);
    let definitions = part["$defs"].take();
    for (name, definition) in definitions.as_object().into_iter().flatten() {
        schema["$defs"][format!("Part{name}")] = definition.clone();
    }
    let mut properties = part["properties"].take();
    if let Some(properties) = properties.as_object_mut() {
        properties.retain(|key, _| !super::service::IDENTITY.contains(&key.as_str()));
    }
    schema["properties"]["environments"] = json!({
        "type": "object",
        "description": "What differs in an environment: by its name, any of the keys above. Maps merge key by key, lists and values replace.",
        "additionalProperties": {
            "type": ["object", "null"],
            "properties": properties,
            "additionalProperties": false,
        },
    });
}

fn strip_required(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if map.get("required").is_some_and(Value::is_array) {
                map.remove("required");
            }
            if let Some(Value::String(reference)) = map.get_mut("$ref") {
                *reference = reference.replace("#/$defs/", "#/$defs/Part");
            }
            map.values_mut().for_each(strip_required);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_required),
        _ => {}
    }
}

/// The properties of one record while they are gathered.
#[derive(Default)]
pub(crate) struct Fields {
    properties: Map<String, Value>,
    required: Vec<&'static str>,
}

impl Fields {
    pub(crate) fn add<T: Read>(
        &mut self,
        generator: &mut SchemaGenerator,
        key: &'static str,
        about: &str,
        default: Option<Value>,
    ) {
        let mut schema = generator.subschema_for::<T>();
        schema.insert("description".to_owned(), prose(about).into());
        match default {
            // Times and addresses have no JSON form of their own: their text tells the default.
            Some(default @ (Value::Bool(_) | Value::Number(_) | Value::String(_))) => {
                schema.insert("default".to_owned(), default);
            }
            Some(_) => {}
            None if T::absent().is_none() => self.required.push(key),
            None => {}
        }
        self.properties.insert(key.to_owned(), schema.to_value());
    }

    pub(crate) fn into_schema(self, about: &str) -> Schema {
        let mut schema = schemars::json_schema!({
            "type": "object",
            "description": prose(about),
            "properties": self.properties,
            "additionalProperties": false,
        });
        if !self.required.is_empty() {
            schema.insert("required".to_owned(), json!(self.required));
        }
        schema
    }
}

/// A doc comment as one paragraph.
pub(crate) fn prose(comment: &str) -> String {
    comment.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A schema for a value that may be written in several ways.
pub(crate) fn either(schemas: impl IntoIterator<Item = Schema>) -> Schema {
    let schemas: Vec<Value> = schemas.into_iter().map(Schema::to_value).collect();
    schemars::json_schema!({ "anyOf": schemas })
}

/// The schema of a part, as a reference where it has a name.
pub(crate) fn part<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Every path that a kind's schema knows, with `*` for a free name; list items add nothing.
pub(crate) fn paths(kind: Kind) -> &'static [String] {
    static PATHS: [LazyLock<Vec<String>>; 3] = [
        LazyLock::new(|| all_paths(Kind::Application)),
        LazyLock::new(|| all_paths(Kind::Environment)),
        LazyLock::new(|| all_paths(Kind::Service)),
    ];
    &PATHS[kind as usize]
}

fn all_paths(kind: Kind) -> Vec<String> {
    let schema = schema(kind);
    let mut paths = Vec::new();
    walk(&schema, &schema, "", &mut paths);
    paths.sort();
    paths.dedup();
    paths
}

fn walk(root: &Value, schema: &Value, path: &str, paths: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        walk(root, &root["$defs"][reference.trim_start_matches("#/$defs/")], path, paths);
    }
    for part in schema["anyOf"].as_array().into_iter().flatten() {
        walk(root, part, path, paths);
    }
    if schema["items"].is_object() {
        walk(root, &schema["items"], path, paths);
    }
    let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        paths.push(join(key));
        if key != "environments" {
            walk(root, property, &join(key), paths);
        }
    }
    if schema["additionalProperties"].is_object() {
        walk(root, &schema["additionalProperties"], &join("*"), paths);
    }
}

/// Where else a key exists, for one that stands in the wrong place.
pub(crate) fn elsewhere(kind: Kind, key: &str, path: &str) -> Option<String> {
    let mut places: Vec<&str> = paths(kind)
        .iter()
        .filter(|known| known.rsplit('.').next() == Some(key) && *known != path)
        .filter(|known| !known.contains('*'))
        .map(String::as_str)
        .collect();
    places.sort_by_key(|place| place.matches('.').count());
    places.truncate(3);
    (!places.is_empty())
        .then(|| format!("did you mean {}?", super::read::list(&places).replace("one of ", "")))
}
