//! What all ECS kinds need to get to the SDK's types and back.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{CapacityProviderStrategyItem as SdkItem, Secret, Tag};
use aws_smithy_types::error::operation::BuildError;

use super::CapacityProviderStrategyItem;
use crate::aws::{Cx, classify, tags};
use crate::engine::{Failure, Input, redact};
use crate::resources::resource::Tags;

/// A builder that lacks a required member: a mistake of ours.
pub(super) fn built<T>(result: Result<T, BuildError>) -> Result<T, Failure> {
    result.map_err(|error| Failure::internal(error.to_string()))
}

/// `None` for an empty list, so that it is left out of the request.
pub(super) fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// A list from the SDK, sorted, absent as empty.
pub(super) fn sorted<T: Ord + Clone>(list: &[T]) -> Vec<T> {
    let mut list = list.to_vec();
    list.sort();
    list
}

/// The value of an input that may be absent, as text.
pub(super) fn text<T: Clone + ToString>(
    input: Option<&Input<T>>,
) -> Result<Option<String>, Failure> {
    input.map(|input| Ok(input.get()?.to_string())).transpose()
}

/// An observed text as an input; AWS's empty text is none.
pub(super) fn known<T: From<String>>(text: Option<&str>) -> Option<Input<T>> {
    text.filter(|text| !text.is_empty()).map(|text| Input::Known(T::from(text.to_owned())))
}

/// An observed text; AWS's empty text is none.
pub(super) fn given(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

pub(super) fn tags_to_sdk(tags: BTreeMap<String, String>) -> Option<Vec<Tag>> {
    some(
        tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect(),
    )
}

pub(super) fn tags_from_sdk(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter()
        .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())))
        .collect()
}

/// Adds tags to what is there.
pub(super) async fn claim(cx: &Cx, arn: &str, tags: Tags) -> Result<(), Failure> {
    let call = cx.ecs.tag_resource().resource_arn(arn).set_tags(tags_to_sdk(tags));
    call.send().await.map(drop).map_err(|error| classify("ecs TagResource", error))
}

/// Makes the user's own tags on an ECS object what they should be.
pub(super) async fn retag(cx: &Cx, arn: &str, live: &Tags, desired: &Tags) -> Result<(), Failure> {
    let (write, remove) = tags::difference(live, desired);
    if let Some(write) = tags_to_sdk(write) {
        let call = cx.ecs.tag_resource().resource_arn(arn).set_tags(Some(write));
        call.send().await.map_err(|error| classify("ecs TagResource", error))?;
    }
    if !remove.is_empty() {
        let call = cx.ecs.untag_resource().resource_arn(arn).set_tag_keys(Some(remove));
        call.send().await.map_err(|error| classify("ecs UntagResource", error))?;
    }
    Ok(())
}

pub(super) fn strategy_to_sdk(
    strategy: &[CapacityProviderStrategyItem],
) -> Result<Vec<SdkItem>, Failure> {
    let item = |item: &CapacityProviderStrategyItem| {
        built(
            SdkItem::builder()
                .capacity_provider(item.capacity_provider.get()?.0)
                .weight(item.weight)
                .base(item.base)
                .build(),
        )
    };
    strategy.iter().map(item).collect()
}

pub(super) fn strategy_from_sdk(strategy: &[SdkItem]) -> Vec<CapacityProviderStrategyItem> {
    let mut items: Vec<_> = strategy
        .iter()
        .map(|item| CapacityProviderStrategyItem {
            capacity_provider: Input::Known(item.capacity_provider().into()),
            weight: item.weight(),
            base: item.base(),
        })
        .collect();
    items.sort();
    items
}

pub(super) fn secrets_to_sdk(
    secrets: &BTreeMap<String, Input<String>>,
) -> Result<Option<Vec<Secret>>, Failure> {
    let secrets = secrets
        .iter()
        .map(|(name, from)| built(Secret::builder().name(name).value_from(from.get()?).build()));
    Ok(some(secrets.collect::<Result<_, _>>()?))
}

pub(super) fn secrets_from_sdk(secrets: &[Secret]) -> BTreeMap<String, Input<String>> {
    secrets
        .iter()
        .map(|secret| {
            redact::remember_name(secret.name());
            (secret.name().to_owned(), Input::Known(secret.value_from().to_owned()))
        })
        .collect()
}
