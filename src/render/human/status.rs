//! How a service fares, as people read it.

mod kubernetes;

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use super::{table, text};
use crate::render::terminal::style;

/// The whole screen, from the same document that programs get. `now`: seconds since 1970; `width`: columns.
pub fn status(name: &str, document: &Value, now: i64, width: usize) -> String {
    if document["kubernetes"].is_object() {
        return kubernetes::status(name, document, now, width);
    }
    let ecs = &document["ecs"];
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} {}: {} of {} tasks running, {} starting",
        style::strong().apply_to(name),
        word(&ecs["status"]).to_lowercase(),
        ecs["running"],
        ecs["desired"],
        ecs["pending"]
    );
    if let Some(since) = document["paused"].as_str() {
        let _ = writeln!(out, "paused since {since}: `shipit svc resume` starts its tasks");
    }
    let mut section = |title: &str, body: String| {
        if !body.is_empty() {
            let _ = write!(out, "\n{}\n{body}", style::strong().apply_to(title));
        }
    };
    section("Deployments", deployments(ecs, now, width));
    let tasks = rows(&ecs["tasks"], &|one| {
        vec![
            short(&word(&one["id"])).to_owned(),
            mood(&word(&one["status"])),
            mood(&word(&one["health"])),
            revision(one),
            word(&one["zone"]),
            one["started"].as_i64().map_or_else(String::new, |at| age(now - at)),
        ]
    });
    section("Tasks", columns(&["TASK", "STATUS", "HEALTH", "REVISION", "ZONE", "AGE"], &tasks));
    let targets = rows(&document["targets"], &|one| {
        vec![word(&one["target"]), mood(&word(&one["state"])), word(&one["reason"])]
    });
    section("Targets", reasons(&["TARGET", "STATE", "WHY"], targets, width));
    section("Scaling", scaling(&document["scaling"], ecs, width));
    let alarms = rows(&document["alarms"], &|one| {
        vec![word(&one["name"]), mood(&word(&one["state"])), word(&one["reason"])]
    });
    section("Alarms", reasons(&["ALARM", "STATE", "WHY"], alarms, width));
    let events = rows(&ecs["events"], &|one| {
        let at = age(now - one["at"].as_i64().unwrap_or(now));
        // Which service it is, each of ECS's says.
        let message = word(&one["message"]);
        let own = message.strip_prefix("(service ").and_then(|rest| rest.split_once(") "));
        vec![at, own.map_or(message.clone(), |(_, rest)| rest.to_owned())]
    });
    let mut told = String::new();
    for event in &events {
        told.push_str(&hanging(&event[0], &event[1], width));
    }
    section("Events, newest first", told);
    out
}

/// What changed between two looks, a line for each thing.
pub fn changes(before: &Value, after: &Value) -> Vec<String> {
    let (before, after) = (facts(before), facts(after));
    let mut lines = Vec::new();
    for (what, is) in &after {
        match before.get(what) {
            Some(was) if was == is => {}
            Some(was) => lines.push(format!("{what}: {was} → {is}")),
            // Which of them it is says nothing.
            None if what.starts_with("event") => lines.push(format!("event: {is}")),
            None => lines.push(format!("{what}: {is}")),
        }
    }
    lines.extend(
        before
            .iter()
            .filter(|(what, _)| !after.contains_key(*what) && !what.starts_with("event"))
            .map(|(what, was)| format!("{what}: {was} → gone")),
    );
    lines
}

/// All that may change, by what it is said of.
fn facts(document: &Value) -> BTreeMap<String, String> {
    if document["kubernetes"].is_object() {
        return kubernetes::facts(document);
    }
    let ecs = &document["ecs"];
    let mut facts = BTreeMap::new();
    let count =
        format!("{} of {} running, {} starting", ecs["running"], ecs["desired"], ecs["pending"]);
    facts.insert("tasks".to_owned(), count);
    let mut each = |list: &Value, what: &str, key: &str, say: &dyn Fn(&Value) -> String| {
        for one in list.as_array().into_iter().flatten() {
            let key = word(&one[key]);
            facts.insert(format!("{what} {}", short(&key)), say(one));
        }
    };
    each(&ecs["deployments"], "deployment", "id", &|one| {
        let rollout = word(&one["rollout"]).to_lowercase();
        format!(
            "{rollout}, revision {}, {}/{} running",
            revision(one),
            one["running"],
            one["desired"]
        )
    });
    each(&ecs["tasks"], "task", "id", &|one| {
        let health = word(&one["health"]).to_lowercase();
        let status = word(&one["status"]).to_lowercase();
        if health == "unknown" { status } else { format!("{status}, {health}") }
    });
    for (what, list) in [("target", &document["targets"]), ("alarm", &document["alarms"])] {
        for one in list.as_array().into_iter().flatten() {
            let key = word(&one[if what == "target" { "target" } else { "name" }]);
            facts.insert(format!("{what} {key}"), word(&one["state"]).to_lowercase());
        }
    }
    for one in ecs["events"].as_array().into_iter().flatten() {
        facts.insert(format!("event {}", one["at"]), word(&one["message"]));
    }
    facts
}

