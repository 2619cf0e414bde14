//! What a service's tasks run on, and where on it they are placed.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::ServiceFile;
use crate::manifest::environment::Environment;
use crate::manifest::read::{Between, Read, Reader, choice, record};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::{Node, Value};

/// What tasks run on.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceCapacity {
    /// Fargate.
    Fargate,
    /// Fargate Spot.
    FargateSpot,
    /// Machines outside AWS (ECS Anywhere).
    External,
    /// Capacity of the environment's, by name.
    Providers(Vec<Share>),
}

record! {
    /// One capacity's share of the tasks.
    #[derive(Eq)]
    pub struct Share {
        /// Its name in the environment's `cluster.capacity`; or `fargate`, `fargate-spot`.
        provider: String,
        /// How many tasks it runs at least; one of the list may have more than 0.
        base: u32 as Between<0, 100000> = 0,
        /// Its share of the others.
        weight: u32 as Between<0, 1000> = 1,
    }
}

impl JsonSchema for ServiceCapacity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ServiceCapacity".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let word = json_schema!({ "type": "string", "examples": ["fargate", "fargate-spot", "external", "general"] });
        let item = part::<Share>(generator);
        either([
            word,
            json_schema!({ "type": "array", "items": item, "minItems": 1, "maxItems": 20 }),
        ])
    }
}

impl Read for ServiceCapacity {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let expected = "`fargate`, `fargate-spot`, `external`, a capacity's name, or a list of `provider`, `base` and `weight`";
        if matches!(node.value, Value::Sequence(_)) {
            let shares = Vec::<Share>::read(node, reader)?;
            return match shares.is_empty() {
                true => reader.wrong(node, expected),
                false => Some(Self::Providers(shares)),
            };
        }
        Some(Self::of_word(&reader.text(node, expected)?.text))
    }
}

impl ServiceCapacity {
    fn of_word(word: &str) -> Self {
        match word {
            "fargate" => Self::Fargate,
            "fargate-spot" => Self::FargateSpot,
            "external" => Self::External,
            name => Self::Providers(vec![Share { provider: name.to_owned(), base: 0, weight: 1 }]),
        }
    }
}

choice! {
    /// How containers are reached.
    pub enum NetworkMode {
        /// Every task has a network interface of its own.
        Awsvpc = "awsvpc",
        /// Containers stand behind the instance, at ports of its.
        Bridge = "bridge",
        /// Containers use the instance's own network.
        Host = "host",
        /// Nothing reaches them, and they reach nothing.
        None = "none",
    }
}

record! {
    /// Where on its capacity a task is placed.
    #[derive(Default)]
    pub struct TaskPlacement {
        /// Where tasks may go: `distinct_instance`, or `member_of` with an expression.
        constraints: Vec<Constraint>,
        /// Which of the possible places is taken: `binpack`, `spread`, `random`, the first rule first.
        strategies: Vec<Strategy>,
    }
}

/// Where tasks may go.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Constraint {
    /// Each on an instance of its own.
    DistinctInstance,
    /// On instances for which an expression of the cluster query language holds.
    MemberOf(String),
}

record! {
    /// `member_of: EXPRESSION`.
    pub(crate) struct MemberOf {
        /// An expression of the cluster query language: `attribute:ecs.instance-type =~ m7*`.
        member_of: String,
    }
}

choice! {
    /// `distinct_instance`.
    pub(crate) enum ConstraintWord {
        /// Each task on an instance of its own.
        DistinctInstance = "distinct_instance",
    }
}

impl JsonSchema for Constraint {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Constraint".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<ConstraintWord>(generator), part::<MemberOf>(generator)])
    }
}

impl Read for Constraint {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if crate::manifest::read::is_map(node) {
            return MemberOf::read(node, reader).map(|map| Self::MemberOf(map.member_of));
        }
        ConstraintWord::read(node, reader)
            .map(|ConstraintWord::DistinctInstance| Self::DistinctInstance)
    }
}

/// Which of the possible places is taken.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Any.
    Random,
    /// The one with the least `cpu` or `memory` left.
    Binpack(Resource),
    /// The one where the service has the fewest tasks, by `instance` or by an attribute.
    Spread(String),
}

choice! {
    /// What is packed.
    pub enum Resource {
        /// CPU units.
        Cpu = "cpu",
        /// Memory.
        Memory = "memory",
    }
}

choice! {
    /// `random`.
    pub(crate) enum StrategyWord {
        /// Any place.
        Random = "random",
    }
}

record! {
    /// `binpack: cpu`, or `spread: attribute:ecs.availability-zone`.
    pub(crate) struct StrategyMap {
        /// `cpu` or `memory`: the fullest instance first.
        binpack: Option<Resource>,
        /// `instance`, or an attribute: `attribute:ecs.availability-zone`.
        spread: Option<String>,
    }
}

impl JsonSchema for Strategy {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Strategy".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<StrategyWord>(generator), part::<StrategyMap>(generator)])
    }
}

impl Read for Strategy {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let expected =
            "`random`, `binpack: cpu`, `binpack: memory`, or `spread:` with an attribute";
        if !crate::manifest::read::is_map(node) {
            return StrategyWord::read(node, reader).map(|StrategyWord::Random| Self::Random);
        }
        let map = StrategyMap::read(node, reader)?;
        match (map.binpack, map.spread) {
            (Some(resource), None) => Some(Self::Binpack(resource)),
            (None, Some(field)) => Some(Self::Spread(field)),
            _ => reader.wrong(node, expected),
        }
    }
}

/// The kind of place that tasks run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// Fargate.
    Fargate,
    /// Instances of an Auto Scaling group.
    Ec2,
    /// Instances that ECS manages.
    Managed,
    /// Machines outside AWS.
    External,
}

/// Is this Fargate, in a list of providers?
pub(crate) fn is_fargate(name: &str) -> bool {
    matches!(name, "fargate" | "fargate-spot")
}

impl ServiceFile {
    /// What it runs on in an environment: its own word, or the environment's.
    pub fn capacity_in(&self, environment: Option<&Environment>) -> ServiceCapacity {
        let default = environment.and_then(|one| one.cluster.default_capacity.clone());
        match (&self.capacity, default) {
            (Some(own), _) => own.clone(),
            (None, Some(default)) => ServiceCapacity::of_word(&default),
            (None, None) => ServiceCapacity::Fargate,
        }
    }

    /// The kind of place that its tasks run in.
    pub fn runs_in(&self, environment: Option<&Environment>) -> Runs {
        match self.capacity_in(environment) {
            ServiceCapacity::Fargate | ServiceCapacity::FargateSpot => Runs::Fargate,
            ServiceCapacity::External => Runs::External,
            ServiceCapacity::Providers(shares) => {
                let first = shares.first().map_or("", |share| share.provider.as_str());
                let of = environment.and_then(|one| one.cluster.capacity.get(first));
                match of {
                    _ if is_fargate(first) => Runs::Fargate,
                    Some(capacity) if capacity.managed_instances.is_some() => Runs::Managed,
                    _ => Runs::Ec2,
                }
            }
        }
    }

    /// How its containers are reached.
    pub fn network_mode_in(&self, environment: Option<&Environment>) -> NetworkMode {
        self.network.mode.unwrap_or(match self.runs_in(environment) {
            Runs::External => NetworkMode::Bridge,
            _ => NetworkMode::Awsvpc,
        })
    }
}
