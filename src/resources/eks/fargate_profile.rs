//! A Fargate profile: which pods run on Fargate. Nothing of one can change: another takes its place, then it goes.

use aws_sdk_eks::types::{
    FargateProfile as SdkProfile, FargateProfileSelector, FargateProfileStatus,
};
use serde::{Deserialize, Serialize};

use super::{ClusterName, shared};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::ec2::SubnetId;
use crate::resources::iam::RoleArn;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};
use crate::{ids, outputs};

/// A Fargate profile, named `identity.name(100)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FargateProfile {
    /// In which cluster.
    pub cluster: Input<ClusterName>,
    /// The role in which Fargate pulls images and writes logs; it trusts `eks-fargate-pods.amazonaws.com`.
    pub role: Input<RoleArn>,
    /// Private subnets, where the pods are.
    pub subnets: Vec<Input<SubnetId>>,
    /// Which pods: one to five.
    pub selectors: Vec<Selector>,
    /// The user's own tags.
    pub tags: Tags,
}

/// Pods of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selector {
    /// The namespace; `*` and `?` stand for any letters.
    pub namespace: String,
    /// Labels that the pods must have; all pods if none.
    pub labels: Tags,
}

ids! {
    /// A Fargate profile's ARN.
    FargateProfileArn,
}

outputs! { FargateProfile => FargateProfileOutputs {
    /// Its ARN.
    arn: FargateProfileArn,
    /// Its name.
    profile: String,
} }

/// Members of EKS's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateFargateProfile.fargateProfileName", "the physical name follows from the address"),
    ("CreateFargateProfile.clientRequestToken", "makes the call idempotent, is no property"),
];

impl Spec for FargateProfile {
    const KIND: &'static str = "eks/fargate-profile";
}

impl Resource for FargateProfile {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("cluster"),
            Rule::Immutable("role"),
            Rule::Immutable("subnets"),
            Rule::Immutable("selectors"),
            Rule::Unordered("subnets"),
            Rule::Unordered("selectors"),
        ],
        observe_after: &[super::cluster::KIND],
        // Pods that reach nothing get no images.
        order_after: &["ec2/route-table"],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        // EKS makes and deletes one at a time in a cluster; the others are tried again until then.
        pace: Pace::seconds(90, 5, 1800),
    };

    type Outputs = FargateProfileOutputs;

    /// One list for each cluster, one call for each profile.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let mut found = Found::default();
        for cluster in shared::clusters(cx, query, "fargateprofile").await? {
            for name in list(cx, &cluster).await? {
                let Some(profile) = describe(cx, &cluster, &name).await? else { continue };
                let all = shared::from_sdk(profile.tags());
                let Some(identity) = tags::identity(&all, query) else {
                    let wanted = query.wanted.iter().find(|one| {
                        one.name(NAME_LIMIT) == name
                            && query.wanted_text(&one.address, "cluster") == Some(&*cluster)
                    });
                    found.foreign.extend(wanted.map(|one| tags::foreign(one, &name, &all)));
                    continue;
                };
                // What could not be made is made anew.
                if shared::wanted(query, &identity).is_some() && failed(&profile) {
                    continue;
                }
                let own = tags::own(&all, &identity);
                found.owned.push(to_live(&profile, identity, own));
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let (cluster, name) = (self.cluster.get()?.0, identity.name(NAME_LIMIT));
        let there = describe(cx, &cluster, &name).await?.filter(failed);
        if there.is_some_and(|it| shared::owned(&shared::from_sdk(it.tags()), identity)) {
            remove(cx, &cluster, &name).await?;
            return Err(shared::cleared("eks CreateFargateProfile", &name));
        }
        let subnets = self.subnets.iter().map(|one| Ok(one.get()?.0));
        let selectors = self.selectors.iter().map(|one| {
            let labels = Some(shared::to_sdk(&one.labels)).filter(|labels| !labels.is_empty());
            FargateProfileSelector::builder().namespace(&one.namespace).set_labels(labels).build()
        });
        let tags = tags::for_create(identity, &self.tags, false);
        let sent = cx
            .eks
            .create_fargate_profile()
            .cluster_name(cluster)
            .fargate_profile_name(name)
            .client_request_token(identity.client_token())
            .pod_execution_role_arn(self.role.get()?.as_str())
            .set_subnets(Some(subnets.collect::<Result<_, Failure>>()?))
            .set_selectors(Some(selectors.collect()))
            .set_tags(Some(shared::to_sdk(&tags)))
            .send()
            .await
            .map_err(|error| classify("eks CreateFargateProfile", error))?;
        let made = sent.fargate_profile.as_ref().map(outputs);
        let missing = || Failure::new(Class::LostAnswer, "the answer holds no Fargate profile");
        Ok(Progress::done(made.ok_or_else(missing)?))
    }

    /// Tags alone can change.
    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        _changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        shared::retag(cx, live.outputs.arn.as_str(), &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let (cluster, name) = shared::within(live.outputs.arn.as_str());
        remove(cx, cluster, name).await?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let Some((cluster, name)) = shared::place(query, wanted, id) else { return Ok(None) };
        let found = describe(cx, &cluster, &name).await?;
        let found = found.filter(|profile| shared::meant(id, profile.fargate_profile_arn()));
        Ok(found.map(|profile| {
            let all = shared::from_sdk(profile.tags());
            Existing::of(all, wanted, |identity, own| to_live(&profile, identity, own)).named(name)
        }))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::tag(cx, live.outputs.arn.as_str(), tags).await
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(identity.name(NAME_LIMIT))
    }

    fn within(live: &Live<Self>) -> Option<(&'static str, String)> {
        Some((super::cluster::KIND, live.spec.cluster.get().ok()?.0))
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let mut healths = Vec::new();
        for one in waiting {
            let (cluster, name) = shared::within(one.outputs.arn.as_str());
            let found = describe(cx, cluster, name).await?;
            healths.push(found.map_or(Health::Gone, |profile| health(&profile)));
        }
        Ok(healths)
    }
}

