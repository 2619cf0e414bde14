//! What the executor knows of each step while it runs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::engine::{Action, Change, Class, Failure, Step, Wait};

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Other steps come first.
    Blocked,
    /// It may start, or try again, as soon as there is room.
    Queued,
    /// A call is in flight.
    Calling,
    /// It will be tried again.
    Pausing,
    /// The call is answered; it settles.
    Waiting,
    /// Done, failed or skipped.
    Ended,
}

/// Which call comes next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Next {
    /// What the step's action says.
    Act,
    /// Looking for what a create may have made, as it failed this way.
    LookUp(Box<Failure>),
    /// Going on with what takes several calls.
    More,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) phase: Phase,
    /// Edges not released yet.
    pub(super) unmet: usize,
    /// Who waits for this step, and for what of it.
    pub(super) dependants: Vec<(usize, Wait)>,
    pub(super) next: Next,
    /// The document and the changes, references resolved, once they are.
    pub(super) spec: Option<Arc<Value>>,
    pub(super) changes: Arc<Vec<Change>>,
    pub(super) outputs: Value,
    pub(super) ticket: Option<String>,
    pub(super) more: bool,
    /// How often `more` was followed.
    pub(super) rounds: u32,
    /// How often the next call failed, by class.
    pub(super) failures: HashMap<Class, u32>,
    /// How often it was looked up since the last create.
    pub(super) lookups: usize,
    pub(super) started: Option<Duration>,
    pub(super) called: Option<Duration>,
    pub(super) ready: Option<Duration>,
    /// What was last said about what it waits for.
    pub(super) said: Option<String>,
}

impl State {
    pub(super) fn new(step: &Step) -> Self {
        Self {
            phase: if step.action == Action::Keep { Phase::Ended } else { Phase::Blocked },
            unmet: step.after.len(),
            dependants: Vec::new(),
            next: Next::Act,
            spec: None,
            changes: Arc::default(),
            outputs: step
                .live
                .as_ref()
                .filter(|_| !makes(&step.action))
                .map_or(Value::Null, |live| live.outputs.clone()),
            ticket: None,
            more: false,
            rounds: 0,
            failures: HashMap::new(),
            lookups: 0,
            started: None,
            called: None,
            ready: None,
            said: None,
        }
    }

    /// Takes over outputs as far as they are known.
    pub(super) fn learn(&mut self, outputs: Value) {
        match (&mut self.outputs, outputs) {
            (_, Value::Null) => {}
            (Value::Object(known), Value::Object(new)) => {
                known.extend(new.into_iter().filter(|(_, value)| !value.is_null()));
            }
            (known, new) => *known = new,
        }
    }
}

/// Whether an operation (`ec2 CreateVpc`) makes a thing, rather than setting up one that was made.
pub(super) fn makes_anew(operation: &str) -> bool {
    let name = operation.split(' ').next_back().unwrap_or_default();
    ["Create", "Allocate", "Register", "Authorize"].iter().any(|verb| name.starts_with(verb))
}

/// Whether the step begins with a create call.
pub(super) fn makes(action: &Action) -> bool {
    matches!(action, Action::Create | Action::Revise | Action::Replace { .. })
}
