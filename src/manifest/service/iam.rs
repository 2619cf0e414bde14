//! The roles of a service's tasks.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::manifest::read::{Read, Reader, is_arn, is_map, json, notation, record};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::{Node, Value};

record! {
    /// What the tasks may do.
    #[derive(Default)]
    pub struct Iam {
        /// The role that the containers act in: the ARN of one that exists, or what the service's own may do besides.
        task_role: RoleSource = RoleSource::default(),
        /// The role in which ECS starts tasks (pulls images, writes logs, reads secrets): the ARN of one that exists, or what the service's own may do besides.
        execution_role: RoleSource = RoleSource::default(),
        /// The policy that limits what both roles may be allowed: its ARN or its name; the application's when left out.
        permissions_boundary: Option<String> as Option<PolicyName>,
    }
}

/// Where a role comes from.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleSource {
    /// The ARN of one that exists; it is left as it is.
    Existing(String),
    /// The service's own, and what it may do besides what its features need.
    Own(OwnRole),
}

impl Default for RoleSource {
    fn default() -> Self {
        Self::Own(OwnRole::default())
    }
}

impl RoleSource {
    /// The service's own role's additions; none where the role is somebody else's.
    pub fn own(&self) -> Option<&OwnRole> {
        match self {
            Self::Own(own) => Some(own),
            Self::Existing(_) => None,
        }
    }
}

record! {
    /// What a role of the service's own may do besides what its features need.
    #[derive(Default)]
    pub struct OwnRole {
        /// Inline policies by name: each a list of statements, or a policy document as YAML or JSON.
        policies: BTreeMap<String, serde_json::Value> as BTreeMap<String, PolicyDocument>,
        /// ARNs of managed policies.
        managed_policies: Vec<String> as Vec<PolicyArn>,
    }
}

impl JsonSchema for RoleSource {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RoleSource".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<RoleArn>(generator), part::<OwnRole>(generator)])
    }
}

impl Read for RoleSource {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if is_map(node) {
            return OwnRole::read(node, reader).map(Self::Own);
        }
        RoleArn::read(node, reader).map(Self::Existing)
    }
}

notation! {
    /// A role's ARN.
    RoleArn as String,
    { "type": "string", "pattern": "^arn:[a-z-]+:iam::[0-9]{12}:role/" },
    |node, reader| {
        let expected = "the ARN of a role, `arn:aws:iam::ACCOUNT:role/NAME`, or a map with `policies` or `managed_policies`";
        let text = &reader.text(node, expected)?.text;
        if is_iam(text, "role/") { Some(text.clone()) } else { reader.wrong(node, expected) }
    }
}

notation! {
    /// A managed policy's ARN.
    PolicyArn as String,
    { "type": "string", "pattern": "^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/" },
    |node, reader| {
        let expected = "the ARN of a managed policy: `arn:aws:iam::ACCOUNT:policy/NAME`";
        let text = &reader.text(node, expected)?.text;
        if is_iam(text, "policy/") {
            return Some(text.clone());
        }
        let bare = is_policy_name(text).then(|| text.clone());
        reader.wrong::<()>(node, expected);
        if let (Some(problem), Some(bare)) = (reader.problems.last_mut(), bare) {
            problem.help = Some(format!("one of AWS's own is `arn:aws:iam::aws:policy/{bare}`"));
        }
        None
    }
}

notation! {
    /// A managed policy by its ARN, or by its name in the environment's account.
    PolicyName as String,
    { "type": "string" },
    |node, reader| {
        let expected = "a managed policy: its name, or `arn:aws:iam::ACCOUNT:policy/NAME`";
        let text = &reader.text(node, expected)?.text;
        let path = text.split('/').all(is_policy_name);
        if path || is_iam(text, "policy/") { Some(text.clone()) } else { reader.wrong(node, expected) }
    }
}

/// Whether a text is the ARN of this kind of IAM's.
fn is_iam(text: &str, kind: &str) -> bool {
    let mut parts = text.splitn(6, ':').skip(2);
    is_arn(text)
        && parts.next() == Some("iam")
        && parts.next() == Some("")
        && parts
            .next()
            .is_some_and(|one| one == "aws" || (one.len() == 12 && one.parse::<u64>().is_ok()))
        && parts
            .next()
            .and_then(|rest| rest.strip_prefix(kind))
            .is_some_and(|name| !name.is_empty())
}

/// Whether IAM takes a name for a policy's.
pub(crate) fn is_policy_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c))
}

notation! {
    /// A policy document: a list of statements, a whole document, or the JSON text of one.
    PolicyDocument as serde_json::Value,
    { "anyOf": [
        { "type": "array", "items": { "type": "object" } },
        { "type": "object", "additionalProperties": {} },
        { "type": "string" },
    ] },
    |node, reader| {
        let expected = "a list of statements, or a policy document";
        let document = match &node.value {
            Value::Sequence(_) => serde_json::json!({ "Version": "2012-10-17", "Statement": json(node) }),
            Value::Mapping(_) => json(node),
            _ => {
                let text = &reader.text(node, expected)?.text;
                match serde_json::from_str::<serde_json::Value>(text) {
                    Ok(document @ serde_json::Value::Object(_)) => document,
                    Ok(list @ serde_json::Value::Array(_)) => {
                        serde_json::json!({ "Version": "2012-10-17", "Statement": list })
                    }
                    Ok(_) => return reader.wrong(node, expected),
                    Err(error) => {
                        let here = reader.here();
                        let problem = reader.error(node.span, format!("{here} is no JSON: {error}"));
                        problem.expected = Some(expected.to_owned());
                        return None;
                    }
                }
            }
        };
        let mut document = document;
        if let Some(fields) = document.as_object_mut() {
            fields.entry("Version").or_insert_with(|| "2012-10-17".into());
            if let Some(one @ serde_json::Value::Object(_)) = fields.get_mut("Statement") {
                *one = serde_json::json!([one.take()]);
            }
        }
        Some(document)
    }
}
