//! Metric alarms: made or overwritten by one call.

use serde_json::{Map, Value, json};

use super::{ALARMS, arn, check, error};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::Shape::{self, Boolean, Integer, List, Number, OneOf, Structure, Text};

/// AWS's largest page, and how many names it takes.
const MOST: i64 = 100;

const DIMENSIONS: Shape = List(&Structure(&[("Name", Text), ("Value", Text)]));

const STATISTICS: &[&str] = &["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

/// Every unit of CloudWatch.
#[rustfmt::skip]
const UNITS: &[&str] = &[
    "Seconds", "Microseconds", "Milliseconds",
    "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes",
    "Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count",
    "Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second",
    "Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second",
    "Count/Second", "None",
];

const QUERIES: Shape = List(&Structure(&[
    ("Id", Text),
    (
        "MetricStat",
        Structure(&[
            (
                "Metric",
                Structure(&[("Namespace", Text), ("MetricName", Text), ("Dimensions", DIMENSIONS)]),
            ),
            ("Period", Integer),
            ("Stat", Text),
            ("Unit", OneOf(UNITS)),
        ]),
    ),
    ("Expression", Text),
    ("Label", Text),
    ("ReturnData", Boolean),
    ("Period", Integer),
    ("AccountId", Text),
]));

/// What an alarm is made of, member by member; tags and state stand elsewhere.
const MEMBERS: &[(&str, Shape)] = &[
    ("AlarmDescription", Text),
    ("ActionsEnabled", Boolean),
    ("OKActions", List(&Text)),
    ("AlarmActions", List(&Text)),
    ("InsufficientDataActions", List(&Text)),
    ("MetricName", Text),
    ("Namespace", Text),
    ("Statistic", OneOf(STATISTICS)),
    ("ExtendedStatistic", Text),
    ("Dimensions", DIMENSIONS),
    ("Period", Integer),
    ("Unit", OneOf(UNITS)),
    ("EvaluationPeriods", Integer),
    ("DatapointsToAlarm", Integer),
    ("Threshold", Number),
    ("ComparisonOperator", OneOf(check::COMPARISONS)),
    ("TreatMissingData", Text),
    ("EvaluateLowSampleCountPercentile", Text),
    ("Metrics", QUERIES),
    ("ThresholdMetricId", Text),
];

pub(super) fn put(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("AlarmName")?;
    if name.is_empty() || name.chars().count() > 255 || name.starts_with(':') {
        return Err(call.input.invalid(format!("AlarmName {name:?} is not valid.")));
    }
    let mut alarm = json!({});
    for (member, shape) in MEMBERS {
        if let Some(value) = call.input.shaped(member, shape)? {
            alarm.set(member, value);
        }
    }
    let tags = call.input.tags("Tags", "Key", "Value")?;
    call.input.refuse_unread()?;
    check::whole(call, &alarm)?;
    for (member, usual) in [
        ("ActionsEnabled", json!(true)),
        ("OKActions", json!([])),
        ("AlarmActions", json!([])),
        ("InsufficientDataActions", json!([])),
        ("Dimensions", json!([])),
        ("Metrics", json!([])),
    ] {
        if !alarm.has(member) {
            alarm.set(member, usual);
        }
    }
    for query in alarm["Metrics"].as_array_mut().into_iter().flatten() {
        if !query.has("ReturnData") {
            query.set("ReturnData", true);
        }
    }
    // Of the two, an alarm shows the one that it has.
    let of_metric = alarm.has("MetricName");
    if of_metric {
        alarm.unset("Metrics");
    } else {
        alarm.unset("Dimensions");
    }
    let now = call.time(call.now);
    let arn = arn(call, &name);
    let old = call.get(ALARMS, &name);
    let state = match &old {
        Some(old) => old["state"].clone(),
        None => json!({
            "StateValue": "INSUFFICIENT_DATA",
            "StateReason": "Unchecked: Initial alarm creation",
            "StateUpdatedTimestamp": now,
            "StateTransitionedTimestamp": now,
        }),
    };
    alarm.set("AlarmName", name.clone());
    alarm.set("AlarmArn", arn.clone());
    alarm.set("AlarmConfigurationUpdatedTimestamp", now);
    alarm.set("state", state);
    // Tags are for new alarms; on those that are there they have no effect.
    if old.is_none() {
        call.add_tags(&arn, tags)?;
    }
    call.put(ALARMS, &name, alarm);
    Ok(json!({}))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let names = call.input.optional_texts("AlarmNames")?;
    let prefix = call.input.optional_text("AlarmNamePrefix")?;
    let types = call.input.texts("AlarmTypes")?;
    let state = call.input.optional_one_of("StateValue", check::STATES)?;
    let action = call.input.optional_text("ActionPrefix")?;
    let size = call.input.optional_integer_within("MaxRecords", 1, MOST)?.unwrap_or(50);
    let token = call.input.optional_text("NextToken")?;
    if names.is_some() && prefix.is_some() {
        return Err(error(
            "InvalidParameterCombination",
            "Must not specify both AlarmNames and AlarmNamePrefix",
        ));
    }
    let many = usize::try_from(MOST).unwrap_or_default();
    if names.as_ref().is_some_and(|names| names.len() > many) {
        return Err(call.input.invalid("AlarmNames can have at most 100 elements."));
    }
    let metric_alarms = types.is_empty() || types.iter().any(|kind| kind == "MetricAlarm");
    let mut found = match (&names, metric_alarms) {
        (_, false) => Vec::new(),
        (Some(names), true) => {
            names.iter().filter_map(|name| Some((name.clone(), call.get(ALARMS, name)?))).collect()
        }
        (None, true) => call.scan(ALARMS, prefix.as_deref().unwrap_or_default()),
    };
    found.retain(|(_, alarm)| {
        let actions = ["OKActions", "AlarmActions", "InsufficientDataActions"];
        let calls = |prefix: &String| {
            let mut all = actions.iter().flat_map(|member| alarm.texts(member));
            all.any(|action| action.starts_with(prefix.as_str()))
        };
        state.as_ref().is_none_or(|state| alarm["state"].text("StateValue") == state)
            && action.as_ref().is_none_or(calls)
    });
    let page = call.page(found, size as usize, token.as_deref(), |(name, _)| name.clone())?;
    let shown: Vec<Value> = page.items.iter().map(|(_, alarm)| show(alarm)).collect();
    Ok(json!({"MetricAlarms": shown, "CompositeAlarms": [], "NextToken": page.next}))
}

fn show(alarm: &Value) -> Value {
    let mut shown: Map<String, Value> = alarm.as_object().cloned().unwrap_or_default();
    if let Some(Value::Object(state)) = shown.remove("state") {
        shown.extend(state);
    }
    Value::Object(shown)
}

/// All or none.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let names = call.input.texts("AlarmNames")?;
    if names.is_empty() || names.len() > usize::try_from(MOST).unwrap_or_default() {
        return Err(call.input.invalid("AlarmNames must have 1 to 100 elements."));
    }
    let lost: Vec<&str> =
        names.iter().filter(|name| call.get(ALARMS, name).is_none()).map(String::as_str).collect();
    if !lost.is_empty() {
        let message = format!("Alarms [{}] do not exist", lost.join(", "));
        return Err(error("ResourceNotFound", message).status(404));
    }
    for name in names {
        let arn = arn(call, &name);
        call.forget_tags(&arn);
        call.delete(ALARMS, &name);
    }
    Ok(json!({}))
}
