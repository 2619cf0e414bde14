//! How many tasks a service has: a number, Fargate Spot, or a range that follows the load.

use std::collections::BTreeMap;

use super::task::{integer, seconds};
use super::{Context, alarms};
use crate::engine::{Desired, Failure, Handle, Input};
use crate::manifest::ServiceManifest;
use crate::manifest::service::{
    Aggregation, Autoscaling, ChangeIn, Cooldown, Count, Schedule as Scheduled, Steps,
};
use crate::resources::applicationautoscaling::{
    Metric, MetricStatistic, Policy, Schedule, Step, StepPolicy, Target,
};
use crate::resources::ecs::{CapacityProviderStrategyItem, ClusterName, Service};

/// The names that a load balancer's metrics go by.
#[derive(Clone, Debug)]
pub(super) struct Balanced {
    /// `app/NAME/ID`.
    pub(super) load_balancer: Input<String>,
    /// `targetgroup/NAME/ID`.
    pub(super) target_group: Input<String>,
}

/// What a service's load shows in.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    /// Its load balancer, where it has one.
    pub(super) balanced: Option<Balanced>,
    /// Its queues' names, where it is a worker.
    pub(super) waiting: Vec<Input<String>>,
}

/// The fixed count and, where autoscaling decides, the count to begin with.
pub(super) fn counts(count: &Count) -> (Option<i32>, Option<i32>) {
    match count {
        Count::Fixed(tasks) | Count::Spot(tasks) => (Some(integer(*tasks)), None),
        Count::Daemon => (None, None),
        Count::Autoscaling(range) => (None, Some(integer(range.min))),
    }
}

/// What the tasks run on. Always capacity providers, never a launch type, so that Spot can be
/// chosen later without making the service anew.
pub(super) fn capacity(count: &Count) -> Vec<CapacityProviderStrategyItem> {
    let item = CapacityProviderStrategyItem::of;
    match count {
        Count::Fixed(_) | Count::Daemon => vec![item("FARGATE", 1, 0)],
        Count::Spot(_) => vec![item("FARGATE_SPOT", 1, 0)],
        Count::Autoscaling(range) => match range.spot_from {
            None => vec![item("FARGATE", 1, 0)],
            Some(0 | 1) => vec![item("FARGATE_SPOT", 1, 0)],
            Some(from) => vec![item("FARGATE", 0, integer(from - 1)), item("FARGATE_SPOT", 1, 0)],
        },
    }
}

/// Plans the scalable target and its policies, where the count is a range.
pub(super) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
    cluster: &Input<ClusterName>,
    handle: &Handle<Service>,
    measured: &Measured,
) -> Result<(), Failure> {
    let Count::Autoscaling(range) = &service.count else { return Ok(()) };
    let low = range.schedules.values().any(|schedule| schedule.range.min.is_some());
    let high = range.schedules.values().any(|schedule| schedule.range.max.is_some());
    let target = Target {
        cluster: cluster.clone(),
        service: handle.name(),
        min_capacity: (!low).then_some(integer(range.min)),
        max_capacity: (!high).then_some(integer(range.max)),
        initial_min_capacity: low.then_some(integer(range.min)),
        initial_max_capacity: high.then_some(integer(range.max)),
        suspended: Default::default(),
        policies: policies(range, measured, cluster, handle),
        steps: range
            .steps
            .iter()
            .map(|(name, steps)| (name.clone(), step_policy(steps, &range.cooldown)))
            .collect(),
        schedules: range
            .schedules
            .iter()
            .map(|(name, one)| (name.clone(), schedule(one)))
            .collect(),
        tags: context.tags()?,
    };
    let target = desired.add(&super::owner(service), &service.name, &target)?;
    alarms::steps(desired, context, service, &target, handle, cluster, measured)
}

/// Whether steps are taken when the metric is high (or else, low), and from which value on.
pub(super) fn threshold(steps: &Steps) -> (bool, f64) {
    let first = steps.adjustments.first().and_then(|step| step.from);
    let last = steps.adjustments.last().and_then(|step| step.to);
    // Manifests have steps that are open at one end.
    first.map_or_else(|| (false, last.unwrap_or_default()), |from| (true, from))
}

fn step_policy(steps: &Steps, cooldown: &Cooldown) -> StepPolicy {
    let (high, threshold) = threshold(steps);
    let usual = if high { cooldown.scale_out } else { cooldown.scale_in };
    // A distance, without what binary fractions add to it.
    let distance = |value: f64| ((value - threshold) * 1e6).round() / 1e6;
    StepPolicy {
        adjustment: match steps.change_in {
            ChangeIn::Tasks => "ChangeInCapacity",
            ChangeIn::Percent => "PercentChangeInCapacity",
            ChangeIn::Total => "ExactCapacity",
        }
        .to_owned(),
        metric_aggregation: match steps.aggregation {
            Aggregation::Average => "Average",
            Aggregation::Minimum => "Minimum",
            Aggregation::Maximum => "Maximum",
        }
        .to_owned(),
        cooldown: seconds(steps.cooldown.unwrap_or(usual)),
        min_adjustment_magnitude: steps.min_change.map(integer),
        step_adjustments: steps
            .adjustments
            .iter()
            .map(|step| Step {
                metric_interval_lower_bound: step.from.map(distance),
                metric_interval_upper_bound: step.to.map(distance),
                scaling_adjustment: step.change,
            })
            .collect(),
    }
}

