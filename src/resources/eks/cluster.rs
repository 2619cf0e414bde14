//! An EKS cluster: the control plane, and what of it AWS runs.
//!
//! # Upgrades
//!
//! EKS moves a control plane by one minor version at a time, and wants its node groups there before it goes further.
//! Planners write the version that is wanted in the end, for the cluster and for its node groups and add-ons: one graph,
//! in which these come after the cluster. The cluster's `update` goes all the way to it, one call of EKS at a time, each
//! awaited: insights are looked at; the control plane moves by one minor; before the next one, what lies in the cluster
//! and bears this environment's tags follows: node groups to the control plane's version, add-ons to a version that the
//! next minor knows (EKS's default). So their own steps find the last minor left to do. Every round begins with what is
//! live: a run that was killed goes on where it stopped, and the next plan shows what is left. Insights with the status
//! ERROR stop it with their names, unless `upgrade_despite_insights`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{cluster_read, cluster_write, leftovers, shared, upgrade};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::{
    Change, Class, Failure, Handle, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder,
    Rule, Spec,
};
use crate::ids;
use crate::resources::ec2::{SecurityGroupId, SubnetId};
use crate::resources::iam::RoleArn;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};

/// A cluster, named `identity.name(100)`. Made without the add-ons that manage themselves, and without an access entry
/// for who makes it: both are resources of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// Kubernetes' version: `1.35`. Goes up by one minor version at a time, and never down.
    pub version: String,
    /// The role that EKS takes on.
    pub role: Input<RoleArn>,
    /// Where the control plane's network interfaces are: in two zones at least.
    pub subnets: Vec<Input<SubnetId>>,
    /// Further security groups of these interfaces; EKS makes one itself.
    pub security_groups: Vec<Input<SecurityGroupId>>,
    /// Who reaches the API server.
    pub endpoint: Endpoint,
    /// `AWS_MANAGED`, or for good `CUSTOMER_ROUTED` or `CUSTOMER_ISOLATED`.
    pub control_plane_egress_mode: String,
    /// `ipv4` or `ipv6`: the addresses of pods and services.
    pub ip_family: String,
    /// The block of Kubernetes' services; empty with `ipv6`.
    pub service_ipv4_cidr: String,
    /// Which logs are kept in CloudWatch: `api`, `audit`, `authenticator`, `controllerManager`, `scheduler`.
    pub logging: Vec<String>,
    /// The KMS key that encrypts secrets, too. Set once, and for good.
    pub encryption_key: Option<String>,
    /// `API`, `API_AND_CONFIG_MAP` or `CONFIG_MAP`; goes from the last to the first only.
    pub authentication_mode: String,
    /// `STANDARD`: a version out of standard support is upgraded by AWS; `EXTENDED` costs more and lasts longer.
    pub support_type: String,
    /// ARC may move traffic out of a zone.
    pub zonal_shift: bool,
    /// Blocks of hybrid nodes.
    pub remote_node_networks: Vec<String>,
    /// Blocks of the pods on hybrid nodes.
    pub remote_pod_networks: Vec<String>,
    /// EKS runs nodes, disks and load balancers itself.
    pub auto_mode: Option<AutoMode>,
    /// The cluster cannot be deleted before this is taken away.
    pub deletion_protection: bool,
    /// Upgrades go on although insights say ERROR. No property of the cluster: a change of it alone is no change.
    pub upgrade_despite_insights: bool,
    /// The control plane's size: `standard`, `tier-xl`, `tier-2xl`, `tier-4xl`, `tier-8xl`.
    pub tier: String,
    /// Settings of the API server.
    pub api_server: ApiServer,
    /// How pods are spread over nodes, if not as Kubernetes does it by itself.
    pub scheduler: Option<Scoring>,
    /// Settings of the controller manager.
    pub controller_manager: ControllerManager,
    /// The user's own tags.
    pub tags: Tags,
}

/// Who reaches the API server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// From outside the VPC.
    pub public: bool,
    /// From inside the VPC.
    pub private: bool,
    /// From which blocks outside.
    pub public_cidrs: Vec<String>,
}

/// EKS Auto Mode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoMode {
    /// `general-purpose`, `system`, both or none.
    pub node_pools: Vec<String>,
    /// The role of nodes; there with node pools only.
    pub node_role: Option<Input<RoleArn>>,
    /// EKS installs the definitions of Kubernetes' Gateway API.
    pub gateway_api: Option<bool>,
}

