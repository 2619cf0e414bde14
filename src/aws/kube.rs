//! How Kubernetes' tools reach an environment's clusters of EKS.

use std::sync::Arc;
use std::time::Instant;

use super::{Cx, Session, classify, unless_gone};
use crate::engine::{BoxFuture, Class, Failure};
use crate::kubernetes::{Around, Clusters, Server};

/// What a client of Kubernetes has of a session: tokens, the log of calls, the pace.
#[derive(Debug)]
struct OfSession(Session);

impl Around for OfSession {
    fn token<'a>(&'a self, cluster: &'a str) -> BoxFuture<'a, Result<String, Failure>> {
        Box::pin(self.0.kube_token(cluster, time::OffsetDateTime::now_utc()))
    }

    fn before<'a>(&'a self, operation: &'a str) -> BoxFuture<'a, Option<fn()>> {
        Box::pin(async move {
            self.0.pace().wait("kubernetes", operation).await;
            self.0.beside()?.beside(operation).await
        })
    }

    fn after(&self, operation: &str, sent: Instant, failure: Option<Class>) {
        if failure == Some(Class::Throttled) {
            self.0.pace().throttled("kubernetes", operation);
        }
        self.0.calls().add("kubernetes", operation, sent, failure.is_none());
    }
}

/// The clusters that a session's credentials may reach; none is connected to yet.
pub(super) fn clusters_of(session: &Session) -> Clusters {
    Clusters::new(Arc::new(OfSession(session.clone())))
}

/// Where a cluster's API server is; `None` where the cluster is gone or not there yet.
///
/// # Errors
/// Any refusal.
pub async fn server(cx: &Cx, name: &str) -> Result<Option<Server>, Failure> {
    let sent = cx.eks.describe_cluster().name(name).send().await;
    let sent = unless_gone(sent.map_err(|error| classify("eks DescribeCluster", error)))?;
    let Some(cluster) = sent.and_then(|answer| answer.cluster) else { return Ok(None) };
    let authority = cluster.certificate_authority().and_then(|authority| authority.data());
    let (Some(endpoint), Some(authority)) = (cluster.endpoint(), authority) else {
        return Ok(None);
    };
    let public = cluster.resources_vpc_config().is_none_or(|vpc| vpc.endpoint_public_access());
    Ok(Some(Server {
        cluster: name.to_owned(),
        endpoint: endpoint.to_owned(),
        authority: authority.to_owned(),
        private: !public,
    }))
}

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
