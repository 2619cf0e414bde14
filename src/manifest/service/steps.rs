//! `count.steps` and `count.schedules`: how many tasks run, beside what targets say.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::count::{Bounds, Positive};
use super::cron;
use super::job::TimeZone;
use crate::manifest::read::{Read, Reader, Seconds, Text, choice, is_map, notation, record};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::Node;

record! {
    /// Tasks that come or go in steps while a metric is too high or too low.
    pub struct Steps {
        /// `cpu_percentage`, `memory_percentage`, `requests`, `response_time` (in seconds), `messages`, or a map that names any
        /// metric of CloudWatch.
        metric: StepMetric,
        /// What happens between which values of the metric: without gaps, and open at one end.
        adjustments: Vec<Adjustment>,
        /// What a `change` counts: `tasks`, `percent` of the tasks there are, or the `total` there shall be.
        change_in: ChangeIn = ChangeIn::Tasks,
        /// With `percent`: so many tasks at least.
        min_change: Option<u32> as Option<Positive>,
        /// Time to wait until it acts again; the service's when left out.
        cooldown: Option<Duration> as Option<Seconds>,
        /// Of the metric's data points: `average`, `minimum` or `maximum`.
        aggregation: Aggregation = Aggregation::Average,
        /// How long one data point lasts: 10s, 20s, 30s or whole minutes.
        period: Duration as Seconds = Duration::from_secs(60),
        /// How many data points are looked at.
        evaluation_periods: u32 as Positive = 3,
        /// How many of them must be too high or too low; all when left out.
        datapoints: Option<u32> as Option<Positive>,
    }
}

record! {
    /// What happens between two values of the metric.
    pub struct Adjustment {
        /// From this value on; left out for all that is below `to`.
        from: Option<f64> as Option<Number>,
        /// Up to this value; left out for all that is above `from`.
        to: Option<f64> as Option<Number>,
        /// How many tasks come, or go if negative; or percent, or how many there shall be.
        change: i32 as Change,
    }
}

choice! {
    /// What a change counts.
    pub enum ChangeIn {
        /// Tasks more or fewer.
        Tasks = "tasks",
        /// Percent of the tasks there are.
        Percent = "percent",
        /// How many tasks there shall be.
        Total = "total",
    }
}

choice! {
    /// Of several data points.
    pub enum Aggregation {
        /// Their average.
        Average = "average",
        /// The lowest.
        Minimum = "minimum",
        /// The highest.
        Maximum = "maximum",
    }
}

/// What steps go by.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepMetric {
    /// A metric of the service itself.
    Own(OwnMetric),
    /// Any metric of CloudWatch.
    Any(AnyMetric),
}

choice! {
    /// A metric of the service itself.
    pub enum OwnMetric {
        /// Average CPU, in percent.
        Cpu = "cpu_percentage",
        /// Average memory, in percent.
        Memory = "memory_percentage",
        /// Requests per task and minute.
        Requests = "requests",
        /// Seconds the load balancer waits for an answer, on average.
        ResponseTime = "response_time",
        /// Messages waiting in a worker's queues.
        Messages = "messages",
    }
}

record! {
    /// Any metric of CloudWatch.
    pub struct AnyMetric {
        /// Such as `AWS/SQS`.
        namespace: String as Text,
        /// Such as `ApproximateAgeOfOldestMessage`.
        name: String as Text,
        /// Its dimensions, by name.
        dimensions: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// `Average`, `Sum`, `p99` and so on.
        statistic: String as StatisticName = "Average".to_owned(),
        /// Its unit, if it is published with one.
        unit: Option<String> as Option<Text>,
    }
}

