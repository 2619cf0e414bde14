//! VPC Lattice as an environment's mesh: one service network, and in it for each service that has a port a target group, a
//! service of Lattice with a listener, and its routes as rules. No proxy stands in a task, so a route never changes one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Context;
use super::environment::all_traffic;
use super::network::Network;
use crate::engine::{
    Address, Desired, Failure, Handle, Identity, Input, Observation, Owner, Spec as _, Wait,
};
use crate::manifest::ServiceManifest;
use crate::manifest::mesh::{
    MeshAuth, MeshHealthCheck, MeshProtocol, PathMatch as Path, Route, RouteMatch, ServiceMesh,
};
use crate::manifest::service::RoleSource;
use crate::resources::Resource as _;
use crate::resources::ec2::{Direction, Peer, SecurityGroupId, SecurityGroupRule, VpcId};
use crate::resources::ecs::service::LatticeTargets;
use crate::resources::iam::{Role, RoleArn};
use crate::resources::vpclattice::{
    AccessLogSubscription, Action, Forward, HeaderMatch, HealthCheck, HttpMatch, Listener,
    PathMatch, Rule, Service, ServiceNetwork, ServiceNetworkId, ServiceNetworkServiceAssociation,
    ServiceNetworkVpcAssociation, TargetGroup, TextMatch,
};

/// Where callers find every service.
const PORT: i32 = 80;
/// Priorities that routes may give themselves; those that give none come after.
const OWN_PRIORITIES: i32 = 1001;

/// What a service is planned in.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) live: &'a Observation,
}

impl Around<'_> {
    /// An output of another service: what is to be, or, where this run does not plan that service, what is.
    fn of_service<T: for<'de> serde::Deserialize<'de>>(
        &self,
        service: &str,
        kind: &str,
        field: &str,
        planned: Input<T>,
    ) -> Input<T> {
        if self.context.services.contains(service) {
            return planned;
        }
        let address = Address::new(kind, service);
        let found = self.live.at(&address).next();
        let value = found.and_then(|live| T::deserialize(&live.outputs[field]).ok());
        value.map_or(planned, Input::Known)
    }
}

/// What services refer to.
#[derive(Debug)]
pub(super) struct Lattice {
    network: Input<ServiceNetworkId>,
    /// ECS registers tasks in it.
    role: Input<RoleArn>,
    vpc: Input<VpcId>,
}

/// Plans the network, what is in it of the environment, and the role in which ECS registers tasks; nothing without Lattice.
pub(super) fn environment(
    desired: &mut Desired,
    context: &Context<'_>,
    network: &Network,
    group: &Input<SecurityGroupId>,
) -> Result<Option<Lattice>, Failure> {
    let Some(id) = self::network(desired, context, network, group)? else { return Ok(None) };
    let role = Role {
        description: "Lets ECS register tasks with VPC Lattice".to_owned(),
        assume_policy: json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "ecs.amazonaws.com" },
                "Action": "sts:AssumeRole",
            }],
        }),
        managed_policies: vec![format!(
            "arn:{}:iam::aws:policy/AmazonECSInfrastructureRolePolicyForVpcLattice",
            context.partition
        )],
        tags: context.tags()?,
        ..Role::default()
    };
    let role = desired.add(&Owner::Environment, "lattice", &role)?.arn();
    Ok(Some(Lattice { network: id, role, vpc: network.vpc.clone() }))
}

