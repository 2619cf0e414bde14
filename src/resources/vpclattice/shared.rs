//! What all kinds share: finding what is ours, tags, names, states, auth policies.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use aws_smithy_types::error::operation::BuildError;
use serde_json::Value;

use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::{Class, Failure, Foreign, Health, Identity, Query};
use crate::resources::resource::Tags;

/// How many objects are asked for at once.
pub(super) const AT_ONCE: usize = 10;

/// Something that bears our tags.
pub(super) struct Ours {
    pub(super) arn: String,
    pub(super) identity: Identity,
    /// The user's own tags.
    pub(super) tags: Tags,
}

/// What was found by tags alone, before anything is described.
#[derive(Default)]
pub(super) struct Finds {
    pub(super) ours: Vec<Ours>,
    pub(super) foreign: Vec<Foreign>,
}

/// What bears our tags, of the ARNs that `fits` lets through. The tagging API says it, in a call that all kinds share; only
/// what is wanted and not known to it is looked for in `list` (ARN and name of each), as it lags. What it lists may be dead.
pub(super) async fn find<F>(
    cx: &Cx,
    query: &Query<'_>,
    fits: impl Fn(&str) -> bool + Send,
    name: fn(&Identity) -> String,
    list: impl FnOnce() -> F + Send,
) -> Result<Finds, Failure>
where
    F: Future<Output = Result<Vec<(String, String)>, Failure>> + Send,
{
    let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
    let mut finds = Finds::default();
    let mut note = |arn: &str, all: &BTreeMap<String, String>| {
        let Some(identity) = tags::identity(all, query) else { return false };
        let tags = tags::own(all, &identity);
        finds.ours.push(Ours { arn: arn.to_owned(), identity, tags });
        true
    };
    for (arn, all) in bulk.iter().filter(|(arn, _)| fits(arn)) {
        note(arn, all);
    }
    let known: BTreeSet<_> = finds.ours.iter().map(|one| one.identity.address.clone()).collect();
    if query.wanted.iter().all(|wanted| known.contains(&wanted.address)) {
        return Ok(finds);
    }
    let prefix = format!("{}-{}-", query.application, query.environment);
    let prefix = prefix.get(..20).unwrap_or(&prefix).to_ascii_lowercase();
    for (arn, called) in list().await? {
        let wanted = query.wanted.iter().find(|wanted| name(wanted) == called);
        let likely = called.is_empty() || called.starts_with(&prefix) || wanted.is_some();
        if !likely || bulk.contains_key(&arn) {
            continue;
        }
        let Some(all) = unless_gone(tags_of(cx, &arn).await)? else { continue };
        let mut noted = false;
        if let Some(identity) = tags::identity(&all, query) {
            let tags = tags::own(&all, &identity);
            finds.ours.push(Ours { arn: arn.clone(), identity, tags });
            noted = true;
        }
        if let Some(wanted) = wanted.filter(|_| !noted) {
            finds.foreign.push(tags::foreign(wanted, arn, &all));
        }
    }
    Ok(finds)
}

/// The ARN's resource, `service/svc-…/listener/…`, if it is one of Lattice's here.
pub(super) fn resource<'a>(cx: &Cx, arn: &'a str) -> Option<Vec<&'a str>> {
    let prefix = cx.arn("vpc-lattice", "");
    Some(arn.strip_prefix(&prefix)?.split('/').collect())
}

/// Is it the ARN of a thing of this sort (`servicenetwork`), and not of something in it?
pub(super) fn is(cx: &Cx, arn: &str, sort: &str) -> bool {
    matches!(resource(cx, arn).as_deref(), Some([found, _]) if *found == sort)
}

