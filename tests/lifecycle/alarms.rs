//! Examples of CloudWatch's alarms.

use std::collections::BTreeMap;

use serde_json::json;
use shipit::engine::Input;
use shipit::resources::cloudwatch::{Alarm, AlarmMetric, MetricQuery, MetricStatistic};

use super::example::{Example, Graph, edit, retag, tags};

fn metric(name: &str, statistic: &str) -> MetricStatistic {
    MetricStatistic {
        namespace: "AWS/ECS".to_owned(),
        name: name.to_owned(),
        dimensions: [("ServiceName".to_owned(), Input::Known("demo-test-api".to_owned()))].into(),
        statistic: statistic.to_owned(),
        period: 60,
        unit: Some("Percent".to_owned()),
    }
}

fn topic(name: &str) -> Input<String> {
    Input::Known(format!("arn:aws:sns:eu-west-1:123456789012:{name}"))
}

fn example() -> Alarm {
    Alarm {
        description: "too busy".to_owned(),
        alarm_actions: vec![topic("bad")],
        ok_actions: vec![topic("good")],
        insufficient_data_actions: vec![topic("unknown")],
        tags: tags(),
        ..Alarm::at_least(metric("CPUUtilization", "p90"), 70.5)
    }
}

pub(super) fn alarm() -> Example {
    let mut graph = Graph::default();
    let handle = graph.add("api/busy", &example());
    let mut plain = metric("MemoryUtilization", "Average");
    plain.unit = None;
    graph.example(
        &handle,
        vec![
            edit("description", json!("")),
            edit("actions_enabled", json!(false)),
            edit("alarm_actions", json!([topic("bad"), topic("worse")])),
            edit("alarm_actions", json!([])),
            edit("ok_actions", json!([])),
            edit("insufficient_data_actions", json!([])),
            edit("metric", json!(AlarmMetric::Single(plain))),
            edit("metric.single.period", json!(300)),
            edit("metric.single.dimensions", json!({ "ClusterName": "demo-test" })),
            edit("comparison", json!("LessThanThreshold")),
            edit("threshold", json!(80.0)),
            edit("evaluation_periods", json!(5)),
            edit("datapoints_to_alarm", json!(1)),
            edit("missing_data", json!("breaching")),
            edit("low_sample_percentile", json!("ignore")),
            retag(),
        ],
    )
}

pub(super) fn math_alarm() -> Example {
    let mut graph = Graph::default();
    let query = |metric: Option<MetricStatistic>, expression: Option<&str>| MetricQuery {
        metric,
        expression: expression.map(str::to_owned),
        ..MetricQuery::default()
    };
    let queries = BTreeMap::from([
        ("a".to_owned(), query(Some(metric("CPUUtilization", "Sum")), None)),
        ("b".to_owned(), MetricQuery { return_data: true, ..query(None, Some("a / PERIOD(a)")) }),
    ]);
    let alarm = Alarm { metric: AlarmMetric::Math(queries.clone()), ..example() };
    let handle = graph.add("api/share", &alarm);
    let mut others = queries;
    if let Some(one) = others.get_mut("a") {
        one.label = Some("all".to_owned());
        one.account = Some("210987654321".to_owned());
    }
    if let Some(one) = others.get_mut("b") {
        one.expression_period = Some(300);
    }
    graph.example(
        &handle,
        vec![
            edit("metric.math.b.expression", json!("a * 2")),
            edit("metric", json!(AlarmMetric::Math(others))),
            edit("metric", json!(AlarmMetric::Single(metric("CPUUtilization", "Average")))),
        ],
    )
}
