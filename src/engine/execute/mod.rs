//! Carries out a plan: an event-driven walk of the graph of its steps.
//!
//! `run` is the loop; `step` is what it knows of each step; `call` makes one call and nothing
//! else; `wait` is the list of what settles; `answer` says what follows from what was answered;
//! `priority` estimates chains. No retry, pause or wait happens anywhere else.

mod answer;
mod call;
mod priority;
mod run;
mod step;
mod wait;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::{
    Address, Cancel, Clock, Event, Failure, Fence, KindInfo, Pace, Plan, Registry, redact,
};

/// How a plan is carried out.
#[derive(Clone)]
pub struct Options {
    /// How many calls may be in flight; waiting does not count.
    pub concurrency: usize,
    /// Do not wait for what nothing else in the plan needs to be ready.
    pub no_wait: bool,
    /// How long what waits for a person is waited for.
    pub pause_wait: Duration,
    /// Kinds that a clock which is sped up does not make faster.
    pub slower: Option<Slower>,
    /// Asked before each call that may change something.
    pub fence: Option<Arc<dyn Fence>>,
}

/// Kinds with a time of their own: what is behind them does not live in the simulated account whose clock the run goes by.
#[derive(Clone, Copy, Debug)]
pub struct Slower {
    /// How their names begin.
    pub kinds: &'static str,
    /// How much longer than others they are waited for, and how much more rarely looked at.
    pub factor: f64,
}

impl Options {
    /// How a kind is waited for by the run's clock.
    fn pace(&self, info: &KindInfo) -> Pace {
        match &self.slower {
            Some(slower) if info.kind.starts_with(slower.kinds) => Pace {
                every: info.pace.every.mul_f64(slower.factor),
                limit: info.pace.limit.mul_f64(slower.factor),
                ..info.pace
            },
            _ => info.pace,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            concurrency: 16,
            no_wait: false,
            pause_wait: Duration::ZERO,
            slower: None,
            fence: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("concurrency", &self.concurrency)
            .field("no_wait", &self.no_wait)
            .field("pause_wait", &self.pause_wait)
            .field("slower", &self.slower)
            .field("fenced", &self.fence.is_some())
            .finish()
    }
}

/// When a step's parts happened, since the run began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Timing {
    /// The step's index in the plan.
    pub step: usize,
    /// Its first call was made.
    pub started: Duration,
    /// The call was answered: outputs are known.
    pub called: Option<Duration>,
    /// It was ready, or gone.
    pub ready: Option<Duration>,
}

/// How it ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Steps done, in the order in which they were.
    pub done: Vec<usize>,
    /// Steps that failed, and why.
    pub failed: Vec<(usize, Failure)>,
    /// Steps not done, as one they depend on failed or the run was interrupted.
    pub skipped: Vec<(usize, String)>,
    /// Those of the skipped steps whose call was given up in flight: it may or may not have
    /// happened.
    pub given_up: Vec<usize>,
    /// Whether it was interrupted.
    pub cancelled: bool,
    /// Why the fence stopped it, if it did.
    pub fenced: Option<Failure>,
    /// Outputs by address, those of the plan and those of what was made.
    pub outputs: BTreeMap<Address, Value>,
    /// When each step that was started did what, in the order of the plan.
    pub timings: Vec<Timing>,
}

impl Outcome {
    /// Whether everything was done.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty()
            && self.skipped.is_empty()
            && !self.cancelled
            && self.fenced.is_none()
    }
}

/// Carries out a plan. Failures are part of the outcome: a step that fails skips those that
/// depend on it, and nothing else.
///
/// After [`Cancel::cancel`], or when [`Options::fence`] says no, nothing new is started, calls in
/// flight are awaited, waits are given up; after [`Cancel::give_up`] calls in flight are not
/// awaited any longer.
pub async fn execute(
    registry: &Registry,
    plan: &Plan,
    clock: &dyn Clock,
    options: &Options,
    cancel: &Cancel,
    events: &(dyn Fn(Event) + Send + Sync),
) -> Outcome {
    let documents = plan.steps.iter().filter_map(|step| step.spec.as_ref());
    documents.for_each(redact::remember_names_of);
    run::Run::new(registry, plan, clock, options, events).go(cancel).await
}
