//! Documents against the published OpenAPI schemas (`kubernetes-validate`): what an older API server does not serve is held against
//! something, too.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::examples::{self, set};
use crate::support::python;

/// What is wrong with these objects.
pub(crate) fn complaints(objects: &[Value]) -> Vec<String> {
    let mut command = Command::new(python::kubernetes().join("python"));
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kubernetes/schemas.py"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let text = Value::from(objects).to_string();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_examples_are_as_kubernetes_publishes_them() {
    let mut all = Vec::new();
    for example in examples::all() {
        let mut object = example.object.clone();
        all.push(object.clone());
        for (path, value) in &example.edits {
            set(&mut object, path, value.clone());
            all.push(object.clone());
        }
    }
    assert_eq!(complaints(&all), [""; 0]);
}

#[test]
fn a_misspelt_field_is_found() {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"selectors": {"app": "web"}}});
    let found = complaints(&[service]);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("Service web: spec"), "{found:?}");
}
