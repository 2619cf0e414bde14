//! The documents that are made from the schemas: `SHIPIT_BLESS=1` rewrites them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde_json::Value;
use shipit::manifest::platforms::{OnEks, PLATFORMS, platforms};
use shipit::manifest::{Kind, refused, schema};

/// Holds a file of `docs` to what it should be.
fn document(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("SHIPIT_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == text,
        "docs/{name} is not what the schemas say: run this test with SHIPIT_BLESS=1"
    );
}

/// A key as the documents show it.
#[derive(Clone, Default)]
struct Key {
    form: String,
    default: String,
    about: String,
}

/// Every key of a kind by its path, `*` for a free name; lists add nothing.
fn keys(kind: Kind) -> BTreeMap<String, Key> {
    let root = schema(kind);
    let mut all = BTreeMap::new();
    gather(&root, &root, "", &mut all);
    all
}

fn gather(root: &Value, node: &Value, path: &str, all: &mut BTreeMap<String, Key>) {
    let node = resolved(root, node);
    for part in node["anyOf"].as_array().into_iter().flatten() {
        gather(root, part, path, all);
    }
    if node["items"].is_object() {
        gather(root, &node["items"], path, all);
    }
    let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    for (key, property) in node["properties"].as_object().into_iter().flatten() {
        let text = |name: &str| match &property[name] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let found = Key {
            form: form(root, property).join(" or "),
            default: text("default"),
            about: text("description"),
        };
        // What may be written in several ways can have a key in more than one of them.
        all.entry(join(key)).or_insert(found);
        if key != "environments" {
            gather(root, property, &join(key), all);
        }
    }
    if node["additionalProperties"].is_object() {
        gather(root, &node["additionalProperties"], &join("*"), all);
    }
}

fn resolved<'a>(root: &'a Value, node: &'a Value) -> &'a Value {
    match node["$ref"].as_str() {
        Some(name) => &root["$defs"][name.trim_start_matches("#/$defs/")],
        None => node,
    }
}

/// The ways in which a value may be written, in words.
fn form(root: &Value, node: &Value) -> Vec<String> {
    let node = resolved(root, node);
    if let Some(parts) = node["anyOf"].as_array() {
        let mut all: Vec<String> = Vec::new();
        for way in parts.iter().flat_map(|part| form(root, part)) {
            if !all.contains(&way) {
                all.push(way);
            }
        }
        return all;
    }
    if let Some(words) = node["enum"].as_array() {
        return words
            .iter()
            .map(|word| {
                format!("`{}`", word.as_str().map_or_else(|| word.to_string(), str::to_owned))
            })
            .collect();
    }
    if let Some(word) = node.get("const") {
        return vec![format!(
            "`{}`",
            word.as_str().map_or_else(|| word.to_string(), str::to_owned)
        )];
    }
    let types: Vec<&str> = match &node["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => vec!["any value"],
    };
    let bounds = match (node["minimum"].as_f64(), node["maximum"].as_f64()) {
        (Some(least), Some(most)) => format!(" {least} to {most}"),
        (Some(least), None) => format!(" from {least}"),
        _ => String::new(),
    };
    types
        .into_iter()
        .filter(|word| *word != "null")
        .map(|word| match word {
            "boolean" => "`true` or `false`".to_owned(),
            "string" => "text".to_owned(),
            "integer" | "number" => format!("number{bounds}"),
            "object" => "map".to_owned(),
            "array" => match form(root, &node["items"]).as_slice() {
                [one] if one != "any value" => format!("list of {one}"),
                _ => "list".to_owned(),
            },
            other => other.to_owned(),
        })
        .collect()
}

