//! How many tasks run.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::container::bounded;
use super::steps::{Schedule, Steps};
use crate::manifest::read::{Fields, Percentage, Read, Reader, Seconds, is_map, notation, record};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::Node;

/// How many tasks run.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// So many, all on Fargate.
    Fixed(u32),
    /// So many, all on Fargate Spot.
    Spot(u32),
    /// One on every instance.
    Daemon,
    /// As many as the targets ask for.
    Autoscaling(Box<Autoscaling>),
}

impl Default for Count {
    fn default() -> Self {
        Self::Fixed(1)
    }
}

/// Tasks between two bounds, by targets, steps and schedules.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Autoscaling {
    /// Fewest tasks.
    pub min: u32,
    /// Most tasks.
    pub max: u32,
    /// The number of the first task that runs on Fargate Spot; those before it run on Fargate.
    pub spot_from: Option<u32>,
    /// Average CPU of the service, in percent.
    pub cpu_percentage: Option<Target<u8>>,
    /// Average memory of the service, in percent.
    pub memory_percentage: Option<Target<u8>>,
    /// Requests per task and minute.
    pub requests: Option<Target<u32>>,
    /// Average time the load balancer waits for an answer.
    pub response_time: Option<Target<Duration>>,
    /// Messages waiting in the queue for each task.
    pub queue_delay: Option<Target<u32>>,
    /// Tasks that come or go in steps, by name.
    pub steps: BTreeMap<String, Steps>,
    /// Other bounds at some times, by name.
    pub schedules: BTreeMap<String, Schedule>,
    /// Times to wait where steps have none of their own.
    pub cooldown: Cooldown,
}

/// What a metric shall be, and how long to wait between two changes.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Target<T> {
    /// The value to keep.
    pub value: T,
    /// Its own times, or the service's.
    pub cooldown: Cooldown,
}

/// How long to wait between two changes of the number of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Cooldown {
    /// After tasks were taken away.
    pub scale_in: Duration,
    /// After tasks were added.
    pub scale_out: Duration,
}

record! {
    /// How long to wait between two changes of the number of tasks.
    pub(crate) struct CooldownMap {
        /// Time to wait after tasks were taken away; 120s when left out.
        "in" scale_in: Option<Duration> as Option<Seconds>,
        /// Time to wait after tasks were added; 60s when left out.
        "out" scale_out: Option<Duration> as Option<Seconds>,
    }
}

record! {
    /// Fargate Spot, or autoscaling.
    pub(crate) struct CountMap {
        /// So many tasks, all on Fargate Spot.
        spot: Option<u32> as Option<Tasks>,
        /// The bounds of autoscaling: `1-10`, or a map.
        range: Option<RangeMap> as Option<Range>,
        /// Times to wait, for all targets that have none of their own.
        cooldown: CooldownMap = CooldownMap { scale_in: None, scale_out: None },
        /// Average CPU to keep, in percent.
        cpu_percentage: Option<Goal<u8>> as Option<GoalOf<Percentage>>,
        /// Average memory to keep, in percent.
        memory_percentage: Option<Goal<u8>> as Option<GoalOf<Percentage>>,
        /// Requests per task and minute to keep.
        requests: Option<Goal<u32>> as Option<GoalOf<Positive>>,
        /// Time the load balancer waits for an answer to keep.
        response_time: Option<Goal<Duration>> as Option<GoalOf<Seconds>>,
        /// How long messages may wait in a worker's queue.
        queue_delay: Option<QueueDelay>,
        /// Tasks that come or go in steps while a metric is too high or too low, by names of your choice.
        steps: BTreeMap<String, Steps>,
        /// Other bounds at some times, by names of your choice.
        schedules: BTreeMap<String, Schedule>,
    }
}

record! {
    /// How long messages may wait in a worker's queue.
    pub(crate) struct QueueDelay {
        /// How long a message may wait until it is processed.
        acceptable_latency: Duration as Seconds,
        /// How long a task takes for one message: `250ms`, `10s`.
        msg_processing_time: Duration as Time,
        /// Times of its own to wait between two changes.
        cooldown: CooldownMap = CooldownMap { scale_in: None, scale_out: None },
    }
}

