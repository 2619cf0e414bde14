//! Says what is going to be done and how it ended, in the form that was asked for, and in a CI step's summary.

use std::time::Duration;

use super::Pipeline;
use crate::cli::{Exit, step_summary};
use crate::engine::{Moved, Outcome, Plan, saved};
use crate::planner;
use crate::render::events::{self, Line};
use crate::render::human::{self, text};
use crate::render::markdown::{self, Ending, Room};
use crate::render::{Format, json};

impl Pipeline {
    /// Prints a plan as a result (`plan` commands).
    pub(super) fn print_plan(&self, plan: &Plan) {
        match self.terminal.format {
            Format::Json => {
                self.terminal.out(&json::document(&saved::masked(&self.registry, plan)));
            }
            Format::Human | Format::Dot | Format::Mermaid | Format::Svg => {
                self.terminal.out(&human::plan::plan(plan, self.global.verbose))
            }
            Format::Markdown => self.terminal.out(&markdown::plan(plan, Room::Comment)),
        }
        step_summary::append(&self.terminal, |room| markdown::plan(plan, room));
    }

    /// Shows a plan that is about to be applied. As Markdown there is one document at the end, so the plan goes to
    /// stderr before; as JSON it is an event.
    pub(super) fn preview(&self, plan: &Plan) {
        match self.terminal.format {
            Format::Json => {
                if events::begin() {
                    self.line(&Line::run(plan));
                }
                self.line(&Line::plan(plan));
            }
            Format::Human | Format::Dot | Format::Mermaid | Format::Svg => {
                self.terminal.out(&human::plan::plan(plan, self.global.verbose))
            }
            Format::Markdown => self.terminal.say(&human::plan::plan(plan, self.global.verbose)),
        }
        step_summary::append(&self.terminal, |room| markdown::plan(plan, room));
    }

    /// Says how a run ended; `None` if there was nothing to do.
    pub(super) fn report(
        &self,
        plan: &Plan,
        outcome: Option<&Outcome>,
        took: Duration,
        exit: Exit,
    ) {
        if let Some(outcome) = outcome.filter(|_| !self.terminal.json()) {
            self.say_outcome(plan, outcome, took);
        }
        let well = outcome
            .is_none_or(|one| one.failed.is_empty() && !one.cancelled && one.fenced.is_none());
        let addresses = if well { self.addresses(plan, outcome) } else { Vec::new() };
        let ending = Ending { outcome, took, addresses: &addresses };
        match self.terminal.format {
            Format::Human | Format::Dot | Format::Mermaid | Format::Svg => {
                for (service, url) in &addresses {
                    self.terminal.out(&format!("{service}  {url}"));
                }
            }
            Format::Markdown => {
                self.terminal.out(&markdown::outcome(plan, &ending, Room::Comment));
            }
            Format::Json => {
                for (service, url) in &addresses {
                    self.line(&Line::Address { service: service.clone(), url: url.clone() });
                }
                self.line(&Line::outcome(outcome, exit.code()));
            }
        }
        if outcome.is_some() {
            step_summary::append(&self.terminal, |room| markdown::outcome(plan, &ending, room));
        }
    }

    /// The plan moved while it was shown: it is made anew, and a line with the new plan follows.
    pub(super) fn stale(&self, moved: &[Moved]) {
        let moved = moved.iter().map(|one| serde_json::to_value(one).unwrap_or_default()).collect();
        self.line(&Line::Stale { moved });
    }

    /// One line of the event stream.
    pub(super) fn line(&self, line: &Line) {
        self.terminal.out(&json::line(line));
    }

    /// The summary: every failure with all that is known of it, then how many steps came to what end.
    fn say_outcome(&self, plan: &Plan, outcome: &Outcome, took: Duration) {
        for (step, why) in &outcome.failed {
            let address = plan.steps.get(*step).map(|step| &step.address);
            self.terminal.say(&human::failure::failure(address, why));
        }
        if let Some(why) = &outcome.fenced {
            self.terminal.say(&human::failure::failure(None, why));
        }
        for step in outcome.given_up.iter().filter_map(|step| plan.steps.get(*step)) {
            self.terminal.say(&format!(
                "{}: its call was in flight; it may or may not have happened",
                step.address
            ));
        }
        let mut line = format!("{} done", outcome.done.len());
        let paused = outcome.failed.iter().filter(|(_, why)| why.is_pause()).count();
        let failed = outcome.failed.len() - paused;
        for (number, word) in
            [(failed, "failed"), (paused, "paused"), (outcome.skipped.len(), "skipped")]
        {
            if number > 0 {
                line.push_str(&format!(", {number} {word}"));
            }
        }
        let whose = if self.global.local { " of local AWS's time" } else { "" };
        self.terminal.say(&format!("{line} in {}{whose}", text::duration(took)));
        if failed > 0 || outcome.cancelled || outcome.fenced.is_some() {
            self.terminal.say("run the same command again: it goes on from what is there");
        }
    }

    /// Where the web services of this run can be reached: name and URL.
    fn addresses(&self, plan: &Plan, outcome: Option<&Outcome>) -> Vec<(String, String)> {
        let outputs = |address: &crate::engine::Address| {
            outcome
                .and_then(|outcome| outcome.outputs.get(address))
                .or_else(|| plan.outputs.get(address))
                .cloned()
        };
        let (environment, services) = (&self.target.environment, self.services());
        planner::addresses(&self.workspace, environment, &services, &outputs)
            .into_iter()
            .map(|url| (url.service.clone(), url.url.clone()))
            .collect()
    }
}
