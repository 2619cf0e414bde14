//! How a run ended, as a comment: counts and failures on top, the plan folded below.

use std::time::Duration;

use super::escape::{code, fenced, prose};
use super::fit::Room;
use super::{marker, plan};
use crate::engine::{Failure, Outcome, Plan};
use crate::render::human::{failure, text};

/// The most failures and skipped steps that are listed.
const LISTED: usize = 50;
/// The longest failure that is shown, in characters.
const LONGEST: usize = 4_000;

/// How a run ended.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    /// How each step ended; `None` where there was nothing to do.
    pub outcome: Option<&'a Outcome>,
    /// How long it took.
    pub took: Duration,
    /// Where services can be reached: name and URL.
    pub addresses: &'a [(String, String)],
}

/// The whole document.
pub fn outcome(of: &Plan, ending: &Ending<'_>, room: Room) -> String {
    let mut out = marker("outcome", &of.application, &of.environment);
    let (verdict, counts) = match ending.outcome {
        None => ("nothing to do", [0, 0, 0]),
        Some(outcome) => {
            let counts = [outcome.done.len(), outcome.failed.len(), outcome.skipped.len()];
            let verdict = match counts {
                _ if outcome.cancelled => "🛑 interrupted",
                [_, 0, _] => "✅ done",
                [0, ..] => "❌ failed",
                _ => "❌ failed in part",
            };
            (verdict, counts)
        }
    };
    let title = format!("### shipit: {} / {}: {verdict}\n\n", of.application, of.environment);
    out.push_str(&title);
    out.push_str(&format!("{} · account {}\n\n", of.region, of.account));
    if let Some(outcome) = ending.outcome {
        let [done, failed, skipped] = counts;
        out.push_str("| done | failed | skipped | time |\n| --: | --: | --: | --: |\n");
        out.push_str(&format!(
            "| **{done}** | **{failed}** | **{skipped}** | {} |\n\n",
            text::duration(ending.took)
        ));
        failures(&mut out, of, outcome);
        skipped_steps(&mut out, of, outcome);
    }
    for (service, url) in ending.addresses {
        out.push_str(&format!("- {}: {url}\n", code(service)));
    }
    if !ending.addresses.is_empty() {
        out.push('\n');
    }
    if ending.outcome.is_some() {
        out.push_str("---\n\nWhat was planned:\n\n");
    }
    out.push_str(&plan::body(of, room, room.length(&out)));
    out
}

fn failures(out: &mut String, plan: &Plan, outcome: &Outcome) {
    if outcome.failed.is_empty() {
        return;
    }
    out.push_str("#### Failed\n\n");
    for (step, why) in outcome.failed.iter().take(LISTED / 5) {
        let address = plan.steps.get(*step).map(|step| code(&step.address.to_string()));
        out.push_str(&format!("- {}\n", address.unwrap_or_default()));
        for line in fenced("text", &text::cut(&said(why), LONGEST)).lines() {
            out.push_str(&format!("  {line}\n"));
        }
    }
    let more = outcome.failed.len().saturating_sub(LISTED / 5);
    if more > 0 {
        out.push_str(&format!("- {} more not shown\n", text::count(more, "failure")));
    }
    out.push_str("\nRun the same command again: it goes on from what is there.\n\n");
}

/// All that is known of a failure, without colour.
pub(super) fn said(why: &Failure) -> String {
    console::strip_ansi_codes(&failure::failure(None, why)).into_owned()
}

fn skipped_steps(out: &mut String, plan: &Plan, outcome: &Outcome) {
    if outcome.skipped.is_empty() {
        return;
    }
    out.push_str("<details><summary>Skipped</summary>\n\n| resource | because |\n| --- | --- |\n");
    for (step, because) in outcome.skipped.iter().take(LISTED) {
        let address = plan.steps.get(*step).map(|step| code(&step.address.to_string()));
        let because = prose(&text::cut(because, 200));
        out.push_str(&format!("| {} | {because} |\n", address.unwrap_or_default()));
    }
    out.push_str("\n</details>\n\n");
    let more = outcome.skipped.len().saturating_sub(LISTED);
    if more > 0 {
        out.push_str(&format!("{} skipped and not shown\n\n", text::count(more, "step")));
    }
}
