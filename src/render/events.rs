//! The lines that `--format json` prints while a plan is applied: one object a line, in a documented, versioned form.
//!
//! These are mirrors of the engine's types, so that names in here stay when names in there change.
//! `schemas/events.schema.json` is made from them.

use std::sync::atomic::{AtomicBool, Ordering};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::engine::{Change, Event, EventKind, Failure, Outcome, Plan, Step};
use crate::render::look;

/// The version of these lines: the first number changes when something that was there changes or goes.
pub const FORMAT_VERSION: &str = "1.0";

/// One line of the stream. The first is `run`, then comes `plan`; the last is `outcome`, however the run ends.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Line {
    /// The first line.
    Run {
        /// The version of these lines.
        format_version: String,
        /// The version of shipit.
        shipit: String,
        /// The application.
        application: String,
        /// The environment.
        environment: String,
        /// AWS account, twelve digits.
        account: String,
        /// AWS region.
        region: String,
    },
    /// What is going to be done.
    Plan {
        /// How many resources match already.
        unchanged: usize,
        /// How many resources are deleted, replaced ones not counted.
        deletes: usize,
        /// How many resources are replaced.
        replaces: usize,
        /// The environment is protected.
        protected: bool,
        /// What happens, in an order that respects what waits for what. Later lines refer to the index.
        steps: Vec<PlannedStep>,
        /// Resources in the way that are not ours: the run is refused.
        foreign: Vec<ForeignResource>,
        /// What a reader should know.
        notices: Vec<String>,
        /// What was found out about the plan beforehand.
        findings: Vec<FoundBefore>,
    },
    /// Another run has changed something since the plan was made: it is made anew, and another `plan` follows.
    Stale {
        /// What has changed.
        moved: Vec<Value>,
    },
    /// Another run holds a lock that this one needs; it is waited for.
    LockWaiting(LockLine),
    /// The holder of a lock shows no sign of life; it has `seconds` left.
    LockWatching(LockLine),
    /// The holder of a lock was dead, and the lock was taken over.
    LockTakenOver(LockLine),
    /// A lock was taken from a run that may notice it only now; for `seconds` nothing is done.
    LockHoldingOff(LockLine),
    /// Applying begins.
    RunStarted {
        /// Seconds since applying began.
        elapsed: f64,
        /// How many steps there are to do.
        steps: usize,
    },
    /// A step's first call is about to be made.
    StepStarted {
        /// Seconds since applying began.
        elapsed: f64,
        /// The step's index in the plan.
        step: usize,
        /// Which resource.
        address: String,
        /// What is done.
        action: String,
    },
    /// The call has answered; the resource is not ready yet.
    StepWaiting {
        /// Seconds since applying began.
        elapsed: f64,
        /// The step's index in the plan.
        step: usize,
        /// Which resource.
        address: String,
        /// What it waits for.
        waits_for: String,
    },
    /// A program that the step runs, a builder of images, has written a line.
    StepWrote {
        /// Seconds since applying began.
        elapsed: f64,
        /// The step's index in the plan.
        step: usize,
        /// Which resource.
        address: String,
        /// The line.
        line: String,
    },
    /// A call failed in a way that time heals; it will be made again.
    StepRetrying {
        /// Seconds since applying began.
        elapsed: f64,
        /// The step's index in the plan.
        step: usize,
        /// Which resource.
        address: String,
        /// Why.
        failure: Why,
        /// Seconds until then.
        pause: f64,
    },
    /// A step is done.
    StepDone {
        /// Seconds since applying began.
        elapsed: f64,
        /// The step's index in the plan.
        step: usize,
        /// Which resource.
        address: String,
        /// What was done.
        action: String,
        /// Seconds it took.
        took: f64,
    },
    /// A step failed.
    StepFailed {
        /// Seconds since applying began.
        elapsed: f64,
        /// The step's index in the plan.
        step: usize,
        /// Which resource.
        address: String,
        /// Why.
        failure: Why,
    },
    /// A step was not tried, as one it depends on failed or the run was interrupted.
    StepSkipped {
        /// Seconds since applying began.
        elapsed: f64,
        /// The step's index in the plan.
        step: usize,
        /// Which resource.
        address: String,
        /// Why.
        because: String,
    },
    /// An interrupt came: nothing new is started.
    Cancelling {
        /// Seconds since applying began.
        elapsed: f64,
        /// Why.
        because: String,
        /// How many steps are in flight.
        in_flight: usize,
    },
    /// Applying has ended.
    RunFinished {
        /// Seconds since applying began.
        elapsed: f64,
        /// Steps done.
        done: usize,
        /// Steps failed.
        failed: usize,
        /// Steps skipped.
        skipped: usize,
        /// An interrupt ended it.
        cancelled: bool,
    },
    /// Where a service can be reached.
    Address {
        /// The service.
        service: String,
        /// Its URL.
        url: String,
    },
    /// The command stopped for another reason than a failed step.
    Stopped {
        /// Why: `error` and `hint`, `failures`, or `problems`, as in the document of an error before the run.
        why: Value,
    },
    /// `adopt` alone: it is ours already. The only line.
    NothingToDo {
        /// Which resource.
        address: String,
        /// What AWS calls it.
        id: String,
    },
    /// The last line.
    Outcome {
        /// The exit code.
        exit_code: u8,
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

/// What is told of a lock.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LockLine {
    /// Which lock, as people call it.
    pub lock: Option<String>,
    /// Who holds it: who, on which machine, since when, doing what.
    pub holder: Option<Value>,
    /// How long this takes.
    pub seconds: Option<f64>,
}