fn schedule(from: &Scheduled) -> Schedule {
    Schedule {
        schedule: from.schedule.clone(),
        timezone: from.timezone.clone(),
        start: from.start.clone(),
        end: from.end.clone(),
        min_capacity: from.range.min.map(integer),
        max_capacity: from.range.max.map(integer),
    }
}

fn policies(
    range: &Autoscaling,
    measured: &Measured,
    cluster: &Input<ClusterName>,
    handle: &Handle<Service>,
) -> BTreeMap<String, Policy> {
    let balanced = measured.balanced.as_ref();
    let mut policies = BTreeMap::new();
    let mut add = |name: &str, metric: Metric, value: f64, cooldown: &Cooldown| {
        let policy = Policy {
            scale_in_cooldown: seconds(cooldown.scale_in),
            scale_out_cooldown: seconds(cooldown.scale_out),
            ..Policy::new(metric, value)
        };
        policies.insert(name.to_owned(), policy);
    };
    if let Some(goal) = &range.cpu_percentage {
        add("cpu", Metric::cpu(), goal.value.into(), &goal.cooldown);
    }
    if let Some(goal) = &range.memory_percentage {
        add("memory", Metric::memory(), goal.value.into(), &goal.cooldown);
    }
    // Manifests refuse these two where no load balancer counts requests.
    if let Some(balanced) = balanced {
        if let Some(goal) = &range.requests {
            let metric = Metric::RequestCountPerTarget {
                load_balancer: balanced.load_balancer.clone(),
                target_group: balanced.target_group.clone(),
            };
            add("requests", metric, goal.value.into(), &goal.cooldown);
        }
        if let Some(goal) = &range.response_time {
            let dimensions = [
                ("LoadBalancer", balanced.load_balancer.clone()),
                ("TargetGroup", balanced.target_group.clone()),
            ];
            let metric = Metric::Custom {
                namespace: "AWS/ApplicationELB".to_owned(),
                name: "TargetResponseTime".to_owned(),
                dimensions: dimensions.map(|(key, value)| (key.to_owned(), value)).into(),
                statistic: "Average".to_owned(),
                unit: None,
            };
            add("response-time", metric, goal.value.as_secs_f64(), &goal.cooldown);
        }
    }
    if let Some(goal) = &range.queue_delay {
        let metric = backlog(&measured.waiting, cluster, handle);
        add("queue-delay", metric, goal.value.into(), &goal.cooldown);
    }
    policies
}

/// Messages waiting in all queues for each task that runs.
fn backlog(
    queues: &[Input<String>],
    cluster: &Input<ClusterName>,
    handle: &Handle<Service>,
) -> Metric {
    let statistic = |namespace: &str, name: &str, statistic: &str, dimensions| MetricStatistic {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions,
        statistic: statistic.to_owned(),
        unit: None,
    };
    let dimension = |name: &str, value: Input<String>| (name.to_owned(), value);
    let mut metrics: BTreeMap<String, MetricStatistic> = (1..)
        .zip(queues)
        .map(|(number, queue)| {
            let dimensions = [dimension("QueueName", queue.clone())].into();
            let name = "ApproximateNumberOfMessagesVisible";
            (format!("waiting{number}"), statistic("AWS/SQS", name, "Sum", dimensions))
        })
        .collect();
    let waiting: Vec<&str> = metrics.keys().map(String::as_str).collect();
    // Without tasks there are no samples; one task is what the first message shall start.
    let expression = format!("({}) / FILL(tasks, 1)", waiting.join(" + "));
    // Every task reports its CPU once a minute, so the samples are the tasks: ECS counts them
    // nowhere else unless Container Insights is paid for.
    let dimensions =
        [dimension("ClusterName", text(cluster)), dimension("ServiceName", text(&handle.name()))];
    let tasks = statistic("AWS/ECS", "CPUUtilization", "SampleCount", dimensions.into());
    metrics.insert("tasks".to_owned(), tasks);
    Metric::Math { expression, metrics }
}

/// A name as a metric's dimension.
pub(super) fn text<T: Clone + ToString>(name: &Input<T>) -> Input<String> {
    match name {
        Input::Known(name) => Input::Known(name.to_string()),
        Input::Output(from) => Input::Output(from.clone()),
    }
}
