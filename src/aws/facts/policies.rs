//! What policies allow, by IAM's own judgement; and whether policies and roles are there.

use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult};

use crate::aws::{Cx, classify, unless_gone};
use crate::engine::Failure;

/// Whose policies are judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policies {
    /// Those of the user or role with this ARN (`iam:SimulatePrincipalPolicy`).
    Of(String),
    /// These documents (`iam:SimulateCustomPolicy`).
    Documents(Vec<String>),
}

/// Whether one action on one resource is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// `ec2:CreateVpc`.
    pub action: String,
    /// An ARN, or `*`.
    pub resource: String,
    /// It is allowed.
    pub allowed: bool,
    /// A policy forbids it by name; otherwise, if it is not allowed, none allows it.
    pub forbidden: bool,
    /// Conditions that hang on these keys, whose values nobody gave.
    pub missing: Vec<String>,
}

/// Judges each action on each resource. `context` are condition keys with their values.
///
/// # Errors
/// The API refuses, or the principal is not there.
pub async fn simulate(
    cx: &Cx,
    policies: &Policies,
    actions: &[String],
    resources: &[String],
    context: &[(String, String)],
) -> Result<Vec<Decision>, Failure> {
    let context: Vec<ContextEntry> = context
        .iter()
        .map(|(key, value)| {
            ContextEntry::builder()
                .context_key_name(key)
                .context_key_values(value)
                .context_key_type(ContextKeyTypeEnum::String)
                .build()
        })
        .collect();
    let mut found = Vec::new();
    let mut marker = None;
    loop {
        let (results, next) = match policies {
            Policies::Of(principal) => {
                let answer = cx
                    .iam
                    .simulate_principal_policy()
                    .policy_source_arn(principal)
                    .set_action_names(Some(actions.to_vec()))
                    .set_resource_arns(Some(resources.to_vec()))
                    .set_context_entries(Some(context.clone()))
                    .set_marker(marker.take())
                    .send()
                    .await
                    .map_err(|error| classify("iam SimulatePrincipalPolicy", error))?;
                (answer.evaluation_results, answer.marker)
            }
            Policies::Documents(documents) => {
                let answer = cx
                    .iam
                    .simulate_custom_policy()
                    .set_policy_input_list(Some(documents.clone()))
                    .set_action_names(Some(actions.to_vec()))
                    .set_resource_arns(Some(resources.to_vec()))
                    .set_context_entries(Some(context.clone()))
                    .set_marker(marker.take())
                    .send()
                    .await
                    .map_err(|error| classify("iam SimulateCustomPolicy", error))?;
                (answer.evaluation_results, answer.marker)
            }
        };
        found.extend(results.unwrap_or_default().iter().flat_map(decisions));
        match next.filter(|next| !next.is_empty()) {
            Some(next) => marker = Some(next),
            None => return Ok(found),
        }
    }
}

/// One result may stand for several resources, each with a decision of its own.
fn decisions(result: &EvaluationResult) -> Vec<Decision> {
    let one = |resource: &str, decision: &str, missing: &[String]| Decision {
        action: result.eval_action_name().to_owned(),
        resource: resource.to_owned(),
        allowed: decision == "allowed",
        forbidden: decision == "explicitDeny",
        missing: missing.to_vec(),
    };
    let each = result.resource_specific_results();
    if each.is_empty() {
        let resource = result.eval_resource_name().unwrap_or("*");
        let decision = result.eval_decision().as_str();
        return vec![one(resource, decision, result.missing_context_values())];
    }
    each.iter()
        .map(|it| {
            let decision = it.eval_resource_decision().as_str();
            one(it.eval_resource_name(), decision, it.missing_context_values())
        })
        .collect()
}

/// The ARN, path included, of the role with this name.
///
/// # Errors
/// `iam:GetRole` is refused.
pub async fn role_arn(cx: &Cx, name: &str) -> Result<Option<String>, Failure> {
    let answer = cx.iam.get_role().role_name(name).send().await;
    let answer = unless_gone(answer.map_err(|error| classify("iam GetRole", error)))?;
    Ok(answer.and_then(|answer| answer.role.map(|role| role.arn)))
}

/// Whether there is a managed policy with this ARN.
///
/// # Errors
/// `iam:GetPolicy` is refused.
pub async fn policy_exists(cx: &Cx, arn: &str) -> Result<bool, Failure> {
    let answer = cx.iam.get_policy().policy_arn(arn).send().await;
    let answer = unless_gone(answer.map_err(|error| classify("iam GetPolicy", error)))?;
    Ok(answer.is_some())
}
