//! An environment's cluster where it is EKS: the control plane's settings. What runs pods is in `nodes`, who may do what in
//! `access`, what is installed in `addons`.

mod access;
mod addons;
mod namespace;
mod nodes;

use std::collections::BTreeMap;

pub use access::{Access, PodIdentity, PrincipalType};
pub use addons::{
    Ack, Addon, ArgoCd, Capabilities, CapabilityRole, Conflicts, IdentityCenter, RoleMappings,
};
pub use namespace::OfNamespace;
pub(crate) use nodes::{Extra, extra};
pub use nodes::{
    FargateProfile, ImageOfNodes, NodeGroup, NodePool, NodeUpdate, Selector, Taint, TaintEffect,
    UpdateStrategy,
};

use super::network::SecurityGroupId;
use crate::manifest::cidr::{Cidr, Range};
use crate::manifest::read::{Addresses, AnyAddresses, Arn, Read, Reader, choice, notation, record};
use crate::manifest::yaml::{Node, Value};
use addons::AddonShape;

record! {
    /// A cluster of EKS: all keys of `cluster` that go with `type: eks`.
    pub struct Kubernetes {
        /// EKS: Kubernetes' version, such as `"1.35"`. Left out, EKS's default for a new cluster, and later the one that the
        /// cluster has. A higher one upgrades the cluster, its add-ons and node groups, one minor version at a time.
        version: Option<String> as Option<KubernetesVersion>,
        /// EKS: whether an upgrade goes on although EKS's insights say that something will not work afterwards.
        upgrade_despite_insights: bool = false,
        /// EKS: whether EKS runs nodes, disks and load balancers itself (Auto Mode). Left out: yes, unless there are node
        /// groups or Fargate profiles.
        auto_mode: Option<bool>,
        /// EKS: which pools of nodes Auto Mode has; both when left out, none with `[]`.
        node_pools: Option<Vec<NodePool>>,
        /// EKS: whether Auto Mode installs the definitions of Kubernetes' Gateway API.
        gateway_api: Option<bool>,
        /// EKS: groups of EC2 instances that EKS manages, by name.
        node_groups: BTreeMap<String, NodeGroup>,
        /// EKS: which pods run on Fargate, by the profile's name.
        fargate_profiles: BTreeMap<String, FargateProfile>,
        /// EKS: who may do what in the cluster, by a name of yours.
        access: BTreeMap<String, Access>,
        /// EKS: which role the pods of a service account have, by a name of yours.
        pod_identities: BTreeMap<String, PodIdentity>,
        /// EKS: what EKS installs in the cluster, by the add-on's name: its version, `true`, `false` for one that would be there
        /// by itself, or a map.
        addons: BTreeMap<String, Option<Addon>> as BTreeMap<String, AddonShape>,
        /// EKS: Argo CD, ACK and KRO, run by EKS outside the cluster.
        capabilities: Capabilities = Capabilities::default(),
        /// EKS: the namespace that the services are in.
        namespace: OfNamespace = OfNamespace::default(),
        /// EKS: who reaches the API server.
        endpoint: ClusterEndpoint = ClusterEndpoint::default(),
        /// EKS: which logs of the control plane go to CloudWatch: a list, or `all`.
        control_plane_logs: Vec<LogType> as LogTypes = Vec::<LogType>::new(),
        /// EKS: the ARN of a KMS key that encrypts what Kubernetes stores, besides AWS's own. Once set, it stays.
        encryption_key: Option<String> as Option<Arn>,
        /// EKS: what happens when the version's standard support ends: `standard` lets AWS upgrade, `extended` costs extra.
        support: Support = Support::Standard,
        /// EKS: whether traffic may be moved out of a zone that fares badly.
        zonal_shift: bool = false,
        /// EKS: the control plane's size. All above `standard` cost extra.
        tier: Tier = Tier::Standard,
        /// EKS: the addresses of pods and services. It cannot be changed.
        ip_family: IpFamily = IpFamily::Ipv4,
        /// EKS: the range of services' addresses; 172.20.0.0/16 when left out. It cannot be changed.
        service_cidr: Option<Cidr> as Option<Addresses>,
        /// EKS: ids of further security groups for the control plane; EKS makes one itself.
        security_groups: Vec<String> as Vec<SecurityGroupId>,
    }
}

impl Default for Kubernetes {
    fn default() -> Self {
        Self {
            version: None,
            upgrade_despite_insights: false,
            auto_mode: None,
            node_pools: None,
            gateway_api: None,
            node_groups: BTreeMap::new(),
            fargate_profiles: BTreeMap::new(),
            access: BTreeMap::new(),
            pod_identities: BTreeMap::new(),
            addons: BTreeMap::new(),
            capabilities: Capabilities::default(),
            namespace: OfNamespace::default(),
            endpoint: ClusterEndpoint::default(),
            control_plane_logs: Vec::new(),
            encryption_key: None,
            support: Support::Standard,
            zonal_shift: false,
            tier: Tier::Standard,
            ip_family: IpFamily::Ipv4,
            service_cidr: None,
            security_groups: Vec::new(),
        }
    }
}

