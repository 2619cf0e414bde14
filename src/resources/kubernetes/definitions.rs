//! What defines a kind comes before its objects.

use serde_json::Value;

use super::kinds::AnyKind;
use super::object::ObjectKind;
use crate::engine::{Address, Desired, Wait};

/// Has each custom resource wait until its CustomResourceDefinition, where that is planned, too, is served.
pub fn definitions_first(desired: &mut Desired) {
    let others = || desired.nodes.values().filter(|node| node.address.kind() == AnyKind::INFO.kind);
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let mut edges: Vec<(Address, Address)> = Vec::new();
    for definition in others() {
        if definition
            .spec
            .pointer("/object/kind")
            .is_none_or(|kind| kind != "CustomResourceDefinition")
        {
            continue;
        }
        let group = text(definition.spec.pointer("/object/spec/group")).unwrap_or_default();
        let kind = text(definition.spec.pointer("/object/spec/names/kind"));
        for node in others() {
            let version = text(node.spec.pointer("/object/apiVersion")).unwrap_or_default();
            let of_group = version.split_once('/').is_some_and(|(of, _)| of == group);
            if of_group && text(node.spec.pointer("/object/kind")) == kind {
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
