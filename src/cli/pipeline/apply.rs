//! Applies a plan, after asking.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{CONCURRENCY, Choices, Pipeline};
use crate::cli::{Exit, Stop, interrupt, local, timings};
use crate::engine::execute::{Options, Slower};
use crate::engine::{Cancel, Clock, Fence, Moved, Outcome, Plan, Spec, Step, execute};
use crate::lock::Locks;
use crate::render::human;
use crate::render::human::progress::Progress;
use crate::resources::ecr::Image;

/// How often a plan that is stale by the time it is locked is made anew.
const ROUNDS: usize = 2;

/// How long writing the release may take after an interrupt.
const LAST_RECORD: Duration = Duration::from_secs(1);

/// What became of a plan.
enum Applied {
    /// It was carried out, as far as it went; or there was nothing to do.
    Ended(Exit),
    /// Nothing was done: this moved before the locks were taken.
    Stale(Vec<Moved>),
}

impl Applied {
    /// A stale plan is refused.
    fn or_refused(self) -> Result<Exit, Stop> {
        match self {
            Self::Ended(exit) => Ok(exit),
            Self::Stale(moved) => Err(Stop::stale(moved, Vec::new())),
        }
    }
}

impl Pipeline {
    /// Plans, shows, confirms and applies (`deploy` and `delete` commands). If another run
    /// changed something between showing and locking, all of it once more.
    pub(in crate::cli) async fn deploy(&self, choices: &Choices) -> Result<Exit, Stop> {
        let mut rounds = 1..=ROUNDS;
        loop {
            match (self.deploy_once(choices).await?, rounds.next()) {
                (Applied::Stale(moved), Some(_)) => self.plan_anew(&moved),
                (applied, _) => return applied.or_refused(),
            }
        }
    }

    /// As [`Pipeline::deploy`], but says nothing where there is nothing to do: what comes after it is what was asked for.
    pub(in crate::cli) async fn prepare(&self, choices: &Choices) -> Result<Exit, Stop> {
        let planned = self.plan(choices).await?;
        match planned.plan.has_changes() {
            true => self.deploy(choices).await,
            false => Ok(Exit::Done),
        }
    }

    async fn deploy_once(&self, choices: &Choices) -> Result<Applied, Stop> {
        let mut planned = self.plan(choices).await?;
        self.preflight(&mut planned, choices).await?;
        self.preview(&planned.plan);
        self.print_read(&planned);
        self.refuse_foreign(&planned.plan)?;
        self.confirm_and_apply(&planned.plan).await
    }

    /// Confirms and applies what was shown, or says that there is nothing to do. The plan must
    /// hold as it is: if another run has changed something by the time it is locked, it is
    /// refused.
    pub(super) async fn carry_out(&self, plan: &Plan) -> Result<Exit, Stop> {
        self.confirm_and_apply(plan).await?.or_refused()
    }

    async fn confirm_and_apply(&self, plan: &Plan) -> Result<Applied, Stop> {
        if !plan.has_changes() {
            self.report(plan, None, Duration::ZERO, Exit::Done);
            return Ok(Applied::Ended(Exit::Done));
        }
        self.refuse_findings(plan)?;
        // Before anything is changed, and before anybody is asked.
        if plan.steps.iter().any(is_build) {
            self.cx().workshop.ready().await?;
        }
        self.confirm(plan)?;
        self.apply_unless_stale(plan).await
    }

    /// Carries out a plan that was confirmed, and that must hold as it is.
    pub(super) async fn apply(&self, plan: &Plan) -> Result<Exit, Stop> {
        self.apply_unless_stale(plan).await?.or_refused()
    }

