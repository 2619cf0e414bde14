//! A plan as people review it: what goes or is made anew first, then the rest by service.

use console::Style;

use super::{fields, findings, text};
use crate::engine::{Action, Plan, Step};
use crate::render::look::{self, Tone};
use crate::render::terminal::style;

pub use crate::render::look::destroyed;

/// How a plan is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Columns; only ids, which cannot be cut, are wider.
    pub width: usize,
    /// Whether prose is wrapped, too: where lines are searched rather than read, it stays whole.
    pub wrap: bool,
    /// Every field of what is created, too.
    pub details: bool,
    /// Whether meaning is coloured, too.
    pub colour: bool,
}

impl View {
    /// As stdout is.
    pub fn here(details: bool) -> Self {
        let (width, wrap) = super::width();
        Self { width, wrap, details, colour: console::colors_enabled() }
    }

    /// Text in a style, or plain.
    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        style.force_styling(self.colour).apply_to(text).to_string()
    }

    pub(super) fn tone(&self, tone: Tone, text: &str) -> String {
        let style = match tone {
            Tone::Good => style::good(),
            Tone::Change => style::change(),
            Tone::Bad => style::bad(),
            Tone::Faint => style::faint(),
        };
        self.paint(style, text)
    }

    /// Text in lines that fit below an indent.
    pub(super) fn wrapped(
        &self,
        indent: usize,
        text: &str,
        paint: impl Fn(&str) -> String,
    ) -> String {
        text.lines()
            .flat_map(|line| match self.wrap {
                true => text::wrap(line, self.width.saturating_sub(indent)),
                false => vec![line.to_owned()],
            })
            .map(|line| format!("{:indent$}{}\n", "", paint(&line)))
            .collect()
    }
}

/// The whole plan, as stdout is. `details` shows every field of what is created, too.
pub fn plan(plan: &Plan, details: bool) -> String {
    shown(plan, &View::here(details))
}

/// The whole plan.
pub fn shown(plan: &Plan, view: &View) -> String {
    let place = format!("({}, account {})", plan.region, plan.account);
    let mut out = format!(
        "{} {} / {}  {}\n",
        view.paint(style::strong(), "Plan"),
        plan.application,
        plan.environment,
        view.paint(style::faint(), &place),
    );
    for (title, steps) in look::groups(plan) {
        section(&mut out, &title, &steps, view);
    }
    for foreign in &plan.foreign {
        let line = format!(
            "in the way  {}: `{}` is there already and has {}; shipit leaves it alone",
            foreign.address, foreign.id, foreign.owner
        );
        out.push('\n');
        out.push_str(&view.wrapped(0, &line, |line| {
            line.replacen("in the way", &view.paint(style::bad(), "in the way"), 1)
        }));
    }
    for notice in &plan.notices {
        out.push('\n');
        out.push_str(&view.wrapped(0, &format!("note: {notice}"), |line| {
            line.replacen("note:", &view.paint(style::change(), "note:"), 1)
        }));
    }
    out.push_str(&findings::shown(&plan.findings, view));
    out.push('\n');
    out.push_str(&view.wrapped(0, &plain_summary(plan), |line| coloured(line, view)));
    out
}

/// `Plan: 3 to create, 1 to update; 12 unchanged`, or that there is nothing to do.
pub fn summary(plan: &Plan) -> String {
    coloured(&plain_summary(plan), &View::here(false))
}

/// The same without colour.
pub fn plain_summary(plan: &Plan) -> String {
    let counts = look::counts(plan);
    let same = format!("{} unchanged", plan.unchanged);
    if !plan.has_changes() {
        let kept: String =
            counts.iter().map(|(number, words)| format!(", {number} {words}")).collect();
        return format!("Nothing to do ({same}{kept})");
    }
    let parts: Vec<String> =
        counts.iter().map(|(number, words)| format!("{number} {words}")).collect();
    format!("Plan: {}; {same}", parts.join(", "))
}

fn coloured(line: &str, view: &View) -> String {
    for (words, style) in [("Nothing to do", style::good()), ("Plan:", style::strong())] {
        if let Some(rest) = line.strip_prefix(words) {
            return format!("{}{rest}", view.paint(style, words));
        }
    }
    line.to_owned()
}

fn section(out: &mut String, title: &str, steps: &[&Step], view: &View) {
    out.push_str(&format!("\n{}\n", view.paint(style::strong(), title)));
    let chars = |text: &str| text.chars().count();
    let signs = steps.iter().map(|step| chars(look::look(step).0)).max().unwrap_or(1);
    let addresses = steps.iter().map(|step| chars(&step.address.to_string())).max().unwrap_or(0);
    // A very long address stands out of its column rather than pushing all others away.
    let column = addresses.min(view.width / 2);
    for step in steps {
        let (sign, tone, words) = look::look(step);
        let address = step.address.to_string();
        let used = 2 + signs + 1 + column.max(chars(&address)) + 2 + chars(words);
        out.push_str(&format!(
            "  {}{} {address:column$}  {}",
            view.tone(tone, sign),
            " ".repeat(signs - chars(sign)),
            view.tone(tone, words),
        ));
        let mut below = Vec::new();
        // Room for the mark of what was deleted outside.
        let mut used = used + if step.drift && step.action == Action::Create { 9 } else { 0 };
        for (text, joint) in [(look::named(step), "  "), (look::reason(step), ": ")] {
            let Some(text) = text else { continue };
            let room = used + joint.len() + chars(text);
            if below.is_empty() && room <= view.width {
                out.push_str(&view.paint(style::faint(), &format!("{joint}{text}")));
                used = room;
            } else {
                below.push(text);
            }
        }
        if step.drift && step.action == Action::Create {
            out.push_str(&format!("  {}", view.tone(Tone::Change, "(drift)")));
        }
        out.push('\n');
        for text in below {
            out.push_str(&view.wrapped(6, text, |line| view.paint(style::faint(), line)));
        }
        if let Some(patched) = look::patched(step) {
            out.push_str(&view.wrapped(6, &patched, |line| view.tone(Tone::Change, line)));
        }
        if let Some(loses) = &step.loses {
            let line = format!("loses {loses}");
            out.push_str(&view.wrapped(6, &line, |line| view.tone(Tone::Bad, line)));
        }
        if view.details || step.action != Action::Create {
            out.push_str(&fields::fields(&step.changes, step.action == Action::Create, view));
        }
    }
}
