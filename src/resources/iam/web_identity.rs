//! Trust in an identity provider (OIDC), written so that it can be planned before the provider is there.
//!
//! IAM's conditions on a web identity have the issuer in their *keys*: `oidc.eks.….amazonaws.com/id/…:sub`. A document
//! can hold what is not known yet as a value, never as a key. So documents write `{issuer}:sub`, and the issuer is what
//! stands behind `:oidc-provider/` in the ARN of the statement's federated principal.

use serde_json::{Map, Value};

/// Stands for the issuer in the keys of a statement's conditions.
pub const ISSUER: &str = "{issuer}";

/// The policy as IAM wants it: conditions name the issuer.
pub(super) fn spelt(policy: &Value) -> Value {
    statements(policy, |issuer, key| {
        key.strip_prefix(ISSUER).map(|variable| format!("{issuer}{variable}"))
    })
}

/// The policy as documents have it.
pub(super) fn normal(policy: &Value) -> Value {
    statements(policy, |issuer, key| {
        let variable = key.strip_prefix(issuer).filter(|rest| rest.starts_with(':'));
        variable.map(|variable| format!("{ISSUER}{variable}"))
    })
}

/// Renames keys of conditions, in each statement that trusts a provider.
fn statements(policy: &Value, rename: impl Fn(&str, &str) -> Option<String>) -> Value {
    let mut policy = policy.clone();
    let all = match policy.get_mut("Statement") {
        Some(Value::Array(all)) => all.as_mut_slice(),
        Some(one) => std::slice::from_mut(one),
        None => return policy,
    };
    for statement in all {
        let federated = &statement["Principal"]["Federated"];
        let arn = federated.as_str().or_else(|| match federated.as_array()?.as_slice() {
            [one] => one.as_str(),
            _ => None,
        });
        let issuer = arn.and_then(|arn| arn.split_once(":oidc-provider/"));
        let Some(issuer) = issuer.map(|(_, issuer)| issuer.to_owned()) else { continue };
        let Some(conditions) = statement.get_mut("Condition").and_then(Value::as_object_mut) else {
            continue;
        };
        for tests in conditions.values_mut().filter_map(Value::as_object_mut) {
            let renamed = std::mem::take(tests).into_iter();
            *tests = renamed
                .map(|(key, value)| (rename(&issuer, &key).unwrap_or(key), value))
                .collect::<Map<_, _>>();
        }
    }
    policy
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn trust(principal: &Value, keys: [&str; 2]) -> Value {
        json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": principal,
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": { keys[0]: "sts.amazonaws.com", keys[1]: "system:serviceaccount:a:b" } },
        }] })
    }

    #[test]
    fn a_statement_is_written_with_its_issuer_and_read_without() {
        let federated =
            json!({ "Federated": "arn:aws:iam::1:oidc-provider/oidc.example.com/id/A" });
        let documents = trust(&federated, ["{issuer}:aud", "{issuer}:sub"]);
        let of_iam = trust(&federated, ["oidc.example.com/id/A:aud", "oidc.example.com/id/A:sub"]);
        assert_eq!(spelt(&documents), of_iam);
        assert_eq!(normal(&of_iam), documents);
    }

    #[test]
    fn other_issuers_and_services_stay_as_they_are() {
        let federated = json!({ "Federated": ["arn:aws:iam::1:oidc-provider/one.example.com"] });
        let other = trust(&federated, ["two.example.com:aud", "one.example.com.au:sub"]);
        assert_eq!(normal(&other), other);
        let service = trust(&json!({ "Service": "ec2.amazonaws.com" }), ["aws:a", "aws:b"]);
        assert_eq!(normal(&service), service);
        assert_eq!(spelt(&Value::Null), Value::Null);
    }
}