record! {
    /// The bounds of autoscaling.
    pub(crate) struct RangeMap {
        /// Fewest tasks.
        min: u32 as Tasks,
        /// Most tasks.
        max: u32 as Tasks,
        /// The number of the first task that runs on Fargate Spot; those before it run on Fargate.
        spot_from: Option<u32> as Option<Positive>,
    }
}

/// A target as written: without the service's times.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Goal<T> {
    /// The value to keep.
    pub value: T,
    /// Times of its own.
    pub cooldown: Option<CooldownMap>,
}

/// A target: a value, or `{value, cooldown}`.
#[derive(Debug)]
pub(crate) struct GoalOf<T>(std::marker::PhantomData<T>);

impl<T: Read> JsonSchema for GoalOf<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Goal{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut fields = crate::manifest::schema::Fields::default();
        fields.add::<T>(generator, "value", "The value to keep.", None);
        fields.add::<Option<CooldownMap>>(
            generator,
            "cooldown",
            "Times to wait, for this target alone.",
            None,
        );
        either([part::<T>(generator), fields.into_schema("A target with times of its own.")])
    }
}

impl<T: Read> Read for GoalOf<T> {
    type Value = Goal<T::Value>;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self::Value> {
        if !is_map(node) {
            return T::read(node, reader).map(|value| Goal { value, cooldown: None });
        }
        let mut fields: Fields<'_> = reader.fields(node, "a value, or a map")?;
        let value = fields.field::<T>(reader, "value");
        let cooldown = fields.field::<Option<CooldownMap>>(reader, "cooldown");
        fields.finish(reader);
        Some(Goal { value: value?, cooldown: cooldown? })
    }
}

/// `1-10`, or a map.
#[derive(Debug)]
pub(crate) struct Range;

impl JsonSchema for Range {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Range".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let word =
            json_schema!({ "type": "string", "pattern": "^[0-9]+-[0-9]+$", "examples": ["1-10"] });
        either([word, part::<RangeMap>(generator)])
    }
}

impl Read for Range {
    type Value = RangeMap;

    fn read(node: &Node, reader: &mut Reader) -> Option<RangeMap> {
        if is_map(node) {
            return RangeMap::read(node, reader);
        }
        let expected = "a range such as `1-10`, or a map with `min` and `max`";
        let text = &reader.text(node, expected)?.text;
        let number = |text: &str| {
            text.parse::<u32>()
                .ok()
                .filter(|number| *number <= MOST_TASKS && !text.starts_with('+'))
        };
        match text.split_once('-').map(|(min, max)| (number(min.trim()), number(max.trim()))) {
            Some((Some(min), Some(max))) => Some(RangeMap { min, max, spot_from: None }),
            _ => reader.wrong(node, expected),
        }
    }
}

/// The bounds of a schedule: `2-10`, or a map with one of them or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Bounds {
    /// Fewest tasks; as before if absent.
    pub min: Option<u32>,
    /// Most tasks; as before if absent.
    pub max: Option<u32>,
}

record! {
    /// The bounds of a schedule: one of them or both.
    pub(crate) struct BoundsMap {
        /// Fewest tasks; as before when left out.
        min: Option<u32> as Option<Tasks>,
        /// Most tasks; as before when left out.
        max: Option<u32> as Option<Tasks>,
    }
}

impl JsonSchema for Bounds {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bounds".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let word =
            json_schema!({ "type": "string", "pattern": "^[0-9]+-[0-9]+$", "examples": ["2-10"] });
        either([word, part::<BoundsMap>(generator)])
    }
}

impl Read for Bounds {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if is_map(node) {
            return BoundsMap::read(node, reader).map(|map| Self { min: map.min, max: map.max });
        }
        Range::read(node, reader).map(|range| Self { min: Some(range.min), max: Some(range.max) })
    }
}

/// ECS's quota of tasks in a service.
const MOST_TASKS: u32 = 5000;

