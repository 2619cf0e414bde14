//! The diff, field by field.

use serde_json::{Value, json};

use super::{Rules, diff};
use crate::engine::Rule;

const RULES: &[Rule] = &[
    Rule::Immutable("network.vpc"),
    Rule::Immutable("containers[].port"),
    Rule::Unordered("subnets"),
    Rule::Unordered("rules"),
    Rule::Unordered("rules[].values"),
    Rule::OwnedElsewhere("count", "autoscaling"),
    Rule::Policy("policy"),
    Rule::Sensitive("containers[].environment.*"),
];

fn shown(live: Value, desired: Value) -> Vec<String> {
    diff(&Rules::new(RULES), &live, &desired)
        .iter()
        .map(|change| {
            let replaced = if change.forces_replacement { " !" } else { "" };
            format!("{}: {} -> {}{replaced}", change.path, change.before, change.after)
        })
        .collect()
}

#[test]
fn null_and_absent_are_equal_and_so_are_1_and_1_0() {
    let live = json!({ "a": null, "n": 1, "list": [1, 2], "block": { "x": null } });
    let desired = json!({ "b": null, "n": 1.0, "list": [1.0, 2] });
    assert_eq!(shown(live, desired), [""; 0]);
}

#[test]
fn an_added_container_shows_just_it_and_its_secrets_are_masked() {
    let live = json!({ "containers": [{ "name": "api", "image": "a:1", "port": 80 }] });
    let desired = json!({ "containers": [
        { "name": "proxy", "image": "p:1", "environment": { "KEY": "hush" } },
        { "name": "api", "image": "a:2", "port": 81 },
    ]});
    assert_eq!(
        shown(live, desired),
        [
            r#"containers[1].image: "a:1" -> "a:2""#,
            "containers[1].port: 80 -> 81 !",
            r#"containers[0]: null -> {"environment":{"KEY":"(sensitive)"},"image":"p:1","name":"proxy"}"#,
        ]
    );
}

#[test]
fn the_order_of_named_elements_counts_unless_a_rule_says_otherwise() {
    let list = |names: [&str; 2]| json!(names.map(|name| json!({ "name": name })));
    let (ab, ba) = (list(["a", "b"]), list(["b", "a"]));
    assert_eq!(
        shown(json!({ "containers": ab }), json!({ "containers": ba })),
        [r#"containers: [{"name":"a"},{"name":"b"}] -> [{"name":"b"},{"name":"a"}]"#]
    );
    assert_eq!(shown(json!({ "rules": ab }), json!({ "rules": ba })), [""; 0]);
}

#[test]
fn bags_compare_by_what_they_hold() {
    let live = json!({ "subnets": ["a", "b"], "rules": [{ "values": [2, 1] }, { "values": [3] }] });
    let desired =
        json!({ "subnets": ["b", "a"], "rules": [{ "values": [4] }, { "values": [1, 2] }] });
    assert_eq!(
        shown(live, desired),
        [r#"rules[1]: {"values":[3]} -> null"#, r#"rules[0]: null -> {"values":[4]}"#]
    );
}

#[test]
fn a_block_that_comes_or_goes_forces_what_its_fields_force() {
    assert_eq!(
        shown(json!({}), json!({ "network": { "vpc": "vpc-1" } })),
        [r#"network: null -> {"vpc":"vpc-1"} !"#]
    );
    assert_eq!(
        shown(json!({ "network": { "public": true } }), json!({})),
        [r#"network: {"public":true} -> null"#]
    );
}

#[test]
fn what_is_owned_elsewhere_is_no_change_and_is_sent_as_it_is() {
    let (live, desired) = (json!({ "count": 6 }), json!({ "count": 2, "cpu": 1 }));
    assert_eq!(shown(live.clone(), desired.clone()), ["cpu: null -> 1"]);
    let mut sent = desired;
    Rules::new(RULES).keep_owned_elsewhere(&live, &mut sent);
    assert_eq!(sent, json!({ "count": 6, "cpu": 1 }));
}

#[test]
fn unknowns_are_shown_as_references() {
    let reference = json!({ "$output": ["ec2/vpc.main", "id"] });
    let changes = diff(
        &Rules::new(RULES),
        &json!({ "network": { "vpc": "vpc-1" }, "subnets": ["s-1"] }),
        &json!({ "network": { "vpc": reference }, "subnets": ["s-1", reference] }),
    );
    let shown: Vec<_> = changes
        .iter()
        .map(|c| (c.path.as_str(), c.unknown.join(", "), c.forces_replacement))
        .collect();
    assert_eq!(
        shown,
        [
            ("network.vpc", "ec2/vpc.main → id".to_owned(), true),
            ("subnets", "ec2/vpc.main → id".to_owned(), false),
        ]
    );
}

#[test]
fn lists_in_order_show_what_lies_between_equal_ends() {
    let live = json!({ "actions": [{ "a": 1 }, { "b": 1 }, { "c": 1 }] });
    let desired = json!({ "actions": [{ "a": 1 }, { "b": 2 }, { "d": 1 }, { "c": 1 }] });
    assert_eq!(shown(live, desired), ["actions[1].b: 1 -> 2", r#"actions[2]: null -> {"d":1}"#]);
}
