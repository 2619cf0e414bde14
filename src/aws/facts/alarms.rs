//! Which CloudWatch alarms are there, and what they say.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::{AlarmType, StateValue};
use serde::Serialize;

use crate::aws::{Cx, classify};
use crate::engine::Failure;

/// Those of these alarms, metric or composite, that are there (`cloudwatch:DescribeAlarms`).
///
/// # Errors
/// The API refuses.
pub async fn alarms_there(cx: &Cx, names: &[String]) -> Result<BTreeSet<String>, Failure> {
    let mut there = BTreeSet::new();
    for names in names.chunks(100) {
        let answer = cx
            .cloudwatch
            .describe_alarms()
            .set_alarm_names(Some(names.to_vec()))
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .max_records(100)
            .send()
            .await
            .map_err(|error| classify("cloudwatch DescribeAlarms", error))?;
        let metric = answer.metric_alarms().iter().filter_map(|alarm| alarm.alarm_name());
        let composite = answer.composite_alarms().iter().filter_map(|alarm| alarm.alarm_name());
        there.extend(metric.chain(composite).map(str::to_owned));
    }
    Ok(there)
}

/// What an alarm says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlarmState {
    /// Its name.
    pub name: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`; `MISSING` where there is none of this name.
    pub state: String,
    /// Why, where CloudWatch says so.
    pub reason: String,
}

/// What these alarms say (`cloudwatch:DescribeAlarms`), in this order.
///
/// # Errors
/// The API refuses.
pub async fn alarm_states(cx: &Cx, names: &[String]) -> Result<Vec<AlarmState>, Failure> {
    let mut found = Vec::new();
    for names in names.chunks(100) {
        let call = cx.cloudwatch.describe_alarms().set_alarm_names(Some(names.to_vec()));
        let call = call.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
        let answer = call.max_records(100).send().await;
        let answer = answer.map_err(|error| classify("cloudwatch DescribeAlarms", error))?;
        type Said<'a> = (Option<&'a str>, Option<&'a StateValue>, Option<&'a str>);
        let metric = answer.metric_alarms().iter();
        let metric = metric.map(|one| (one.alarm_name(), one.state_value(), one.state_reason()));
        let composite = answer.composite_alarms().iter();
        let composite =
            composite.map(|one| (one.alarm_name(), one.state_value(), one.state_reason()));
        let all: Vec<Said<'_>> = metric.chain(composite).collect();
        found.extend(names.iter().map(|name| {
            let said = all.iter().find(|said| said.0 == Some(name));
            let state = said.and_then(|said| said.1).map_or("MISSING", StateValue::as_str);
            let reason = said.and_then(|said| said.2).unwrap_or_default();
            AlarmState { name: name.clone(), state: state.to_owned(), reason: reason.to_owned() }
        }));
    }
    Ok(found)
}
