//! Step-scaling policies: how far the metric is from its alarm's threshold says how many tasks come or go.

use aws_sdk_applicationautoscaling::types::{
    AdjustmentType, MetricAggregationType, StepAdjustment,
    StepScalingPolicyConfiguration as Configuration,
};
use serde::{Deserialize, Serialize};

use crate::engine::Failure;

/// Adds or removes tasks in steps when an alarm tells it to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepPolicy {
    /// What a step's change is: `ChangeInCapacity`, `PercentChangeInCapacity` or `ExactCapacity`.
    pub adjustment: String,
    /// `Average`, `Minimum` or `Maximum` of the metric's data points.
    pub metric_aggregation: String,
    /// Seconds until it acts again.
    pub cooldown: i32,
    /// `PercentChangeInCapacity`: so many tasks at least.
    pub min_adjustment_magnitude: Option<i32>,
    /// The steps, from the lowest up.
    pub step_adjustments: Vec<Step>,
}

/// What happens at some distance from the threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// From so far above the threshold (below it, if negative); none for no end.
    pub metric_interval_lower_bound: Option<f64>,
    /// To so far above the threshold; none for no end.
    pub metric_interval_upper_bound: Option<f64>,
    /// Tasks or percent to add, to remove if negative; or how many there shall be.
    pub scaling_adjustment: i32,
}

impl StepPolicy {
    pub(super) fn to_sdk(&self) -> Result<Configuration, Failure> {
        let step = |step: &Step| {
            StepAdjustment::builder()
                .set_metric_interval_lower_bound(step.metric_interval_lower_bound)
                .set_metric_interval_upper_bound(step.metric_interval_upper_bound)
                .scaling_adjustment(step.scaling_adjustment)
                .build()
                .map_err(|error| Failure::internal(error.to_string()))
        };
        Ok(Configuration::builder()
            .adjustment_type(AdjustmentType::from(self.adjustment.as_str()))
            .metric_aggregation_type(MetricAggregationType::from(self.metric_aggregation.as_str()))
            .cooldown(self.cooldown)
            .set_min_adjustment_magnitude(self.min_adjustment_magnitude)
            .set_step_adjustments(Some(
                self.step_adjustments.iter().map(step).collect::<Result<_, _>>()?,
            ))
            .build())
    }

    pub(super) fn from_sdk(from: &Configuration) -> Self {
        let mut steps: Vec<Step> = from
            .step_adjustments()
            .iter()
            .map(|one| Step {
                metric_interval_lower_bound: one.metric_interval_lower_bound(),
                metric_interval_upper_bound: one.metric_interval_upper_bound(),
                scaling_adjustment: one.scaling_adjustment(),
            })
            .collect();
        let low = |step: &Step| step.metric_interval_lower_bound.unwrap_or(f64::NEG_INFINITY);
        steps.sort_by(|a, b| low(a).total_cmp(&low(b)));
        Self {
            adjustment: from
                .adjustment_type()
                .map(|one| one.as_str().to_owned())
                .unwrap_or_default(),
            metric_aggregation: from
                .metric_aggregation_type()
                .map_or("Average", |one| one.as_str())
                .to_owned(),
            cooldown: from.cooldown().unwrap_or(300),
            min_adjustment_magnitude: from.min_adjustment_magnitude(),
            step_adjustments: steps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_read_back_as_they_were_written() {
        let step = |low, high, change| Step {
            metric_interval_lower_bound: low,
            metric_interval_upper_bound: high,
            scaling_adjustment: change,
        };
        let policy = StepPolicy {
            adjustment: "PercentChangeInCapacity".to_owned(),
            metric_aggregation: "Maximum".to_owned(),
            cooldown: 60,
            min_adjustment_magnitude: Some(2),
            step_adjustments: vec![step(None, Some(-10.0), -50), step(Some(-10.0), Some(0.0), -10)],
        };
        let mut sent = policy.to_sdk().unwrap();
        assert_eq!(StepPolicy::from_sdk(&sent), policy);
        sent.step_adjustments.as_mut().unwrap().reverse();
        assert_eq!(StepPolicy::from_sdk(&sent), policy);
    }
}
