//! What ECS has told of a service since a deployment began.

use aws_sdk_ecs::types::Service;

use super::cause::{Evidence, Source};
use crate::engine::Fact;

/// How many different events are quoted.
const MOST: usize = 6;

/// What ECS tells of every deployment, or what its end says better.
const ROUTINE: &[&str] = &[
    "registered ",
    "deregistered ",
    "has begun draining",
    "has reached a steady state",
    "deployment completed",
    "deployment failed",
    "rolling back to",
];

/// The messages since then, newest first, without `(service NAME) ` before them.
pub(crate) fn since(service: &Service, since: f64) -> Vec<(i64, &str)> {
    service
        .events()
        .iter()
        .filter_map(|event| {
            let at = event.created_at()?;
            let message = event.message()?;
            let message = message
                .strip_prefix("(service ")
                .and_then(|rest| rest.split_once(") "))
                .map_or(message, |(_, rest)| rest);
            (at.as_secs_f64() >= since).then_some((at.secs(), message))
        })
        .collect()
}

/// For the table of causes.
pub(crate) fn evidence(events: &[(i64, &str)]) -> Vec<Evidence> {
    let evidence =
        |(_, text): &(i64, &str)| Evidence { source: Source::Event, text: (*text).to_owned() };
    events.iter().map(evidence).collect()
}

/// The same without the names of tasks and the long ones of target groups: each text once, with how often it was told.
pub(crate) fn facts(events: &[(i64, &str)]) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    for (_, message) in events {
        let text = short(message);
        if ROUTINE.iter().any(|start| text.starts_with(start)) {
            continue;
        }
        match facts.iter_mut().find(|fact| fact.text == text) {
            Some(fact) => fact.times += 1,
            None => facts.push(Fact::new("event", text)),
        }
    }
    facts.truncate(MOST);
    facts
}

/// How many tasks were started.
pub(crate) fn started(events: &[(i64, &str)]) -> usize {
    let number =
        |text: &str| text.strip_prefix("has started ")?.split(' ').next()?.parse::<usize>().ok();
    events.iter().filter_map(|(_, text)| number(text)).sum()
}

/// Whether one tells of trouble.
pub(crate) fn trouble(events: &[(i64, &str)]) -> bool {
    let words = ["unable to", "unhealthy", "failed"];
    events.iter().any(|(_, text)| words.iter().any(|word| text.contains(word)))
}

/// A message without names that differ from task to task.
pub(crate) fn short(message: &str) -> String {
    let mut text = String::new();
    let mut rest = message;
    while let Some(at) = rest.find('(') {
        let Some(length) = rest[at..].find(')') else { break };
        let inside = &rest[at + 1..at + length];
        text.push_str(&rest[..at]);
        rest = &rest[at + length + 1..];
        if inside.starts_with("task ") || inside.starts_with("deployment ") {
            rest = rest.strip_prefix(' ').unwrap_or(rest);
        } else if let Some(arn) = inside.strip_prefix("target-group ") {
            let name = arn.split_once(":targetgroup/").map_or(arn, |(_, name)| name);
            let name = name.split('/').next().unwrap_or(name);
            text.push_str(&format!("(target-group {name})"));
        } else {
            text.push_str(&format!("({inside})"));
        }
    }
    text.push_str(rest);
    let text = text.trim_end_matches(['.', ' ', ':']).trim_start();
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_lose_what_differs_from_task_to_task() {
        let events = [
            (3, "has started 1 tasks: (task aa)."),
            (
                2,
                "(port 80) is unhealthy in (target-group arn:aws:elasticloadbalancing:r:1:targetgroup/web/ab) due to (reason Health checks failed with these codes: [404]).",
            ),
            (2, "(deployment ecs-svc/1) deployment failed: tasks failed to start."),
            (1, "has started 1 tasks: (task bb)."),
            (0, "has started 2 tasks: (task cc) (task dd)."),
        ];
        let facts: Vec<String> =
            facts(&events).iter().map(|fact| format!("{} {}", fact.times, fact.text)).collect();
        assert_eq!(
            facts,
            [
                "2 has started 1 tasks",
                "1 (port 80) is unhealthy in (target-group web) due to (reason Health checks failed with these codes: [404])",
                "1 has started 2 tasks",
            ]
        );
        assert_eq!(started(&events), 4);
        assert!(trouble(&events));
        assert!(!trouble(&events[3..]));
    }
}
