//! `deployment`: how a new version replaces the old one.

use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::connect::TestHeader;
use super::rollback::RollbackAlarms;
use crate::manifest::read::{
    Arn, Percentage, Port, Read, Reader, Seconds, choice, is_map, notation, record,
};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::Node;

record! {
    /// How a new version replaces the old one.
    pub struct Deployment {
        /// `rolling` replaces tasks one after another; `blue-green`, `linear` and `canary` start all new tasks beside the old ones
        /// and then move the traffic: at once, in equal steps, or a little first.
        strategy: Rollout = Rollout::Rolling,
        /// With `rolling`: `default` starts new tasks before it stops old ones; `recreate` stops all first.
        rolling: Rolling = Rolling::Default,
        /// With `linear`: percent of the traffic in each step, 3 to 100 (10 when left out). With `canary`: percent at first, 0.1 to
        /// 100 (5 when left out). At most one decimal.
        percent: Option<f64> as Option<Share>,
        /// With `linear` and `canary`: time between two steps, whole minutes up to 24h; 6m (`linear`) or 10m (`canary`) when left out.
        step_bake_time: Option<Duration> as Option<Minutes>,
        /// Time for which the old tasks stay after all traffic has moved, whole minutes up to 24h; 10m when left out.
        bake_time: Option<Duration> as Option<Minutes>,
        /// How requests reach the new version before others do.
        test_traffic: Option<TestTraffic>,
        /// What happens at stages of the deployment: a `pause`, or a function of AWS Lambda that decides.
        hooks: Hooks = Hooks::default(),
        /// With `rolling`: done before every task is up.
        early_success: Option<EarlySuccess>,
        /// Whether a version whose tasks do not start is given up: `true` (and rolled back), `false`, or a map.
        circuit_breaker: CircuitBreaker = CircuitBreaker::ON,
        /// Alarms that roll a new version back: names of CloudWatch alarms, or thresholds of alarms to be made.
        rollback_alarms: RollbackAlarms = RollbackAlarms::default(),
    }
}

impl Default for Deployment {
    fn default() -> Self {
        Self {
            strategy: Rollout::Rolling,
            rolling: Rolling::Default,
            percent: None,
            step_bake_time: None,
            bake_time: None,
            test_traffic: None,
            hooks: Hooks::default(),
            early_success: None,
            circuit_breaker: CircuitBreaker::ON,
            rollback_alarms: RollbackAlarms::default(),
        }
    }
}

impl Deployment {
    /// Does traffic move between the tasks of two versions?
    pub fn shifts(&self) -> bool {
        self.strategy != Rollout::Rolling
    }
}

choice! {
    /// How traffic comes to a new version.
    pub enum Rollout {
        /// Tasks are replaced one after another.
        Rolling = "rolling",
        /// All at once, after the new tasks were tested.
        BlueGreen = "blue-green",
        /// In equal steps.
        Linear = "linear",
        /// A little first, then the rest.
        Canary = "canary",
    }
}

choice! {
    /// The order of a rolling deployment.
    pub enum Rolling {
        /// New tasks first: 100 % to 200 % of the tasks run.
        Default = "default",
        /// Old tasks are stopped first: 0 % to 100 %.
        Recreate = "recreate",
    }
}

record! {
    /// How requests reach the new version before others do. Everybody can send them.
    pub struct TestTraffic {
        /// With `http`: requests to the service with this header.
        header: Option<TestHeader>,
        /// With `nlb`: connections to this port of the network load balancer.
        port: Option<u16> as Option<Port>,
    }
}

record! {
    /// What happens at stages of a deployment. `test_traffic_shift` and `production_traffic_shift` take functions only.
    #[derive(Default)]
    pub struct Hooks {
        /// A deployment begins while another one has not ended.
        reconcile_service: Option<Hook>,
        /// Before new tasks are started.
        pre_scale_up: Option<Hook>,
        /// New tasks run, without traffic.
        post_scale_up: Option<Hook>,
        /// Test traffic goes over to them.
        test_traffic_shift: Option<Hook>,
        /// Test traffic has gone over.
        post_test_traffic_shift: Option<Hook>,
        /// Before each step of the traffic.
        pre_production_traffic_shift: Option<Hook>,
        /// At each step of the traffic.
        production_traffic_shift: Option<Hook>,
        /// All traffic has gone over.
        post_production_traffic_shift: Option<Hook>,
    }
}

