//! Where to look: an environment's clusters, and how they serve a kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::object::{Api, ObjectOutputs};
use super::{brings, owner};
use crate::aws::{Cx, classify, kube};
use crate::engine::{Address, Class, Failure, Identity, Query};
use crate::kubernetes::{Client, Served, Server};
use crate::resources::eks::{self, cluster::HOLDS_OBJECTS};
use crate::resources::resource::Tags;

/// The clusters in which something is to be looked for: where it is wanted, and those into which something was put. None
/// where there is no cluster, so that an environment without one costs no call.
pub(super) async fn clusters(
    cx: &Cx,
    query: &Query<'_>,
) -> Result<BTreeMap<String, Arc<Client>>, Failure> {
    let wanted: Vec<&str> =
        query.wanted.iter().filter_map(|one| query.wanted_text(&one.address, "cluster")).collect();
    let mut found = BTreeMap::new();
    let mut seen = Vec::new();
    for live in query.seen.of("eks/cluster") {
        let text = |field: &str| live.outputs.get(field).and_then(Value::as_str);
        let Some(name) = text("name") else { continue };
        seen.push(name);
        let holds = live.outputs.get("holds_objects").and_then(Value::as_bool).unwrap_or_default();
        if holds {
            cx.kubernetes.note(&marked(name));
        }
        if !eks::answers(&live.health) || !(holds || wanted.contains(&name)) {
            continue;
        }
        let (Some(endpoint), Some(authority)) = (text("endpoint"), text("certificate_authority"))
        else {
            continue;
        };
        let public = live.spec.pointer("/endpoint/public").and_then(Value::as_bool);
        let server = Server {
            cluster: name.to_owned(),
            endpoint: endpoint.to_owned(),
            authority: authority.to_owned(),
            private: public == Some(false),
        };
        found.insert(name.to_owned(), cx.kubernetes.connect(server)?);
    }
    for name in wanted.into_iter().filter(|name| !seen.contains(name)) {
        if let Some(client) = client(cx, name).await? {
            found.insert(name.to_owned(), client);
        }
    }
    Ok(found)
}

/// A cluster's client; `None` where the cluster is gone, or not there yet.
pub(super) async fn client(cx: &Cx, cluster: &str) -> Result<Option<Arc<Client>>, Failure> {
    if let Some(known) = cx.kubernetes.known(cluster) {
        return Ok(Some(known));
    }
    let server = kube::server(cx, cluster).await?;
    server.map(|server| cx.kubernetes.connect(server)).transpose()
}

/// The same where there has to be one.
pub(super) async fn client_of(cx: &Cx, cluster: &str) -> Result<Arc<Client>, Failure> {
    client(cx, cluster).await?.ok_or_else(|| {
        Failure::new(Class::NotYetConsistent, format!("cluster `{cluster}` has no API server yet"))
    })
}

fn marked(cluster: &str) -> String {
    format!("objects lie in {cluster}")
}

/// Notes on a cluster of ours that something lies in it, before the first thing does: so it is looked for even when nothing is
/// wanted any more.
pub(super) async fn mark(cx: &Cx, cluster: &str, identity: &Identity) -> Result<(), Failure> {
    if !cx.kubernetes.note(&marked(cluster)) {
        return Ok(());
    }
    let sent = cx.eks.describe_cluster().name(cluster).send().await;
    let sent = sent.map_err(|error| classify("eks DescribeCluster", error))?;
    let found = sent.cluster();
    let tags: Tags = found
        .and_then(|found| found.tags())
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let ours = Identity::from_tags(&tags, &identity.application, &identity.environment).is_some();
    if !ours || tags.contains_key(HOLDS_OBJECTS) {
        return Ok(());
    }
    let arn = found.and_then(|found| found.arn()).unwrap_or_default();
    let call = cx.eks.tag_resource().resource_arn(arn).tags(HOLDS_OBJECTS, "true");
    call.send().await.map(drop).map_err(|error| classify("eks TagResource", error))
}

