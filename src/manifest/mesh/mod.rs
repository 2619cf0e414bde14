//! The mesh: what an environment says of it, and a service's own view of it. The same keys serve every kind of mesh;
//! what one of them cannot do is refused in `check::mesh`, by name and with the reason.
//!
//! A service answers for its own name: `routes` says how the calls to it are split. A second version is a second
//! service, which those routes send a share to.

mod listener;
mod route;
mod settings;
mod time;
mod tls;

use schemars::{JsonSchema, Schema, SchemaGenerator};

pub use listener::{
    ConnectionPool, Listener, MeshHealthCheck, MeshProtocol, OutlierDetection, Timeouts,
};
pub use route::{
    GatewayMatch, GatewayRoute, HostMatch, PathMatch, RequestMatch, Retries, RetryEvent, Rewrite,
    Route, RouteMatch, Scheme, ValueMatch, ValueRange,
};
pub use settings::{
    AccessLog, Call, DiscoveryType, DnsResponse, Envoy, EnvoyLogLevel, LogFormat, NodeDiscovery,
};
pub use tls::{
    Authority, CertificateFile, ClientTls, Clients, ListenerTls, TlsCertificate, TlsMode,
};

use super::environment::Environment;
use super::read::{Name, Port, Read, Reader, choice, is_map, notation, record};
use super::schema::{either, part};
use super::service::{ServiceManifest, ServiceType};
use super::yaml::Node;
use settings::{AccessLogShape, CallShape, DiscoveryShape};

/// The day after which App Mesh is there no more.
pub const APP_MESH_END: &str = "2026-09-30";

choice! {
    /// What carries the calls between services.
    pub enum MeshType {
        /// AWS App Mesh, which AWS ended on 2026-09-30: an Envoy in each task.
        AppMesh = "app-mesh",
        /// Amazon VPC Lattice: no proxy at all.
        Lattice = "lattice",
        /// ECS Service Connect: a proxy that ECS puts into each task.
        ServiceConnect = "service-connect",
    }
}

choice! {
    /// How VPC Lattice knows callers.
    pub enum MeshAuth {
        /// It does not: who is in the VPC may call.
        None = "none",
        /// Callers sign their requests with their roles (SigV4), and only those whose `calls` names a service may call it.
        Iam = "iam",
    }
}

choice! {
    /// What services may call.
    pub enum Egress {
        /// Anything.
        All = "all",
        /// Only what is in the mesh, and the hosts that the mesh names.
        Mesh = "mesh",
    }
}

choice! {
    /// Which addresses proxies use.
    pub enum IpPreference {
        /// IPv4, else IPv6.
        Ipv4Preferred = "ipv4-preferred",
        /// IPv6, else IPv4.
        Ipv6Preferred = "ipv6-preferred",
        /// IPv4.
        Ipv4Only = "ipv4-only",
        /// IPv6.
        Ipv6Only = "ipv6-only",
    }
}

record! {
    /// The mesh of an environment's services.
    pub struct Mesh {
        /// What carries the calls.
        "type" mesh_type: MeshType,
        /// What services may call: `all`, or `mesh` for the mesh alone. App Mesh.
        egress: Option<Egress>,
        /// Which addresses proxies use, unless a service says otherwise. App Mesh.
        ip_preference: Option<IpPreference>,
        /// What services may call outside the mesh by its host name, where `egress` is `mesh`. App Mesh.
        hosts: Vec<MeshHost>,
        /// How callers are known: `none`, or `iam`. VPC Lattice.
        auth: Option<MeshAuth>,
        /// ARN of the log group, bucket or delivery stream to which a line for each request goes. VPC Lattice.
        access_logs: Option<String>,
    }
}

record! {
    /// Something outside the mesh.
    pub struct MeshHost {
        /// Its DNS name.
        host: String as OutsideHost,
        /// Its port.
        port: u16 as Port = 443,
        /// What is spoken there; `tcp` for what the application encrypts itself.
        protocol: MeshProtocol = MeshProtocol::Tcp,
    }
}

notation! {
    /// A DNS name with a dot.
    OutsideHost as String,
    { "type": "string", "pattern": "^[a-zA-Z0-9-]+(\\.[a-zA-Z0-9-]+)+$", "examples": ["api.example.com"] },
    |node, reader| {
        let expected = "a host name such as `api.example.com`";
        let text = &reader.text(node, expected)?.text;
        let label = |label: &str| {
            !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        let sound = text.len() <= 253 && text.contains('.') && text.split('.').all(label);
        if sound { Some(text.to_ascii_lowercase()) } else { reader.wrong(node, expected) }
    }
}

impl Environment {
    /// The mesh where it is VPC Lattice.
    pub fn lattice(&self) -> Option<&Mesh> {
        self.mesh.as_ref().filter(|mesh| mesh.mesh_type == MeshType::Lattice)
    }
}

impl Mesh {
    /// A mesh of which only the type is said.
    pub fn of(mesh_type: MeshType) -> Self {
        Self {
            mesh_type,
            egress: None,
            ip_preference: None,
            hosts: Vec::new(),
            auth: None,
            access_logs: None,
        }
    }
}

/// `mesh: app-mesh`, or a map with `type`.
#[derive(Debug)]
pub(crate) struct MeshShape;

impl JsonSchema for MeshShape {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EnvironmentMesh".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<MeshType>(generator), part::<Mesh>(generator)])
    }
}

