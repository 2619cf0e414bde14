//! A managed node group: EC2 instances that EKS starts, joins to the cluster, and moves to new versions.
//!
//! What EKS cannot change makes another group beside the old one, which goes when the new one works: EKS drains it.

use aws_sdk_eks::types::{Nodegroup, NodegroupStatus};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ClusterName, nodegroup_read as read, nodegroup_write as write, shared};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::ec2::{LaunchTemplateId, SecurityGroupId, SubnetId};
use crate::resources::iam::RoleArn;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};
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
    pub launch_template: Option<Input<LaunchTemplateId>>,
    /// Its version: a number; the default one when the group was made, if absent.
    pub launch_template_version: Option<String>,
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
            launch_template_version: None,
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
    nodegroup: String,
} }

/// The kind's name.
const KIND: &str = "eks/nodegroup";

/// Members of EKS's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateNodegroup.nodegroupName", "the physical name follows from the address"),
    ("CreateNodegroup.clientRequestToken", "makes the call idempotent, is no property"),
    ("CreateNodegroup.launchTemplate.name", "named by its id"),
    ("CreateNodegroup.nodeRepairConfig.enabled", "on where `repair` is there"),
    ("CreateNodegroup.warmPoolConfig.enabled", "on where `warm_pool` is there"),
    ("UpdateNodegroupConfig.nodegroupName", "says which node group"),
    ("UpdateNodegroupConfig.clientRequestToken", "makes the call idempotent, is no property"),
    ("UpdateNodegroupConfig.nodeRepairConfig.enabled", "on where `repair` is there"),
    ("UpdateNodegroupConfig.warmPoolConfig.enabled", "on where `warm_pool` is there"),
    ("UpdateNodegroupVersion.nodegroupName", "says which node group"),
    ("UpdateNodegroupVersion.clientRequestToken", "makes the call idempotent, is no property"),
    ("UpdateNodegroupVersion.launchTemplate.name", "named by its id"),
    (
        "UpdateNodegroupVersion.force",
        "a disruption budget that keeps pods where they are is named, and not broken",
    ),
];

impl Spec for NodeGroup {
    const KIND: &'static str = KIND;
}

impl Resource for NodeGroup {
    const INFO: KindInfo = KindInfo {
        kind: KIND,
        rules: &[
            Rule::Immutable("cluster"),
            Rule::Immutable("role"),
            Rule::Immutable("subnets"),
            Rule::Immutable("ami_type"),
            Rule::Immutable("instance_types"),
            Rule::Immutable("capacity_type"),
            Rule::Immutable("disk_size"),
            Rule::Immutable("remote_access"),
            Rule::Immutable("launch_template"),
            Rule::Unordered("subnets"),
            Rule::Unordered("remote_access.security_groups"),
            Rule::Unordered("taints"),
            Rule::Unordered("repair.overrides"),
        ],
        observe_after: &[super::cluster::KIND],
        // Nodes that reach nothing do not join.
        order_after: &["ec2/route-table"],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(150, 5, 3600),
    };

    type Outputs = NodeGroupOutputs;

    /// One list for each cluster, one call for each group.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let mut found = Found::default();
        for cluster in shared::clusters(cx, query, "nodegroup").await? {
            for name in list(cx, &cluster).await? {
                let Some(group) = describe(cx, &cluster, &name).await? else { continue };
                let all = shared::from_sdk(group.tags());
                let Some(identity) = tags::identity(&all, query) else {
                    let wanted = query.wanted.iter().find(|one| {
                        one.name(NAME_LIMIT) == name
                            && query.wanted_text(&one.address, "cluster") == Some(&*cluster)
                    });
                    found.foreign.extend(wanted.map(|one| tags::foreign(one, &name, &all)));
                    continue;
                };
                let wanted = shared::wanted(query, &identity);
                // What could not be made is made anew.
                if wanted.is_some() && failed(&group) {
                    continue;
                }
                let own = tags::own(&all, &identity);
                let mut live = read::live(&group, identity, own);
                if let Some(wanted) = wanted {
                    Self::assume(&mut live, wanted);
                }
                found.owned.push(live);
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let name = identity.name(NAME_LIMIT);
        let sent = write::create(self, cx, identity, &name).await;
        let made = match sent {
            Err(failure) if failure.class == Class::AlreadyExists => {
                let cluster = self.cluster.get()?.0;
                let there = describe(cx, &cluster, &name).await?;
                let ours = there
                    .filter(failed)
                    .is_some_and(|group| shared::owned(&shared::from_sdk(group.tags()), identity));
                if !ours {
                    return Err(failure);
                }
                remove(cx, &cluster, &name).await?;
                return Err(shared::cleared("eks CreateNodegroup", &name));
            }
            other => other?,
        };
        Ok(Progress::done(read::outputs(&made)))
    }

    /// All that is configuration at once, then version and template.
    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        _changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let (cluster, name) = shared::within(live.outputs.arn.as_str());
        shared::retag(cx, live.outputs.arn.as_str(), &live.spec.tags, &self.tags).await?;
        let Some(now) = describe(cx, cluster, name).await? else {
            return Err(Failure::new(Class::Gone, format!("node group `{name}` is gone")));
        };
        let (ticket, more) = write::change(self, cx, &now, cluster, name).await?;
        Ok(Progress { outputs: Some(live.outputs.clone()), ticket, more })
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let (cluster, name) = shared::within(live.outputs.arn.as_str());
        remove(cx, cluster, name).await?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let Some((cluster, name)) = shared::place(query, wanted, id) else { return Ok(None) };
        let found = describe(cx, &cluster, &name).await?;
        let found = found.filter(|group| shared::meant(id, group.nodegroup_arn()));
        Ok(found.map(|group| {
            let all = shared::from_sdk(group.tags());
            Existing::of(all, wanted, |identity, own| read::live(&group, identity, own)).named(name)
        }))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::tag(cx, live.outputs.arn.as_str(), tags).await
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(identity.name(NAME_LIMIT))
    }

