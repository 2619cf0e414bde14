//! Where a service's tasks stand in the network.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::capacity::NetworkMode;
use super::connect::Connect;
use crate::manifest::environment::{SecurityGroupId, SubnetId};
use crate::manifest::read::{Read, Reader, Text, choice, is_map, record};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::{Node, Value};

record! {
    /// Where the tasks stand in the network.
    #[derive(Default)]
    pub struct ServiceNetwork {
        /// Subnets and security groups.
        vpc: ServiceVpc = ServiceVpc::default(),
        /// ECS Service Connect: `true` lets other services call this one by its name; a map says how.
        connect: Connect = Connect::default(),
        /// How containers are reached: `awsvpc`, on instances also `bridge`, `host`, `none`.
        mode: Option<NetworkMode>,
    }
}

record! {
    /// Subnets and security groups of the tasks.
    pub struct ServiceVpc {
        /// `public`, `private`, or `{subnets: [...]}` with ids, or `{subnets: {from_tags: {KEY: VALUE}}}`.
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
    /// The subnets that bear all of these tags, with one of the values of each.
    Tagged(Tagged),
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

/// Tags of subnets, and the values that each may have.
pub type Tagged = BTreeMap<String, Vec<String>>;

record! {
    /// Particular subnets.
    pub(crate) struct PlacementMap {
        /// Ids of the subnets, or the tags that they bear.
        subnets: Placement as Subnets,
    }
}

record! {
    /// Subnets by their tags.
    pub(crate) struct SubnetsMap {
        /// Tags, each with a value or a list of values; a subnet bears all of them.
        from_tags: Tagged as BTreeMap<String, TagValues>,
    }
}

/// A value or a list of values.
#[derive(Debug)]
pub(crate) struct TagValues;

impl JsonSchema for TagValues {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TagValues".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let scalar = json_schema!({ "type": ["string", "number", "boolean"] });
        json_schema!({ "anyOf": [scalar, { "type": "array", "items": scalar, "minItems": 1 }] })
    }
}

impl Read for TagValues {
    type Value = Vec<String>;

    fn read(node: &Node, reader: &mut Reader) -> Option<Vec<String>> {
        if is_map(node) {
            return reader.wrong(node, "a value, or a list of values");
        }
        let values = match node.value {
            Value::Sequence(_) => Vec::<Text>::read(node, reader)?,
            _ => vec![Text::read(node, reader)?],
        };
        match values.is_empty() {
            true => reader.wrong(node, "a value, or a list with at least one"),
            false => Some(values),
        }
    }
}

/// Ids of subnets, at least one, or `from_tags`.
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
        let ids = json_schema!({ "type": "array", "items": item, "minItems": 1, "maxItems": 16 });
        either([ids, part::<SubnetsMap>(generator)])
    }
}

impl Read for Subnets {
    type Value = Placement;

    fn read(node: &Node, reader: &mut Reader) -> Option<Placement> {
        if is_map(node) {
            let before = reader.problems.len();
            let tags = SubnetsMap::read(node, reader)?.from_tags;
            if tags.is_empty() && reader.problems.len() == before {
                reader.error(node.span, "`from_tags` names no tag").expected =
                    Some("at least one tag and its value".to_owned());
            }
            return (!tags.is_empty()).then_some(Placement::Tagged(tags));
        }
        let ids = Vec::<SubnetId>::read(node, reader)?;
        if (1..=16).contains(&ids.len()) {
            Some(Placement::Subnets(ids))
        } else {
            reader.wrong(node, "a list of 1 to 16 subnet ids, or a map with `from_tags`")
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
            return PlacementMap::read(node, reader).map(|map| map.subnets);
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