/// Settings of the API server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiServer {
    /// How long events are kept: `1h`.
    pub event_ttl: Option<String>,
    /// The ports of services of type NodePort.
    pub service_node_port_range: Option<PortRange>,
}

/// A range of ports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortRange {
    /// The first.
    pub min_port: i32,
    /// The last.
    pub max_port: i32,
}

/// How the scheduler scores nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scoring {
    /// `LeastAllocated` or `MostAllocated`.
    pub strategy: String,
    /// Weights by resource: `cpu`.
    pub weights: BTreeMap<String, i32>,
}

/// Settings of the controller manager.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControllerManager {
    /// How many terminated pods are kept.
    pub terminated_pod_gc_threshold: Option<i32>,
    /// How often the autoscaler of pods looks: `15s`.
    pub horizontal_pod_autoscaler_sync_period: Option<String>,
}

impl Cluster {
    /// What AWS has by default, but for what must be said.
    pub fn new(version: impl Into<String>, role: Input<RoleArn>) -> Self {
        Self {
            version: version.into(),
            role,
            subnets: Vec::new(),
            security_groups: Vec::new(),
            endpoint: Endpoint {
                public: true,
                private: false,
                public_cidrs: vec!["0.0.0.0/0".to_owned()],
            },
            control_plane_egress_mode: "AWS_MANAGED".to_owned(),
            ip_family: "ipv4".to_owned(),
            service_ipv4_cidr: "172.20.0.0/16".to_owned(),
            logging: Vec::new(),
            encryption_key: None,
            authentication_mode: "API".to_owned(),
            support_type: "STANDARD".to_owned(),
            zonal_shift: false,
            remote_node_networks: Vec::new(),
            remote_pod_networks: Vec::new(),
            auto_mode: None,
            deletion_protection: false,
            upgrade_despite_insights: false,
            tier: "standard".to_owned(),
            api_server: ApiServer::default(),
            scheduler: None,
            controller_manager: ControllerManager::default(),
            tags: Tags::new(),
        }
    }
}

ids! {
    /// A cluster's name.
    ClusterName,
    /// A cluster's ARN.
    ClusterArn,
}

/// What only AWS can say about a [`Cluster`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterOutputs {
    /// Its name.
    pub name: ClusterName,
    /// Its ARN.
    pub arn: ClusterArn,
    /// The URL of its API server; known once it works.
    pub endpoint: Option<String>,
    /// Who signs what its API server says, in base64; known once it works.
    pub certificate_authority: Option<String>,
    /// Who issues the tokens of its service accounts; known once it works.
    pub issuer: Option<String>,
    /// The security group that EKS makes for control plane and nodes; known once it works.
    pub security_group: Option<SecurityGroupId>,
    /// Objects of this environment's have been put into it: they are looked for, even when none is wanted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holds_objects: bool,
}

/// What is known only once it works makes those who need it wait for that.
impl Handle<Cluster> {
    /// Its name.
    pub fn name(&self) -> Input<ClusterName> {
        self.output("name")
    }

    /// Its ARN.
    pub fn arn(&self) -> Input<ClusterArn> {
        self.output("arn")
    }

    /// The URL of its API server.
    pub fn endpoint(&self) -> Input<String> {
        self.output("endpoint").when_ready()
    }

    /// Who signs what its API server says, in base64.
    pub fn certificate_authority(&self) -> Input<String> {
        self.output("certificate_authority").when_ready()
    }

    /// Who issues the tokens of its service accounts.
    pub fn issuer(&self) -> Input<String> {
        self.output("issuer").when_ready()
    }

    /// The security group that EKS makes for control plane and nodes.
    pub fn security_group(&self) -> Input<SecurityGroupId> {
        self.output("security_group").when_ready()
    }
}

/// The tag of a cluster into which objects of its environment's have been put.
pub const HOLDS_OBJECTS: &str = "shipit:objects";

/// The kind's name.
pub(super) const KIND: &str = "eks/cluster";

