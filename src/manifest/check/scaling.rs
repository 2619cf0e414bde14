//! Scaling and rollback alarms of a service.

use std::collections::BTreeMap;

use super::{Explain, Findings};
use crate::manifest::service::{
    ChangeIn, Count, OwnMetric, Schedule, ServiceManifest, ServiceType, StepMetric, Steps,
};

/// Steps touch each other and are open at one end.
pub(super) fn steps(all: &BTreeMap<String, Steps>, findings: &mut Findings<'_>) {
    for (name, steps) in all {
        let path = format!("steps.{name}");
        let adjustments = format!("{path}.adjustments");
        if steps.min_change.is_some() && steps.change_in != ChangeIn::Percent {
            findings
                .error(&format!("{path}.min_change"), "`min_change` is for changes in percent")
                .advise("write `change_in: percent`, or remove it");
        }
        if steps.datapoints.is_some_and(|points| points > steps.evaluation_periods) {
            findings
                .error(
                    &format!("{path}.datapoints"),
                    format!("of {} data points so many cannot be bad", steps.evaluation_periods),
                )
                .explain(
                    format!("at most {}", steps.evaluation_periods),
                    "raise `evaluation_periods`, or lower it",
                );
        }
        let period = steps.period.as_secs();
        let whole = steps.period.subsec_nanos() == 0 && period > 0 && period % 60 == 0;
        let seconds = whole || [10, 20, 30].contains(&period);
        if !seconds || period * u64::from(steps.evaluation_periods) > 86_400 {
            findings
                .error(&format!("{path}.period"), "CloudWatch has no data points of this length")
                .explain(
                    "10s, 20s, 30s or whole minutes; all data points together at most a day",
                    "write `period: 60s`",
                );
        }
        if let Some((index, why, help)) = interval(steps) {
            let at = index.map_or(adjustments.clone(), |index| format!("{adjustments}.{index}"));
            findings.error(&at, why).advise(help);
        }
    }
}

/// What is wrong with the intervals of steps, at which of them, and what to do.
fn interval(steps: &Steps) -> Option<(Option<usize>, String, &'static str)> {
    let all = &steps.adjustments;
    if all.is_empty() {
        let help = "write what to do from which value on: `- {from: 70, change: 1}`";
        return Some((None, "there are no steps to take".to_owned(), help));
    }
    for (index, step) in all.iter().enumerate() {
        if let (Some(from), Some(to)) = (step.from, step.to)
            && from >= to
        {
            let why = format!("the step ends at {to}, and begins at {from} only");
            return Some((Some(index), why, "write the smaller number as `from`"));
        }
        if steps.change_in == ChangeIn::Total && step.change < 0 {
            let why = "there cannot be fewer than no tasks".to_owned();
            return Some((Some(index), why, "write how many tasks there shall be, 0 or more"));
        }
    }
    for (index, pair) in all.windows(2).enumerate() {
        let (below, above) = (pair[0].to, pair[1].from);
        let help = "write the steps from the lowest up, each `from` where the last one ends";
        let (Some(below), Some(above)) = (below, above) else {
            let why = "two steps overlap: one has no end, and another one follows".to_owned();
            return Some((Some(index + 1), why, help));
        };
        if above > below {
            let why = format!("nothing is said of what lies between {below} and {above}");
            return Some((Some(index + 1), why, help));
        }
        if above < below {
            let why = format!("two steps overlap between {above} and {below}");
            return Some((Some(index + 1), why, help));
        }
    }
    let open = (all.first()?.from.is_none(), all.last()?.to.is_none());
    if open.0 == open.1 {
        let why = match open.0 {
            true => "the steps reach to both sides without end, so there is no threshold",
            false => "the steps end on both sides, and a metric knows no ends",
        };
        let help = "leave out `to` of the highest step for what is too high, or `from` of the lowest for what is too low";
        return Some((None, why.to_owned(), help));
    }
    None
}

/// Schedules have bounds that make sense, and an end after their start.
pub(super) fn schedules(all: &BTreeMap<String, Schedule>, findings: &mut Findings<'_>) {
    for (name, schedule) in all {
        let path = format!("schedules.{name}");
        match (schedule.range.min, schedule.range.max) {
            (None, None) => findings
                .error(&format!("{path}.range"), "the schedule changes nothing")
                .explain("`min`, `max` or both", "write `range: 2-10`"),
            (Some(min), Some(max)) if min > max => findings
                .error(
                    &format!("{path}.range"),
                    format!("the range starts at {min} and ends at {max}"),
                )
                .explain("the smaller number first", format!("write {max}-{min}")),
            _ => {}
        }
        // The same form throughout, so that the order of texts is that of times.
        if let (Some(start), Some(end)) = (&schedule.start, &schedule.end)
            && end <= start
        {
            findings
                .error(&format!("{path}.end"), "the schedule ends before it starts")
                .advise("write an `end` after `start`");
        }
    }
}

/// What is to be measured can be: there is a load balancer, or a queue.
pub(super) fn measured(service: &ServiceManifest, findings: &mut Findings<'_>) {
    let Count::Autoscaling(scaling) = &service.count else { return };
    let mut balanced = vec![
        ("count.requests".to_owned(), "requests", scaling.requests.is_some()),
        ("count.response_time".to_owned(), "response_time", scaling.response_time.is_some()),
    ];
    for (name, steps) in &scaling.steps {
        let path = format!("count.steps.{name}.metric");
        match steps.metric {
            StepMetric::Own(OwnMetric::Requests) => balanced.push((path, "requests", true)),
            StepMetric::Own(OwnMetric::ResponseTime) => {
                balanced.push((path, "response_time", true));
            }
            StepMetric::Own(OwnMetric::Messages)
                if service.service_type != ServiceType::WorkerService =>
            {
                findings
                    .error(
                        &path,
                        format!("a `{}` has no queue whose messages wait", service.service_type),
                    )
                    .advise("write `type: Worker Service`, or take `cpu_percentage`");
            }
            _ => {}
        }
    }
    for (path, name, wanted) in balanced {
        if wanted && service.http.is_none() {
            findings
                .error(
                    &path,
                    format!(
                        "`{name}` is measured by the load balancer, and the service has no `http`"
                    ),
                )
                .advise("add `http`, or scale on `cpu_percentage`");
        }
    }
}

/// Messages are delayed in queues only.
pub(super) fn rollback(service: &ServiceManifest, findings: &mut Findings<'_>) {
    let alarms = &service.deployment.rollback_alarms;
    if alarms.messages_delayed.is_some() && service.service_type != ServiceType::WorkerService {
        findings
            .error(
                "deployment.rollback_alarms.messages_delayed",
                format!(
                    "a `{}` has no queue whose messages could be delayed",
                    service.service_type
                ),
            )
            .advise("write `cpu_utilization` or `memory_utilization`, or remove it");
    }
    let mut names = alarms.names.clone();
    names.sort();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        findings
            .error("deployment.rollback_alarms", format!("alarm `{}` is listed twice", pair[0]))
            .advise("remove one of the two");
    }
}
