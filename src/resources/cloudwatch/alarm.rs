//! An alarm over a metric.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::{AlarmType, MetricAlarm, StandardUnit, Statistic, Tag};
use serde::{Deserialize, Serialize};

use super::metric::{AlarmMetric, MetricStatistic, PLAIN, dimensions_to_sdk};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// An alarm over a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// For people; may be empty.
    pub description: String,
    /// Whether it does anything when its state changes.
    pub actions_enabled: bool,
    /// ARNs of what is told when it goes off: topics, scaling policies.
    pub alarm_actions: Vec<Input<String>>,
    /// ARNs of what is told when all is well again.
    pub ok_actions: Vec<Input<String>>,
    /// ARNs of what is told when there is no telling.
    pub insufficient_data_actions: Vec<Input<String>>,
    /// What is measured.
    pub metric: AlarmMetric,
    /// `GreaterThanOrEqualToThreshold`, `GreaterThanThreshold`, `LessThanThreshold` or
    /// `LessThanOrEqualToThreshold`.
    pub comparison: String,
    /// What it is held against.
    pub threshold: f64,
    /// How many data points are looked at.
    pub evaluation_periods: i32,
    /// How many of those must be bad.
    pub datapoints_to_alarm: i32,
    /// What a data point that is not there counts as: `missing`, `breaching`, `notBreaching`, `ignore`.
    pub missing_data: String,
    /// Percentiles: whether too few samples are looked at (`evaluate`) or passed over (`ignore`).
    pub low_sample_percentile: String,
    /// The user's own tags.
    pub tags: Tags,
}

impl Alarm {
    /// Goes off when two of three minutes are at `threshold` or above; does nothing else.
    pub fn at_least(metric: MetricStatistic, threshold: f64) -> Self {
        Self {
            description: String::new(),
            actions_enabled: true,
            alarm_actions: Vec::new(),
            ok_actions: Vec::new(),
            insufficient_data_actions: Vec::new(),
            metric: AlarmMetric::Single(metric),
            comparison: "GreaterThanOrEqualToThreshold".to_owned(),
            threshold,
            evaluation_periods: 3,
            datapoints_to_alarm: 2,
            missing_data: MISSING.to_owned(),
            low_sample_percentile: EVALUATE.to_owned(),
            tags: Tags::new(),
        }
    }
}

/// CloudWatch's own treatment of missing data.
const MISSING: &str = "missing";
/// CloudWatch's own treatment of few samples.
const EVALUATE: &str = "evaluate";
/// So many names at once.
const BATCH: usize = 100;

crate::ids! {
    /// An alarm's ARN.
    AlarmArn,
}

