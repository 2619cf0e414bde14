//! An add-on: software in a cluster that EKS installs and moves to new versions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ClusterName;
use crate::engine::{Input, Spec};
use crate::resources::iam::RoleArn;
use crate::resources::resource::Tags;
use crate::{ids, outputs};

/// An add-on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Addon {
    /// In which cluster.
    pub cluster: Input<ClusterName>,
    /// `coredns`, `vpc-cni`, `aws-ebs-csi-driver`, and so on.
    pub addon: String,
    /// `v1.12.2-eksbuild.4`; EKS's default when it is made, and no difference from then on, if absent.
    pub version: Option<String>,
    /// Its settings, by the add-on's own schema.
    pub configuration: Option<Value>,
    /// The role of its service account by IRSA.
    pub service_account_role: Option<Input<RoleArn>>,
    /// Roles by service account, through EKS's agent.
    pub pod_identities: BTreeMap<String, Input<RoleArn>>,
    /// The namespace, if not the add-on's own.
    pub namespace: Option<String>,
    /// What becomes of settings that someone has changed in the cluster: `OVERWRITE`, `PRESERVE` or `NONE`, which fails.
    /// EKS does not show it: a change of it alone is no change.
    pub resolve_conflicts: String,
    /// The user's own tags.
    pub tags: Tags,
}

impl Addon {
    /// EKS's default version, as it comes.
    pub fn new(cluster: Input<ClusterName>, addon: impl Into<String>) -> Self {
        Self {
            cluster,
            addon: addon.into(),
            version: None,
            configuration: None,
            service_account_role: None,
            pod_identities: BTreeMap::new(),
            namespace: None,
            resolve_conflicts: "OVERWRITE".to_owned(),
            tags: Tags::new(),
        }
    }
}

ids! {
    /// An add-on's ARN.
    AddonArn,
}

outputs! { Addon => AddonOutputs {
    /// Its ARN.
    arn: AddonArn,
} }

impl Spec for Addon {
    const KIND: &'static str = "eks/addon";
}