/// The longest name that EKS takes.
const NAME_LIMIT: usize = 100;

async fn list(cx: &Cx, cluster: &str) -> Result<Vec<String>, Failure> {
    let call = cx.eks.list_fargate_profiles().cluster_name(cluster).max_results(100);
    let mut pages = call.into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("eks ListFargateProfiles", error));
        let Some(page) = unless_gone(page)? else { break };
        all.extend(page.fargate_profile_names.unwrap_or_default());
    }
    Ok(all)
}

async fn describe(cx: &Cx, cluster: &str, name: &str) -> Result<Option<SdkProfile>, Failure> {
    let call = cx.eks.describe_fargate_profile().cluster_name(cluster).fargate_profile_name(name);
    let sent = call.send().await.map_err(|error| classify("eks DescribeFargateProfile", error));
    Ok(unless_gone(sent)?.and_then(|answer| answer.fargate_profile))
}

async fn remove(cx: &Cx, cluster: &str, name: &str) -> Result<(), Failure> {
    let call = cx.eks.delete_fargate_profile().cluster_name(cluster).fargate_profile_name(name);
    let sent = call.send().await.map_err(|error| classify("eks DeleteFargateProfile", error));
    unless_gone(sent).map(drop)
}

fn failed(profile: &SdkProfile) -> bool {
    profile.status() == Some(&FargateProfileStatus::CreateFailed)
}

fn health(from: &SdkProfile) -> Health {
    let issues = from.health().map(|health| health.issues()).unwrap_or_default();
    let why = issues.iter().map(|issue| shared::issue(issue.message(), issue.resource_ids()));
    match from.status() {
        Some(FargateProfileStatus::Active) | None => Health::Ready,
        Some(FargateProfileStatus::CreateFailed | FargateProfileStatus::DeleteFailed) => {
            Health::Failed(why.collect::<Vec<_>>().join("; "))
        }
        Some(other) => Health::Pending(other.as_str().to_lowercase()),
    }
}

fn outputs(from: &SdkProfile) -> FargateProfileOutputs {
    FargateProfileOutputs {
        arn: from.fargate_profile_arn().unwrap_or_default().into(),
        profile: from.fargate_profile_name().unwrap_or_default().to_owned(),
    }
}

fn to_live(from: &SdkProfile, identity: Identity, tags: Tags) -> Live<FargateProfile> {
    let selectors = from.selectors().iter().map(|one| Selector {
        namespace: one.namespace().unwrap_or_default().to_owned(),
        labels: shared::from_sdk(one.labels()),
    });
    let spec = FargateProfile {
        cluster: Input::Known(from.cluster_name().unwrap_or_default().into()),
        role: Input::Known(from.pod_execution_role_arn().unwrap_or_default().into()),
        subnets: from.subnets().iter().map(|id| Input::Known(id.as_str().into())).collect(),
        selectors: selectors.collect(),
        tags,
    };
    let id = from.fargate_profile_arn().unwrap_or_default().to_owned();
    Live { identity, spec, outputs: outputs(from), health: health(from), id }
}