record! {
    /// Other bounds for the number of tasks from a time on.
    pub struct Schedule {
        /// When: a cron expression, `rate(…)` or `at(2030-01-31T03:00:00)`.
        schedule: String as When,
        /// Where that time is meant.
        timezone: String as TimeZone = "UTC".to_owned(),
        /// The bounds from then on: `2-10`, or a map with `min`, `max` or both.
        range: Bounds,
        /// Not before this time: `2030-01-01T00:00:00Z`.
        start: Option<String> as Option<Instant>,
        /// Not after this time.
        end: Option<String> as Option<Instant>,
    }
}

impl JsonSchema for StepMetric {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StepMetric".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<OwnMetric>(generator), part::<AnyMetric>(generator)])
    }
}

impl Read for StepMetric {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if is_map(node) {
            return AnyMetric::read(node, reader).map(Self::Any);
        }
        OwnMetric::read(node, reader).map(Self::Own)
    }
}

notation! {
    /// A number.
    Number as f64,
    { "type": "number" },
    |node, reader| {
        let expected = "a number";
        let text = &reader.text(node, expected)?.text;
        match text.parse::<f64>().ok().filter(|number| number.abs() <= 1e12) {
            Some(number) => Some(number),
            None => reader.wrong(node, expected),
        }
    }
}

notation! {
    /// A change of the number of tasks.
    Change as i32,
    { "type": "integer", "minimum": -5000, "maximum": 5000 },
    |node, reader| {
        let expected = "a whole number from -5000 to 5000";
        let text = &reader.text(node, expected)?.text;
        match text.parse::<i32>().ok().filter(|number| number.abs() <= 5000) {
            Some(number) => Some(number),
            None => reader.wrong(node, expected),
        }
    }
}

notation! {
    /// A percentage that a threshold may be: above 0, up to 100.
    Threshold as f64,
    { "type": "number", "exclusiveMinimum": 0, "maximum": 100 },
    |node, reader| {
        let expected = "a percentage above 0, up to 100";
        let text = &reader.text(node, expected)?.text;
        match text.parse::<f64>().ok().filter(|number| *number > 0.0 && *number <= 100.0) {
            Some(number) => Some(number),
            None => reader.wrong(node, expected),
        }
    }
}

notation! {
    /// A statistic of CloudWatch.
    StatisticName as String,
    { "type": "string", "examples": ["Average", "Sum", "Maximum", "p99"] },
    |node, reader| {
        let expected = "`Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount` or a percentile such as `p99`";
        let text = &reader.text(node, expected)?.text;
        let plain = ["Average", "Sum", "Minimum", "Maximum", "SampleCount"].contains(&text.as_str());
        let percent = text.strip_prefix('p').and_then(|number| number.parse::<f64>().ok());
        if plain || percent.is_some_and(|number| (0.0..=100.0).contains(&number)) {
            Some(text.clone())
        } else {
            reader.wrong(node, expected)
        }
    }
}

notation! {
    /// A time with its zone.
    Instant as String,
    { "type": "string", "format": "date-time", "examples": ["2030-01-01T00:00:00Z"] },
    |node, reader| {
        let expected = "a time such as `2030-01-01T00:00:00Z`";
        let text = &reader.text(node, expected)?.text;
        let form = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        match time::PrimitiveDateTime::parse(text, &form) {
            Ok(_) => Some(text.clone()),
            Err(_) => reader.wrong(node, expected),
        }
    }
}

notation! {
    /// When something happens, again and again or once.
    When as String,
    { "type": "string", "examples": ["0 20 * * *", "cron(0 20 * * ? *)", "at(2030-01-31T03:00:00)"] },
    |node, reader| {
        let text = reader.text(node, "a schedule: `0 20 * * *`, `@daily` or `at(2030-01-31T03:00:00)`")?.text.clone();
        let (why, help) = match cron::translate(&text) {
            Ok(Some(expression)) => return Some(expression),
            Ok(None) => ("`none` is for jobs".to_owned(), Some("leave the whole schedule out".to_owned())),
            Err(wrong) => (wrong.why, wrong.help),
        };
        let here = reader.here();
        reader.error(node.span, format!("{here}: {why}")).help = help;
        None
    }
}
