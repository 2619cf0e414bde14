//! Progress of a run: one live line per running step on a terminal, plain lines elsewhere.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::text;
use crate::engine::{Action, Class, Event, EventKind};
use crate::render::events::Line;
use crate::render::json;
use crate::render::terminal::{Terminal, style};

/// Consumes a run's events.
#[derive(Debug)]
pub struct Progress {
    terminal: Terminal,
    bars: MultiProgress,
    running: Mutex<BTreeMap<usize, Running>>,
}

#[derive(Debug)]
struct Running {
    bar: Option<ProgressBar>,
    says: String,
}

impl Progress {
    /// Progress for this terminal.
    pub fn new(terminal: &Terminal) -> Self {
        Self { terminal: terminal.clone(), bars: MultiProgress::new(), running: Mutex::default() }
    }

    /// Shows one event.
    pub fn event(&self, event: &Event) {
        if self.terminal.json() {
            self.terminal.out(&json::line(&Line::from(event)));
            return;
        }
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match &event.kind {
            EventKind::StepStarted { step, address, action } => {
                let bar = self.terminal.live.then(|| {
                    let bar = self.bars.add(ProgressBar::new_spinner());
                    let form = "  {spinner} {wide_msg} {elapsed:.dim}\n{prefix}";
                    if let Ok(style) = ProgressStyle::with_template(form) {
                        bar.set_style(style);
                    }
                    bar.enable_steady_tick(Duration::from_millis(120));
                    bar.set_message(format!("{address}  {}", doing(action)));
                    bar
                });
                running.insert(*step, Running { bar, says: String::new() });
            }
            EventKind::StepWaiting { step, address, waits_for } => {
                self.update(&mut running, *step, &format!("{address}  waits: {waits_for}"));
            }
            EventKind::StepWrote { address, line, .. } => {
                let who = style::faint().for_stderr().apply_to(format!("{} |", address.name()));
                self.line(&format!("  {who} {line}"));
            }
            EventKind::StepRetrying { step, address, failure, pause } => {
                let throttled = if failure.class == Class::Throttled { "throttled: " } else { "" };
                let pause = text::duration(*pause);
                let line = format!("{address}  {throttled}again in {pause}: {}", failure.message);
                self.update(&mut running, *step, &line);
            }
            EventKind::StepDone { step, address, action, took } => {
                Self::remove(&mut running, *step);
                self.line(&format!(
                    "  {} {address}  {} {}",
                    style::good().for_stderr().apply_to("✓"),
                    done(action),
                    style::faint().for_stderr().apply_to(text::duration(*took)),
                ));
            }
            EventKind::StepFailed { step, address, failure: why } if why.is_pause() => {
                Self::remove(&mut running, *step);
                self.line(&format!(
                    "  {} {address}  {why}",
                    style::change().for_stderr().apply_to("‖")
                ));
            }
            EventKind::StepFailed { step, address, failure: why } => {
                Self::remove(&mut running, *step);
                // The summary in the end has the rest.
                self.line(&format!(
                    "  {} {address}  failed: {why}",
                    style::bad().for_stderr().apply_to("✗")
                ));
            }
            EventKind::StepSkipped { address, because, .. } => {
                self.line(&format!(
                    "  {} {address}  skipped: {because}",
                    style::change().for_stderr().apply_to("-"),
                ));
            }
            EventKind::Cancelling { in_flight, because } => {
                self.line(&format!(
                    "{because}: nothing new is started; {} in flight",
                    text::count(*in_flight, "step")
                ));
            }
            EventKind::RunStarted { .. } | EventKind::RunFinished { .. } => {}
        }
    }

    fn update(&self, running: &mut BTreeMap<usize, Running>, step: usize, says: &str) {
        let Some(one) = running.get_mut(&step) else { return };
        if one.says == says {
            return;
        }
        one.says = says.to_owned();
        match &one.bar {
            Some(bar) => {
                let columns = console::Term::stderr().size_checked();
                let columns = columns.map_or(100, |(_, columns)| usize::from(columns));
                let (first, rest) = folded(says, columns);
                bar.set_message(first);
                bar.set_prefix(rest);
            }
            None => self.terminal.say(&format!("  … {says}")),
        }
    }

    fn remove(running: &mut BTreeMap<usize, Running>, step: usize) {
        if let Some(Running { bar: Some(bar), .. }) = running.remove(&step) {
            bar.finish_and_clear();
        }
    }

    fn line(&self, text: &str) {
        if self.terminal.live {
            let _ = self.bars.println(text);
        } else {
            self.terminal.say(text);
        }
    }
}

/// What a running step says in one line, and the lines below that where it has several parts and they do not fit.
fn folded(says: &str, columns: usize) -> (String, String) {
    // Around it stand the spinner and the time.
    if says.chars().count() + 12 <= columns {
        return (says.to_owned(), String::new());
    }
    let mut parts = says.split("; ");
    let first = parts.next().unwrap_or_default().to_owned();
    let room = columns.saturating_sub(7);
    let rest: Vec<String> = parts.map(|part| format!("      {}", text::cut(part, room))).collect();
    (first, rest.join("\n"))
}

fn doing(action: &Action) -> &'static str {
    match action {
        Action::Create => "creating",
        Action::Update => "updating",
        Action::Revise => "registering a revision",
        Action::Replace { .. } => "replacing",
        Action::Delete => "deleting",
        Action::Settle => "settling",
        Action::Keep => "keeping",
        Action::Adopt => "adopting",
    }
}

fn done(action: &Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Update => "updated",
        Action::Revise => "revised",
        Action::Replace { .. } => "replaced",
        Action::Delete => "deleted",
        Action::Settle => "settled",
        Action::Keep => "kept",
        Action::Adopt => "adopted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_many_parts_takes_several_lines() {
        let says = "ecs/service.web  waits: canary: step 1 of 2, bakes for 5m; traffic 10% demo-test-web:2, 90% demo-test-web:1; \
                    tasks 2/2 new, 2/2 old; demo-test-web-rollback-cpu watched";
        let (first, rest) = folded(says, 80);
        insta::assert_snapshot!(format!("  * {first} 3s\n{rest}"), @r"
          * ecs/service.web  waits: canary: step 1 of 2, bakes for 5m 3s
              traffic 10% demo-test-web:2, 90% demo-test-web:1
              tasks 2/2 new, 2/2 old
              demo-test-web-rollback-cpu watched
        ");
        assert_eq!(folded(says, 200), (says.to_owned(), String::new()));
    }
}
