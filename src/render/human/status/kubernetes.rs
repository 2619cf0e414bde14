//! The same for a service in a cluster of Kubernetes.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use super::{age, columns, hanging, mood, rows, text, word};
use crate::render::terminal::style;

/// The whole screen. `now`: seconds since 1970; `width`: columns.
pub(super) fn status(name: &str, document: &Value, now: i64, width: usize) -> String {
    let live = &document["kubernetes"];
    let mut out = String::new();
    let name = style::strong().apply_to(name);
    let _ = match live["schedule"].as_str() {
        Some(schedule) => writeln!(out, "{name}: runs at `{schedule}`"),
        None => writeln!(out, "{name}: {}", counts(live)),
    };
    if let Some(since) = document["paused"].as_str() {
        let _ = writeln!(out, "paused since {since}: `shipit svc resume` starts its pods");
    }
    if let Some(why) = live["rollout"].as_str() {
        out.push_str(&hanging("rollout:", why, width));
    }
    let mut section = |title: &str, body: String| {
        if !body.is_empty() {
            let _ = write!(out, "\n{}\n{body}", style::strong().apply_to(title));
        }
    };
    let list = rows(&live["revisions"], &|one| {
        vec![
            one["number"].to_string(),
            hash(&word(&one["name"])).to_owned(),
            match one["wanted"].as_i64() {
                Some(wanted) => format!("{}/{wanted}", one["ready"]),
                None => String::new(),
            },
            since(one, "since", now),
            text::cut(&words(&one["images"]), width.saturating_sub(48)),
        ]
    });
    section("Revisions", columns(&["REVISION", "HASH", "READY", "AGE", "IMAGE"], &list));
    let list = rows(&live["runs"], &|one| {
        vec![word(&one["name"]), mood(&word(&one["status"])), since(one, "started", now)]
    });
    section("Runs", columns(&["JOB", "STATUS", "AGE"], &list));
    let list = rows(&live["pods"], &|one| {
        vec![
            word(&one["name"]),
            mood(&word(&one["status"])),
            format!("{}/{}", one["ready"], one["containers"]),
            one["restarts"].to_string(),
            word(&one["node"]),
            since(one, "started", now),
        ]
    });
    let mut pods = columns(&["POD", "STATUS", "READY", "RESTARTS", "NODE", "AGE"], &list);
    for one in live["pods"].as_array().into_iter().flatten() {
        let why = word(&one["reason"]);
        if !why.is_empty() {
            pods.push_str(&hanging(&word(&one["name"]), &why, width));
        }
    }
    section("Pods", pods);
    section("Scaling", scaling(&live["scaling"], width));
    let list = rows(&live["endpoints"], &|one| {
        vec![word(&one["kind"]), words(&one["addresses"]), words(&one["ports"])]
    });
    section("Endpoints", columns(&["KIND", "ADDRESS", "PORTS"], &list));
    let list = rows(&document["alarms"], &|one| {
        let why = text::cut(&word(&one["reason"]), width.saturating_sub(48));
        vec![word(&one["name"]), mood(&word(&one["state"])), why]
    });
    section("Alarms", columns(&["ALARM", "STATE", "WHY"], &list));
    let mut told = String::new();
    for one in live["events"].as_array().into_iter().flatten() {
        let at = age(now - one["at"].as_i64().unwrap_or(now));
        told.push_str(&hanging(&at, &event(one), width));
    }
    section("Events, newest first", told);
    out
}

fn counts(live: &Value) -> String {
    let (ready, wanted) = (&live["ready"], &live["wanted"]);
    let word = if *wanted == 1 { "pod" } else { "pods" };
    format!("{ready} of {wanted} {word} ready, {} of the newest revision", live["updated"])
}

/// `Pod prices-5d8f: BackOff: …`, and how often.
fn event(one: &Value) -> String {
    let times = one["times"].as_u64().filter(|times| *times > 1);
    let times = times.map(|times| format!(" ({times} times)")).unwrap_or_default();
    format!("{}: {}: {}{times}", word(&one["about"]), word(&one["reason"]), word(&one["message"]))
}

/// What of a ReplicaSet's name tells it from others.
fn hash(name: &str) -> &str {
    name.rsplit('-').next().unwrap_or(name)
}

fn since(one: &Value, field: &str, now: i64) -> String {
    one[field].as_i64().map_or_else(String::new, |at| age(now - at))
}

fn words(list: &Value) -> String {
    let all = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    all.collect::<Vec<_>>().join(", ")
}

fn scaling(scaling: &Value, width: usize) -> String {
    if scaling.is_null() {
        return String::new();
    }
    let mut out = format!(
        "{} to {} pods, now {}, wants {}\n",
        scaling["min"], scaling["max"], scaling["current"], scaling["wanted"]
    );
    if let Some(problem) = scaling["problem"].as_str() {
        out.push_str(&hanging("why", problem, width));
    }
    out
}

