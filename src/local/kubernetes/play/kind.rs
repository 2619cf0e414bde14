//! The kinds of objects that are watched, and where the API server serves them.

use std::collections::BTreeMap;

use super::super::{Api, ApiError};
use crate::local::document::Document;

/// A kind that somebody here acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Namespace,
    Node,
    Pod,
    ReplicaSet,
    Deployment,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    Service,
    Ingress,
    VolumeClaim,
    Volume,
    Autoscaler,
    DisruptionBudget,
    ServiceAccount,
    Gateway,
    HttpRoute,
    TargetGroupPolicy,
    AuthPolicy,
    Mesh,
    VirtualNode,
    VirtualService,
    VirtualRouter,
    VirtualGateway,
    GatewayRoute,
}

const APP_MESH: &str = "appmesh.k8s.aws/v1beta2";

/// Its name, its plural, whether it lies in namespaces, and the API versions, the best one first.
const TABLE: &[(Kind, &str, &str, bool, &[&str])] = &[
    (Kind::Namespace, "Namespace", "namespaces", false, &["v1"]),
    (Kind::Node, "Node", "nodes", false, &["v1"]),
    (Kind::Pod, "Pod", "pods", true, &["v1"]),
    (Kind::ReplicaSet, "ReplicaSet", "replicasets", true, &["apps/v1"]),
    (Kind::Deployment, "Deployment", "deployments", true, &["apps/v1"]),
    (Kind::StatefulSet, "StatefulSet", "statefulsets", true, &["apps/v1"]),
    (Kind::DaemonSet, "DaemonSet", "daemonsets", true, &["apps/v1"]),
    (Kind::Job, "Job", "jobs", true, &["batch/v1"]),
    (Kind::CronJob, "CronJob", "cronjobs", true, &["batch/v1", "batch/v1beta1"]),
    (Kind::Service, "Service", "services", true, &["v1"]),
    (Kind::Ingress, "Ingress", "ingresses", true, &["networking.k8s.io/v1"]),
    (Kind::VolumeClaim, "PersistentVolumeClaim", "persistentvolumeclaims", true, &["v1"]),
    (Kind::Volume, "PersistentVolume", "persistentvolumes", false, &["v1"]),
    (
        Kind::Autoscaler,
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        true,
        &["autoscaling/v2", "autoscaling/v2beta2"],
    ),
    (
        Kind::DisruptionBudget,
        "PodDisruptionBudget",
        "poddisruptionbudgets",
        true,
        &["policy/v1", "policy/v1beta1"],
    ),
    (Kind::ServiceAccount, "ServiceAccount", "serviceaccounts", true, &["v1"]),
    (Kind::Gateway, "Gateway", "gateways", true, &["gateway.networking.k8s.io/v1"]),
    (Kind::HttpRoute, "HTTPRoute", "httproutes", true, &["gateway.networking.k8s.io/v1"]),
    (
        Kind::TargetGroupPolicy,
        "TargetGroupPolicy",
        "targetgrouppolicies",
        true,
        &["application-networking.k8s.aws/v1alpha1"],
    ),
    (
        Kind::AuthPolicy,
        "IAMAuthPolicy",
        "iamauthpolicies",
        true,
        &["application-networking.k8s.aws/v1alpha1"],
    ),
    (Kind::Mesh, "Mesh", "meshes", false, &[APP_MESH]),
    (Kind::VirtualNode, "VirtualNode", "virtualnodes", true, &[APP_MESH]),
    (Kind::VirtualService, "VirtualService", "virtualservices", true, &[APP_MESH]),
    (Kind::VirtualRouter, "VirtualRouter", "virtualrouters", true, &[APP_MESH]),
    (Kind::VirtualGateway, "VirtualGateway", "virtualgateways", true, &[APP_MESH]),
    (Kind::GatewayRoute, "GatewayRoute", "gatewayroutes", true, &[APP_MESH]),
];

impl Kind {
    fn row(self) -> (&'static str, &'static str, bool) {
        let row = TABLE.iter().find(|row| row.0 == self);
        row.map_or(("", "", false), |row| (row.1, row.2, row.3))
    }

    /// As `kind` says it.
    pub(super) fn name(self) -> &'static str {
        self.row().0
    }

    /// The kind of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }
}

/// Which API versions this server has.
#[derive(Debug, Clone)]
pub(super) struct Kinds {
    versions: BTreeMap<Kind, &'static str>,
    /// The server's own minor version: 33 of 1.33.
    pub(super) minor: u32,
}

impl Kinds {
    /// Asks the server.
    pub(super) async fn discover(api: &Api) -> Result<Self, ApiError> {
        let mut served = vec!["v1".to_owned()];
        for group in api.get("/apis").await?.list("groups") {
            served
                .extend(group.list("versions").iter().map(|it| it.text("groupVersion").to_owned()));
        }
        let version = api.get("/version").await?;
        let minor = version.text("minor").trim_end_matches('+').parse().unwrap_or(0);
        let mut versions = BTreeMap::new();
        for (kind, _, plural, _, candidates) in TABLE {
            for version in candidates.iter().filter(|it| served.iter().any(|one| one == **it)) {
                let all = api.get(&root(version)).await?;
                if all.list("resources").iter().any(|it| it.text("name") == *plural) {
                    versions.insert(*kind, *version);
                    break;
                }
            }
        }
        Ok(Self { versions, minor })
    }

    /// The kinds that are served.
    pub(super) fn all(&self) -> impl Iterator<Item = Kind> + '_ {
        self.versions.keys().copied()
    }

    /// The API version of a kind.
    pub(super) fn version(&self, kind: Kind) -> &'static str {
        self.versions.get(&kind).copied().unwrap_or_default()
    }

    /// The path of all objects of a kind, or of those in a namespace.
    pub(super) fn path(&self, kind: Kind, namespace: &str) -> String {
        let (_, plural, namespaced) = kind.row();
        let root = root(self.version(kind));
        if namespaced && !namespace.is_empty() {
            return format!("{root}/namespaces/{namespace}/{plural}");
        }
        format!("{root}/{plural}")
    }
}

/// The path of an API version.
pub(super) fn root(version: &str) -> String {
    if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") }
}
