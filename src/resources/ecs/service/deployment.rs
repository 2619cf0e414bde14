//! How a service's new tasks replace its old ones.

use aws_sdk_ecs::types::{
    CanaryConfiguration, DeploymentAlarms, DeploymentCircuitBreaker, DeploymentConfiguration,
    DeploymentEarlySuccessCriteria, DeploymentLifecycleHook,
    DeploymentLifecycleHookTimeoutConfiguration, LinearConfiguration, ThresholdConfiguration,
};
use serde::{Deserialize, Serialize};

use crate::engine::{Failure, Input};
use crate::resources::ecs::convert::{built, given, known, sorted, text};
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
    /// Gives up after failures.
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
    pub names: Vec<Input<String>>,
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

impl Deployment {
    /// What `live` has and this has not is sent as empty, so that it goes.
    pub(super) fn to_sdk(&self, live: Option<&Self>) -> Result<DeploymentConfiguration, Failure> {
        let plain = Self::default();
        let live = live.unwrap_or(&plain);
        let rolling = self.strategy == "ROLLING";
        let alarms = built(
            DeploymentAlarms::builder()
                .set_alarm_names(Some(
                    self.alarms.names.iter().map(Input::get).collect::<Result<_, _>>()?,
                ))
                .enable(self.alarms.enable)
                .rollback(self.alarms.rollback)
                .build(),
        )?;
        let hooks = self.lifecycle_hooks.iter().map(hook_to_sdk).collect::<Result<Vec<_>, _>>()?;
        Ok(DeploymentConfiguration::builder()
            .strategy(self.strategy.as_str().into())
            .minimum_healthy_percent(self.minimum_healthy_percent)
            .maximum_percent(self.maximum_percent)
            .deployment_circuit_breaker(self.circuit_breaker.to_sdk()?)
            .set_alarms(
                (self.alarms != plain.alarms || live.alarms != plain.alarms).then_some(alarms),
            )
            .set_bake_time_in_minutes(
                (!rolling || self.bake_time != live.bake_time).then_some(self.bake_time),
            )
            .set_linear_configuration(self.linear.as_ref().map(|linear| {
                LinearConfiguration::builder()
                    .step_percent(linear.step_percent)
                    .step_bake_time_in_minutes(linear.step_bake_time)
                    .build()
            }))
            .set_canary_configuration(self.canary.as_ref().map(|canary| {
                CanaryConfiguration::builder()
                    .canary_percent(canary.percent)
                    .canary_bake_time_in_minutes(canary.bake_time)
                    .build()
            }))
            .set_lifecycle_hooks(
                (!hooks.is_empty() || !live.lifecycle_hooks.is_empty()).then_some(hooks),
            )
            .set_early_success_criteria(match (&self.early_success, &live.early_success) {
                (Some(early), _) => Some(early.to_sdk()),
                (None, Some(_)) => {
                    Some(DeploymentEarlySuccessCriteria::builder().enable(false).build())
                }
                (None, None) => None,
            })
            .build())
    }

    pub(super) fn from_sdk(from: &DeploymentConfiguration) -> Self {
        let plain = Self::default();
        let alarms = from.alarms();
        Self {
            strategy: from.strategy().map_or("ROLLING", |one| one.as_str()).to_owned(),
            minimum_healthy_percent: from
                .minimum_healthy_percent()
                .unwrap_or(plain.minimum_healthy_percent),
            maximum_percent: from.maximum_percent().unwrap_or(plain.maximum_percent),
            circuit_breaker: from
                .deployment_circuit_breaker()
                .map(CircuitBreaker::from_sdk)
                .unwrap_or_default(),
            alarms: Alarms {
                names: alarms
                    .map(|one| sorted(one.alarm_names()).into_iter().map(Input::Known).collect())
                    .unwrap_or_default(),
                enable: alarms.is_some_and(|one| one.enable()),
                rollback: alarms.is_some_and(|one| one.rollback()),
            },
            bake_time: from.bake_time_in_minutes().unwrap_or_default(),
            linear: from.linear_configuration().map(|one| Linear {
                step_percent: one.step_percent().unwrap_or(10.0),
                step_bake_time: one.step_bake_time_in_minutes().unwrap_or(6),
            }),
            canary: from.canary_configuration().map(|one| Canary {
                percent: one.canary_percent().unwrap_or(5.0),
                bake_time: one.canary_bake_time_in_minutes().unwrap_or(10),
            }),
            lifecycle_hooks: from.lifecycle_hooks().iter().map(hook_from_sdk).collect(),
            early_success: from
                .early_success_criteria()
                .filter(|one| one.enable())
                .map(EarlySuccess::from_sdk),
        }
    }
}

