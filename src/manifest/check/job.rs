//! A `Scheduled Job`: what it must have, and what makes no sense for it.

use super::{Explain, Findings};
use crate::manifest::service::{Count, ServiceKind, ServiceManifest, ServiceType};

/// The container that ends a run which takes too long.
pub const TIMER: &str = "timeout";

/// Keys of what runs all the time.
const NOT_OF_JOBS: &[(&str, &str)] = &[
    ("http", "a job takes no requests"),
    ("nlb", "a job takes no requests"),
    ("deployment", "nothing of a job runs between its runs, so there is nothing to replace"),
];

/// What a job must be, and that nothing else has a job's keys.
pub(super) fn job(service: &ServiceManifest, findings: &mut Findings<'_>) {
    if service.service_type != ServiceType::ScheduledJob {
        others(service, findings);
        return;
    }
    for (key, why) in NOT_OF_JOBS {
        if findings.node.get(key).is_some_and(|entry| !entry.node.is_null())
            && findings.sound(&[key])
        {
            findings.error_of_key(key, *why).advise(format!(
                "remove `{key}`, or write another `type`: `Backend Service`, `Worker Service`, `Load Balanced Web Service`"
            ));
        }
    }
    match &service.on {
        None => {
            let name = findings.node.place("type");
            findings
                .error_at(name, "a Scheduled Job needs `on.schedule`")
                .advise("write `on:` and below it `schedule: \"@daily\"`");
        }
        Some(on) => {
            if let (Some(start), Some(end)) = (&on.start, &on.end)
                && start >= end
            {
                findings
                    .error("on.end", "the job ends before it starts")
                    .explain(format!("a time after {start}"), "swap the two");
            }
        }
    }
    match &service.count {
        Count::Daemon | Count::Autoscaling(_) => findings
            .error_of_key("count", "a job does not scale by itself: each run has so many tasks")
            .explain("a number from 1 to 10, or `spot`", "write `count: 1`, or leave the line out"),
        Count::Fixed(tasks) | Count::Spot(tasks) if !(1..=10).contains(tasks) => {
            findings
                .error("count", format!("a run cannot have {tasks} tasks"))
                .explain("1 to 10", "to stop a job from running, write `on: {schedule: none}`");
        }
        _ => {}
    }
    if service.timeout.is_some() && service.sidecars.contains_key(TIMER) {
        findings
            .error_of_key(
                &format!("sidecars.{TIMER}"),
                format!("`{TIMER}` is the name of the container that `timeout` adds"),
            )
            .advise("give the sidecar another name");
    }
}

fn others(service: &ServiceManifest, findings: &mut Findings<'_>) {
    if service.kind == ServiceKind::Job {
        findings
            .error("type", format!("a job cannot be a {}", service.service_type))
            .explain("`Scheduled Job`", "write `type: Scheduled Job`, or `kind: service`");
    }
    for key in ["on", "timeout", "retries"] {
        if findings.node.get(key).is_some_and(|entry| !entry.node.is_null()) {
            findings
                .error_of_key(
                    key,
                    format!("`{key}` is for jobs, and this is a {}", service.service_type),
                )
                .advise(format!("write `type: Scheduled Job`, or remove `{key}`"));
        }
    }
}
