//! Alarms: those that roll a deployment back, and those that tell steps to be taken.

use std::collections::BTreeMap;

use super::scaling::{Measured, text};
use super::task::{integer, seconds};
use super::{Context, owner};
use crate::engine::{Address, Desired, Failure, Handle, Identity, Input, Observation, Owner, Spec};
use crate::manifest::ServiceManifest;
use crate::manifest::service::{Count, OwnMetric, StepMetric};
use crate::resources::Resource;
use crate::resources::applicationautoscaling::Target;
use crate::resources::cloudwatch::{Alarm, AlarmMetric, MetricQuery, MetricStatistic};
use crate::resources::ecs::service::deployment::Alarms;
use crate::resources::ecs::{ClusterName, Service};

/// Seconds of a data point of alarms that roll back.
const MINUTE: i32 = 60;

/// Plans the alarms that roll back a deployment of this service, and says which a deployment watches.
pub(super) fn rollback(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
    cluster: &Input<ClusterName>,
    waiting: &[Input<String>],
    live: &Observation,
) -> Result<Alarms, Failure> {
    let wanted = &service.deployment.rollback_alarms;
    let mut names: Vec<Input<String>> = wanted.names.iter().cloned().map(Input::Known).collect();
    let mut add = |what: &str, metric: AlarmMetric, threshold: f64| -> Result<(), Failure> {
        let alarm = Alarm {
            description: format!("Rolls back deployments of {}", service.name),
            metric,
            tags: context.tags()?,
            ..plain(threshold)
        };
        let name = format!("{}/rollback-{what}", service.name);
        names.push(desired.add(&owner(service), name, &alarm)?.name());
        Ok(())
    };
    // The alarm is there before the service is: its name is known, its output is not.
    let of_service = || {
        let name = service_name(context, service, live);
        [("ClusterName", text(cluster)), ("ServiceName", Input::Known(name))]
    };
    for (what, metric, threshold) in [
        ("cpu", "CPUUtilization", wanted.cpu_utilization),
        ("memory", "MemoryUtilization", wanted.memory_utilization),
    ] {
        if let Some(threshold) = threshold {
            let metric = statistic("AWS/ECS", metric, "Average", MINUTE, of_service().into());
            add(what, AlarmMetric::Single(metric), threshold)?;
        }
    }
    if let Some(threshold) = wanted.messages_delayed {
        let metric = of_queues(waiting, "ApproximateNumberOfMessagesDelayed", MINUTE);
        add("messages", metric, threshold.into())?;
    }
    let enable = !names.is_empty();
    Ok(Alarms { names, enable, rollback: enable })
}

/// Plans the alarms that tell a target's steps to be taken.
pub(super) fn steps(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
    target: &Handle<Target>,
    handle: &Handle<Service>,
    cluster: &Input<ClusterName>,
    measured: &Measured,
) -> Result<(), Failure> {
    let Count::Autoscaling(range) = &service.count else { return Ok(()) };
    for (name, steps) in &range.steps {
        let (high, threshold) = super::scaling::threshold(steps);
        let above =
            if high { "GreaterThanOrEqualToThreshold" } else { "LessThanOrEqualToThreshold" };
        let periods = integer(steps.evaluation_periods);
        let alarm = Alarm {
            description: format!("Changes how many tasks of {} run", service.name),
            alarm_actions: vec![target.steps(name)],
            metric: metric(&steps.metric, seconds(steps.period), cluster, handle, measured),
            comparison: above.to_owned(),
            evaluation_periods: periods,
            datapoints_to_alarm: steps.datapoints.map_or(periods, integer),
            tags: context.tags()?,
            ..plain(threshold)
        };
        desired.add(&owner(service), format!("{}/steps-{name}", service.name), &alarm)?;
    }
    Ok(())
}