/// One resource's part of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PlannedStep {
    /// The step's index.
    pub step: usize,
    /// Which resource.
    pub address: String,
    /// Whose it is: a service's name; absent for the environment's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// `create`, `update`, `revise`, `replace`, `delete`, `settle`, `keep` or `adopt`.
    pub action: String,
    /// Why.
    pub reason: String,
    /// What AWS calls the live object, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is lost with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loses: Option<String>,
    /// Its fields that change.
    pub changes: Vec<PlannedChange>,
    /// Lines of manifests that patch its document: `services/api.yml:42`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patched_by: Vec<String>,
}

/// One field that changes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PlannedChange {
    /// Where: `health_check.path`.
    pub path: String,
    /// The live value; null where there is none, or it is sensitive.
    pub before: Value,
    /// The desired value; null where the field goes, or is sensitive; `{"$output": [ADDRESS, FIELD]}` where only
    /// applying can tell.
    pub after: Value,
    /// The field cannot be changed in place.
    pub forces_replacement: bool,
    /// Values are not shown.
    pub sensitive: bool,
    /// It was changed outside since the last apply.
    pub drift: bool,
}

/// Something that is not ours and in the way.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ForeignResource {
    /// The resource whose name it bears.
    pub address: String,
    /// What AWS calls it.
    pub id: String,
    /// What is known of its owner.
    pub owner: String,
}

/// What was found out before a plan is applied.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FoundBefore {
    /// `error`, `warning` or `unchecked`.
    pub severity: String,
    /// Which check found it.
    pub check: String,
    /// The resource that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What was found.
    pub message: String,
    /// Why it would fail, or could not be checked.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Why something failed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Why {
    /// What kind of failure it is: `throttled`, `denied`, `invalid` and so on.
    pub class: String,
    /// What went wrong.
    pub message: String,
    /// AWS service and operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// AWS's error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// AWS's request id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What is known beyond the message: verdict, facts, the end of a log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Value>,
}

static BEGUN: AtomicBool = AtomicBool::new(false);

/// Notes that the stream has begun: from here on, everything on stdout is a line of it. Says whether it begins now.
pub fn begin() -> bool {
    !BEGUN.swap(true, Ordering::Relaxed)
}

/// Whether this process has begun the stream.
pub fn begun() -> bool {
    BEGUN.load(Ordering::Relaxed)
}

/// The JSON Schema of one line.
pub fn schema() -> Value {
    schemars::schema_for!(Line).to_value()
}

impl Line {
    /// The first line of a run.
    pub fn run(plan: &Plan) -> Self {
        Self::Run {
            format_version: FORMAT_VERSION.to_owned(),
            shipit: env!("CARGO_PKG_VERSION").to_owned(),
            application: plan.application.clone(),
            environment: plan.environment.clone(),
            account: plan.account.clone(),
            region: plan.region.clone(),
        }
    }

    /// The last line; without an outcome nothing was tried.
    pub fn outcome(outcome: Option<&Outcome>, exit_code: u8) -> Self {
        let count = |of: fn(&Outcome) -> usize| outcome.map_or(0, of);
        Self::Outcome {
            exit_code,
            done: count(|outcome| outcome.done.len()),
            failed: count(|outcome| outcome.failed.len()),
            skipped: count(|outcome| outcome.skipped.len()),
            cancelled: outcome.is_some_and(|outcome| outcome.cancelled),
        }
    }

