//! What one statement of a policy says of an action on a resource.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::local::document::Document;
use crate::local::error::AwsError;

/// Condition keys in lower case, with their values.
pub(super) type Context = BTreeMap<String, Vec<String>>;

/// Whether the statement applies. Condition keys that it hangs on and that nobody gave go into
/// `missing`, if all else of it applies.
pub(super) fn applies(
    statement: &Value,
    action: &str,
    resource: &str,
    context: &Context,
    missing: &mut BTreeSet<String>,
) -> Result<bool, AwsError> {
    let any = |name: &str, text: &str, fold: bool| {
        texts(&statement[name]).iter().any(|pattern| matches(pattern, text, fold))
    };
    if texts(&statement["Resource"])
        .iter()
        .chain(&texts(&statement["NotResource"]))
        .any(|it| it.contains("${"))
    {
        return Err(AwsError::not_modelled("local AWS does not model policy variables"));
    }
    let acts = match statement.has("Action") {
        true => any("Action", action, true),
        false => !any("NotAction", action, true),
    };
    let concerns = match (statement.has("Resource"), statement.has("NotResource")) {
        (true, _) => any("Resource", resource, false),
        (false, true) => !any("NotResource", resource, false),
        (false, false) => true,
    };
    if !acts || !concerns {
        return Ok(false);
    }
    let Some(conditions) = statement["Condition"].as_object() else { return Ok(true) };
    let mut holds = true;
    for (operator, keys) in conditions {
        for (key, values) in keys.as_object().into_iter().flatten() {
            let given = context.get(&key.to_lowercase());
            match condition(operator, given.map(Vec::as_slice), &texts(values))? {
                Some(true) => {}
                Some(false) => holds = false,
                None => {
                    missing.insert(key.clone());
                    holds = false;
                }
            }
        }
    }
    Ok(holds)
}

/// A string, or a list of strings and booleans.
fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match value {
        Value::Array(items) => items.iter().filter_map(text).collect(),
        other => text(other).into_iter().collect(),
    }
}

/// Whether a condition holds; `None` if it hangs on a key that was not given.
fn condition(
    operator: &str,
    given: Option<&[String]>,
    wanted: &[String],
) -> Result<Option<bool>, AwsError> {
    let (set, rest) = match operator.split_once(':') {
        Some((set @ ("ForAnyValue" | "ForAllValues"), rest)) => (Some(set), rest),
        Some(_) => return Err(unknown(operator)),
        None => (None, operator),
    };
    let (name, if_exists) = match rest.strip_suffix("IfExists") {
        Some(name) => (name, true),
        None => (rest, false),
    };
    if name == "Null" {
        let absent = given.is_none();
        return Ok(Some(wanted.iter().any(|wanted| (wanted == "true") == absent)));
    }
    let (test, negated): (fn(&str, &str) -> bool, bool) = match name {
        "StringEquals" => (|value, wanted| value == wanted, false),
        "StringNotEquals" => (|value, wanted| value == wanted, true),
        "StringEqualsIgnoreCase" => (|value, wanted| value.eq_ignore_ascii_case(wanted), false),
        "StringNotEqualsIgnoreCase" => (|value, wanted| value.eq_ignore_ascii_case(wanted), true),
        "StringLike" | "ArnLike" | "ArnEquals" => {
            (|value, wanted| matches(wanted, value, false), false)
        }
        "StringNotLike" | "ArnNotLike" | "ArnNotEquals" => {
            (|value, wanted| matches(wanted, value, false), true)
        }
        "Bool" => (|value, wanted| value.eq_ignore_ascii_case(wanted), false),
        _ => return Err(unknown(operator)),
    };
    let Some(given) = given else {
        // What is absent differs from everything, and a set of nothing is within every set.
        let holds = negated || if_exists || set == Some("ForAllValues");
        return Ok(holds.then_some(true));
    };
    let is = |value: &String| wanted.iter().any(|wanted| test(value, wanted)) != negated;
    Ok(Some(match set {
        Some("ForAllValues") => given.iter().all(is),
        _ => given.iter().any(is),
    }))
}

fn unknown(operator: &str) -> AwsError {
    AwsError::not_modelled(format!("local AWS does not model the condition operator {operator}"))
}

/// Whether a text is what a pattern with `*` and `?` stands for.
fn matches(pattern: &str, text: &str, fold: bool) -> bool {
    let folded = |text: &str| -> Vec<char> {
        if fold { text.to_lowercase().chars().collect() } else { text.chars().collect() }
    };
    let (pattern, text) = (folded(pattern), folded(text));
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                p = at + 1;
                t = from + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_stand_for_texts() {
        for (pattern, text, wanted) in [
            ("ec2:Create*", "ec2:CreateVpc", true),
            ("ec2:create*", "ec2:CreateVpc", true),
            ("*:*Vpc", "ec2:CreateVpc", true),
            ("ec2:CreateVp?", "ec2:CreateVpc", true),
            ("ec2:Create", "ec2:CreateVpc", false),
            ("*", "", true),
            ("a*b*c", "aXbYbc", true),
            ("a*b*c", "aXbYb", false),
        ] {
            assert_eq!(matches(pattern, text, true), wanted, "{pattern} {text}");
        }
        assert!(!matches("arn:AWS:*", "arn:aws:x", false));
    }

    fn of(statement: &Value, given: &[(&str, &str)]) -> (bool, Vec<String>) {
        let context =
            given.iter().map(|(k, v)| (k.to_lowercase(), vec![(*v).to_owned()])).collect();
        let mut missing = BTreeSet::new();
        let applies =
            applies(statement, "ec2:RunInstances", "arn:aws:ec2:::x", &context, &mut missing);
        (applies.unwrap(), missing.into_iter().collect())
    }

    #[test]
    fn conditions_hold_fail_or_lack_a_value() {
        let with = |operator: &str, value: Value| {
            json!({"Effect": "Allow", "Action": "ec2:*", "Resource": "*",
                   "Condition": {operator: {"aws:RequestedRegion": value}}})
        };
        let key = "aws:RequestedRegion";
        let equals = with("StringEquals", json!(["eu-west-1", "eu-west-2"]));
        assert_eq!(of(&equals, &[(key, "eu-west-2")]), (true, vec![]));
        assert_eq!(of(&equals, &[(key, "us-east-1")]), (false, vec![]));
        assert_eq!(of(&equals, &[]), (false, vec![key.to_owned()]));
        assert_eq!(of(&with("StringEqualsIfExists", json!("x")), &[]), (true, vec![]));
        assert_eq!(of(&with("StringNotEquals", json!("x")), &[]), (true, vec![]));
        assert_eq!(of(&with("Null", json!("true")), &[]), (true, vec![]));
        assert_eq!(of(&with("StringLike", json!("eu-*")), &[(key, "eu-west-1")]), (true, vec![]));
        let other =
            json!({"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::*"});
        assert_eq!(of(&other, &[]), (true, vec![]));
        let date = with("DateLessThan", json!("2026-01-01"));
        let mut missing = BTreeSet::new();
        assert!(applies(&date, "ec2:X", "*", &Context::new(), &mut missing).is_err());
    }
}
