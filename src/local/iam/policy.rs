//! The account's managed policies, and AWS's where they are only read.

use std::sync::Arc;

use serde_json::{Value, json};

use super::errors::{conflict, exists};
use super::policy_document::{self, Purpose};
use super::{POLICIES, managed, names, pages, tags};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = names::name(call, "PolicyName", 128)?;
    let path = names::path(call)?;
    let document = call.input.text("PolicyDocument")?;
    let description = names::description(call)?;
    let tags = tags::of_input(call)?;
    policy_document::check(&document, Purpose::Permissions)?;
    policy_document::fits_managed(&document)?;
    let arn = call.global_arn("iam", &format!("policy{path}{name}"));
    let taken =
        |(_, other): &(String, Arc<Value>)| other.text("PolicyName").eq_ignore_ascii_case(&name);
    if call.scan(POLICIES, "").iter().any(taken) {
        return Err(exists(format!(
            "A policy called {name} already exists. Duplicate names are not allowed."
        )));
    }
    let policy = json!({
        "PolicyName": name,
        "PolicyId": call.ids.iam("ANPA"),
        "Arn": arn,
        "Path": path,
        "DefaultVersionId": "v1",
        "Created": call.now,
        "Updated": call.now,
        "Description": description,
        "Tags": tags,
        "Versions": [{"VersionId": "v1", "Document": document, "Created": call.now}],
        "LastVersion": 1,
    });
    let mut output = shown(call, &policy);
    // The description is answered by GetPolicy only.
    output.unset("Description");
    call.put(POLICIES, &arn, policy);
    Ok(json!({"Policy": output}))
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("PolicyArn")?;
    let policy = managed::find(call, &arn)?;
    Ok(json!({"Policy": shown(call, &policy)}))
}

/// Lists leave out descriptions and tags.
pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let scope = call.input.optional_one_of("Scope", &["All", "AWS", "Local"])?;
    let only_attached = call.input.optional_boolean("OnlyAttached")?.unwrap_or(false);
    let prefix = names::path_prefix(call)?;
    let usage = call
        .input
        .optional_one_of("PolicyUsageFilter", &["PermissionsPolicy", "PermissionsBoundary"])?;
    let scope = scope.unwrap_or_else(|| "All".to_owned());
    let mut policies: Vec<Arc<Value>> = Vec::new();
    if scope != "AWS" {
        policies.extend(call.scan(POLICIES, "").into_iter().map(|(_, policy)| policy));
    }
    if scope != "Local" {
        policies.extend(managed::of_aws());
    }
    policies.retain(|policy| policy.text("Path").starts_with(&prefix));
    if only_attached || usage.is_some() {
        policies.retain(|policy| {
            let (attached, bounded) = managed::uses(call, policy.text("Arn"));
            match usage.as_deref() {
                Some("PermissionsBoundary") => bounded > 0,
                _ => attached > 0,
            }
        });
    }
    let key = |policy: &Arc<Value>| policy.text("Arn").to_owned();
    pages::page(call, "Policies", policies, key, |policy| {
        let mut shown = shown(call, policy);
        shown.unset("Description");
        shown.unset("Tags");
        shown
    })
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("PolicyArn")?;
    let policy = managed::find(call, &arn)?;
    not_of_aws(&arn)?;
    let (attached, bounded) = managed::uses(call, &arn);
    if attached + bounded > 0 {
        return Err(conflict("Cannot delete a policy attached to entities."));
    }
    if policy.list("Versions").len() > 1 {
        return Err(conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
        ));
    }
    call.delete(POLICIES, &arn);
    Ok(Value::Null)
}

pub(super) fn not_of_aws(arn: &str) -> Result<(), AwsError> {
    if managed::is_of_aws(arn) {
        let message = "Policy is outside your own account.";
        return Err(AwsError::new("AccessDenied", message).status(403));
    }
    Ok(())
}

pub(super) fn shown(call: &Call<'_>, policy: &Value) -> Value {
    let (attached, bounded) = managed::uses(call, policy.text("Arn"));
    let tags = tags::shown(policy);
    json!({
        "PolicyName": policy["PolicyName"],
        "PolicyId": policy["PolicyId"],
        "Arn": policy["Arn"],
        "Path": policy["Path"],
        "DefaultVersionId": policy["DefaultVersionId"],
        "AttachmentCount": attached,
        "PermissionsBoundaryUsageCount": bounded,
        "IsAttachable": true,
        "Description": policy.get("Description"),
        "CreateDate": call.time(policy.time("Created")),
        "UpdateDate": call.time(policy.time("Updated")),
        "Tags": if tags.is_empty() { Value::Null } else { Value::from(tags) },
    })
}
