//! What happens while a plan is applied: the one thing that renderers see.

use std::time::Duration;

use serde::Serialize;

use super::{Action, Address, Failure};

/// One thing that happened, and when.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// Since the run began.
    pub elapsed: Duration,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum EventKind {
    /// Applying begins.
    RunStarted {
        /// How many steps there are to do.
        steps: usize,
    },
    /// A step's first call is about to be made.
    StepStarted {
        /// The step's index in the plan.
        step: usize,
        /// Which resource.
        address: Address,
        /// What is done.
        action: Action,
    },
    /// The call has answered; the resource is not ready yet.
    StepWaiting {
        /// The step's index in the plan.
        step: usize,
        /// Which resource.
        address: Address,
        /// What it waits for.
        waits_for: String,
    },
    /// A program that the step runs, a builder of images, has written a line.
    StepWrote {
        /// The step's index in the plan.
        step: usize,
        /// Which resource.
        address: Address,
        /// The line.
        line: String,
    },
    /// A call failed in a way that time heals; it will be made again.
    StepRetrying {
        /// The step's index in the plan.
        step: usize,
        /// Which resource.
        address: Address,
        /// Why.
        failure: Failure,
        /// After how long.
        pause: Duration,
    },
    /// The step is done.
    StepDone {
        /// The step's index in the plan.
        step: usize,
        /// Which resource.
        address: Address,
        /// What was done.
        action: Action,
        /// How long it took.
        took: Duration,
    },
    /// The step failed.
    StepFailed {
        /// The step's index in the plan.
        step: usize,
        /// Which resource.
        address: Address,
        /// Why.
        failure: Failure,
    },
    /// The step was not tried, as one it depends on failed or the run was interrupted.
    StepSkipped {
        /// The step's index in the plan.
        step: usize,
        /// Which resource.
        address: Address,
        /// Why.
        because: String,
    },
    /// An interrupt came, or the lock was lost: nothing new is started.
    Cancelling {
        /// How many steps are in flight.
        in_flight: usize,
        /// Why: a lower-case fragment.
        because: String,
    },
    /// Applying has ended.
    RunFinished {
        /// Steps done.
        done: usize,
        /// Steps failed.
        failed: usize,
        /// Steps skipped.
        skipped: usize,
        /// An interrupt ended it.
        cancelled: bool,
    },
}
