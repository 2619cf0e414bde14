//! A plan as compact text, for tests and logs; what people read is written by `render`.

use std::fmt::Write;

use crate::engine::{Action, Plan, ReplaceOrder, Wait};

/// One line per step: its index, action, address and generation, reason, and the steps it
/// waits for (`3` created, `3!` ready or gone); then a line per change.
pub fn dump(plan: &Plan) -> String {
    let mut text = String::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let action = match &step.action {
            Action::Create => "create",
            Action::Update => "update",
            Action::Revise => "revise",
            Action::Replace { order: ReplaceOrder::CreateFirst } => "replace, create first",
            Action::Replace { order: ReplaceOrder::DeleteFirst } => "replace, delete first",
            Action::Delete => "delete",
            Action::Settle => "settle",
            Action::Keep => "keep",
            Action::Adopt => "adopt",
        };
        let deposed = if step.deposed { " (deposed)" } else { "" };
        let _ = write!(
            text,
            "{index} {action}{deposed} {} #{}: {}",
            step.address, step.identity.generation, step.reason
        );
        let after: Vec<String> = step
            .after
            .iter()
            .map(|edge| format!("{}{}", edge.step, if edge.wait == Wait::Ready { "!" } else { "" }))
            .collect();
        if !after.is_empty() {
            let _ = write!(text, " [after {}]", after.join(" "));
        }
        text.push('\n');
        for change in &step.changes {
            let show = |value: &serde_json::Value| match crate::engine::OutputRef::from_value(value)
            {
                Some(from) => format!("({from})"),
                None => value.to_string(),
            };
            let forces = if change.forces_replacement { " forces replacement" } else { "" };
            let _ = writeln!(
                text,
                "    {}: {} -> {}{forces}",
                change.path,
                show(&change.before),
                show(&change.after)
            );
        }
    }
    for foreign in &plan.foreign {
        let _ = writeln!(text, "foreign {}: {} ({})", foreign.address, foreign.id, foreign.owner);
    }
    for notice in &plan.notices {
        let _ = writeln!(text, "notice {notice}");
    }
    let _ = writeln!(text, "unchanged {}", plan.unchanged);
    text
}
