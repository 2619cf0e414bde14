//! What follows from what a call answered.

use std::time::Duration;

use super::call::{Answer, Lookup};
use super::run::Run;
use super::step::{Next, Phase, makes, makes_anew};
use super::wait::Entry;
use crate::engine::diff::{Rules, diff};
use crate::engine::retry::{LOOKUPS, read_schedule, schedule};
use crate::engine::{Action, Class, EventKind, Failure, Foreign, Health, Live, Progress, Wait};

/// How often an object that takes several calls is updated before it counts as a mistake.
const MOST_ROUNDS: u32 = 50;
/// How often a name that is taken is looked up before it counts as someone else's.
const LOOKUPS_OF_A_TAKEN_NAME: usize = 3;
/// How long what was just made may be invisible.
const CONSISTENCY_WINDOW: Duration = Duration::from_secs(60);

impl Run<'_> {
    pub(super) fn answered(&mut self, answer: Answer) {
        match answer {
            Answer::Acted { step, result: Ok(progress) } => self.progressed(step, progress),
            Answer::Acted { step, result: Err(failure) } => self.call_failed(step, failure),
            Answer::LookedUp { step, result } => self.looked_up(step, result),
            Answer::Unresolved { step, failure } => self.call_failed(step, failure),
            Answer::Held { step, failure } => self.held(step, failure),
            Answer::Learned { step, address, outputs } => {
                self.outputs.insert(address, outputs);
                self.again(step);
            }
            Answer::Looked { entries, result: Ok(health) } => {
                for (entry, health) in entries.into_iter().zip(health) {
                    self.looked(entry, health);
                }
            }
            Answer::Looked { entries, result: Err(failure) } => {
                self.look_failed(entries, &failure);
            }
        }
    }

    /// Queues the step's next call, unless the run is interrupted.
    fn again(&mut self, index: usize) {
        if self.cancelled {
            self.skip(index, self.because.to_owned());
        } else {
            self.enqueue(index);
        }
    }

    fn progressed(&mut self, index: usize, progress: Progress) {
        let step = self.step(index);
        let now = self.since_began();
        let state = &mut self.states[index];
        state.called.get_or_insert(now);
        state.learn(progress.outputs);
        state.ticket = progress.ticket;
        state.more = progress.more;
        state.failures.clear();
        if step.action == Action::Delete {
            if !step.deposed {
                self.outputs.remove(&step.address);
            }
        } else {
            self.outputs.insert(step.address.clone(), state.outputs.clone());
        }
        self.release(index, Wait::Created);
        if step.action == Action::Adopt || !self.must_wait(index) {
            self.complete(index);
        } else if self.cancelled {
            self.skip(index, format!("{} while it settles", self.because));
        } else {
            self.wait_for(index);
        }
    }

    fn call_failed(&mut self, index: usize, failure: Failure) {
        let step = self.step(index);
        if step.action == Action::Delete && failure.class == Class::Gone {
            let outputs = serde_json::Value::Null;
            return self.progressed(index, Progress { outputs, ticket: None, more: false });
        }
        let acting = self.states[index].next == Next::Act;
        let there = self.may_be_there(index, failure.class) || self.began(index, &failure);
        if acting && makes(&step.action) && there {
            self.states[index].lookups = 0;
            self.states[index].next = Next::LookUp(Box::new(failure.clone()));
            let pause = Duration::from_millis(LOOKUPS.first().copied().unwrap_or_default());
            return self.retry(index, failure, pause);
        }
        // What was made a moment ago is not known everywhere at once: so says whoever is told its id.
        let young =
            failure.class == Class::Gone && step.action != Action::Delete && self.made_lately();
        let class = if young { Class::NotYetConsistent } else { failure.class };
        match self.count(index, class) {
            Some(pause) => self.retry(index, failure, pause),
            None => self.fail(index, failure),
        }
    }

    /// Whether this failure of a create came after its first call, which has made something: the step is tried
    /// again from what is there, and never made anew.
    fn began(&self, index: usize, failure: &Failure) -> bool {
        let later = failure.operation.as_ref().is_some_and(|call| !makes_anew(call));
        let heals = schedule(failure.class).is_some() || failure.class == Class::Gone;
        later && heals && !self.is_idempotent(index)
    }

    /// Whether this run has made something within the window in which that may be invisible.
    fn made_lately(&self) -> bool {
        let now = self.since_began();
        let made = self.states.iter().zip(&self.caller.plan.steps);
        made.filter(|(_, step)| makes(&step.action))
            .filter_map(|(state, _)| state.called.or(state.started))
            .any(|at| now.saturating_sub(at) < CONSISTENCY_WINDOW)
    }

    fn is_idempotent(&self, index: usize) -> bool {
        let driver = self.caller.registry.driver(self.step(index).address.kind());
        driver.is_ok_and(|driver| driver.create_is_idempotent())
    }

    /// Whether a create that failed this way may have made something, or found it there.
    fn may_be_there(&self, index: usize, class: Class) -> bool {
        match class {
            Class::AlreadyExists => true,
            Class::LostAnswer | Class::Server => !self.is_idempotent(index),
            _ => false,
        }
    }

    /// Counts a failure and says after which pause the call is made again, if at all.
    fn count(&mut self, index: usize, class: Class) -> Option<Duration> {
        let failures = self.states[index].failures.entry(class).or_default();
        *failures += 1;
        schedule(class)?.pause(*failures)
    }

    fn retry(&mut self, index: usize, failure: Failure, pause: Duration) {
        if self.cancelled {
            return self.fail(index, failure);
        }
        let address = self.step(index).address.clone();
        self.emit(EventKind::StepRetrying { step: index, address, failure, pause });
        self.pause(index, pause);
    }

    /// Takes over what a lost create has made; else looks again, and in the end creates again.
    fn looked_up(&mut self, index: usize, result: Result<Lookup, Failure>) {
        let first = match std::mem::replace(&mut self.states[index].next, Next::Act) {
            Next::LookUp(failure) => *failure,
            Next::Act | Next::More => Failure::internal("looked up without a reason"),
        };
        let (unread, holder) = match result {
            Ok(Lookup::Made(live)) => return self.take_over(index, *live),
            Ok(Lookup::Taken(foreign)) => (None, Some(foreign)),
            Ok(Lookup::Nothing) => (None, None),
            Err(failure) => (Some(failure), None),
        };
        let taken = first.class == Class::AlreadyExists;
        let state = &mut self.states[index];
        state.lookups += 1;
        let limit = if taken { LOOKUPS_OF_A_TAKEN_NAME } else { LOOKUPS.len() };
        if let Some(pause) = LOOKUPS.get(state.lookups).filter(|_| state.lookups < limit) {
            state.next = Next::LookUp(Box::new(first));
            let pause = Duration::from_millis(*pause);
            if self.cancelled {
                return self.skip(index, format!("{} before it was tried again", self.because));
            }
            return self.pause(index, pause);
        }
        if let Some(unread) = unread {
            // Without knowing what is there, another create could make a second one.
            return self.fail(index, unread);
        }
        if taken {
            return self.fail(index, self.taken(index, first, holder.as_ref()));
        }
        let gone = first.class == Class::Gone;
        match self.count(index, if gone { Class::NotYetConsistent } else { first.class }) {
            Some(_) => self.again(index),
            None => self.fail(index, first),
        }
    }

    /// The failure of a create whose name somebody else's object bears.
    fn taken(&self, index: usize, failure: Failure, holder: Option<&Foreign>) -> Failure {
        let Some(holder) = holder else {
            let hint = "something of that name belongs to someone else: rename it or delete it";
            let hint = failure.hint.clone().unwrap_or_else(|| hint.to_owned());
            return failure.with_hint(hint);
        };
        let step = self.step(index);
        // Only the first of its name is looked for under that name.
        let adopt = holder.adopt(&self.caller.plan.environment);
        let hint = match adopt.filter(|_| step.identity.generation <= 1) {
            Some(command) => format!("take it over with `{command}`, or rename or delete it"),
            None => format!("rename or delete `{}`, which has {}", holder.id, holder.owner),
        };
        failure.with_hint(hint)
    }

    fn take_over(&mut self, index: usize, live: Live) {
        let step = self.step(index);
        let rules =
            self.caller.registry.info(step.address.kind()).map_or(&[][..], |info| info.rules);
        let differs = self.states[index]
            .spec
            .as_ref()
            .is_some_and(|spec| !diff(&Rules::new(rules), &live.spec, spec).is_empty());
        self.progressed(index, Progress { outputs: live.outputs, ticket: None, more: differs });
    }

    fn looked(&mut self, mut entry: Entry, health: Health) {
        let index = entry.step;
        if self.states[index].phase != Phase::Waiting {
            return;
        }
        entry.failures = 0;
        let deleting = entry.waiting.deleting;
        entry.unhurried = matches!(health, Health::Unhurried(_) | Health::Paused(_));
        if !matches!(health, Health::Paused(_)) {
            entry.paused = None;
        }
        let waits_for = match health {
            Health::Ready if !deleting => return self.is_ready(index),
            Health::Gone if deleting => return self.complete(index),
            Health::Failed(why) => {
                let failure = Failure::new(Class::Broken, why);
                return self.fail(index, failure);
            }
            Health::Broken(failure) => return self.fail(index, *failure),
            Health::Ready => "it is still there".to_owned(),
            Health::Gone if self.now().saturating_sub(entry.since) > CONSISTENCY_WINDOW => {
                let failure =
                    Failure::new(Class::Broken, "it is gone though nothing here deleted it");
                return self.fail(index, failure);
            }
            Health::Gone => "it is not visible yet".to_owned(),
            Health::Pending(why) | Health::Unhurried(why) => why,
            Health::Paused(failure) => {
                let since = *entry.paused.get_or_insert(self.now());
                if self.now().saturating_sub(since) >= self.options.pause_wait {
                    return self.fail(index, *failure);
                }
                failure.message
            }
        };
        self.look_again(entry, waits_for);
    }

    fn look_again(&mut self, mut entry: Entry, waits_for: String) {
        let index = entry.step;
        let step = self.step(index);
        let info = match self.caller.registry.info(step.address.kind()) {
            Ok(info) => info,
            Err(failure) => return self.fail(index, failure),
        };
        let waited = self.now().saturating_sub(entry.since);
        let pace = self.options.pace(info);
        if waited >= pace.limit && !entry.unhurried {
            let message = format!("not there after {} s: {waits_for}", pace.limit.as_secs());
            let failure = Failure::new(Class::Broken, message)
                .with_hint("it may still get there: run the same command again to go on waiting");
            return self.fail(index, failure);
        }
        if self.states[index].said.as_ref() != Some(&waits_for) {
            self.states[index].said = Some(waits_for.clone());
            let address = step.address.clone();
            self.emit(EventKind::StepWaiting { step: index, address, waits_for });
        }
        entry.next = self.now() + pace.every;
        entry.waiting.last = waited + pace.every >= pace.limit && !entry.unhurried;
        self.waits.push(info, entry);
    }

    fn look_failed(&mut self, entries: Vec<Entry>, failure: &Failure) {
        let many = entries.len() > 1;
        for mut entry in entries {
            let index = entry.step;
            if self.states[index].phase != Phase::Waiting {
                continue;
            }
            entry.failures += 1;
            let pause =
                read_schedule(failure.class).and_then(|schedule| schedule.pause(entry.failures));
            let info = self.caller.registry.info(self.step(index).address.kind());
            match (pause, info) {
                (Some(pause), Ok(info)) => {
                    entry.next = self.now() + pause;
                    self.waits.push(info, entry);
                }
                (None, Ok(info)) if many && !entry.alone => {
                    entry.alone = true;
                    entry.failures = 0;
                    entry.next = self.now();
                    self.waits.push(info, entry);
                }
                (None, Ok(_)) if failure.class == Class::Gone => self.looked(entry, Health::Gone),
                _ => self.fail(index, failure.clone()),
            }
        }
    }

    fn is_ready(&mut self, index: usize) {
        let state = &mut self.states[index];
        if !state.more {
            return self.complete(index);
        }
        state.rounds += 1;
        if state.rounds > MOST_ROUNDS {
            let address = &self.step(index).address;
            let failure = Failure::internal(format!("updating `{address}` never ends"));
            return self.fail(index, failure);
        }
        state.next = Next::More;
        self.again(index);
    }
}
