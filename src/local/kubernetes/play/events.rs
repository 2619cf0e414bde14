//! Events: what `kubectl describe` ends with. Told again, an event counts on.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::kind::Kind;
use super::world::{World, stamp, uid};
use crate::local::document::Document;

/// Who tells something, of whom, and what.
pub(super) struct Event<'a> {
    /// `kubelet`, `default-scheduler`, …
    pub(super) from: &'a str,
    /// `Normal` or `Warning`.
    pub(super) sort: &'a str,
    /// Such as `BackOff`.
    pub(super) reason: &'a str,
    /// What people read.
    pub(super) message: &'a str,
    /// Which part of the object: `spec.containers{web}`.
    pub(super) field: &'a str,
}

impl Event<'_> {
    /// Tells it, while all else goes on. What cannot be told is no matter.
    pub(super) fn tell(&self, world: &mut World, kind: Kind, object: &Value) {
        let meta = &object["metadata"];
        let namespace = if meta.has("namespace") { meta.text("namespace") } else { "default" };
        let id = format!("{}/{}/{}/{}", uid(object), self.reason, self.field, self.message);
        let path = format!("/api/v1/namespaces/{namespace}/events");
        if let Some((name, count)) = world.told.get_mut(&id) {
            *count += 1;
            let patch = json!({"count": *count, "lastTimestamp": stamp()});
            let path = format!("{path}/{name}");
            let api = world.api.clone();
            tokio::spawn(async move { api.merge(&path, &patch).await });
            return;
        }
        let hash = Sha256::digest(&id);
        let hash: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{}.{hash}", meta.text("name"));
        let mut involved = json!({
            "apiVersion": world.kinds.version(kind), "kind": kind.name(), "name": meta["name"],
            "namespace": meta["namespace"], "uid": meta["uid"], "resourceVersion": meta["resourceVersion"],
        });
        if !self.field.is_empty() {
            involved.set("fieldPath", self.field);
        }
        let now = stamp();
        let mut source = json!({"component": self.from});
        if self.from == "kubelet" {
            source.set("host", object["spec"]["nodeName"].clone());
        }
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": namespace},
            "involvedObject": involved, "reason": self.reason, "message": self.message, "type": self.sort,
            "source": source, "firstTimestamp": now, "lastTimestamp": now, "count": 1,
            "reportingComponent": "", "reportingInstance": "",
        });
        let api = world.api.clone();
        tokio::spawn(async move { api.create(&path, &event).await });
        world.told.insert(id, (name, 1));
    }
}
