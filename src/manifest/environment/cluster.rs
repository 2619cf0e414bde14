//! What runs the containers, how they find each other, what is measured.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::capacity::Capacity;
use super::kubernetes::Kubernetes;
use crate::manifest::read::{Read, Reader, choice, is_map, not_a_choice, notation, record};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::Node;

choice! {
    /// The kind of cluster.
    pub enum ClusterType {
        /// Amazon ECS.
        Ecs = "ecs",
        /// Amazon EKS: Kubernetes.
        Eks = "eks",
    }
}

record! {
    /// The cluster that runs the containers.
    pub(crate) struct ClusterMap {
        ..=kubernetes: Kubernetes,
        /// The kind of cluster.
        "type" cluster_type: ClusterType = ClusterType::Ecs,
        /// The name of a cluster that exists. Services run in it; it is never changed and never deleted.
        name: Option<String> as Option<ClusterName>,
        /// The same, by its ARN.
        arn: Option<String> as Option<ClusterArn>,
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

/// The cluster of an environment: `cluster: ecs`, `cluster: eks`, or a map.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Cluster {
    /// The kind of cluster.
    pub cluster_type: ClusterType,
    /// The name of a cluster that exists, where there is none of the environment's own.
    pub existing: Option<String>,
    /// The region of that cluster and its account, where its ARN says them.
    pub place: Option<(String, String)>,
    /// Whether the capacity provider `FARGATE_SPOT` is attached, besides `FARGATE`.
    pub spot: bool,
    /// Capacity of its own, by name.
    pub capacity: BTreeMap<String, Capacity>,
    /// The capacity of services that name none; Fargate if none.
    pub default_capacity: Option<String>,
    /// Whether machines outside AWS may join.
    pub external: bool,
    /// What is said of it where it is EKS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<Kubernetes>,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            cluster_type: ClusterType::Ecs,
            existing: None,
            place: None,
            spot: true,
            capacity: BTreeMap::new(),
            default_capacity: None,
            external: false,
            kubernetes: None,
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
            let before = reader.problems.len();
            let map = ClusterMap::read(node, reader)?;
            let existing = map.name.is_some() || map.arn.is_some();
            if existing && map.cluster_type == ClusterType::Ecs {
                only_existing(node, reader);
            }
            if reader.problems.len() > before {
                return None;
            }
            let parts: Vec<String> =
                map.arn.iter().flat_map(|arn| arn.split(':')).map(str::to_owned).collect();
            let named = parts.get(5).and_then(|it| it.strip_prefix("cluster/"));
            return Some(Self {
                cluster_type: map.cluster_type,
                existing: map.name.or_else(|| named.map(str::to_owned)),
                place: parts.get(3).cloned().zip(parts.get(4).cloned()),
                spot: map.spot,
                capacity: map.capacity,
                default_capacity: map.default_capacity,
                external: map.external,
                kubernetes: (map.cluster_type == ClusterType::Eks).then_some(map.kubernetes),
            });
        }
        ClusterType::read(node, reader).map(|cluster_type| Self {
            cluster_type,
            kubernetes: (cluster_type == ClusterType::Eks).then(Kubernetes::default),
            ..Self::default()
        })
    }
}

/// What describes a cluster of one's own does not go with one that exists.
fn only_existing(node: &Node, reader: &mut Reader) {
    if let (Some(_), Some(arn)) = (node.get("name"), node.get("arn")) {
        let problem = reader.error(arn.span, "`name` and `arn` both name the cluster");
        problem.help = Some("remove one of the two".to_owned());
    }
    for field in ["spot", "capacity", "default_capacity", "external"] {
        let Some(written) = node.get(field) else { continue };
        let problem = reader.error(
            written.span,
            format!("`{field}` describes a cluster of the environment's own, but this one exists"),
        );
        problem.help = Some(format!(
            "remove `{field}`: services use the capacity providers that the cluster has"
        ));
    }
}

notation! {
    /// The name of an ECS cluster.
    ClusterName as String,
    { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,255}$" },
    |node, reader| {
        let expected = "the name of an ECS cluster: letters, digits, hyphens and underscores";
        let text = &reader.text(node, expected)?.text;
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if (1..=255).contains(&text.len()) && text.chars().all(fits) {
            Some(text.clone())
        } else {
            reader.wrong(node, expected)
        }
    }
}

notation! {
    /// The ARN of an ECS cluster.
    ClusterArn as String,
    { "type": "string", "pattern": "^arn:[^:]+:ecs:[^:]+:[0-9]{12}:cluster/.+$" },
    |node, reader| {
        let expected = "an ARN such as `arn:aws:ecs:eu-west-1:123456789012:cluster/NAME`";
        let text = &reader.text(node, expected)?.text;
        let parts: Vec<&str> = text.split(':').collect();
        let fits = matches!(parts[..], ["arn", _, "ecs", region, account, resource]
            if !region.is_empty()
                && account.len() == 12
                && account.bytes().all(|b| b.is_ascii_digit())
                && resource.strip_prefix("cluster/").is_some_and(|name| !name.is_empty()));
        if fits { Some(text.clone()) } else { reader.wrong(node, expected) }
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
