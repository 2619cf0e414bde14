//! Filter policies: which messages a subscription wants.

use serde_json::{Value, json};

use crate::local::document::Document;

/// Checks a policy's grammar as far as it is played here; what is not is refused.
pub(super) fn check(text: &str) -> Result<(), String> {
    let policy: Value = serde_json::from_str(text)
        .map_err(|_| "failed to parse JSON. Unexpected character".to_owned())?;
    let Some(keys) = policy.as_object() else {
        return Err("Filter policy must be an object".to_owned());
    };
    for (key, wanted) in keys {
        match wanted {
            Value::Array(list) if !list.is_empty() => list.iter().try_for_each(check_one)?,
            Value::Object(_) => check(&wanted.to_string())?,
            _ => return Err(format!("\"{key}\" must be an object or an array")),
        }
    }
    Ok(())
}

fn check_one(wanted: &Value) -> Result<(), String> {
    let Some(operator) = wanted.as_object() else { return Ok(()) };
    match operator.iter().next().filter(|_| operator.len() == 1) {
        Some((name, _))
            if matches!(
                name.as_str(),
                "anything-but" | "prefix" | "suffix" | "equals-ignore-case" | "exists" | "numeric"
            ) =>
        {
            Ok(())
        }
        Some((name, _)) => Err(format!("Unrecognized match type {name}")),
        None => Err("Only one key allowed in match expression".to_owned()),
    }
}

/// Whether a subscription with these attributes gets the message.
pub(super) fn passes(subscription: &Value, attributes: &Value, message: &str) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(subscription.text("FilterPolicy")) else {
        return true;
    };
    if subscription.text("FilterPolicyScope") == "MessageBody" {
        return serde_json::from_str(message).is_ok_and(|body: Value| body_fits(&policy, &body));
    }
    policy.as_object().into_iter().flatten().all(|(name, wanted)| {
        let value = attributes.get(name).map(|attribute| {
            let text = attribute.text("StringValue");
            match attribute.text("DataType") {
                "Number" | "String.Array" => {
                    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
                }
                _ => json!(text),
            }
        });
        any_fits(wanted.as_array(), value.as_ref())
    })
}

fn body_fits(policy: &Value, body: &Value) -> bool {
    policy.as_object().into_iter().flatten().all(|(name, wanted)| match wanted {
        Value::Object(_) => body.get(name).is_some_and(|inner| body_fits(wanted, inner)),
        _ => any_fits(wanted.as_array(), body.get(name)),
    })
}

fn any_fits(wanted: Option<&Vec<Value>>, value: Option<&Value>) -> bool {
    let values: Vec<Option<&Value>> = match value {
        Some(Value::Array(list)) => list.iter().map(Some).collect(),
        value => vec![value],
    };
    wanted.into_iter().flatten().any(|wanted| values.iter().any(|value| fits(wanted, *value)))
}

fn fits(wanted: &Value, value: Option<&Value>) -> bool {
    let Some((operator, operand)) = wanted.as_object().and_then(|one| one.iter().next()) else {
        return value == Some(wanted);
    };
    if operator == "exists" {
        return operand.as_bool() == Some(value.is_some());
    }
    let Some(value) = value else { return false };
    let text = value.as_str().unwrap_or_default();
    let operand_text = operand.as_str().unwrap_or_default();
    match operator.as_str() {
        "prefix" => value.is_string() && text.starts_with(operand_text),
        "suffix" => value.is_string() && text.ends_with(operand_text),
        "equals-ignore-case" => text.eq_ignore_ascii_case(operand_text),
        "anything-but" => match operand {
            Value::Array(list) => !list.contains(value),
            Value::Object(_) => !fits(operand, Some(value)),
            one => one != value,
        },
        "numeric" => {
            let Some(number) = value.as_f64() else { return false };
            operand.as_array().is_some_and(|terms| {
                terms.chunks(2).all(|term| {
                    let (Some(sign), Some(bound)) =
                        (term.first().and_then(Value::as_str), term.get(1).and_then(Value::as_f64))
                    else {
                        return false;
                    };
                    match sign {
                        "=" => number == bound,
                        "<" => number < bound,
                        "<=" => number <= bound,
                        ">" => number > bound,
                        ">=" => number >= bound,
                        _ => false,
                    }
                })
            })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_pass_by_attributes_and_by_body() {
        let by_attributes = json!({"FilterPolicy": "{\"kind\":[\"order\",{\"prefix\":\"re\"}],\"size\":[{\"numeric\":[\">\",1,\"<=\",5]}]}"});
        let attributes = |kind: &str, size: &str| {
            json!({
                "kind": {"DataType": "String", "StringValue": kind},
                "size": {"DataType": "Number", "StringValue": size},
            })
        };
        assert!(passes(&by_attributes, &attributes("order", "5"), ""));
        assert!(passes(&by_attributes, &attributes("return", "2"), ""));
        assert!(!passes(&by_attributes, &attributes("order", "6"), ""));
        assert!(!passes(&by_attributes, &attributes("other", "2"), ""));
        assert!(!passes(&by_attributes, &json!({}), ""));
        let by_body = json!({"FilterPolicyScope": "MessageBody", "FilterPolicy": "{\"a\":{\"b\":[{\"anything-but\":[\"x\"]}]}}"});
        assert!(passes(&by_body, &json!({}), "{\"a\":{\"b\":\"y\"}}"));
        assert!(!passes(&by_body, &json!({}), "{\"a\":{\"b\":\"x\"}}"));
        assert!(passes(&json!({}), &json!({}), "anything"));
    }
}
