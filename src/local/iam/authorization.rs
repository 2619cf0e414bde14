//! Everything about all roles and policies at once: the bulk read.

use serde_json::{Value, json};

use super::{
    POLICIES, ROLES, attached, managed, policy, policy_document, policy_version, profile, role,
    tags,
};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// One page holds roles first, then the account's policies, then AWS's that are in use.
pub(super) fn details(call: &mut Call<'_>) -> Result<Value, AwsError> {
    const FILTERS: [&str; 5] = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];
    let filter = call.input.texts("Filter")?;
    if let Some(bad) = filter.iter().find(|name| !FILTERS.contains(&name.as_str())) {
        return Err(call.input.not_one_of("Filter", bad, &FILTERS));
    }
    let size = call.input.optional_integer_within("MaxItems", 1, 1000)?.unwrap_or(100);
    let marker = call.input.optional_text("Marker")?;
    let wanted = |name: &str| filter.is_empty() || filter.iter().any(|filter| filter == name);
    let mut items = Vec::new();
    if wanted("Role") {
        items.extend(call.scan(ROLES, "").into_iter().map(|(_, role)| (true, role)));
    }
    if wanted("LocalManagedPolicy") {
        items.extend(call.scan(POLICIES, "").into_iter().map(|(_, policy)| (false, policy)));
    }
    if wanted("AWSManagedPolicy") {
        let attached = |arn: &str| managed::uses(call, arn) != (0, 0);
        let in_use = managed::of_aws().into_iter().filter(|policy| attached(policy.text("Arn")));
        items.extend(in_use.map(|policy| (false, policy)));
    }
    let key = |(_, document): &(bool, std::sync::Arc<Value>)| document.text("Arn").to_owned();
    let page = call.page(items, size as usize, marker.as_deref(), key)?;
    let (mut roles, mut policies) = (Vec::new(), Vec::new());
    for (is_role, document) in &page.items {
        if *is_role {
            roles.push(role_detail(call, document));
        } else {
            policies.push(policy_detail(call, document)?);
        }
    }
    Ok(json!({
        "UserDetailList": [],
        "GroupDetailList": [],
        "RoleDetailList": roles,
        "Policies": policies,
        "IsTruncated": page.next.is_some(),
        "Marker": page.next,
    }))
}

fn role_detail(call: &Call<'_>, role: &Value) -> Value {
    let inline = role["Inline"].as_object().into_iter().flatten();
    let inline: Vec<Value> = inline
        .map(|(name, text)| {
            let document = policy_document::encoded(text.as_str().unwrap_or_default());
            json!({"PolicyName": name, "PolicyDocument": document})
        })
        .collect();
    let attached: Vec<Value> = role.texts("Attached").into_iter().map(attached::one).collect();
    json!({
        "Path": role["Path"],
        "RoleName": role["RoleName"],
        "RoleId": role["RoleId"],
        "Arn": role["Arn"],
        "CreateDate": call.time(role.time("Created")),
        "AssumeRolePolicyDocument": policy_document::encoded(role.text("Trust")),
        "InstanceProfileList": profile::of_role(call, role.text("RoleName")),
        "RolePolicyList": inline,
        "AttachedManagedPolicies": attached,
        "PermissionsBoundary": role::boundary(role),
        "Tags": tags::shown(role),
        "RoleLastUsed": {},
    })
}

fn policy_detail(call: &Call<'_>, found: &Value) -> Result<Value, AwsError> {
    if found.list("Versions").is_empty() {
        return Err(managed::no_document(found.text("Arn")));
    }
    let mut shown = policy::shown(call, found);
    shown.unset("Tags");
    let default = found.text("DefaultVersionId");
    let versions = found.list("Versions").iter();
    let versions: Vec<Value> = versions
        .map(|it| policy_version::shown(call, it, it.text("VersionId") == default))
        .collect();
    shown.set("PolicyVersionList", versions);
    Ok(shown)
}
