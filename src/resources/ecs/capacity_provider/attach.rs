//! A cluster's list of capacity providers: one call writes it whole, so it is read, changed and
//! written by one at a time.

use aws_sdk_ecs::types::{CapacityProviderStrategyItem, Cluster};

use crate::aws::{Cx, classify};
use crate::engine::{Class, Failure};

/// Clusters name Fargate's providers themselves; nobody else's name may begin so.
pub(in crate::resources::ecs) fn is_fargate(name: &str) -> bool {
    name.starts_with("FARGATE")
}

async fn describe(cx: &Cx, cluster: &str) -> Result<Option<Cluster>, Failure> {
    let call = cx.ecs.describe_clusters().clusters(cluster);
    let answer = call.include(aws_sdk_ecs::types::ClusterField::Attachments).send().await;
    let answer = answer.map_err(|error| classify("ecs DescribeClusters", error))?;
    Ok(answer.clusters.unwrap_or_default().into_iter().next())
}

/// The providers that a cluster lists; none of a cluster that is not there.
pub(super) async fn list(cx: &Cx, cluster: &str) -> Result<Vec<String>, Failure> {
    if cluster.is_empty() {
        return Ok(Vec::new());
    }
    Ok(describe(cx, cluster).await?.and_then(|one| one.capacity_providers).unwrap_or_default())
}

/// Is the list being carried out?
pub(super) async fn is_busy(cx: &Cx, cluster: &str) -> Result<bool, Failure> {
    let status = describe(cx, cluster).await?.and_then(|one| one.attachments_status);
    Ok(status.as_deref() == Some("UPDATE_IN_PROGRESS"))
}

/// Adds a provider to a cluster's list, or takes it off.
pub(super) async fn change(cx: &Cx, cluster: &str, name: &str, on: bool) -> Result<(), Failure> {
    let _one_at_a_time = cx.cluster_lists.lock().await;
    let Some(now) = describe(cx, cluster).await? else {
        return Err(Failure::new(Class::Gone, format!("there is no cluster `{cluster}`")));
    };
    let mut providers = now.capacity_providers().to_vec();
    if providers.iter().any(|one| one == name) == on {
        return Ok(());
    }
    providers.retain(|one| one != name);
    if on {
        providers.push(name.to_owned());
    }
    let mut strategy = now.default_capacity_provider_strategy().to_vec();
    strategy.retain(|item| providers.iter().any(|one| one == item.capacity_provider()));
    write(cx, cluster, providers, strategy).await
}

/// Writes what a cluster's own document says: Fargate's providers and the default strategy. Other
/// providers that are on the list stay.
pub(in crate::resources::ecs) async fn put(
    cx: &Cx,
    cluster: &str,
    fargate: &[String],
    strategy: Vec<CapacityProviderStrategyItem>,
) -> Result<(), Failure> {
    let _one_at_a_time = cx.cluster_lists.lock().await;
    let mut providers = list(cx, cluster).await?;
    providers.retain(|name| !is_fargate(name));
    providers.extend_from_slice(fargate);
    write(cx, cluster, providers, strategy).await
}

async fn write(
    cx: &Cx,
    cluster: &str,
    providers: Vec<String>,
    strategy: Vec<CapacityProviderStrategyItem>,
) -> Result<(), Failure> {
    let call = cx.ecs.put_cluster_capacity_providers().cluster(cluster);
    let call = call.set_capacity_providers(Some(providers));
    let sent = call.set_default_capacity_provider_strategy(Some(strategy)).send().await;
    sent.map(drop).map_err(|error| classify("ecs PutClusterCapacityProviders", error))
}
