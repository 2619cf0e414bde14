//! `kind: environment`: a network, a cluster and what its services share.

mod access_logs;
mod capacity;
mod cluster;
mod discovery;
pub mod endpoints;
pub mod kubernetes;
mod network;
mod review;

use std::collections::BTreeMap;

pub use access_logs::{AccessLogs, LogBucket};
pub(crate) use capacity::is_arm;
pub use capacity::{Bounds, Capacity, Ec2Capacity, ImageFamily, ManagedCapacity, Side};
pub use cluster::{Cluster, ClusterType, ContainerInsights, Observability};
pub use discovery::{Discovery, ExternalInstance, ExternalName, NamespaceKind};
pub use kubernetes::Kubernetes;
pub(crate) use network::{DEFAULT_CIDR, SecurityGroupId, SubnetId, SubnetMap, VpcMap};
pub use network::{
    FlowLogs, ImportedVpc, Nat, Network, OwnVpc, Protocol, SecurityGroupRule, SecurityGroupRules,
    Subnet, Vpc, Zones,
};
pub use review::Review;

use super::cidr::Range;
use super::mesh::{Mesh, MeshShape};
use super::patch::Patch;
use super::read::{Account, AnyAddresses, Arn, Name, Region, RetentionDays, Text, choice, record};

choice! {
    /// Which kind of manifest this is.
    pub enum EnvironmentKind {
        /// The only one.
        Environment = "environment",
    }
}

record! {
    /// An environment: one place to run services, with its own network and cluster.
    pub struct EnvironmentFile {
        /// `environment`.
        kind: EnvironmentKind,
        /// The environment's name, the same as the file's.
        name: String as Name,
        /// The AWS region; the application's when left out.
        region: Option<String> as Option<Region>,
        /// The AWS account; the application's when left out. A run against another account is refused.
        account: Option<String> as Option<Account>,
        /// The profile of the AWS configuration files to get there with.
        profile: Option<String>,
        /// The ARN of a role to assume on the way there.
        role: Option<String> as Option<Arn>,
        /// Tags for everything in this environment, besides the application's.
        tags: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// Whether to ask for the environment's name (`--confirm NAME`) before anything in it is deleted or
        /// replaced. A tag on the cluster says it to other checkouts, too.
        protect: bool = false,
        /// Environments that are made from this manifest without one of their own, such as those of pull requests, and how long
        /// they live.
        review: Option<Review>,
        /// The VPC: one of its own, or an existing one.
        network: Network = Network::default(),
        /// What runs the containers.
        cluster: Cluster = Cluster::default(),
        /// Names under which services find each other (Cloud Map).
        discovery: Discovery = Discovery::default(),
        /// What carries the calls between services: `app-mesh`, `lattice`, `service-connect`, or a map; none when left out.
        mesh: Option<Mesh> as Option<MeshShape>,
        /// What is measured.
        observability: Observability = Observability::default(),
        /// What services log, unless they say otherwise.
        logging: EnvironmentLogging = EnvironmentLogging::default(),
        /// The load balancers that the services share.
        http: EnvironmentHttp = EnvironmentHttp::default(),
        /// Changes of planned resources of the environment, for what has no key.
        patches: Vec<Patch>,
    }
}

/// A checked environment.
pub type Environment = EnvironmentFile;

record! {
    /// What services log, unless they say otherwise.
    #[derive(Default)]
    pub struct EnvironmentLogging {
        /// Days to keep log lines; 30 when left out.
        retention: Option<u32> as Option<RetentionDays>,
    }
}

record! {
    /// The load balancers that the services of an environment share. Each is made when the first service needs it.
    #[derive(Default)]
    pub struct EnvironmentHttp {
        /// The internet-facing load balancer, for `Load Balanced Web Service`.
        public: PublicHttp = PublicHttp::default(),
        /// The internal load balancer, for `Backend Service` with `http`.
        private: PrivateHttp = PrivateHttp::default(),
    }
}

