//! Access entries: who may do something in a cluster. EKS makes those of nodes, and some of its own, itself.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{ENTRIES, access_policy, check, in_use, invalid, missing, names, names_in, refused};
use super::{remove, tags_of, working};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

const TYPES: [&str; 7] = [
    "STANDARD",
    "FARGATE_LINUX",
    "EC2_LINUX",
    "EC2_WINDOWS",
    "EC2",
    "HYBRID_LINUX",
    "HYPERPOD_LINUX",
];

/// The cluster that the path names, if access entries count there.
pub(super) fn cluster(call: &Call<'_>) -> Result<String, AwsError> {
    let (name, cluster) = working(call)?;
    if cluster["accessConfig"].text("authenticationMode") == "CONFIG_MAP" {
        return Err(refused(
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform \
             this operation.",
        )
        .with("clusterName", name));
    }
    Ok(name)
}

/// The entry that the path names, by its key.
pub(super) fn entry(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let name = cluster(call)?;
    let key = format!("{name}/{}", call.input.text("principalArn")?);
    let found = call.get(ENTRIES, &key).ok_or_else(|| {
        missing(
            "The specified principalArn could not be found. You can view your available access entries with \
             'list-access-entries'.",
        )
    })?;
    Ok((key, found))
}

/// The principal of an entry for who calls with this ARN: the role, not its session.
pub(super) fn principal_of(arn: &str) -> String {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, "sts", "", account, rest] if rest.starts_with("assumed-role/") => {
            let role = rest.split('/').nth(1).unwrap_or_default();
            format!("arn:{partition}:iam::{account}:role/{role}")
        }
        _ => arn.to_owned(),
    }
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let cluster = cluster(call)?;
    let principal = call.input.text("principalArn")?;
    let kind = call.input.optional_text("type")?.unwrap_or_else(|| "STANDARD".to_owned());
    let groups = call.input.optional_texts("kubernetesGroups")?;
    let username = call.input.optional_text("username")?;
    let token = call.input.optional_text("clientRequestToken")?;
    let tags = call.input.map("tags")?;
    if !TYPES.contains(&kind.as_str()) {
        return Err(invalid(format!("The type {kind} is not one of {}", TYPES.join(", "))));
    }
    if kind != "STANDARD" && (groups.is_some() || username.is_some()) {
        return Err(invalid(format!(
            "kubernetesGroups and username cannot be specified for an access entry of type {kind}"
        )));
    }
    check_principal(call, &principal, &kind)?;
    check_groups(groups.as_deref().unwrap_or_default())?;
    check_username(call, &principal, username.as_deref())?;
    let key = format!("{cluster}/{principal}");
    if let Some(old) = call.get(ENTRIES, &key) {
        if token.is_some() && old["own"].text("token") == token.unwrap_or_default() {
            return Ok(json!({"accessEntry": wire(call, &old)}));
        }
        return Err(in_use(
            "The specified access entry resource is already in use on this cluster.",
        )
        .with("clusterName", cluster));
    }
    let mut entry = make(call, &cluster, &principal, &kind);
    if let Some(groups) = groups {
        entry.set("kubernetesGroups", groups);
    }
    if let Some(username) = username {
        entry.set("username", username);
    }
    let mut own = entry["own"].clone();
    own.set("token", token);
    entry.set("own", own);
    call.add_tags(entry.text("accessEntryArn"), tags)?;
    call.put(ENTRIES, &key, entry.clone());
    Ok(json!({"accessEntry": wire(call, &entry)}))
}

fn check_principal(call: &Call<'_>, principal: &str, kind: &str) -> Result<(), AwsError> {
    let wrong = || invalid("The specified principalArn is invalid: invalid principal.");
    let account = format!("arn:aws:iam::{}:", call.account);
    let Some(rest) = principal.strip_prefix(&account) else { return Err(wrong()) };
    let role = rest.starts_with("role/");
    if kind != "STANDARD" && !role {
        return Err(invalid(format!(
            "An access entry of type {kind} needs the ARN of an IAM role"
        )));
    }
    match rest {
        _ if role && check::role(call, principal).is_some() => Ok(()),
        // The account's own user here, and its root.
        "root" | "user/local" => Ok(()),
        _ => Err(wrong()),
    }
}

fn check_groups(groups: &[String]) -> Result<(), AwsError> {
    let own = ["system:", "eks:", "aws:", "amazon:", "iam:"];
    match groups.iter().find(|group| own.iter().any(|prefix| group.starts_with(prefix))) {
        Some(group) => Err(invalid(format!(
            "The kubernetes group name {group} is invalid, it cannot start with {}",
            own.join(", ")
        ))),
        None => Ok(()),
    }
}

fn check_username(
    call: &Call<'_>,
    principal: &str,
    username: Option<&str>,
) -> Result<(), AwsError> {
    let Some(name) = username else { return Ok(()) };
    let own = ["system:", "eks:", "aws:", "amazon:", "iam:"];
    if own.iter().any(|prefix| name.starts_with(prefix)) {
        return Err(invalid(format!(
            "The username {name} is invalid, it cannot start with {}",
            own.join(", ")
        )));
    }
    // A role's sessions must be told apart.
    let session = name.contains("{{SessionName}}") || name.contains("{{SessionNameRaw}}");
    let mine = name.starts_with(&format!("arn:aws:sts::{}:", call.account));
    if principal.contains(":role/") && name.contains("{{") && !session && !mine {
        return Err(invalid(format!("The username {name} has an unknown variable")));
    }
    Ok(())
}

