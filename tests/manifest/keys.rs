//! The schema and the reader know the same keys, and each of them is accepted somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use shipit::manifest::{Kind, Workspace, schema};

use super::files::workspace;

fn all_keys() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifest/all-keys")
}

/// An application on EKS, which has no services.
fn kubernetes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifest/all-keys-kubernetes")
}

#[test]
fn every_key_is_accepted() {
    // AWS has ended one of the meshes, and says so.
    let ended = "AWS ended App Mesh on 2026-09-30: its API may refuse every call";
    for (folder, expected) in [(all_keys(), &[ended][..]), (kubernetes(), &[])] {
        let loaded =
            Workspace::load(&folder, &|_| None).unwrap_or_else(|problems| panic!("{problems}"));
        let said = loaded.warnings.0.iter().map(|problem| problem.message.as_str());
        assert_eq!(said.collect::<Vec<_>>(), expected);
    }
}

/// Every path that a schema knows below `path`, with `*` for free names.
fn paths(root: &Value, node: &Value, path: &str, all: &mut BTreeSet<String>) {
    if let Some(name) = node["$ref"].as_str() {
        paths(root, &root["$defs"][name.trim_start_matches("#/$defs/")], path, all);
    }
    for part in node["anyOf"].as_array().into_iter().flatten() {
        paths(root, part, path, all);
    }
    if node["items"].is_object() {
        paths(root, &node["items"], path, all);
    }
    for (key, property) in node["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}/{key}");
        paths(root, property, &path, all);
        all.insert(path);
    }
    if node["additionalProperties"].is_object() && path != "/environments" {
        paths(root, &node["additionalProperties"], &format!("{path}/*"), all);
    }
}

/// The paths that the files of a folder use, free names as the schema has them.
fn used(folder: &str, known: &BTreeSet<String>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let both = [all_keys(), kubernetes()].map(|it| it.join("shipit").join(folder));
    let files = both.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    for entry in files {
        let path = entry.unwrap().path();
        if path.is_file() {
            let text = fs::read_to_string(path).unwrap();
            let value: Value = serde_saphyr::from_str(&text).unwrap();
            walk(&value, "", known, &mut all);
        }
    }
    all
}

fn walk(value: &Value, path: &str, known: &BTreeSet<String>, all: &mut BTreeSet<String>) {
    for item in value.as_array().into_iter().flatten() {
        walk(item, path, known, all);
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        let named = format!("{path}/{key}");
        let below = format!("{path}/*/");
        let path = if known.contains(&named) { named } else { format!("{path}/*") };
        assert!(
            known.contains(&path)
                || known.iter().any(|path| path.starts_with(&below))
                || path.ends_with("/*"),
            "{path}"
        );
        if path.starts_with("/environments") {
            all.insert("/environments".to_owned());
            continue;
        }
        walk(value, &path, known, all);
        all.insert(path);
    }
}

#[test]
fn every_key_of_the_schema_is_in_the_accepted_files_and_the_other_way_round() {
    for (kind, folder) in
        [(Kind::Application, ""), (Kind::Environment, "environments"), (Kind::Service, "services")]
    {
        let schema = schema(kind);
        let mut known = BTreeSet::new();
        paths(&schema, &schema, "", &mut known);
        let used: BTreeSet<String> =
            used(folder, &known).into_iter().filter(|path| !path.ends_with("/*")).collect();
        // Not for an additional rule: the main rule has it.
        known.remove("/http/additional_rules/healthcheck/grace_period");
        // A cluster that exists, which is no cluster of one's own: the example `imported-vpc` has one.
        known.remove("/cluster/name");
        known.remove("/cluster/arn");
        // Further rules cannot have rules of their own, so this is all of them.
        assert_eq!(known, used, "{kind}");
    }
}

#[test]
fn a_key_that_is_not_in_the_schema_is_refused_everywhere() {
    // Each map of each accepted file gets a stranger; each time exactly that key is named.
    let folder = all_keys().join("shipit");
    let service = fs::read_to_string(folder.join("services/worker.yml")).unwrap();
    let lines: Vec<&str> = service.lines().collect();
    let mut refused = 0;
    for (index, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        if line.contains('{') || line.starts_with("  own") || line.starts_with("  imported") {
            continue;
        }
        let stranger = format!("{}zzz: 1", " ".repeat(indent));
        let mut text: Vec<&str> = lines.clone();
        text.insert(index, &stranger);
        let text = text.join("\n") + "\n";
        let own = fs::read_to_string(folder.join("environments/own.yml")).unwrap();
        let imported = fs::read_to_string(folder.join("environments/imported.yml")).unwrap();
        let application = fs::read_to_string(folder.join("application.yml")).unwrap();
        let folder = workspace(&[
            ("shipit/environments/imported.yml", &imported),
            ("shipit/application.yml", &application),
            ("shipit/environments/own.yml", &own),
            ("shipit/services/worker.yml", &text),
        ]);
        let problems = Workspace::load(folder.path(), &|_| None).unwrap_err();
        let messages: Vec<&str> =
            problems.0.iter().map(|problem| problem.message.as_str()).collect();
        // Beside the word about the mesh.
        let messages: Vec<&str> =
            messages.into_iter().filter(|text| !text.contains("App Mesh")).collect();
        assert!(
            messages.len() == 1 && messages[0].starts_with("unknown key `zzz`"),
            "{index}: {messages:?}"
        );
        refused += 1;
    }
    assert!(refused > 12);
}

#[test]
fn kinds_are_words() {
    for kind in Kind::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
        assert!(schema(kind)["properties"]["kind"]["$ref"].is_string());
    }
    assert_eq!(
        "svc".parse::<Kind>(),
        Err("`svc` is no kind of manifest: expected `application`, `environment` or `service`"
            .to_owned())
    );
}
