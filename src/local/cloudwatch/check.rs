//! What CloudWatch refuses of an alarm as a whole.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) const STATES: &[&str] = &["OK", "ALARM", "INSUFFICIENT_DATA"];

/// The last three are for models of anomalies.
pub(super) const COMPARISONS: &[&str] = &[
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
];

/// An alarm looks back over a day, or a week where its period is an hour or more.
const DAY: i64 = 86_400;

pub(super) fn whole(call: &Call<'_>, alarm: &Value) -> Result<(), AwsError> {
    let invalid = |message: String| Err(call.input.invalid(message));
    for member in ["OKActions", "AlarmActions", "InsufficientDataActions"] {
        let actions = alarm.texts(member);
        if actions.len() > 5 {
            return invalid(format!("{member} can have at most 5 elements."));
        }
        if let Some(action) = actions.iter().find(|action| !action.starts_with("arn:")) {
            return invalid(format!("Invalid arn syntax: {action}"));
        }
    }
    if !alarm.has("ComparisonOperator") {
        return Err(call.input.missing("ComparisonOperator"));
    }
    let periods = alarm.integer("EvaluationPeriods");
    if periods < 1 {
        return invalid("EvaluationPeriods must be greater than 0".to_owned());
    }
    if alarm.has("DatapointsToAlarm")
        && !(1..=periods).contains(&alarm.integer("DatapointsToAlarm"))
    {
        return invalid(
            "DatapointsToAlarm must be between 1 and EvaluationPeriods, inclusive".to_owned(),
        );
    }
    let anomaly = COMPARISONS[4..].contains(&alarm.text("ComparisonOperator"));
    if anomaly != alarm.has("ThresholdMetricId") || anomaly == alarm.has("Threshold") {
        return invalid(
            "ThresholdMetricId goes with the comparisons of anomaly detection, Threshold with all others"
                .to_owned(),
        );
    }
    let missing = alarm.text("TreatMissingData");
    if alarm.has("TreatMissingData")
        && !["breaching", "notBreaching", "ignore", "missing"].contains(&missing)
    {
        return invalid(format!("Option {missing} is not supported for TreatMissingData."));
    }
    let low = alarm.text("EvaluateLowSampleCountPercentile");
    if alarm.has("EvaluateLowSampleCountPercentile") && !["evaluate", "ignore"].contains(&low) {
        return invalid(format!("Option {low} is not supported for low samples."));
    }
    match (alarm.has("MetricName"), alarm.has("Metrics")) {
        (true, false) => metric(call, alarm, periods),
        (false, true) => queries(call, alarm, periods),
        _ => invalid("Exactly one of MetricName and Metrics must be specified".to_owned()),
    }
}

fn metric(call: &Call<'_>, alarm: &Value, periods: i64) -> Result<(), AwsError> {
    for member in ["Namespace", "Period"] {
        if !alarm.has(member) {
            return Err(call.input.missing(member));
        }
    }
    if alarm.has("Statistic") == alarm.has("ExtendedStatistic") {
        return Err(call
            .input
            .invalid("Exactly one of Statistic and ExtendedStatistic must be specified"));
    }
    if alarm.has("ExtendedStatistic") && !is_statistic(alarm.text("ExtendedStatistic")) {
        return Err(call.input.invalid(format!(
            "The value {} for parameter ExtendedStatistic is not supported.",
            alarm.text("ExtendedStatistic")
        )));
    }
    dimensions(call, alarm)?;
    period(call, alarm.integer("Period"), periods)
}

