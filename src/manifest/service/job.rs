//! What only a `Scheduled Job` has: when it runs, for how long, how often it is tried.

use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::cron;
use crate::manifest::read::{
    Read, Reader, SecondsBetween, did_you_mean, is_arn, is_map, notation, record,
};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::Node;

/// What stops a run that takes too long: a shell and `sleep`.
const TIMER: &str = "public.ecr.aws/docker/library/busybox:stable";

record! {
    /// When a job runs.
    pub struct On {
        /// When it runs: five fields of cron (`0 3 * * *`), `@daily`, `@every 1h30m`, `none` for not at all, or one of AWS's own
        /// forms: `rate(1 hour)`, `cron(0 3 * * ? *)`, `at(2030-01-31T03:00:00)`.
        schedule: Option<String> as ScheduleText,
        /// The time zone of the schedule: `Europe/Berlin`.
        timezone: String as TimeZone = "UTC".to_owned(),
        /// It begins at some time within this span after the scheduled one, whole minutes up to 24h; at once when left out.
        flexible_window: Option<Duration> as Option<WholeMinutes>,
        /// It does not run before this time: `2030-01-31T00:00:00Z`.
        start: Option<String> as Option<Instant>,
        /// It does not run from this time on.
        end: Option<String> as Option<Instant>,
        /// Where AWS writes which runs could not be started: `true` for a queue of the job's own, or the ARN of one.
        dead_letter: Option<JobDeadLetter> as DeadLetterOrNot,
        /// For how long it is tried to start a run, with `retries`: 1m to 24h.
        maximum_event_age: Duration as SecondsBetween<60, 86_400> = Duration::from_secs(86_400),
    }
}

/// Where it is written which runs could not be started.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub enum JobDeadLetter {
    /// A queue of the job's own.
    Own,
    /// A queue that exists, by its ARN.
    Queue(String),
}

record! {
    /// When a run is stopped, in detail.
    pub struct Timeout {
        /// How long a run may take: 1s to 336h.
        after: Duration as SecondsBetween<1, 1_209_600>,
        /// An image with `sh` and `sleep`, for networks that do not reach public.ecr.aws.
        image: String = TIMER.to_owned(),
    }
}

/// `timeout`: a time, or a map.
#[derive(Debug)]
pub(crate) struct TimeoutText;

impl JsonSchema for TimeoutText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TimeoutText".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<SecondsBetween<1, 1_209_600>>(generator), part::<Timeout>(generator)])
    }
}

impl Read for TimeoutText {
    type Value = Timeout;

    fn read(node: &Node, reader: &mut Reader) -> Option<Timeout> {
        if is_map(node) {
            return Timeout::read(node, reader);
        }
        let after = SecondsBetween::<1, 1_209_600>::read(node, reader)?;
        Some(Timeout { after, image: TIMER.to_owned() })
    }
}

notation! {
    /// When a job runs: the scheduler's expression, nothing for `none`.
    ScheduleText as Option<String>,
    { "type": "string", "examples": ["0 3 * * *", "@daily", "@every 1h", "rate(12 hours)", "none"] },
    |node, reader| {
        let text = reader.text(node, "a schedule: `0 3 * * *`, `@daily`, `@every 1h` or `none`")?.text.clone();
        match cron::translate(&text) {
            Ok(expression) => Some(expression),
            Err(wrong) => {
                let here = reader.here();
                let problem = reader.error(node.span, format!("{here}: {}", wrong.why));
                problem.help = wrong.help;
                None
            }
        }
    }
}

notation! {
    /// A name of the tz database.
    TimeZone as String,
    { "type": "string", "examples": ["UTC", "Europe/Berlin", "America/New_York"] },
    |node, reader| {
        let expected = "a time zone such as `Europe/Berlin`";
        let text = reader.text(node, expected)?.text.clone();
        let zones: Vec<&str> = include_str!("../timezones.txt").lines().collect();
        if zones.contains(&text.as_str()) {
            return Some(text);
        }
        let city = |zone: &&&str| zone.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&text));
        let help = match zones.iter().find(city) {
            Some(zone) => Some(format!("write {zone}")),
            None => did_you_mean(&text, &zones),
        };
        reader.wrong::<()>(node, expected);
        if let Some(problem) = reader.problems.last_mut() {
            problem.help = Some(help.unwrap_or_else(|| "names are those of the tz database: continent, slash, city".to_owned()));
        }
        None
    }
}

notation! {
    /// Whole minutes, 1m to 24h.
    WholeMinutes as Duration,
    { "type": "string", "pattern": "^([0-9]+h)?([0-9]+m)?$", "examples": ["15m", "1h"] },
    |node, reader| {
        let time = SecondsBetween::<60, 86_400>::read(node, reader)?;
        if time.as_secs() % 60 == 0 {
            return Some(time);
        }
        reader.wrong(node, "whole minutes: `15m`, `1h30m`")
    }
}

notation! {
    /// A point in time.
    Instant as String,
    { "type": "string", "format": "date-time", "examples": ["2030-01-31T00:00:00Z"] },
    |node, reader| {
        let expected = "a point in time with its zone: `2030-01-31T00:00:00Z`";
        let text = reader.text(node, expected)?.text.clone();
        let form = &time::format_description::well_known::Rfc3339;
        let Ok(at) = time::OffsetDateTime::parse(&text, form) else { return reader.wrong(node, expected) };
        // AWS keeps whole seconds.
        let at = at.to_offset(time::UtcOffset::UTC).replace_nanosecond(0).ok()?;
        at.format(form).ok()
    }
}

/// `true`, `false`, or the ARN of a queue.
#[derive(Debug)]
pub(crate) struct DeadLetterOrNot;

impl JsonSchema for DeadLetterOrNot {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DeadLetterOrNot".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "boolean" }, { "type": "string", "pattern": "^arn:" }] })
    }
}

impl Read for DeadLetterOrNot {
    type Value = Option<JobDeadLetter>;

    fn read(node: &Node, reader: &mut Reader) -> Option<Option<JobDeadLetter>> {
        let expected = "`true`, `false` or the ARN of an SQS queue that is no FIFO queue";
        match reader.text(node, expected)?.text.as_str() {
            "true" => Some(Some(JobDeadLetter::Own)),
            "false" => Some(None),
            text if is_arn(text) && text.contains(":sqs:") && !text.ends_with(".fifo") => {
                Some(Some(JobDeadLetter::Queue(text.to_owned())))
            }
            _ => reader.wrong(node, expected),
        }
    }

    fn absent() -> Option<Option<JobDeadLetter>> {
        Some(None)
    }
}
