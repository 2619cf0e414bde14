//! The namespace that an environment's services are in.

use std::collections::BTreeMap;

use crate::manifest::read::{Text, record};

record! {
    /// The namespace that the services are in.
    #[derive(Default)]
    pub struct OfNamespace {
        /// EKS: labels besides shipit's own, such as `pod-security.kubernetes.io/enforce: baseline`.
        labels: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// EKS: what all that is in it may use together, in Kubernetes' own words: `{requests.cpu: 8, limits.memory: 16Gi, pods: 50}`.
        quota: BTreeMap<String, String> as BTreeMap<String, Text>,
    }
}
