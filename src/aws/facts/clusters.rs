//! ECS clusters that somebody else made.

use std::collections::BTreeSet;

use crate::aws::{Cx, classify};
use crate::engine::Failure;

/// A cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// `ACTIVE`, `PROVISIONING`, `DEPROVISIONING`, `FAILED` or `INACTIVE`.
    pub status: String,
    /// The names of its capacity providers.
    pub providers: BTreeSet<String>,
}

/// The cluster of this name; `None` if there is none in the account and region (`ecs:DescribeClusters`).
///
/// # Errors
/// The API refuses.
pub async fn cluster(cx: &Cx, name: &str) -> Result<Option<Cluster>, Failure> {
    let answer = cx.ecs.describe_clusters().clusters(name).send().await;
    let answer = answer.map_err(|error| classify("ecs DescribeClusters", error))?;
    Ok(answer.clusters().first().map(|found| Cluster {
        status: found.status().unwrap_or_default().to_owned(),
        providers: found.capacity_providers().iter().cloned().collect(),
    }))
}
