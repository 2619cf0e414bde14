//! ECS Service Connect: the ports that others may call, and the proxy that stands in every task.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::container::{Secret, SecretSource};
use super::{NetworkMode, Rule, Runs, ServiceManifest, ServiceType};
use crate::manifest::environment::Environment;
use crate::manifest::mesh::MeshType;
use crate::manifest::read::{
    Arn, Port, Read, Reader, Seconds, Text, choice, is_map, notation, record,
};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::Node;

/// The name of the port that others call, where `ports` names none.
pub(crate) const MAIN_PORT: &str = "target";

/// ECS Service Connect.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Connect {
    /// Whether the service takes part; `None` where the manifest does not say, and the environment decides.
    pub enabled: Option<bool>,
    /// All else.
    #[serde(flatten)]
    pub map: ConnectMap,
}

record! {
    /// ECS Service Connect, in detail.
    #[derive(Default)]
    pub struct ConnectMap {
        /// The name that others call the service by, its own when left out; or a map with its port.
        alias: Option<ConnectAlias>,
        /// What the service speaks at its ports: `http`, `http2`, `grpc` or `tcp`, as when left out.
        protocol: Option<AppProtocol>,
        /// Its name in Cloud Map; SERVICE-sc when left out.
        discovery_name: Option<String> as Option<DiscoveryName>,
        /// The port at which the proxy listens, instead of the container's own.
        ingress_port: Option<u16> as Option<Port>,
        /// How long the proxy waits.
        timeouts: ConnectTimeouts = ConnectTimeouts::default(),
        /// TLS between the proxies, by a private CA.
        tls: Option<ConnectTls>,
        /// The ports that others may call, where it is not the service's one port alone.
        ports: Vec<ConnectPort>,
        /// Whether the service only calls others, and none can call it.
        client: bool = false,
        /// Whether the proxy logs each request: `text` or `json`, or a map.
        access_logs: Option<ConnectAccessLogs>,
        /// Where the proxy's output goes: `true` for the service's log group, or a log driver; nowhere when left out,
        /// but for access logs.
        logging: Option<ConnectLogging>,
        /// How much the proxy tells: `info`, as when left out, or `debug`.
        log_level: Option<ProxyLogLevel>,
        /// The name or ARN of another namespace than the environment's.
        namespace: Option<String>,
    }
}

record! {
    /// A port that others may call.
    pub struct ConnectPort {
        /// The container's port.
        port: u16 as Port,
        /// Its name in the task definition; `port-PORT` when left out.
        name: Option<String> as Option<DiscoveryName>,
        /// The name that others call it by, the service's own when left out; or a map with its port.
        alias: Option<ConnectAlias>,
        /// What is spoken there: `http`, `http2`, `grpc` or `tcp`.
        protocol: Option<AppProtocol>,
        /// Its name in Cloud Map; SERVICE-NAME when left out.
        discovery_name: Option<String> as Option<DiscoveryName>,
        /// The port at which the proxy listens, instead of the container's own.
        ingress_port: Option<u16> as Option<Port>,
        /// How long the proxy waits.
        timeouts: ConnectTimeouts = ConnectTimeouts::default(),
        /// TLS between the proxies, by a private CA.
        tls: Option<ConnectTls>,
    }
}

choice! {
    /// What is spoken at a port.
    pub enum AppProtocol {
        /// HTTP/1.1.
        Http = "http",
        /// HTTP/2.
        Http2 = "http2",
        /// gRPC.
        Grpc = "grpc",
        /// TCP: the proxy knows nothing of requests.
        Tcp = "tcp",
    }
}

choice! {
    /// How much a proxy tells.
    pub enum ProxyLogLevel {
        /// What matters.
        Info = "info",
        /// All.
        Debug = "debug",
    }
}

record! {
    /// How long the proxy waits; `0s` for ever.
    #[derive(Default)]
    pub struct ConnectTimeouts {
        /// Until an idle connection is closed; 5m when left out, 1h for TCP.
        idle: Option<Duration> as Option<Seconds>,
        /// Until a request is given up; 15s when left out. Not for TCP.
        request: Option<Duration> as Option<Seconds>,
    }
}

