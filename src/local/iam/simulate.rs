//! The policy simulator: what documents, or a principal's policies, say of actions. Nothing else in
//! local AWS asks it: permissions are not checked when calls are made.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::errors::{invalid_input, no_such_role};
use super::policy_document::{self, Purpose};
use super::statement::{Context, applies};
use super::{ROLES, managed};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// A policy, and what it is called in answers.
struct Source {
    id: String,
    kind: &'static str,
    document: Value,
}

/// What a set of policies says.
#[derive(Default)]
struct Verdict {
    allowed: bool,
    denied: bool,
    matched: Vec<Value>,
    missing: BTreeSet<String>,
}

impl Verdict {
    fn word(&self) -> &'static str {
        match (self.denied, self.allowed) {
            (true, _) => "explicitDeny",
            (false, true) => "allowed",
            (false, false) => "implicitDeny",
        }
    }
}

pub(super) fn custom(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let policies = given(call, "PolicyInputList", "PolicyInputList")?;
    if policies.is_empty() {
        return Err(call.input.missing("PolicyInputList"));
    }
    let boundary =
        given(call, "PermissionsBoundaryPolicyInputList", "PermissionsBoundaryPolicyInputList")?;
    answer(call, policies, (!boundary.is_empty()).then_some(boundary))
}

pub(super) fn principal(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("PolicySourceArn")?;
    let mut policies = given(call, "PolicyInputList", "PolicyInputList")?;
    let own =
        given(call, "PermissionsBoundaryPolicyInputList", "PermissionsBoundaryPolicyInputList")?;
    let mut boundary = (!own.is_empty()).then_some(own);
    if arn == call.global_arn("iam", "user/local") {
        // Nobody limits the one user that there is.
        policies.push(of_managed(call, "arn:aws:iam::aws:policy/AdministratorAccess")?);
    } else if arn.contains(":role/") {
        let name = arn.rsplit('/').next().unwrap_or_default();
        let role = call.get(ROLES, name).filter(|role| role.text("Arn") == arn);
        let role = role.ok_or_else(|| no_such_role(name))?;
        for (id, text) in role["Inline"].as_object().into_iter().flatten() {
            let document = serde_json::from_str(text.as_str().unwrap_or_default());
            let document = document.map_err(AwsError::internal)?;
            policies.push(Source { id: id.clone(), kind: "Role", document });
        }
        for attached in role.texts("Attached") {
            policies.push(of_managed(call, attached)?);
        }
        if role.has("Boundary") && boundary.is_none() {
            boundary = Some(vec![of_managed(call, role.text("Boundary"))?]);
        }
    } else {
        return Err(invalid_input(format!(
            "Invalid Entity Arn: {arn} does not clearly define entity type and name."
        )));
    }
    answer(call, policies, boundary)
}

/// Policies in the input.
fn given(call: &Call<'_>, member: &str, name: &str) -> Result<Vec<Source>, AwsError> {
    let mut found = Vec::new();
    for (at, text) in call.input.texts(member)?.iter().enumerate() {
        policy_document::check(text, Purpose::Permissions)
            .map_err(|error| invalid_input(error.message))?;
        let document = serde_json::from_str(text).map_err(AwsError::internal)?;
        found.push(Source { id: format!("{name}.{}", at + 1), kind: "IAM Policy", document });
    }
    Ok(found)
}

/// The default version of a managed policy.
fn of_managed(call: &Call<'_>, arn: &str) -> Result<Source, AwsError> {
    let policy = managed::find(call, arn)?;
    let default = policy.text("DefaultVersionId");
    let version = policy.list("Versions").iter().find(|it| it.text("VersionId") == default);
    let version = version.ok_or_else(|| managed::no_document(arn))?;
    let document = serde_json::from_str(version.text("Document")).map_err(AwsError::internal)?;
    Ok(Source { id: managed::name_of(arn).to_owned(), kind: "IAM Policy", document })
}

fn answer(
    call: &mut Call<'_>,
    policies: Vec<Source>,
    boundary: Option<Vec<Source>>,
) -> Result<Value, AwsError> {
    let actions = call.input.texts("ActionNames")?;
    let mut resources = call.input.texts("ResourceArns")?;
    let size = call.input.optional_integer_within("MaxItems", 1, 1000)?.unwrap_or(100);
    let marker = call.input.optional_text("Marker")?;
    let mut context = Context::new();
    for entry in call.input.structures("ContextEntries")? {
        let key = entry.text("ContextKeyName")?;
        // All values are compared as the texts they are.
        entry.optional_text("ContextKeyType")?;
        context.insert(key.to_lowercase(), entry.texts("ContextKeyValues")?);
    }
    if actions.is_empty() {
        return Err(call.input.missing("ActionNames"));
    }
    if let Some(bad) = actions.iter().find(|it| !it.contains(':') || it.contains('*')) {
        return Err(invalid_input(format!("Invalid Action Name: {bad}")));
    }
    if resources.is_empty() {
        resources.push("*".to_owned());
    }
    if let Some(bad) = resources.iter().find(|it| *it != "*" && it.split(':').count() < 6) {
        return Err(invalid_input(format!("Invalid Resource ARN: {bad}")));
    }
    let mut results = Vec::new();
    for action in &actions {
        for resource in &resources {
            let mut verdict = judge(&policies, action, resource, &context)?;
            let bounded = match &boundary {
                None => None,
                Some(boundary) => {
                    let limit = judge(boundary, action, resource, &context)?;
                    verdict.denied |= limit.denied;
                    verdict.missing.extend(limit.missing);
                    Some(limit.allowed && !limit.denied)
                }
            };
            verdict.allowed &= bounded != Some(false);
            let mut result = json!({
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": verdict.word(),
                "MatchedStatements": verdict.matched,
                "MissingContextValues": verdict.missing,
            });
            if let Some(bounded) = bounded {
                result.set(
                    "PermissionsBoundaryDecisionDetail",
                    json!({"AllowedByPermissionsBoundary": bounded}),
                );
            }
            results.push(result);
        }
    }
    let key = |it: &Value| format!("{} {}", it.text("EvalActionName"), it.text("EvalResourceName"));
    let page = call.page(results, size as usize, marker.as_deref(), key)?;
    Ok(json!({
        "EvaluationResults": page.items,
        "IsTruncated": page.next.is_some(),
        "Marker": page.next,
    }))
}

fn judge(
    policies: &[Source],
    action: &str,
    resource: &str,
    context: &Context,
) -> Result<Verdict, AwsError> {
    let mut verdict = Verdict::default();
    for policy in policies {
        let statements = match &policy.document["Statement"] {
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        for statement in statements {
            if !applies(statement, action, resource, context, &mut verdict.missing)? {
                continue;
            }
            match statement.text("Effect") {
                "Deny" => verdict.denied = true,
                _ => verdict.allowed = true,
            }
            let source = json!({"SourcePolicyId": policy.id, "SourcePolicyType": policy.kind});
            if !verdict.matched.contains(&source) {
                verdict.matched.push(source);
            }
        }
    }
    Ok(verdict)
}