fn metric(
    from: &StepMetric,
    period: i32,
    cluster: &Input<ClusterName>,
    handle: &Handle<Service>,
    measured: &Measured,
) -> AlarmMetric {
    let of_service = |name: &str| {
        let dimensions = [("ClusterName", text(cluster)), ("ServiceName", text(&handle.name()))];
        statistic("AWS/ECS", name, "Average", period, dimensions.into())
    };
    let balanced = |name: &str, how: &str| {
        let dimensions = measured.balanced.iter().flat_map(|balanced| {
            [
                ("LoadBalancer", balanced.load_balancer.clone()),
                ("TargetGroup", balanced.target_group.clone()),
            ]
        });
        statistic("AWS/ApplicationELB", name, how, period, dimensions.collect())
    };
    AlarmMetric::Single(match from {
        StepMetric::Own(OwnMetric::Cpu) => of_service("CPUUtilization"),
        StepMetric::Own(OwnMetric::Memory) => of_service("MemoryUtilization"),
        StepMetric::Own(OwnMetric::Requests) => balanced("RequestCountPerTarget", "Sum"),
        StepMetric::Own(OwnMetric::ResponseTime) => balanced("TargetResponseTime", "Average"),
        StepMetric::Own(OwnMetric::Messages) => {
            return of_queues(&measured.waiting, "ApproximateNumberOfMessagesVisible", period);
        }
        StepMetric::Any(any) => MetricStatistic {
            namespace: any.namespace.clone(),
            name: any.name.clone(),
            dimensions: any
                .dimensions
                .iter()
                .map(|(name, value)| (name.clone(), Input::Known(value.clone())))
                .collect(),
            statistic: any.statistic.clone(),
            period,
            unit: any.unit.clone(),
        },
    })
}

/// A metric of one queue, or its sum over several.
fn of_queues(queues: &[Input<String>], name: &str, period: i32) -> AlarmMetric {
    let of = |queue: &Input<String>| {
        statistic("AWS/SQS", name, "Sum", period, [("QueueName", queue.clone())].into())
    };
    if let [queue] = queues {
        return AlarmMetric::Single(of(queue));
    }
    let mut queries: BTreeMap<String, MetricQuery> = (1..)
        .zip(queues)
        .map(|(number, queue)| {
            let query = MetricQuery { metric: Some(of(queue)), ..MetricQuery::default() };
            (format!("queue{number}"), query)
        })
        .collect();
    let ids: Vec<&str> = queries.keys().map(String::as_str).collect();
    let sum = MetricQuery {
        expression: Some(ids.join(" + ")),
        return_data: true,
        ..MetricQuery::default()
    };
    queries.insert("sum".to_owned(), sum);
    AlarmMetric::Math(queries)
}

fn statistic(
    namespace: &str,
    name: &str,
    statistic: &str,
    period: i32,
    dimensions: BTreeMap<&str, Input<String>>,
) -> MetricStatistic {
    MetricStatistic {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: dimensions.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        statistic: statistic.to_owned(),
        period,
        unit: None,
    }
}

/// An alarm whose metric is yet to be said.
fn plain(threshold: f64) -> Alarm {
    Alarm::at_least(statistic("", "", "", MINUTE, BTreeMap::new()), threshold)
}

/// What the ECS service is called, or will be.
fn service_name(context: &Context<'_>, service: &ServiceManifest, live: &Observation) -> String {
    let address = |name: &str| Address::new(<Service as Spec>::KIND, name);
    let own = [Some(&service.name), service.formerly.as_ref()];
    for address in own.into_iter().flatten().map(|name| address(name)) {
        let newest = live.at(&address).max_by_key(|live| live.identity.generation);
        if let Some(name) = newest.and_then(|live| live.outputs.get("name")?.as_str()) {
            return name.to_owned();
        }
    }
    let identity = Identity {
        application: context.application().to_owned(),
        environment: context.environment.to_owned(),
        owner: Owner::Service(service.name.clone()),
        address: address(&service.name),
        generation: 1,
        run: String::new(),
    };
    <Service as Resource>::name(&identity).unwrap_or_default()
}
