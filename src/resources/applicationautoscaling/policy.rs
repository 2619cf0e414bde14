//! Target-tracking scaling policies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::Input;

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