fn deployments(ecs: &Value, now: i64, width: usize) -> String {
    let list = rows(&ecs["deployments"], &|one| {
        vec![
            word(&one["status"]),
            mood(&word(&one["rollout"])),
            revision(one),
            format!("{}/{}", one["running"], one["desired"]),
            one["failed"].to_string(),
            age(now - one["since"].as_i64().unwrap_or(now)),
        ]
    });
    let headings = ["STATUS", "ROLLOUT", "REVISION", "RUNNING", "FAILED", "AGE"];
    let mut out = columns(&headings, &list);
    for one in ecs["deployments"].as_array().into_iter().flatten() {
        let why = word(&one["reason"]);
        if !why.is_empty() && one["rollout"] != "COMPLETED" {
            out.push_str(&hanging(&revision(one), &why, width));
        }
    }
    out
}

/// Between which counts, by what, and when other bounds hold.
fn scaling(scaling: &Value, ecs: &Value, width: usize) -> String {
    if scaling.is_null() {
        return String::new();
    }
    let bound = |name: &str| {
        let fixed = &scaling[format!("{name}_capacity")];
        let number = fixed.as_i64().or(scaling[format!("initial_{name}_capacity")].as_i64());
        number.map_or("?".to_owned(), |number| number.to_string())
    };
    let now = &ecs["desired"];
    let off = ["dynamic_scaling_in", "dynamic_scaling_out", "scheduled_scaling"];
    let off = off.iter().any(|key| scaling["suspended"][key] == true);
    let mut out = format!("{} to {} tasks, now {now}", bound("min"), bound("max"));
    out.push_str(if off { "; suspended\n" } else { "\n" });
    for (name, policy) in scaling["policies"].as_object().into_iter().flatten() {
        let metric = metric(&policy["metric"]);
        out.push_str(&hanging(
            name,
            &format!("keeps {metric} at {}", policy["target_value"]),
            width,
        ));
    }
    for (name, _) in scaling["steps"].as_object().into_iter().flatten() {
        out.push_str(&hanging(name, "takes steps when its alarm goes off", width));
    }
    for (name, one) in scaling["schedules"].as_object().into_iter().flatten() {
        let part = |key: &str, word: &str| {
            one[key].as_i64().map(|number| format!("{word} {number}")).into_iter()
        };
        let bounds: Vec<String> =
            part("min_capacity", "at least").chain(part("max_capacity", "at most")).collect();
        let zone = one["timezone"].as_str().map(|zone| format!(" {zone}")).unwrap_or_default();
        let when = format!("{}{zone}: {}", word(&one["schedule"]), bounds.join(", "));
        out.push_str(&hanging(name, &when, width));
    }
    out
}

fn metric(metric: &Value) -> String {
    let text = metric.to_string();
    let known = [
        ("CPUUtilization", "the CPU's use (%)"),
        ("MemoryUtilization", "the memory's use (%)"),
        ("target_group", "requests per task"),
        ("expression", "messages per task"),
    ];
    let found = known.iter().find(|(part, _)| text.contains(part));
    found.map_or("a metric", |(_, words)| words).to_owned()
}

/// `name  text`, further lines of the text below its beginning.
fn hanging(name: &str, text: &str, width: usize) -> String {
    let indent = name.chars().count().max(4) + 2;
    let mut out = String::new();
    let room = width.saturating_sub(indent).max(20);
    for (at, line) in text::wrap(text, room).iter().enumerate() {
        let line = text::cut(line, room);
        let name = if at == 0 { name } else { "" };
        let _ = writeln!(out, "{name:<indent$}{line}");
    }
    out
}

