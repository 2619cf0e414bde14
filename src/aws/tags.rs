//! Ownership tags, to and from each SDK's own tag type.

use std::collections::BTreeMap;

use crate::engine::identity::{TAG_APPLICATION, TAG_ENVIRONMENT};
use crate::engine::{Class, Failure, Foreign, Holder, Identity, Query};

/// The tag EC2's console shows as a name.
pub const NAME: &str = "Name";

/// All tags of a create call: the user's own, then ownership, then (`named`) EC2's `Name`.
pub fn for_create(
    identity: &Identity,
    own: &BTreeMap<String, String>,
    named: bool,
) -> BTreeMap<String, String> {
    let mut tags = own.clone();
    tags.extend(identity.tags());
    if named {
        tags.entry(NAME.to_owned()).or_insert_with(|| identity.name(255));
    }
    tags
}

/// The user's own tags among all: without ours, AWS's (`aws:`) and the `Name` we gave.
pub fn own(tags: &BTreeMap<String, String>, identity: &Identity) -> BTreeMap<String, String> {
    tags.iter()
        .filter(|(key, value)| {
            let given = key.as_str() == NAME && **value == identity.name(255);
            !(given || key.starts_with("shipit:") || key.starts_with("aws:"))
        })
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The identity that `tags` give in this application and environment, if any.
pub fn identity(tags: &BTreeMap<String, String>, query: &Query<'_>) -> Option<Identity> {
    Identity::from_tags(tags, query.application, query.environment)
}

/// Holds what the service itself says of an object's tags against whose it was taken to be.
///
/// # Errors
/// The object no longer bears our tags: it may not be changed or deleted.
pub fn still_owned(
    tags: &BTreeMap<String, String>,
    identity: &Identity,
    id: &str,
) -> Result<(), Failure> {
    let now = Identity::from_tags(tags, &identity.application, &identity.environment);
    if now.is_some_and(|now| now.address == identity.address) {
        return Ok(());
    }
    Err(Failure::new(
        Class::Invalid,
        format!("`{id}`, taken for `{}`, no longer bears shipit's tags", identity.address),
    )
    .with_hint("look at what has become of it, then plan again"))
}

/// Something that stands where a wanted object should: who owns it, as far as its tags say.
pub fn foreign(
    wanted: &Identity,
    id: impl Into<String>,
    tags: &BTreeMap<String, String>,
) -> Foreign {
    let (owner, adoptable) = match holder(tags, wanted) {
        Holder::Another(owner) => (format!("the tags of {owner}"), false),
        Holder::Ours | Holder::Nobody => ("no shipit tags".to_owned(), true),
    };
    Foreign { address: wanted.address.clone(), id: id.into(), owner, adoptable }
}

/// Whose tags these are, to the application and environment of `wanted`.
pub fn holder(tags: &BTreeMap<String, String>, wanted: &Identity) -> Holder {
    if Identity::from_tags(tags, &wanted.application, &wanted.environment).is_some() {
        return Holder::Ours;
    }
    match (tags.get(TAG_APPLICATION), tags.get(TAG_ENVIRONMENT)) {
        (Some(application), Some(environment))
            if (application, environment) != (&wanted.application, &wanted.environment) =>
        {
            Holder::Another(format!("environment `{environment}` of application `{application}`"))
        }
        _ => Holder::Nobody,
    }
}

/// Which tags to write and which to remove so that the user's own become `desired`.
pub fn difference(
    live: &BTreeMap<String, String>,
    desired: &BTreeMap<String, String>,
) -> (BTreeMap<String, String>, Vec<String>) {
    let write = desired
        .iter()
        .filter(|(key, value)| live.get(*key) != Some(value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let remove = live.keys().filter(|key| !desired.contains_key(*key)).cloned().collect();
    (write, remove)
}