/// What pods need that run on nodes without Auto Mode; add-ons that are there unless the manifest says `false`.
const OF_NODES: [&str; 4] = ["coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"];
/// What pods need where all of them run on Fargate.
const OF_FARGATE: [&str; 1] = ["coredns"];

impl Kubernetes {
    /// Does EKS run nodes, disks and load balancers itself?
    pub fn auto_mode(&self) -> bool {
        self.auto_mode.unwrap_or(self.node_groups.is_empty() && self.fargate_profiles.is_empty())
    }

    /// The pools of Auto Mode; none without it.
    pub fn node_pools(&self) -> Vec<NodePool> {
        let all = || vec![NodePool::GeneralPurpose, NodePool::System];
        match self.auto_mode() {
            true => self.node_pools.clone().unwrap_or_else(all),
            false => Vec::new(),
        }
    }

    /// Do pods run on Fargate and nowhere else?
    pub fn only_fargate(&self) -> bool {
        !self.auto_mode() && self.node_groups.is_empty()
    }

    /// The add-ons that are wanted: those of the manifest, and those without which pods would not run.
    pub fn addons(&self) -> BTreeMap<String, Addon> {
        let usual: &[&str] = match () {
            () if self.auto_mode() => &[],
            () if self.only_fargate() => &OF_FARGATE,
            () => &OF_NODES,
        };
        let usual = usual.iter().map(|name| ((*name).to_owned(), Some(Addon::default())));
        let mut all: BTreeMap<String, Option<Addon>> = usual.collect();
        all.extend(self.addons.clone());
        all.into_iter().filter_map(|(name, addon)| Some((name, addon?))).collect()
    }
}

record! {
    /// Who reaches the API server.
    pub struct ClusterEndpoint {
        /// Whether it is reached from outside the VPC.
        public: bool = true,
        /// Whether it is reached from inside the VPC, without the internet.
        private: bool = true,
        /// The ranges outside from which it is reached; everywhere when left out.
        source_ips: Vec<Range> as Vec<AnyAddresses>,
    }
}

impl Default for ClusterEndpoint {
    fn default() -> Self {
        Self { public: true, private: true, source_ips: Vec::new() }
    }
}

choice! {
    /// One of the control plane's logs.
    pub enum LogType {
        /// The API server's.
        Api = "api",
        /// Who did what.
        Audit = "audit",
        /// Who was let in.
        Authenticator = "authenticator",
        /// The controllers'.
        ControllerManager = "controller-manager",
        /// The scheduler's.
        Scheduler = "scheduler",
    }
}

impl LogType {
    const ALL: [Self; 5] =
        [Self::Api, Self::Audit, Self::Authenticator, Self::ControllerManager, Self::Scheduler];
}

/// `all`, or a list.
#[derive(Debug)]
pub(crate) struct LogTypes;

impl schemars::JsonSchema for LogTypes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LogTypes".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        crate::manifest::schema::either([
            schemars::json_schema!({ "const": "all" }),
            crate::manifest::schema::part::<Vec<LogType>>(generator),
        ])
    }
}

impl Read for LogTypes {
    type Value = Vec<LogType>;

    fn read(node: &Node, reader: &mut Reader) -> Option<Vec<LogType>> {
        match &node.value {
            Value::Sequence(_) => Vec::<LogType>::read(node, reader),
            _ if node.text() == Some("all") => Some(LogType::ALL.to_vec()),
            _ => reader.wrong(node, "`all`, or a list such as `[audit, authenticator]`"),
        }
    }
}

choice! {
    /// What happens when a version's standard support ends.
    pub enum Support {
        /// AWS upgrades the cluster.
        Standard = "standard",
        /// The version stays for another year, for a price.
        Extended = "extended",
    }
}

choice! {
    /// The control plane's size.
    pub enum Tier {
        /// As AWS scales it by itself.
        Standard = "standard",
        /// Always as large as this.
        Xl = "xl",
        /// Always as large as this.
        TwoXl = "2xl",
        /// Always as large as this.
        FourXl = "4xl",
        /// Always as large as this.
        EightXl = "8xl",
    }
}

choice! {
    /// The addresses of pods and services.
    pub enum IpFamily {
        /// IPv4.
        Ipv4 = "ipv4",
        /// IPv6.
        Ipv6 = "ipv6",
    }
}

notation! {
    /// A minor version of Kubernetes.
    KubernetesVersion as String,
    { "type": ["string", "number"], "pattern": "^1\\.[0-9]{1,2}$", "examples": ["1.35"] },
    |node, reader| {
        let expected = "a minor version of Kubernetes such as `\"1.35\"`";
        let text = &reader.text(node, expected)?.text;
        let minor = text.strip_prefix("1.").filter(|minor| (1..=2).contains(&minor.len()));
        match minor.is_some_and(|minor| minor.bytes().all(|byte| byte.is_ascii_digit())) {
            true => Some(text.clone()),
            false => reader.wrong(node, expected),
        }
    }
}
