//! What EKS's kinds share: tags, and in which clusters to look.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_eks::types::{ErrorCode, ErrorDetail, UpdateStatus};
use serde_json::Value;

use crate::aws::{Cx, classify, tags};
use crate::engine::{Class, Failure, Health, Identity, Query};
use crate::resources::resource::Tags;

/// EKS's tags as a sorted map.
pub(super) fn from_sdk(tags: Option<&HashMap<String, String>>) -> Tags {
    tags.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// A map as EKS's tags.
pub(super) fn to_sdk(tags: &Tags) -> HashMap<String, String> {
    tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// What follows the sort (`nodegroup`) in the ARNs of what bears our tags: `CLUSTER/NAME/…`.
pub(super) async fn tagged(cx: &Cx, query: &Query<'_>, sort: &str) -> Result<Vec<String>, Failure> {
    let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
    let prefix = cx.arn("eks", &format!("{sort}/"));
    Ok(bulk.keys().filter_map(|arn| arn.strip_prefix(&prefix)).map(str::to_owned).collect())
}

/// The clusters in which something of this sort is to be looked for: ours, whatever the tagging API says, as it lags and a
/// cluster does not go before what lies in it; and those where it is wanted or something bears our tags. Where there is
/// no cluster that is no call.
pub(super) async fn clusters(
    cx: &Cx,
    query: &Query<'_>,
    sort: &str,
) -> Result<BTreeSet<String>, Failure> {
    let tagged = tagged(cx, query, sort).await?;
    let mut found: BTreeSet<String> =
        tagged.iter().filter_map(|rest| rest.split('/').next()).map(str::to_owned).collect();
    let named = query.wanted.iter().filter_map(|one| query.wanted_text(&one.address, "cluster"));
    found.extend(named.map(str::to_owned));
    for live in query.seen.of(super::cluster::KIND) {
        let Some(name) = live.outputs.get("name").and_then(Value::as_str) else { continue };
        match answers(&live.health) {
            true => found.insert(name.to_owned()),
            false => found.remove(name),
        };
    }
    Ok(found)
}

/// EKS refuses to list what is in a cluster that does not work yet, or no longer: there is nothing in it.
pub(in crate::resources) fn answers(health: &Health) -> bool {
    match health {
        Health::Ready | Health::Unhurried(_) | Health::Paused(_) => true,
        Health::Pending(status) => !matches!(&**status, "creating" | "deleting"),
        Health::Failed(_) | Health::Broken(_) | Health::Gone => false,
    }
}

/// The document of what is wanted at this address.
pub(super) fn wanted<'q>(query: &'q Query<'_>, identity: &Identity) -> Option<&'q Value> {
    query.documents.get(&identity.address)
}

/// Whether a document leaves a field open: EKS has chosen, and that is no difference.
pub(super) fn open(wanted: &Value, pointer: &str) -> bool {
    match wanted.pointer(pointer) {
        None | Some(Value::Null) => true,
        Some(Value::Array(items)) => items.is_empty(),
        Some(_) => false,
    }
}

/// Adds tags to what has this ARN.
pub(super) async fn tag(cx: &Cx, arn: &str, tags: &Tags) -> Result<(), Failure> {
    let call = cx.eks.tag_resource().resource_arn(arn).set_tags(Some(to_sdk(tags)));
    call.send().await.map(drop).map_err(|error| classify("eks TagResource", error))
}

/// Makes the user's own tags those of `desired`: no call where nothing differs.
pub(super) async fn retag(cx: &Cx, arn: &str, live: &Tags, desired: &Tags) -> Result<(), Failure> {
    let (write, remove) = tags::difference(live, desired);
    if !write.is_empty() {
        tag(cx, arn, &write).await?;
    }
    if !remove.is_empty() {
        let call = cx.eks.untag_resource().resource_arn(arn).set_tag_keys(Some(remove));
        call.send().await.map_err(|error| classify("eks UntagResource", error))?;
    }
    Ok(())
}

/// The cluster and the name in an ARN of EKS's: `arn:…:nodegroup/CLUSTER/NAME/ID`.
pub(super) fn within(arn: &str) -> (&str, &str) {
    let mut parts = arn.rsplit(':').next().unwrap_or_default().split('/').skip(1);
    let cluster = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    // Capabilities have their type before the name.
    let name = match rest.as_slice() {
        [name] | [name, _] | [_, name, ..] => name,
        [] => "",
    };
    (cluster, name)
}

/// The cluster and the name that people mean: an ARN, `CLUSTER/NAME`, or a name in the cluster that is wanted.
pub(super) fn place(query: &Query<'_>, wanted: &Identity, id: &str) -> Option<(String, String)> {
    let owned = |(cluster, name): (&str, &str)| (cluster.to_owned(), name.to_owned());
    if id.starts_with("arn:") {
        return Some(owned(within(id))).filter(|(_, name)| !name.is_empty());
    }
    if let Some(both) = id.split_once('/') {
        return Some(owned(both));
    }
    let cluster = query.wanted_text(&wanted.address, "cluster")?;
    Some(owned((cluster, id)))
}

/// Whether what has this ARN is what was asked for: an older one may have had its name.
pub(super) fn meant(id: &str, arn: Option<&str>) -> bool {
    !id.starts_with("arn:") || arn.is_none_or(|arn| arn == id)
}

/// Whether all tags are there that say whose it is.
pub(super) fn owned(tags: &Tags, identity: &Identity) -> bool {
    identity.tags().iter().all(|(key, value)| tags.get(key) == Some(value))
}

/// What could not be made stands in the way of the next try, until it is gone.
pub(super) fn cleared(operation: &str, name: &str) -> Failure {
    let message = format!("`{name}`, which could not be made before, is deleted first");
    let mut failure = Failure::new(Class::ConflictInProgress, message);
    failure.operation = Some(operation.to_owned());
    failure
}

/// An issue as EKS tells it, and what it is about.
pub(super) fn issue(message: Option<&str>, about: &[String]) -> String {
    let message = message.unwrap_or("EKS does not say why").trim_end_matches('.');
    let unsaid: Vec<&str> =
        about.iter().map(String::as_str).filter(|id| !message.contains(id)).collect();
    match unsaid.is_empty() {
        true => message.to_owned(),
        false => format!("{message} ({})", unsaid.join(", ")),
    }
}

/// What of a cluster an update is of.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    /// The cluster itself.
    Cluster,
    /// A node group.
    NodeGroup(&'a str),
    /// An add-on.
    Addon(&'a str),
    /// A capability.
    Capability(&'a str),
}

/// How an update fares.
pub(super) async fn updated(
    cx: &Cx,
    cluster: &str,
    part: Part<'_>,
    id: &str,
) -> Result<Health, Failure> {
    let call = cx.eks.describe_update().name(cluster).update_id(id);
    let call = match part {
        Part::Cluster => call,
        Part::NodeGroup(name) => call.nodegroup_name(name),
        Part::Addon(name) => call.addon_name(name),
        Part::Capability(name) => call.capability_name(name),
    };
    let sent = call.send().await.map_err(|error| classify("eks DescribeUpdate", error))?;
    let Some(update) = sent.update else { return Ok(Health::Ready) };
    Ok(match update.status() {
        Some(UpdateStatus::InProgress) => Health::Pending("updating".to_owned()),
        Some(UpdateStatus::Failed | UpdateStatus::Cancelled) => {
            let errors = update.errors().iter();
            let why: Vec<String> =
                errors.clone().map(|it| issue(it.error_message(), it.resource_ids())).collect();
            let message = format!("the update failed: {}", why.join("; "));
            let evicted =
                |error: &ErrorDetail| error.error_code() == Some(&ErrorCode::PodEvictionFailure);
            let failure = Failure::new(Class::Broken, message);
            match update.errors().iter().any(evicted) {
                true => Health::Broken(Box::new(failure.with_hint(
                    "a PodDisruptionBudget keeps these pods where they are: \
                     `kubectl get poddisruptionbudgets --all-namespaces` shows which has no disruptions left",
                ))),
                false => Health::Failed(failure.message),
            }
        }
        _ => Health::Ready,
    })
}
