//! A Cloud Map namespace: a private DNS zone of one VPC, or names for API calls only.

use serde::{Deserialize, Serialize};

use crate::engine::{Input, KindInfo, Pace, ReplaceOrder, Rule, Spec};
use crate::resources::ec2::VpcId;
use crate::resources::resource::Tags;

/// A Cloud Map namespace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Namespace {
    /// `test.demo.local`: the end of every name in it.
    pub name: String,
    /// The VPC whose DNS knows it; `None` for an HTTP namespace, which only API calls
    /// (and Service Connect) know.
    pub vpc: Option<Input<VpcId>>,
    /// For people; may be empty.
    pub description: String,
    /// How long, in seconds, resolvers remember that a name is not there; `None` for an HTTP namespace.
    pub soa_ttl: Option<i64>,
    /// The user's own tags.
    pub tags: Tags,
}

impl Namespace {
    /// What Cloud Map itself sets, in seconds.
    pub const SOA_TTL: i64 = 15;

    /// A private DNS namespace.
    pub fn private_dns(name: impl Into<String>, vpc: Input<VpcId>) -> Self {
        Self {
            name: name.into(),
            vpc: Some(vpc),
            description: String::new(),
            soa_ttl: Some(Self::SOA_TTL),
            tags: Tags::new(),
        }
    }

    /// An HTTP namespace.
    pub fn http(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            vpc: None,
            description: String::new(),
            soa_ttl: None,
            tags: Tags::new(),
        }
    }
}

impl Spec for Namespace {
    const KIND: &'static str = "servicediscovery/namespace";
}

crate::ids! {
    /// `ns-…`.
    NamespaceId,
    /// A namespace's ARN.
    NamespaceArn,
}

crate::outputs!(Namespace => NamespaceOutputs {
    /// `ns-…`.
    id: NamespaceId,
    /// Its ARN.
    arn: NamespaceArn,
    /// Its name.
    name: String,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreatePrivateDnsNamespace.CreatorRequestId", "makes the call idempotent, is no property"),
    ("CreateHttpNamespace.CreatorRequestId", "makes the call idempotent, is no property"),
    ("UpdatePrivateDnsNamespace.UpdaterRequestId", "makes the call idempotent, is no property"),
    ("UpdateHttpNamespace.UpdaterRequestId", "makes the call idempotent, is no property"),
    ("UpdatePrivateDnsNamespace.Id", "says which namespace"),
    ("UpdateHttpNamespace.Id", "says which namespace"),
];

#[allow(dead_code)]
const INFO: KindInfo = KindInfo {
    kind: Namespace::KIND,
    rules: &[Rule::Immutable("name"), Rule::Immutable("vpc")],
    observe_after: &[],
    order_after: &[],
    // Two namespaces of one name exclude each other.
    replace: ReplaceOrder::DeleteFirst,
    revisioned: false,
    stateful: None,
    pace: Pace::seconds(40, 3, 600),
};