/// Text that fits into a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[test]
fn every_key_is_in_the_documents() {
    let mut text = String::from(
        "# Keys of the manifests\n\nMade from the schemas that `shipit schema KIND` prints. `*` stands for any name; items of a list are written \
         like the list's key. What Copilot's keys become is in [copilot.md](copilot.md).\n",
    );
    for kind in Kind::ALL {
        let place = match kind {
            Kind::Application => "shipit/application.yml",
            Kind::Environment => "shipit/environments/NAME.yml",
            Kind::Service => "shipit/services/NAME.yml",
        };
        write!(text, "\n## {kind}: `{place}`\n\n| key | value | default | |\n|---|---|---|---|\n")
            .unwrap();
        for (path, key) in keys(kind) {
            let default =
                if key.default.is_empty() { String::new() } else { format!("`{}`", key.default) };
            let cells = [cell(&key.form), cell(&default), cell(&key.about)].join(" | ");
            writeln!(text, "| `{path}` | {cells} |").unwrap();
        }
    }
    document("manifests.md", &text);
}

/// Why a key of Copilot's may be refused: nothing else is left out.
const REASONS: &[(&str, &str)] =
    &[("from_cfn", "CloudFormation"), ("cdn", "CloudFront"), ("build", "builder")];

#[test]
fn every_key_of_copilot_is_here_or_refused_for_a_reason_that_stands() {
    let listed: Vec<(Kind, &str)> = include_str!("copilot-keys.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (kind, path) = line.split_once(' ').unwrap();
            (kind.parse().unwrap(), path)
        })
        .collect();
    let mut text = String::from(
        "# Copilot's keys\n\nEvery key of AWS Copilot's manifests of services, jobs and environments, and what becomes of it. `shipit convert` brings a \
         whole workspace over. What the keys mean is in [manifests.md](manifests.md).\n",
    );
    let mut missing = Vec::new();
    for kind in [Kind::Service, Kind::Environment] {
        let known = keys(kind);
        let title = if kind == Kind::Service { "Services and jobs" } else { "Environments" };
        write!(text, "\n## {title}\n\n| key | here |\n|---|---|\n").unwrap();
        for (_, path) in listed.iter().filter(|(of, _)| *of == kind) {
            // A part of what is refused is refused with it.
            let above = path.match_indices('.').map(|(at, _)| &path[..at]).chain([*path]);
            let refusal = above.clone().find_map(|path| refused(kind, path));
            let free = above
                .clone()
                .any(|path| known.get(path).is_some_and(|key| key.form.contains("any value")));
            let here = if known.contains_key(*path) || free {
                "yes".to_owned()
            } else if let Some((why, instead)) = refusal {
                let stands =
                    REASONS.iter().any(|(key, reason)| path.contains(key) && why.contains(reason));
                if !stands && *path != "type" {
                    missing.push(format!("{kind} {path}: {why}"));
                }
                format!("no: {}; {}", cell(why), cell(instead))
            } else {
                missing.push(format!("{kind} {path}: unknown"));
                String::new()
            };
            writeln!(text, "| `{path}` | {here} |").unwrap();
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    document("copilot.md", &text);
}

#[test]
fn every_key_of_services_is_in_the_table_of_both_platforms() {
    let mut text = String::from(
        "# ECS and EKS\n\nWhat each key of a service's manifest is on ECS, and what it becomes on EKS. Made from the table by which keys are refused, so \
         that it is never stale. `*` stands for any name, `**` for all keys below; sidecars have the main container's keys, `http.additional_rules` those of `http`, \
         `nlb.additional_listeners` those of `nlb`. A key that one platform has nothing for stands below `environments.NAME` of an environment on the other.\n\n\
         | key | on ECS | on EKS |\n|---|---|---|\n",
    );
    for row in PLATFORMS {
        let eks = match row.eks {
            OnEks::Is(what) => cell(what),
            OnEks::Refused(why, _) => format!("**refused**: it {}", cell(why)),
        };
        writeln!(text, "| `{}` | {} | {eks} |", row.key, cell(row.ecs)).unwrap();
    }
    let known = keys(Kind::Service);
    let missing: Vec<&String> = known.keys().filter(|path| platforms(path).is_none()).collect();
    assert_eq!(missing, Vec::<&String>::new(), "keys without a row in manifest::platforms");
    document("platforms.md", &text);
}
