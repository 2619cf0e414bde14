//! Versions of Kubernetes that EKS has, and versions of its add-ons.

use std::collections::BTreeMap;

use crate::aws::{Cx, classify, unless_gone};
use crate::engine::Failure;

/// A minor version of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterVersion {
    /// `1.35`.
    pub version: String,
    /// What a new cluster gets that names none.
    pub default: bool,
    /// `STANDARD_SUPPORT`, `EXTENDED_SUPPORT` or `UNSUPPORTED`.
    pub status: String,
}

/// All versions, also those out of support, as EKS lists them (`eks:DescribeClusterVersions`).
///
/// # Errors
/// The API refuses.
pub async fn versions(cx: &Cx) -> Result<Vec<ClusterVersion>, Failure> {
    let mut pages = cx.eks.describe_cluster_versions().include_all(true).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("eks DescribeClusterVersions", error))?;
        all.extend(page.cluster_versions().iter().map(|one| ClusterVersion {
            version: one.cluster_version().unwrap_or_default().to_owned(),
            default: one.default_version(),
            status: one.version_status().map_or("", |status| status.as_str()).to_owned(),
        }));
    }
    Ok(all)
}

/// What a new cluster gets that names no version (`eks:DescribeClusterVersions`).
///
/// # Errors
/// The API refuses.
pub async fn default_version(cx: &Cx) -> Result<Option<String>, Failure> {
    let sent = cx.eks.describe_cluster_versions().default_only(true).send().await;
    let sent = sent.map_err(|error| classify("eks DescribeClusterVersions", error))?;
    let found = sent.cluster_versions().iter().find(|one| one.default_version());
    Ok(found.and_then(|one| one.cluster_version()).map(str::to_owned))
}

/// An add-on's versions: by version the clusters' versions that it goes with, and whether it is the default there
/// (`eks:DescribeAddonVersions`); none if there is no such add-on.
///
/// # Errors
/// The API refuses.
pub async fn addon_versions(
    cx: &Cx,
    name: &str,
) -> Result<BTreeMap<String, BTreeMap<String, bool>>, Failure> {
    let call = cx.eks.describe_addon_versions().addon_name(name);
    let mut pages = call.into_paginator().send();
    let mut all = BTreeMap::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("eks DescribeAddonVersions", error));
        let Some(page) = unless_gone(page)? else { break };
        for version in page.addons().iter().flat_map(|addon| addon.addon_versions()) {
            let fits = version
                .compatibilities()
                .iter()
                .filter_map(|one| Some((one.cluster_version()?.to_owned(), one.default_version())));
            let name = version.addon_version().unwrap_or_default().to_owned();
            all.entry(name).or_insert_with(BTreeMap::new).extend(fits);
        }
    }
    Ok(all)
}

/// The names of EKS's access policies (`eks:ListAccessPolicies`).
///
/// # Errors
/// The API refuses.
pub async fn access_policies(cx: &Cx) -> Result<Vec<String>, Failure> {
    let mut pages = cx.eks.list_access_policies().into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("eks ListAccessPolicies", error))?;
        let arns = page.access_policies().iter().filter_map(|policy| policy.arn());
        all.extend(arns.map(str::to_owned));
    }
    Ok(all)
}
