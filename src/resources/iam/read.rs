//! Reading roles in few calls: one by one while there are few, and all of the account's at
//! once when that is cheaper.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::{EntityType, RoleDetail, Tag};
use futures_util::future::try_join_all;
use serde_json::Value;

use super::role::{RoleOutputs, path};
use super::{Role, web_identity};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::{Class, Failure, Foreign, Health, Identity, Query};
use crate::resources::resource::{Existing, Found, Live};

/// Up to so many roles are asked for one by one, at three calls and more each; beyond, the
/// account's authorization details hold all in pages of a thousand.
const ONE_BY_ONE: usize = 3;

/// What `ListRoles` says of a role: the only call that lists description and session duration.
struct Listed {
    arn: String,
    description: String,
    max_session_duration: i32,
    assume_policy: Value,
}

/// What the other calls say.
struct Details {
    tags: BTreeMap<String, String>,
    permissions_boundary: Option<String>,
    managed: Vec<String>,
    inline: BTreeMap<String, Value>,
}

/// All roles of an environment, and those in its way.
pub(super) async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Role>, Failure> {
    let listed = list(cx, &path(query.application, query.environment)).await?;
    let wanted: BTreeMap<String, &Identity> =
        query.wanted.iter().map(|identity| (identity.name(64), identity)).collect();
    let missing: Vec<&String> = wanted.keys().filter(|name| !listed.contains_key(*name)).collect();
    let mut found = Found::default();
    let mut details = if listed.len() + missing.len() <= ONE_BY_ONE {
        for name in &missing {
            if let Some(tags) = unless_gone(role_tags(cx, name).await)? {
                found.foreign.push(foreign(&wanted, name, &tags.0));
            }
        }
        let each = listed.keys().map(|name| details(cx, name));
        listed.keys().cloned().zip(try_join_all(each).await?).collect()
    } else {
        // Who may not read the whole account's details may still read each role.
        let (mut all, complete) = match all_details(cx).await {
            Ok(all) => (all, true),
            Err(failure) if matches!(failure.class, Class::Denied | Class::NotServed) => {
                (BTreeMap::new(), false)
            }
            Err(failure) => return Err(failure),
        };
        for name in missing {
            if let Some(detail) = all.get(name) {
                found.foreign.push(foreign(&wanted, name, &detail.tags));
            } else if !complete && let Some((tags, _)) = unless_gone(role_tags(cx, name).await)? {
                found.foreign.push(foreign(&wanted, name, &tags));
            }
        }
        // What was made a moment ago may be listed and not be among the details yet.
        let late: Vec<&String> = listed.keys().filter(|name| !all.contains_key(*name)).collect();
        let each = try_join_all(late.iter().map(|name| details(cx, name))).await?;
        all.extend(late.into_iter().cloned().zip(each));
        all
    };
    for (name, role) in listed {
        let Some(details) = details.remove(&name) else { continue };
        match tags::identity(&details.tags, query) {
            Some(identity) => found.owned.push(live(identity, name, role, details)),
            None if wanted.contains_key(&name) => {
                found.foreign.push(foreign(&wanted, &name, &details.tags));
            }
            None => {}
        }
    }
    Ok(found)
}

fn foreign(
    wanted: &BTreeMap<String, &Identity>,
    name: &str,
    tags: &BTreeMap<String, String>,
) -> Foreign {
    tags::foreign(wanted[name], name, tags)
}

/// One role, whoever's it is.
pub(super) async fn existing(
    cx: &Cx,
    wanted: &Identity,
    name: &str,
) -> Result<Option<Existing<Role>>, Failure> {
    let sent = cx.iam.get_role().role_name(name).send().await;
    let answer = unless_gone(sent.map_err(|error| classify("iam GetRole", error)))?;
    let Some(role) = answer.as_ref().and_then(|answer| answer.role()) else { return Ok(None) };
    let listed = Listed::of(role);
    let details = details(cx, name).await?;
    let full_name = format!("{}{name}", role.path());
    let make = |identity, _own| live(identity, name.to_owned(), listed, details);
    Ok(Some(Existing::of(from_sdk(role.tags()), wanted, make).named(full_name)))
}

/// A role's tags; `None` where it is gone.
pub(super) async fn tags_now(
    cx: &Cx,
    name: &str,
) -> Result<Option<BTreeMap<String, String>>, Failure> {
    Ok(unless_gone(role_tags(cx, name).await)?.map(|(tags, _)| tags))
}

impl Listed {
    fn of(role: &aws_sdk_iam::types::Role) -> Self {
        Self {
            arn: role.arn().to_owned(),
            description: role.description().unwrap_or_default().to_owned(),
            max_session_duration: role.max_session_duration().unwrap_or(3600),
            assume_policy: document(role.assume_role_policy_document().unwrap_or_default()),
        }
    }
}