notation! {
    /// A span of time that may be shorter than a second: `250ms`, `1.5s`, `10s`.
    Time as Duration,
    { "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$", "examples": ["250ms", "10s"] },
    |node, reader| {
        let expected = "a time with its unit: `250ms`, `1.5s`, `10s`";
        let text = &reader.text(node, expected)?.text;
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let scale = match &text[digits.len()..] {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return reader.wrong(node, expected),
        };
        let plain = digits.starts_with(|c: char| c.is_ascii_digit());
        match digits.parse::<f64>().ok().filter(|number| plain && *number <= 1e6) {
            Some(number) => Some(Duration::from_secs_f64(number * scale)),
            None => reader.wrong(node, expected),
        }
    }
}

notation! {
    /// A number of tasks.
    Tasks as u32,
    { "type": "integer", "minimum": 0, "maximum": MOST_TASKS },
    |node, reader| bounded(node, reader, 0, i64::from(MOST_TASKS), "a number of tasks, 0 to 5000")
}

notation! {
    /// A whole number from 1.
    Positive as u32,
    { "type": "integer", "minimum": 1 },
    |node, reader| bounded(node, reader, 1, i64::from(i32::MAX), "a whole number, 1 or more")
}

impl JsonSchema for Count {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let daemon = json_schema!({ "const": "daemon" });
        either([part::<Tasks>(generator), part::<CountMap>(generator), daemon])
    }
}

impl Read for Count {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if !is_map(node) {
            if node.text() == Some("daemon") {
                return Some(Self::Daemon);
            }
            let expected =
                "a number of tasks, 0 to 5000, `daemon`, or a map with `spot` or `range`";
            return bounded(node, reader, 0, i64::from(MOST_TASKS), expected).map(Self::Fixed);
        }
        if let Some(entry) = node.get("daemon") {
            let message = "a daemon has no count: it runs once on every instance";
            reader.error(entry.span, message).help = Some("write `count: daemon`".to_owned());
            return None;
        }
        let before = reader.problems.len();
        let map = CountMap::read(node, reader)?;
        if reader.problems.len() == before {
            crate::manifest::check::count(&map, node, reader);
        }
        if reader.problems.len() > before {
            return None;
        }
        Some(match (map.spot, &map.range) {
            (Some(spot), _) => Self::Spot(spot),
            (None, Some(range)) => Self::Autoscaling(Box::new(autoscaling(&map, range))),
            (None, None) => Self::default(),
        })
    }
}

fn autoscaling(map: &CountMap, range: &RangeMap) -> Autoscaling {
    let time = |own: Option<Duration>, all: Option<Duration>, default| {
        own.or(all).unwrap_or(Duration::from_secs(default))
    };
    let cooldown = |own: &Option<CooldownMap>| {
        let (own_in, own_out) =
            own.as_ref().map_or((None, None), |own| (own.scale_in, own.scale_out));
        Cooldown {
            scale_in: time(own_in, map.cooldown.scale_in, 120),
            scale_out: time(own_out, map.cooldown.scale_out, 60),
        }
    };
    Autoscaling {
        min: range.min,
        max: range.max,
        spot_from: range.spot_from,
        cpu_percentage: map
            .cpu_percentage
            .as_ref()
            .map(|goal| Target { value: goal.value, cooldown: cooldown(&goal.cooldown) }),
        memory_percentage: map
            .memory_percentage
            .as_ref()
            .map(|goal| Target { value: goal.value, cooldown: cooldown(&goal.cooldown) }),
        requests: map
            .requests
            .as_ref()
            .map(|goal| Target { value: goal.value, cooldown: cooldown(&goal.cooldown) }),
        response_time: map
            .response_time
            .as_ref()
            .map(|goal| Target { value: goal.value, cooldown: cooldown(&goal.cooldown) }),
        queue_delay: map.queue_delay.as_ref().map(|delay| Target {
            value: backlog(delay),
            cooldown: cooldown(&Some(delay.cooldown.clone())),
        }),
        steps: map.steps.clone(),
        schedules: map.schedules.clone(),
        cooldown: cooldown(&None),
    }
}

/// How many messages may wait for each task: what it processes within the acceptable latency.
pub(crate) fn backlog(delay: &QueueDelay) -> u32 {
    let messages = delay.acceptable_latency.as_secs_f64() / delay.msg_processing_time.as_secs_f64();
    // Checked before: the processing time is not zero and no longer than the latency.
    if messages.is_finite() { (messages.ceil() as u32).max(1) } else { 1 }
}