/// Plans the network, who is in it, what is logged, and that it reaches what has this security group; nothing without Lattice.
pub(super) fn network(
    desired: &mut Desired,
    context: &Context<'_>,
    network: &Network,
    group: &Input<SecurityGroupId>,
) -> Result<Option<Input<ServiceNetworkId>>, Failure> {
    let manifest = context.manifest()?;
    let Some(mesh) = manifest.lattice() else { return Ok(None) };
    let owner = Owner::Environment;
    let iam = mesh.auth == Some(MeshAuth::Iam);
    let planned = ServiceNetwork {
        auth_type: auth_type(iam),
        policy: iam.then(|| of_account(context)),
        tags: context.tags()?,
    };
    let handle = desired.add(&owner, "main", &planned)?;
    let association = ServiceNetworkVpcAssociation {
        network: handle.id(),
        vpc: network.vpc.clone(),
        security_groups: Vec::new(),
        private_dns: None,
        tags: context.tags()?,
    };
    desired.add(&owner, "main", &association)?;
    if let Some(destination) = &mesh.access_logs {
        let logs = AccessLogSubscription {
            resource: handle.arn(),
            destination: destination.trim_end_matches(":*").to_owned().into(),
            log_type: Some("SERVICE".to_owned()),
            tags: context.tags()?,
        };
        desired.add(&owner, "main", &logs)?;
    }
    let list = context.surroundings.lattice_prefix_list()?;
    let mut sides = vec![(Direction::Ingress, "from", "Requests come from VPC Lattice")];
    if !manifest.network.security_group.egress.is_empty() {
        sides.push((Direction::Egress, "to", "Services call each other through VPC Lattice"));
    }
    for (direction, word, description) in sides {
        let rule = SecurityGroupRule {
            protocol: "tcp".to_owned(),
            from_port: 0,
            to_port: 65_535,
            description: description.to_owned(),
            tags: context.tags()?,
            ..all_traffic(group, direction, Peer::PrefixList(list.to_owned()))
        };
        desired.add(&owner, format!("environment-{word}-lattice"), &rule)?;
    }
    Ok(Some(handle.id()))
}

fn auth_type(iam: bool) -> String {
    if iam { "AWS_IAM" } else { "NONE" }.to_owned()
}

/// Whoever signs as one of the account may come into the network: each service says who may call it.
fn of_account(context: &Context<'_>) -> Value {
    allowed("aws:PrincipalAccount", json!(context.account))
}

/// Who bears one of these values may call. Values need not exist yet, as principals would.
pub(super) fn allowed(key: &str, values: Value) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": "*",
            "Action": "vpc-lattice-svcs:Invoke",
            "Resource": "*",
            "Condition": { "StringEquals": { key: values } },
        }],
    })
}

/// The service's part and port in Lattice, if others can call it.
fn part<'a>(
    context: &'a Context<'_>,
    service: &'a ServiceManifest,
) -> Result<Option<(&'a ServiceMesh, i32)>, Failure> {
    let mesh = service.in_lattice(context.manifest()?);
    Ok(mesh.and_then(|mesh| Some((mesh, service.mesh_port(&mesh.main)?.into()))))
}

/// The main container's port that others call, and the name that it has then.
pub(super) fn port(
    context: &Context<'_>,
    service: &ServiceManifest,
) -> Result<Option<(i32, String)>, Failure> {
    let Some((_, port)) = part(context, service)? else { return Ok(None) };
    Ok(Some((port, port_name(context, service, port)?)))
}

/// Plans what leads to the service's tasks. Returns the target groups that its ECS service joins, by the port's name.
pub(super) fn service(
    desired: &mut Desired,
    around: Around<'_>,
    lattice: Option<&Lattice>,
    service: &ServiceManifest,
) -> Result<BTreeMap<String, LatticeTargets>, Failure> {
    let context = around.context;
    let (Some(lattice), Some((mesh, port))) = (lattice, part(context, service)?) else {
        return Ok(BTreeMap::new());
    };
    let (owner, name) = (super::owner(service), &service.name);
    let version = match mesh.main.protocol {
        MeshProtocol::Http | MeshProtocol::Tcp => "HTTP1",
        MeshProtocol::Http2 => "HTTP2",
        MeshProtocol::Grpc => "GRPC",
    };
    let group = TargetGroup {
        protocol_version: Some(version.to_owned()),
        health_check: Some(health_check(mesh.main.healthcheck.as_ref(), version)),
        tags: context.tags()?,
        ..TargetGroup::http(lattice.vpc.clone(), port)
    };
    let group = desired.add(&owner, name, &group)?;
    let iam = context.manifest()?.lattice().is_some_and(|mesh| mesh.auth == Some(MeshAuth::Iam));
    let callers = if iam { callers(context, service)? } else { Vec::new() };
    let idle = mesh.main.timeout.idle.map_or(60, super::task::seconds);
    let planned = Service {
        auth_type: auth_type(iam),
        policy: (!callers.is_empty()).then(|| allowed("aws:PrincipalArn", json!(callers))),
        idle_timeout: idle,
        tags: context.tags()?,
        ..Service::default()
    };
    let planned = desired.add(&owner, name, &planned)?;
    let association = ServiceNetworkServiceAssociation {
        network: lattice.network.clone(),
        service: planned.id().when_ready(),
        tags: context.tags()?,
    };
    desired.add(&owner, name, &association)?;
    // What no route is for goes nowhere, unless there are none.
    let fallback = mesh.routes.iter().find(|route| is_for_all(&route.matches));
    let default_action = match fallback {
        Some(route) => forward(&around, &route.to),
        None if mesh.routes.is_empty() => forward(&around, &BTreeMap::from([(name.clone(), 100)])),
        None => Action::FixedResponse(404),
    };
    let listener = Listener {
        service: planned.id().when_ready(),
        protocol: "HTTP".to_owned(),
        port: PORT,
        default_action,
        tags: context.tags()?,
    };
    let listener = desired.add(&owner, name, &listener)?;
    let routes = mesh.routes.iter().enumerate().filter(|(_, route)| !is_for_all(&route.matches));
    for (index, route) in routes {
        let place = i32::try_from(index + 1).unwrap_or(i32::MAX);
        let own = route.priority.map(|priority| super::task::integer(priority) + 1);
        let rule = Rule {
            service: planned.id().when_ready(),
            listener: listener.id(),
            priority: own.unwrap_or(OWN_PRIORITIES + place),
            matching: matching(&route.matches),
            action: forward(&around, &route.to),
            tags: context.tags()?,
        };
        desired.add(&owner, rule_name(name, index, route), &rule)?;
    }
    // What calls it finds it once it is in the network.
    let targets =
        LatticeTargets { target_group: group.arn().when_ready(), role: lattice.role.clone() };
    Ok(BTreeMap::from([(port_name(context, service, port)?, targets)]))
}