/// Members of EKS's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateCluster.name", "the physical name follows from the address"),
    ("CreateCluster.clientRequestToken", "makes the call idempotent, is no property"),
    ("CreateCluster.outpostConfig", "clusters on Outposts are not offered"),
    (
        "CreateCluster.accessConfig.bootstrapClusterCreatorAdminPermissions",
        "always false: access entries are resources, and AWS does not show it",
    ),
    (
        "CreateCluster.bootstrapSelfManagedAddons",
        "always false: add-ons are resources, and AWS does not show it",
    ),
    ("CreateCluster.computeConfig.enabled", "on with `auto_mode`"),
    ("CreateCluster.storageConfig", "on with `auto_mode`: the three go together"),
    ("CreateCluster.kubernetesNetworkConfig.elasticLoadBalancing.enabled", "on with `auto_mode`"),
    ("CreateCluster.encryptionConfig[].resources", "always `secrets`: there is nothing else"),
    ("CreateCluster.logging.clusterLogging[].enabled", "true for what `logging` lists"),
    ("UpdateClusterConfig.name", "says which cluster"),
    ("UpdateClusterConfig.clientRequestToken", "makes the call idempotent, is no property"),
    ("UpdateClusterConfig.computeConfig.enabled", "on with `auto_mode`"),
    ("UpdateClusterConfig.storageConfig", "on with `auto_mode`: the three go together"),
    (
        "UpdateClusterConfig.kubernetesNetworkConfig.serviceIpv4Cidr",
        "given when a cluster is created only",
    ),
    ("UpdateClusterConfig.kubernetesNetworkConfig.ipFamily", "given when it is created only"),
    (
        "UpdateClusterConfig.kubernetesNetworkConfig.elasticLoadBalancing.enabled",
        "on with `auto_mode`",
    ),
    ("UpdateClusterConfig.logging.clusterLogging[].enabled", "true for what `logging` lists"),
    ("AssociateEncryptionConfig.clusterName", "says which cluster"),
    ("AssociateEncryptionConfig.clientRequestToken", "makes the call idempotent, is no property"),
    ("AssociateEncryptionConfig.encryptionConfig[].resources", "always `secrets`"),
    ("UpdateClusterVersion.name", "says which cluster"),
    ("UpdateClusterVersion.clientRequestToken", "makes the call idempotent, is no property"),
    ("UpdateClusterVersion.force", "`upgrade_despite_insights`"),
    ("UpdateClusterVersion.rollbackConfig", "versions only go up"),
];

impl Spec for Cluster {
    const KIND: &'static str = KIND;
}

impl Resource for Cluster {
    const INFO: KindInfo = KindInfo {
        kind: KIND,
        rules: &[
            Rule::Immutable("role"),
            Rule::Immutable("ip_family"),
            Rule::Immutable("service_ipv4_cidr"),
            Rule::Unordered("subnets"),
            Rule::Unordered("security_groups"),
            Rule::Unordered("endpoint.public_cidrs"),
            Rule::Unordered("logging"),
            Rule::Unordered("remote_node_networks"),
            Rule::Unordered("remote_pod_networks"),
            Rule::Unordered("auto_mode.node_pools"),
        ],
        observe_after: &["iam/role"],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(540, 10, 3600),
    };

    type Outputs = ClusterOutputs;

    /// One call for each cluster that is wanted or bears our tags.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let mut found = Found::default();
        let mut names = shared::tagged(cx, query, "cluster").await?;
        names.extend(query.wanted.iter().map(|one| one.name(NAME_LIMIT)));
        // The tagging API lags; roles are listed at once.
        let trusts = |role: &crate::engine::Live| {
            let policy = role.spec.get("assume_policy").map(Value::to_string);
            policy.is_some_and(|policy| policy.contains("\"eks.amazonaws.com\""))
        };
        if names.is_empty() && query.seen.of("iam/role").iter().any(trusts) {
            names = list(cx, query).await?;
        }
        names.sort();
        names.dedup();
        for name in names {
            let Some(cluster) = describe(cx, &name).await? else { continue };
            let all = shared::from_sdk(cluster.tags());
            match tags::identity(&all, query) {
                Some(identity) => {
                    let own = tags::own(&all, &identity);
                    let mut live = cluster_read::live(&cluster, identity, own);
                    if let Some(wanted) = shared::wanted(query, &live.identity) {
                        Self::assume(&mut live, wanted);
                    }
                    found.owned.push(live);
                }
                None => {
                    let wanted = query.wanted.iter().find(|one| one.name(NAME_LIMIT) == name);
                    found.foreign.extend(wanted.map(|one| tags::foreign(one, &name, &all)));
                }
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let cluster = cluster_write::create(self, cx, identity, &identity.name(NAME_LIMIT)).await?;
        Ok(Progress::done(cluster_read::outputs(&cluster)))
    }

    /// One concern a call, as EKS wants it; those that are left are done when that one is over.
    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        shared::retag(cx, live.outputs.arn.as_str(), &live.spec.tags, &self.tags).await?;
        let (ticket, more) = cluster_write::change(self, cx, live, changes).await?;
        Ok(Progress { outputs: Some(live.outputs.clone()), ticket, more })
    }