/// The last part of an ARN or id.
pub(super) fn id(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The id that somebody means who gives an ARN, an id (it begins with `prefix`), or a name: only that is looked for in
/// `list` (ARN and name of each).
pub(super) async fn meant<F>(
    given: &str,
    prefix: &str,
    list: impl FnOnce() -> F + Send,
) -> Result<Option<String>, Failure>
where
    F: Future<Output = Result<Vec<(String, String)>, Failure>> + Send,
{
    if given.starts_with(prefix) || given.starts_with("arn:") {
        return Ok(Some(id(given).to_owned()));
    }
    let named = list().await?.into_iter().find(|(_, name)| name == given);
    Ok(named.map(|(arn, _)| id(&arn).to_owned()))
}

/// What a thing is called: small letters, digits and single hyphens, and not like Lattice's own ids.
pub(super) fn name(identity: &Identity, limit: usize) -> String {
    let given = identity.name(limit.saturating_sub(2)).to_ascii_lowercase();
    let mut name = String::with_capacity(limit);
    let own = ["svc-", "tg-", "rule-", "listener-", "servicenetwork-"];
    if own.iter().any(|prefix| given.starts_with(prefix)) {
        name.push_str("a-");
    }
    for c in given.trim_matches('-').chars() {
        if c != '-' || !name.ends_with('-') {
            name.push(c);
        }
    }
    name
}

/// A thing without a name is never in another's way.
pub(super) fn unnamed(_: &Identity) -> String {
    String::new()
}

pub(super) fn built<T>(result: Result<T, BuildError>) -> Result<T, Failure> {
    result.map_err(|error| Failure::internal(error.to_string()))
}

pub(super) async fn tags_of(cx: &Cx, arn: &str) -> Result<Tags, Failure> {
    let sent = cx.vpclattice.list_tags_for_resource().resource_arn(arn).send().await;
    let answer = sent.map_err(|error| classify("vpc-lattice ListTagsForResource", error))?;
    Ok(answer.tags().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect())
}

pub(super) fn on_create(
    identity: &Identity,
    own: &Tags,
) -> Option<std::collections::HashMap<String, String>> {
    Some(tags::for_create(identity, own, false).into_iter().collect())
}

/// Adds tags to what is there.
pub(super) async fn claim(cx: &Cx, arn: &str, tags: &Tags) -> Result<(), Failure> {
    let tags = tags.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    let call = cx.vpclattice.tag_resource().resource_arn(arn).set_tags(Some(tags));
    let sent = call.send().await;
    sent.map(drop).map_err(|error| classify("vpc-lattice TagResource", error))
}

/// Makes the user's own tags those of `desired`: no call where nothing differs.
pub(super) async fn retag(cx: &Cx, arn: &str, live: &Tags, desired: &Tags) -> Result<(), Failure> {
    let (write, remove) = tags::difference(live, desired);
    if !write.is_empty() {
        claim(cx, arn, &write).await?;
    }
    if !remove.is_empty() {
        let call = cx.vpclattice.untag_resource().resource_arn(arn).set_tag_keys(Some(remove));
        let sent = call.send().await;
        sent.map_err(|error| classify("vpc-lattice UntagResource", error))?;
    }
    Ok(())
}

/// What a state means; `Gone` for what is on its way out: a new one is made beside it.
pub(super) fn observed(status: Option<&str>, failure: Option<&str>) -> Health {
    match status {
        Some("DELETE_IN_PROGRESS") => Health::Gone,
        status => health(status, failure),
    }
}

/// What a state means to who waits.
pub(super) fn health(status: Option<&str>, failure: Option<&str>) -> Health {
    match status {
        Some("CREATE_IN_PROGRESS") => Health::Pending("being made".to_owned()),
        Some("UPDATE_IN_PROGRESS") => Health::Pending("being changed".to_owned()),
        Some("DELETE_IN_PROGRESS") => Health::Pending("being deleted".to_owned()),
        Some(state @ ("CREATE_FAILED" | "UPDATE_FAILED" | "DELETE_FAILED")) => {
            Health::Failed(failure.unwrap_or(state).to_owned())
        }
        _ => Health::Ready,
    }
}

/// A name is free again only when the old one is really gone: until then a create is made again.
pub(super) fn until_free(failure: Failure, going: bool) -> Failure {
    match failure.class {
        Class::AlreadyExists if going => Failure { class: Class::ConflictInProgress, ..failure },
        _ => failure,
    }
}

/// The auth policy of a network or service: JSON.
pub(super) async fn policy(cx: &Cx, id: &str) -> Result<Option<Value>, Failure> {
    let sent = cx.vpclattice.get_auth_policy().resource_identifier(id).send().await;
    let sent = unless_gone(sent.map_err(|error| classify("vpc-lattice GetAuthPolicy", error)))?;
    let text = sent.and_then(|answer| answer.policy).filter(|text| !text.is_empty());
    Ok(text.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text))))
}

/// Makes the auth policy this one, or none.
pub(super) async fn set_policy(cx: &Cx, id: &str, policy: Option<&Value>) -> Result<(), Failure> {
    let Some(policy) = policy else {
        let sent = cx.vpclattice.delete_auth_policy().resource_identifier(id).send().await;
        let sent = sent.map_err(|error| classify("vpc-lattice DeleteAuthPolicy", error));
        return unless_gone(sent).map(drop);
    };
    let call = cx.vpclattice.put_auth_policy().resource_identifier(id);
    let sent = call.policy(policy.to_string()).send().await;
    sent.map(drop).map_err(|error| classify("vpc-lattice PutAuthPolicy", error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Address, Owner};

    #[test]
    fn names_are_as_lattice_wants_them() {
        let named = |application: &str, of: &str| {
            let identity = Identity {
                application: application.into(),
                environment: "test".into(),
                owner: Owner::Environment,
                address: Address::new("vpclattice/service", of),
                generation: 1,
                run: String::new(),
            };
            name(&identity, 40)
        };
        assert_eq!(named("demo", "api/1"), "demo-test-api-1");
        assert_eq!(named("Demo_", "api"), "demo-test-api");
        assert_eq!(named("svc", "api"), "a-svc-test-api");
        assert!(named("demo", "a-service-with-a-name-that-is-far-too-long").len() <= 40);
    }
}
