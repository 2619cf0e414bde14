//! What an alarm measures: one metric, or what expressions make of several.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricAlarm, MetricDataQuery, MetricStat, StandardUnit,
};
use serde::{Deserialize, Serialize};

use crate::engine::{Failure, Input};

/// What an alarm measures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmMetric {
    /// One metric.
    Single(MetricStatistic),
    /// Metrics and expressions over them, by id; one of them returns data.
    Math(BTreeMap<String, MetricQuery>),
}

/// A statistic of one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricStatistic {
    /// `AWS/ECS`.
    pub namespace: String,
    /// `CPUUtilization`.
    pub name: String,
    /// Dimensions by name.
    pub dimensions: BTreeMap<String, Input<String>>,
    /// `Average`, `Sum`, a percentile such as `p99`, …
    pub statistic: String,
    /// Seconds of one data point: 10, 20, 30 or a multiple of 60.
    pub period: i32,
    /// The metric's unit, if it was published with one.
    pub unit: Option<String>,
}

/// A metric, or an expression over others: one of the two.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricQuery {
    /// A metric.
    pub metric: Option<MetricStatistic>,
    /// `waiting / tasks`.
    pub expression: Option<String>,
    /// Seconds of one data point of an expression that reads no metric.
    pub expression_period: Option<i32>,
    /// Its name in a graph.
    pub label: Option<String>,
    /// The account of the metric, if it is another one.
    pub account: Option<String>,
    /// Whether the alarm looks at this one.
    pub return_data: bool,
}

/// The statistics that have a member of their own in the API.
pub(super) const PLAIN: &[&str] = &["Average", "Maximum", "Minimum", "SampleCount", "Sum"];

pub(super) fn dimensions_to_sdk(
    from: &BTreeMap<String, Input<String>>,
) -> Result<Vec<Dimension>, Failure> {
    from.iter()
        .map(|(name, value)| Ok(Dimension::builder().name(name).value(value.get()?).build()))
        .collect()
}

fn dimensions_from_sdk(from: &[Dimension]) -> BTreeMap<String, Input<String>> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    from.iter().map(|one| (text(one.name()), Input::Known(text(one.value())))).collect()
}

fn unit(unit: Option<&StandardUnit>) -> Option<String> {
    unit.map(|unit| unit.as_str().to_owned())
}

impl MetricQuery {
    pub(super) fn to_sdk(&self, id: &str) -> Result<MetricDataQuery, Failure> {
        let metric = self.metric.as_ref().map(|metric| {
            let name = Metric::builder()
                .namespace(&metric.namespace)
                .metric_name(&metric.name)
                .set_dimensions(Some(dimensions_to_sdk(&metric.dimensions)?))
                .build();
            Ok::<_, Failure>(
                MetricStat::builder()
                    .metric(name)
                    .period(metric.period)
                    .stat(&metric.statistic)
                    .set_unit(metric.unit.as_deref().map(StandardUnit::from))
                    .build(),
            )
        });
        Ok(MetricDataQuery::builder()
            .id(id)
            .set_metric_stat(metric.transpose()?)
            .set_expression(self.expression.clone())
            .set_period(self.expression_period)
            .set_label(self.label.clone())
            .set_account_id(self.account.clone())
            .return_data(self.return_data)
            .build())
    }

    fn from_sdk(from: &MetricDataQuery) -> Self {
        let metric = from.metric_stat().map(|of| {
            let metric = of.metric();
            MetricStatistic {
                namespace: metric.and_then(Metric::namespace).unwrap_or_default().to_owned(),
                name: metric.and_then(Metric::metric_name).unwrap_or_default().to_owned(),
                dimensions: metric
                    .map(|metric| dimensions_from_sdk(metric.dimensions()))
                    .unwrap_or_default(),
                statistic: of.stat().unwrap_or_default().to_owned(),
                period: of.period().unwrap_or_default(),
                unit: unit(of.unit()),
            }
        });
        Self {
            metric,
            expression: from.expression().map(str::to_owned),
            expression_period: from.period(),
            label: from.label().map(str::to_owned),
            account: from.account_id().map(str::to_owned),
            return_data: from.return_data().unwrap_or(true),
        }
    }
}

impl AlarmMetric {
    pub(super) fn from_sdk(from: &MetricAlarm) -> Self {
        if !from.metrics().is_empty() {
            let query = |query: &MetricDataQuery| {
                (query.id().unwrap_or_default().to_owned(), MetricQuery::from_sdk(query))
            };
            return Self::Math(from.metrics().iter().map(query).collect());
        }
        let plain = from.statistic().map(|one| one.as_str());
        Self::Single(MetricStatistic {
            namespace: from.namespace().unwrap_or_default().to_owned(),
            name: from.metric_name().unwrap_or_default().to_owned(),
            dimensions: dimensions_from_sdk(from.dimensions()),
            statistic: plain.or(from.extended_statistic()).unwrap_or_default().to_owned(),
            period: from.period().unwrap_or_default(),
            unit: unit(from.unit()),
        })
    }
}
