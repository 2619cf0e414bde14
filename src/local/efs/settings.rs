//! What hangs on a file system: protection, backup, life cycle, policy.

use serde_json::{Value, json};

use super::{FILE_SYSTEMS, available, error, file_system};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::Shape::{List, OneOf, Structure};

pub(super) fn protect(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, _) = available(call, &call.input.text("FileSystemId")?)?;
    let states = ["ENABLED", "DISABLED"];
    let wanted = call.input.optional_one_of("ReplicationOverwriteProtection", &states)?;
    let Some(wanted) = wanted else {
        return Err(call.input.missing("ReplicationOverwriteProtection"));
    };
    call.update(FILE_SYSTEMS, &id, |document| document.set("protection", wanted.as_str()));
    Ok(json!({"ReplicationOverwriteProtection": wanted}))
}

pub(super) fn put_backup(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, _) = available(call, &call.input.text("FileSystemId")?)?;
    let policy = call.input.structure("BackupPolicy")?;
    let status = policy.optional_one_of("Status", &["ENABLED", "DISABLED"])?;
    let status = status.ok_or_else(|| policy.missing("Status"))?;
    // AWS passes through ENABLING and DISABLING for a moment.
    call.update(FILE_SYSTEMS, &id, |document| document.set("backup", status.as_str()));
    Ok(json!({"BackupPolicy": {"Status": status}}))
}

pub(super) fn backup(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, document) = file_system(call, &call.input.text("FileSystemId")?)?;
    if !document.has("backup") {
        return Err(error(
            "PolicyNotFound",
            404,
            format!("File system '{id}' has no backup policy."),
        ));
    }
    Ok(json!({"BackupPolicy": {"Status": document["backup"]}}))
}

const AFTER: [&str; 9] = [
    "AFTER_1_DAY",
    "AFTER_7_DAYS",
    "AFTER_14_DAYS",
    "AFTER_30_DAYS",
    "AFTER_60_DAYS",
    "AFTER_90_DAYS",
    "AFTER_180_DAYS",
    "AFTER_270_DAYS",
    "AFTER_365_DAYS",
];

pub(super) fn put_lifecycle(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, document) = available(call, &call.input.text("FileSystemId")?)?;
    let shape = List(&Structure(&[
        ("TransitionToIA", OneOf(&AFTER)),
        ("TransitionToPrimaryStorageClass", OneOf(&["AFTER_1_ACCESS"])),
        ("TransitionToArchive", OneOf(&AFTER)),
    ]));
    let policies = call.input.shaped("LifecyclePolicies", &shape)?;
    let policies = policies.ok_or_else(|| call.input.missing("LifecyclePolicies"))?;
    let list = policies.as_array().cloned().unwrap_or_default();
    let place = |name: &str| {
        let after = list.iter().find(|one| one.has(name)).map(|one| one.text(name));
        after.and_then(|after| AFTER.iter().position(|one| *one == after))
    };
    let single = |one: &Value| one.as_object().is_some_and(|members| members.len() == 1);
    if list.len() > 3 || !list.iter().all(single) {
        return Err(call
            .input
            .invalid("Each LifecyclePolicy must hold exactly one transition, each at most once."));
    }
    if let (Some(cool), Some(cold)) = (place("TransitionToIA"), place("TransitionToArchive"))
        && cold <= cool
    {
        return Err(call.input.invalid("TransitionToArchive must come later than TransitionToIA."));
    }
    if place("TransitionToArchive").is_some() && document.text("ThroughputMode") != "elastic" {
        return Err(call
            .input
            .invalid("The archive storage class needs a file system with elastic throughput."));
    }
    call.update(FILE_SYSTEMS, &id, |document| document.set("lifecycle", policies.clone()));
    Ok(json!({"LifecyclePolicies": policies}))
}

pub(super) fn lifecycle(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, document) = file_system(call, &call.input.text("FileSystemId")?)?;
    Ok(json!({"LifecyclePolicies": document["lifecycle"]}))
}

pub(super) fn put_policy(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, _) = available(call, &call.input.text("FileSystemId")?)?;
    let text = call.input.text("Policy")?;
    // Local AWS has no permissions, so nobody can lock himself out.
    call.input.accept("BypassPolicyLockoutSafetyCheck");
    let policy: Value = serde_json::from_str(&text).unwrap_or_default();
    let statements = match &policy["Statement"] {
        Value::Array(list) => list.clone(),
        Value::Object(_) => vec![policy["Statement"].clone()],
        _ => Vec::new(),
    };
    let whole = |one: &Value| {
        matches!(one.text("Effect"), "Allow" | "Deny")
            && (one.has("Principal") || one.has("NotPrincipal"))
            && (one.has("Action") || one.has("NotAction"))
    };
    if statements.is_empty() || text.len() > 20_000 || !statements.iter().all(whole) {
        return Err(error("InvalidPolicyException", 400, "Policy Syntax is invalid."));
    }
    call.update(FILE_SYSTEMS, &id, |document| document.set("policy", text.as_str()));
    Ok(json!({"FileSystemId": id, "Policy": text}))
}

pub(super) fn policy(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, document) = file_system(call, &call.input.text("FileSystemId")?)?;
    if !document.has("policy") {
        return Err(error("PolicyNotFound", 404, format!("File system '{id}' has no policy.")));
    }
    Ok(json!({"FileSystemId": id, "Policy": document["policy"]}))
}

pub(super) fn delete_policy(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, _) = available(call, &call.input.text("FileSystemId")?)?;
    call.update(FILE_SYSTEMS, &id, |document| drop(document.unset("policy")));
    Ok(json!({}))
}
