//! The loop: starts what may start, takes answers, keeps time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use serde_json::Value;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::call::{Answer, Caller, resolved};
use super::priority::chains;
use super::step::{Next, Phase, State};
use super::wait::{Entry, WaitList};
use super::{Options, Outcome, Timing};
use crate::engine::waits;
use crate::engine::{
    Action, Address, BoxFuture, Cancel, Class, Clock, Event, EventKind, Failure, Fence, Plan,
    Registry, Step, Wait, Waiting,
};

/// What is said of steps that an interrupt ended.
const INTERRUPTED: &str = "interrupted";
/// What is said of steps that refused credentials ended.
const REFUSED: &str = "stopped, as the credentials were refused";
/// What is said of steps that a lost lock ended.
const LOCK_LOST: &str = "stopped by the lost lock";

/// A step, and what its call says.
type Said = (usize, Told);

/// What a call in flight says.
enum Told {
    WaitsFor(String),
    Wrote(String),
}

pub(super) struct Run<'a> {
    pub(super) caller: Caller<'a>,
    pub(super) options: &'a Options,
    events: &'a (dyn Fn(Event) + Send + Sync),
    began: Duration,
    chains: Vec<Duration>,
    pub(super) states: Vec<State>,
    pub(super) outputs: BTreeMap<Address, Value>,
    /// Steps that may start or try again, longest chain first.
    queue: BinaryHeap<(Duration, Reverse<usize>)>,
    /// Steps to queue later.
    pauses: BinaryHeap<Reverse<(Duration, usize)>>,
    pub(super) waits: WaitList,
    jobs: FuturesUnordered<BoxFuture<'a, Answer>>,
    /// What calls in flight say, by step.
    said: (UnboundedSender<Said>, UnboundedReceiver<Said>),
    /// Calls in flight, looks not counted.
    calling: usize,
    /// Nothing new is started: an interrupt came, or the fence said no.
    pub(super) cancelled: bool,
    /// Why, once `cancelled`: begins what is said of each step.
    pub(super) because: &'static str,
    /// The same as `cancelled`, for jobs that ask the fence before they call.
    stopped: Arc<AtomicBool>,
    fenced: Option<Failure>,
    /// The credentials were refused: an end of its own, not an interrupt.
    refused: bool,
    given_up: Vec<usize>,
    pub(super) done: Vec<usize>,
    failed: Vec<(usize, Failure)>,
    skipped: Vec<(usize, String)>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        registry: &'a Registry,
        plan: &'a Plan,
        clock: &'a dyn Clock,
        options: &'a Options,
        events: &'a (dyn Fn(Event) + Send + Sync),
    ) -> Self {
        let mut states: Vec<State> = plan.steps.iter().map(State::new).collect();
        for (index, step) in plan.steps.iter().enumerate() {
            for edge in &step.after {
                if let Some(before) = states.get_mut(edge.step) {
                    before.dependants.push((index, edge.wait));
                }
            }
        }
        Self {
            caller: Caller { registry, plan, clock },
            options,
            events,
            began: clock.now(),
            chains: chains(registry, plan),
            states,
            outputs: plan.outputs.clone(),
            queue: BinaryHeap::new(),
            pauses: BinaryHeap::new(),
            waits: WaitList::default(),
            jobs: FuturesUnordered::new(),
            said: mpsc::unbounded_channel(),
            calling: 0,
            cancelled: false,
            because: INTERRUPTED,
            stopped: Arc::default(),
            fenced: None,
            refused: false,
            given_up: Vec::new(),
            done: Vec::new(),
            failed: Vec::new(),
            skipped: Vec::new(),
        }
    }

    pub(super) async fn go(mut self, cancel: &Cancel) -> Outcome {
        let steps = self.states.iter().filter(|state| state.phase != Phase::Ended).count();
        self.emit(EventKind::RunStarted { steps });
        for index in 0..self.states.len() {
            let state = &self.states[index];
            if state.phase == Phase::Blocked && state.unmet == 0 {
                self.enqueue(index);
            }
            // What is kept is there already.
            if self.step(index).action == Action::Keep {
                self.release(index, Wait::Created);
                self.release(index, Wait::Ready);
            }
        }
        loop {
            self.on_time();
            self.start();
            if self.calling == 0 && (self.cancelled || self.is_idle()) {
                break;
            }
            let pause = self.next_deadline().map(|at| at.saturating_sub(self.now()));
            let clock = self.caller.clock;
            let fence = self.options.fence.as_ref().filter(|_| !self.cancelled);
            tokio::select! {
                biased;
                () = cancel.given_up() => self.give_up(),
                () = cancel.cancelled(), if !self.cancelled => self.interrupt(INTERRUPTED),
                failure = lost(fence) => self.fence_off(failure),
                Some((step, told)) = self.said.1.recv() => self.say(step, told),
                Some(answer) = self.jobs.next(), if !self.jobs.is_empty() => self.take(answer),
                () = async { clock.sleep(pause.unwrap_or_default()).await }, if pause.is_some() => {}
            }
        }
        self.finish()
    }

    pub(super) fn now(&self) -> Duration {
        self.caller.clock.now()
    }

    pub(super) fn since_began(&self) -> Duration {
        self.now().saturating_sub(self.began)
    }

    pub(super) fn step(&self, index: usize) -> &'a Step {
        &self.caller.plan.steps[index]
    }

    pub(super) fn emit(&self, kind: EventKind) {
        (self.events)(Event { elapsed: self.since_began(), kind });
    }

    fn is_idle(&self) -> bool {
        self.jobs.is_empty() && self.queue.is_empty() && self.next_deadline().is_none()
    }

    fn next_deadline(&self) -> Option<Duration> {
        let pause = self.pauses.peek().map(|Reverse((at, _))| *at);
        pause.into_iter().chain(self.waits.next()).min()
    }

    /// Queues what has paused long enough, and looks at what is due.
    fn on_time(&mut self) {
        let now = self.now();
        while let Some(Reverse((at, index))) = self.pauses.peek().copied() {
            if at > now {
                break;
            }
            self.pauses.pop();
            self.enqueue(index);
        }
        let caller = self.caller;
        for (kind, entries) in self.waits.due(now) {
            self.jobs.push(Box::pin(caller.look(kind, entries)));
        }
    }

    pub(super) fn enqueue(&mut self, index: usize) {
        self.states[index].phase = Phase::Queued;
        self.queue.push((self.chains[index], Reverse(index)));
    }

    pub(super) fn pause(&mut self, index: usize, pause: Duration) {
        self.states[index].phase = Phase::Pausing;
        self.pauses.push(Reverse((self.now() + pause, index)));
    }

    fn start(&mut self) {
        while !self.cancelled && self.calling < self.options.concurrency.max(1) {
            let Some((_, Reverse(index))) = self.queue.pop() else { return };
            let step = self.step(index);
            if self.states[index].started.is_none() {
                self.states[index].started = Some(self.since_began());
                self.emit(EventKind::StepStarted {
                    step: index,
                    address: step.address.clone(),
                    action: step.action.clone(),
                });
            }
            if step.action == Action::Settle {
                self.release(index, Wait::Created);
                self.wait_for(index);
                continue;
            }
            if self.states[index].spec.is_none() && step.spec.is_some() {
                match resolved(step, &self.outputs) {
                    Ok((spec, changes)) => {
                        self.states[index].spec = spec;
                        self.states[index].changes = changes;
                    }
                    Err(missing) => {
                        self.states[index].phase = Phase::Calling;
                        self.calling += 1;
                        self.jobs.push(Box::pin(self.caller.learn(index, missing)));
                        continue;
                    }
                }
            }
            let state = &mut self.states[index];
            state.phase = Phase::Calling;
            let next = state.next.clone();
            let job = self.caller.call(
                index,
                next.clone(),
                state.spec.clone(),
                state.changes.clone(),
                state.outputs.clone(),
            );
            let said = self.said.0.clone();
            let hear = move |told: waits::Said<'_>| {
                let told = match told {
                    waits::Said::WaitsFor(what) => Told::WaitsFor(what.to_owned()),
                    waits::Said::Wrote(line) => Told::Wrote(line.to_owned()),
                };
                let _ = said.send((index, told));
            };
            let job = waits::telling(hear, job);
            self.calling += 1;
            let fence = self.options.fence.as_deref().filter(|_| !matches!(next, Next::LookUp(_)));
            match fence {
                None => self.jobs.push(Box::pin(job)),
                Some(fence) => {
                    let stopped = self.stopped.clone();
                    self.jobs.push(Box::pin(async move {
                        if let Err(failure) = fence.may_go_on().await {
                            return Answer::Held { step: index, failure: Some(failure) };
                        }
                        if stopped.load(Ordering::Relaxed) {
                            return Answer::Held { step: index, failure: None };
                        }
                        job.await
                    }));
                }
            }
        }
    }

    /// Passes on what a call in flight says.
    fn say(&mut self, index: usize, told: Told) {
        let address = self.step(index).address.clone();
        let state = &mut self.states[index];
        if state.phase != Phase::Calling {
            return;
        }
        match told {
            Told::WaitsFor(waits_for) => {
                if state.said.as_ref() != Some(&waits_for) {
                    state.said = Some(waits_for.clone());
                    self.emit(EventKind::StepWaiting { step: index, address, waits_for });
                }
            }
            Told::Wrote(line) => self.emit(EventKind::StepWrote { step: index, address, line }),
        }
    }

    fn take(&mut self, answer: Answer) {
        if !matches!(answer, Answer::Looked { .. }) {
            self.calling -= 1;
        }
        self.answered(answer);
    }

    /// Lets go those that wait for this part of a step.
    pub(super) fn release(&mut self, index: usize, what: Wait) {
        let dependants = std::mem::take(&mut self.states[index].dependants);
        for (dependant, wait) in &dependants {
            if *wait != what {
                continue;
            }
            let state = &mut self.states[*dependant];
            state.unmet -= 1;
            if state.unmet == 0 && state.phase == Phase::Blocked {
                self.enqueue(*dependant);
            }
        }
        let left = dependants.into_iter().filter(|(_, wait)| *wait != what);
        self.states[index].dependants = left.collect();
    }

    /// Whether anything needs the step to be ready.
    pub(super) fn must_wait(&self, index: usize) -> bool {
        let state = &self.states[index];
        let needed = state.dependants.iter().any(|(dependant, wait)| {
            *wait == Wait::Ready && self.states[*dependant].phase == Phase::Blocked
        });
        !self.options.no_wait || state.more || needed
    }

    /// Puts a step among those that settle.
    pub(super) fn wait_for(&mut self, index: usize) {
        let step = self.step(index);
        let info = match self.caller.registry.info(step.address.kind()) {
            Ok(info) => info,
            Err(failure) => return self.fail(index, failure),
        };
        let now = self.now();
        let state = &mut self.states[index];
        state.phase = Phase::Waiting;
        let waiting = Waiting {
            identity: step.identity.clone(),
            outputs: state.outputs.clone(),
            ticket: state.ticket.clone(),
            deleting: step.action == Action::Delete,
            last: false,
        };
        let entry = Entry {
            step: index,
            waiting,
            since: now,
            paused: None,
            unhurried: false,
            next: now,
            failures: 0,
            alone: false,
        };
        self.waits.push(info, entry);
    }

    pub(super) fn complete(&mut self, index: usize) {
        let step = self.step(index);
        let now = self.since_began();
        let state = &mut self.states[index];
        state.phase = Phase::Ended;
        state.ready = Some(now);
        let took = now.saturating_sub(state.started.unwrap_or(now));
        self.done.push(index);
        self.emit(EventKind::StepDone {
            step: index,
            address: step.address.clone(),
            action: step.action.clone(),
            took,
        });
        self.release(index, Wait::Created);
        self.release(index, Wait::Ready);
    }

    pub(super) fn fail(&mut self, index: usize, failure: Failure) {
        let address = self.step(index).address.clone();
        self.states[index].phase = Phase::Ended;
        self.emit(EventKind::StepFailed {
            step: index,
            address: address.clone(),
            failure: failure.clone(),
        });
        let refused = failure.class == Class::Credentials;
        self.failed.push((index, failure));
        self.skip_dependants(index, &format!("`{address}` failed"));
        // Every further call would be refused alike.
        if refused && !self.cancelled {
            self.refused = true;
            self.interrupt(REFUSED);
        }
    }

    /// Skips what waits for this step, directly or not.
    fn skip_dependants(&mut self, index: usize, because: &str) {
        let mut stack = vec![index];
        while let Some(index) = stack.pop() {
            for (dependant, _) in std::mem::take(&mut self.states[index].dependants) {
                if self.states[dependant].phase == Phase::Blocked {
                    self.skip(dependant, because.to_owned());
                    stack.push(dependant);
                }
            }
        }
    }

    pub(super) fn skip(&mut self, index: usize, because: String) {
        self.states[index].phase = Phase::Ended;
        self.emit(EventKind::StepSkipped {
            step: index,
            address: self.step(index).address.clone(),
            because: because.clone(),
        });
        self.skipped.push((index, because));
    }

    /// The step's call was not made.
    pub(super) fn held(&mut self, index: usize, failure: Option<Failure>) {
        if let Some(failure) = failure {
            self.fence_off(failure);
        }
        self.skip(index, self.because.to_owned());
    }

    /// The fence said no.
    fn fence_off(&mut self, failure: Failure) {
        if !self.cancelled {
            self.fenced = Some(failure);
            self.interrupt(LOCK_LOST);
        }
    }

    /// Calls in flight are not awaited any longer.
    fn give_up(&mut self) {
        if !self.cancelled {
            self.interrupt(INTERRUPTED);
        }
        for index in 0..self.states.len() {
            if self.states[index].phase == Phase::Calling {
                self.given_up.push(index);
                self.skip(index, "given up in flight: it may or may not have happened".to_owned());
            }
        }
        self.jobs.clear();
        self.calling = 0;
    }

    fn interrupt(&mut self, because: &'static str) {
        self.cancelled = true;
        self.because = because;
        self.stopped.store(true, Ordering::Relaxed);
        let in_flight = self.calling;
        let because = match &self.fenced {
            Some(failure) => failure.message.clone(),
            None => because.to_owned(),
        };
        self.emit(EventKind::Cancelling { in_flight, because });
        self.queue.clear();
        self.pauses.clear();
        self.waits.clear();
        for index in 0..self.states.len() {
            match self.states[index].phase {
                Phase::Ended | Phase::Calling => {}
                Phase::Waiting => self.skip(index, format!("{} while it settles", self.because)),
                Phase::Pausing => {
                    self.skip(index, format!("{} before it was tried again", self.because));
                }
                Phase::Blocked | Phase::Queued => self.skip(index, self.because.to_owned()),
            }
        }
    }

    fn finish(mut self) -> Outcome {
        // Every step has ended by now, unless the plan's edges are not those of a graph.
        for index in 0..self.states.len() {
            if self.states[index].phase != Phase::Ended {
                self.skip(index, "what it waits for never came".to_owned());
            }
        }
        self.emit(EventKind::RunFinished {
            done: self.done.len(),
            failed: self.failed.len(),
            skipped: self.skipped.len(),
            cancelled: self.cancelled && self.fenced.is_none() && !self.refused,
        });
        let timings = self.states.iter().enumerate().filter_map(|(step, state)| {
            let started = state.started?;
            Some(Timing { step, started, called: state.called, ready: state.ready })
        });
        Outcome {
            timings: timings.collect(),
            done: self.done,
            failed: self.failed,
            skipped: self.skipped,
            given_up: self.given_up,
            cancelled: self.cancelled && self.fenced.is_none() && !self.refused,
            fenced: self.fenced,
            outputs: self.outputs,
        }
    }
}

/// Completes when the fence is lost; never without one.
async fn lost(fence: Option<&Arc<dyn Fence>>) -> Failure {
    match fence {
        Some(fence) => fence.lost().await,
        None => std::future::pending().await,
    }
}
