//! A deployment in progress, as people read it.

use std::fmt::Write;

use serde_json::Value;

use super::table;
use crate::render::terminal::style;

/// A section of its own for the deployment in progress, from the same document that programs get: strategy, stage, and each
/// revision's share of traffic and tasks.
pub fn shift(document: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut out = String::new();
    let mut line = format!(
        "{} {}",
        text(&document["strategy"]),
        text(&document["status"]).to_lowercase().replace('_', " ")
    );
    let stage = text(&document["stage"]);
    if !stage.is_empty() {
        let _ = write!(line, ", {stage}");
    }
    if let [Some(step), Some(all)] = [0, 1].map(|at| document["step"][at].as_u64()) {
        let _ = write!(line, ", step {step} of {all}");
    }
    if let Some(minutes) = document["bakes"].as_i64() {
        let _ = write!(line, ", bakes for {minutes} min");
    }
    let _ = writeln!(out, "\n{}\n  {line}", style::strong().apply_to("Deployment in progress"));
    let share =
        |value: &Value| format!("{}%", (value.as_f64().unwrap_or_default() * 10.0).round() / 10.0);
    let row = |one: &Value, which: &str| {
        vec![
            which.to_owned(),
            text(&one["revision"]),
            share(&one["traffic"]),
            share(&one["test_traffic"]),
            format!("{}/{}", one["running"], one["desired"]),
        ]
    };
    let mut rows = vec![row(&document["new"], "new")];
    rows.extend(document["old"].as_array().into_iter().flatten().map(|one| row(one, "old")));
    out.push_str(&table::table(&["", "REVISION", "TRAFFIC", "TEST", "TASKS"], &rows));
    let names = |list: &Value| {
        let names = list.as_array().into_iter().flatten().filter_map(Value::as_str);
        names.collect::<Vec<_>>().join(", ")
    };
    let (alarms, off) = (names(&document["alarms"]), names(&document["off"]));
    if !alarms.is_empty() {
        let state =
            if off.is_empty() { "none went off".to_owned() } else { format!("{off} went off") };
        let _ = writeln!(out, "  alarms: {alarms} ({state})");
    }
    for pause in document["pauses"].as_array().into_iter().flatten() {
        let _ = writeln!(
            out,
            "  paused until {}, then it will {}",
            text(&pause["until"]),
            text(&pause["then"])
        );
    }
    out
}