/// How a cluster serves the kind of an object that is to be written.
///
/// # Errors
/// It does not; the versions that it does serve are named.
pub(super) async fn served(
    client: &Client,
    api: Option<Api>,
    object: &Value,
) -> Result<Served, Failure> {
    let text = |field: &str| object[field].as_str().unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    for version in versions(api, version) {
        if let Some(found) = client.find(version, kind).await? {
            return Ok(found);
        }
    }
    // It may have been defined a moment ago.
    if api.is_none() {
        client.forget_groups().await;
        if let Some(found) = client.find(version, kind).await? {
            return Ok(found);
        }
    }
    let mut failure = not_served(client, version, kind).await;
    // What EKS or an add-on brings may come a moment after it says that it is there.
    if api.is_none() {
        failure.class = Class::NotYetConsistent;
    }
    Err(failure)
}

/// Takes the namespace from an object of a kind that lies in none.
pub(super) fn scope(object: &mut Value, served: &Served) {
    if !served.namespaced
        && let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut)
    {
        metadata.remove("namespace");
    }
}

/// The version that an object is written in, and older ones of the same shape.
pub(super) fn versions(api: Option<Api>, written: &str) -> Vec<&str> {
    let mut all = vec![written];
    if let Some(api) = api.filter(|api| api.versions.first() == Some(&written)) {
        all.extend(api.versions.iter().skip(1));
    }
    all
}

/// The failure of a kind that a cluster does not serve.
async fn not_served(client: &Client, version: &str, kind: &str) -> Failure {
    let cluster = &client.server().cluster;
    let others = client.versions(version, kind).await.unwrap_or_default();
    let message = format!("cluster `{cluster}` serves no `{kind}` of `{version}`");
    let failure = Failure::new(Class::Invalid, message);
    match others.is_empty() {
        false => failure
            .with_hint(format!("it serves {}: write that as `apiVersion`", others.join(", "))),
        true => failure.with_hint(brings::brings(version)),
    }
}

/// The tags that a live object's labels stand for; `None` where it is gone, alone or with its cluster.
pub(super) async fn tags(cx: &Cx, outputs: &ObjectOutputs) -> Result<Option<Tags>, Failure> {
    let at = &outputs.at;
    let Some(client) = client(cx, &at.cluster).await? else { return Ok(None) };
    let found = client.get(&at.served(), at.namespace.as_deref(), &outputs.name).await;
    let found = found.map_err(|failure| patient(cx, &at.cluster, failure))?;
    Ok(found.map(|object| owner::tags(&object)))
}

/// Access that this run has just given is not known in the cluster at once.
pub(super) fn patient(cx: &Cx, cluster: &str, mut failure: Failure) -> Failure {
    if failure.class == Class::Denied && cx.kubernetes.may_not_know_us(cluster) {
        failure.class = Class::NotYetConsistent;
    }
    failure
}

/// The namespace of a wanted object, and its name, as far as they are known.
pub(super) fn name_of(query: &Query<'_>, address: &Address) -> Option<(Option<String>, String)> {
    let document = query.documents.get(address)?;
    let metadata = document.get("object")?.get("metadata")?;
    let known = |field: &str| -> Option<Option<String>> {
        match metadata.get(field) {
            None | Some(Value::Null) => Some(None),
            Some(value) => resolved(query, value).map(Some),
        }
    };
    Some((known("namespace")?, known("name")??))
}

/// A text that is written, or an output of what was seen.
fn resolved(query: &Query<'_>, value: &Value) -> Option<String> {
    let Some(from) = crate::engine::OutputRef::from_value(value) else {
        return value.as_str().map(str::to_owned);
    };
    let seen = query.seen.of(from.address.kind());
    let live = seen.iter().find(|live| live.identity.address == from.address)?;
    live.outputs.get(&from.field)?.as_str().map(str::to_owned)
}
