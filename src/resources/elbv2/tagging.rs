//! Tags of load-balancing objects: asked for twenty at a time, written one object at a time.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::Tag;

use crate::aws::{Cx, classify, tags};
use crate::engine::{Class, Failure};
use crate::resources::resource::Tags;

/// AWS's limit for DescribeTags.
const BATCH: usize = 20;

/// The SDK's form of tags.
pub(super) fn to_sdk(tags: &Tags) -> Option<Vec<Tag>> {
    let tags: Vec<Tag> =
        tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    (!tags.is_empty()).then_some(tags)
}

/// The tags of each object, by ARN; what has vanished in between is absent.
pub(super) async fn of(cx: &Cx, arns: &[String]) -> Result<BTreeMap<String, Tags>, Failure> {
    let mut found = BTreeMap::new();
    for batch in arns.chunks(BATCH) {
        match describe(cx, batch).await {
            Ok(tags) => found.extend(tags),
            // One that is gone fails the whole batch.
            Err(failure) if failure.class == Class::Gone => {
                for arn in batch {
                    match describe(cx, std::slice::from_ref(arn)).await {
                        Ok(tags) => found.extend(tags),
                        Err(failure) if failure.class == Class::Gone => {}
                        Err(failure) => return Err(failure),
                    }
                }
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(found)
}

async fn describe(cx: &Cx, arns: &[String]) -> Result<Vec<(String, Tags)>, Failure> {
    let answer = cx
        .elbv2
        .describe_tags()
        .set_resource_arns(Some(arns.to_vec()))
        .send()
        .await
        .map_err(|error| classify("elbv2 DescribeTags", error))?;
    Ok(answer
        .tag_descriptions()
        .iter()
        .map(|one| {
            let tags = one
                .tags()
                .iter()
                .filter_map(|tag| {
                    Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()))
                })
                .collect();
            (one.resource_arn().unwrap_or_default().to_owned(), tags)
        })
        .collect())
}

/// The tags of one object as they are now; `None` where it is gone.
pub(super) async fn of_one(cx: &Cx, arn: &str) -> Result<Option<Tags>, Failure> {
    Ok(of(cx, &[arn.to_owned()]).await?.remove(arn))
}

/// Adds tags to what is there.
pub(super) async fn claim(cx: &Cx, arn: &str, tags: &Tags) -> Result<(), Failure> {
    let call = cx.elbv2.add_tags().resource_arns(arn).set_tags(to_sdk(tags));
    call.send().await.map(drop).map_err(|error| classify("elbv2 AddTags", error))
}

/// Makes the user's own tags `desired`.
pub(super) async fn write(cx: &Cx, arn: &str, live: &Tags, desired: &Tags) -> Result<(), Failure> {
    let (add, remove) = tags::difference(live, desired);
    if let Some(add) = to_sdk(&add) {
        cx.elbv2
            .add_tags()
            .resource_arns(arn)
            .set_tags(Some(add))
            .send()
            .await
            .map_err(|error| classify("elbv2 AddTags", error))?;
    }
    if !remove.is_empty() {
        cx.elbv2
            .remove_tags()
            .resource_arns(arn)
            .set_tag_keys(Some(remove))
            .send()
            .await
            .map_err(|error| classify("elbv2 RemoveTags", error))?;
    }
    Ok(())
}

/// What the names of an environment's load balancers and target groups begin with, as far as
/// cutting them to 32 characters leaves it.
pub(super) fn name_prefix(application: &str, environment: &str) -> String {
    let name: String = format!("{application}-{environment}-")
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    // 32 less a hash of 8, its hyphen, and a generation of up to three digits with its own.
    let prefix = name.get(..19).unwrap_or(&name);
    if prefix.len() < name.len() { prefix.trim_end_matches('-').to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Address, Identity, Owner};

    #[test]
    fn every_name_begins_with_the_prefix() {
        for (application, environment) in [
            ("demo", "test"),
            ("a-quite-long-application", "production"),
            ("abcdefghijklmnopqr", "x"),
        ] {
            for name in ["public", "a-service-with-quite-a-long-name"] {
                for generation in [1, 2, 12, 123] {
                    let identity = Identity {
                        application: application.into(),
                        environment: environment.into(),
                        owner: Owner::Environment,
                        address: Address::new("elbv2/target-group", name),
                        generation,
                        run: String::new(),
                    };
                    let prefix = name_prefix(application, environment);
                    assert!(
                        identity.name(32).starts_with(&prefix),
                        "{} {prefix}",
                        identity.name(32)
                    );
                }
            }
        }
    }
}
