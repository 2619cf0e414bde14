//! Applies a plan, after asking.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{CONCURRENCY, Choices, Pipeline};
use crate::cli::interrupt::cancel_on_signals;
use crate::cli::{Exit, Stop, local, timings};
use crate::engine::execute::Options;
use crate::engine::{Clock, Outcome, Plan, execute};
use crate::planner;
use crate::render::human::progress::Progress;
use crate::render::human::{self, text};
use crate::render::json;

impl Pipeline {
    /// Plans, shows, confirms and applies (`deploy` and `delete` commands).
    pub(in crate::cli) async fn deploy(&self, choices: &Choices) -> Result<Exit, Stop> {
        let mut planned = self.plan(choices).await?;
        self.preflight(&mut planned, choices).await?;
        if !self.terminal.json() {
            self.print(&planned);
        }
        self.refuse_foreign(&planned.plan)?;
        self.refuse_findings(&planned.plan)?;
        self.carry_out(&planned.plan).await
    }

    /// Confirms and applies what was shown, or says that there is nothing to do.
    pub(super) async fn carry_out(&self, plan: &Plan) -> Result<Exit, Stop> {
        if !plan.has_changes() {
            if self.terminal.json() {
                self.terminal.out(&json::line(&json!({ "event": "nothing-to-do" })));
            }
            self.print_addresses(plan, None);
            return Ok(Exit::Done);
        }
        self.confirm(plan)?;
        self.apply(plan).await
    }

    /// Carries out a plan and says how it ended.
    pub(super) async fn apply(&self, plan: &Plan) -> Result<Exit, Stop> {
        let progress = Progress::new(&self.terminal);
        let options = Options {
            concurrency: CONCURRENCY,
            no_wait: self.global.no_wait,
            ..Options::default()
        };
        let commit = self.commit();
        let (began, real) = (self.clock.now(), Instant::now());
        let outcome =
            execute(&self.registry, plan, &self.clock, &options, &cancel_on_signals(), &|event| {
                progress.event(&event)
            })
            .await;
        self.record(plan, &outcome, commit).await;
        self.print_outcome(plan, &outcome, self.clock.now().saturating_sub(began));
        if let Some(path) = &self.global.timings {
            let scale = local::time_factor(&self.global)?;
            timings::write(path, plan, &outcome, real.elapsed(), scale)?;
        }
        if outcome.failed.is_empty() && !outcome.cancelled {
            self.print_addresses(plan, Some(&outcome));
        }
        Ok(exit_of(&outcome))
    }

    /// The summary: every failure with all that is known of it, then how many steps came to what end.
    fn print_outcome(&self, plan: &Plan, outcome: &Outcome, took: Duration) {
        if self.terminal.json() {
            return;
        }
        for (step, why) in &outcome.failed {
            let address = plan.steps.get(*step).map(|step| &step.address);
            self.terminal.say(&human::failure::failure(address, why));
        }
        let mut line = format!("{} done", outcome.done.len());
        for (number, word) in [(outcome.failed.len(), "failed"), (outcome.skipped.len(), "skipped")]
        {
            if number > 0 {
                line.push_str(&format!(", {number} {word}"));
            }
        }
        let whose = if self.global.local { " of local AWS's time" } else { "" };
        self.terminal.say(&format!("{line} in {}{whose}", text::duration(took)));
        if !outcome.failed.is_empty() || outcome.cancelled {
            self.terminal.say("run the same command again: it goes on from what is there");
        }
    }

    /// Where the web services of this run can be reached.
    fn print_addresses(&self, plan: &Plan, outcome: Option<&Outcome>) {
        let services = self.services();
        let outputs = |address: &crate::engine::Address| {
            outcome
                .and_then(|outcome| outcome.outputs.get(address))
                .or_else(|| plan.outputs.get(address))
                .cloned()
        };
        for url in
            planner::addresses(&self.workspace, &self.target.environment, &services, &outputs)
        {
            if self.terminal.json() {
                let line = json!({ "event": "address", "service": url.service, "url": url.url });
                self.terminal.out(&json::line(&line));
            } else {
                self.terminal.out(&format!("{}  {}", url.service, url.url));
            }
        }
    }
}

fn exit_of(outcome: &Outcome) -> Exit {
    if outcome.cancelled {
        Exit::Interrupted
    } else if outcome.failed.is_empty() {
        Exit::Done
    } else if outcome.done.is_empty()
        || outcome.failed.iter().any(|(_, why)| why.diagnosis.is_some())
    {
        // A deployment that did not complete is what the run was for: it is not partly done.
        Exit::Failed
    } else {
        Exit::Partly
    }
}
