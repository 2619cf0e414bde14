//! What EKS's kinds share: tags, and in which clusters to look.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::aws::{Cx, classify, tags};
use crate::engine::{Failure, Identity, Query};
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

/// The clusters in which something of this sort is to be looked for: none where nothing is wanted and nothing bears our
/// tags, so that those who have none are spared the calls.
pub(super) async fn clusters(
    cx: &Cx,
    query: &Query<'_>,
    sort: &str,
) -> Result<BTreeSet<String>, Failure> {
    let tagged = tagged(cx, query, sort).await?;
    let mut found: BTreeSet<String> =
        tagged.iter().filter_map(|rest| rest.split('/').next()).map(str::to_owned).collect();
    if found.is_empty() && query.wanted.is_empty() {
        return Ok(found);
    }
    let seen = query.seen.of(super::cluster::KIND).iter();
    found.extend(seen.filter_map(|live| Some(live.outputs.get("name")?.as_str()?.to_owned())));
    let named = query.wanted.iter().filter_map(|one| query.wanted_text(&one.address, "cluster"));
    found.extend(named.map(str::to_owned));
    Ok(found)
}

/// The document of what is wanted at this address.
pub(super) fn wanted<'q>(query: &'q Query<'_>, identity: &Identity) -> Option<&'q Value> {
    query.documents.get(&identity.address)
}

/// Whether a document leaves a field open: EKS has chosen, and that is no difference.
#[allow(dead_code)]
pub(super) fn open(wanted: &Value, pointer: &str) -> bool {
    match wanted.pointer(pointer) {
        None | Some(Value::Null) => true,
        Some(Value::Array(items)) => items.is_empty(),
        Some(_) => false,
    }
}

/// The cluster that an ARN of EKS's names: `arn:…:sort/CLUSTER/…`.
pub(super) fn cluster_in(arn: &str) -> Option<&str> {
    arn.rsplit(':').next()?.split('/').nth(1)
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
