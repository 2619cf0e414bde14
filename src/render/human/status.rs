//! How a service fares, as people read it.

use std::fmt::Write;

use serde_json::Value;

use super::table;
use crate::render::terminal::style;

/// The whole screen, from the same document that programs get.
pub fn status(name: &str, document: &Value) -> String {
    let ecs = &document["ecs"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} {}: {} of {} tasks running, {} starting",
        style::strong().apply_to(name),
        text(&ecs["status"]).to_lowercase(),
        ecs["running"],
        ecs["desired"],
        ecs["pending"]
    );
    let rows = |list: &Value, row: &dyn Fn(&Value) -> Vec<String>| -> Vec<Vec<String>> {
        list.as_array().into_iter().flatten().map(row).collect()
    };
    let mut section = |title: &str, headings: &[&str], rows: Vec<Vec<String>>| {
        if !rows.is_empty() {
            let _ = write!(
                out,
                "\n{}\n{}",
                style::strong().apply_to(title),
                table::table(headings, &rows)
            );
        }
    };
    section(
        "Deployments",
        &["STATUS", "ROLLOUT", "REVISION", "RUNNING", "FAILED", "WHY"],
        rows(&ecs["deployments"], &|one| {
            vec![
                text(&one["status"]),
                text(&one["rollout"]),
                text(&one["task_definition"]),
                format!("{}/{}", one["running"], one["desired"]),
                one["failed"].to_string(),
                text(&one["reason"]),
            ]
        }),
    );
    section(
        "Tasks",
        &["ID", "STATUS", "HEALTH", "REVISION", "ZONE"],
        rows(&ecs["tasks"], &|one| {
            ["id", "status", "health", "task_definition", "zone"]
                .map(|key| text(&one[key]))
                .to_vec()
        }),
    );
    section(
        "Targets",
        &["TARGET", "STATE", "WHY"],
        rows(&document["targets"], &|one| {
            ["target", "state", "reason"].map(|key| text(&one[key])).to_vec()
        }),
    );
    section(
        "Events, newest first",
        &["WHAT"],
        rows(&ecs["events"], &|one| vec![text(&one["message"])]),
    );
    out
}