fn queries(call: &Call<'_>, alarm: &Value, periods: i64) -> Result<(), AwsError> {
    let invalid = |message: String| Err(call.input.invalid(message));
    for member in ["Namespace", "Period", "Statistic", "ExtendedStatistic", "Dimensions", "Unit"] {
        if alarm.has(member) {
            return invalid(format!("{member} must not be specified along with Metrics"));
        }
    }
    let queries = alarm.list("Metrics");
    let mut ids = BTreeSet::new();
    let (mut returned, mut expressions) = (0, 0);
    for query in queries {
        let id = query.text("Id");
        let word = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !id.starts_with(|c: char| c.is_ascii_lowercase()) || !word || !ids.insert(id) {
            return invalid(format!("The metric query id '{id}' is not valid, or there twice"));
        }
        let given = !query.has("ReturnData") || query.flag("ReturnData");
        returned += i32::from(given);
        expressions += i32::from(query.has("Expression"));
        match (query.get("MetricStat"), query.has("Expression")) {
            (Some(of), false) => {
                let metric = &of["Metric"];
                let all = metric.has("Namespace") && metric.has("MetricName");
                if !all || !of.has("Period") || !of.has("Stat") {
                    return invalid(format!("MetricStat of '{id}' is not whole"));
                }
                if !is_statistic(of.text("Stat")) {
                    return invalid(format!(
                        "The value {} for Stat is not supported.",
                        of.text("Stat")
                    ));
                }
                dimensions(call, metric)?;
                period(call, of.integer("Period"), periods)?;
            }
            (None, true) => {}
            _ => return invalid(format!("'{id}' needs exactly one of MetricStat and Expression")),
        }
    }
    let wanted = if alarm.has("ThresholdMetricId") { 2 } else { 1 };
    if returned != wanted {
        return invalid(format!("Exactly {wanted} of Metrics may return data, not {returned}"));
    }
    let threshold = alarm.text("ThresholdMetricId");
    if !threshold.is_empty() && !ids.contains(threshold) {
        return invalid(format!("ThresholdMetricId '{threshold}' is no metric query"));
    }
    if queries.len() > 20 || expressions > 10 {
        return invalid("Metrics can have at most 20 elements, 10 of them expressions".to_owned());
    }
    Ok(())
}

fn dimensions(call: &Call<'_>, metric: &Value) -> Result<(), AwsError> {
    let all = metric.list("Dimensions");
    let mut names = BTreeSet::new();
    let sound = all.iter().all(|dimension| {
        dimension.has("Name") && dimension.has("Value") && names.insert(dimension.text("Name"))
    });
    if sound && all.len() <= 30 {
        return Ok(());
    }
    Err(call
        .input
        .invalid("Dimensions have a name and a value each, and no name twice; at most 30"))
}

fn period(call: &Call<'_>, period: i64, periods: i64) -> Result<(), AwsError> {
    if !matches!(period, 10 | 20 | 30) && (period < 60 || period % 60 != 0) {
        return Err(call.input.invalid("Period must be 10, 20, 30 or a multiple of 60"));
    }
    let most = if period >= 3600 { 7 * DAY } else { DAY };
    if period.saturating_mul(periods) > most {
        return Err(call.input.invalid(format!(
            "Metrics cannot be checked across more than {} (EvaluationPeriods * Period must be <= {most}).",
            if most == DAY { "a day" } else { "a week" }
        )));
    }
    Ok(())
}

/// A statistic by name, a percentile (`p99.9`), or a trimmed statistic (`tm90`, `TM(10%:90%)`, `PR(:300)`).
fn is_statistic(text: &str) -> bool {
    if ["SampleCount", "Average", "Sum", "Minimum", "Maximum", "IQM"].contains(&text) {
        return true;
    }
    let percent =
        |text: &str| text.parse::<f64>().is_ok_and(|value| (0.0..=100.0).contains(&value));
    let short = ["p", "tm", "wm", "tc", "ts"].iter().find_map(|name| text.strip_prefix(name));
    if short.is_some_and(percent) {
        return true;
    }
    let bound = |text: &str| {
        let number = text.strip_suffix('%').unwrap_or(text);
        number.is_empty() || number.parse::<f64>().is_ok()
    };
    let within = ["PR", "TM", "WM", "TC", "TS"].iter().find_map(|name| text.strip_prefix(name));
    within
        .and_then(|rest| rest.strip_prefix('(')?.strip_suffix(')')?.split_once(':'))
        .is_some_and(|(low, high)| bound(low) && bound(high) && (low, high) != ("", ""))
}

#[cfg(test)]
mod tests {
    use super::is_statistic;

    #[test]
    fn statistics_have_names_or_bounds() {
        let good = ["Average", "IQM", "p99", "p99.9", "tm90", "TM(10%:90%)", "PR(:300)", "TC(5:)"];
        let bad = ["average", "p", "p101", "q50", "TM()", "TM(:)", "TM(10%)", ""];
        assert!(good.iter().all(|text| is_statistic(text)));
        assert!(!bad.iter().any(|text| is_statistic(text)));
    }
}
