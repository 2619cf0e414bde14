//! A plan as a comment: the counts and what goes on top, details folded below.

use super::escape::{code, fenced, prose};
use super::fit::{Item, Room, Shown, fit, left_out};
use super::marker;
use crate::engine::{Action, Change, Plan, Severity, Step};
use crate::render::human::text;
use crate::render::look;

/// The longest value that is shown.
const LONGEST: usize = 400;

/// The whole document, cut by steps to fit its room.
pub fn plan(plan: &Plan, room: Room) -> String {
    let mut out = marker("plan", &plan.application, &plan.environment);
    out.push_str(&format!("### shipit plan: {} / {}\n\n", plan.application, plan.environment));
    out.push_str(&format!("{} · account {}\n\n", plan.region, plan.account));
    out.push_str(&body(plan, room, room.length(&out)));
    out
}

/// What a plan comes to and what it does, without heading; `used` is how much of the room is taken already.
pub(super) fn body(plan: &Plan, room: Room, used: usize) -> String {
    let head = head(plan);
    let groups = look::groups(plan);
    let mut items = Vec::new();
    let mut blocks: Vec<Block> = Vec::new();
    for (title, steps) in groups {
        let goes = steps.first().is_some_and(|step| step.destroys());
        let summary = format!("{}: {}", prose(&title), tally(&steps));
        blocks.push(match goes {
            true => Block::open(format!("#### {}\n\n", prose(&title))),
            false => Block::folded(&summary),
        });
        items.extend(steps.iter().map(|step| item(step, blocks.len() - 1)));
    }
    others(plan, &mut blocks, &mut items);
    // The note about what was left out is counted in, whether it comes or not.
    let frames: usize =
        blocks.iter().map(|block| room.length(&block.before) + room.length(block.after)).sum();
    let fixed = used + room.length(&head) + frames + 200;
    let shown = fit(&items, fixed, room);
    let mut out = head;
    if let Some(note) = left_out(&shown) {
        out.push_str(&format!("> **{note}** here; the run's log has the whole plan.\n\n"));
    }
    for (index, block) in blocks.iter().enumerate() {
        let inside: String = items
            .iter()
            .zip(&shown)
            .filter(|(item, shown)| item.block == index && **shown != Shown::Nothing)
            .map(|(item, shown)| match shown {
                Shown::All => format!("{}{}", item.brief, item.details),
                _ => item.brief.clone(),
            })
            .collect();
        if !inside.is_empty() {
            out.push_str(&block.before);
            out.push_str(&inside);
            out.push_str(block.after);
        }
    }
    out
}

struct Block {
    before: String,
    after: &'static str,
}

impl Block {
    fn open(before: String) -> Self {
        Self { before, after: "\n" }
    }

    fn folded(summary: &str) -> Self {
        let before = format!("<details><summary>{summary}</summary>\n\n");
        Self { before, after: "\n</details>\n\n" }
    }
}

/// The table of counts, and a warning where something goes.
fn head(plan: &Plan) -> String {
    if !plan.has_changes() {
        let kept = look::counts(plan)
            .iter()
            .map(|(number, words)| format!(", {number} {words}"))
            .collect::<String>();
        return format!("**Nothing to do** ({} unchanged{kept})\n\n", plan.unchanged);
    }
    let mut columns = look::counts(plan);
    columns.push((plan.unchanged, "unchanged"));
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = row(columns.iter().map(|(_, words)| (*words).to_owned()).collect());
    out.push_str(&row(columns.iter().map(|_| "--:".to_owned()).collect()));
    out.push_str(&row(columns.iter().map(|(number, _)| format!("**{number}**")).collect()));
    out.push('\n');
    let [deletes, replaces] = look::destroyed(plan);
    let mut goes = Vec::new();
    if deletes > 0 {
        goes.push(format!("deletes {}", text::count(deletes, "resource")));
    }
    if replaces > 0 {
        goes.push(format!("replaces {}", text::count(replaces, "resource")));
    }
    if !goes.is_empty() {
        out.push_str(&format!("> ⚠️ **This {}.**", goes.join(" and ")));
        if plan.protected {
            out.push_str(&format!(
                " The environment is protected: applying needs `--confirm {}`.",
                plan.environment
            ));
        }
        out.push_str("\n\n");
    }
    out
}