/// An entry's document, not yet stored.
fn make(call: &mut Call<'_>, cluster: &str, principal: &str, kind: &str) -> Value {
    let rest = principal.rsplit(':').next().unwrap_or_default();
    let (what, name) = rest.split_once('/').unwrap_or((rest, rest));
    let last = name.rsplit('/').next().unwrap_or(name);
    let id = call.ids.uuid();
    let arn =
        call.arn("eks", &format!("access-entry/{cluster}/{what}/{}/{last}/{id}", call.account));
    let node = "system:node:{{EC2PrivateDNSName}}".to_owned();
    let (username, groups): (String, &[&str]) = match kind {
        "EC2" => (node, &["system:nodes"]),
        "EC2_LINUX" => (node, &["system:nodes"]),
        "EC2_WINDOWS" => (node, &["eks:kube-proxy-windows", "system:nodes"]),
        "FARGATE_LINUX" => {
            ("system:node:{{SessionName}}".to_owned(), &["system:node-proxier", "system:nodes"])
        }
        "HYBRID_LINUX" | "HYPERPOD_LINUX" => {
            ("system:node:{{SessionName}}".to_owned(), &["system:nodes"])
        }
        _ if what == "role" => {
            (format!("arn:aws:sts::{}:assumed-role/{last}/{{{{SessionName}}}}", call.account), &[])
        }
        _ => (principal.to_owned(), &[]),
    };
    json!({
        "arn": arn, "clusterName": cluster, "principalArn": principal, "kubernetesGroups": groups,
        "accessEntryArn": arn, "username": username, "type": kind,
        "own": {"created": call.now, "modified": call.now, "policies": []},
    })
}

/// An entry that EKS makes, where there is none.
pub(super) fn make_own(
    call: &mut Call<'_>,
    cluster: &str,
    principal: &str,
    kind: &str,
    policy: Option<&str>,
) {
    let key = format!("{cluster}/{principal}");
    if call.get(ENTRIES, &key).is_some() {
        return;
    }
    let mut entry = make(call, cluster, principal, kind);
    let mut own = entry["own"].clone();
    own.set("eks", true);
    if let Some(policy) = policy {
        let row = access_policy::row(call, &access_policy::arn(policy), json!({"type": "cluster"}));
        own.set("policies", vec![row]);
    }
    entry.set("own", own);
    call.put(ENTRIES, &key, entry);
}

/// An entry that EKS made goes with what it was for.
pub(super) fn leave(call: &mut Call<'_>, cluster: &str, principal: &str) {
    let key = format!("{cluster}/{principal}");
    if call.get(ENTRIES, &key).is_some_and(|entry| entry["own"].flag("eks")) {
        remove(call, ENTRIES, &key);
    }
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, found) = entry(call)?;
    Ok(json!({"accessEntry": wire(call, &found)}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let cluster = cluster(call)?;
    let policy = call.input.optional_text("associatedPolicyArn")?;
    let mut found = names_in(call, ENTRIES, &cluster);
    if let Some(policy) = policy {
        access_policy::known(&policy)?;
        found.retain(|principal| {
            let entry = call.get(ENTRIES, &format!("{cluster}/{principal}"));
            entry.is_some_and(|entry| {
                entry["own"].list("policies").iter().any(|one| one.text("policyArn") == policy)
            })
        });
    }
    names(call, "accessEntries", found)
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, old) = entry(call)?;
    let groups = call.input.optional_texts("kubernetesGroups")?;
    let username = call.input.optional_text("username")?;
    // Updating twice with one token is updating once: members are replaced.
    call.input.accept("clientRequestToken");
    let kind = old.text("type");
    if kind != "STANDARD" {
        return Err(refused(format!("An access entry of type {kind} cannot be updated")));
    }
    check_groups(groups.as_deref().unwrap_or_default())?;
    check_username(call, old.text("principalArn"), username.as_deref())?;
    let now = call.now;
    call.update(ENTRIES, &key, |entry| {
        if let Some(groups) = groups {
            entry.set("kubernetesGroups", groups);
        }
        if let Some(username) = username {
            entry.set("username", username);
        }
        let mut own = entry["own"].clone();
        own.set("modified", now);
        entry.set("own", own);
    });
    let (_, new) = entry(call)?;
    Ok(json!({"accessEntry": wire(call, &new)}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, _) = entry(call)?;
    remove(call, ENTRIES, &key);
    Ok(json!({}))
}

fn wire(call: &Call<'_>, entry: &Value) -> Value {
    let mut wire = entry.clone();
    wire.set("createdAt", call.time(entry["own"].time("created")));
    wire.set("modifiedAt", call.time(entry["own"].time("modified")));
    wire.set("tags", tags_of(call, entry));
    wire.unset("own");
    wire.unset("arn");
    wire
}