impl EarlySuccess {
    fn to_sdk(&self) -> DeploymentEarlySuccessCriteria {
        DeploymentEarlySuccessCriteria::builder()
            .enable(true)
            .set_healthy_percent(self.healthy_percent)
            .set_source_service_revision_cleanup(self.cleanup.as_deref().map(Into::into))
            .build()
    }

    fn from_sdk(from: &DeploymentEarlySuccessCriteria) -> Self {
        Self {
            healthy_percent: from.healthy_percent(),
            cleanup: given(from.source_service_revision_cleanup().map(|one| one.as_str())),
        }
    }
}

impl CircuitBreaker {
    fn to_sdk(&self) -> Result<DeploymentCircuitBreaker, Failure> {
        let plain = Self::default();
        let own = self.threshold_type != plain.threshold_type || self.threshold != plain.threshold;
        let threshold = own.then(|| {
            built(
                ThresholdConfiguration::builder()
                    .r#type(self.threshold_type.as_str().into())
                    .value(self.threshold)
                    .build(),
            )
        });
        Ok(DeploymentCircuitBreaker::builder()
            .enable(self.enable)
            .rollback(self.rollback)
            .set_reset_on_healthy_task((!self.reset_on_healthy_task).then_some(false))
            .set_threshold_configuration(threshold.transpose()?)
            .build())
    }

    fn from_sdk(from: &DeploymentCircuitBreaker) -> Self {
        let plain = Self::default();
        let threshold = from.threshold_configuration();
        Self {
            enable: from.enable(),
            rollback: from.rollback(),
            reset_on_healthy_task: from.reset_on_healthy_task().unwrap_or(true),
            threshold_type: threshold
                .map_or(plain.threshold_type, |one| one.r#type().as_str().to_owned()),
            threshold: threshold.map_or(plain.threshold, |one| one.value()),
        }
    }
}

fn hook_to_sdk(from: &LifecycleHook) -> Result<DeploymentLifecycleHook, Failure> {
    let timed = from.timeout.is_some() || from.on_timeout.is_some();
    let timeout = timed.then(|| {
        DeploymentLifecycleHookTimeoutConfiguration::builder()
            .set_timeout_in_minutes(from.timeout)
            .set_action(from.on_timeout.as_deref().map(Into::into))
            .build()
    });
    Ok(DeploymentLifecycleHook::builder()
        .target_type(from.hook.as_str().into())
        .set_hook_target_arn(from.target.clone())
        .set_role_arn(text(from.role.as_ref())?)
        .set_lifecycle_stages(Some(from.stages.iter().map(|one| one.as_str().into()).collect()))
        .set_timeout_configuration(timeout)
        .build())
}

fn hook_from_sdk(from: &DeploymentLifecycleHook) -> LifecycleHook {
    let timeout = from.timeout_configuration();
    LifecycleHook {
        hook: from.target_type().map_or("AWS_LAMBDA", |one| one.as_str()).to_owned(),
        target: given(from.hook_target_arn()),
        role: known(from.role_arn()),
        stages: from.lifecycle_stages().iter().map(|one| one.as_str().to_owned()).collect(),
        timeout: timeout.and_then(|one| one.timeout_in_minutes()),
        on_timeout: given(timeout.and_then(|one| one.action()).map(|one| one.as_str())),
    }
}
