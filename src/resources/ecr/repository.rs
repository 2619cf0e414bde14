//! A repository for container images.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecr::types::{
    EncryptionConfiguration, EncryptionType, ImageScanningConfiguration, ImageTagMutability,
    Repository as Api, Tag,
};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// A repository, named `application/environment/name`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repository {
    /// `MUTABLE` or `IMMUTABLE`: whether a tag may move to another image.
    pub tag_mutability: String,
    /// Images are scanned for vulnerabilities when they are pushed.
    pub scan_on_push: bool,
    /// `AES256`, `KMS` or `KMS_DSSE`.
    pub encryption: String,
    /// ARN of the KMS key; `None` only with `AES256`: ECR would choose a key, and the next plan
    /// would see it as a change.
    pub kms_key: Option<String>,
    /// Which images expire when; `None`: none does.
    pub lifecycle_policy: Option<Value>,
    /// Who else may push and pull.
    pub policy: Option<Value>,
    /// The user's own tags.
    pub tags: Tags,
}

impl Default for Repository {
    /// ECR's own defaults.
    fn default() -> Self {
        Self {
            tag_mutability: "MUTABLE".to_owned(),
            scan_on_push: false,
            encryption: "AES256".to_owned(),
            kms_key: None,
            lifecycle_policy: None,
            policy: None,
            tags: Tags::new(),
        }
    }
}

crate::ids! {
    /// A repository's ARN.
    RepositoryArn,
}

