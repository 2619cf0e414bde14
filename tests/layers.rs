//! Holds the arrows between layers, and that nothing is forgotten in a registry.

use std::path::{Path, PathBuf};

/// Each layer's folder or file under `src`, and the layers it may name.
const LAYERS: &[(&str, &[&str])] = &[
    ("engine", &[]),
    ("manifest", &[]),
    ("topology", &[]),
    ("local", &[]),
    ("build", &["engine"]),
    ("kubernetes", &["engine"]),
    ("aws", &["engine", "local", "build", "kubernetes"]),
    ("lock", &["engine", "aws"]),
    ("resources", &["engine", "aws", "build", "kubernetes"]),
    ("planner", &["engine", "manifest", "resources", "topology"]),
    ("preflight", &["engine", "aws", "resources"]),
    ("render", &["engine", "manifest", "topology"]),
    ("record", &["engine", "aws"]),
    (
        "cli",
        &[
            "engine",
            "manifest",
            "local",
            "build",
            "aws",
            "lock",
            "resources",
            "planner",
            "preflight",
            "render",
            "record",
            "topology",
        ],
    ),
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Every `crate::LAYER` that a file's code names, comments left out, with its line.
fn named(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for (at, _) in code.match_indices("crate::") {
            let rest = &code[at + "crate::".len()..];
            let names: Vec<&str> = match rest.strip_prefix('{') {
                Some(list) => list.split([',', '}']).collect(),
                None => vec![rest],
            };
            for name in names {
                let name: String =
                    name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if LAYERS.iter().any(|(layer, _)| *layer == name) {
                    found.push((index + 1, name));
                }
            }
        }
    }
    found
}

#[test]
fn layers_name_only_those_below_them() {
    let mut wrong = Vec::new();
    for (layer, allowed) in LAYERS {
        for file in files(&source().join(layer)) {
            for (line, name) in named(&std::fs::read_to_string(&file).unwrap()) {
                if name != *layer && !allowed.contains(&name.as_str()) {
                    let file = file.strip_prefix(source()).unwrap().display().to_string();
                    wrong.push(format!("{file}:{line}: `{layer}` names `{name}`"));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_folder_under_src_is_a_layer() {
    let mut folders: Vec<String> = std::fs::read_dir(source())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let mut layers: Vec<&str> = LAYERS.iter().map(|(layer, _)| *layer).collect();
    layers.sort_unstable();
    assert_eq!(folders, layers);
}

#[test]
fn only_aws_and_resources_name_the_sdk_and_only_ec2_names_ec2() {
    let mut wrong = Vec::new();
    for file in files(&source()) {
        let path = file.strip_prefix(source()).unwrap().display().to_string();
        let text = std::fs::read_to_string(&file).unwrap();
        let sdk = path.starts_with("aws/") || path.starts_with("resources/");
        if text.contains("aws_sdk_") && !sdk {
            wrong.push(format!("{path} names an SDK crate"));
        }
        if text.contains("aws_sdk_ec2")
            && !(path.starts_with("aws/") || path.starts_with("resources/ec2/"))
        {
            wrong.push(format!("{path} names aws_sdk_ec2"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_kind_file_is_registered_and_named_for_its_kind() {
    let kinds: Vec<&str> = shipit::resources::REGISTRY.iter().map(|kind| kind.info.kind).collect();
    let mut sorted = kinds.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), kinds.len(), "a kind is registered twice");
    for file in files(&source().join("resources")) {
        let text = std::fs::read_to_string(&file).unwrap();
        for line in text.lines().filter(|line| line.trim_start().starts_with("const KIND:")) {
            if let Some(kind) = line.split('"').nth(1) {
                assert!(kinds.contains(&kind), "{} is not in the registry: {kind}", file.display());
            }
        }
    }
}
