//! The account itself: it has no aliases; how much there is in it.

use serde_json::{Value, json};

use super::{POLICIES, PROFILES, ROLES, pages};
use crate::local::call::Call;
use crate::local::error::AwsError;

/// CreateAccountAlias is not served, so there are none.
pub(super) fn list_account_aliases(call: &mut Call<'_>) -> Result<Value, AwsError> {
    pages::page(call, "AccountAliases", Vec::<String>::new(), String::clone, |alias| {
        Value::from(alias.as_str())
    })
}

/// How much there is of what, and how much there may be: what is modelled, and AWS's defaults.
pub(super) fn summary(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let count = |table| call.scan(table, "").len();
    let numbers = [
        ("Roles", count(ROLES)),
        ("RolesQuota", 1000),
        ("Policies", count(POLICIES)),
        ("PoliciesQuota", 1500),
        ("InstanceProfiles", count(PROFILES)),
        ("InstanceProfilesQuota", 1000),
        ("AssumeRolePolicySizeQuota", 2048),
        ("AttachedPoliciesPerRoleQuota", 10),
        ("PolicySizeQuota", 6144),
        ("VersionsPerPolicyQuota", 5),
        ("Users", 0),
        ("UsersQuota", 5000),
        ("Groups", 0),
        ("GroupsQuota", 300),
    ];
    let numbers: serde_json::Map<String, Value> =
        numbers.into_iter().map(|(key, value)| (key.to_owned(), json!(value))).collect();
    Ok(json!({"SummaryMap": {"$entries": numbers}}))
}
