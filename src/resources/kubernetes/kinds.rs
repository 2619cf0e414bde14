//! What is special about each kind of object.

use super::object::{Api, Object, ObjectKind};
use crate::engine::{KindInfo, Pace, ReplaceOrder, Rule};

/// What must be there before anything is put into a cluster, and may go only after it.
macro_rules! after {
    ($($more:literal),*) => { &["eks/access-entry", $($more),*] };
}

/// What pods need, besides.
macro_rules! after_nodes {
    () => {
        &[
            "eks/access-entry",
            "eks/addon",
            "eks/fargate-profile",
            "eks/nodegroup",
            "eks/pod-identity-association",
            "kubernetes/config-map",
            "kubernetes/namespace",
            "kubernetes/network-policy",
            "kubernetes/object",
            "kubernetes/persistent-volume-claim",
            "kubernetes/resource-quota",
            "kubernetes/secret",
            "kubernetes/service-account",
        ]
    };
}

/// The rules that hold for all objects, and those of one kind.
macro_rules! rules {
    ($($fixed:literal),*) => {
        &[
            Rule::Immutable("cannot_change"),
            Rule::Immutable("cluster"),
            Rule::Immutable("object.kind"),
            Rule::Immutable("object.metadata.name"),
            Rule::Immutable("object.metadata.namespace"),
            $(Rule::Immutable($fixed),)*
            Rule::Names("object"),
            Rule::SaysNames,
        ]
    };
}
pub(super) use rules;