crate::outputs!(Repository => RepositoryOutputs {
    /// Its ARN.
    arn: RepositoryArn,
    /// Its name.
    name: String,
    /// `123456789012.dkr.ecr.eu-west-1.amazonaws.com/demo/test/api`: images are pushed here.
    uri: String,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateRepository.repositoryName", "the physical name follows from the address"),
    ("CreateRepository.registryId", "always the account's own registry"),
    (
        "CreateRepository.imageTagMutabilityExclusionFilters",
        "exceptions by tag are not offered yet",
    ),
    ("PutImageTagMutability.registryId", "always the account's own registry"),
    ("PutImageTagMutability.repositoryName", "says which repository"),
    (
        "PutImageTagMutability.imageTagMutabilityExclusionFilters",
        "exceptions by tag are not offered yet",
    ),
    ("PutImageScanningConfiguration.registryId", "always the account's own registry"),
    ("PutImageScanningConfiguration.repositoryName", "says which repository"),
    ("PutLifecyclePolicy.registryId", "always the account's own registry"),
    ("PutLifecyclePolicy.repositoryName", "says which repository"),
    ("SetRepositoryPolicy.registryId", "always the account's own registry"),
    ("SetRepositoryPolicy.repositoryName", "says which repository"),
    ("SetRepositoryPolicy.force", "a safeguard against locking oneself out, no property"),
];

impl Spec for Repository {
    const KIND: &'static str = "ecr/repository";
}

fn prefix(application: &str, environment: &str) -> String {
    format!("{application}/{environment}/")
}

/// The name in AWS; generations beyond the first get a suffix.
fn name(identity: &Identity) -> String {
    let prefix = prefix(&identity.application, &identity.environment);
    let name = identity.address.name();
    match identity.generation {
        0 | 1 => format!("{prefix}{name}"),
        generation => format!("{prefix}{name}-{generation}"),
    }
}

impl Resource for Repository {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Immutable("encryption"), Rule::Immutable("kms_key"), Rule::Policy("policy")],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: Some("container images"),
        pace: Pace::AT_ONCE,
    };

    type Outputs = RepositoryOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let repositories = list(cx, &prefix(query.application, query.environment)).await?;
        let mut found = Found::default();
        if repositories.is_empty() {
            return Ok(found);
        }
        let wanted: BTreeMap<String, &Identity> =
            query.wanted.iter().map(|identity| (name(identity), identity)).collect();
        let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
        let mut owned = Vec::new();
        for repository in &repositories {
            let outputs = outputs(repository);
            let tags = match bulk.get(outputs.arn.as_str()) {
                Some(tags) => tags.clone(),
                None => match unless_gone(tags_of(cx, &outputs.arn).await)? {
                    Some(tags) => tags,
                    None => continue,
                },
            };
            match (tags::identity(&tags, query), wanted.get(&outputs.name)) {
                (Some(identity), _) => {
                    let own = tags::own(&tags, &identity);
                    owned.push(async move {
                        let policies = policies(cx, &outputs.name).await?;
                        Ok(to_live(repository, policies, identity, own))
                    });
                }
                (None, Some(wanted)) => {
                    found.foreign.push(tags::foreign(wanted, outputs.name, &tags))
                }
                (None, None) => {}
            }
        }
        found.owned = try_join_all(owned).await?;
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let name = name(identity);
        let encryption = EncryptionConfiguration::builder()
            .encryption_type(EncryptionType::from(self.encryption.as_str()))
            .set_kms_key(self.kms_key.clone())
            .build()
            .map_err(|error| Failure::internal(error.to_string()))?;
        let answer = cx
            .ecr
            .create_repository()
            .repository_name(&name)
            .image_tag_mutability(ImageTagMutability::from(self.tag_mutability.as_str()))
            .image_scanning_configuration(self.scanning())
            .encryption_configuration(encryption)
            .set_tags(Some(to_sdk(&tags::for_create(identity, &self.tags, false))?))
            .send()
            .await
            .map_err(|error| classify("ecr CreateRepository", error))?;
        if self.lifecycle_policy.is_some() {
            self.expire(cx, &name).await?;
        }
        if self.policy.is_some() {
            self.share(cx, &name).await?;
        }
        Ok(Progress::done(outputs(answer.repository().unwrap_or(&Api::builder().build()))))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let name = &live.outputs.name;
        if touches(changes, "tag_mutability") {
            let mutability = ImageTagMutability::from(self.tag_mutability.as_str());
            let call = cx.ecr.put_image_tag_mutability().repository_name(name);
            let sent = call.image_tag_mutability(mutability).send().await;
            sent.map_err(|error| classify("ecr PutImageTagMutability", error))?;
        }
        if touches(changes, "scan_on_push") {
            let call = cx.ecr.put_image_scanning_configuration().repository_name(name);
            let sent = call.image_scanning_configuration(self.scanning()).send().await;
            sent.map_err(|error| classify("ecr PutImageScanningConfiguration", error))?;
        }
        if touches(changes, "lifecycle_policy") {
            self.expire(cx, name).await?;
        }
        if touches(changes, "policy") {
            self.share(cx, name).await?;
        }
        let (write, remove) = tags::difference(&live.spec.tags, &self.tags);
        if !write.is_empty() {
            let call = cx.ecr.tag_resource().resource_arn(live.outputs.arn.as_str());
            let sent = call.set_tags(Some(to_sdk(&write)?)).send().await;
            sent.map_err(|error| classify("ecr TagResource", error))?;
        }
        if !remove.is_empty() {
            let call = cx.ecr.untag_resource().resource_arn(live.outputs.arn.as_str());
            let sent = call.set_tag_keys(Some(remove)).send().await;
            sent.map_err(|error| classify("ecr UntagResource", error))?;
        }
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        // Images go with it: that it holds them was said, and allowed by name.
        let call = cx.ecr.delete_repository().repository_name(&live.outputs.name).force(true);
        unless_gone(call.send().await.map_err(|error| classify("ecr DeleteRepository", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let name = id.split_once(":repository/").map_or(id, |(_, name)| name);
        let call = cx.ecr.describe_repositories().repository_names(name).send().await;
        let sent = call.map_err(|error| classify("ecr DescribeRepositories", error));
        let Some(answer) = unless_gone(sent)? else { return Ok(None) };
        let Some(repository) = answer.repositories().first() else { return Ok(None) };
        let outputs = outputs(repository);
        let (tags, policies) =
            futures_util::future::try_join(tags_of(cx, &outputs.arn), policies(cx, &outputs.name))
                .await?;
        let make = |identity, tags| to_live(repository, policies, identity, tags);
        Ok(Some(Existing::of(tags, wanted, make).named(outputs.name)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        let call = cx.ecr.tag_resource().resource_arn(live.outputs.arn.as_str());
        let sent = call.set_tags(Some(to_sdk(tags)?)).send().await;
        sent.map(drop).map_err(|error| classify("ecr TagResource", error))
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        unless_gone(tags_of(cx, &live.outputs.arn).await)
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(name(identity))
    }

    async fn losses(cx: &Cx, live: &Live<Self>) -> Result<Option<String>, Failure> {
        let call = cx.ecr.list_images().repository_name(&live.outputs.name).max_results(1000);
        let mut pages = call.into_paginator().send();
        // An image is listed once for each of its tags.
        let mut digests = BTreeSet::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| classify("ecr ListImages", error))?;
            let listed = page.image_ids().iter();
            digests.extend(listed.filter_map(|image| image.image_digest().map(str::to_owned)));
        }
        Ok(match digests.len() {
            0 => None,
            1 => Some("1 image".to_owned()),
            number => Some(format!("{number} images")),
        })
    }
}

impl Repository {
    fn scanning(&self) -> ImageScanningConfiguration {
        ImageScanningConfiguration::builder().scan_on_push(self.scan_on_push).build()
    }

    async fn expire(&self, cx: &Cx, name: &str) -> Result<(), Failure> {
        match &self.lifecycle_policy {
            Some(policy) => {
                let call = cx.ecr.put_lifecycle_policy().repository_name(name);
                let sent = call.lifecycle_policy_text(policy.to_string()).send().await;
                sent.map_err(|error| classify("ecr PutLifecyclePolicy", error))?;
            }
            None => {
                let sent = cx.ecr.delete_lifecycle_policy().repository_name(name).send().await;
                unless_gone(sent.map_err(|error| classify("ecr DeleteLifecyclePolicy", error)))?;
            }
        }
        Ok(())
    }

    async fn share(&self, cx: &Cx, name: &str) -> Result<(), Failure> {
        match &self.policy {
            Some(policy) => {
                let call = cx.ecr.set_repository_policy().repository_name(name);
                let sent = call.policy_text(policy.to_string()).send().await;
                sent.map_err(|error| classify("ecr SetRepositoryPolicy", error))?;
            }
            None => {
                let sent = cx.ecr.delete_repository_policy().repository_name(name).send().await;
                unless_gone(sent.map_err(|error| classify("ecr DeleteRepositoryPolicy", error)))?;
            }
        }
        Ok(())
    }
}

async fn list(cx: &Cx, prefix: &str) -> Result<Vec<Api>, Failure> {
    let mut pages = cx.ecr.describe_repositories().max_results(1000).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("ecr DescribeRepositories", error))?;
        let ours = page.repositories().iter().filter(|repository| {
            repository.repository_name().is_some_and(|name| name.starts_with(prefix))
        });
        found.extend(ours.cloned());
    }
    Ok(found)
}

