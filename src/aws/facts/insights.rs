//! What EKS knows to speak against a version of Kubernetes.

use aws_sdk_eks::types::{Category, InsightStatusValue, InsightsFilter};

use crate::aws::{Cx, classify};
use crate::engine::{Class, Failure};

/// Names and reasons of a cluster's insights with the status ERROR about an upgrade to this version; none from an
/// endpoint that has no insights.
///
/// # Errors
/// The API refuses.
pub async fn errors(cx: &Cx, cluster: &str, version: &str) -> Result<Vec<String>, Failure> {
    let filter = InsightsFilter::builder()
        .categories(Category::UpgradeReadiness)
        .kubernetes_versions(version)
        .statuses(InsightStatusValue::Error)
        .build();
    let mut pages =
        cx.eks.list_insights().cluster_name(cluster).filter(filter).into_paginator().send();
    let mut errors = Vec::new();
    while let Some(page) = pages.next().await {
        let page = match page.map_err(|error| classify("eks ListInsights", error)) {
            // EKS itself refuses what it knows to go wrong.
            Err(failure) if failure.class == Class::NotServed => break,
            page => page?,
        };
        errors.extend(page.insights().iter().map(|insight| {
            let reason = insight.insight_status().and_then(|status| status.reason());
            let reason = reason.map(|why| format!(": {}", why.trim_end_matches('.')));
            format!("{}{}", insight.name().unwrap_or_default(), reason.unwrap_or_default())
        }));
    }
    Ok(errors)
}