impl Hooks {
    /// Those that are there, each with its key and ECS's word for the stage, in ECS's order.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &'static str, &Hook)> {
        [
            ("reconcile_service", "RECONCILE_SERVICE", &self.reconcile_service),
            ("pre_scale_up", "PRE_SCALE_UP", &self.pre_scale_up),
            ("post_scale_up", "POST_SCALE_UP", &self.post_scale_up),
            ("test_traffic_shift", "TEST_TRAFFIC_SHIFT", &self.test_traffic_shift),
            ("post_test_traffic_shift", "POST_TEST_TRAFFIC_SHIFT", &self.post_test_traffic_shift),
            (
                "pre_production_traffic_shift",
                "PRE_PRODUCTION_TRAFFIC_SHIFT",
                &self.pre_production_traffic_shift,
            ),
            (
                "production_traffic_shift",
                "PRODUCTION_TRAFFIC_SHIFT",
                &self.production_traffic_shift,
            ),
            (
                "post_production_traffic_shift",
                "POST_PRODUCTION_TRAFFIC_SHIFT",
                &self.post_production_traffic_shift,
            ),
        ]
        .into_iter()
        .filter_map(|(key, stage, hook)| Some((key, stage, hook.as_ref()?)))
    }
}

/// What a deployment waits for at a stage.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Hook {
    /// The function's ARN; none: it is a pause, until somebody says that it goes on.
    pub lambda: Option<String>,
    /// The ARN of the role in which ECS calls the function; one is made when left out.
    pub role: Option<String>,
    /// How long it waits.
    pub timeout: Duration,
    /// What happens then.
    pub on_timeout: OnTimeout,
}

/// How long ECS waits for a hook unless told otherwise.
const HOOK_TIMEOUT: Duration = Duration::from_secs(24 * 3600);

choice! {
    /// What happens where nobody answers a hook.
    pub enum OnTimeout {
        /// The old version gets all traffic again.
        Rollback = "rollback",
        /// The deployment goes on.
        Continue = "continue",
    }
}

choice! {
    /// A hook in one word.
    pub(crate) enum HookWord {
        /// The deployment waits for `svc continue`.
        Pause = "pause",
    }
}

record! {
    /// A hook, in detail: a pause, unless it names a function.
    pub(crate) struct HookMap {
        /// The ARN of a function of AWS Lambda, which answers whether the deployment goes on.
        lambda: Option<String> as Option<Arn>,
        /// The ARN of the role in which ECS calls the function; one is made when left out.
        role: Option<String> as Option<Arn>,
        /// How long the deployment waits, whole minutes up to 14d.
        timeout: Duration as LongMinutes = HOOK_TIMEOUT,
        /// What happens then: `rollback` or `continue`.
        on_timeout: OnTimeout = OnTimeout::Rollback,
    }
}

impl JsonSchema for Hook {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Hook".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<HookWord>(generator), part::<HookMap>(generator)])
    }
}

impl Read for Hook {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if is_map(node) {
            let HookMap { lambda, role, timeout, on_timeout } = HookMap::read(node, reader)?;
            return Some(Self { lambda, role, timeout, on_timeout });
        }
        HookWord::read(node, reader)?;
        let on_timeout = OnTimeout::Rollback;
        Some(Self { lambda: None, role: None, timeout: HOOK_TIMEOUT, on_timeout })
    }
}

record! {
    /// Done before every task is up.
    pub struct EarlySuccess {
        /// Percent of the tasks that must be healthy.
        healthy_percent: u8 as Percentage = 100,
        /// Whether the old tasks must be gone, too.
        wait_for_cleanup: bool = true,
    }
}

