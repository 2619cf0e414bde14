//! A plan as people review it: what goes or is made anew first, then the rest by service.

use std::collections::BTreeMap;
use std::fmt::Write;

use console::Style;

use super::{findings, text};
use crate::engine::{Action, Change, Owner, Plan, ReplaceOrder, Step};
use crate::render::terminal::style;

/// The whole plan. `details` shows every field of what is created, too.
pub fn plan(plan: &Plan, details: bool) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} {} / {}  {}",
        style::strong().apply_to("Plan"),
        plan.application,
        plan.environment,
        style::faint().apply_to(format!("({}, account {})", plan.region, plan.account)),
    );
    let (first, rest): (Vec<&Step>, Vec<&Step>) =
        plan.steps.iter().partition(|step| step.destroys());
    section(&mut out, "Deletes and replaces", &first, details);
    let mut owners: BTreeMap<&Owner, Vec<&Step>> = BTreeMap::new();
    for step in rest {
        owners.entry(&step.owner).or_default().push(step);
    }
    for (owner, steps) in owners {
        section(&mut out, &owner.to_string(), &steps, details);
    }
    for foreign in &plan.foreign {
        let _ = writeln!(
            out,
            "\n{} {}: `{}` is there already and has {}; shipit leaves it alone",
            style::bad().apply_to("in the way"),
            foreign.address,
            foreign.id,
            foreign.owner
        );
        if let Some(command) = foreign.adopt(&plan.environment) {
            let _ = writeln!(out, "  to take it over: {command}");
        }
    }
    for notice in &plan.notices {
        let _ = writeln!(out, "\n{} {notice}", style::change().apply_to("note:"));
    }
    out.push_str(&findings::findings(&plan.findings));
    let _ = writeln!(out, "\n{}", summary(plan));
    out
}

/// `Plan: 3 to create, 1 to update; 12 unchanged`, or that there is nothing to do.
pub fn summary(plan: &Plan) -> String {
    let mut counts: BTreeMap<u8, (usize, &str)> = BTreeMap::new();
    for step in &plan.steps {
        let (rank, words) = match step.action {
            Action::Delete => (0, "to delete"),
            Action::Replace { .. } => (1, "to replace"),
            Action::Create => (2, "to create"),
            Action::Update => (3, "to update"),
            Action::Revise => (4, "to revise"),
            Action::Settle => (5, "to wait for"),
            Action::Keep => (6, "kept"),
            Action::Adopt => (7, "to adopt"),
        };
        counts.entry(rank).or_insert((0, words)).0 += 1;
    }
    let same = format!("{} unchanged", plan.unchanged);
    if !plan.has_changes() {
        let kept = counts.get(&6).map_or(String::new(), |(number, _)| format!(", {number} kept"));
        return format!("{} ({same}{kept})", style::good().apply_to("Nothing to do"));
    }
    let parts: Vec<String> =
        counts.values().map(|(number, words)| format!("{number} {words}")).collect();
    format!("{}: {}; {same}", style::strong().apply_to("Plan"), parts.join(", "))
}

/// How many resources a plan deletes and how many it replaces.
pub fn destroyed(plan: &Plan) -> [usize; 2] {
    let deletes = plan.destroys().filter(|step| step.action == Action::Delete).count();
    [deletes, plan.destroys().count() - deletes]
}

fn section(out: &mut String, title: &str, steps: &[&Step], details: bool) {
    if steps.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", style::strong().apply_to(title));
    let width =
        steps.iter().map(|step| step.address.to_string().chars().count()).max().unwrap_or(0);
    for step in steps {
        let (sign, colour, words) = look(&step.action);
        let address = step.address.to_string();
        let named = step.destroys() || step.action == Action::Adopt;
        let id = step.id.as_deref().filter(|_| named).map(|id| format!(" {id}"));
        let reason = match step.action {
            Action::Create if !step.drift => String::new(),
            _ if step.reason.is_empty() => String::new(),
            _ => format!(": {}", step.reason),
        };
        let _ = writeln!(
            out,
            "  {} {address:width$}  {}{}{}{}",
            colour.apply_to(sign),
            colour.apply_to(words),
            style::faint().apply_to(id.unwrap_or_default()),
            style::faint().apply_to(reason),
            drift(step.drift && step.action == Action::Create),
        );
        if details || step.action != Action::Create {
            fields(out, &step.changes, step.action == Action::Create);
        }
    }
}

fn look(action: &Action) -> (&'static str, Style, &'static str) {
    match action {
        Action::Create => ("+", style::good(), "create"),
        Action::Update => ("~", style::change(), "update in place"),
        Action::Revise => ("+", style::change(), "new revision"),
        Action::Replace { order: ReplaceOrder::CreateFirst } => {
            ("+/-", style::bad(), "replace (new one first)")
        }
        Action::Replace { order: ReplaceOrder::DeleteFirst } => {
            ("-/+", style::bad(), "replace (old one goes first)")
        }
        Action::Delete => ("-", style::bad(), "delete"),
        Action::Settle => ("…", style::change(), "wait"),
        Action::Keep => ("=", style::faint(), "keep"),
        Action::Adopt => (">", style::change(), "adopt"),
    }
}

fn fields(out: &mut String, changes: &[Change], creating: bool) {
    let width = changes.iter().map(|change| change.path.chars().count()).max().unwrap_or(0).min(40);
    for change in changes {
        let forces = if change.forces_replacement {
            format!("  {}", style::bad().apply_to("(forces replacement)"))
        } else {
            String::new()
        };
        let forces = format!("{forces}{}", drift(change.drift));
        let path = &change.path;
        if change.sensitive {
            let _ = writeln!(out, "      {path:width$}  (sensitive){forces}");
        } else if creating {
            let _ =
                writeln!(out, "      {path:width$}  {}{forces}", text::value(&change.after, 100));
        } else {
            let _ = writeln!(
                out,
                "      {path:width$}  {} → {}{forces}",
                text::value(&change.before, 60),
                text::value(&change.after, 60)
            );
        }
    }
}

/// The mark of what was changed outside since the last apply.
fn drift(drifted: bool) -> String {
    if drifted { format!("  {}", style::change().apply_to("(drift)")) } else { String::new() }
}