record! {
    /// The internet-facing load balancer.
    #[derive(Default)]
    pub struct PublicHttp {
        /// ARNs of ACM certificates; with at least one the load balancer listens on HTTPS too.
        certificates: Vec<String> as Vec<Arn>,
        /// Where requests are logged: `true` for a bucket of the environment's own, or its `retention` and `prefix`;
        /// `bucket_name` for one that exists.
        access_logs: Option<AccessLogs> as Option<AccessLogs>,
        /// Who may connect.
        ingress: PublicIngress = PublicIngress::default(),
        /// Copilot's old place for `ingress`.
        security_groups: PublicSecurityGroups = PublicSecurityGroups::default(),
        /// The name or ARN of an application load balancer that exists, for all services that name none
        /// (`http.alb`).
        alb: Option<String>,
        /// The TLS security policy, such as `ELBSecurityPolicy-TLS13-1-2-2021-06`.
        ssl_policy: Option<String>,
    }
}

record! {
    /// Who may connect to the internet-facing load balancer.
    #[derive(Default)]
    pub struct PublicIngress {
        /// Ranges that may connect; everyone when left out.
        source_ips: Vec<Range> as Vec<AnyAddresses>,
    }
}

record! {
    /// The internal load balancer.
    #[derive(Default)]
    pub struct PrivateHttp {
        /// ARNs of ACM certificates; with at least one the load balancer listens on HTTPS too.
        certificates: Vec<String> as Vec<Arn>,
        /// Ids of the subnets to stand in; the private ones when left out.
        subnets: Vec<String> as Vec<SubnetId>,
        /// Who may connect, besides the environment's services.
        ingress: PrivateIngress = PrivateIngress::default(),
        /// Copilot's old place for `ingress`.
        security_groups: PrivateSecurityGroups = PrivateSecurityGroups::default(),
        /// The TLS security policy.
        ssl_policy: Option<String>,
    }
}

record! {
    /// Who may connect to the internal load balancer.
    #[derive(Default)]
    pub struct PrivateIngress {
        /// Whether anything in the VPC may connect.
        vpc: bool = false,
        /// The same, as Copilot's templates spell it.
        from_vpc: bool = false,
    }
}

record! {
    /// Copilot's old place for `ingress`.
    #[derive(Default)]
    pub struct PublicSecurityGroups {
        /// Who may connect.
        ingress: OldPublicIngress = OldPublicIngress::default(),
    }
}

record! {
    /// Who may connect.
    #[derive(Default)]
    pub struct OldPublicIngress {
        /// Who may connect.
        restrict_to: RestrictTo = RestrictTo::default(),
    }
}

record! {
    /// Who may connect.
    #[derive(Default)]
    pub struct RestrictTo {
        /// Ranges that may connect; everyone when left out.
        source_ips: Vec<Range> as Vec<AnyAddresses>,
    }
}

record! {
    /// Copilot's old place for `ingress`.
    #[derive(Default)]
    pub struct PrivateSecurityGroups {
        /// Who may connect.
        ingress: OldPrivateIngress = OldPrivateIngress::default(),
    }
}

record! {
    /// Who may connect.
    #[derive(Default)]
    pub struct OldPrivateIngress {
        /// Whether anything in the VPC may connect.
        from_vpc: bool = false,
    }
}

impl PublicHttp {
    /// The ranges that may connect, wherever they are written; none for everyone.
    pub fn sources(&self) -> impl Iterator<Item = &Range> {
        self.ingress.source_ips.iter().chain(&self.security_groups.ingress.restrict_to.source_ips)
    }
}

impl PrivateHttp {
    /// Whether anything in the VPC may connect, wherever it is written.
    pub fn from_vpc(&self) -> bool {
        self.ingress.vpc || self.ingress.from_vpc || self.security_groups.ingress.from_vpc
    }
}
