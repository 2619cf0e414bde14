//! What defines a kind comes before its objects.

use serde_json::Value;

use super::kinds::AnyKind;
use super::object::ObjectKind;
use crate::engine::{Address, Desired, Node, Wait};

/// Does this object define the kind? What is applied before it can be.
pub fn defines(object: &Value, api_version: &str, kind: &str) -> bool {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    text("/kind") == "CustomResourceDefinition"
        && text("/spec/group") == group
        && text("/spec/names/kind") == kind
}

/// Has each custom resource wait until its CustomResourceDefinition, where that is planned, too, is served.
pub fn definitions_first(desired: &mut Desired) {
    let others = || desired.nodes.values().filter(|node| node.address.kind() == AnyKind::INFO.kind);
    let mut edges: Vec<(Address, Address)> = Vec::new();
    let is_definition = |node: &&Node| node.spec["object"]["kind"] == "CustomResourceDefinition";
    for definition in others().filter(is_definition) {
        for node in others() {
            let text = |field: &str| node.spec["object"][field].as_str().unwrap_or_default();
            if defines(&definition.spec["object"], text("apiVersion"), text("kind")) {
                edges.push((node.address.clone(), definition.address.clone()));
            }
        }
    }
    for (object, definition) in edges {
        desired.order(&object, &definition, Wait::Ready);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::{Edge, Input, Owner};
    use crate::resources::kubernetes::AnyObject;

    #[test]
    fn objects_wait_for_what_defines_them() {
        let mut desired = Desired::default();
        let mut add = |name: &str, object| {
            let planned = AnyObject::new(Input::Known("main".into()), object);
            desired.add(&Owner::Environment, name, &planned).unwrap().address().clone()
        };
        let widget = add("widget", json!({"apiVersion": "example.com/v1", "kind": "Widget"}));
        let other = add("other", json!({"apiVersion": "example.com/v1", "kind": "Gadget"}));
        let definition = add(
            "definition",
            json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "spec": {"group": "example.com", "names": {"kind": "Widget"}}}),
        );
        definitions_first(&mut desired);
        let edge = Edge { to: definition, wait: Wait::Ready };
        assert_eq!(desired.nodes[&widget].after, [edge]);
        assert_eq!(desired.nodes[&other].after, []);
    }
}