/// The parts that DescribeRepositories leaves out, life cycle and permissions: two calls, made at once.
async fn policies(cx: &Cx, name: &str) -> Result<(Option<Value>, Option<Value>), Failure> {
    let lifecycle = async {
        let sent = cx.ecr.get_lifecycle_policy().repository_name(name).send().await;
        let answer = unless_gone(sent.map_err(|error| classify("ecr GetLifecyclePolicy", error)))?;
        Ok(answer.and_then(|answer| document(answer.lifecycle_policy_text())))
    };
    let policy = async {
        let sent = cx.ecr.get_repository_policy().repository_name(name).send().await;
        let answer = unless_gone(sent.map_err(|error| classify("ecr GetRepositoryPolicy", error)))?;
        Ok(answer.and_then(|answer| document(answer.policy_text())))
    };
    futures_util::future::try_join(lifecycle, policy).await
}

fn to_live(
    repository: &Api,
    (lifecycle_policy, policy): (Option<Value>, Option<Value>),
    identity: Identity,
    tags: Tags,
) -> Live<Repository> {
    let outputs = outputs(repository);
    Live {
        spec: Repository { lifecycle_policy, policy, ..from_api(repository, tags) },
        identity,
        id: outputs.name.clone(),
        outputs,
        health: Health::Ready,
    }
}

fn document(text: Option<&str>) -> Option<Value> {
    let text = text?;
    Some(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())))
}

async fn tags_of(cx: &Cx, arn: &RepositoryArn) -> Result<BTreeMap<String, String>, Failure> {
    let sent = cx.ecr.list_tags_for_resource().resource_arn(arn.as_str()).send().await;
    let answer = sent.map_err(|error| classify("ecr ListTagsForResource", error))?;
    Ok(answer.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}

fn outputs(repository: &Api) -> RepositoryOutputs {
    RepositoryOutputs {
        arn: repository.repository_arn().unwrap_or_default().into(),
        name: repository.repository_name().unwrap_or_default().to_owned(),
        uri: repository.repository_uri().unwrap_or_default().to_owned(),
    }
}

fn from_api(repository: &Api, tags: Tags) -> Repository {
    let default = Repository::default();
    let encryption = repository.encryption_configuration();
    Repository {
        tag_mutability: repository
            .image_tag_mutability()
            .map_or(default.tag_mutability, |word| word.as_str().to_owned()),
        scan_on_push: repository
            .image_scanning_configuration()
            .is_some_and(|scan| scan.scan_on_push()),
        encryption: encryption
            .map_or(default.encryption, |one| one.encryption_type().as_str().to_owned()),
        kms_key: encryption.and_then(|one| one.kms_key()).map(str::to_owned),
        lifecycle_policy: None,
        policy: None,
        tags,
    }
}

fn to_sdk(tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, Failure> {
    tags.iter()
        .map(|(key, value)| {
            Tag::builder()
                .key(key)
                .value(value)
                .build()
                .map_err(|error| Failure::internal(error.to_string()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ecr_leaves_out_has_its_default() {
        assert_eq!(from_api(&Api::builder().build(), Tags::new()), Repository::default());
    }
}
