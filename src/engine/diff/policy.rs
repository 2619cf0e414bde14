//! IAM policy documents, compared by what they mean.

use serde_json::{Map, Value};

/// Whether two policy documents (JSON text or the document itself) mean the same: the order
/// of statements, actions, resources and principals is nothing, one string is a list of one,
/// `"*"` as principal is `{"AWS": "*"}`, an account id is its root ARN, and actions and
/// condition keys know no case. A statement's `Sid` counts.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    canonical(a) == canonical(b)
}

fn canonical(policy: &Value) -> Value {
    let parsed = policy.as_str().and_then(|text| serde_json::from_str(text).ok());
    let Value::Object(fields) = parsed.unwrap_or_else(|| policy.clone()) else {
        return policy.clone();
    };
    let mut canonical = Map::new();
    canonical.insert("Version".into(), Value::String("2008-10-17".into()));
    for (name, value) in fields {
        let value = match name.as_str() {
            "Statement" => sorted(list(value).into_iter().map(statement).collect()),
            _ => value,
        };
        canonical.insert(name, value);
    }
    Value::Object(canonical)
}

fn statement(statement: Value) -> Value {
    let Value::Object(fields) = statement else { return statement };
    let fields = fields.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| {
        let value = match name.as_str() {
            "Action" | "NotAction" => sorted(list(value).into_iter().map(lower).collect()),
            "Resource" | "NotResource" => sorted(list(value)),
            "Principal" | "NotPrincipal" => principal(value),
            "Condition" => condition(value),
            _ => value,
        };
        (name, value)
    });
    Value::Object(fields.collect())
}

fn principal(value: Value) -> Value {
    let mut fields = match value {
        Value::Object(fields) => fields,
        other => Map::from_iter([("AWS".to_owned(), other)]),
    };
    for (name, value) in &mut fields {
        let items = list(value.take());
        let items = items.into_iter().map(|item| if name == "AWS" { root(item) } else { item });
        *value = sorted(items.collect());
    }
    Value::Object(fields)
}

fn root(value: Value) -> Value {
    match value.as_str() {
        Some(id) if id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()) => {
            Value::String(format!("arn:aws:iam::{id}:root"))
        }
        _ => value,
    }
}

fn condition(value: Value) -> Value {
    let Value::Object(operators) = value else { return value };
    let operators = operators.into_iter().map(|(operator, keys)| {
        let keys = match keys {
            Value::Object(keys) => Value::Object(
                keys.into_iter()
                    .map(|(key, value)| {
                        let values = list(value).into_iter().map(|value| match value {
                            Value::Bool(flag) => Value::String(flag.to_string()),
                            Value::Number(number) => Value::String(number.to_string()),
                            other => other,
                        });
                        (key.to_ascii_lowercase(), sorted(values.collect()))
                    })
                    .collect(),
            ),
            other => other,
        };
        (operator, keys)
    });
    Value::Object(operators.collect())
}

fn lower(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.to_ascii_lowercase()),
        other => other,
    }
}

fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        other => vec![other],
    }
}

fn sorted(mut items: Vec<Value>) -> Value {
    items.sort_by_cached_key(ToString::to_string);
    items.dedup();
    Value::Array(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn order_and_spelling_mean_nothing() {
        let a = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "x" },
            { "Effect": "Deny", "Principal": { "AWS": "123456789012" }, "Action": "s3:*", "Resource": ["x"],
              "Condition": { "Bool": { "aws:SecureTransport": false } } },
        ]});
        let b = json!({ "Statement": [
            { "Effect": "Deny", "Principal": { "AWS": ["arn:aws:iam::123456789012:root"] }, "Action": ["s3:*"],
              "Resource": "x", "Condition": { "Bool": { "aws:securetransport": "false" } } },
            { "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": ["s3:putobject", "s3:getobject"], "Resource": ["x"] },
        ], "Version": "2012-10-17" });
        assert!(same(&a, &b));
        assert!(same(&Value::String(a.to_string()), &b));
    }

    #[test]
    fn a_sid_an_effect_and_a_resource_count() {
        let with = |sid: &str, effect: &str, resource: &str| {
            json!({ "Version": "2012-10-17", "Statement": {
                "Sid": sid, "Effect": effect, "Action": "*", "Resource": resource } })
        };
        let base = with("a", "Allow", "x");
        assert!(same(&base, &with("a", "Allow", "x")));
        for other in [with("b", "Allow", "x"), with("a", "Deny", "x"), with("a", "Allow", "X")] {
            assert!(!same(&base, &other));
        }
    }
}
