//! App Mesh: the mesh of an environment, and what each service in it has there.
//!
//! A service is a virtual node and a virtual service of its DNS name. With `routes` a virtual router stands between the two,
//! so that other shares change a route and nothing else. A gateway is a virtual gateway with gateway routes instead. What
//! Envoy needs in a task definition is in `task`; what the parts of a spec look like, in `node` and `routes`.

mod node;
mod routes;
mod task;

use super::Context;
use super::environment::Shared;
use crate::engine::{Address, Desired, Failure, Handle, Identity, Input, Owner, Spec};
use crate::manifest::ServiceManifest;
use crate::manifest::mesh::{
    Egress, IpPreference, Mesh as Written, MeshProtocol, MeshType, ServiceMesh,
};
use crate::resources::Resource;
use crate::resources::appmesh::common::PortMapping;
use crate::resources::appmesh::mesh::{EgressFilter, MeshServiceDiscovery};
use crate::resources::appmesh::virtual_node::{DnsDiscovery, Listener, ServiceDiscovery};
use crate::resources::appmesh::virtual_router::RouterListener;
use crate::resources::appmesh::virtual_service::{NodeProvider, Provider, RouterProvider};
use crate::resources::appmesh::{
    GatewayRoute, Mesh, MeshName, MeshSpec, Route, VirtualGateway, VirtualNode, VirtualNodeName,
    VirtualNodeSpec, VirtualRouter, VirtualRouterSpec, VirtualService, VirtualServiceName,
    VirtualServiceSpec,
};

pub(super) use task::{ENVOY, envoy_policy, into_task};

/// What a task of the mesh stands for.
#[derive(Debug)]
pub(super) enum Role {
    /// A service with Envoy beside it: the ARN of its virtual node.
    Node(Input<String>),
    /// A door into the mesh, which is Envoy itself: the ARN of its virtual gateway.
    Gateway(Input<String>),
}

/// Plans the mesh, and the hosts outside that services may call.
pub(super) fn mesh(
    desired: &mut Desired,
    context: &Context<'_>,
) -> Result<Option<Input<MeshName>>, Failure> {
    let written = context.manifest()?.mesh.as_ref();
    let Some(written) = written.filter(|mesh| mesh.mesh_type == MeshType::AppMesh) else {
        return Ok(None);
    };
    let filter = match written.egress {
        Some(Egress::Mesh) => "DROP_ALL",
        Some(Egress::All) | None => "ALLOW_ALL",
    };
    let preference = written.ip_preference.map(addresses);
    let spec = MeshSpec {
        egress_filter: Some(EgressFilter { r#type: filter.to_owned() }),
        service_discovery: preference
            .map(|preference| MeshServiceDiscovery { ip_preference: Some(preference) }),
    };
    let planned = Mesh { spec, tags: context.tags()? };
    let name = desired.add(&Owner::Environment, "main", &planned)?.name();
    hosts(desired, context, written, &name)?;
    Ok(Some(name))
}

/// A virtual node and a virtual service for each host outside.
fn hosts(
    desired: &mut Desired,
    context: &Context<'_>,
    written: &Written,
    mesh: &Input<MeshName>,
) -> Result<(), Failure> {
    for host in &written.hosts {
        let address = format!("host/{}", host.host.replace('.', "-"));
        let dns = DnsDiscovery {
            hostname: host.host.clone(),
            response_type: Some("LOADBALANCER".to_owned()),
            ip_preference: None,
        };
        let listener = Listener {
            port_mapping: mapping(host.port, host.protocol),
            timeout: None,
            health_check: None,
            outlier_detection: None,
            connection_pool: None,
            tls: None,
        };
        let spec = VirtualNodeSpec {
            listeners: vec![listener],
            backends: Vec::new(),
            backend_defaults: None,
            service_discovery: Some(ServiceDiscovery::Dns(dns)),
            logging: None,
        };
        let node = VirtualNode { mesh: mesh.clone(), spec, tags: context.tags()? };
        let node = desired.add(&Owner::Environment, &address, &node)?.id();
        let provider = Provider::VirtualNode(NodeProvider { virtual_node_name: node });
        let service = VirtualService {
            mesh: mesh.clone(),
            name: host.host.clone(),
            spec: VirtualServiceSpec { provider: Some(provider) },
            tags: context.tags()?,
        };
        desired.add(&Owner::Environment, &address, &service)?;
    }
    Ok(())
}

pub(super) fn mapping(port: u16, protocol: MeshProtocol) -> PortMapping {
    PortMapping { port: port.into(), protocol: protocol.to_string() }
}

/// App Mesh's word.
pub(super) fn addresses(preference: IpPreference) -> String {
    match preference {
        IpPreference::Ipv4Preferred => "IPv4_PREFERRED",
        IpPreference::Ipv6Preferred => "IPv6_PREFERRED",
        IpPreference::Ipv4Only => "IPv4_ONLY",
        IpPreference::Ipv6Only => "IPv6_ONLY",
    }
    .to_owned()
}

/// Plans what a service has in the mesh; `None` where it is in none.
pub(super) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    shared: &Shared,
    service: &ServiceManifest,
) -> Result<Option<Role>, Failure> {
    let environment = context.manifest()?;
    let (Some(mesh), Some((_, part))) = (&shared.mesh, service.in_app_mesh(environment)) else {
        return Ok(None);
    };
    let Some(namespace) = shared.namespace.as_ref().map(|namespace| namespace.name.as_str()) else {
        return Err(Failure::internal("a mesh without a namespace was not refused"));
    };
    let planner = Planner { context, service, part, mesh, namespace };
    match &part.gateway {
        Some(routes) => planner.gateway(desired, routes).map(Some),
        None => planner.node(desired).map(Some),
    }
}

/// One service's part.
pub(super) struct Planner<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) service: &'a ServiceManifest,
    pub(super) part: &'a ServiceMesh,
    pub(super) mesh: &'a Input<MeshName>,
    /// What DNS names of services end with.
    pub(super) namespace: &'a str,
}

