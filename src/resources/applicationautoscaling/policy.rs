//! Target-tracking scaling policies.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{
    CustomizedMetricSpecification, MetricDimension, MetricType, PredefinedMetricSpecification,
    TargetTrackingMetric as MathMetric, TargetTrackingMetricDataQuery as MetricDataQuery,
    TargetTrackingMetricDimension as MathDimension, TargetTrackingMetricStat as MathStatistic,
    TargetTrackingScalingPolicyConfiguration as Configuration,
};
use aws_smithy_types::error::operation::BuildError;
use serde::{Deserialize, Serialize};

use crate::engine::{Failure, Input};

/// Keeps a metric at a value by adding and removing tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// What is measured.
    pub metric: Metric,
    /// What it is kept at.
    pub target_value: f64,
    /// Seconds after tasks were removed until more may be.
    pub scale_in_cooldown: i32,
    /// Seconds after tasks were added until more may be.
    pub scale_out_cooldown: i32,
    /// It only adds tasks.
    pub disable_scale_in: bool,
}

impl Policy {
    /// Seconds of both cooldowns where none is said, for ECS services.
    pub const COOLDOWN: i32 = 300;

    /// Keeps `metric` at `target_value`, with AWS's own cooldowns.
    pub fn new(metric: Metric, target_value: f64) -> Self {
        Self {
            metric,
            target_value,
            scale_in_cooldown: Self::COOLDOWN,
            scale_out_cooldown: Self::COOLDOWN,
            disable_scale_in: false,
        }
    }
}

/// What a policy measures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// A metric AWS knows by name.
    Predefined {
        /// `ECSServiceAverageCPUUtilization`, `ECSServiceAverageMemoryUtilization`, or their
        /// high-resolution twins.
        metric: String,
    },
    /// `ALBRequestCountPerTarget`.
    RequestCountPerTarget {
        /// The load balancer's full name: `app/NAME/ID`.
        load_balancer: Input<String>,
        /// The target group's full name: `targetgroup/NAME/ID`.
        target_group: Input<String>,
    },
    /// What an expression makes of several CloudWatch metrics (metric math): messages waiting
    /// per task, for example.
    Math {
        /// Over the ids of `metrics`: `waiting / tasks`.
        expression: String,
        /// The metrics, by the ids that the expression knows them by.
        metrics: BTreeMap<String, MetricStatistic>,
    },
    /// Any CloudWatch metric.
    Custom {
        /// `AWS/ApplicationELB`.
        namespace: String,
        /// `TargetResponseTime`.
        name: String,
        /// Dimensions by name.
        dimensions: BTreeMap<String, Input<String>>,
        /// `Average`, `Minimum`, `Maximum`, `SampleCount` or `Sum`.
        statistic: String,
        /// The metric's unit, if it was published with one.
        unit: Option<String>,
    },
}

/// A statistic of one CloudWatch metric, as metric math reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricStatistic {
    /// `AWS/SQS`.
    pub namespace: String,
    /// `ApproximateNumberOfMessagesVisible`.
    pub name: String,
    /// Dimensions by name.
    pub dimensions: BTreeMap<String, Input<String>>,
    /// `Average`, `Sum`, a percentile such as `p99`, …
    pub statistic: String,
    /// The metric's unit, if it was published with one.
    pub unit: Option<String>,
}

impl Metric {
    /// Average CPU use of the service's tasks, in percent.
    pub fn cpu() -> Self {
        Self::Predefined { metric: "ECSServiceAverageCPUUtilization".to_owned() }
    }

    /// Average memory use of the service's tasks, in percent.
    pub fn memory() -> Self {
        Self::Predefined { metric: "ECSServiceAverageMemoryUtilization".to_owned() }
    }
}

fn built<T>(result: Result<T, BuildError>) -> Result<T, Failure> {
    result.map_err(|error| Failure::internal(error.to_string()))
}

/// The id of the query whose result is tracked.
const RESULT: &str = "result";

/// What AWS puts between a load balancer's and a target group's full name in a resource label.
const TARGET_GROUP: &str = "/targetgroup/";

