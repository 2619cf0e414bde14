//! How Kubernetes' tools reach an environment's clusters of EKS.

use super::{Cx, classify, unless_gone};
use crate::engine::Failure;

/// A cluster as a kubeconfig needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeCluster {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// `https://…`; empty while it is being made.
    pub endpoint: String,
    /// Who signed the endpoint's certificate: base64 of PEM.
    pub authority: String,
    /// `ACTIVE`, `CREATING`, ….
    pub status: String,
}

/// The clusters that bear an environment's tags, found through the tagging API and asked of EKS.
///
/// # Errors
/// Any refusal.
pub async fn clusters(
    cx: &Cx,
    application: &str,
    environment: &str,
) -> Result<Vec<KubeCluster>, Failure> {
    let tagged = cx.bulk_tags.of(cx, application, environment).await?;
    let prefix = cx.arn("eks", "cluster/");
    let mut found = Vec::new();
    for name in tagged.keys().filter_map(|arn| arn.strip_prefix(&prefix)) {
        let sent = cx.eks.describe_cluster().name(name).send().await;
        let sent = unless_gone(sent.map_err(|error| classify("eks DescribeCluster", error)))?;
        let Some(cluster) = sent.and_then(|answer| answer.cluster) else { continue };
        found.push(KubeCluster {
            name: name.to_owned(),
            arn: cluster.arn().unwrap_or_default().to_owned(),
            endpoint: cluster.endpoint().unwrap_or_default().to_owned(),
            authority: cluster
                .certificate_authority()
                .and_then(|authority| authority.data())
                .unwrap_or_default()
                .to_owned(),
            status: cluster.status().map_or("UNKNOWN", |status| status.as_str()).to_owned(),
        });
    }
    Ok(found)
}
