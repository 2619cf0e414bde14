//! Applying and deleting.

use serde_json::{Value, json};

use super::object::{Api, ObjectOutputs};
use super::{compare, observe, owner, place, record};
use crate::aws::Cx;
use crate::engine::{Class, Failure, Identity};
use crate::kubernetes::{Applied, Client, Delete, Served, conflicts};

/// Kinds whose objects own others, which go before them.
const PARENTS: [&str; 5] = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"];

/// What is to be there.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) cluster: &'a str,
    pub(super) object: &'a Value,
    pub(super) api: Option<Api>,
    /// Added when it is applied, and no part of the digest.
    pub(super) secret: Option<Value>,
    /// Annotations besides those of ownership.
    pub(super) annotations: Vec<(&'static str, String)>,
}

impl<'a> Wanted<'a> {
    pub(super) fn plain(cluster: &'a str, object: &'a Value, api: Option<Api>) -> Self {
        Self { cluster, object, api, secret: None, annotations: Vec::new() }
    }

    /// The object as it is sent.
    fn dressed(&self, identity: &Identity, served: &Served) -> Value {
        let object = compare::without_nulls(self.object);
        let digest = compare::digest(&object);
        let mut annotations = self.annotations.clone();
        annotations.push((owner::APPLIED, digest));
        let mut dressed = owner::dress(&object, identity, &annotations);
        dressed["apiVersion"] = served.api_version.as_str().into();
        place::scope(&mut dressed, served);
        if let Some(data) = &self.secret {
            let data = data.as_object().cloned().unwrap_or_default();
            let mut all = dressed["data"].as_object().cloned().unwrap_or_default();
            all.extend(data);
            dressed["data"] = Value::Object(all);
        }
        dressed
    }
}

/// Makes an object. One that is there already stays as it is, unless it is this very one.
pub(super) async fn create(
    cx: &Cx,
    identity: &Identity,
    wanted: &Wanted<'_>,
) -> Result<ObjectOutputs, Failure> {
    let made = make(cx, identity, wanted).await;
    made.map_err(|failure| place::patient(cx, wanted.cluster, failure))
}

async fn make(cx: &Cx, identity: &Identity, wanted: &Wanted<'_>) -> Result<ObjectOutputs, Failure> {
    let client = place::client_of(cx, wanted.cluster).await?;
    let served = place::served(&client, wanted.api, wanted.object).await?;
    place::mark(cx, wanted.cluster, identity).await?;
    if wanted.api.is_none() {
        record::note(&client, identity, &served).await?;
    }
    let dressed = wanted.dressed(identity, &served);
    let metadata = &dressed["metadata"];
    let name = metadata["name"].as_str().unwrap_or_default();
    // Applying would take over what somebody else has made.
    if let Some(there) = client.get(&served, metadata["namespace"].as_str(), name).await? {
        let owned =
            Identity::from_tags(&owner::tags(&there), &identity.application, &identity.environment);
        let mut failure = if !there["metadata"]["deletionTimestamp"].is_null() {
            Failure::new(Class::ConflictInProgress, format!("`{name}` is still being deleted"))
        } else {
            Failure::new(Class::AlreadyExists, format!("`{name}` is there already"))
        };
        failure.operation = Some(format!("kubernetes Create{}", served.kind));
        if owned.is_none_or(|owned| owned.address != identity.address)
            || failure.class == Class::ConflictInProgress
        {
            return Err(failure);
        }
    }
    let how = Applied { create: true, ..Applied::default() };
    let made = client.apply(&served, &dressed, how, None).await?;
    if served.kind == "CustomResourceDefinition" {
        client.forget_groups().await;
    }
    Ok(observe::outputs(&client, &served, &made))
}

/// Applies what is wanted over what is there.
pub(super) async fn update(
    cx: &Cx,
    identity: &Identity,
    outputs: &ObjectOutputs,
    wanted: &Wanted<'_>,
) -> Result<ObjectOutputs, Failure> {
    let changed = change(cx, identity, outputs, wanted).await;
    changed.map_err(|failure| place::patient(cx, wanted.cluster, failure))
}

