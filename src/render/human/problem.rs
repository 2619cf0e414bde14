//! Problems in manifests, each with its line and what to write instead.

use std::fmt::Write;

use super::text;
use crate::manifest::problem::Severity;
use crate::manifest::{Problem, Problems};
use crate::render::terminal::style;

/// All problems, file by file, and how many there are.
pub fn problems(problems: &Problems) -> String {
    let mut out = String::new();
    for problem in &problems.0 {
        one(&mut out, problem);
        out.push('\n');
    }
    let errors = problems.0.iter().filter(|problem| problem.severity == Severity::Error).count();
    let warnings = problems.0.len() - errors;
    let mut parts = Vec::new();
    if errors > 0 {
        parts.push(text::count(errors, "error"));
    }
    if warnings > 0 {
        parts.push(text::count(warnings, "warning"));
    }
    out + &parts.join(" and ")
}

fn one(out: &mut String, problem: &Problem) {
    let (word, colour) = match problem.severity {
        Severity::Error => ("error", style::bad().for_stderr()),
        Severity::Warning => ("warning", style::change().for_stderr()),
    };
    let _ =
        writeln!(out, "{} {}", colour.clone().bold().apply_to(format!("{word}:")), problem.message);
    let rule = style::faint().for_stderr();
    if !problem.file.is_empty() {
        let place = match problem.line {
            0 => problem.file.clone(),
            line => format!("{}:{line}:{}", problem.file, problem.column),
        };
        let _ = writeln!(
            out,
            "  {} {}",
            rule.apply_to("-->"),
            style::hint().for_stderr().apply_to(place)
        );
    }
    if problem.line > 0 {
        snippet(out, problem.line, problem.column, &problem.text, problem.span.length, &colour, "");
    }
    for related in &problem.related {
        snippet(
            out,
            related.line,
            related.column,
            &related.text,
            related.span.length,
            &rule,
            &related.label,
        );
    }
    if let Some(expected) = &problem.expected {
        let _ = writeln!(out, "  {} expected: {expected}", rule.apply_to("="));
    }
    if let Some(help) = &problem.help {
        let _ = writeln!(out, "  {} help: {help}", rule.apply_to("="));
    }
    if !problem.environments.is_empty() {
        let _ = writeln!(
            out,
            "  {} in environment: {}",
            rule.apply_to("="),
            problem.environments.join(", ")
        );
    }
}

/// The line with a caret below; a line that is very long is shown around the place.
fn snippet(
    out: &mut String,
    line: usize,
    column: usize,
    text: &str,
    length: usize,
    colour: &console::Style,
    label: &str,
) {
    const WIDTH: usize = 100;
    let from = if column > WIDTH { column - WIDTH / 2 } else { 0 };
    let shown: String = text
        .chars()
        .skip(from)
        .take(WIDTH)
        .map(|c| {
            if c == '\t' {
                ' '
            } else if c.is_control() {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect();
    let start = column.saturating_sub(1).saturating_sub(from);
    let room = shown.chars().count().saturating_sub(start).max(1);
    let carets = "^".repeat(length.clamp(1, room));
    let number = line.to_string();
    let rule = style::faint().for_stderr();
    let _ = writeln!(out, "  {} {shown}", rule.apply_to(format!("{number} |")));
    let pad = " ".repeat(number.len());
    let _ = writeln!(
        out,
        "  {} {}{} {label}",
        rule.apply_to(format!("{pad} |")),
        " ".repeat(start),
        colour.apply_to(carets)
    );
}
