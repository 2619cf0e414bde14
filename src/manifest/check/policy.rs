//! IAM policies: what IAM refuses, before it is asked.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Explain, Findings};
use crate::manifest::read::{did_you_mean, list};
use crate::manifest::service::{RoleSource, ServiceManifest, is_policy_name};

/// IAM allows so many characters in all inline policies of a role, spaces not counted.
const MOST_CHARACTERS: usize = 10_240;

const DOCUMENT: &[&str] = &["Version", "Id", "Statement"];
const STATEMENT: &[&str] =
    &["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnNotEquals",
    "ArnLike",
    "ArnNotLike",
    "Null",
];

/// Everything about `iam`.
pub(super) fn iam(service: &ServiceManifest, findings: &mut Findings<'_>) {
    let iam = &service.iam;
    for (key, role) in [("task_role", &iam.task_role), ("execution_role", &iam.execution_role)] {
        let path = format!("iam.{key}");
        match role {
            RoleSource::Own(own) => {
                policies(&format!("{path}.policies"), &own.policies, findings);
                for (index, arn) in own.managed_policies.iter().enumerate() {
                    if own.managed_policies[..index].contains(arn) {
                        findings
                            .error(
                                &format!("{path}.managed_policies.{index}"),
                                "this policy is listed twice",
                            )
                            .advise("remove the line");
                    }
                }
            }
            RoleSource::Existing(_) => existing(service, key, findings),
        }
    }
    let both = |role: &RoleSource| matches!(role, RoleSource::Existing(_));
    if iam.permissions_boundary.is_some() && both(&iam.task_role) && both(&iam.execution_role) {
        findings
            .error("iam.permissions_boundary", "both roles exist already, and stay as they are")
            .advise("remove the line");
    }
}

/// What a feature needs cannot be given to a role that is somebody else's.
fn existing(service: &ServiceManifest, key: &str, findings: &mut Findings<'_>) {
    if key == "execution_role" {
        return;
    }
    let mut needs = Vec::new();
    for (needed, what) in [
        (service.exec, "`exec` (ssmmessages:*Channel)"),
        (!service.publish.topics.is_empty(), "`publish` (sns:Publish)"),
        (service.observability.tracing.is_some(), "`observability.tracing` (xray:Put*)"),
    ] {
        if needed {
            needs.push(what);
        }
    }
    if !needs.is_empty() {
        let problem = findings.error(
            "iam.task_role",
            format!(
                "shipit leaves this role as it is, and {} needs its permission",
                needs.join(", ")
            ),
        );
        problem.severity = crate::manifest::problem::Severity::Warning;
        problem.advise("see that the role allows it");
    }
}

fn policies(path: &str, policies: &BTreeMap<String, Value>, findings: &mut Findings<'_>) {
    for (name, document) in policies {
        let place = format!("{path}.{name}");
        if !is_policy_name(name) {
            findings.error_of_key(&place, format!("`{name}` is no name for a policy")).expected =
                Some("at most 128 letters, digits and `_+=,.@-`".into());
        }
        Policy { path: &place, findings }.document(document);
    }
    let length =
        |document: &Value| document.to_string().chars().filter(|c| !c.is_whitespace()).count();
    let all: usize = policies.values().map(length).sum();
    if all > MOST_CHARACTERS {
        findings.error(path, format!("the policies have {all} characters in all")).explain(
            format!("at most {MOST_CHARACTERS}"),
            "make a managed policy of some of them, and name it under `managed_policies`",
        );
    }
}

/// One policy being looked at.
struct Policy<'a, 'f> {
    path: &'a str,
    findings: &'a mut Findings<'f>,
}

impl Policy<'_, '_> {
    /// Reports something at a path below the policy; a policy that is a list has no `Statement`.
    fn error(
        &mut self,
        below: &str,
        message: String,
        expected: String,
    ) -> &mut crate::manifest::Problem {
        let inside = format!("{}.{below}", self.path);
        let listed = format!("{}.{}", self.path, below.trim_start_matches("Statement."));
        let node = self.findings.node;
        let plain = node.place(&inside) == node.place(self.path);
        let problem = self.findings.error(if plain { &listed } else { &inside }, message);
        problem.expected = Some(expected);
        problem
    }

    fn document(&mut self, document: &Value) {
        let Some(fields) = document.as_object() else { return };
        for key in fields.keys().filter(|key| !DOCUMENT.contains(&key.as_str())) {
            let help = did_you_mean(key, DOCUMENT);
            let help = help.or_else(|| {
                STATEMENT
                    .contains(&key.as_str())
                    .then(|| "write it as a statement: begin a list with `- `".to_owned())
            });
            self.error(key, format!("a policy document has no `{key}`"), list(DOCUMENT)).help =
                help;
        }
        if fields.get("Version").is_some_and(|version| version != "2012-10-17") {
            self.error(
                "Version",
                "IAM has one version of policies that can be written now".into(),
                "\"2012-10-17\"".into(),
            )
            .help = Some("leave the line out".into());
        }
        let statements = match fields.get("Statement") {
            Some(Value::Array(list)) if !list.is_empty() => list.as_slice(),
            _ => {
                self.error(
                    "Statement",
                    "the policy has no statement".into(),
                    "at least one, with `Effect`, `Action` and `Resource`".into(),
                );
                return;
            }
        };
        let mut sids: Vec<&str> = Vec::new();
        for (index, statement) in statements.iter().enumerate() {
            let path = format!("Statement.{index}");
            self.statement(&path, statement);
            let Some(sid) = statement.get("Sid").and_then(Value::as_str) else { continue };
            if !sid.chars().all(|c| c.is_ascii_alphanumeric()) {
                self.error(
                    &format!("{path}.Sid"),
                    format!("`{sid}` is no `Sid`"),
                    "letters and digits".into(),
                );
            }
            if sids.contains(&sid) {
                self.error(
                    &format!("{path}.Sid"),
                    format!("two statements of the policy are called `{sid}`"),
                    "a `Sid` of its own, or none".into(),
                );
            }
            sids.push(sid);
        }
    }