    /// The second line: what is going to be done.
    pub fn plan(plan: &Plan) -> Self {
        let [deletes, replaces] = look::destroyed(plan);
        Self::Plan {
            unchanged: plan.unchanged,
            deletes,
            replaces,
            protected: plan.protected,
            steps: plan
                .steps
                .iter()
                .enumerate()
                .map(|(index, step)| planned(index, step))
                .collect(),
            foreign: plan
                .foreign
                .iter()
                .map(|foreign| ForeignResource {
                    address: foreign.address.to_string(),
                    id: foreign.id.clone(),
                    owner: foreign.owner.clone(),
                })
                .collect(),
            notices: plan.notices.clone(),
            findings: plan
                .findings
                .iter()
                .map(|finding| FoundBefore {
                    severity: word(&finding.severity),
                    check: finding.check.clone(),
                    address: finding.address.as_ref().map(ToString::to_string),
                    message: finding.message.clone(),
                    why: finding.why.clone(),
                    hint: finding.hint.clone(),
                })
                .collect(),
        }
    }
}

impl From<&Event> for Line {
    fn from(event: &Event) -> Self {
        let elapsed = event.elapsed.as_secs_f64();
        match event.kind.clone() {
            EventKind::RunStarted { steps } => Self::RunStarted { elapsed, steps },
            EventKind::StepStarted { step, address, action } => {
                let (address, action) = (address.to_string(), verb(&action));
                Self::StepStarted { elapsed, step, address, action }
            }
            EventKind::StepWaiting { step, address, waits_for } => {
                Self::StepWaiting { elapsed, step, address: address.to_string(), waits_for }
            }
            EventKind::StepWrote { step, address, line } => {
                Self::StepWrote { elapsed, step, address: address.to_string(), line }
            }
            EventKind::StepRetrying { step, address, failure, pause } => Self::StepRetrying {
                elapsed,
                step,
                address: address.to_string(),
                failure: (&failure).into(),
                pause: pause.as_secs_f64(),
            },
            EventKind::StepDone { step, address, action, took } => Self::StepDone {
                elapsed,
                step,
                address: address.to_string(),
                action: verb(&action),
                took: took.as_secs_f64(),
            },
            EventKind::StepFailed { step, address, failure } => Self::StepFailed {
                elapsed,
                step,
                address: address.to_string(),
                failure: (&failure).into(),
            },
            EventKind::StepSkipped { step, address, because } => {
                Self::StepSkipped { elapsed, step, address: address.to_string(), because }
            }
            EventKind::Cancelling { in_flight, because } => {
                Self::Cancelling { elapsed, in_flight, because }
            }
            EventKind::RunFinished { done, failed, skipped, cancelled } => {
                Self::RunFinished { elapsed, done, failed, skipped, cancelled }
            }
        }
    }
}

impl From<&Failure> for Why {
    fn from(failure: &Failure) -> Self {
        Self {
            class: word(&failure.class),
            message: failure.message.clone(),
            operation: failure.operation.clone(),
            code: failure.code.clone(),
            request_id: failure.request_id.clone(),
            hint: failure.hint.clone(),
            diagnosis: failure.diagnosis.as_ref().and_then(|all| serde_json::to_value(all).ok()),
        }
    }
}

fn planned(index: usize, step: &Step) -> PlannedStep {
    PlannedStep {
        step: index,
        address: step.address.to_string(),
        service: step.owner.service().map(str::to_owned),
        action: verb(&step.action),
        reason: step.reason.clone(),
        id: step.id.clone(),
        loses: step.loses.clone(),
        changes: step.changes.iter().map(changed).collect(),
        patched_by: step.patched_by.clone(),
    }
}

fn changed(change: &Change) -> PlannedChange {
    let shown = |value: &Value| if change.sensitive { Value::Null } else { value.clone() };
    PlannedChange {
        path: change.path.clone(),
        before: shown(&change.before),
        after: shown(&change.after),
        forces_replacement: change.forces_replacement,
        sensitive: change.sensitive,
        drift: change.drift,
    }
}

/// An action's name in its document.
fn verb(action: &crate::engine::Action) -> String {
    let document = serde_json::to_value(action).unwrap_or_default();
    document["action"].as_str().unwrap_or_default().to_owned()
}

/// A plain variant's name in its document.
fn word<T: Serialize>(value: &T) -> String {
    let document = serde_json::to_value(value).unwrap_or_default();
    document.as_str().unwrap_or_default().to_owned()
}
