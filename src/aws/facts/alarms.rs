//! Which CloudWatch alarms are there.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::AlarmType;

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
