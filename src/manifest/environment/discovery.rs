//! The Cloud Map namespace of an environment, and names in it that no service of the environment answers for.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::manifest::read::{Port, Read, Reader, Seconds, Text, choice, is_map, notation, record};
use crate::manifest::schema::{either, part};
use crate::manifest::service::{DiscoveryHealthCheck, RecordKind};
use crate::manifest::yaml::Node;

choice! {
    /// Who knows the names.
    pub enum NamespaceKind {
        /// DNS in the VPC.
        Private = "private",
        /// DNS everywhere.
        Public = "public",
        /// API calls and Service Connect, no DNS.
        Http = "http",
    }
}

record! {
    /// Names under which services find each other.
    pub(crate) struct DiscoveryMap {
        /// Who knows the names: DNS in the VPC (`private`), DNS everywhere (`public`), or API calls and Service Connect (`http`).
        "type" kind: Option<NamespaceKind>,
        /// The name below which services appear; ENVIRONMENT.APPLICATION.local when left out, and
        /// discovery.ENVIRONMENT.APPLICATION.DOMAIN for a public one.
        name: Option<String>,
        /// The id of a namespace that exists, or the ARN of one that another account shares.
        id: Option<String> as Option<NamespaceReference>,
        /// How long resolvers remember that a name is not there.
        soa_ttl: Option<Duration> as Option<Seconds>,
        /// Names of what is elsewhere: each with the addresses that it stands for.
        endpoints: BTreeMap<String, ExternalName>,
    }
}

record! {
    /// A name of what is elsewhere.
    pub struct ExternalName {
        /// For people.
        description: Option<String>,
        /// The host that it is another name of; instead of `instances`.
        cname: Option<String> as Option<AnyHost>,
        /// Where it is, by a name of each.
        instances: BTreeMap<String, ExternalInstance>,
        /// The DNS records that each instance gets; `A` and `AAAA` where there are addresses when left out.
        records: Vec<RecordKind>,
        /// How long resolvers remember them.
        ttl: Duration as Seconds = Duration::from_secs(60),
        /// Whether somebody tells Cloud Map how instances fare (`true`), or a health check of Route 53's does, in public namespaces.
        health_check: Option<DiscoveryHealthCheck>,
    }
}

record! {
    /// One place where it is.
    pub struct ExternalInstance {
        /// Its IPv4 address.
        ipv4: Option<Ipv4Addr> as Option<V4>,
        /// Its IPv6 address.
        ipv6: Option<Ipv6Addr> as Option<V6>,
        /// Its port.
        port: Option<u16> as Option<Port>,
        /// What else clients that ask Cloud Map are told.
        attributes: BTreeMap<String, String> as BTreeMap<String, Text>,
    }
}

notation! {
    /// An IPv4 address.
    V4 as Ipv4Addr,
    { "type": "string", "format": "ipv4" },
    |node, reader| {
        let expected = "an IPv4 address: 10.0.0.4";
        let text = reader.text(node, expected)?.text.clone();
        text.parse().ok().or_else(|| reader.wrong(node, expected))
    }
}

notation! {
    /// An IPv6 address.
    V6 as Ipv6Addr,
    { "type": "string", "format": "ipv6" },
    |node, reader| {
        let expected = "an IPv6 address: 2001:db8::4";
        let text = reader.text(node, expected)?.text.clone();
        text.parse().ok().or_else(|| reader.wrong(node, expected))
    }
}

notation! {
    /// A host name.
    AnyHost as String,
    { "type": "string", "examples": ["db.example.com"] },
    |node, reader| {
        let expected = "a host name: db.example.com";
        let text = &reader.text(node, expected)?.text;
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        };
        match text.len() <= 253 && text.split('.').all(label) {
            true => Some(text.clone()),
            false => reader.wrong(node, expected),
        }
    }
}

notation! {
    /// A namespace that exists.
    NamespaceReference as String,
    { "type": "string", "pattern": "^(ns-[a-z0-9]+|arn:[a-z-]+:servicediscovery:.*:namespace/ns-[a-z0-9]+)$" },
    |node, reader| {
        let expected = "a namespace's id, `ns-...`, or its ARN";
        let text = &reader.text(node, expected)?.text;
        let id = match text.strip_prefix("arn:") {
            None => Some(text.as_str()),
            Some(rest) => rest
                .split_once(":servicediscovery:")
                .and_then(|(_, rest)| rest.split_once(":namespace/"))
                .map(|(_, id)| id),
        };
        let legal = id.and_then(|id| id.strip_prefix("ns-")).is_some_and(|rest| {
            !rest.is_empty() && rest.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        });
        if legal { Some(text.clone()) } else { reader.wrong(node, expected) }
    }
}

/// The Cloud Map namespace: `discovery: true`, `false`, or a map.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Discovery {
    /// Whether there is a namespace.
    pub enabled: bool,
    /// Who knows its names.
    pub kind: NamespaceKind,
    /// Its name, when the manifest says it.
    pub name: Option<String>,
    /// The id or ARN of one that exists.
    pub id: Option<String>,
    /// How long resolvers remember that a name is not there.
    pub soa_ttl: Option<Duration>,
    /// Names of what is elsewhere.
    pub endpoints: BTreeMap<String, ExternalName>,
}

impl Default for Discovery {
    fn default() -> Self {
        Self {
            enabled: true,
            kind: NamespaceKind::Private,
            name: None,
            id: None,
            soa_ttl: None,
            endpoints: BTreeMap::new(),
        }
    }
}

impl JsonSchema for Discovery {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Discovery".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<bool>(generator), part::<DiscoveryMap>(generator)])
    }
}

impl Read for Discovery {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if is_map(node) {
            return DiscoveryMap::read(node, reader).map(|map| Self {
                enabled: true,
                kind: map.kind.unwrap_or(NamespaceKind::Private),
                name: map.name,
                id: map.id,
                soa_ttl: map.soa_ttl,
                endpoints: map.endpoints,
            });
        }
        bool::read(node, reader).map(|enabled| Self { enabled, ..Self::default() })
    }
}