/// ECS's deployment circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CircuitBreaker {
    /// Whether a deployment whose tasks keep failing is stopped.
    pub enable: bool,
    /// Whether the last version that worked is then put back.
    pub rollback: bool,
    /// How many failures are too many; half of the tasks, 3 to 200, when left out.
    pub threshold: Option<Failures>,
    /// Whether one healthy task starts the count anew.
    pub reset_on_healthy_task: bool,
}

impl CircuitBreaker {
    /// On, with ECS's own threshold.
    const ON: Self =
        Self { enable: true, rollback: true, threshold: None, reset_on_healthy_task: true };
}

/// How many failed tasks are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Failures {
    /// So many.
    Tasks(u32),
    /// So many percent of the tasks that there shall be, at least one.
    Percent(u32),
}

record! {
    /// The circuit breaker, in detail.
    pub(crate) struct CircuitBreakerMap {
        /// Whether the last version that worked is put back.
        rollback: bool = true,
        /// How many failed tasks are too many: a number, or a share such as `50%`. Half of the tasks, between 3 and 200, when left out.
        threshold: Option<Failures> as Option<FailuresText>,
        /// Whether one healthy task starts the count anew.
        reset_on_healthy_task: bool = true,
    }
}

notation! {
    /// A number of failures, or a share of the tasks.
    FailuresText as Failures,
    { "type": ["integer", "string"], "pattern": "^[0-9]+%?$", "examples": [5, "50%"] },
    |node, reader| {
        let expected = "a number of failed tasks, 1 or more, or a share of the tasks such as `50%`";
        let text = &reader.text(node, expected)?.text;
        let number = |text: &str| text.parse::<u32>().ok().filter(|number| (1..=5000).contains(number));
        let read = match text.strip_suffix('%') {
            Some(share) => number(share).map(Failures::Percent),
            None => number(text).map(Failures::Tasks),
        };
        match read {
            Some(failures) => Some(failures),
            None => reader.wrong(node, expected),
        }
    }
}

impl JsonSchema for CircuitBreaker {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CircuitBreaker".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<bool>(generator), part::<CircuitBreakerMap>(generator)])
    }
}

impl Read for CircuitBreaker {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if is_map(node) {
            let map = CircuitBreakerMap::read(node, reader)?;
            return Some(Self {
                enable: true,
                rollback: map.rollback,
                threshold: map.threshold,
                reset_on_healthy_task: map.reset_on_healthy_task,
            });
        }
        bool::read(node, reader).map(|enable| Self { enable, rollback: enable, ..Self::ON })
    }
}

notation! {
    /// A share of the traffic in percent.
    Share as f64,
    { "type": "number", "exclusiveMinimum": 0, "maximum": 100 },
    |node, reader| {
        let expected = "a percentage above 0, up to 100, with one decimal at most";
        let text = &reader.text(node, expected)?.text;
        let tenths = text.parse::<f64>().ok().map(|number| number * 10.0);
        let fits = |tenths: &f64| (1.0..=1000.0).contains(tenths) && (tenths - tenths.round()).abs() < 1e-6;
        match tenths.filter(fits) {
            Some(tenths) => Some(tenths.round() / 10.0),
            None => reader.wrong(node, expected),
        }
    }
}

notation! {
    /// Whole minutes of at most a day.
    Minutes as Duration,
    { "type": "string", "pattern": "^([0-9]+h)?([0-9]+m)?([0-9]+s)?$", "examples": ["10m", "1h"] },
    |node, reader| minutes(node, reader, 0..=1440, "whole minutes, 0m to 24h")
}

notation! {
    /// Whole minutes of at most 14 days.
    LongMinutes as Duration,
    { "type": "string", "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$", "examples": ["2h", "1d"] },
    |node, reader| minutes(node, reader, 1..=20_160, "whole minutes, 1m to 14d")
}

fn minutes(
    node: &Node,
    reader: &mut Reader,
    bounds: std::ops::RangeInclusive<u64>,
    expected: &str,
) -> Option<Duration> {
    let time = Seconds::read(node, reader)?;
    let whole = time.as_secs() % 60 == 0 && bounds.contains(&(time.as_secs() / 60));
    if whole { Some(time) } else { reader.wrong(node, expected) }
}