/// A port has one name, whoever knows it.
fn port_name(
    context: &Context<'_>,
    service: &ServiceManifest,
    port: i32,
) -> Result<String, Failure> {
    let connected = service.is_connected_in(Some(context.manifest()?));
    let known = service
        .endpoints()
        .into_iter()
        .find(|one| connected && one.container == service.name && i32::from(one.port) == port);
    Ok(known.map_or_else(|| "lattice".to_owned(), |endpoint| endpoint.name.clone()))
}

fn rule_name(service: &str, index: usize, route: &Route) -> String {
    match &route.name {
        Some(name) => format!("{service}/{name}"),
        None => format!("{service}/{}", index + 1),
    }
}

/// Its tasks call through the network, so they start when the way is there.
pub(super) fn order(
    desired: &mut Desired,
    context: &Context<'_>,
    lattice: Option<&Lattice>,
    service: &ServiceManifest,
    ecs: &Address,
) -> Result<(), Failure> {
    let mesh = service.in_lattice(context.manifest()?);
    if lattice.is_some() && mesh.is_some_and(|mesh| !mesh.calls.is_empty()) {
        let network = Address::new(ServiceNetworkVpcAssociation::KIND, "main");
        desired.order(ecs, &network, Wait::Ready);
    }
    Ok(())
}

/// Whom the service calls, as its containers are told: host names by variable.
pub(super) fn variables(
    around: Around<'_>,
    service: &ServiceManifest,
) -> Result<BTreeMap<String, Input<String>>, Failure> {
    let mesh = service.in_lattice(around.context.manifest()?);
    let Some(mesh) = mesh else { return Ok(BTreeMap::new()) };
    let one = |name: &str| {
        let planned = Handle::<Service>::new(name).dns_name();
        let host = around.of_service(name, Service::KIND, "dns_name", planned);
        (variable_of(name), host)
    };
    Ok(mesh.calls.iter().map(|call| one(&call.name)).collect())
}

/// The variable in which a caller finds the host name of a service.
pub(super) fn variable_of(service: &str) -> String {
    format!("SHIPIT_MESH_{}", service.to_ascii_uppercase().replace('-', "_"))
}

/// What a service's tasks must be allowed to call others where callers sign.
pub(super) fn invoke_policy(
    context: &Context<'_>,
    service: &ServiceManifest,
) -> Result<Option<Value>, Failure> {
    let manifest = context.manifest()?;
    let iam = manifest.lattice().is_some_and(|mesh| mesh.auth == Some(MeshAuth::Iam));
    let calls = service.in_lattice(manifest).is_some_and(|mesh| !mesh.calls.is_empty());
    Ok((iam && calls).then(|| {
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Action": "vpc-lattice-svcs:Invoke",
                // Which of them, each service says itself.
                "Resource": context.arn("vpc-lattice", "service/*"),
            }],
        })
    }))
}

