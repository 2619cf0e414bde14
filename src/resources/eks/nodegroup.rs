//! A managed node group: EC2 instances that EKS starts, joins to the cluster, and moves to new versions.
//!
//! What EKS cannot change makes another group beside the old one, which goes when the new one works: EKS drains it.

use serde::{Deserialize, Serialize};

use super::ClusterName;
use crate::engine::{Input, Spec};
use crate::resources::ec2::{LaunchTemplateId, SecurityGroupId, SubnetId};
use crate::resources::iam::RoleArn;
use crate::resources::resource::Tags;
use crate::{ids, outputs};

/// A managed node group, named `identity.name(63)`.
///
/// What is left to EKS (`None`, an empty list of types) is what EKS chose when the group was made, and no difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeGroup {
    /// In which cluster.
    pub cluster: Input<ClusterName>,
    /// The role of its nodes.
    pub role: Input<RoleArn>,
    /// Where its nodes are.
    pub subnets: Vec<Input<SubnetId>>,
    /// What nodes run: `AL2023_x86_64_STANDARD`, `BOTTLEROCKET_ARM_64`, and so on; `CUSTOM` with a template's image.
    pub ami_type: String,
    /// The types, the preferred first; EKS's or the template's choice if none.
    pub instance_types: Vec<String>,
    /// `ON_DEMAND`, `SPOT` or `CAPACITY_BLOCK`.
    pub capacity_type: String,
    /// GiB of each node's disk; EKS's choice (20), or the template's, if absent.
    pub disk_size: Option<i32>,
    /// Who reaches nodes by SSH.
    pub remote_access: Option<RemoteAccess>,
    /// The user's own launch template.
    pub launch_template: Option<Template>,
    /// How many nodes.
    pub scaling: Scaling,
    /// Labels of its nodes.
    pub labels: Tags,
    /// Taints of its nodes.
    pub taints: Vec<Taint>,
    /// How nodes are replaced when the version changes.
    pub update: UpdateSettings,
    /// EKS replaces or reboots nodes that are not well.
    pub repair: Option<Repair>,
    /// Instances that stand by, stopped or running.
    pub warm_pool: Option<WarmPool>,
    /// Kubernetes' version, never above the cluster's: `1.35`. With an image of one's own there is none.
    pub version: Option<String>,
    /// The image's release: `1.35.4-20261112`; EKS's newest when the version changes, if absent.
    pub release: Option<String>,
    /// The user's own tags.
    pub tags: Tags,
}

/// SSH to nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteAccess {
    /// Name of the key pair.
    pub key_name: String,
    /// From which security groups; from everywhere if none.
    pub security_groups: Vec<Input<SecurityGroupId>>,
}

/// A launch template of the user's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Which.
    pub id: Input<LaunchTemplateId>,
    /// Its version: a number; the default one when the group was made, if absent.
    pub version: Option<String>,
}

/// How many nodes there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scaling {
    /// At least.
    pub min: i32,
    /// At most.
    pub max: i32,
    /// Now; `min` when the group is made and whatever an autoscaler says from then on, if absent.
    pub desired: Option<i32>,
}

/// One taint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taint {
    /// Its key.
    pub key: String,
    /// Its value; may be empty.
    pub value: String,
    /// `NO_SCHEDULE`, `NO_EXECUTE` or `PREFER_NO_SCHEDULE`.
    pub effect: String,
}

/// How nodes are replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateSettings {
    /// So many at a time; or `max_unavailable_percentage`.
    pub max_unavailable: Option<i32>,
    /// So many in a hundred at a time.
    pub max_unavailable_percentage: Option<i32>,
    /// `DEFAULT` starts new nodes before old ones go, `MINIMAL` the other way round.
    pub strategy: String,
}

impl Default for UpdateSettings {
    fn default() -> Self {
        Self {
            max_unavailable: Some(1),
            max_unavailable_percentage: None,
            strategy: "DEFAULT".to_owned(),
        }
    }
}

/// Repair of nodes; on where it is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// With more nodes than this unwell, none is repaired; or the percentage.
    pub max_unhealthy: Option<i32>,
    /// The same in a hundred.
    pub max_unhealthy_percentage: Option<i32>,
    /// So many at a time; or the percentage.
    pub max_parallel: Option<i32>,
    /// The same in a hundred.
    pub max_parallel_percentage: Option<i32>,
    /// What is done about one condition, where it is not as usual.
    pub overrides: Vec<RepairOverride>,
}

/// What is done about one condition of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairOverride {
    /// The condition that the monitoring agent reports: `NetworkingReady`.
    pub condition: String,
    /// Its reason: `InterfaceNotUp`.
    pub reason: String,
    /// Minutes for which it must last.
    pub min_wait_minutes: i32,
    /// `Replace`, `Reboot` or `NoAction`.
    pub action: String,
}

/// Instances that stand by; on where it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarmPool {
    /// At least so many.
    pub min_size: i32,
    /// Running nodes and those that stand by, together at most; the group's `max` if absent.
    pub max_prepared: Option<i32>,
    /// `STOPPED`, `RUNNING` or `HIBERNATED`.
    pub state: String,
    /// Nodes go back to it when the group shrinks.
    pub reuse: bool,
}

impl NodeGroup {
    /// Two nodes of EKS's choice, on demand.
    pub fn new(cluster: Input<ClusterName>, role: Input<RoleArn>) -> Self {
        Self {
            cluster,
            role,
            subnets: Vec::new(),
            ami_type: "AL2023_x86_64_STANDARD".to_owned(),
            instance_types: Vec::new(),
            capacity_type: "ON_DEMAND".to_owned(),
            disk_size: None,
            remote_access: None,
            launch_template: None,
            scaling: Scaling { min: 1, max: 2, desired: None },
            labels: Tags::new(),
            taints: Vec::new(),
            update: UpdateSettings::default(),
            repair: None,
            warm_pool: None,
            version: None,
            release: None,
            tags: Tags::new(),
        }
    }
}

ids! {
    /// A node group's ARN.
    NodeGroupArn,
}

outputs! { NodeGroup => NodeGroupOutputs {
    /// Its ARN.
    arn: NodeGroupArn,
    /// Its name.
    name: String,
} }

impl Spec for NodeGroup {
    const KIND: &'static str = "eks/nodegroup";
}