record! {
    /// TLS between the proxies.
    pub struct ConnectTls {
        /// The ARN of the private CA (AWS Private CA) that signs the certificates.
        ca: Option<String> as Option<Arn>,
        /// The KMS key that encrypts their private keys: an id, ARN or alias.
        kms_key: Option<String>,
        /// The ARN of the role in which ECS asks for certificates; one is made when left out.
        role: Option<String> as Option<Arn>,
    }
}

/// What clients call.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ConnectAlias {
    /// The name; the service's when left out.
    pub name: Option<String>,
    /// The port; the container's when left out.
    pub port: Option<u16>,
    /// The header by which test traffic of a deployment is known.
    pub test_header: Option<TestHeader>,
}

record! {
    /// What clients call.
    pub(crate) struct ConnectAliasMap {
        /// The name; the service's when left out.
        name: Option<String> as Option<HostName>,
        /// The port; the container's when left out.
        port: Option<u16> as Option<Port>,
        /// The header by which test traffic is known, in deployments that have any (blue/green); `x-amzn-ecs-blue-green-test` when left out.
        test_header: Option<TestHeader>,
    }
}

record! {
    /// A header of test traffic.
    #[derive(Eq)]
    pub struct TestHeader {
        /// Its name.
        name: String,
        /// Its value; any when left out.
        value: Option<String> as Option<Text>,
    }
}

impl JsonSchema for ConnectAlias {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ConnectAlias".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<HostName>(generator), part::<ConnectAliasMap>(generator)])
    }
}

impl Read for ConnectAlias {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if is_map(node) {
            let map = ConnectAliasMap::read(node, reader)?;
            return Some(Self { name: map.name, port: map.port, test_header: map.test_header });
        }
        HostName::read(node, reader).map(|name| Self { name: Some(name), ..Self::default() })
    }
}

choice! {
    /// The form of an access log's lines.
    pub enum AccessLogFormat {
        /// Lines for people.
        Text = "text",
        /// One document a line.
        Json = "json",
    }
}

/// The proxy's access log.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ConnectAccessLogs {
    /// The form of its lines.
    pub format: AccessLogFormat,
    /// Whether requests are shown with their query parameters, which may hold secrets.
    pub query_parameters: bool,
}

record! {
    /// The proxy's access log.
    pub(crate) struct ConnectAccessLogsMap {
        /// The form of its lines: `text` or `json`.
        format: AccessLogFormat = AccessLogFormat::Text,
        /// Whether requests are shown with their query parameters, which may hold secrets.
        query_parameters: bool = false,
    }
}

/// Where the proxy's output goes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ConnectLogging {
    /// The log driver; CloudWatch Logs if none.
    pub driver: Option<LogDriver>,
    /// Nowhere.
    pub off: bool,
    /// The driver's options.
    pub options: BTreeMap<String, String>,
    /// Options whose values ECS takes from SSM or Secrets Manager.
    pub secret_options: BTreeMap<String, Secret>,
}

choice! {
    /// A log driver.
    pub enum LogDriver {
        /// CloudWatch Logs.
        Awslogs = "awslogs",
        /// A log router in the task (FireLens).
        Awsfirelens = "awsfirelens",
        /// Splunk.
        Splunk = "splunk",
        /// Files of Docker's; not on Fargate.
        JsonFile = "json-file",
        /// The instance's syslog; not on Fargate.
        Syslog = "syslog",
        /// The instance's journal; not on Fargate.
        Journald = "journald",
        /// Graylog; not on Fargate.
        Gelf = "gelf",
        /// Fluentd; not on Fargate.
        Fluentd = "fluentd",
    }
}

record! {
    /// Where the proxy's output goes.
    pub(crate) struct ConnectLoggingMap {
        /// The log driver; CloudWatch Logs when left out.
        driver: Option<LogDriver>,
        /// The driver's options; with `awslogs` the service's log group where they name none.
        options: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// Options whose values ECS takes from SSM or Secrets Manager.
        "secretOptions" secret_options: BTreeMap<String, Secret> as BTreeMap<String, SecretSource>,
    }
}

