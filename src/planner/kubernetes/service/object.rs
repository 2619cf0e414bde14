//! Objects as JSON, and how they become resources of the graph.

use serde_json::{Map, Value, json};

use crate::engine::{Address, Desired, Failure, Input, Owner};
use crate::resources::eks::ClusterName;
use crate::resources::kubernetes as kinds;

/// A JSON object that is put together key by key; what is empty is left out, as Kubernetes leaves it out.
#[derive(Debug, Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.put(key, value);
        self
    }

    pub(super) fn put(&mut self, key: &str, value: impl Into<Value>) {
        let value = value.into();
        let empty = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        };
        if !empty {
            self.0.insert(key.to_owned(), value);
        }
    }

    /// The same for a switch, which is left out where it is off.
    pub(super) fn on(&mut self, key: &str, value: bool) {
        if value {
            self.put(key, true);
        }
    }
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Self::Object(fields.0)
    }
}

/// A document's form of what may be a reference.
pub(super) fn value<T: serde::Serialize>(input: &Input<T>) -> Result<Value, Failure> {
    serde_json::to_value(input).map_err(|error| Failure::internal(error.to_string()))
}

/// The reference to the environment's namespace.
pub(in crate::planner::kubernetes) fn namespace() -> Value {
    json!({ "$output": ["kubernetes/namespace.main", "name"] })
}

/// What an object is called as part of an address, where its kind has no slug of its own: `storage-class`, `http-route`.
pub(in crate::planner::kubernetes) fn slug(kind: &str) -> String {
    let letters: Vec<char> = kind.chars().collect();
    let mut slug = String::new();
    for (index, letter) in letters.iter().enumerate() {
        // A word begins after a small letter, and with the last capital of several.
        let after_small = index > 0 && !letters[index - 1].is_ascii_uppercase();
        let before_small =
            index > 0 && letters.get(index + 1).is_some_and(char::is_ascii_lowercase);
        if letter.is_ascii_uppercase() && (after_small || before_small) {
            slug.push('-');
        }
        slug.push(letter.to_ascii_lowercase());
    }
    slug
}

/// Puts an object into the graph under the name, as its kind.
pub(in crate::planner::kubernetes) fn add(
    desired: &mut Desired,
    cluster: &Input<ClusterName>,
    owner: &Owner,
    name: &str,
    object: Value,
) -> Result<Address, Failure> {
    let cluster = cluster.clone();
    let kind = object["kind"].as_str().unwrap_or_default().to_owned();
    let group = object["apiVersion"].as_str().unwrap_or_default().to_owned();
    macro_rules! typed {
        ($($kind:literal $group:literal => $type:ident),* $(,)?) => {
            match (kind.as_str(), group.split('/').next().unwrap_or_default()) {
                $(($kind, $group) => {
                    let planned = kinds::$type::new(cluster, object);
                    Ok(desired.add(owner, name, &planned)?.address().clone())
                })*
                _ => {
                    let name = format!("{}/{name}", slug(&kind));
                    let planned = kinds::AnyObject::new(cluster, object);
                    Ok(desired.add(owner, name, &planned)?.address().clone())
                }
            }
        };
    }
    typed! {
        "ConfigMap" "v1" => ConfigMap,
        "CronJob" "batch" => CronJob,
        "DaemonSet" "apps" => DaemonSet,
        "Deployment" "apps" => Deployment,
        "HorizontalPodAutoscaler" "autoscaling" => HorizontalPodAutoscaler,
        "Ingress" "networking.k8s.io" => Ingress,
        "Job" "batch" => Job,
        "Namespace" "v1" => Namespace,
        "NetworkPolicy" "networking.k8s.io" => NetworkPolicy,
        "PersistentVolumeClaim" "v1" => PersistentVolumeClaim,
        "PodDisruptionBudget" "policy" => PodDisruptionBudget,
        "ResourceQuota" "v1" => ResourceQuota,
        "Service" "v1" => Service,
        "ServiceAccount" "v1" => ServiceAccount,
        "StatefulSet" "apps" => StatefulSet,
    }
}