crate::outputs!(Alarm => AlarmOutputs {
    /// Its ARN.
    arn: AlarmArn,
    /// Its name.
    name: String,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("PutMetricAlarm.AlarmName", "the physical name follows from the address"),
    ("PutMetricAlarm.ThresholdMetricId", "for models of anomalies, which no manifest asks for"),
    (
        "PutMetricAlarm.EvaluationWindow",
        "for PromQL alarms and wall clocks; no manifest asks for it",
    ),
    ("PutMetricAlarm.WarmUpConfiguration", "no manifest asks for it"),
    ("PutMetricAlarm.EvaluationCriteria", "PromQL, which no manifest asks for"),
    ("PutMetricAlarm.EvaluationInterval", "PromQL, which no manifest asks for"),
    ("PutMetricAlarm.ActionConfiguration", "which tags actions are told; no manifest asks for it"),
];

impl Spec for Alarm {
    const KIND: &'static str = "cloudwatch/alarm";
}

fn name(identity: &Identity) -> String {
    identity.name(255)
}

impl Resource for Alarm {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Unordered("alarm_actions"),
            Rule::Unordered("ok_actions"),
            Rule::Unordered("insufficient_data_actions"),
        ],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = AlarmOutputs;

    /// One call for a hundred alarms, and none where there are none.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
        let own = cx.arn("cloudwatch", "alarm:");
        let tagged = bulk.keys().filter_map(|arn| arn.strip_prefix(&own)).map(str::to_owned);
        let names: BTreeSet<String> = tagged.chain(query.wanted.iter().map(name)).collect();
        let names: Vec<String> = names.into_iter().collect();
        let mut found = Found::default();
        for alarm in describe(cx, &names).await? {
            let arn = alarm.alarm_arn().unwrap_or_default();
            let all = match bulk.get(arn) {
                Some(tags) => tags.clone(),
                None => tags_of(cx, arn).await?,
            };
            if let Some(identity) = tags::identity(&all, query) {
                let own = tags::own(&all, &identity);
                found.owned.push(to_live(&alarm, identity, own));
                continue;
            }
            let called = alarm.alarm_name().unwrap_or_default();
            let wanted = query.wanted.iter().find(|wanted| name(wanted) == called);
            found.foreign.extend(wanted.map(|wanted| tags::foreign(wanted, arn, &all)));
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let name = name(identity);
        let tags = tags::for_create(identity, &self.tags, false);
        self.put(cx, &name, Some(&tags)).await?;
        let arn = cx.arn("cloudwatch", &format!("alarm:{name}")).into();
        Ok(Progress::done(AlarmOutputs { arn, name }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        if changes.iter().any(|change| !change.path.starts_with("tags")) {
            self.put(cx, &live.outputs.name, None).await?;
        }
        if touches(changes, "tags") {
            let arn = live.outputs.arn.as_str();
            let (write, remove) = tags::difference(&live.spec.tags, &self.tags);
            if !write.is_empty() {
                tag(cx, arn, &write).await?;
            }
            if !remove.is_empty() {
                let call = cx.cloudwatch.untag_resource().resource_arn(arn);
                let sent = call.set_tag_keys(Some(remove)).send().await;
                sent.map_err(|error| classify("cloudwatch UntagResource", error))?;
            }
        }
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let sent = cx.cloudwatch.delete_alarms().alarm_names(&live.outputs.name).send().await;
        unless_gone(sent.map_err(|error| classify("cloudwatch DeleteAlarms", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let called = id.strip_prefix(&cx.arn("cloudwatch", "alarm:")).unwrap_or(id);
        let found = describe(cx, &[called.to_owned()]).await?;
        let Some(alarm) = found.first() else { return Ok(None) };
        let all = tags_of(cx, alarm.alarm_arn().unwrap_or_default()).await?;
        let make = |identity, own| to_live(alarm, identity, own);
        Ok(Some(Existing::of(all, wanted, make).named(called)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        tag(cx, live.outputs.arn.as_str(), tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        unless_gone(tags_of(cx, live.outputs.arn.as_str()).await)
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(name(identity))
    }
}

impl Alarm {
    /// Makes it or overwrites it whole; tags count for new ones only.
    async fn put(&self, cx: &Cx, name: &str, tags: Option<&Tags>) -> Result<(), Failure> {
        let actions = |from: &[Input<String>]| -> Result<_, Failure> {
            from.iter().map(Input::get).collect::<Result<Vec<String>, _>>().map(Some)
        };
        let mut call = cx
            .cloudwatch
            .put_metric_alarm()
            .alarm_name(name)
            .alarm_description(&self.description)
            .actions_enabled(self.actions_enabled)
            .set_alarm_actions(actions(&self.alarm_actions)?)
            .set_ok_actions(actions(&self.ok_actions)?)
            .set_insufficient_data_actions(actions(&self.insufficient_data_actions)?)
            .comparison_operator(self.comparison.as_str().into())
            .threshold(self.threshold)
            .evaluation_periods(self.evaluation_periods)
            .datapoints_to_alarm(self.datapoints_to_alarm)
            .treat_missing_data(&self.missing_data)
            .set_tags(tags.map(to_sdk));
        if self.low_sample_percentile != EVALUATE {
            call = call.evaluate_low_sample_count_percentile(&self.low_sample_percentile);
        }
        call = match &self.metric {
            AlarmMetric::Single(metric) => {
                let plain = PLAIN.contains(&metric.statistic.as_str());
                let statistic = metric.statistic.as_str();
                call.namespace(&metric.namespace)
                    .metric_name(&metric.name)
                    .set_dimensions(Some(dimensions_to_sdk(&metric.dimensions)?))
                    .period(metric.period)
                    .set_statistic(plain.then(|| Statistic::from(statistic)))
                    .set_extended_statistic((!plain).then(|| statistic.to_owned()))
                    .set_unit(metric.unit.as_deref().map(StandardUnit::from))
            }
            AlarmMetric::Math(queries) => {
                let all = queries.iter().map(|(id, query)| query.to_sdk(id));
                call.set_metrics(Some(all.collect::<Result<_, _>>()?))
            }
        };
        let sent = call.send().await;
        sent.map(drop).map_err(|error| classify("cloudwatch PutMetricAlarm", error))
    }
}

/// The alarms with these names that are there.
async fn describe(cx: &Cx, names: &[String]) -> Result<Vec<MetricAlarm>, Failure> {
    let mut found = Vec::new();
    for names in names.chunks(BATCH) {
        let answer = cx
            .cloudwatch
            .describe_alarms()
            .set_alarm_names(Some(names.to_vec()))
            .alarm_types(AlarmType::MetricAlarm)
            .max_records(100)
            .send()
            .await
            .map_err(|error| classify("cloudwatch DescribeAlarms", error))?;
        found.extend(answer.metric_alarms.unwrap_or_default());
    }
    Ok(found)
}

async fn tags_of(cx: &Cx, arn: &str) -> Result<Tags, Failure> {
    let sent = cx.cloudwatch.list_tags_for_resource().resource_arn(arn).send().await;
    let answer = sent.map_err(|error| classify("cloudwatch ListTagsForResource", error))?;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Ok(answer.tags().iter().map(|tag| (text(tag.key()), text(tag.value()))).collect())
}

async fn tag(cx: &Cx, arn: &str, tags: &Tags) -> Result<(), Failure> {
    let call = cx.cloudwatch.tag_resource().resource_arn(arn).set_tags(Some(to_sdk(tags)));
    call.send().await.map(drop).map_err(|error| classify("cloudwatch TagResource", error))
}

fn to_sdk(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

fn to_live(from: &MetricAlarm, identity: Identity, tags: Tags) -> Live<Alarm> {
    let arn = from.alarm_arn().unwrap_or_default();
    let name = from.alarm_name().unwrap_or_default().to_owned();
    Live {
        identity,
        spec: spec(from, tags),
        outputs: AlarmOutputs { arn: arn.into(), name },
        health: Health::Ready,
        id: arn.to_owned(),
    }
}

fn spec(from: &MetricAlarm, tags: Tags) -> Alarm {
    let actions = |from: &[String]| from.iter().cloned().map(Input::Known).collect();
    let periods = from.evaluation_periods().unwrap_or(1);
    Alarm {
        description: from.alarm_description().unwrap_or_default().to_owned(),
        actions_enabled: from.actions_enabled().unwrap_or(true),
        alarm_actions: actions(from.alarm_actions()),
        ok_actions: actions(from.ok_actions()),
        insufficient_data_actions: actions(from.insufficient_data_actions()),
        metric: AlarmMetric::from_sdk(from),
        comparison: from
            .comparison_operator()
            .map(|one| one.as_str().to_owned())
            .unwrap_or_default(),
        threshold: from.threshold().unwrap_or_default(),
        evaluation_periods: periods,
        datapoints_to_alarm: from.datapoints_to_alarm().unwrap_or(periods),
        missing_data: from.treat_missing_data().unwrap_or(MISSING).to_owned(),
        low_sample_percentile: from
            .evaluate_low_sample_count_percentile()
            .unwrap_or(EVALUATE)
            .to_owned(),
        tags,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cloudwatch_leaves_out_has_its_default() {
        let live = MetricAlarm::builder()
            .namespace("AWS/ECS")
            .metric_name("CPUUtilization")
            .extended_statistic("p99")
            .period(60)
            .evaluation_periods(5)
            .threshold(70.0)
            .build();
        let read = spec(&live, Tags::new());
        let AlarmMetric::Single(metric) = &read.metric else { panic!("{read:?}") };
        assert_eq!((metric.statistic.as_str(), metric.period), ("p99", 60));
        assert_eq!((read.evaluation_periods, read.datapoints_to_alarm), (5, 5));
        assert_eq!((read.missing_data.as_str(), read.actions_enabled), ("missing", true));
        assert_eq!(read.low_sample_percentile, "evaluate");
    }
}