/// `2 to create, 1 to update` of some steps.
fn tally(steps: &[&Step]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for step in steps {
        let words = look::look(step).2;
        match counts.iter_mut().find(|(known, _)| *known == words) {
            Some((_, number)) => *number += 1,
            None => counts.push((words, 1)),
        }
    }
    let parts: Vec<String> =
        counts.iter().map(|(words, number)| format!("{number} {words}")).collect();
    parts.join(", ")
}

fn rank(step: &Step) -> u8 {
    match step.action {
        Action::Delete if !step.deposed => 0,
        Action::Replace { .. } => 1,
        Action::Update | Action::Adopt => 3,
        Action::Revise => 4,
        Action::Create => 5,
        Action::Settle => 6,
        Action::Keep => 7,
        Action::Delete => 8,
    }
}

fn item(step: &Step, block: usize) -> Item {
    let (sign, _, words) = look::look(step);
    let mut brief =
        format!("- <code>{sign}</code> {} **{words}**", code(&step.address.to_string()));
    if let Some(id) = look::named(step) {
        brief.push_str(&format!(" {}", code(&text::cut(id, LONGEST))));
    }
    if let Some(reason) = look::reason(step) {
        brief.push_str(&format!(": {}", prose(&text::cut(reason, LONGEST))));
    }
    if step.drift && step.action == Action::Create {
        brief.push_str(" (drift)");
    }
    if let Some(patched) = look::patched(step) {
        brief.push_str(&format!(" ({})", prose(&text::cut(&patched, LONGEST))));
    }
    if let Some(loses) = &step.loses {
        brief.push_str(&format!("<br>⚠️ **loses {}**", prose(&text::cut(loses, LONGEST))));
    }
    brief.push('\n');
    let fields: String = step.changes.iter().map(field).collect();
    let details = if fields.is_empty() { fields } else { indented(&fenced("diff", &fields)) };
    Item { block, rank: rank(step), brief, details }
}

/// One field as lines of a diff; a value is one line, as line breaks in it are escaped.
fn field(change: &Change) -> String {
    let mut marks = String::new();
    if change.forces_replacement {
        marks.push_str("  (forces replacement)");
    }
    if change.drift {
        marks.push_str("  (drift)");
    }
    let path = &change.path;
    if change.sensitive {
        return format!("! {path}  (sensitive){marks}\n");
    }
    let (before, after) =
        text::cut_pair(&text::whole(&change.before), &text::whole(&change.after), LONGEST);
    let mut out = format!("  {path}{marks}\n");
    if !change.before.is_null() {
        out.push_str(&format!("-   {before}\n"));
    }
    if !change.after.is_null() {
        out.push_str(&format!("+   {after}\n"));
    }
    out
}

/// Below an entry of a list.
fn indented(block: &str) -> String {
    block.lines().map(|line| format!("  {line}\n")).collect()
}

/// What stands in the way, what was found, what a reader should know.
fn others(plan: &Plan, blocks: &mut Vec<Block>, items: &mut Vec<Item>) {
    let mut block = |title: &str, rank: u8, lines: Vec<String>| {
        if lines.is_empty() {
            return;
        }
        blocks.push(Block::open(format!("#### {title}\n\n")));
        let block = blocks.len() - 1;
        items.extend(lines.into_iter().map(|brief| Item {
            block,
            rank,
            brief,
            details: String::new(),
        }));
    };
    let foreign = plan.foreign.iter().map(|foreign| {
        let adopt = foreign.adopt(&plan.environment);
        let hint = adopt.map(|adopt| format!("; to take it over: {}", code(&adopt)));
        format!(
            "- {}: {} is there already and has {}{}\n",
            code(&foreign.address.to_string()),
            code(&foreign.id),
            prose(&foreign.owner),
            hint.unwrap_or_default()
        )
    });
    block("In the way", 0, foreign.collect());
    let findings = plan.findings.iter().map(|finding| {
        let word = match finding.severity {
            Severity::Error => "✗ **error**",
            Severity::Warning => "⚠️ warning",
            Severity::Unchecked => "could not check",
        };
        let about = finding.address.as_ref().map(|it| format!(" {}", code(&it.to_string())));
        let mut line =
            format!("- {word}{}: {}", about.unwrap_or_default(), prose(&finding.message));
        if !finding.why.is_empty() {
            line.push_str(&format!(" ({})", prose(&finding.why)));
        }
        if let Some(hint) = &finding.hint {
            line.push_str(&format!("<br>hint: {}", prose(hint)));
        }
        line + "\n"
    });
    block("Findings", 2, findings.collect());
    block("Notes", 7, plan.notices.iter().map(|note| format!("- {}\n", prose(note))).collect());
}
