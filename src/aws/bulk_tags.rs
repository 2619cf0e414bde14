//! Tags in bulk from the Resource Groups Tagging API: a source of tags only.
//!
//! It lags and lists the dead, so kinds join what it says with what Describe says, ask for
//! whatever it misses one by one, and read ownership from the service itself before they
//! change or delete anything.

use std::collections::BTreeMap;

use aws_sdk_resourcegroupstagging::types::TagFilter;
use tokio::sync::Mutex;

use super::{Cx, classify};
use crate::engine::identity::{TAG_APPLICATION, TAG_ENVIRONMENT};
use crate::engine::{Class, Failure};

/// Tags by ARN of everything in the region that bears an environment's tags; fetched once and
/// shared by the kinds that need it. Make a new [`Cx`] (or [`BulkTags::forget`]) to fetch anew.
#[derive(Debug, Default)]
pub struct BulkTags {
    fetched: Mutex<BTreeMap<(String, String), std::sync::Arc<Tags>>>,
}

/// Tags by ARN.
pub type Tags = BTreeMap<String, BTreeMap<String, String>>;

impl BulkTags {
    /// The tags of everything that bears this application's and environment's tags.
    ///
    /// # Errors
    /// The API refuses. An endpoint that does not serve it is not an error: the kinds then ask
    /// one by one.
    pub async fn of(
        &self,
        cx: &Cx,
        application: &str,
        environment: &str,
    ) -> Result<std::sync::Arc<Tags>, Failure> {
        let mut fetched = self.fetched.lock().await;
        let key = (application.to_owned(), environment.to_owned());
        if let Some(tags) = fetched.get(&key) {
            return Ok(tags.clone());
        }
        let tags = std::sync::Arc::new(fetch(cx, application, environment).await?);
        fetched.insert(key, tags.clone());
        Ok(tags)
    }

    /// Forgets what was fetched, so that the next observation asks again.
    pub async fn forget(&self) {
        self.fetched.lock().await.clear();
    }
}

async fn fetch(cx: &Cx, application: &str, environment: &str) -> Result<Tags, Failure> {
    let filter = |key: &str, value: &str| TagFilter::builder().key(key).values(value).build();
    let mut pages = cx
        .tagging
        .get_resources()
        .tag_filters(filter(TAG_APPLICATION, application))
        .tag_filters(filter(TAG_ENVIRONMENT, environment))
        .resources_per_page(100)
        .into_paginator()
        .send();
    let mut found = Tags::new();
    while let Some(page) = pages.next().await {
        let page = match page.map_err(|error| classify("tag GetResources", error)) {
            Ok(page) => page,
            Err(failure) if failure.class == Class::NotServed => break,
            Err(failure) => return Err(failure),
        };
        for mapping in page.resource_tag_mapping_list() {
            let tags = mapping
                .tags()
                .iter()
                .map(|tag| (tag.key().to_owned(), tag.value().to_owned()))
                .collect();
            found.insert(mapping.resource_arn().unwrap_or_default().to_owned(), tags);
        }
    }
    Ok(found)
}
