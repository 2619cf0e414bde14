//! Whose an object is: ownership as labels and annotations, on and off.

use serde_json::{Value, json};

use super::object::ObjectOutputs;
use crate::engine::Identity;
use crate::engine::identity::{
    TAG_APPLICATION, TAG_ENVIRONMENT, TAG_GENERATION, TAG_RESOURCE, TAG_SERVICE,
};
use crate::resources::resource::Tags;

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const SHIPIT: &str = "shipit";
const RESOURCE: &str = "shipit/resource";
/// A digest of what was applied.
pub(super) const APPLIED: &str = "shipit/applied";
/// Where the values of a Secret come from, as JSON.
pub(super) const FROM: &str = "shipit/from";

/// Labels, and the tags that they stand for.
const LABELS: [(&str, &str); 4] = [
    ("shipit/application", TAG_APPLICATION),
    ("shipit/environment", TAG_ENVIRONMENT),
    ("shipit/service", TAG_SERVICE),
    ("shipit/generation", TAG_GENERATION),
];

/// The labels of everything of an environment.
pub(super) fn selector(application: &str, environment: &str) -> String {
    format!(
        "{MANAGED_BY}={SHIPIT},shipit/application={application},shipit/environment={environment}"
    )
}

/// The labels of everything of a service.
pub(super) fn selector_of(application: &str, environment: &str, service: &str) -> String {
    format!("{},shipit/service={service}", selector(application, environment))
}

/// The labels of what belongs to an environment and is no resource.
pub(super) fn of_environment(identity: &Identity) -> Value {
    json!({
        MANAGED_BY: SHIPIT,
        "shipit/application": identity.application,
        "shipit/environment": identity.environment,
    })
}

/// The tags that an object's labels and annotations stand for; none where another tool manages it.
pub(super) fn tags(object: &Value) -> Tags {
    let mut tags = Tags::new();
    let metadata = &object["metadata"];
    if metadata["labels"][MANAGED_BY].as_str() != Some(SHIPIT) {
        return tags;
    }
    for (label, tag) in LABELS {
        if let Some(value) = metadata["labels"][label].as_str() {
            tags.insert(tag.to_owned(), value.to_owned());
        }
    }
    if let Some(address) = metadata["annotations"][RESOURCE].as_str() {
        tags.insert(TAG_RESOURCE.to_owned(), address.to_owned());
    }
    tags
}

/// Who manages an object of which nobody's shipit tags say so: `managed by Helm`.
pub(super) fn other_manager(object: &Value) -> Option<&str> {
    object["metadata"]["labels"][MANAGED_BY].as_str().filter(|who| *who != SHIPIT)
}

/// The object with labels and annotations of ownership, ready to be applied. `more` are annotations besides.
pub(super) fn dress(object: &Value, identity: &Identity, more: &[(&str, String)]) -> Value {
    let mut dressed = object.clone();
    let tags = identity.tags();
    let labels = LABELS.iter().filter_map(|(label, tag)| Some((*label, tags.get(*tag)?.clone())));
    let labels = labels.chain([(MANAGED_BY, SHIPIT.to_owned())]);
    put(&mut dressed, "labels", labels);
    let more = more.iter().map(|(name, value)| (*name, value.clone()));
    let address = (RESOURCE, identity.address.to_string());
    put(&mut dressed, "annotations", more.chain([address]));
    dressed
}

fn put<'a>(object: &mut Value, field: &str, values: impl Iterator<Item = (&'a str, String)>) {
    let Some(fields) = object.as_object_mut() else { return };
    let metadata = fields.entry("metadata").or_insert_with(|| json!({}));
    let Some(metadata) = metadata.as_object_mut() else { return };
    let at = metadata.entry(field).or_insert(Value::Null);
    if !at.is_object() {
        *at = json!({});
    }
    if let Some(map) = at.as_object_mut() {
        map.extend(values.map(|(name, value)| (name.to_owned(), Value::String(value))));
    }
}

/// What the server keeps of an object that nobody writes.
const SERVERS: [&str; 10] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// The object without ownership and without what the server keeps. `finalizers` and owners stay where they are wanted.
pub(super) fn undress(object: &Value, wanted: Option<&Value>) -> Value {
    let mut bare = object.clone();
    let Some(fields) = bare.as_object_mut() else { return bare };
    if wanted.is_none_or(|wanted| wanted.get("status").is_none()) {
        fields.remove("status");
    }
    let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) else {
        return bare;
    };
    for field in SERVERS {
        if wanted.is_none_or(|wanted| wanted["metadata"].get(field).is_none()) {
            metadata.remove(field);
        }
    }
    for field in ["labels", "annotations"] {
        let Some(map) = metadata.get_mut(field).and_then(Value::as_object_mut) else { continue };
        map.retain(|name, value| {
            let ours = name.starts_with("shipit/")
                || (name == MANAGED_BY && value.as_str() == Some(SHIPIT));
            !ours
        });
        if map.is_empty() {
            metadata.remove(field);
        }
    }
    bare
}

/// What people call it: `shop/api`, or a name alone where its kind lies in no namespace.
pub(super) fn id(outputs: &ObjectOutputs) -> String {
    match &outputs.at.namespace {
        Some(namespace) => format!("{namespace}/{}", outputs.name),
        None => outputs.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Address, Owner};

    #[test]
    fn ownership_goes_on_and_off() {
        let identity = Identity {
            application: "shop".into(),
            environment: "test".into(),
            owner: Owner::Service("api".into()),
            address: Address::new("kubernetes/deployment", "api"),
            generation: 1,
            run: String::new(),
        };
        let object = json!({"kind": "Deployment", "metadata": {"name": "api"}, "spec": {}});
        let dressed = dress(&object, &identity, &[(APPLIED, "0123".to_owned())]);
        assert_eq!(
            dressed["metadata"],
            json!({
                "name": "api",
                "labels": {
                    "app.kubernetes.io/managed-by": "shipit",
                    "shipit/application": "shop",
                    "shipit/environment": "test",
                    "shipit/service": "api",
                },
                "annotations": {
                    "shipit/applied": "0123",
                    "shipit/resource": "kubernetes/deployment.api",
                },
            })
        );
        let read = Identity::from_tags(&tags(&dressed), "shop", "test");
        assert_eq!(read, Some(identity));
        assert_eq!(undress(&dressed, None), object);
        let helms = json!({"metadata": {"labels": {
            "app.kubernetes.io/managed-by": "Helm", "shipit/application": "shop"}}});
        assert_eq!(tags(&helms), Tags::new());
        assert_eq!(other_manager(&helms), Some("Helm"));
    }
}
