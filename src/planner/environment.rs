//! What belongs to the environment: network, security group, cluster, namespace, load balancers.

use super::Context;
use super::app_mesh;
use super::capacity::{self, Providers};
use super::lattice::{self, Lattice};
use super::names;
use super::needs::{FROM_BALANCER, Needs};
use super::network::{self, Network};
use super::storage::{self, Files};
use super::{discovery, endpoints, load_balancer};
use crate::engine::{Address, Desired, Failure, Input, Owner};
use crate::manifest::environment::{
    ContainerInsights, NamespaceKind, Protocol, SecurityGroupRule as Written,
};
use crate::manifest::service::Placement;
use crate::resources::acm::CertificateArn;
use crate::resources::appmesh::MeshName;
use crate::resources::ec2::{Direction, Peer, SecurityGroup, SecurityGroupId, SecurityGroupRule};
use crate::resources::ecs::{CapacityProviderStrategyItem, Cluster, ClusterArn, ClusterName};
use crate::resources::elbv2::ListenerArn;
use crate::resources::route53::HostedZoneId;
use crate::resources::servicediscovery::{NamespaceArn, NamespaceId};

/// What services refer to.
#[derive(Debug)]
pub(super) struct Shared {
    /// The VPC and its subnets.
    pub(super) network: Network,
    /// All services are in it, unless they say otherwise; its members reach each other.
    pub(super) security_group: Input<SecurityGroupId>,
    /// The cluster.
    pub(super) cluster: Input<ClusterName>,
    /// The same, by its ARN.
    pub(super) cluster_arn: Input<ClusterArn>,
    /// Capacity of its own, by name.
    pub(super) providers: Providers,
    /// The Cloud Map namespace, where there is one.
    pub(super) namespace: Option<SharedNamespace>,
    /// The App Mesh mesh, where there is one.
    pub(super) mesh: Option<Input<MeshName>>,
    /// The internet-facing load balancer, where a service needs one.
    pub(super) public: Option<Balancer>,
    /// The internal load balancer, where a service needs one.
    pub(super) private: Option<Balancer>,
    /// The private zone of the names behind that.
    pub(super) internal_zone: Option<Input<HostedZoneId>>,
    /// The file system, where a service needs one.
    pub(super) files: Option<Files>,
    /// The environment's certificate, where the application has a domain.
    pub(super) certificate: Option<Input<CertificateArn>>,
    /// The network of VPC Lattice, where that is the mesh.
    pub(super) lattice: Option<Lattice>,
}

/// The Cloud Map namespace.
#[derive(Debug)]
pub(super) struct SharedNamespace {
    /// Its id.
    pub(super) id: Input<NamespaceId>,
    /// Its ARN.
    pub(super) arn: Input<String>,
    /// The same, as clusters take it.
    pub(super) for_cluster: Input<NamespaceArn>,
    /// `test.demo.local`.
    pub(super) name: String,
    /// Who knows its names.
    pub(super) kind: NamespaceKind,
}

/// A load balancer and its listeners.
#[derive(Clone, Debug)]
pub(super) struct Balancer {
    /// `app/NAME/ID`.
    pub(super) full_name: Input<String>,
    /// Where clients reach it.
    pub(super) dns_name: Input<String>,
    /// The zone of that name.
    pub(super) zone: Input<String>,
    /// The listener on port 80; there is this one or the other.
    pub(super) http: Option<Input<ListenerArn>>,
    /// The listener on port 443, where there are certificates.
    pub(super) https: Option<Input<ListenerArn>>,
    /// It is not ours: it gets rules, and nothing else.
    pub(super) foreign: bool,
}

impl Shared {
    /// What must be there before tasks in these subnets can reach the internet.
    pub(super) fn routes(&self, placement: &Placement) -> &[Address] {
        match placement {
            Placement::Public => &self.network.public_routes,
            Placement::Private => &self.network.private_routes,
            Placement::Subnets(_) | Placement::Tagged(_) => &[],
        }
    }
}

/// Plans everything of the environment.
pub(super) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    needs: &Needs,
) -> Result<Shared, Failure> {
    let network = network::plan(desired, context)?;
    if let Some(logs) = &context.manifest()?.network.flow_logs {
        endpoints::flow_log(desired, context, logs, &network.vpc)?;
    }
    let security_group = security_group(desired, context, &network)?;
    let lattice = lattice::environment(desired, context, &network, &security_group)?;
    let namespace = discovery::namespace(desired, context, &network)?;
    let (cluster, cluster_arn) = cluster(desired, context, namespace.as_ref())?;
    let mesh = app_mesh::mesh(desired, context)?;
    let certificate = match needs.certificate || needs.public_load_balancer {
        true => names::environment_certificate(desired, context)?,
        false => None,
    };
    for balancer in &needs.balancer_groups {
        let peer = Peer::Group(Input::Known(balancer.as_str().into()));
        let rule = SecurityGroupRule {
            description: "From a load balancer that exists".to_owned(),
            tags: context.tags()?,
            ..all_traffic(&security_group, Direction::Ingress, peer)
        };
        desired.add(&Owner::Environment, format!("{FROM_BALANCER}{balancer}"), &rule)?;
    }
    let providers = capacity::plan(desired, context, &network, &security_group, &cluster)?;
    let public = needs
        .public_load_balancer
        .then(|| {
            let certificate = certificate.clone();
            load_balancer::public(desired, context, &network, &security_group, certificate)
        })
        .transpose()?;
    let private = needs
        .private_load_balancer
        .then(|| load_balancer::private(desired, context, &network, &security_group))
        .transpose()?;
    let internal_zone = match needs.private_load_balancer {
        true => names::internal_zone(desired, context, &network.vpc)?,
        false => None,
    };
    let files = needs
        .files
        .then(|| storage::files(desired, context, &network, &security_group))
        .transpose()?;
    Ok(Shared {
        network,
        security_group,
        cluster,
        cluster_arn,
        providers,
        namespace,
        mesh,
        public,
        private,
        internal_zone,
        files,
        certificate,
        lattice,
    })
}

