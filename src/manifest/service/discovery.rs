//! The name of a service in the environment's namespace.

use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::container::AbsolutePath;
use crate::manifest::read::{
    Between, Port, Read, Reader, Seconds, choice, is_map, notation, record,
};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::Node;

/// Seconds that resolvers remember a task's address: short, as tasks come and go.
const TTL: Duration = Duration::from_secs(10);

/// The name of a service in the namespace: `discovery: false`, or a map.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct ServiceDiscovery {
    /// Whether tasks are found there; `None` where the manifest does not say.
    pub enabled: Option<bool>,
    /// All else.
    #[serde(flatten)]
    pub map: ServiceDiscoveryMap,
}

record! {
    /// The name of a service in the environment's namespace.
    pub struct ServiceDiscoveryMap {
        /// The name, below the namespace's; the service's own when left out.
        name: Option<String> as Option<DiscoveryLabel>,
        /// For people.
        description: Option<String>,
        /// The DNS records that each task gets: `A` when left out, `SRV` where tasks share their instance's address.
        records: Vec<RecordKind>,
        /// How long resolvers remember them.
        ttl: Duration as Seconds = TTL,
        /// Which records are given out: those of up to eight tasks (`multivalue`), or of one (`weighted`).
        routing: RoutingPolicy = RoutingPolicy::Multivalue,
        /// The container's port that SRV records name; the image's when left out.
        port: Option<u16> as Option<Port>,
        /// Whose word on a task's health counts: ECS's (`true`, as when left out), nobody's (`false`), or that of a health
        /// check of Route 53's, in public namespaces.
        health_check: Option<DiscoveryHealthCheck>,
    }
}

impl Default for ServiceDiscoveryMap {
    fn default() -> Self {
        Self {
            name: None,
            description: None,
            records: Vec::new(),
            ttl: TTL,
            routing: RoutingPolicy::Multivalue,
            port: None,
            health_check: None,
        }
    }
}

choice! {
    /// A kind of DNS record.
    pub enum RecordKind {
        /// An IPv4 address.
        A = "A" | "a",
        /// An IPv6 address.
        Aaaa = "AAAA" | "aaaa",
        /// A host and a port.
        Srv = "SRV" | "srv",
    }
}

choice! {
    /// Which records are given out.
    pub enum RoutingPolicy {
        /// Up to eight healthy ones.
        Multivalue = "multivalue",
        /// One, by chance.
        Weighted = "weighted",
    }
}

/// Whose word on health counts.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscoveryHealthCheck {
    /// That of whoever registers.
    Custom,
    /// Nobody's.
    None,
    /// Route 53's.
    Route53(Route53Check),
}

record! {
    /// A health check that Route 53 makes from the internet.
    #[derive(Eq)]
    pub struct Route53Check {
        /// What is spoken.
        "type" protocol: CheckProtocol = CheckProtocol::Http,
        /// What is asked for; `/` when left out. Not for `tcp`.
        path: Option<String> as Option<AbsolutePath>,
        /// How many checks in a row decide, 1 to 10.
        failure_threshold: u32 as Between<1, 10> = 1,
    }
}

choice! {
    /// What a health check speaks.
    pub enum CheckProtocol {
        /// HTTP.
        Http = "http",
        /// HTTPS.
        Https = "https",
        /// TCP: a connection is enough.
        Tcp = "tcp",
    }
}

notation! {
    /// A name in a namespace.
    DiscoveryLabel as String,
    { "type": "string", "pattern": "^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$", "maxLength": 127 },
    |node, reader| {
        let expected = "a name: small letters, digits, `-`, `_` and `.`, up to 127 characters";
        let text = &reader.text(node, expected)?.text;
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        let ends = |c: char| matches!(c, '-' | '.');
        match (1..=127).contains(&text.len())
            && !text.starts_with(ends)
            && !text.ends_with(ends)
            && text.chars().all(legal)
        {
            true => Some(text.clone()),
            false => reader.wrong(node, expected),
        }
    }
}

impl JsonSchema for DiscoveryHealthCheck {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DiscoveryHealthCheck".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<bool>(generator), part::<Route53Check>(generator)])
    }
}

impl Read for DiscoveryHealthCheck {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if is_map(node) {
            return Route53Check::read(node, reader).map(Self::Route53);
        }
        bool::read(node, reader).map(|ecs| if ecs { Self::Custom } else { Self::None })
    }
}

impl JsonSchema for ServiceDiscovery {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ServiceDiscovery".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<bool>(generator), part::<ServiceDiscoveryMap>(generator)])
    }
}

impl Read for ServiceDiscovery {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if is_map(node) {
            return ServiceDiscoveryMap::read(node, reader)
                .map(|map| Self { enabled: Some(true), map });
        }
        let enabled = bool::read(node, reader)?;
        Some(Self { enabled: Some(enabled), map: ServiceDiscoveryMap::default() })
    }
}
