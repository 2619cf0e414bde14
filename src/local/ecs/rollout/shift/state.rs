//! Where a deployment that moves traffic is.

use serde::{Deserialize, Serialize};

use super::hooks::Hook;
use crate::local::clock::Millis;

/// A deployment that moves traffic.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::local::ecs) struct Shift {
    pub(super) stage: Stage,
    /// The stage is not over before this time.
    pub(super) due: Option<Millis>,
    /// Percent of production traffic that the new revision has after each step.
    pub(super) steps: Vec<f64>,
    /// How many of them were made.
    pub(super) step: usize,
    /// Percent of production traffic that the new revision has.
    pub(super) production: f64,
    /// The same of test traffic.
    pub(super) test: f64,
    /// The hooks of the stage.
    pub(super) hooks: Vec<Hook>,
}

impl Shift {
    pub(super) fn new(steps: Vec<f64>) -> Self {
        Self {
            stage: Stage::PreScaleUp,
            due: None,
            steps,
            step: 0,
            production: 0.0,
            test: 0.0,
            hooks: Vec::new(),
        }
    }

    /// The stage after this one. Each step goes through the two stages of the production shift.
    pub(super) fn next(&self, stage: Stage) -> Stage {
        match stage {
            Stage::Reconcile => Stage::PreScaleUp,
            Stage::PreScaleUp => Stage::ScaleUp,
            Stage::ScaleUp => Stage::PostScaleUp,
            Stage::PostScaleUp => Stage::TestShift,
            Stage::TestShift => Stage::PostTestShift,
            Stage::PostTestShift => Stage::PreProductionShift,
            Stage::PreProductionShift => Stage::ProductionShift,
            Stage::ProductionShift if self.step < self.steps.len() => Stage::PreProductionShift,
            Stage::ProductionShift => Stage::PostProductionShift,
            Stage::PostProductionShift => Stage::Bake,
            Stage::Bake | Stage::CleanUp => Stage::CleanUp,
        }
    }
}

/// `lifecycleStage`, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::local::ecs) enum Stage {
    Reconcile,
    PreScaleUp,
    ScaleUp,
    PostScaleUp,
    TestShift,
    PostTestShift,
    PreProductionShift,
    ProductionShift,
    PostProductionShift,
    Bake,
    CleanUp,
}

impl Stage {
    /// ECS's word. The API's enumeration lacks PRE_PRODUCTION_TRAFFIC_SHIFT, its documentation has it.
    pub(in crate::local::ecs) fn word(self) -> &'static str {
        match self {
            Self::Reconcile => "RECONCILE_SERVICE",
            Self::PreScaleUp => "PRE_SCALE_UP",
            Self::ScaleUp => "SCALE_UP",
            Self::PostScaleUp => "POST_SCALE_UP",
            Self::TestShift => "TEST_TRAFFIC_SHIFT",
            Self::PostTestShift => "POST_TEST_TRAFFIC_SHIFT",
            Self::PreProductionShift => "PRE_PRODUCTION_TRAFFIC_SHIFT",
            Self::ProductionShift => "PRODUCTION_TRAFFIC_SHIFT",
            Self::PostProductionShift => "POST_PRODUCTION_TRAFFIC_SHIFT",
            Self::Bake => "BAKE_TIME",
            Self::CleanUp => "CLEAN_UP",
        }
    }
}
