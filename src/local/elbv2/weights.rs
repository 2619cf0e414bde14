//! The weights of two target groups in one rule or listener, as ECS changes them.

use serde_json::{Value, json};

use super::{LISTENERS, RULES};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::store::Table;

/// Where a rule's or a network load balancer's listener's actions stand.
fn place(arn: &str) -> Option<(Table, &'static str)> {
    if arn.contains(":listener-rule/app/") {
        return Some((RULES, "Actions"));
    }
    arn.contains(":listener/net/").then_some((LISTENERS, "DefaultActions"))
}

/// The target groups that a rule or listener forwards to; none if it is not there, is an application load balancer's
/// default rule, or does something else.
pub fn forwards(call: &Call<'_>, arn: &str) -> Option<Vec<String>> {
    let (table, member) = place(arn)?;
    let document = call.get(table, arn)?;
    if document.flag("IsDefault") {
        return None;
    }
    let action = document.list(member).iter().find(|one| one.text("Type") == "forward")?;
    let groups = action["ForwardConfig"].list("TargetGroups").iter();
    Some(groups.map(|one| one.text("TargetGroupArn").to_owned()).collect())
}

/// Gives the first group this percentage of the requests, and the second the rest. What is not there is passed over.
pub fn set(call: &mut Call<'_>, arn: &str, (to, from): (&str, &str), percent: f64) {
    let Some((table, member)) = place(arn) else { return };
    let Some(groups) = forwards(call, arn) else { return };
    let (own, rest) = split(percent);
    let mut weighted = vec![
        json!({"TargetGroupArn": to, "Weight": own}),
        json!({"TargetGroupArn": from, "Weight": rest}),
    ];
    // They stay in the order in which they stood.
    weighted.sort_by_key(|one| {
        groups.iter().position(|group| group == one.text("TargetGroupArn")).unwrap_or(groups.len())
    });
    call.update(table, arn, |document| {
        let actions = document.get_mut(member).and_then(Value::as_array_mut);
        for action in actions.into_iter().flatten() {
            if let Some(config) = action.get_mut("ForwardConfig") {
                config.set("TargetGroups", weighted.clone());
                action.unset("TargetGroupArn");
            }
        }
    });
}

/// Percentages as weights: out of 100, or out of 1000 where there are tenths of a percent.
fn split(percent: f64) -> (i64, i64) {
    let tenths = (percent * 10.0).round().clamp(0.0, 1000.0) as i64;
    if tenths % 10 == 0 {
        return (tenths / 10, 100 - tenths / 10);
    }
    (tenths.min(999), (1000 - tenths).min(999))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn percentages_are_weights() {
        assert_eq!(split(100.0), (100, 0));
        assert_eq!(split(5.0), (5, 95));
        assert_eq!(split(0.1), (1, 999));
        assert_eq!(split(33.3), (333, 667));
    }
}