impl Read for MeshShape {
    type Value = Mesh;

    fn read(node: &Node, reader: &mut Reader) -> Option<Mesh> {
        if is_map(node) {
            Mesh::read(node, reader)
        } else {
            MeshType::read(node, reader).map(Mesh::of)
        }
    }
}

record! {
    /// A service's part in the environment's mesh.
    #[derive(Default)]
    pub struct ServiceMesh {
        ..main: Listener,
        /// More ports that others may call.
        additional_listeners: Vec<Listener>,
        /// Whom the service calls: other services, and hosts that the environment's mesh names.
        calls: Vec<Call> as Vec<CallShape>,
        /// How its calls are encrypted, unless one of `calls` says otherwise.
        client_tls: Option<ClientTls>,
        /// How callers' proxies find the tasks: `cloud-map`, `dns`, or a map.
        discovery: NodeDiscovery as DiscoveryShape = NodeDiscovery::default(),
        /// Where the proxy writes a line for each call: a file such as `/dev/stdout`, or a map.
        access_log: Option<AccessLog> as Option<AccessLogShape>,
        /// The proxy in each task.
        envoy: Envoy = Envoy::default(),
        /// How calls to this service's name are split; all to itself when left out.
        routes: Vec<Route>,
        /// The service is a door into the mesh, and these are the calls that it lets in. Its image is Envoy.
        gateway: Option<Vec<GatewayRoute>>,
    }
}

impl ServiceMesh {
    /// Its listeners, each with its path in the manifest.
    pub fn listeners(&self) -> impl Iterator<Item = (String, &Listener)> {
        let more = self.additional_listeners.iter().enumerate();
        let more = more.map(|(index, one)| (format!("mesh.additional_listeners.{index}"), one));
        std::iter::once(("mesh".to_owned(), &self.main)).chain(more)
    }
}

/// `mesh: false`, `mesh: true`, or a map.
#[derive(Debug)]
pub(crate) struct MeshOrNot;

impl JsonSchema for MeshOrNot {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MeshOrNot".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<bool>(generator), part::<ServiceMesh>(generator)])
    }
}

impl Read for MeshOrNot {
    type Value = Option<ServiceMesh>;

    fn read(node: &Node, reader: &mut Reader) -> Option<Option<ServiceMesh>> {
        if is_map(node) {
            return ServiceMesh::read(node, reader).map(Some);
        }
        bool::read(node, reader).map(|enabled| enabled.then(ServiceMesh::default))
    }

    fn absent() -> Option<Option<ServiceMesh>> {
        Some(Some(ServiceMesh::default()))
    }
}

impl ServiceManifest {
    /// The environment's mesh and the service's part in it, unless there is none, it stays out, or is a job.
    pub fn in_mesh<'a>(
        &'a self,
        environment: &'a Environment,
    ) -> Option<(&'a Mesh, &'a ServiceMesh)> {
        let job = self.service_type == ServiceType::ScheduledJob;
        environment.mesh.as_ref().zip(self.mesh.as_ref().filter(|_| !job))
    }

    /// The same where the mesh is App Mesh.
    pub fn in_app_mesh<'a>(
        &'a self,
        environment: &'a Environment,
    ) -> Option<(&'a Mesh, &'a ServiceMesh)> {
        self.in_mesh(environment).filter(|(mesh, _)| mesh.mesh_type == MeshType::AppMesh)
    }

    /// The service's part in the environment's mesh where that is VPC Lattice.
    pub fn in_lattice<'a>(&'a self, environment: &'a Environment) -> Option<&'a ServiceMesh> {
        let lattice = self.in_mesh(environment);
        lattice.filter(|(mesh, _)| mesh.mesh_type == MeshType::Lattice).map(|(_, part)| part)
    }

    /// The port of a listener: its own, or the image's.
    pub fn mesh_port(&self, listener: &Listener) -> Option<u16> {
        listener.port.or(self.image.port)
    }
}

notation! {
    /// A service, or a host outside.
    ServiceOrHost as String,
    { "type": "string", "examples": ["api", "api.example.com"] },
    |node, reader| {
        if node.text().is_some_and(|text| text.contains('.')) {
            OutsideHost::read(node, reader)
        } else {
            Name::read(node, reader)
        }
    }
}