/// One port that others may call, with all that the manifest leaves out.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// The container that listens.
    pub container: String,
    /// Its port.
    pub port: u16,
    /// The port's name in the task definition.
    pub name: String,
    /// What is spoken there; TCP if `None`.
    pub protocol: Option<AppProtocol>,
    /// Its name in Cloud Map.
    pub discovery_name: String,
    /// What clients call: name and port.
    pub alias: (String, u16),
    /// The header of test traffic.
    pub test_header: Option<TestHeader>,
    /// Where the proxy listens, if not there.
    pub ingress_port: Option<u16>,
    /// How long it waits.
    pub timeouts: ConnectTimeouts,
    /// TLS between proxies.
    pub tls: Option<ConnectTls>,
    /// Where the manifest writes it.
    pub path: String,
}

impl Environment {
    /// Whether all services take part in Service Connect, unless they say otherwise: `mesh: service-connect`.
    pub fn is_on_service_connect(&self) -> bool {
        self.mesh.as_ref().is_some_and(|mesh| mesh.mesh_type == MeshType::ServiceConnect)
    }
}

impl ServiceManifest {
    /// Whether the service takes part in Service Connect: as it says itself, or where it can if the environment wants all.
    pub fn is_connected_in(&self, environment: Option<&Environment>) -> bool {
        if self.service_type == ServiceType::ScheduledJob {
            return false;
        }
        let all = environment.is_some_and(|one| {
            one.discovery.enabled && one.is_on_service_connect() && self.mesh.is_some()
        });
        self.network.connect.enabled.unwrap_or_else(|| {
            let mode = self.network_mode_in(environment);
            all && matches!(mode, NetworkMode::Awsvpc | NetworkMode::Bridge)
                && self.runs_in(environment) != Runs::External
                && !self.platform.is_windows()
        })
    }

    /// The container and port that requests come to: that of `http`, else the image's.
    pub fn main_port(&self) -> Option<(String, u16)> {
        match &self.http {
            Some(http) => Some(self.target_of(&http.main)),
            None => self.image.port.map(|port| (self.name.clone(), port)),
        }
    }

    /// The container that a rule leads to, and its port.
    pub fn target_of(&self, rule: &Rule) -> (String, u16) {
        let main = &self.name;
        let container = rule.container().unwrap_or(main);
        let own = match self.sidecars.get(container) {
            Some(sidecar) => sidecar.port.as_ref().map(|port| port.port),
            None => self.image.port,
        };
        // A port may also lead to the sidecar that exposes it.
        let port = rule.target_port.or(own).unwrap_or(80);
        let container = match rule.container() {
            Some(container) => container,
            None => self
                .sidecars
                .iter()
                .find(|(_, sidecar)| sidecar.port.as_ref().is_some_and(|own| own.port == port))
                .map_or(main, |(name, _)| name),
        };
        (container.to_owned(), port)
    }

    /// The container that listens at a port, if the manifest says so.
    pub fn container_of(&self, port: u16) -> Option<String> {
        let own = self.image.port.into_iter().chain(self.image.ports.iter().map(|one| one.port));
        if own.chain(self.http_ports()).any(|one| one == port) {
            return Some(self.name.clone());
        }
        let exposes = self.sidecars.iter().find(|(_, sidecar)| {
            sidecar.port.iter().chain(&sidecar.ports).any(|one| one.port == port)
        });
        exposes.map(|(name, _)| name.clone())
    }

    fn http_ports(&self) -> Vec<u16> {
        let Some(http) = &self.http else { return Vec::new() };
        let rules = std::iter::once(&http.main).chain(&http.additional_rules);
        let targets = rules.map(|rule| self.target_of(rule));
        targets.filter(|(container, _)| *container == self.name).map(|(_, port)| port).collect()
    }

