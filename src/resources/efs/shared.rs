//! What EFS's kinds share: tags, and whether anything of a kind can be there.

use std::collections::BTreeMap;

use aws_sdk_efs::types::{LifeCycleState, Tag};

use crate::aws::{Cx, classify, tags};
use crate::engine::{Failure, Health, Query};
use crate::resources::resource::Tags;

/// EFS's tags as a map.
pub(super) fn from_sdk(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

/// A map as EFS's tags.
pub(super) fn to_sdk(tags: &Tags) -> Result<Vec<Tag>, Failure> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    tags.iter().map(tag).collect::<Result<_, _>>().map_err(|e| Failure::internal(e.to_string()))
}

/// Is there reason to ask EFS at all: something of this sort (`file-system`) is wanted, or bears our tags? Most
/// environments have none, and are spared the call.
pub(super) async fn may_be_there(cx: &Cx, query: &Query<'_>, sort: &str) -> Result<bool, Failure> {
    if !query.wanted.is_empty() {
        return Ok(true);
    }
    let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
    let prefix = cx.arn("elasticfilesystem", &format!("{sort}/"));
    Ok(bulk.keys().any(|arn| arn.starts_with(&prefix)))
}

/// Adds tags to what is there.
pub(super) async fn tag(cx: &Cx, id: &str, tags: &Tags) -> Result<(), Failure> {
    let call = cx.efs.tag_resource().resource_id(id).set_tags(Some(to_sdk(tags)?));
    call.send().await.map(drop).map_err(|error| classify("efs TagResource", error))
}

/// Makes the user's own tags those of `desired`: no call where nothing differs.
pub(super) async fn retag(cx: &Cx, id: &str, live: &Tags, desired: &Tags) -> Result<(), Failure> {
    let (write, remove) = tags::difference(live, desired);
    if !write.is_empty() {
        tag(cx, id, &write).await?;
    }
    if !remove.is_empty() {
        let call = cx.efs.untag_resource().resource_id(id).set_tag_keys(Some(remove));
        call.send().await.map_err(|error| classify("efs UntagResource", error))?;
    }
    Ok(())
}

/// What a state means; `Gone` for what is deleted.
pub(super) fn health(state: &LifeCycleState) -> Health {
    match state {
        LifeCycleState::Available => Health::Ready,
        LifeCycleState::Deleted => Health::Gone,
        LifeCycleState::Error => Health::Failed("EFS says `error` and not why".to_owned()),
        other => Health::Pending(other.as_str().to_owned()),
    }
}
