//! Which environments end by themselves: their clusters say when, in a tag.

use aws_sdk_ecs::types::ClusterField;
use aws_sdk_resourcegroupstagging::types::TagFilter;

use super::cluster::TAG_EXPIRES;
use super::convert::tags_from_sdk;
use crate::aws::{Cx, classify};
use crate::engine::Failure;
use crate::engine::identity::{TAG_APPLICATION, TAG_ENVIRONMENT};

/// An environment that ends by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Expiring {
    /// Its name.
    pub environment: String,
    /// When, in RFC 3339, as its cluster's tag says.
    pub expires: String,
}

/// The environments of an application in this account and region that bear a time of expiry: `GetResources`, and then
/// `DescribeClusters`, as only the cluster's own tags count.
///
/// # Errors
/// A call is refused.
pub async fn expiring(cx: &Cx, application: &str) -> Result<Vec<Expiring>, Failure> {
    let call = cx
        .tagging
        .get_resources()
        .tag_filters(TagFilter::builder().key(TAG_APPLICATION).values(application).build())
        .tag_filters(TagFilter::builder().key(TAG_EXPIRES).build())
        .resource_type_filters("ecs:cluster")
        .resources_per_page(100);
    let mut pages = call.into_paginator().send();
    let mut arns = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("tag GetResources", error))?;
        let found = page.resource_tag_mapping_list().iter();
        arns.extend(found.filter_map(|one| one.resource_arn().map(str::to_owned)));
    }
    let mut found = Vec::new();
    for arns in arns.chunks(100) {
        let call = cx.ecs.describe_clusters().set_clusters(Some(arns.to_vec()));
        let answer = call.include(ClusterField::Tags).send().await;
        let answer = answer.map_err(|error| classify("ecs DescribeClusters", error))?;
        for cluster in answer.clusters().iter().filter(|one| one.status() != Some("INACTIVE")) {
            let tags = tags_from_sdk(cluster.tags());
            if tags.get(TAG_APPLICATION).map(String::as_str) != Some(application) {
                continue;
            }
            if let (Some(environment), Some(expires)) =
                (tags.get(TAG_ENVIRONMENT), tags.get(TAG_EXPIRES))
            {
                let (environment, expires) = (environment.clone(), expires.clone());
                found.push(Expiring { environment, expires });
            }
        }
    }
    found.sort();
    Ok(found)
}