    fn statement(&mut self, path: &str, statement: &Value) {
        let Some(fields) = statement.as_object() else {
            let needs = "`Effect`, `Action` and `Resource`".to_owned();
            self.error(path, "a statement is a map".into(), needs);
            return;
        };
        for key in fields.keys().filter(|key| !STATEMENT.contains(&key.as_str())) {
            let here = format!("{path}.{key}");
            let principal = matches!(key.as_str(), "Principal" | "NotPrincipal");
            let message = match principal {
                true => format!("a role's own policy has no `{key}`: it speaks of the role"),
                false => format!("a statement has no `{key}`"),
            };
            self.error(&here, message, list(STATEMENT)).help = did_you_mean(key, STATEMENT);
        }
        match fields.get("Effect").map(|effect| (effect, effect.as_str())) {
            Some((_, Some("Allow" | "Deny"))) => {}
            Some((effect, text)) => {
                let text = text.map_or_else(|| effect.to_string(), str::to_owned);
                let here = format!("{path}.Effect");
                self.error(&here, format!("`Effect` is `{text}`"), "`Allow` or `Deny`".into())
                    .help = did_you_mean(&text, &["Allow", "Deny"]);
            }
            None => {
                self.error(
                    path,
                    "the statement has no `Effect`".into(),
                    "`Allow` or `Deny`".into(),
                );
            }
        }
        self.either(path, fields, "Action", "actions such as `s3:GetObject`, or `*`", |text| {
            text == "*"
                || text.split_once(':').is_some_and(|(vendor, action)| {
                    let word = |c: char| c.is_ascii_alphanumeric() || "-*?".contains(c);
                    !vendor.is_empty() && vendor.chars().all(word) && !action.is_empty()
                })
        });
        self.either(path, fields, "Resource", "ARNs, or `*`", |text| {
            text == "*" || (text.starts_with("arn:") && text.splitn(6, ':').count() == 6)
        });
        if let Some(condition) = fields.get("Condition") {
            self.condition(&format!("{path}.Condition"), condition);
        }
    }

    /// `Action` or `NotAction`, `Resource` or `NotResource`: one of the two.
    fn either(
        &mut self,
        path: &str,
        fields: &serde_json::Map<String, Value>,
        name: &str,
        expected: &str,
        sound: impl Fn(&str) -> bool,
    ) {
        let not = format!("Not{name}");
        let (key, value) = match (fields.get(name), fields.get(&not)) {
            (Some(value), None) => (name, value),
            (None, Some(value)) => (not.as_str(), value),
            (None, None) => {
                self.error(path, format!("the statement has no `{name}`"), expected.to_owned());
                return;
            }
            (Some(_), Some(_)) => {
                let here = format!("{path}.{not}");
                let message = format!("the statement has both `{name}` and `{not}`");
                self.error(&here, message, "one of the two".into());
                return;
            }
        };
        let here = format!("{path}.{key}");
        let texts: Vec<(String, &Value)> = match value {
            Value::Array(list) => {
                list.iter().enumerate().map(|(i, one)| (format!("{here}.{i}"), one)).collect()
            }
            one => vec![(here.clone(), one)],
        };
        if texts.is_empty() {
            self.error(&here, format!("`{key}` is an empty list"), expected.to_owned());
        }
        for (here, text) in texts {
            if !text.as_str().is_some_and(&sound) {
                let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
                let message = format!("`{text}` is nothing that IAM takes for `{key}`");
                self.error(&here, message, expected.to_owned());
            }
        }
    }

    fn condition(&mut self, path: &str, condition: &Value) {
        let form = "a map of operators, below each a map from keys to values".to_owned();
        let Some(operators) = condition.as_object() else {
            self.error(path, "the condition is no map".into(), form);
            return;
        };
        for (operator, keys) in operators {
            let here = format!("{path}.{operator}");
            let bare = operator.split_once(':').map_or(operator.as_str(), |(set, bare)| {
                if matches!(set, "ForAllValues" | "ForAnyValue") { bare } else { operator }
            });
            let bare = bare.strip_suffix("IfExists").unwrap_or(bare);
            if !OPERATORS.contains(&bare) {
                let message = format!("there is no condition operator `{operator}`");
                let expected = "one such as `StringEquals`, `ArnLike` or `Bool`".to_owned();
                self.error(&here, message, expected).help = did_you_mean(bare, OPERATORS);
            }
            if !keys.is_object() {
                self.error(&here, format!("`{operator}` is no map"), form.clone());
            }
        }
    }
}
