//! `kubernetes`: what only Kubernetes knows of a service. It stands below `environments.NAME` of an environment on EKS.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::ServiceFile;
use super::container::AbsolutePath;
use crate::manifest::read::{
    Between, Read, Reader, Seconds, Text, choice, is_map, notation, record,
};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::Node;

record! {
    /// What only Kubernetes knows of a service.
    #[derive(Default)]
    pub struct ServiceKubernetes {
        /// Labels of the nodes that its pods may run on.
        node_selector: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// Taints of nodes that its pods put up with.
        tolerations: Vec<Toleration>,
        /// How its pods are spread over nodes and zones.
        topology_spread: Vec<TopologySpread>,
        /// The name of the priority class of its pods.
        priority_class: Option<String> as Option<ObjectName>,
        /// The account that its pods have in the cluster.
        service_account: Account = Account::default(),
        /// How many of its pods a drained node may take away at once: `false`, or a map; one, where there are two pods or more,
        /// when left out.
        disruption_budget: DisruptionBudget = DisruptionBudget::Usual,
        /// Disks that each pod has of its own and keeps, by name. With one of them the pods are a StatefulSet.
        claims: BTreeMap<String, Claim>,
    }
}

record! {
    /// A taint that pods put up with.
    #[derive(Eq)]
    pub struct Toleration {
        /// The taint's key; all taints when left out.
        key: Option<String> as Option<Text>,
        /// The taint's value; any when left out.
        value: Option<String> as Option<Text>,
        /// What the taint does; any when left out.
        effect: Option<Effect>,
        /// How long a pod stays on a node that gets the taint, with `no-execute`; for ever when left out.
        stays: Option<std::time::Duration> as Option<Seconds>,
    }
}

choice! {
    /// What a taint does to pods that do not tolerate it.
    pub enum Effect {
        /// They are not scheduled there.
        NoSchedule = "no-schedule",
        /// They are scheduled elsewhere if possible.
        PreferNoSchedule = "prefer-no-schedule",
        /// They have to leave.
        NoExecute = "no-execute",
    }
}

record! {
    /// How pods are spread.
    #[derive(Eq)]
    pub struct TopologySpread {
        /// The label of nodes over whose values pods are spread, such as `topology.kubernetes.io/zone`.
        key: String as Text,
        /// How many pods more than the emptiest place another may have.
        max_skew: u32 as Between<1, 1000> = 1,
        /// Whether a pod waits rather than be placed unevenly.
        required: bool = false,
    }
}

record! {
    /// The account that pods have in the cluster.
    #[derive(Default)]
    pub struct Account {
        /// Annotations of the account, for controllers that read them.
        annotations: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// Whether pods get a token for the API of Kubernetes.
        token: bool = false,
    }
}

/// How many pods may be missing on purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DisruptionBudget {
    /// One, where there are two pods or more.
    #[default]
    Usual,
    /// Any number: there is no budget.
    None,
    /// At most so many, or such a share.
    MaxUnavailable(String),
    /// So many have to stay, or such a share.
    MinAvailable(String),
}

record! {
    /// How many pods may be missing on purpose: one of the two.
    pub(crate) struct DisruptionBudgetMap {
        /// At most so many may be missing: a number, or a share such as `25%`.
        max_unavailable: Option<String> as Option<PodsOrShare>,
        /// At least so many stay: a number, or a share such as `50%`.
        min_available: Option<String> as Option<PodsOrShare>,
    }
}

impl JsonSchema for DisruptionBudget {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DisruptionBudget".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([json_schema!({ "const": false }), part::<DisruptionBudgetMap>(generator)])
    }
}

impl Read for DisruptionBudget {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let expected = "`false`, or a map with `max_unavailable` or `min_available`";
        if !is_map(node) {
            return match node.text() {
                Some("false") => Some(Self::None),
                _ => reader.wrong(node, expected),
            };
        }
        let map = DisruptionBudgetMap::read(node, reader)?;
        match (map.max_unavailable, map.min_available) {
            (Some(most), None) => Some(Self::MaxUnavailable(most)),
            (None, Some(least)) => Some(Self::MinAvailable(least)),
            _ => reader.wrong(node, expected),
        }
    }
}

record! {
    /// A disk that each pod has of its own and keeps.
    #[derive(Eq)]
    pub struct Claim {
        /// Where it appears in the main container.
        path: String as AbsolutePath,
        /// Its size in GiB.
        size: u32 as Between<1, 65_536>,
        /// The storage class that makes it; the cluster's default when left out.
        storage_class: Option<String> as Option<ObjectName>,
    }
}

notation! {
    /// A number of pods, or a share of them.
    PodsOrShare as String,
    { "type": ["integer", "string"], "pattern": "^[0-9]+%?$", "examples": [1, "25%"] },
    |node, reader| {
        let expected = "a number of pods, or a share such as `25%`";
        let text = &reader.text(node, expected)?.text;
        let digits = text.strip_suffix('%').unwrap_or(text);
        let number = Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        match number.and_then(|digits| digits.parse::<u32>().ok()) {
            Some(number) if text.ends_with('%') && number <= 100 => Some(format!("{number}%")),
            Some(number) if !text.ends_with('%') => Some(number.to_string()),
            _ => reader.wrong(node, expected),
        }
    }
}

notation! {
    /// The name of an object in a cluster.
    ObjectName as String,
    { "type": "string", "pattern": "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", "maxLength": 253 },
    |node, reader| {
        let expected = "a name of an object: lower-case letters, digits, `-` and `.`";
        let text = &reader.text(node, expected)?.text;
        let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let sound = text.len() <= 253 && text.chars().all(inside) && text.starts_with(ends) && text.ends_with(ends);
        if sound { Some(text.clone()) } else { reader.wrong(node, expected) }
    }
}

/// The label of nodes that an attribute of ECS's stands for, in `placement.strategies`.
pub fn spread_by(attribute: &str) -> Option<&'static str> {
    match attribute {
        "attribute:ecs.availability-zone" => Some("topology.kubernetes.io/zone"),
        "attribute:ecs.instance-type" => Some("node.kubernetes.io/instance-type"),
        "instance" | "host" | "instanceId" => Some("kubernetes.io/hostname"),
        _ => None,
    }
}

/// The main container, those that wait for it, and those that wait for them: in a pod they start in this order.
pub fn after_main(service: &ServiceFile) -> BTreeSet<&str> {
    let mut after = BTreeSet::from([service.name.as_str()]);
    loop {
        let next = service.sidecars.iter().find(|(name, sidecar)| {
            !after.contains(name.as_str())
                && sidecar.depends_on.keys().any(|on| after.contains(on.as_str()))
        });
        let Some((name, _)) = next else { return after };
        after.insert(name);
    }
}
