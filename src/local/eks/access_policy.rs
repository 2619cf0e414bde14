//! Access policies: what EKS has, and which an access entry has.

use serde_json::{Value, json};

use super::access::entry;
use super::{ENTRIES, invalid, missing, refused, rows};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// The policies that EKS has.
const POLICIES: [&str; 16] = [
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSAutoNodePolicy",
    "AmazonEKSBlockStorageClusterPolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSClusterInsightsPolicy",
    "AmazonEKSComputeClusterPolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSHybridPolicy",
    "AmazonEKSLoadBalancingClusterPolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingClusterPolicy",
    "AmazonEKSNetworkingPolicy",
    "AmazonEKSViewPolicy",
];

/// The ARN of one of EKS's policies.
pub(super) fn arn(name: &str) -> String {
    format!("arn:aws:eks::aws:cluster-access-policy/{name}")
}

/// Refuses the ARN of a policy that EKS does not have.
pub(super) fn known(policy: &str) -> Result<(), AwsError> {
    if POLICIES.iter().any(|name| arn(name) == policy) {
        return Ok(());
    }
    Err(invalid(
        "The specified policyArn is invalid. You can view available access policies with \
         'list-access-policies'.",
    ))
}

/// A policy as an entry has it.
pub(super) fn row(call: &Call<'_>, policy: &str, mut scope: Value) -> Value {
    if !scope.has("namespaces") {
        scope.set("namespaces", json!([]));
    }
    json!({
        "policyArn": policy, "accessScope": scope, "associatedAt": call.now, "modifiedAt": call.now,
    })
}

fn shown(call: &Call<'_>, row: &Value) -> Value {
    let mut shown = row.clone();
    for member in ["associatedAt", "modifiedAt"] {
        shown.set(member, call.time(row.time(member)));
    }
    shown
}

pub(super) fn associate(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, found) = entry(call)?;
    let policy = call.input.text("policyArn")?;
    let scope = call.input.structure("accessScope")?;
    let kind = scope.optional_one_of("type", &["cluster", "namespace"])?;
    let kind = kind.ok_or_else(|| scope.missing("type"))?;
    let namespaces = scope.texts("namespaces")?;
    known(&policy)?;
    if found.text("type") != "STANDARD" && found.text("type") != "EC2" {
        return Err(refused(format!(
            "Access policies cannot be associated with an access entry of type {}",
            found.text("type")
        )));
    }
    match (kind.as_str(), namespaces.is_empty()) {
        ("namespace", true) => {
            return Err(invalid("An access scope of type namespace needs namespaces"));
        }
        ("cluster", false) => {
            return Err(invalid("An access scope of type cluster cannot have namespaces"));
        }
        _ => {}
    }
    let mut new = row(call, &policy, json!({"type": kind, "namespaces": namespaces}));
    let mut policies = found["own"].list("policies").to_vec();
    if let Some(old) = policies.iter().find(|one| one.text("policyArn") == policy) {
        new.set("associatedAt", old["associatedAt"].clone());
    }
    policies.retain(|one| one.text("policyArn") != policy);
    policies.push(new.clone());
    policies.sort_by(|one, other| one.text("policyArn").cmp(other.text("policyArn")));
    keep(call, &key, policies);
    Ok(json!({
        "clusterName": found["clusterName"], "principalArn": found["principalArn"],
        "associatedAccessPolicy": shown(call, &new),
    }))
}

fn keep(call: &mut Call<'_>, key: &str, policies: Vec<Value>) {
    call.update(ENTRIES, key, |entry| {
        let mut own = entry["own"].clone();
        own.set("policies", policies);
        entry.set("own", own);
    });
}

pub(super) fn disassociate(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, found) = entry(call)?;
    let policy = call.input.text("policyArn")?;
    let mut policies = found["own"].list("policies").to_vec();
    let before = policies.len();
    policies.retain(|one| one.text("policyArn") != policy);
    if policies.len() == before {
        return Err(missing(format!(
            "The specified policyArn {policy} is not associated with the access entry"
        )));
    }
    keep(call, &key, policies);
    Ok(json!({}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, found) = entry(call)?;
    let policies = found["own"].list("policies").iter().map(|row| shown(call, row)).collect();
    let mut output = rows(call, "associatedAccessPolicies", policies)?;
    output.set("clusterName", found["clusterName"].clone());
    output.set("principalArn", found["principalArn"].clone());
    Ok(output)
}

pub(super) fn all(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let all = POLICIES.iter().map(|name| json!({"name": name, "arn": arn(name)})).collect();
    rows(call, "accessPolicies", all)
}