impl Policy {
    pub(super) fn to_sdk(&self) -> Result<Configuration, Failure> {
        let mut configuration = Configuration::builder()
            .target_value(self.target_value)
            .scale_in_cooldown(self.scale_in_cooldown)
            .scale_out_cooldown(self.scale_out_cooldown)
            .disable_scale_in(self.disable_scale_in);
        configuration = match &self.metric {
            Metric::Predefined { metric } => {
                let metric = MetricType::from(metric.as_str());
                configuration.predefined_metric_specification(built(
                    PredefinedMetricSpecification::builder().predefined_metric_type(metric).build(),
                )?)
            }
            Metric::RequestCountPerTarget { load_balancer, target_group } => {
                let label = format!("{}/{}", load_balancer.get()?, target_group.get()?);
                configuration.predefined_metric_specification(built(
                    PredefinedMetricSpecification::builder()
                        .predefined_metric_type(MetricType::AlbRequestCountPerTarget)
                        .resource_label(label)
                        .build(),
                )?)
            }
            Metric::Math { expression, metrics } => {
                let mut queries = Vec::new();
                for (id, metric) in metrics {
                    queries.push(metric.to_sdk(id)?);
                }
                // The one that is tracked; the others only feed it.
                queries.push(built(
                    MetricDataQuery::builder()
                        .id(RESULT)
                        .expression(expression)
                        .return_data(true)
                        .build(),
                )?);
                configuration.customized_metric_specification(
                    CustomizedMetricSpecification::builder().set_metrics(Some(queries)).build(),
                )
            }
            Metric::Custom { namespace, name, dimensions, statistic, unit } => {
                let dimensions = dimensions.iter().map(|(name, value)| {
                    built(MetricDimension::builder().name(name).value(value.get()?).build())
                });
                configuration.customized_metric_specification(
                    CustomizedMetricSpecification::builder()
                        .namespace(namespace)
                        .metric_name(name)
                        .set_dimensions(Some(dimensions.collect::<Result<_, Failure>>()?))
                        .statistic(statistic.as_str().into())
                        .set_unit(unit.clone())
                        .build(),
                )
            }
        };
        built(configuration.build())
    }

    /// `None` for a policy that is not of the kinds above: metric math of several steps.
    pub(super) fn from_sdk(from: &Configuration) -> Option<Self> {
        let metric = match (
            from.predefined_metric_specification(),
            from.customized_metric_specification(),
        ) {
            (Some(predefined), _) => predefined_from_sdk(predefined),
            (None, Some(custom)) => custom_from_sdk(custom)?,
            (None, None) => return None,
        };
        Some(Self {
            metric,
            target_value: from.target_value(),
            scale_in_cooldown: from.scale_in_cooldown().unwrap_or(Self::COOLDOWN),
            scale_out_cooldown: from.scale_out_cooldown().unwrap_or(Self::COOLDOWN),
            disable_scale_in: from.disable_scale_in().unwrap_or_default(),
        })
    }
}

fn predefined_from_sdk(from: &PredefinedMetricSpecification) -> Metric {
    let label = from.resource_label().unwrap_or_default();
    let middle = label
        .find(TARGET_GROUP)
        .filter(|_| *from.predefined_metric_type() == MetricType::AlbRequestCountPerTarget);
    match middle {
        Some(middle) => Metric::RequestCountPerTarget {
            load_balancer: Input::Known(label.get(..middle).unwrap_or_default().to_owned()),
            target_group: Input::Known(label.get(middle + 1..).unwrap_or_default().to_owned()),
        },
        None => Metric::Predefined { metric: from.predefined_metric_type().as_str().to_owned() },
    }
}

impl MetricStatistic {
    fn to_sdk(&self, id: &str) -> Result<MetricDataQuery, Failure> {
        let mut metric = MathMetric::builder().namespace(&self.namespace).metric_name(&self.name);
        for (name, value) in &self.dimensions {
            metric = metric.dimensions(built(
                MathDimension::builder().name(name).value(value.get()?).build(),
            )?);
        }
        let statistic = MathStatistic::builder()
            .metric(metric.build())
            .stat(&self.statistic)
            .set_unit(self.unit.clone())
            .build();
        built(
            MetricDataQuery::builder()
                .id(id)
                .metric_stat(built(statistic)?)
                .return_data(false)
                .build(),
        )
    }

