//! A capability: Argo CD, ACK or KRO, run by EKS outside of the cluster's nodes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ClusterName;
use crate::engine::{Input, Spec};
use crate::resources::iam::RoleArn;
use crate::resources::resource::Tags;
use crate::{ids, outputs};

/// A capability, named `identity.name(100)`; a cluster has one of each type at most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Capability {
    /// In which cluster.
    pub cluster: Input<ClusterName>,
    /// `ACK`, `KRO` or `ARGOCD`.
    pub capability: String,
    /// The role that it takes on: `capabilities.eks.amazonaws.com` may assume it and tag its sessions.
    pub role: Input<RoleArn>,
    /// Settings of ACK; there with that type only.
    pub ack: Option<Ack>,
    /// Settings of Argo CD; there with that type only, and needed.
    pub argo_cd: Option<ArgoCd>,
    /// The user's own tags.
    pub tags: Tags,
}

/// Settings of ACK.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Resources may refer to those of other namespaces.
    pub cross_namespace: bool,
    /// AWS services that it leaves alone.
    pub disabled_services: Vec<String>,
}

/// Settings of Argo CD.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArgoCd {
    /// Where it lives: `argocd`.
    pub namespace: String,
    /// The ARN of the instance of IAM Identity Center, by which people sign in.
    pub identity_center: String,
    /// That instance's region, if not the cluster's.
    pub identity_center_region: Option<String>,
    /// Who may do what: identities by role (`ADMIN`, `EDITOR`, `VIEWER`).
    pub roles: BTreeMap<String, Vec<Person>>,
    /// Endpoints of the VPC from which alone it is reached; from everywhere if none.
    pub vpc_endpoints: Vec<String>,
    /// The first part of its name in the DNS; EKS's choice if absent.
    pub endpoint_prefix: Option<String>,
}

/// Somebody of IAM Identity Center.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Person {
    /// The id.
    pub id: String,
    /// `SSO_USER` or `SSO_GROUP`.
    pub sort: String,
}

ids! {
    /// A capability's ARN.
    CapabilityArn,
}

outputs! { Capability => CapabilityOutputs {
    /// Its ARN.
    arn: CapabilityArn,
    /// Its name.
    name: String,
} }

impl Spec for Capability {
    const KIND: &'static str = "eks/capability";
}