fn security_group(
    desired: &mut Desired,
    context: &Context<'_>,
    network: &Network,
) -> Result<Input<SecurityGroupId>, Failure> {
    let owner = Owner::Environment;
    let rules = &context.manifest()?.network.security_group;
    let group = SecurityGroup {
        vpc: network.vpc.clone(),
        description: "Services of the environment".to_owned(),
        // Services reach everything, unless the manifest says what they reach.
        default_egress: rules.egress.is_empty(),
        tags: context.tags()?,
    };
    let group = desired.add(&owner, "environment", &group)?.id();
    let itself = SecurityGroupRule {
        description: "Services reach each other".to_owned(),
        tags: context.tags()?,
        ..all_traffic(&group, Direction::Ingress, Peer::Group(group.clone()))
    };
    desired.add(&owner, "environment-from-itself", &itself)?;
    if network.ipv6 && rules.egress.is_empty() {
        // A group that was made before its VPC had an IPv6 block lets nothing out by it. No description: for a
        // new group EC2 itself makes this rule, without one.
        let everywhere = SecurityGroupRule {
            tags: context.tags()?,
            ..all_traffic(&group, Direction::Egress, Peer::CidrV6("::/0".to_owned()))
        };
        desired.add(&owner, "environment-all-to-::/0", &everywhere)?;
    }
    for rule in &rules.ingress {
        written_rule(desired, context, &group, Direction::Ingress, rule)?;
    }
    for rule in &rules.egress {
        written_rule(desired, context, &group, Direction::Egress, rule)?;
    }
    Ok(group)
}

/// A rule for all protocols and ports, with no description and no tags yet.
pub(super) fn all_traffic(
    group: &Input<SecurityGroupId>,
    direction: Direction,
    peer: Peer,
) -> SecurityGroupRule {
    SecurityGroupRule {
        group: group.clone(),
        direction,
        protocol: "-1".to_owned(),
        from_port: -1,
        to_port: -1,
        peer,
        description: String::new(),
        tags: Default::default(),
    }
}

/// A range of either family as a rule's peer.
pub(super) fn peer(range: &str) -> Peer {
    if range.contains(':') { Peer::CidrV6(range.to_owned()) } else { Peer::Cidr(range.to_owned()) }
}

/// A rule as the manifest writes it. Its name follows from what it says, so that a rule more or less
/// in the list touches no other.
fn written_rule(
    desired: &mut Desired,
    context: &Context<'_>,
    group: &Input<SecurityGroupId>,
    direction: Direction,
    rule: &Written,
) -> Result<(), Failure> {
    let ports = match rule.ip_protocol {
        Protocol::All | Protocol::Icmp => None,
        Protocol::Tcp | Protocol::Udp => rule.ports,
    };
    let ports = ports.map_or((-1, -1), |(from, to)| (i32::from(from), i32::from(to)));
    let (word, protocol) = match rule.ip_protocol {
        Protocol::All => ("all", "-1"),
        Protocol::Icmp => ("icmp", "icmp"),
        Protocol::Tcp => ("tcp", "tcp"),
        Protocol::Udp => ("udp", "udp"),
    };
    let side = match direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    };
    let cidr = rule.cidr.to_string();
    let range = match ports {
        (-1, _) => String::new(),
        (from, to) if from == to => format!("-{from}"),
        (from, to) => format!("-{from}-{to}"),
    };
    let planned = SecurityGroupRule {
        protocol: protocol.to_owned(),
        from_port: ports.0,
        to_port: ports.1,
        tags: context.tags()?,
        ..all_traffic(group, direction, peer(&cidr))
    };
    desired.add(
        &Owner::Environment,
        format!("environment-{word}{range}-{side}-{cidr}"),
        &planned,
    )?;
    Ok(())
}

fn cluster(
    desired: &mut Desired,
    context: &Context<'_>,
    namespace: Option<&SharedNamespace>,
) -> Result<(Input<ClusterName>, Input<ClusterArn>), Failure> {
    let manifest = context.manifest()?;
    if let Some(name) = &manifest.cluster.existing {
        let arn = context.arn("ecs", &format!("cluster/{name}"));
        return Ok((Input::Known(name.as_str().into()), Input::Known(arn.as_str().into())));
    }
    let mut capacity_providers = vec!["FARGATE".to_owned()];
    if manifest.cluster.spot {
        capacity_providers.push("FARGATE_SPOT".to_owned());
    }
    let insights = match manifest.observability.container_insights {
        ContainerInsights::Disabled => "disabled",
        ContainerInsights::Enabled => "enabled",
        ContainerInsights::Enhanced => "enhanced",
    };
    let cluster = Cluster {
        capacity_providers,
        default_capacity_provider_strategy: vec![CapacityProviderStrategyItem::of("FARGATE", 1, 0)],
        container_insights: insights.to_owned(),
        service_connect_namespace: namespace
            .filter(|_| manifest.is_on_service_connect())
            .map(|namespace| namespace.for_cluster.clone()),
        protect: manifest.protect,
        tags: context.tags()?,
        ..Cluster::default()
    };
    // ECS takes no service while capacity providers are being attached.
    let cluster = desired.add(&Owner::Environment, "main", &cluster)?;
    Ok((cluster.name().when_ready(), cluster.arn()))
}