    fn within(live: &Live<Self>) -> Option<(&'static str, String)> {
        Some((super::cluster::KIND, live.spec.cluster.get().ok()?.0))
    }

    /// What the document leaves to EKS is as EKS has chosen.
    fn assume(live: &mut Live<Self>, desired: &Value) -> Option<String> {
        let open = |pointer: &str| shared::open(desired, pointer);
        let spec = &mut live.spec;
        if open("/instance_types") {
            spec.instance_types.clear();
        }
        if open("/disk_size") {
            spec.disk_size = None;
        }
        if open("/scaling/desired") {
            spec.scaling.desired = None;
        }
        if open("/version") {
            spec.version = None;
        }
        if open("/release") {
            spec.release = None;
        }
        if open("/launch_template_version") {
            spec.launch_template_version = None;
        }
        if let Some(pool) = spec.warm_pool.as_mut().filter(|_| open("/warm_pool/max_prepared")) {
            pool.max_prepared = None;
        }
        None
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let mut healths = Vec::new();
        for one in waiting {
            let (cluster, name) = shared::within(one.outputs.arn.as_str());
            let health = match describe(cx, cluster, name).await? {
                None => Health::Gone,
                Some(group)
                    if one.deleting && group.status() == Some(&NodegroupStatus::Deleting) =>
                {
                    Health::Pending("deleting: its nodes are drained".to_owned())
                }
                Some(group) => read::health(&group),
            };
            healths.push(match (&health, &one.ticket) {
                (Health::Ready, Some(id)) => {
                    shared::updated(cx, cluster, shared::Part::NodeGroup(name), id).await?
                }
                _ => health,
            });
        }
        Ok(healths)
    }
}

/// The longest name that EKS takes.
const NAME_LIMIT: usize = 63;

fn failed(group: &Nodegroup) -> bool {
    group.status() == Some(&NodegroupStatus::CreateFailed)
}

/// The names of a cluster's node groups; none where it is gone.
pub(super) async fn list(cx: &Cx, cluster: &str) -> Result<Vec<String>, Failure> {
    let call = cx.eks.list_nodegroups().cluster_name(cluster).max_results(100);
    let mut pages = call.into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("eks ListNodegroups", error));
        let Some(page) = unless_gone(page)? else { break };
        all.extend(page.nodegroups.unwrap_or_default());
    }
    Ok(all)
}

pub(super) async fn describe(
    cx: &Cx,
    cluster: &str,
    name: &str,
) -> Result<Option<Nodegroup>, Failure> {
    let sent = cx.eks.describe_nodegroup().cluster_name(cluster).nodegroup_name(name).send().await;
    let sent = unless_gone(sent.map_err(|error| classify("eks DescribeNodegroup", error)))?;
    Ok(sent.and_then(|answer| answer.nodegroup))
}

async fn remove(cx: &Cx, cluster: &str, name: &str) -> Result<(), Failure> {
    let sent = cx.eks.delete_nodegroup().cluster_name(cluster).nodegroup_name(name).send().await;
    unless_gone(sent.map_err(|error| classify("eks DeleteNodegroup", error))).map(drop)
}