impl Planner<'_> {
    fn node(&self, desired: &mut Desired) -> Result<Role, Failure> {
        let (owner, name) = (super::owner(self.service), &self.service.name);
        let tags = self.context.tags()?;
        let spec = self.node_spec();
        let node = VirtualNode { mesh: self.mesh.clone(), spec, tags: tags.clone() };
        let node = desired.add(&owner, name, &node)?;
        let ports = self.ports();
        if ports.is_empty() {
            // It only calls others.
            return Ok(Role::Node(node.output("arn")));
        }
        let provider = if self.part.routes.is_empty() {
            Provider::VirtualNode(NodeProvider { virtual_node_name: node.id() })
        } else {
            let listeners = ports.iter().map(|port| RouterListener { port_mapping: port.clone() });
            let spec = VirtualRouterSpec { listeners: listeners.collect() };
            let router = VirtualRouter { mesh: self.mesh.clone(), spec, tags: tags.clone() };
            let router = desired.add(&owner, name, &router)?.id();
            for (place, route) in self.part.routes.iter().enumerate() {
                let planned = Route {
                    mesh: self.mesh.clone(),
                    router: router.clone(),
                    spec: self.route_spec(place, route),
                    tags: tags.clone(),
                };
                desired.add(&owner, self.route_name(place, route.name.as_deref()), &planned)?;
            }
            Provider::VirtualRouter(RouterProvider { virtual_router_name: router })
        };
        let known = VirtualService {
            mesh: self.mesh.clone(),
            name: self.dns_name(name),
            spec: VirtualServiceSpec { provider: Some(provider) },
            tags,
        };
        desired.add(&owner, name, &known)?;
        Ok(Role::Node(node.output("arn")))
    }

    fn gateway(
        &self,
        desired: &mut Desired,
        routes: &[crate::manifest::mesh::GatewayRoute],
    ) -> Result<Role, Failure> {
        let (owner, name) = (super::owner(self.service), &self.service.name);
        let tags = self.context.tags()?;
        let spec = self.gateway_spec();
        let gateway = VirtualGateway { mesh: self.mesh.clone(), spec, tags: tags.clone() };
        let gateway = desired.add(&owner, name, &gateway)?;
        for (place, route) in routes.iter().enumerate() {
            let planned = GatewayRoute {
                mesh: self.mesh.clone(),
                gateway: gateway.id(),
                spec: self.gateway_route_spec(place, route),
                tags: tags.clone(),
            };
            desired.add(&owner, self.route_name(place, route.name.as_deref()), &planned)?;
        }
        Ok(Role::Gateway(gateway.output("arn")))
    }

    /// A route's address: by its name, else by its place from 1.
    fn route_name(&self, place: usize, name: Option<&str>) -> String {
        let name = name.map_or_else(|| (place + 1).to_string(), str::to_owned);
        format!("{}/{name}", self.service.name)
    }

    /// The DNS name by which a service is called: where its tasks are in Cloud Map.
    pub(super) fn dns_name(&self, service: &str) -> String {
        format!("{}.{}", self.label(service), self.namespace)
    }

    /// The name of a service in the namespace.
    fn label(&self, service: &str) -> String {
        let manifest = self.manifest_of(service);
        let written = manifest.and_then(|manifest| manifest.discovery.map.name);
        written.unwrap_or_else(|| service.to_owned())
    }

    /// The manifest of a service, if it is here.
    fn manifest_of(&self, service: &str) -> Option<ServiceManifest> {
        self.context.workspace.service_in(service, self.context.environment).ok()
    }

    /// The virtual node of a service, which may be planned from another repository.
    fn node_of(&self, service: &str) -> Input<VirtualNodeName> {
        if self.context.services.contains(service) {
            return Handle::<VirtualNode>::new(service).id();
        }
        Input::Known(self.physical::<VirtualNode>(service).into())
    }

    /// The virtual service of a service, which may be planned from another repository.
    fn virtual_service_of(&self, service: &str) -> Input<VirtualServiceName> {
        if self.context.services.contains(service) {
            return Handle::<VirtualService>::new(service).id();
        }
        Input::Known(self.dns_name(service).into())
    }

    fn physical<R: Resource>(&self, service: &str) -> String {
        let identity = Identity {
            application: self.context.application().to_owned(),
            environment: self.context.environment.to_owned(),
            owner: Owner::Service(service.to_owned()),
            address: Address::new(<R as Spec>::KIND, service),
            generation: 1,
            run: String::new(),
        };
        R::name(&identity).unwrap_or_default()
    }
}