    /// Refused as in use until all that lies in it is gone; then it is tried again.
    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let name = live.outputs.name.as_str();
        let Some(now) = describe(cx, name).await? else { return Ok(Progress::deleted()) };
        if now.deletion_protection() == Some(true) {
            let call = cx.eks.update_cluster_config().name(name).deletion_protection(false);
            call.send().await.map_err(|error| classify("eks UpdateClusterConfig", error))?;
            return Err(Failure::new(
                Class::ConflictInProgress,
                format!("the deletion protection of `{name}` is being taken away"),
            ));
        }
        // As far as it can go now; the rest, and what comes yet, when the cluster is gone.
        leftovers::sweep(cx, name).await?;
        let sent = cx.eks.delete_cluster().name(name).send().await;
        unless_gone(sent.map_err(|error| classify("eks DeleteCluster", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let name = id.rsplit('/').next().unwrap_or(id);
        let Some(cluster) = describe(cx, name).await? else { return Ok(None) };
        let all = shared::from_sdk(cluster.tags());
        let make = |identity, own| cluster_read::live(&cluster, identity, own);
        Ok(Some(Existing::of(all, wanted, make).named(name)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::tag(cx, live.outputs.arn.as_str(), tags).await
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(identity.name(NAME_LIMIT))
    }

    /// EKS does not know it.
    fn assume(live: &mut Live<Self>, desired: &Value) -> Option<String> {
        let wanted = desired.get("upgrade_despite_insights").and_then(Value::as_bool);
        live.spec.upgrade_despite_insights = wanted.unwrap_or_default();
        None
    }

    /// The data of pods.
    async fn losses(cx: &Cx, live: &Live<Self>) -> Result<Option<String>, Failure> {
        let volumes = leftovers::volumes(cx, live.outputs.name.as_str()).await?;
        Ok(match volumes {
            0 => None,
            1 => Some("1 volume of its pods".to_owned()),
            many => Some(format!("{many} volumes of its pods")),
        })
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let mut healths = Vec::new();
        for one in waiting {
            let name = one.outputs.name.as_str();
            if let (Some(ticket), false) = (&one.ticket, one.deleting)
                && let Some(health) = upgrade::look(cx, name, ticket).await?
            {
                healths.push(health);
                continue;
            }
            let health = match describe(cx, name).await? {
                None if one.deleting => {
                    let left = leftovers::sweep(cx, name).await?;
                    match left.is_empty() {
                        true => Health::Gone,
                        false => Health::Pending(format!(
                            "what its controllers made goes: {}",
                            left.join(", ")
                        )),
                    }
                }
                None => Health::Gone,
                Some(cluster) => cluster_read::health(&cluster),
            };
            healths.push(match (&health, &one.ticket) {
                (Health::Ready, Some(update)) => {
                    shared::updated(cx, name, shared::Part::Cluster, update).await?
                }
                _ => health,
            });
        }
        Ok(healths)
    }
}

/// The longest name that EKS takes.
const NAME_LIMIT: usize = 100;

/// The clusters whose names are as this environment's.
async fn list(cx: &Cx, query: &Query<'_>) -> Result<Vec<String>, Failure> {
    let prefix = format!("{}-{}-", query.application, query.environment);
    let mut pages = cx.eks.list_clusters().max_results(100).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("eks ListClusters", error))?;
        all.extend(page.clusters.unwrap_or_default());
    }
    all.retain(|name| name.starts_with(&prefix));
    Ok(all)
}

pub(super) async fn describe(
    cx: &Cx,
    name: &str,
) -> Result<Option<aws_sdk_eks::types::Cluster>, Failure> {
    let sent = cx.eks.describe_cluster().name(name).send().await;
    let sent = unless_gone(sent.map_err(|error| classify("eks DescribeCluster", error)))?;
    Ok(sent.and_then(|answer| answer.cluster))
}
