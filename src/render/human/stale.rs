//! What moved since a plan was made.

use super::text;
use crate::engine::Moved;
use crate::render::terminal::style;

/// How long a value may be.
const WIDTH: usize = 60;

/// `error: the plan is stale …`, a line for each thing that moved, the manifests that changed, and what to type next.
pub fn stale(moved: &[Moved], files: &[String], hint: &str) -> String {
    let mut out = format!(
        "{} the plan is stale: {} since it was made",
        style::bad().bold().for_stderr().apply_to("error:"),
        match moved.len() {
            1 => "one thing that it depends on has changed".to_owned(),
            many => format!("{many} things that it depends on have changed"),
        },
    );
    for line in lines(moved) {
        out.push_str(&format!("\n  {line}"));
    }
    if !files.is_empty() {
        out.push_str(&format!("\nmanifests changed since: {}", files.join(", ")));
    }
    out.push_str(&format!("\n{} {hint}", style::hint().for_stderr().apply_to("hint:")));
    out
}

/// A line for each thing that moved.
pub fn lines(moved: &[Moved]) -> Vec<String> {
    let width = moved.iter().filter_map(Moved::address).map(|a| a.to_string().chars().count());
    let width = width.max().unwrap_or(0);
    let lines = moved.iter().map(|one| match one.address() {
        Some(address) => format!("{:width$}  {}", address.to_string(), what(one)),
        None => what(one),
    });
    lines.collect()
}

fn what(moved: &Moved) -> String {
    match moved {
        Moved::Field { path, then, now, .. } => {
            format!("{path}: {} → {}", text::value(then, WIDTH), text::value(now, WIDTH))
        }
        Moved::Appeared { id, .. } => format!("it is there now: {id}"),
        Moved::Gone { id, .. } => format!("it is gone: {id}"),
        Moved::Used { by, .. } => format!("{by} uses it now, and the plan takes it away"),
        Moved::Foreign { id, .. } => format!("{id} has its name, without shipit's tags"),
        Moved::Wanted { path, then, now, .. } if path.is_empty() => {
            match (then.as_bool(), now.as_bool()) {
                (Some(false), _) => "it is wanted now and was not",
                (_, Some(false)) => "it is wanted no more",
                _ => "it is wanted otherwise now",
            }
            .to_owned()
        }
        Moved::Wanted { path, then, now, .. } => format!(
            "{path}: {} in the plan, {} wanted now",
            text::value(then, WIDTH),
            text::value(now, WIDTH)
        ),
        Moved::Version { then, now } => format!("shipit {then} made the plan, and this is {now}"),
    }
}
