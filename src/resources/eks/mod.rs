//! EKS: clusters, and what lies in them. Not here: Kubernetes' own objects.

pub mod access_entry;
pub mod addon;
pub mod capability;
pub mod cluster;
mod cluster_read;
mod cluster_write;
pub mod fargate_profile;
mod leftovers;
pub mod nodegroup;
mod nodegroup_read;
mod nodegroup_write;
pub mod pod_identity_association;
mod shared;
mod upgrade;

pub(in crate::resources) use shared::answers;

pub use access_entry::AccessEntry;
pub use addon::Addon;
pub use capability::Capability;
pub use cluster::{Cluster, ClusterArn, ClusterName};
pub use fargate_profile::FargateProfile;
pub use nodegroup::NodeGroup;
pub use pod_identity_association::PodIdentityAssociation;