macro_rules! kind {
    (
        $(#[$doc:meta])* $alias:ident, $marker:ident, $slug:tt,
        api $api:expr, rules $rules:expr, after $after:expr, stateful $stateful:expr, pace $pace:expr
    ) => {
        #[doc = concat!("Marks [`", stringify!($alias), "`].")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $marker;

        impl ObjectKind for $marker {
            const INFO: KindInfo = KindInfo {
                kind: $slug,
                rules: $rules,
                observe_after: observe_after!($slug),
                order_after: $after,
                replace: ReplaceOrder::DeleteFirst,
                revisioned: false,
                stateful: $stateful,
                pace: $pace,
            };
            const API: Option<Api> = $api;
        }

        $(#[$doc])*
        pub type $alias = Object<$marker>;
    };
}

macro_rules! observe_after {
    ("kubernetes/namespace") => {
        &["eks/cluster"]
    };
    ($other:literal) => {
        &["eks/cluster", "kubernetes/namespace"]
    };
}
pub(super) use observe_after;

const fn api(
    kind: &'static str,
    plural: &'static str,
    versions: &'static [&'static str],
    namespaced: bool,
) -> Option<Api> {
    Some(Api { kind, plural, versions, namespaced })
}

/// How long a rollout takes: images, probes. The deadline of a Deployment is its own (`progressDeadlineSeconds`).
const ROLLOUT: Pace = Pace::seconds(60, 3, 1800);
/// A load balancer.
const BALANCER: Pace = Pace::seconds(120, 5, 900);
/// What goes with a finalizer may take minutes.
const PLAIN: Pace = Pace::seconds(1, 1, 600);

kind! {
    /// A namespace.
    Namespace, NamespaceKind, "kubernetes/namespace",
    api api("Namespace", "namespaces", &["v1"], false),
    rules rules!(), after after!(), stateful None, pace PLAIN
}
kind! {
    /// A Deployment: pods that are all alike.
    Deployment, DeploymentKind, "kubernetes/deployment",
    api api("Deployment", "deployments", &["apps/v1"], true),
    rules rules!("object.spec.selector"), after after_nodes!(), stateful None, pace ROLLOUT
}
kind! {
    /// A StatefulSet: pods with names and disks of their own.
    StatefulSet, StatefulSetKind, "kubernetes/stateful-set",
    api api("StatefulSet", "statefulsets", &["apps/v1"], true),
    rules rules!(
        "object.spec.selector",
        "object.spec.serviceName",
        "object.spec.podManagementPolicy",
        "object.spec.volumeClaimTemplates"
    ),
    after after_nodes!(), stateful None, pace ROLLOUT
}
kind! {
    /// A DaemonSet: a pod on each node.
    DaemonSet, DaemonSetKind, "kubernetes/daemon-set",
    api api("DaemonSet", "daemonsets", &["apps/v1"], true),
    rules rules!("object.spec.selector"), after after_nodes!(), stateful None, pace ROLLOUT
}
kind! {
    /// A Job: pods that run to their end.
    Job, JobKind, "kubernetes/job",
    api api("Job", "jobs", &["batch/v1"], true),
    rules rules!(
        "object.spec.selector",
        "object.spec.template",
        "object.spec.completions",
        "object.spec.completionMode",
        "object.spec.podFailurePolicy"
    ),
    after after_nodes!(), stateful None, pace Pace::seconds(60, 3, 3600)
}
kind! {
    /// A CronJob: a Job again and again.
    CronJob, CronJobKind, "kubernetes/cron-job",
    api api("CronJob", "cronjobs", &["batch/v1", "batch/v1beta1"], true),
    rules rules!(), after after_nodes!(), stateful None, pace PLAIN
}
kind! {
    /// A Service: one address for many pods.
    Service, ServiceKind, "kubernetes/service",
    api api("Service", "services", &["v1"], true),
    rules rules!("object.spec.clusterIP", "object.spec.loadBalancerClass"),
    after after!("kubernetes/namespace", "kubernetes/object"), stateful None, pace BALANCER
}
kind! {
    /// An Ingress: a way in by host names and paths.
    Ingress, IngressKind, "kubernetes/ingress",
    api api("Ingress", "ingresses", &["networking.k8s.io/v1"], true),
    rules rules!(),
    after after!("kubernetes/namespace", "kubernetes/object", "kubernetes/secret", "kubernetes/service"),
    stateful None, pace BALANCER
}
kind! {
    /// A HorizontalPodAutoscaler.
    HorizontalPodAutoscaler, HorizontalPodAutoscalerKind, "kubernetes/horizontal-pod-autoscaler",
    api api("HorizontalPodAutoscaler", "horizontalpodautoscalers", &["autoscaling/v2", "autoscaling/v2beta2"], true),
    rules rules!(),
    after after!("kubernetes/deployment", "kubernetes/namespace", "kubernetes/stateful-set"),
    stateful None, pace PLAIN
}
kind! {
    /// A PodDisruptionBudget.
    PodDisruptionBudget, PodDisruptionBudgetKind, "kubernetes/pod-disruption-budget",
    api api("PodDisruptionBudget", "poddisruptionbudgets", &["policy/v1", "policy/v1beta1"], true),
    rules rules!(), after after!("kubernetes/namespace"), stateful None, pace PLAIN
}
kind! {
    /// A ConfigMap.
    ConfigMap, ConfigMapKind, "kubernetes/config-map",
    api api("ConfigMap", "configmaps", &["v1"], true),
    rules rules!(), after after!("kubernetes/namespace"), stateful None, pace PLAIN
}
kind! {
    /// A ServiceAccount.
    ServiceAccount, ServiceAccountKind, "kubernetes/service-account",
    api api("ServiceAccount", "serviceaccounts", &["v1"], true),
    rules rules!(), after after!("kubernetes/namespace"), stateful None, pace PLAIN
}
kind! {
    /// A PersistentVolumeClaim: a disk.
    PersistentVolumeClaim, PersistentVolumeClaimKind, "kubernetes/persistent-volume-claim",
    api api("PersistentVolumeClaim", "persistentvolumeclaims", &["v1"], true),
    rules rules!(
        "object.spec.accessModes",
        "object.spec.dataSource",
        "object.spec.dataSourceRef",
        "object.spec.selector",
        "object.spec.storageClassName",
        "object.spec.volumeMode",
        "object.spec.volumeName"
    ),
    after after!("kubernetes/namespace", "kubernetes/object"),
    stateful Some("the data of its volume"), pace PLAIN
}
kind! {
    /// A NetworkPolicy.
    NetworkPolicy, NetworkPolicyKind, "kubernetes/network-policy",
    api api("NetworkPolicy", "networkpolicies", &["networking.k8s.io/v1"], true),
    rules rules!(), after after!("kubernetes/namespace"), stateful None, pace PLAIN
}
kind! {
    /// A ResourceQuota.
    ResourceQuota, ResourceQuotaKind, "kubernetes/resource-quota",
    api api("ResourceQuota", "resourcequotas", &["v1"], true),
    rules rules!("object.spec.scopes", "object.spec.scopeSelector"),
    after after!("kubernetes/namespace"), stateful None, pace PLAIN
}
kind! {
    /// An object of any other kind: its `apiVersion` and `kind` say which.
    AnyObject, AnyKind, "kubernetes/object",
    api None, rules rules!(), after after!("eks/addon", "kubernetes/namespace"),
    stateful None, pace PLAIN
}