async fn change(
    cx: &Cx,
    identity: &Identity,
    outputs: &ObjectOutputs,
    wanted: &Wanted<'_>,
) -> Result<ObjectOutputs, Failure> {
    let client = place::client_of(cx, wanted.cluster).await?;
    let served = outputs.at.served();
    let dressed = wanted.dressed(identity, &served);
    let there = client.get(&served, outputs.at.namespace.as_deref(), &outputs.name).await?;
    // What was applied is what is wanted: whatever differs was changed behind our back, and is put back.
    let digest = |object: &Value| object["metadata"]["annotations"][owner::APPLIED].clone();
    let drifted = there.as_ref().is_some_and(|there| digest(there) == digest(&dressed));
    if let Some(there) = &there {
        leave_to_autoscaler(&client, &served, there, &dressed).await?;
    }
    let force = drifted || cx.kubernetes.forces_conflicts();
    let how = Applied { force, ..Applied::default() };
    let applied = match client.apply(&served, &dressed, how, None).await {
        // A fixed count after a range: the autoscaler that had it has gone, or goes.
        Err(failure) if only_replicas(&failure) => {
            client.apply(&served, &dressed, Applied { force: true, ..how }, None).await
        }
        other => other,
    };
    Ok(observe::outputs(&client, &served, &applied?))
}

fn only_replicas(failure: &Failure) -> bool {
    let fields = conflicts(failure);
    !fields.is_empty() && fields.iter().all(|field| field == "spec.replicas")
}

/// A count that was ours and is nobody's now would fall to its default before an autoscaler sets it: another manager holds it
/// until then.
async fn leave_to_autoscaler(
    client: &Client,
    served: &Served,
    there: &Value,
    dressed: &Value,
) -> Result<(), Failure> {
    let ours = compare::owned(there, crate::kubernetes::MANAGER);
    let count = &there["spec"]["replicas"];
    let leaves = ours.pointer("/spec/replicas").is_some()
        && dressed.pointer("/spec/replicas").is_none()
        && !count.is_null();
    if !leaves {
        return Ok(());
    }
    let metadata = &dressed["metadata"];
    let held = json!({
        "apiVersion": served.api_version,
        "kind": served.kind,
        "metadata": { "name": metadata["name"], "namespace": metadata["namespace"] },
        "spec": { "replicas": count },
    });
    let how = Applied { force: true, ..Applied::default() };
    client.apply(served, &held, how, Some("shipit-autoscaled")).await.map(drop)
}

/// Deletes an object; one that is gone, alone or with its cluster, is no error.
pub(super) async fn delete(cx: &Cx, outputs: &ObjectOutputs) -> Result<(), Failure> {
    let at = &outputs.at;
    let Some(client) = place::client(cx, &at.cluster).await? else { return Ok(()) };
    let foreground = PARENTS.contains(&at.kind.as_str());
    let how = Delete { uid: &at.uid, foreground };
    client.delete(&at.served(), at.namespace.as_deref(), &outputs.name, how).await
}

/// Puts ownership on an object, and nothing else.
pub(super) async fn claim(
    cx: &Cx,
    identity: &Identity,
    outputs: &ObjectOutputs,
    api: Option<Api>,
) -> Result<(), Failure> {
    let at = &outputs.at;
    let client = place::client_of(cx, &at.cluster).await?;
    place::mark(cx, &at.cluster, identity).await?;
    let bare = json!({
        "apiVersion": at.api_version,
        "kind": at.kind,
        "metadata": { "name": outputs.name, "namespace": at.namespace },
    });
    let dressed = compare::without_nulls(&owner::dress(&bare, identity, &[]));
    let served = at.served();
    if api.is_none() {
        record::note(&client, identity, &served).await?;
    }
    // As somebody else: applying nothing but labels as `shipit` would take away what it has applied before.
    let how = Applied { force: true, ..Applied::default() };
    client.apply(&served, &dressed, how, Some("shipit-adopt")).await.map(drop)
}
