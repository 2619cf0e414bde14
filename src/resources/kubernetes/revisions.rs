//! What Kubernetes keeps of the templates that a workload had: ReplicaSets of a Deployment, ControllerRevisions of the others.

use serde_json::{Map, Value};

use super::compare;
use super::rollout::{is_owned, selector, served};
use super::workload::Workload;
use crate::aws::Cx;
use crate::engine::{Class, Failure};
use crate::kubernetes::{Client, Listed, MANAGER};

/// The label by which Kubernetes tells the pods of a template.
const HASH: &str = "pod-template-hash";

/// A template that is kept.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) number: i64,
    /// What keeps it.
    pub(super) object: Value,
    pub(super) template: Value,
}

/// What tells the template of an object's pods from others: a digest of it, as the server has it.
pub(super) fn of(kind: &str, object: &Value) -> Option<String> {
    let keeps = ["Deployment", "StatefulSet", "DaemonSet"].contains(&kind);
    keeps.then(|| compare::digest(&object["spec"]["template"]))
}

/// The labels of an object's pods.
pub(super) fn pod_labels(object: &Value) -> String {
    if object["kind"] != "CronJob" {
        return selector(object);
    }
    let labels = object.pointer("/spec/jobTemplate/spec/template/metadata/labels");
    let pairs = labels.and_then(Value::as_object).into_iter().flatten();
    let pairs = pairs.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)));
    pairs.collect::<Vec<_>>().join(",")
}

/// All objects of a kind that another owns.
pub(super) async fn owned_by(
    client: &Client,
    namespace: &str,
    (version, kind, plural): (&str, &str, &str),
    labels: &str,
    owner: &Value,
) -> Result<Vec<Value>, Failure> {
    let kind = served(version, kind, plural);
    let owners = [owner["metadata"]["uid"].clone()];
    let mut found = match client.list(&kind, Some(namespace), labels, Listed::Whole).await {
        Ok(found) => found,
        // Who may not look at these sees the object itself.
        Err(failure) if failure.class == Class::Denied => Vec::new(),
        Err(failure) => return Err(failure),
    };
    found.retain(|one| is_owned(one, &owners));
    Ok(found)
}

/// The templates that are kept of an object, the newest first.
pub(super) async fn list(
    client: &Client,
    namespace: &str,
    object: &Value,
) -> Result<Vec<Kept>, Failure> {
    let kind = match object["kind"].as_str() {
        Some("Deployment") => ("apps/v1", "ReplicaSet", "replicasets"),
        Some("StatefulSet" | "DaemonSet") => {
            ("apps/v1", "ControllerRevision", "controllerrevisions")
        }
        _ => return Ok(Vec::new()),
    };
    let all = owned_by(client, namespace, kind, &selector(object), object).await?;
    let mut kept: Vec<Kept> = all.into_iter().map(read).collect();
    kept.sort_by_key(|one| std::cmp::Reverse(one.number));
    Ok(kept)
}

fn read(object: Value) -> Kept {
    let set = object["kind"] == "ReplicaSet";
    let mut template = match set {
        true => object["spec"]["template"].clone(),
        false => object["data"]["spec"]["template"].clone(),
    };
    if let Some(fields) = template.as_object_mut() {
        fields.remove("$patch");
    }
    let labels = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut);
    if let Some(labels) = labels.filter(|_| set) {
        labels.remove(HASH);
    }
    let number = match set {
        true => {
            let text =
                object["metadata"]["annotations"]["deployment.kubernetes.io/revision"].as_str();
            text.and_then(|text| text.parse().ok()).unwrap_or_default()
        }
        false => object["revision"].as_i64().unwrap_or_default(),
    };
    Kept { number, object, template: compare::without_nulls(&template) }
}

/// The template that a release ran, as it would be written over the one that runs now; `None` where Kubernetes keeps it no
/// more. `revision` is the [`super::ObjectOutputs::revision`] of then.
///
/// # Errors
/// It may not be read.
pub async fn kept(cx: &Cx, workload: &Workload, revision: &str) -> Result<Option<Value>, Failure> {
    let client = workload.client(cx).await?;
    let object = workload.read(&client).await?;
    let all = list(&client, workload.namespace(), &object).await?;
    let found = all.into_iter().find(|one| compare::digest(&one.template) == revision);
    Ok(found.map(|one| {
        let ours = compare::owned(&object, MANAGER);
        let live = &object["spec"]["template"];
        said(&one.template, Some(live), ours.pointer("/spec/template")).unwrap_or(one.template)
    }))
}

/// What of a kept template has to be said: what is ours now, and what is otherwise now. The rest are defaults.
fn said(kept: &Value, live: Option<&Value>, ours: Option<&Value>) -> Option<Value> {
    match (kept, live) {
        (Value::Object(fields), Some(Value::Object(there))) => {
            let parts = fields.iter().filter_map(|(key, value)| {
                let ours = ours.and_then(|ours| ours.get(key));
                Some((key.clone(), said(value, there.get(key), ours)?))
            });
            let parts: Map<String, Value> = parts.collect();
            (ours.is_some() || !parts.is_empty()).then_some(Value::Object(parts))
        }
        (Value::Array(items), Some(live @ Value::Array(there))) => {
            let own = ours.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let Some(key) = compare::key_of(&[items, there, own]) else {
                return (ours.is_some() || kept != live).then(|| kept.clone());
            };
            let find = |list: &[Value], item: &Value| {
                list.iter().find(|other| other.get(key) == item.get(key)).cloned()
            };
            let parts: Vec<Value> = items
                .iter()
                .filter_map(|item| {
                    let (live, ours) = (find(there, item), find(own, item));
                    let mut part = said(item, live.as_ref(), ours.as_ref())?;
                    part[key] = item[key].clone();
                    Some(part)
                })
                .collect();
            (ours.is_some() || !parts.is_empty()).then_some(Value::Array(parts))
        }
        (kept, live) => (ours.is_some() || live != Some(kept)).then(|| kept.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_of_a_kept_template_are_not_said() {
        let template = |image: &str, command: Value| {
            json!({"spec": {"restartPolicy": "Always", "containers": [
                {"name": "web", "image": image, "imagePullPolicy": "Always", "command": command, "args": ["x"]}]}})
        };
        let ours =
            json!({"spec": {"containers": [{"name": "web", "image": "a:2", "args": ["x"]}]}});
        let kept = template("a:1", json!(["serve"]));
        let live = compare::without_nulls(&template("a:2", Value::Null));
        assert_eq!(
            said(&kept, Some(&live), Some(&ours)),
            Some(json!({"spec": {"containers": [
                {"name": "web", "image": "a:1", "command": ["serve"], "args": ["x"]}]}}))
        );
    }

    #[test]
    fn what_keeps_a_template_is_known_by_its_digest() {
        let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web"}]}});
        let revision = of("Deployment", &json!({"spec": {"template": template}})).unwrap();
        let mut kept = template.clone();
        kept["metadata"]["labels"][HASH] = json!("5d8f");
        kept["metadata"]["creationTimestamp"] = Value::Null;
        let set = json!({"kind": "ReplicaSet", "spec": {"template": kept},
            "metadata": {"annotations": {"deployment.kubernetes.io/revision": "3"}}});
        let set = read(set);
        assert_eq!((set.number, compare::digest(&set.template)), (3, revision.clone()));
        let mut kept = template;
        kept["$patch"] = json!("replace");
        let controller = json!({"kind": "ControllerRevision", "revision": 2, "data": {"spec": {"template": kept}}});
        assert_eq!(compare::digest(&read(controller).template), revision);
        assert_eq!(of("Service", &json!({})), None);
    }
}