    fn from_sdk(from: &MathStatistic) -> Option<Self> {
        let metric = from.metric()?;
        Some(Self {
            namespace: metric.namespace()?.to_owned(),
            name: metric.metric_name()?.to_owned(),
            dimensions: metric
                .dimensions()
                .iter()
                .map(|one| (one.name().to_owned(), Input::Known(one.value().to_owned())))
                .collect(),
            statistic: from.stat().to_owned(),
            unit: from.unit().map(str::to_owned),
        })
    }
}

/// Metrics that feed one expression; `None` where there are more expressions than one.
fn math_from_sdk(queries: &[MetricDataQuery]) -> Option<Metric> {
    let mut metrics = BTreeMap::new();
    let mut expression = None;
    for query in queries {
        match (query.expression(), query.metric_stat()) {
            (Some(text), None) if expression.is_none() => expression = Some(text.to_owned()),
            (None, Some(metric)) => {
                metrics.insert(query.id().to_owned(), MetricStatistic::from_sdk(metric)?);
            }
            _ => return None,
        }
    }
    Some(Metric::Math { expression: expression?, metrics })
}

fn custom_from_sdk(from: &CustomizedMetricSpecification) -> Option<Metric> {
    if !from.metrics().is_empty() {
        return math_from_sdk(from.metrics());
    }
    Some(Metric::Custom {
        namespace: from.namespace()?.to_owned(),
        name: from.metric_name()?.to_owned(),
        dimensions: from
            .dimensions()
            .iter()
            .map(|one| (one.name().to_owned(), Input::Known(one.value().to_owned())))
            .collect(),
        statistic: from.statistic()?.as_str().to_owned(),
        unit: from.unit().map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_read_back_as_they_were_written() {
        let requests = Metric::RequestCountPerTarget {
            load_balancer: Input::Known("app/demo-test/0123".to_owned()),
            target_group: Input::Known("targetgroup/demo-test-api/4567".to_owned()),
        };
        let latency = Metric::Custom {
            namespace: "AWS/ApplicationELB".to_owned(),
            name: "TargetResponseTime".to_owned(),
            dimensions: BTreeMap::from([(
                "TargetGroup".to_owned(),
                Input::Known("targetgroup/demo-test-api/4567".to_owned()),
            )]),
            statistic: "Average".to_owned(),
            unit: Some("Seconds".to_owned()),
        };
        let waiting = |name: &str| MetricStatistic {
            namespace: "AWS/SQS".to_owned(),
            name: name.to_owned(),
            dimensions: BTreeMap::from([("QueueName".to_owned(), Input::Known("q".to_owned()))]),
            statistic: "Sum".to_owned(),
            unit: None,
        };
        let backlog = Metric::Math {
            expression: "a / b".to_owned(),
            metrics: BTreeMap::from([
                ("a".to_owned(), waiting("ApproximateNumberOfMessagesVisible")),
                ("b".to_owned(), waiting("RunningTaskCount")),
            ]),
        };
        for metric in [Metric::cpu(), Metric::memory(), requests, latency, backlog] {
            let policy = Policy { disable_scale_in: true, ..Policy::new(metric, 70.5) };
            assert_eq!(Policy::from_sdk(&policy.to_sdk().unwrap()), Some(policy));
        }
    }

    #[test]
    fn a_resource_label_joins_both_full_names() {
        let requests = Metric::RequestCountPerTarget {
            load_balancer: Input::Known("app/demo-test/0123".to_owned()),
            target_group: Input::Known("targetgroup/demo-test-api/4567".to_owned()),
        };
        let sent = Policy::new(requests, 100.0).to_sdk().unwrap();
        assert_eq!(
            sent.predefined_metric_specification().unwrap().resource_label(),
            Some("app/demo-test/0123/targetgroup/demo-test-api/4567")
        );
    }

    #[test]
    fn absent_cooldowns_are_those_of_aws() {
        let metric = PredefinedMetricSpecification::builder()
            .predefined_metric_type(MetricType::EcsServiceAverageCpuUtilization)
            .build()
            .unwrap();
        let live = Configuration::builder()
            .target_value(50.0)
            .predefined_metric_specification(metric)
            .build()
            .unwrap();
        assert_eq!(Policy::from_sdk(&live), Some(Policy::new(Metric::cpu(), 50.0)));
    }
}
