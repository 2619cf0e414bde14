//! Whom a service calls, how it is found, and the proxy in its tasks.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::tls::ClientTls;
use super::{IpPreference, ServiceOrHost};
use crate::manifest::read::{Between, Port, Read, Reader, Text, choice, is_map, record};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::Node;

record! {
    /// One whom a service calls.
    pub struct Call {
        /// A service of this environment, or a host that the environment's mesh names.
        name: String as ServiceOrHost,
        /// How the calls are encrypted; as `client_tls` says when left out.
        tls: Option<ClientTls>,
    }
}

impl Call {
    /// Whether it is a host outside the mesh.
    pub fn is_host(&self) -> bool {
        self.name.contains('.')
    }
}

/// A name, or a map.
#[derive(Debug)]
pub(crate) struct CallShape;

impl JsonSchema for CallShape {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CallShape".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<ServiceOrHost>(generator), part::<Call>(generator)])
    }
}

impl Read for CallShape {
    type Value = Call;

    fn read(node: &Node, reader: &mut Reader) -> Option<Call> {
        if is_map(node) {
            return Call::read(node, reader);
        }
        ServiceOrHost::read(node, reader).map(|name| Call { name, tls: None })
    }
}

choice! {
    /// How proxies find a service's tasks.
    pub enum DiscoveryType {
        /// By asking Cloud Map, which knows each task.
        CloudMap = "cloud-map",
        /// By a DNS name.
        Dns = "dns",
    }
}

choice! {
    /// What stands behind a DNS name.
    pub enum DnsResponse {
        /// Something that spreads calls itself: one address is as good as another.
        LoadBalancer = "load-balancer",
        /// The tasks themselves: Envoy spreads calls over all addresses.
        Endpoints = "endpoints",
    }
}

record! {
    /// How proxies find a service's tasks.
    pub struct NodeDiscovery {
        /// `cloud-map` or `dns`.
        "type" discovery_type: DiscoveryType = DiscoveryType::CloudMap,
        /// The DNS name; the service's own in Cloud Map when left out.
        host: Option<String>,
        /// What stands behind the DNS name; `endpoints` when left out.
        response: Option<DnsResponse>,
        /// Only tasks with these attributes in Cloud Map.
        attributes: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// Which addresses are used; as the mesh says when left out.
        ip_preference: Option<IpPreference>,
    }
}

impl NodeDiscovery {
    fn of(discovery_type: DiscoveryType) -> Self {
        let attributes = BTreeMap::new();
        Self { discovery_type, host: None, response: None, attributes, ip_preference: None }
    }
}

impl Default for NodeDiscovery {
    fn default() -> Self {
        Self::of(DiscoveryType::CloudMap)
    }
}

/// `cloud-map`, `dns`, or a map.
#[derive(Debug)]
pub(crate) struct DiscoveryShape;

impl JsonSchema for DiscoveryShape {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NodeDiscoveryShape".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<DiscoveryType>(generator), part::<NodeDiscovery>(generator)])
    }
}

impl Read for DiscoveryShape {
    type Value = NodeDiscovery;

    fn read(node: &Node, reader: &mut Reader) -> Option<NodeDiscovery> {
        if is_map(node) {
            return NodeDiscovery::read(node, reader);
        }
        DiscoveryType::read(node, reader).map(NodeDiscovery::of)
    }
}

record! {
    /// Where the proxy writes a line for each call.
    pub struct AccessLog {
        /// A file in the proxy's container, such as `/dev/stdout`.
        path: String,
        /// What a line says: text with Envoy's `%…%`, or a map of such texts for JSON; Envoy's own when left out.
        format: Option<LogFormat>,
    }
}

/// What a line of an access log says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Text.
    Text(String),
    /// A JSON object of one level.
    Json(BTreeMap<String, String>),
}

impl JsonSchema for LogFormat {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LogFormat".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<String>(generator), part::<BTreeMap<String, String>>(generator)])
    }
}

impl Read for LogFormat {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if is_map(node) {
            return BTreeMap::<String, String>::read(node, reader).map(Self::Json);
        }
        String::read(node, reader).map(Self::Text)
    }
}

/// A path, or a map.
#[derive(Debug)]
pub(crate) struct AccessLogShape;

impl JsonSchema for AccessLogShape {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AccessLogShape".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<String>(generator), part::<AccessLog>(generator)])
    }
}

impl Read for AccessLogShape {
    type Value = AccessLog;

    fn read(node: &Node, reader: &mut Reader) -> Option<AccessLog> {
        if is_map(node) {
            return AccessLog::read(node, reader);
        }
        String::read(node, reader).map(|path| AccessLog { path, format: None })
    }
}

choice! {
    /// How much Envoy says.
    pub enum EnvoyLogLevel {
        /// Everything.
        Trace = "trace",
        /// Much.
        Debug = "debug",
        /// What happens.
        Info = "info",
        /// What may be wrong.
        Warning = "warning",
        /// What is wrong.
        Error = "error",
        /// What ends it.
        Critical = "critical",
        /// Nothing.
        Off = "off",
    }
}

record! {
    /// The proxy in each task. App Mesh.
    #[derive(Default)]
    pub struct Envoy {
        /// Its image; AWS's own of App Mesh when left out.
        image: Option<String>,
        /// CPU units that it may count on.
        cpu: Option<u32> as Option<Between<1, 196_608>>,
        /// MiB of memory that it may use at most.
        memory: Option<u32> as Option<Between<6, 2_147_483_647>>,
        /// How much it says.
        log_level: Option<EnvoyLogLevel>,
        /// Environment variables of its container.
        variables: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// Ports whose calls do not pass it.
        ignored_ports: Vec<u16> as Vec<Port>,
        /// Addresses whose calls do not pass it, besides those of ECS and EC2.
        ignored_addresses: Vec<String>,
    }
}
