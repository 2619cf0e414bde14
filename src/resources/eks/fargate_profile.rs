//! A Fargate profile: which pods run on Fargate. Nothing of one can change: another takes its place, then it goes.

use serde::{Deserialize, Serialize};

use super::ClusterName;
use crate::engine::{Input, Spec};
use crate::resources::ec2::SubnetId;
use crate::resources::iam::RoleArn;
use crate::resources::resource::Tags;
use crate::{ids, outputs};

/// A Fargate profile, named `identity.name(100)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FargateProfile {
    /// In which cluster.
    pub cluster: Input<ClusterName>,
    /// The role in which Fargate pulls images and writes logs; it trusts `eks-fargate-pods.amazonaws.com`.
    pub role: Input<RoleArn>,
    /// Private subnets, where the pods are.
    pub subnets: Vec<Input<SubnetId>>,
    /// Which pods: one to five.
    pub selectors: Vec<Selector>,
    /// The user's own tags.
    pub tags: Tags,
}

/// Pods of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selector {
    /// The namespace; `*` and `?` stand for any letters.
    pub namespace: String,
    /// Labels that the pods must have; all pods if none.
    pub labels: Tags,
}

ids! {
    /// A Fargate profile's ARN.
    FargateProfileArn,
}

outputs! { FargateProfile => FargateProfileOutputs {
    /// Its ARN.
    arn: FargateProfileArn,
    /// Its name.
    name: String,
} }

impl Spec for FargateProfile {
    const KIND: &'static str = "eks/fargate-profile";
}