/// A length of time, short: `12s`, `3m`, `2h`, `5d`.
pub fn age(seconds: i64) -> String {
    match seconds.max(0) {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3_600 => format!("{}m", seconds / 60),
        seconds @ 3_600..172_800 => format!("{}h", seconds / 3_600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

fn mood(state: &str) -> String {
    let style = match state {
        "RUNNING" | "HEALTHY" | "healthy" | "OK" | "COMPLETED" | "Running" | "complete" => {
            style::good()
        }
        "UNHEALTHY" | "unhealthy" | "ALARM" | "FAILED" | "STOPPED" | "MISSING" | "failed"
        | "CrashLoopBackOff" | "ImagePullBackOff" | "ErrImagePull" | "Error" | "OOMKilled" => {
            style::bad()
        }
        "UNKNOWN" | "" | "unused" => style::faint(),
        _ => style::change(),
    };
    style.apply_to(state).to_string()
}

fn columns(headings: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() { String::new() } else { table::table(headings, rows) }
}

/// The same, where the last column is a reason, which may be long.
fn reasons(headings: &[&str], rows: Vec<Vec<String>>, width: usize) -> String {
    match rows.is_empty() {
        true => String::new(),
        false => table::fitting(headings, rows, Some(width), text::cut),
    }
}

fn rows(list: &Value, row: &dyn Fn(&Value) -> Vec<String>) -> Vec<Vec<String>> {
    list.as_array().into_iter().flatten().map(row).collect()
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Eight letters of an id tell it from others, as logs show it; what is in front of a slash is no part of it.
fn short(id: &str) -> &str {
    let id = id.rsplit('/').next().unwrap_or(id);
    id.get(..8).unwrap_or(id)
}

/// `3` of `demo-test-api:3`.
fn revision(one: &Value) -> String {
    let whole = word(&one["task_definition"]);
    whole.rsplit(':').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document() -> Value {
        json!({
            "service": "api",
            "ecs": {
                "status": "ACTIVE", "desired": 3, "running": 2, "pending": 1,
                "deployments": [
                    {"id": "ecs-svc/0123456789", "status": "PRIMARY", "rollout": "IN_PROGRESS", "task_definition": "demo-test-api:4",
                     "running": 1, "desired": 3, "failed": 0, "since": 940,
                     "reason": "ECS deployment ecs-svc/0123456789 in progress, and this goes on for longer than a line."},
                    {"id": "ecs-svc/9876543210", "status": "ACTIVE", "rollout": "COMPLETED", "task_definition": "demo-test-api:3",
                     "running": 1, "desired": 0, "failed": 0, "since": -9000, "reason": "completed"},
                ],
                "tasks": [
                    {"id": "3f2a91bc4d5e6f708192a3b4c5d6e7f8", "status": "RUNNING", "health": "HEALTHY",
                     "task_definition": "demo-test-api:3", "zone": "eu-west-1a", "started": -8000},
                    {"id": "a1b2c3d44d5e6f708192a3b4c5d6e7f8", "status": "PENDING", "health": "UNKNOWN",
                     "task_definition": "demo-test-api:4", "zone": "eu-west-1b", "started": null},
                ],
                "events": [{"at": 700, "message": "(service demo-test-api) has reached a steady state, and says so in many more words than fit."}],
            },
            "targets": [{"target": "10.0.1.17:80", "state": "unhealthy", "reason": "Health checks failed with these codes: [503]"}],
            "scaling": {
                "min_capacity": 2, "max_capacity": 6, "suspended": {"scheduled_scaling": false},
                "policies": {"cpu": {"metric": {"metric": "ECSServiceAverageCPUUtilization"}, "target_value": 60.0}},
                "steps": {}, "schedules": {"night": {"schedule": "cron(0 22 * * ? *)", "timezone": "Europe/Berlin", "min_capacity": 1}},
            },
            "alarms": [{"name": "demo-test-api-errors", "state": "ALARM", "reason": "Threshold Crossed: 1 datapoint [12.0] was greater"}],
        })
    }

    #[test]
    fn the_screen_fits_eighty_columns() {
        let screen = console::strip_ansi_codes(&status("api", &document(), 1_000, 80)).into_owned();
        assert!(screen.lines().all(|line| line.chars().count() <= 80), "{screen}");
        insta::assert_snapshot!(screen, @r"
        api active: 2 of 3 tasks running, 1 starting

        Deployments
        STATUS   ROLLOUT      REVISION  RUNNING  FAILED  AGE
        PRIMARY  IN_PROGRESS  4         1/3      0       1m
        ACTIVE   COMPLETED    3         1/0      0       2h
        4     ECS deployment ecs-svc/0123456789 in progress, and this goes on for longer
              than a line.

        Tasks
        TASK      STATUS   HEALTH   REVISION  ZONE        AGE
        3f2a91bc  RUNNING  HEALTHY  3         eu-west-1a  2h
        a1b2c3d4  PENDING  UNKNOWN  4         eu-west-1b

        Targets
        TARGET        STATE      WHY
        10.0.1.17:80  unhealthy  Health checks failed with these codes: [503]

        Scaling
        2 to 6 tasks, now 3
        cpu   keeps the CPU's use (%) at 60.0
        night  cron(0 22 * * ? *) Europe/Berlin: at least 1

        Alarms
        ALARM                 STATE  WHY
        demo-test-api-errors  ALARM  Threshold Crossed: 1 datapoint [12.0] was greater

        Events, newest first
        5m    has reached a steady state, and says so in many more words than fit.
        ");
    }

    #[test]
    fn what_changes_is_told_by_what_it_is() {
        let before = document();
        let mut after = document();
        after["ecs"]["running"] = json!(3);
        after["ecs"]["pending"] = json!(0);
        after["ecs"]["tasks"][1]["status"] = json!("RUNNING");
        after["targets"] = json!([]);
        after["ecs"]["events"] =
            json!([{"at": 990, "message": "(service demo-test-api) has started 1 tasks."}]);
        assert_eq!(changes(&before, &before), Vec::<String>::new());
        insta::assert_snapshot!(changes(&before, &after).join("\n"), @r"
        event: (service demo-test-api) has started 1 tasks.
        task a1b2c3d4: pending → running
        tasks: 2 of 3 running, 1 starting → 3 of 3 running, 0 starting
        target 10.0.1.17:80: unhealthy → gone
        ");
    }

    #[test]
    fn ages_are_short() {
        assert_eq!(
            [0, 59, 60, 7_199, 90_000, 200_000].map(age),
            ["0s", "59s", "1m", "1h", "25h", "2d"]
        );
    }
}
