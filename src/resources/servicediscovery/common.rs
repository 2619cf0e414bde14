//! What both kinds need: tags, operations, ownership.

use std::collections::BTreeMap;

use aws_sdk_servicediscovery::types::{OperationStatus, Tag};
use aws_smithy_types::error::operation::BuildError;

use crate::aws::{Cx, classify, tags};
use crate::engine::{Class, Failure, Health, Query};
use crate::resources::resource::Tags;

/// The API's largest page.
pub(super) const PAGE: i32 = 100;

/// A builder that lacks a required member: a mistake of ours.
pub(super) fn built<T>(result: Result<T, BuildError>) -> Result<T, Failure> {
    result.map_err(|error| Failure::internal(error.to_string()))
}

pub(super) fn tags_to_sdk(tags: Tags) -> Result<Vec<Tag>, Failure> {
    tags.into_iter()
        .map(|(key, value)| built(Tag::builder().key(key).value(value).build()))
        .collect()
}

/// An object's tags: from the bulk if it knows it, else asked for.
pub(super) async fn tags_of(cx: &Cx, query: &Query<'_>, arn: &str) -> Result<Tags, Failure> {
    let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
    match bulk.get(arn) {
        Some(tags) => Ok(tags.clone()),
        None => match read_tags(cx, arn).await {
            Err(failure) if failure.class == Class::Gone => Ok(Tags::new()),
            answer => answer,
        },
    }
}

pub(super) async fn read_tags(cx: &Cx, arn: &str) -> Result<Tags, Failure> {
    let answer = cx
        .servicediscovery
        .list_tags_for_resource()
        .resource_arn(arn)
        .send()
        .await
        .map_err(|error| classify("servicediscovery ListTagsForResource", error))?;
    let pair = |tag: &Tag| (tag.key().to_owned(), tag.value().to_owned());
    Ok(answer.tags().iter().map(pair).collect::<BTreeMap<_, _>>())
}

/// Adds tags to what is there.
pub(super) async fn claim(cx: &Cx, arn: &str, tags: Tags) -> Result<(), Failure> {
    let call = cx.servicediscovery.tag_resource().resource_arn(arn);
    let sent = call.set_tags(Some(tags_to_sdk(tags)?)).send().await;
    sent.map(drop).map_err(|error| classify("servicediscovery TagResource", error))
}

/// Makes the user's own tags what they should be.
pub(super) async fn retag(cx: &Cx, arn: &str, live: &Tags, desired: &Tags) -> Result<(), Failure> {
    let (write, remove) = tags::difference(live, desired);
    if !write.is_empty() {
        let tags = Some(tags_to_sdk(write)?);
        let call = cx.servicediscovery.tag_resource().resource_arn(arn).set_tags(tags);
        call.send().await.map_err(|error| classify("servicediscovery TagResource", error))?;
    }
    if !remove.is_empty() {
        let keys = Some(remove);
        let call = cx.servicediscovery.untag_resource().resource_arn(arn).set_tag_keys(keys);
        call.send().await.map_err(|error| classify("servicediscovery UntagResource", error))?;
    }
    Ok(())
}

/// How an operation fares; `done` is what its success means. `Gone` where Cloud Map has
/// forgotten it.
pub(super) async fn operation(cx: &Cx, id: &str, done: Health) -> Result<Health, Failure> {
    let call = cx.servicediscovery.get_operation().operation_id(id).send().await;
    let answer = match call.map_err(|error| classify("servicediscovery GetOperation", error)) {
        Ok(answer) => answer,
        Err(failure) if failure.class == Class::Gone => return Ok(Health::Gone),
        Err(failure) => return Err(failure),
    };
    let Some(operation) = answer.operation() else { return Ok(Health::Gone) };
    Ok(match operation.status() {
        Some(OperationStatus::Success) => done,
        Some(OperationStatus::Fail) => {
            let code = operation.error_code().unwrap_or("FAIL");
            let message = operation.error_message().unwrap_or("no reason given");
            Health::Failed(format!("{} ({code})", message.trim_end_matches('.')))
        }
        Some(status) => Health::Pending(format!("operation {}", status.as_str().to_lowercase())),
        None => Health::Pending("operation submitted".to_owned()),
    })
}
