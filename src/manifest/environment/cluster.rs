//! What runs the containers, how they find each other, what is measured.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::capacity::Capacity;
use crate::manifest::read::{Read, Reader, choice, is_map, not_a_choice, record};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::Node;

choice! {
    /// The kind of cluster.
    pub enum ClusterType {
        /// Amazon ECS.
        Ecs = "ecs",
    }
}

record! {
    /// The cluster that runs the containers.
    pub(crate) struct ClusterMap {
        /// The kind of cluster.
        "type" cluster_type: ClusterType = ClusterType::Ecs,
        /// Whether services may use Fargate Spot.
        spot: bool = true,
        /// Instances that services may run on, instead of Fargate, by a name that services use.
        capacity: BTreeMap<String, Capacity>,
        /// The capacity of services that name none: one of these, or `fargate`, as when left out.
        default_capacity: Option<String>,
        /// Whether machines outside AWS may join (ECS Anywhere): `shipit env register` prints how. Services name them `external`.
        external: bool = false,
    }
}

/// The cluster of an environment: `cluster: ecs`, or a map.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Cluster {
    /// The kind of cluster.
    pub cluster_type: ClusterType,
    /// Whether the capacity provider `FARGATE_SPOT` is attached, besides `FARGATE`.
    pub spot: bool,
    /// Capacity of its own, by name.
    pub capacity: BTreeMap<String, Capacity>,
    /// The capacity of services that name none; Fargate if none.
    pub default_capacity: Option<String>,
    /// Whether machines outside AWS may join.
    pub external: bool,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            cluster_type: ClusterType::Ecs,
            spot: true,
            capacity: BTreeMap::new(),
            default_capacity: None,
            external: false,
        }
    }
}

impl JsonSchema for Cluster {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cluster".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<ClusterType>(generator), part::<ClusterMap>(generator)])
    }
}

impl Read for Cluster {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if is_map(node) {
            return ClusterMap::read(node, reader).map(|map| Self {
                cluster_type: map.cluster_type,
                spot: map.spot,
                capacity: map.capacity,
                default_capacity: map.default_capacity,
                external: map.external,
            });
        }
        ClusterType::read(node, reader).map(|cluster_type| Self { cluster_type, ..Self::default() })
    }
}

record! {
    /// Names under which services find each other.
    pub(crate) struct DiscoveryMap {
        /// The private DNS name below which services appear; ENVIRONMENT.APPLICATION.local when left out.
        name: Option<String>,
    }
}

/// The Cloud Map namespace: `discovery: true`, `false`, or `{name: ...}`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Discovery {
    /// Whether there is a namespace.
    pub enabled: bool,
    /// Its name, when it is not `ENVIRONMENT.APPLICATION.local`.
    pub name: Option<String>,
}

impl Default for Discovery {
    fn default() -> Self {
        Self { enabled: true, name: None }
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
            return DiscoveryMap::read(node, reader)
                .map(|map| Self { enabled: true, name: map.name });
        }
        bool::read(node, reader).map(|enabled| Self { enabled, name: None })
    }
}

record! {
    /// What is measured.
    pub struct Observability {
        /// CloudWatch Container Insights: `true`, `false` or `enhanced`. Costs extra.
        container_insights: ContainerInsights = ContainerInsights::Disabled,
    }
}

impl Default for Observability {
    fn default() -> Self {
        Self { container_insights: ContainerInsights::Disabled }
    }
}

/// CloudWatch Container Insights, in the words of the ECS API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ContainerInsights {
    /// `false`.
    Disabled,
    /// `true`.
    Enabled,
    /// `enhanced`: task and container metrics too.
    Enhanced,
}

impl JsonSchema for ContainerInsights {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ContainerInsights".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": [true, false, "enhanced"] })
    }
}

impl Read for ContainerInsights {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match node.text() {
            Some("true") => Some(Self::Enabled),
            Some("false") => Some(Self::Disabled),
            Some("enhanced") => Some(Self::Enhanced),
            Some(other) => {
                let other = other.to_owned();
                not_a_choice(node, reader, &other, &["true", "false", "enhanced"])
            }
            None => reader.wrong(node, "one of `true`, `false` or `enhanced`"),
        }
    }
}