    /// The ports that others may call; none where the service takes no part, or only calls.
    pub fn endpoints(&self) -> Vec<Endpoint> {
        let connect = &self.network.connect.map;
        if connect.client {
            return Vec::new();
        }
        let alias = |from: &Option<ConnectAlias>, port: u16| {
            let from = from.clone().unwrap_or_default();
            let name = from.name.unwrap_or_else(|| self.name.clone());
            ((name, from.port.unwrap_or(port)), from.test_header)
        };
        if connect.ports.is_empty() {
            let Some((container, port)) = self.main_port() else { return Vec::new() };
            let (alias, test_header) = alias(&connect.alias, port);
            let discovery_name = connect.discovery_name.clone();
            return vec![Endpoint {
                container,
                port,
                name: MAIN_PORT.to_owned(),
                protocol: connect.protocol,
                discovery_name: discovery_name.unwrap_or_else(|| format!("{}-sc", self.name)),
                alias,
                test_header,
                ingress_port: connect.ingress_port,
                timeouts: connect.timeouts.clone(),
                tls: connect.tls.clone(),
                path: "network.connect".to_owned(),
            }];
        }
        let ports = connect.ports.iter().enumerate().map(|(index, one)| {
            let (alias, test_header) = alias(&one.alias, one.port);
            let name = one.name.clone().unwrap_or_else(|| format!("port-{}", one.port));
            let waits = |own: &ConnectTimeouts, all: &ConnectTimeouts| ConnectTimeouts {
                idle: own.idle.or(all.idle),
                request: own.request.or(all.request),
            };
            Endpoint {
                container: self.container_of(one.port).unwrap_or_else(|| self.name.clone()),
                port: one.port,
                protocol: one.protocol.or(connect.protocol),
                discovery_name: one
                    .discovery_name
                    .clone()
                    .unwrap_or_else(|| format!("{}-{name}", self.name)),
                name,
                alias,
                test_header,
                ingress_port: one.ingress_port,
                timeouts: waits(&one.timeouts, &connect.timeouts),
                tls: one.tls.clone().or_else(|| connect.tls.clone()),
                path: format!("network.connect.ports.{index}"),
            }
        });
        ports.collect()
    }
}

notation! {
    /// A DNS name, of one label or more.
    HostName as String,
    { "type": "string", "pattern": "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", "examples": ["api", "api.internal"] },
    |node, reader| {
        let expected = "a DNS name: small letters, digits, `-` and `.`, up to 127 characters";
        let text = &reader.text(node, expected)?.text;
        let label = |label: &str| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        if text.len() <= 127 && text.split('.').all(label) {
            Some(text.clone())
        } else {
            reader.wrong(node, expected)
        }
    }
}

notation! {
    /// A name of a port, or in Cloud Map.
    DiscoveryName as String,
    { "type": "string", "pattern": "^[a-z0-9_][a-z0-9_-]*$", "maxLength": 64 },
    |node, reader| {
        let expected = "a name: small letters, digits, `-` and `_`, up to 64 characters";
        let text = &reader.text(node, expected)?.text;
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        match (1..=64).contains(&text.len()) && !text.starts_with('-') && text.chars().all(legal) {
            true => Some(text.clone()),
            false => reader.wrong(node, expected),
        }
    }
}

impl JsonSchema for ConnectAccessLogs {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ConnectAccessLogs".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<AccessLogFormat>(generator), part::<ConnectAccessLogsMap>(generator)])
    }
}

impl Read for ConnectAccessLogs {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if is_map(node) {
            return ConnectAccessLogsMap::read(node, reader)
                .map(|map| Self { format: map.format, query_parameters: map.query_parameters });
        }
        AccessLogFormat::read(node, reader).map(|format| Self { format, query_parameters: false })
    }
}

impl JsonSchema for ConnectLogging {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ConnectLogging".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<bool>(generator), part::<ConnectLoggingMap>(generator)])
    }
}

impl Read for ConnectLogging {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if is_map(node) {
            return ConnectLoggingMap::read(node, reader).map(|map| Self {
                driver: map.driver,
                off: false,
                options: map.options,
                secret_options: map.secret_options,
            });
        }
        bool::read(node, reader).map(|on| Self {
            driver: None,
            off: !on,
            options: BTreeMap::new(),
            secret_options: BTreeMap::new(),
        })
    }
}

impl JsonSchema for Connect {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Connect".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<bool>(generator), part::<ConnectMap>(generator)])
    }
}

impl Read for Connect {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if is_map(node) {
            return ConnectMap::read(node, reader).map(|map| Self { enabled: Some(true), map });
        }
        let enabled = bool::read(node, reader)?;
        Some(Self { enabled: Some(enabled), map: ConnectMap::default() })
    }
}