    /// Locks what a plan changes, carries it out unless it is stale by then, and gives the locks
    /// back on every way out.
    async fn apply_unless_stale(&self, plan: &Plan) -> Result<Applied, Stop> {
        let careful = interrupt::careful();
        let cancel = careful.cancel();
        let Some(locks) = self.lock(plan, cancel).await? else {
            return self.run(plan, None, cancel).await.map(Applied::Ended);
        };
        let beating = locks.clone();
        let heart = tokio::spawn(async move { beating.keep_alive().await });
        let ended = match self.still_as_planned(plan, &locks, cancel).await {
            Ok(Ok(Some(renewed))) if renewed.protected && !plan.protected => Err(Stop::refused(
                format!("environment `{}` was protected meanwhile", plan.environment),
                "plan again, and look at what it would do now",
            )),
            Ok(Ok(renewed)) => {
                let plan = renewed.as_ref().unwrap_or(plan);
                self.run(plan, Some(&locks), cancel).await.map(Applied::Ended)
            }
            Ok(Err(moved)) => Ok(Applied::Stale(moved)),
            Err(stop) => Err(stop),
        };
        heart.abort();
        self.unlock(&locks, cancel).await;
        ended
    }

    fn plan_anew(&self, moved: &[Moved]) {
        if self.terminal.json() {
            return self.stale(moved);
        }
        self.terminal.say("another run has changed this since it was planned:");
        for line in human::stale::lines(moved) {
            self.terminal.say(&line);
        }
        self.terminal.say("planning anew");
    }

    /// Carries out a plan and says how it ended.
    async fn run(&self, plan: &Plan, locks: Option<&Locks>, cancel: &Cancel) -> Result<Exit, Stop> {
        let progress = Progress::new(&self.terminal);
        let options = Options {
            // Builds take long, and hold no call of AWS's.
            concurrency: CONCURRENCY + builds(plan),
            no_wait: self.global.no_wait,
            pause_wait: self.global.pause_wait.unwrap_or_default(),
            slower: self.global.local.then_some(Slower {
                kinds: "kubernetes/",
                factor: (local::time_factor(&self.global)? / local::OF_CLUSTERS).max(1.0),
            }),
            fence: locks.map(|locks| Arc::new(locks.clone()) as Arc<dyn Fence>),
        };
        let commit = self.commit();
        let (began, real) = (self.clock.now(), Instant::now());
        let outcome = execute(&self.registry, plan, &self.clock, &options, cancel, &|event| {
            progress.event(&event)
        })
        .await;
        // Whoever took the lock writes its own; and after an interrupt time is short.
        if outcome.fenced.is_none() {
            let recorded = self.record(plan, &outcome, commit);
            if outcome.cancelled {
                let _ = tokio::time::timeout(LAST_RECORD, recorded).await;
            } else {
                tokio::select! {
                    () = recorded => {}
                    () = cancel.given_up() => {}
                }
            }
        }
        let exit = exit_of(&outcome);
        self.report(plan, Some(&outcome), self.clock.now().saturating_sub(began), exit);
        if let Some(path) = &self.global.timings {
            let scale = local::time_factor(&self.global)?;
            timings::write(path, plan, &outcome, real.elapsed(), scale)?;
        }
        Ok(exit)
    }
}

fn builds(plan: &Plan) -> usize {
    plan.steps.iter().filter(|step| is_build(step)).count()
}

fn is_build(step: &Step) -> bool {
    let spec = step.spec.as_ref().filter(|_| step.address.kind() == Image::KIND);
    spec.is_some_and(|image| !image["build"].is_null())
}

fn exit_of(outcome: &Outcome) -> Exit {
    if outcome.cancelled {
        Exit::Interrupted
    } else if outcome.failed.is_empty() && outcome.fenced.is_none() {
        Exit::Done
    } else if !outcome.failed.is_empty() && outcome.failed.iter().all(|(_, why)| why.is_pause()) {
        Exit::Paused
    } else if outcome.done.is_empty()
        || outcome.failed.iter().any(|(_, why)| why.diagnosis.is_some())
    {
        // A deployment that did not complete is what the run was for: it is not partly done.
        Exit::Failed
    } else {
        Exit::Partly
    }
}
