//! A Cloud Map service: one name in a namespace, which tasks register under.

use serde::{Deserialize, Serialize};

use super::NamespaceId;
use crate::engine::{Input, KindInfo, Pace, ReplaceOrder, Rule, Spec};
use crate::resources::resource::Tags;

/// A Cloud Map service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiscoveryService {
    /// The namespace.
    pub namespace: Input<NamespaceId>,
    /// The name in it: `api` of `api.test.demo.local`.
    pub name: String,
    /// For people; may be empty.
    pub description: String,
    /// The records each instance gets; `None` where only API calls find it.
    pub dns: Option<Dns>,
    /// A Route 53 health check, for public namespaces.
    pub health_check: Option<HealthCheck>,
    /// Someone (ECS) tells Cloud Map how an instance fares.
    pub custom_health_check: bool,
    /// The user's own tags.
    pub tags: Tags,
}

impl DiscoveryService {
    /// A name whose instances get A records and are watched by ECS.
    pub fn new(namespace: Input<NamespaceId>, name: impl Into<String>, ttl: i64) -> Self {
        Self {
            namespace,
            name: name.into(),
            description: String::new(),
            dns: Some(Dns {
                routing_policy: "MULTIVALUE".to_owned(),
                records: vec![DnsRecord { record: "A".to_owned(), ttl }],
            }),
            health_check: None,
            custom_health_check: true,
            tags: Tags::new(),
        }
    }
}

/// DNS records of each instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dns {
    /// `MULTIVALUE` or `WEIGHTED`.
    pub routing_policy: String,
    /// One per type.
    pub records: Vec<DnsRecord>,
}

/// One record of each instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DnsRecord {
    /// `A`, `AAAA`, `SRV` or `CNAME`.
    pub record: String,
    /// How long, in seconds, resolvers remember it.
    pub ttl: i64,
}

/// A Route 53 health check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// `HTTP`, `HTTPS` or `TCP`.
    pub protocol: String,
    /// What is asked for; `None` with `TCP`.
    pub path: Option<String>,
    /// How many failures make it unhealthy, 1 to 10.
    pub failure_threshold: i32,
}

impl Spec for DiscoveryService {
    const KIND: &'static str = "servicediscovery/service";
}

crate::ids! {
    /// `srv-…`.
    DiscoveryServiceId,
    /// A Cloud Map service's ARN.
    DiscoveryServiceArn,
}

crate::outputs!(DiscoveryService => DiscoveryServiceOutputs {
    /// `srv-…`.
    id: DiscoveryServiceId,
    /// Its ARN.
    arn: DiscoveryServiceArn,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateService.CreatorRequestId", "makes the call idempotent, is no property"),
    ("CreateService.DnsConfig.NamespaceId", "deprecated: the service's own `NamespaceId` says it"),
    (
        "CreateService.HealthCheckCustomConfig.FailureThreshold",
        "deprecated: Cloud Map always takes 1",
    ),
    (
        "CreateService.Type",
        "`HTTP` hides a service of a DNS namespace from DNS: leave `dns` out instead",
    ),
    ("UpdateService.Id", "says which service"),
];

#[allow(dead_code)]
const INFO: KindInfo = KindInfo {
    kind: DiscoveryService::KIND,
    rules: &[
        Rule::Immutable("namespace"),
        Rule::Immutable("name"),
        Rule::Immutable("dns.routing_policy"),
        Rule::Immutable("custom_health_check"),
        Rule::Unordered("dns.records"),
    ],
    observe_after: &["servicediscovery/namespace"],
    order_after: &[],
    // A name is there once in a namespace.
    replace: ReplaceOrder::DeleteFirst,
    revisioned: false,
    stateful: None,
    pace: Pace::seconds(5, 2, 600),
};