fn live(identity: Identity, name: String, role: Listed, details: Details) -> Live<Role> {
    let mut managed_policies = details.managed;
    managed_policies.sort();
    Live {
        spec: Role {
            assume_policy: web_identity::normal(&role.assume_policy),
            description: role.description,
            max_session_duration: role.max_session_duration,
            managed_policies,
            inline_policies: details.inline,
            permissions_boundary: details.permissions_boundary,
            tags: tags::own(&details.tags, &identity),
        },
        identity,
        outputs: RoleOutputs { arn: role.arn.into(), name: name.clone() },
        health: Health::Ready,
        id: name,
    }
}

async fn list(cx: &Cx, path: &str) -> Result<BTreeMap<String, Listed>, Failure> {
    let mut pages = cx.iam.list_roles().path_prefix(path).max_items(1000).into_paginator().send();
    let mut found = BTreeMap::new();
    while let Some(page) = pages.next().await {
        for role in page.map_err(|error| classify("iam ListRoles", error))?.roles() {
            found.insert(role.role_name().to_owned(), Listed::of(role));
        }
    }
    Ok(found)
}

/// Tags and permissions boundary, which `ListRoles` leaves out.
async fn role_tags(
    cx: &Cx,
    name: &str,
) -> Result<(BTreeMap<String, String>, Option<String>), Failure> {
    let answer = cx.iam.get_role().role_name(name).send().await;
    let answer = answer.map_err(|error| classify("iam GetRole", error))?;
    let Some(role) = answer.role() else { return Ok(Default::default()) };
    let boundary = role.permissions_boundary().and_then(|one| one.permissions_boundary_arn());
    Ok((from_sdk(role.tags()), boundary.map(str::to_owned)))
}

/// Names of a role's policies.
pub(super) struct Policies {
    /// ARNs of managed ones.
    pub(super) managed: Vec<String>,
    /// Names of its own.
    pub(super) inline: Vec<String>,
}

/// Which policies a role has.
pub(super) async fn policies(cx: &Cx, name: &str) -> Result<Policies, Failure> {
    let mut managed = Vec::new();
    let mut pages = cx.iam.list_attached_role_policies().role_name(name).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("iam ListAttachedRolePolicies", error))?;
        managed.extend(
            page.attached_policies().iter().filter_map(|one| Some(one.policy_arn()?.to_owned())),
        );
    }
    let mut inline = Vec::new();
    let mut pages = cx.iam.list_role_policies().role_name(name).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("iam ListRolePolicies", error))?;
        inline.extend(page.policy_names().iter().cloned());
    }
    Ok(Policies { managed, inline })
}

async fn details(cx: &Cx, name: &str) -> Result<Details, Failure> {
    let ((tags, permissions_boundary), policies) =
        futures_util::future::try_join(role_tags(cx, name), policies(cx, name)).await?;
    let mut inline = BTreeMap::new();
    for policy in policies.inline {
        let answer = cx.iam.get_role_policy().role_name(name).policy_name(&policy).send().await;
        let answer = answer.map_err(|error| classify("iam GetRolePolicy", error))?;
        inline.insert(policy, document(answer.policy_document()));
    }
    Ok(Details { tags, permissions_boundary, managed: policies.managed, inline })
}

async fn all_details(cx: &Cx) -> Result<BTreeMap<String, Details>, Failure> {
    let call = cx.iam.get_account_authorization_details().filter(EntityType::Role);
    let mut pages = call.max_items(1000).into_paginator().send();
    let mut found = BTreeMap::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("iam GetAccountAuthorizationDetails", error))?;
        for role in page.role_detail_list() {
            found.insert(role.role_name().unwrap_or_default().to_owned(), from_detail(role));
        }
    }
    Ok(found)
}

fn from_detail(role: &RoleDetail) -> Details {
    let boundary = role.permissions_boundary().and_then(|one| one.permissions_boundary_arn());
    Details {
        tags: from_sdk(role.tags()),
        permissions_boundary: boundary.map(str::to_owned),
        managed: role
            .attached_managed_policies()
            .iter()
            .filter_map(|one| Some(one.policy_arn()?.to_owned()))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        inline: role
            .role_policy_list()
            .iter()
            .map(|one| {
                let name = one.policy_name().unwrap_or_default().to_owned();
                (name, document(one.policy_document().unwrap_or_default()))
            })
            .collect(),
    }
}

fn from_sdk(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

/// A policy document, which IAM answers percent-encoded. One that is no JSON is kept as text, so that it
/// shows as a difference.
fn document(text: &str) -> Value {
    let decoded = percent_decoded(text);
    serde_json::from_str(&decoded).unwrap_or(Value::String(decoded))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = (*first == b'%').then(|| tail.get(..2)).flatten();
        let byte = hex
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_are_read_encoded_or_not() {
        let expected = json!({ "Version": "2012-10-17" });
        assert_eq!(document("%7B%22Version%22%3A%222012-10-17%22%7D"), expected);
        assert_eq!(document(r#"{"Version": "2012-10-17"}"#), expected);
        assert_eq!(document("100% no %zz json"), json!("100% no %zz json"));
    }
}