/// All that may change, by what it is said of.
pub(super) fn facts(document: &Value) -> BTreeMap<String, String> {
    let live = &document["kubernetes"];
    let mut facts = BTreeMap::new();
    facts.insert("pods".to_owned(), counts(live));
    if let Some(why) = live["rollout"].as_str() {
        facts.insert("rollout".to_owned(), why.to_owned());
    }
    let mut each = |list: &Value, what: &str, key: &str, say: &dyn Fn(&Value) -> String| {
        for one in list.as_array().into_iter().flatten() {
            facts.insert(format!("{what} {}", word(&one[key])), say(one));
        }
    };
    each(&live["revisions"], "revision", "number", &|one| match one["wanted"].as_i64() {
        Some(wanted) => format!("{}/{wanted} ready", one["ready"]),
        None => "kept".to_owned(),
    });
    each(&live["runs"], "run", "name", &|one| word(&one["status"]));
    each(&live["pods"], "pod", "name", &|one| {
        let status = word(&one["status"]).to_lowercase();
        format!("{status}, {}/{} ready", one["ready"], one["containers"])
    });
    each(&document["alarms"], "alarm", "name", &|one| word(&one["state"]).to_lowercase());
    for one in live["events"].as_array().into_iter().flatten() {
        let key = format!("event {} {}", one["at"], event(one));
        facts.insert(key, event(one));
    }
    facts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{changes, status};

    #[test]
    fn the_screen_fits_eighty_columns() {
        let mut document = json!({
            "service": "api",
            "paused": null,
            "alarms": [],
            "kubernetes": {
                "kind": "Deployment", "object": "shop/api", "cluster": "shop-test-main",
                "wanted": 2, "updated": 1, "ready": 1, "rollout": "1 of 2 pods ready: container `api` ends with exit code 1",
                "revisions": [
                    {"number": 2, "name": "api-b26xc", "images": ["example.com/api:2"], "wanted": 2, "ready": 0, "since": 940},
                    {"number": 1, "name": "api-7d4f9", "images": ["example.com/api:1"], "wanted": 1, "ready": 1, "since": 100},
                ],
                "pods": [
                    {"name": "api-7d4f9-x2x4z", "status": "Running", "reason": "", "ready": 1, "containers": 1, "restarts": 0, "revision": "7d4f9",
                     "node": "i-0123", "started": 110},
                    {"name": "api-b26xc-k9k9k", "status": "CrashLoopBackOff", "reason": "Error with exit code 1", "ready": 0, "containers": 1,
                     "restarts": 3, "revision": "b26xc", "node": "i-0124", "started": 950},
                ],
                "scaling": {"min": 2, "max": 6, "current": 2, "wanted": 2, "problem": null},
                "endpoints": [{"kind": "Service", "name": "api", "addresses": ["api.shop.svc"], "ports": ["80"]}],
                "events": [{"at": 990, "sort": "Warning", "about": "Pod api-b26xc-k9k9k", "reason": "BackOff", "message": "Back-off restarting failed container", "times": 3}],
            },
        });
        let screen = console::strip_ansi_codes(&status("api", &document, 1_000, 80)).into_owned();
        assert!(screen.lines().all(|line| line.chars().count() <= 80), "{screen}");
        insta::assert_snapshot!(screen, @r"
        api: 1 of 2 pods ready, 1 of the newest revision
        rollout:  1 of 2 pods ready: container `api` ends with exit code 1

        Revisions
        REVISION  HASH   READY  AGE  IMAGE
        2         b26xc  0/2    1m   example.com/api:2
        1         7d4f9  1/1    15m  example.com/api:1

        Pods
        POD              STATUS            READY  RESTARTS  NODE    AGE
        api-7d4f9-x2x4z  Running           1/1    0         i-0123  14m
        api-b26xc-k9k9k  CrashLoopBackOff  0/1    3         i-0124  50s
        api-b26xc-k9k9k  Error with exit code 1

        Scaling
        2 to 6 pods, now 2, wants 2

        Endpoints
        KIND     ADDRESS       PORTS
        Service  api.shop.svc  80

        Events, newest first
        10s   Pod api-b26xc-k9k9k: BackOff: Back-off restarting failed container (3
              times)
        ");
        let before = document.clone();
        assert_eq!(changes(&before, &before), Vec::<String>::new());
        document["kubernetes"]["ready"] = json!(2);
        document["kubernetes"]["pods"][1]["status"] = json!("Running");
        document["kubernetes"]["pods"][1]["ready"] = json!(1);
        insta::assert_snapshot!(changes(&before, &document).join("\n"), @r"
        pod api-b26xc-k9k9k: crashloopbackoff, 0/1 ready → running, 1/1 ready
        pods: 1 of 2 pods ready, 1 of the newest revision → 2 of 2 pods ready, 1 of the newest revision
        ");
    }
}
