//! How a service's new tasks replace its old ones.

use serde::{Deserialize, Serialize};

use crate::engine::Input;
use crate::resources::iam::RoleArn;

/// A deployment configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// `ROLLING`, `BLUE_GREEN`, `LINEAR` or `CANARY`.
    pub strategy: String,
    /// How many tasks must stay up, in percent of the desired count.
    pub minimum_healthy_percent: i32,
    /// How many tasks there may be, in percent of the desired count.
    pub maximum_percent: i32,
    /// Gives up after failures (`ROLLING` only).
    pub circuit_breaker: CircuitBreaker,
    /// Alarms that stop a deployment.
    pub alarms: Alarms,
    /// Minutes both sides stay up after all traffic has moved; 0 with `ROLLING`.
    pub bake_time: i32,
    /// How traffic moves, with `LINEAR`.
    pub linear: Option<Linear>,
    /// How traffic moves, with `CANARY`.
    pub canary: Option<Canary>,
    /// Functions and pauses on the way.
    pub lifecycle_hooks: Vec<LifecycleHook>,
    /// Counts as done before every task is up (`ROLLING` only).
    pub early_success: Option<EarlySuccess>,
}

impl Default for Deployment {
    /// ECS's own: rolling, 100 to 200 percent, no circuit breaker.
    fn default() -> Self {
        Self {
            strategy: "ROLLING".to_owned(),
            minimum_healthy_percent: 100,
            maximum_percent: 200,
            circuit_breaker: CircuitBreaker::default(),
            alarms: Alarms::default(),
            bake_time: 0,
            linear: None,
            canary: None,
            lifecycle_hooks: Vec::new(),
            early_success: None,
        }
    }
}

/// Gives up on a deployment whose tasks keep failing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CircuitBreaker {
    /// Whether it does.
    pub enable: bool,
    /// The last deployment that worked comes back.
    pub rollback: bool,
    /// One healthy task starts the count anew.
    pub reset_on_healthy_task: bool,
    /// What `threshold` counts: `COUNT`, `BOUNDED_PERCENT` (between 3 and 200 tasks) or `UNBOUNDED_PERCENT`.
    pub threshold_type: String,
    /// How many failures are too many.
    pub threshold: i32,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self {
            enable: false,
            rollback: false,
            reset_on_healthy_task: true,
            threshold_type: "BOUNDED_PERCENT".to_owned(),
            threshold: 50,
        }
    }
}

/// CloudWatch alarms that stop a deployment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Alarms {
    /// Their names.
    pub names: Vec<String>,
    /// Whether they do.
    pub enable: bool,
    /// The last deployment that worked comes back.
    pub rollback: bool,
}

/// Equal steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Linear {
    /// Percent per step, 3.0 to 100.0.
    pub step_percent: f64,
    /// Minutes per step.
    pub step_bake_time: i32,
}

/// A little first, then the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Canary {
    /// Percent at first, 0.1 to 100.0.
    pub percent: f64,
    /// Minutes until the rest follows.
    pub bake_time: i32,
}

/// Done before every task is up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlySuccess {
    /// Whether it is.
    pub enable: bool,
    /// How many tasks must be healthy, in percent.
    pub healthy_percent: Option<i32>,
    /// `BLOCKING` or `DEFERRED`: whether the old tasks must be gone too.
    pub cleanup: Option<String>,
}

/// Something that runs, or waits, at a stage of a deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LifecycleHook {
    /// `AWS_LAMBDA` or `PAUSE`.
    pub hook: String,
    /// The function's ARN.
    pub target: Option<String>,
    /// The role in which ECS calls it.
    pub role: Option<Input<RoleArn>>,
    /// `PRE_SCALE_UP`, `POST_TEST_TRAFFIC_SHIFT` and so on, in AWS's order.
    pub stages: Vec<String>,
    /// Minutes until it counts as missed, 1 to 20160; ECS's default of 1440 if none.
    pub timeout: Option<i32>,
    /// Then: `ROLLBACK` or `CONTINUE`.
    pub on_timeout: Option<String>,
}
