//! Managed policies: the account's own, and AWS's. Of AWS's the well-known ones are known; the
//! documents of nearly all are not kept, so asking for one is refused by name.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::errors::{invalid_input, no_such_policy};
use super::managed_table::{OF_AWS, OfAws};
use super::{POLICIES, ROLES};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

const AWS_PREFIX: &str = "arn:aws:iam::aws:policy/";

/// All of AWS's policies that are known here, as documents like the account's own.
pub(super) fn of_aws() -> Vec<Arc<Value>> {
    OF_AWS.iter().map(|known| Arc::new(of_aws_with(known))).collect()
}

fn of_aws_with(known: &OfAws) -> Value {
    let (folder, name) = match known.path.rsplit_once('/') {
        Some((folder, name)) => (format!("/{folder}/"), name),
        None => ("/".to_owned(), known.path),
    };
    // AWS's ids are not known; one made of the name stands for it, the same in every account.
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let hash = Sha256::digest(name.as_bytes());
    let id: String =
        hash.iter().take(17).map(|byte| char::from(letters[usize::from(*byte) % 32])).collect();
    let versions: Vec<Value> = document_of_aws(name)
        .map(|text| json!({"VersionId": known.version, "Document": text, "Created": known.updated * 1000}))
        .into_iter()
        .collect();
    json!({
        "PolicyName": name,
        "PolicyId": format!("ANPA{id}"),
        "Arn": format!("{AWS_PREFIX}{}", known.path),
        "Path": folder,
        "DefaultVersionId": known.version,
        "Created": known.created * 1000,
        "Updated": known.updated * 1000,
        "Versions": versions,
        "Tags": {},
    })
}

/// What one of AWS's policies permits, for the few of which that is kept.
fn document_of_aws(name: &str) -> Option<String> {
    let actions = match name {
        "AdministratorAccess" => json!("*"),
        "AmazonECSTaskExecutionRolePolicy" => json!([
            "ecr:GetAuthorizationToken",
            "ecr:BatchCheckLayerAvailability",
            "ecr:GetDownloadUrlForLayer",
            "ecr:BatchGetImage",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ]),
        _ => return None,
    };
    let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    Some(json!({"Version": "2012-10-17", "Statement": [statement]}).to_string())
}

/// The loud refusal where the document of a policy of AWS's would have to be answered.
pub(super) fn no_document(arn: &str) -> AwsError {
    AwsError::not_modelled(format!("local AWS does not hold the document of {arn}"))
}

/// The managed policy with this ARN, if it can be put on a role: those of services cannot.
pub(super) fn attachable(call: &Call<'_>, arn: &str) -> Result<(), AwsError> {
    let found = find(call, arn)?;
    if is_of_aws(arn) && found.text("Path") == "/aws-service-role/" {
        return Err(AwsError::new(
            "PolicyNotAttachable",
            "Cannot attach a Service Role Policy to a Customer Role.",
        ));
    }
    Ok(())
}

/// The managed policy with this ARN, the account's or AWS's.
pub(super) fn find(call: &Call<'_>, arn: &str) -> Result<Arc<Value>, AwsError> {
    if !arn.starts_with("arn:aws:iam::") || !arn.contains(":policy/") {
        return Err(invalid_input(format!("ARN {arn} is not valid.")));
    }
    if let Some(path) = arn.strip_prefix(AWS_PREFIX) {
        let known = OF_AWS.iter().find(|known| known.path == path);
        return known.map(|known| Arc::new(of_aws_with(known))).ok_or_else(|| no_such_policy(arn));
    }
    call.get(POLICIES, arn).ok_or_else(|| no_such_policy(arn))
}

/// Is this a policy of AWS's, which nobody can change?
pub(super) fn is_of_aws(arn: &str) -> bool {
    arn.starts_with(AWS_PREFIX)
}

/// How many roles have this policy, and how many are bounded by it.
pub(super) fn uses(call: &Call<'_>, arn: &str) -> (usize, usize) {
    let roles = call.scan(ROLES, "");
    let attached = roles.iter().filter(|(_, role)| role.texts("Attached").contains(&arn)).count();
    let bounded = roles.iter().filter(|(_, role)| role.text("Boundary") == arn).count();
    (attached, bounded)
}

/// The name at the end of a policy's ARN.
pub(super) fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
