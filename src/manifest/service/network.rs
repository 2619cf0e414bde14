//! Where a service's tasks stand in the network.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::manifest::environment::{SecurityGroupId, SubnetId};
use crate::manifest::read::{Read, Reader, choice, is_map, record};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::{Node, Value};

record! {
    /// Where the tasks stand in the network.
    #[derive(Default)]
    pub struct ServiceNetwork {
        /// Subnets and security groups.
        vpc: ServiceVpc = ServiceVpc::default(),
    }
}

record! {
    /// Subnets and security groups of the tasks.
    pub struct ServiceVpc {
        /// `public`, `private`, or `{subnets: [...]}` with ids.
        placement: Placement = Placement::Public,
        /// Ids of more security groups, or a map.
        security_groups: SecurityGroups = SecurityGroups::default(),
    }
}

impl Default for ServiceVpc {
    fn default() -> Self {
        Self { placement: Placement::Public, security_groups: SecurityGroups::default() }
    }
}

/// The subnets of the tasks.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// The environment's public subnets, with public addresses.
    Public,
    /// The environment's private subnets.
    Private,
    /// These subnets, by id.
    Subnets(Vec<String>),
}

choice! {
    /// Which of the environment's subnets.
    pub(crate) enum PlacementWord {
        /// Those with public addresses.
        Public = "public",
        /// Those without.
        Private = "private",
    }
}

record! {
    /// Particular subnets.
    pub(crate) struct PlacementMap {
        /// Ids of the subnets.
        subnets: Vec<String> as Subnets,
    }
}

/// Ids of subnets, at least one.
#[derive(Debug)]
pub(crate) struct Subnets;

impl JsonSchema for Subnets {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Subnets".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let item = part::<SubnetId>(generator);
        json_schema!({ "type": "array", "items": item, "minItems": 1, "maxItems": 16 })
    }
}

impl Read for Subnets {
    type Value = Vec<String>;

    fn read(node: &Node, reader: &mut Reader) -> Option<Vec<String>> {
        let ids = Vec::<SubnetId>::read(node, reader)?;
        if (1..=16).contains(&ids.len()) {
            Some(ids)
        } else {
            reader.wrong(node, "a list of 1 to 16 subnet ids")
        }
    }
}

impl JsonSchema for Placement {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Placement".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<PlacementWord>(generator), part::<PlacementMap>(generator)])
    }
}

impl Read for Placement {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if is_map(node) {
            return PlacementMap::read(node, reader).map(|map| Self::Subnets(map.subnets));
        }
        PlacementWord::read(node, reader).map(|word| match word {
            PlacementWord::Public => Self::Public,
            PlacementWord::Private => Self::Private,
        })
    }
}

/// Security groups of the tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct SecurityGroups {
    /// Ids of groups besides the environment's.
    pub groups: Vec<String>,
    /// Whether the environment's group is left out.
    pub deny_default: bool,
}

record! {
    /// Security groups of the tasks.
    pub(crate) struct SecurityGroupsMap {
        /// Ids of groups besides the environment's.
        groups: Vec<String> as Vec<SecurityGroupId>,
        /// Whether the environment's group is left out.
        deny_default: bool = false,
    }
}

impl JsonSchema for SecurityGroups {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SecurityGroups".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<Vec<SecurityGroupId>>(generator), part::<SecurityGroupsMap>(generator)])
    }
}

impl Read for SecurityGroups {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if matches!(node.value, Value::Sequence(_)) {
            let groups = Vec::<SecurityGroupId>::read(node, reader)?;
            return Some(Self { groups, deny_default: false });
        }
        if !is_map(node) {
            return reader.wrong(
                node,
                "a list of security group ids, or a map with `groups` and `deny_default`",
            );
        }
        let map = SecurityGroupsMap::read(node, reader)?;
        Some(Self { groups: map.groups, deny_default: map.deny_default })
    }
}
