//! How connections from a network load balancer reach a service.

use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::http::{Alias, Aliases};
use crate::manifest::read::{Between, Port, Read, Reader, Seconds, SecondsBetween, record};
use crate::manifest::yaml::Node;

record! {
    /// A network load balancer of the service's own.
    pub struct Nlb {
        ..main: NlbListener,
        /// More ports.
        additional_listeners: Vec<NlbListener>,
        /// Host names for its DNS records, and for the certificate of TLS ports.
        alias: Vec<Alias> as Aliases,
    }
}

record! {
    /// One port of the network load balancer.
    pub struct NlbListener {
        /// The port, and what is spoken there: `443/tls`, `53/udp`, `53/tcp_udp`; `tcp` when left out.
        port: NlbPort,
        /// How the load balancer sees whether a task works: it connects.
        healthcheck: NlbHealthCheck = NlbHealthCheck::default(),
        /// The container that gets the connections; the main one, or the sidecar with `target_port`.
        target_container: Option<String>,
        /// The container's port; that of the load balancer when left out.
        target_port: Option<u16> as Option<Port>,
        /// The TLS security policy; `ELBSecurityPolicy-TLS13-1-2-2021-06` when left out.
        ssl_policy: Option<String>,
        /// Whether a client stays with the task that answered first, by its address.
        stickiness: bool = false,
        /// How long a task that leaves may keep its connections, 0s to 3600s.
        deregistration_delay: Duration as SecondsBetween<0, 3600> = Duration::from_secs(60),
    }
}

record! {
    /// How the load balancer sees whether a task works. What is left out is the load balancer's own default.
    pub struct NlbHealthCheck {
        /// The port to connect to; the one that gets connections when left out.
        port: Option<u16> as Option<Port>,
        /// Successes after which a task counts as healthy, 2 to 10.
        healthy_threshold: Option<u32> as Option<Between<2, 10>>,
        /// Failures after which a task counts as unhealthy, 2 to 10.
        unhealthy_threshold: Option<u32> as Option<Between<2, 10>>,
        /// Time after which a check counts as failed, 2s to 120s.
        timeout: Option<Duration> as Option<SecondsBetween<2, 120>>,
        /// Time between two checks, 5s to 300s.
        interval: Option<Duration> as Option<SecondsBetween<5, 300>>,
        /// Time after a task's start in which ECS ignores failed checks.
        grace_period: Duration as Seconds = Duration::from_secs(60),
    }
}

impl Default for NlbHealthCheck {
    fn default() -> Self {
        Self {
            port: None,
            healthy_threshold: None,
            unhealthy_threshold: None,
            timeout: None,
            interval: None,
            grace_period: Duration::from_secs(60),
        }
    }
}

impl Nlb {
    /// All ports, the first one first, each with its path in the manifest.
    pub fn listeners(&self) -> impl Iterator<Item = (String, &NlbListener)> {
        let more = self.additional_listeners.iter().enumerate();
        let more = more.map(|(index, one)| (format!("nlb.additional_listeners.{index}"), one));
        std::iter::once(("nlb".to_owned(), &self.main)).chain(more)
    }
}

impl NlbListener {
    /// The port of the container that gets the connections.
    pub fn target(&self) -> u16 {
        self.target_port.unwrap_or(self.port.number)
    }
}

/// What a network load balancer speaks on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NlbProtocol {
    /// Any TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Both on one port.
    TcpUdp,
    /// TLS, which the load balancer ends.
    Tls,
}

/// A port and its protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct NlbPort {
    /// The port.
    pub number: u16,
    /// What is spoken there.
    pub protocol: NlbProtocol,
}

impl JsonSchema for NlbPort {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NlbPort".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": ["integer", "string"],
            "pattern": "^[0-9]+(/([tT][cC][pP]|[uU][dD][pP]|[tT][lL][sS]|[tT][cC][pP]_[uU][dD][pP]))?$",
        })
    }
}

impl Read for NlbPort {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let expected = "a port from 1 to 65535, and a protocol if it is not TCP: `443/tls`, `53/udp`, `53/tcp_udp`";
        let text = reader.text(node, expected)?.text.to_ascii_lowercase();
        let (number, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
        let protocol = match protocol {
            "tcp" => Some(NlbProtocol::Tcp),
            "udp" => Some(NlbProtocol::Udp),
            "tcp_udp" => Some(NlbProtocol::TcpUdp),
            "tls" => Some(NlbProtocol::Tls),
            _ => None,
        };
        let number = Some(number).filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        let number = number.and_then(|number| number.parse().ok()).filter(|number| *number > 0);
        match (number, protocol) {
            (Some(number), Some(protocol)) => Some(Self { number, protocol }),
            _ => reader.wrong(node, expected),
        }
    }
}
