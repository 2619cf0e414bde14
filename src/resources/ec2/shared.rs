//! What all EC2 kinds share: tag filters, tag specifications, retagging.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification, UnsuccessfulItem};

use crate::aws::{Cx, class_of, classify, tags};
use crate::engine::identity::{TAG_APPLICATION, TAG_ENVIRONMENT};
use crate::engine::{Failure, Identity, Query};
use crate::resources::resource::Tags;

/// Filters that let through what bears this application's and environment's tags.
pub(super) fn owned(query: &Query<'_>) -> Option<Vec<Filter>> {
    Some(vec![
        filter(&format!("tag:{TAG_APPLICATION}"), [query.application]),
        filter(&format!("tag:{TAG_ENVIRONMENT}"), [query.environment]),
    ])
}

/// One filter of a Describe call: any of the values.
pub(super) fn filter<T: Into<String>>(name: &str, values: impl IntoIterator<Item = T>) -> Filter {
    let values = values.into_iter().map(Into::into).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// The filter that lets through one object alone. By filter, as an id that is not there would fail
/// the whole call; an emulator may let through others, too.
pub(super) fn only(name: &str, id: &str) -> Option<Vec<Filter>> {
    Some(vec![filter(name, [id])])
}

/// The tags of a create call: the user's own, ownership and `Name`.
pub(super) fn on_create(kind: ResourceType, identity: &Identity, own: &Tags) -> TagSpecification {
    TagSpecification::builder()
        .resource_type(kind)
        .set_tags(Some(to_sdk(&tags::for_create(identity, own, true))))
        .build()
}

fn to_sdk(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// EC2's tags as a map.
pub(super) fn from_sdk(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter()
        .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())))
        .collect()
}

/// The identity in an object's tags, and the user's own tags beside it; `None` if it is not ours.
pub(super) fn ownership(sdk: &[Tag], query: &Query<'_>) -> Option<(Identity, Tags)> {
    let all = from_sdk(sdk);
    let identity = tags::identity(&all, query)?;
    let own = tags::own(&all, &identity);
    Some((identity, own))
}

/// Adds tags to what is there.
pub(super) async fn claim(cx: &Cx, id: &str, tags: &Tags) -> Result<(), Failure> {
    let sent = cx.ec2.create_tags().resources(id).set_tags(Some(to_sdk(tags))).send().await;
    sent.map(drop).map_err(|error| classify("ec2 CreateTags", error))
}

/// Makes the user's own tags on `id` those of `desired`: no call where nothing differs.
pub(super) async fn retag(cx: &Cx, id: &str, live: &Tags, desired: &Tags) -> Result<(), Failure> {
    let (write, remove) = tags::difference(live, desired);
    if !write.is_empty() {
        let sent = cx.ec2.create_tags().resources(id).set_tags(Some(to_sdk(&write))).send().await;
        sent.map_err(|error| classify("ec2 CreateTags", error))?;
    }
    if !remove.is_empty() {
        let keys = remove.into_iter().map(|key| Tag::builder().key(key).build()).collect();
        let sent = cx.ec2.delete_tags().resources(id).set_tags(Some(keys)).send().await;
        sent.map_err(|error| classify("ec2 DeleteTags", error))?;
    }
    Ok(())
}

/// Whether anything of a kind that few environments have may be there: something is wanted of it, or the tagging
/// API knows something of ours of it, or cannot tell. `noun` is the kind in ARNs: `vpc-endpoint`.
pub(super) async fn may_be_there(cx: &Cx, query: &Query<'_>, noun: &str) -> Result<bool, Failure> {
    if !query.wanted.is_empty() {
        return Ok(true);
    }
    let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
    let (ours, of_kind) = (":ec2:", format!(":{noun}/"));
    let told = bulk.is_empty() || bulk.keys().any(|arn| arn.contains(ours));
    Ok(!told || bulk.keys().any(|arn| arn.contains(ours) && arn.contains(&of_kind)))
}

/// The refusal in an answer that tells of each object whether it worked; none where all did.
pub(super) fn refused(operation: &str, items: &[UnsuccessfulItem]) -> Result<(), Failure> {
    let Some(error) = items.iter().find_map(UnsuccessfulItem::error) else { return Ok(()) };
    let (code, message) =
        (error.code().unwrap_or_default(), error.message().unwrap_or("refused without a message"));
    let mut failure = Failure::new(class_of(code, message, 400), message);
    failure.operation = Some(operation.to_owned());
    failure.code = Some(code.to_owned());
    Err(failure)
}

/// An answer without the member that names what was made.
pub(super) fn unnamed(operation: &str) -> Failure {
    let mut failure =
        Failure::new(crate::engine::Class::LostAnswer, "the answer does not say what was made");
    failure.operation = Some(operation.to_owned());
    failure
}

/// The security groups of network interfaces that other services own, by the interface's id.
pub(in crate::resources) async fn interface_groups(
    cx: &Cx,
    interfaces: Vec<String>,
) -> Result<BTreeMap<String, BTreeSet<String>>, Failure> {
    let mut groups = BTreeMap::new();
    // A filter takes 200 values; by filter, as an id that is not there would fail the whole call.
    for some in interfaces.chunks(200) {
        let wanted = filter("network-interface-id", some.to_vec());
        let sent = cx.ec2.describe_network_interfaces().filters(wanted).send().await;
        let answer = sent.map_err(|error| classify("ec2 DescribeNetworkInterfaces", error))?;
        for one in answer.network_interfaces() {
            let ids = one.groups().iter().filter_map(|group| group.group_id().map(str::to_owned));
            groups.insert(one.network_interface_id().unwrap_or_default().to_owned(), ids.collect());
        }
    }
    Ok(groups)
}
