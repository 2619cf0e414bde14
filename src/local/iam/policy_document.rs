//! Policy documents: checked when they come in, URL-encoded when they go out, kept as written.

use serde_json::Value;

use super::errors::limit;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// What a document is for: a trust policy has principals and no resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Trust,
    Permissions,
}

/// Checks grammar as far as IAM refuses with `MalformedPolicyDocument`.
pub(super) fn check(text: &str, purpose: Purpose) -> Result<(), AwsError> {
    let malformed =
        |message: &str| Err(AwsError::new("MalformedPolicyDocument", message.to_owned()));
    let Ok(document) = serde_json::from_str::<Value>(text) else {
        return malformed("This policy contains invalid Json");
    };
    let Some(members) = document.as_object() else {
        return malformed("Syntax errors in policy.");
    };
    if members.keys().any(|name| !matches!(name.as_str(), "Version" | "Id" | "Statement")) {
        return malformed("Syntax errors in policy.");
    }
    if document.has("Version") && !matches!(document.text("Version"), "2012-10-17" | "2008-10-17") {
        return malformed("The policy failed legacy parsing");
    }
    let statements: Vec<&Value> = match document.get("Statement") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => return malformed("Syntax errors in policy."),
    };
    if statements.is_empty() {
        return malformed("Syntax errors in policy.");
    }
    if purpose == Purpose::Permissions && document.text("Version") != "2012-10-17" {
        return malformed("Policy document must be version 2012-10-17 or greater.");
    }
    let mut sids: Vec<&str> =
        statements.iter().map(|one| one.text("Sid")).filter(|sid| !sid.is_empty()).collect();
    sids.sort_unstable();
    if sids.windows(2).any(|two| two[0] == two[1]) {
        return malformed("Statement IDs (SID) in a single policy must be unique.");
    }
    for statement in statements {
        if let Some(message) = fault(statement, purpose) {
            return malformed(message);
        }
    }
    Ok(())
}

fn fault(statement: &Value, purpose: Purpose) -> Option<&'static str> {
    const MEMBERS: [&str; 9] = [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    let Some(members) = statement.as_object() else { return Some("Syntax errors in policy.") };
    if members.keys().any(|name| !MEMBERS.contains(&name.as_str())) {
        return Some("Syntax errors in policy.");
    }
    if !matches!(statement.text("Effect"), "Allow" | "Deny") {
        return Some("Syntax errors in policy.");
    }
    if members.iter().any(|(name, value)| !formed(name, value)) {
        return Some("Syntax errors in policy.");
    }
    let has = |name: &str| statement.has(name);
    let texts = |name: &str| match statement.get(name) {
        Some(Value::String(text)) => vec![text.as_str()],
        _ => statement.texts(name),
    };
    if has("Action") == has("NotAction") {
        return Some("Policy statement must contain actions.");
    }
    let mut actions = texts("Action");
    actions.extend(texts("NotAction"));
    if actions.is_empty() {
        return Some("Policy statement must contain actions.");
    }
    if actions.iter().any(|action| *action != "*" && !action.contains(':')) {
        return Some("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
    }
    let (principal, resource) =
        (has("Principal") || has("NotPrincipal"), has("Resource") || has("NotResource"));
    match purpose {
        Purpose::Trust if resource => Some("Has prohibited field Resource"),
        Purpose::Trust if !principal => Some("Missing required field Principal"),
        Purpose::Trust
            if !actions.iter().all(|action| action.to_lowercase().starts_with("sts:")) =>
        {
            Some("AssumeRole policy may only specify STS AssumeRole actions.")
        }
        Purpose::Permissions if principal => {
            Some("Policy document should not specify a principal.")
        }
        Purpose::Permissions if !resource => Some("Policy statement must contain resources."),
        Purpose::Permissions => {
            let mut resources = texts("Resource");
            resources.extend(texts("NotResource"));
            let bad = |resource: &&str| *resource != "*" && resource.split(':').count() < 6;
            if resources.is_empty() {
                return Some("Policy statement must contain resources.");
            }
            resources.iter().any(bad).then_some(
                "The policy failed legacy parsing: Resource must be in ARN format or \"*\".",
            )
        }
        Purpose::Trust => None,
    }
}

/// Is this member of a statement of the right type? Whether principals exist is not looked up.
fn formed(name: &str, value: &Value) -> bool {
    let texts = |value: &Value| match value {
        Value::String(_) => true,
        Value::Array(items) => !items.is_empty() && items.iter().all(Value::is_string),
        _ => false,
    };
    match (name, value) {
        ("Sid" | "Effect", _) => value.is_string(),
        ("Condition", _) => value.is_object(),
        ("Principal" | "NotPrincipal", Value::String(text)) => text == "*",
        ("Principal" | "NotPrincipal", Value::Object(kinds)) => {
            !kinds.is_empty()
                && kinds.iter().all(|(kind, who)| {
                    matches!(kind.as_str(), "AWS" | "Service" | "Federated" | "CanonicalUser")
                        && texts(who)
                })
        }
        ("Principal" | "NotPrincipal", _) => false,
        _ => texts(value),
    }
}

/// How long a document is where it counts against a quota: white space is free.
pub(super) fn length(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

/// A managed policy's document has a quota of its own.
pub(super) fn fits_managed(text: &str) -> Result<(), AwsError> {
    if length(text) > 6144 {
        return Err(limit("Cannot exceed quota for PolicySize: 6144"));
    }
    Ok(())
}

/// As IAM answers documents: percent-encoded by RFC 3986.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str, purpose: Purpose) -> Option<String> {
        check(text, purpose).err().map(|error| error.message)
    }

    #[test]
    fn documents_are_checked() {
        let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
        let permissions = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:GetObject"],"Resource":"arn:aws:s3:::b/*"}}"#;
        assert_eq!(code(trust, Purpose::Trust), None);
        assert_eq!(code(permissions, Purpose::Permissions), None);
        assert_eq!(
            code(trust, Purpose::Permissions).unwrap(),
            "Policy document should not specify a principal."
        );
        assert_eq!(code(permissions, Purpose::Trust).unwrap(), "Has prohibited field Resource");
        for bad in [
            "{",
            "[]",
            "{}",
            r#"{"Statement":[]}"#,
            r#"{"Version":"2012-10-17","Statement":["x"]}"#,
            r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":{"a":1},"Resource":"*"}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"}]}"#,
            r#"{"Version":"2020-01-01","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Perhaps","Action":"*","Resource":"*"}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"GetObject","Resource":"*"}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*"}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Colour":"red"}]}"#,
        ] {
            assert!(check(bad, Purpose::Permissions).is_err(), "{bad}");
        }
    }

    #[test]
    fn answers_are_encoded() {
        assert_eq!(encoded(r#"{"a": "é*"}"#), "%7B%22a%22%3A%20%22%C3%A9%2A%22%7D");
    }
}
