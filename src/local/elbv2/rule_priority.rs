//! Priorities of several rules at once, so that two may change places.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::errors::validation;
use super::rule::{not_permitted, priority_in_use};
use super::{RULES, names};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn set(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let mut wanted: BTreeMap<String, String> = BTreeMap::new();
    for pair in call.input.structures("RulePriorities")? {
        let arn = pair.text("RuleArn")?;
        let priority = pair.optional_integer_within("Priority", 1, 50_000)?;
        let priority = priority.ok_or_else(|| pair.missing("Priority"))?;
        if names::rule(call, &arn)?.flag("IsDefault") {
            return Err(not_permitted(format!("Default rule '{arn}' cannot have a priority")));
        }
        if wanted.insert(arn.clone(), priority.to_string()).is_some() {
            return Err(validation(format!("The rule '{arn}' is given twice")));
        }
    }
    if wanted.is_empty() {
        return Err(call.input.missing("RulePriorities"));
    }
    let mut shown = Vec::new();
    for (arn, priority) in &wanted {
        let listener = arn.rsplit_once('/').map_or(arn.as_str(), |(listener, _)| listener);
        let others = call.scan(RULES, &format!("{listener}/"));
        let taken = others.iter().any(|(other, rule)| {
            let after = wanted.get(other).map_or_else(|| rule.text("Priority"), String::as_str);
            other != arn && after == priority
        });
        if taken {
            return Err(priority_in_use(priority));
        }
    }
    for (arn, priority) in wanted {
        call.update(RULES, &arn, |rule| rule.set("Priority", priority));
        shown.extend(call.get(RULES, &arn).map(|rule| Value::clone(&rule)));
    }
    Ok(json!({"Rules": shown}))
}