/// The roles of the services that say they call this one.
pub(super) fn callers(
    context: &Context<'_>,
    service: &ServiceManifest,
) -> Result<Vec<String>, Failure> {
    let manifest = context.manifest()?;
    let mut roles = Vec::new();
    for other in &context.workspace.services {
        let Ok(other) = context.workspace.service_in(&other.name, context.environment) else {
            continue;
        };
        let Some(mesh) = other.in_lattice(manifest) else { continue };
        if mesh.calls.iter().any(|call| call.name == service.name) {
            roles.push(task_role(context, &other));
        }
    }
    roles.sort();
    Ok(roles)
}

/// The ARN that a service's task role has or will have.
fn task_role(context: &Context<'_>, service: &ServiceManifest) -> String {
    if let RoleSource::Existing(arn) = &service.iam.task_role {
        return arn.clone();
    }
    let identity = Identity {
        application: context.application().to_owned(),
        environment: context.environment.to_owned(),
        owner: super::owner(service),
        address: Address::new(Role::KIND, format!("{}/task", service.name)),
        generation: 1,
        run: String::new(),
    };
    let name = Role::name(&identity).unwrap_or_default();
    format!("arn:{}:iam::{}:role{name}", context.partition, context.account)
}

/// Shares as weights; target groups of services, wherever their manifests are.
fn forward(around: &Around<'_>, to: &BTreeMap<String, u32>) -> Action {
    let one = |(name, share): (&String, &u32)| {
        let planned = Handle::<TargetGroup>::new(name).id().when_ready();
        Forward {
            target_group: around.of_service(name, TargetGroup::KIND, "id", planned),
            weight: super::task::integer(*share),
        }
    };
    Action::Forward(to.iter().map(one).collect())
}

pub(super) fn is_for_all(matches: &RouteMatch) -> bool {
    let request = &matches.request;
    let everywhere = match &request.path {
        None => true,
        Some(Path::Prefix(prefix)) => prefix == "/",
        Some(_) => false,
    };
    everywhere && request.method.is_none() && request.headers.is_empty()
}

/// What manifests may say that Lattice cannot look at was refused before.
fn matching(matches: &RouteMatch) -> HttpMatch {
    let request = &matches.request;
    let path = request.path.as_ref().and_then(|path| {
        let value = match path {
            Path::Prefix(prefix) => TextMatch::Prefix(prefix.clone()),
            Path::Exact(path) => TextMatch::Exact(path.clone()),
            Path::Regex(_) => return None,
        };
        Some(PathMatch { value, case_sensitive: true })
    });
    let headers = request.headers.iter().filter_map(|(name, value)| {
        let value = match (&value.exact, &value.prefix) {
            (Some(exact), _) => TextMatch::Exact(exact.clone()),
            (None, Some(prefix)) => TextMatch::Prefix(prefix.clone()),
            (None, None) => return None,
        };
        Some(HeaderMatch { name: name.clone(), value, case_sensitive: true })
    });
    HttpMatch {
        method: request.method.as_ref().map(|method| method.to_ascii_uppercase()),
        path,
        headers: headers.collect(),
    }
}

/// As the manifest says, or a look at `/`; gRPC is looked at only where the manifest says how.
pub(super) fn health_check(check: Option<&MeshHealthCheck>, version: &str) -> HealthCheck {
    let plain = HealthCheck { healthy_threshold: 2, ..HealthCheck::default_for(version) };
    let Some(check) = check else { return plain };
    let spoken = match check.protocol {
        Some(MeshProtocol::Http2) => "HTTP2",
        None if version == "HTTP2" => "HTTP2",
        _ => "HTTP1",
    };
    HealthCheck {
        enabled: true,
        protocol_version: spoken.to_owned(),
        path: check.path.clone().unwrap_or_else(|| "/".to_owned()),
        port: check.port.map(i32::from),
        interval: super::task::seconds(check.interval),
        timeout: super::task::seconds(check.timeout),
        healthy_threshold: super::task::integer(check.healthy_threshold),
        unhealthy_threshold: super::task::integer(check.unhealthy_threshold),
        ..plain
    }
}
