//! A pod identity association: which role the pods of a service account have.

use aws_sdk_eks::types::PodIdentityAssociation as SdkAssociation;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ClusterName, shared};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::iam::RoleArn;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};
use crate::{ids, outputs};

/// A pod identity association. It may be there before the service account is. Pods on Fargate have none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PodIdentityAssociation {
    /// In which cluster.
    pub cluster: Input<ClusterName>,
    /// The service account's namespace.
    pub namespace: String,
    /// The service account.
    pub service_account: String,
    /// The role; EKS's agent must be able to take it on.
    pub role: Input<RoleArn>,
    /// A role that the first one takes on for the pods, of any account.
    pub target_role: Option<String>,
    /// Sessions bear no tags of cluster, namespace and the like.
    pub disable_session_tags: bool,
    /// What limits the role further; needs `disable_session_tags`.
    pub policy: Option<Value>,
    /// The user's own tags.
    pub tags: Tags,
}

ids! {
    /// `a-0123…`.
    AssociationId,
    /// A pod identity association's ARN.
    AssociationArn,
}

outputs! { PodIdentityAssociation => AssociationOutputs {
    /// Its id.
    id: AssociationId,
    /// Its ARN.
    arn: AssociationArn,
} }

/// Members of EKS's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    (
        "CreatePodIdentityAssociation.clientRequestToken",
        "makes the call idempotent, is no property",
    ),
    ("UpdatePodIdentityAssociation.associationId", "says which association"),
    (
        "UpdatePodIdentityAssociation.clientRequestToken",
        "makes the call idempotent, is no property",
    ),
];

impl Spec for PodIdentityAssociation {
    const KIND: &'static str = "eks/pod-identity-association";
}

impl Resource for PodIdentityAssociation {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("cluster"),
            Rule::Immutable("namespace"),
            Rule::Immutable("service_account"),
            Rule::Policy("policy"),
        ],
        observe_after: &["eks/cluster"],
        order_after: &[],
        // A service account has one in a cluster.
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = AssociationOutputs;

    /// One list for each cluster, and one call for each association that no add-on owns.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let mut found = Found::default();
        for cluster in shared::clusters(cx, query, "podidentityassociation").await? {
            for id in list(cx, &cluster).await? {
                let Some(one) = describe(cx, &cluster, &id).await? else { continue };
                let all = shared::from_sdk(one.tags());
                match tags::identity(&all, query) {
                    Some(identity) => {
                        let own = tags::own(&all, &identity);
                        found.owned.push(to_live(&one, identity, own));
                    }
                    None => {
                        let is = |wanted: &Identity, field, value: Option<&str>| {
                            query.wanted_text(&wanted.address, field) == value
                        };
                        let wanted = query.wanted.iter().find(|wanted| {
                            is(wanted, "cluster", Some(cluster.as_str()))
                                && is(wanted, "namespace", one.namespace())
                                && is(wanted, "service_account", one.service_account())
                        });
                        let arn = one.association_arn().unwrap_or_default();
                        found.foreign.extend(wanted.map(|one| tags::foreign(one, arn, &all)));
                    }
                }
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let tags = tags::for_create(identity, &self.tags, false);
        let sent = cx
            .eks
            .create_pod_identity_association()
            .cluster_name(self.cluster.get()?.0)
            .namespace(&self.namespace)
            .service_account(&self.service_account)
            .role_arn(self.role.get()?.0)
            .client_request_token(identity.client_token())
            .disable_session_tags(self.disable_session_tags)
            .set_target_role_arn(self.target_role.clone())
            .set_policy(self.policy.as_ref().map(Value::to_string))
            .set_tags(Some(shared::to_sdk(&tags)))
            .send()
            .await
            .map_err(|error| classify("eks CreatePodIdentityAssociation", error))?;
        let made = sent.association();
        Ok(Progress::done(AssociationOutputs {
            id: made.and_then(|one| one.association_id()).unwrap_or_default().into(),
            arn: made.and_then(|one| one.association_arn()).unwrap_or_default().into(),
        }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        if changes.iter().any(|change| !change.path.starts_with("tags")) {
            // All of it: what is taken away is sent empty.
            let sent = cx
                .eks
                .update_pod_identity_association()
                .cluster_name(live.spec.cluster.get()?.0)
                .association_id(live.outputs.id.as_str())
                .role_arn(self.role.get()?.0)
                .disable_session_tags(self.disable_session_tags)
                .target_role_arn(self.target_role.clone().unwrap_or_default())
                .policy(self.policy.as_ref().map(Value::to_string).unwrap_or_default())
                .send()
                .await;
            sent.map_err(|error| classify("eks UpdatePodIdentityAssociation", error))?;
        }
        shared::retag(cx, live.outputs.arn.as_str(), &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let call = cx.eks.delete_pod_identity_association();
        let call = call.cluster_name(live.spec.cluster.get()?.0);
        let sent = call.association_id(live.outputs.id.as_str()).send().await;
        unless_gone(sent.map_err(|error| classify("eks DeletePodIdentityAssociation", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let Some((cluster, id)) = shared::place(query, wanted, id) else { return Ok(None) };
        let found = describe(cx, &cluster, &id).await?;
        Ok(found.map(|one| {
            let all = shared::from_sdk(one.tags());
            Existing::of(all, wanted, |identity, own| to_live(&one, identity, own))
        }))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::tag(cx, live.outputs.arn.as_str(), tags).await
    }

    fn within(live: &Live<Self>) -> Option<(&'static str, String)> {
        Some((super::cluster::KIND, live.spec.cluster.get().ok()?.0))
    }
}

/// The ids of those that belong to no add-on.
async fn list(cx: &Cx, cluster: &str) -> Result<Vec<String>, Failure> {
    let call = cx.eks.list_pod_identity_associations().cluster_name(cluster).max_results(100);
    let mut pages = call.into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("eks ListPodIdentityAssociations", error));
        let Some(page) = unless_gone(page)? else { break };
        let own = page.associations().iter().filter(|one| one.owner_arn().is_none());
        all.extend(own.filter_map(|one| one.association_id().map(str::to_owned)));
    }
    Ok(all)
}

pub(super) async fn describe(
    cx: &Cx,
    cluster: &str,
    id: &str,
) -> Result<Option<SdkAssociation>, Failure> {
    let call = cx.eks.describe_pod_identity_association().cluster_name(cluster).association_id(id);
    let sent = call.send().await;
    let sent = sent.map_err(|error| classify("eks DescribePodIdentityAssociation", error));
    Ok(unless_gone(sent)?.and_then(|answer| answer.association))
}

fn to_live(from: &SdkAssociation, identity: Identity, tags: Tags) -> Live<PodIdentityAssociation> {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let spec = PodIdentityAssociation {
        cluster: Input::Known(from.cluster_name().unwrap_or_default().into()),
        namespace: text(from.namespace()),
        service_account: text(from.service_account()),
        role: Input::Known(from.role_arn().unwrap_or_default().into()),
        target_role: from.target_role_arn().filter(|arn| !arn.is_empty()).map(str::to_owned),
        disable_session_tags: from.disable_session_tags().unwrap_or_default(),
        policy: from.policy().and_then(|policy| serde_json::from_str(policy).ok()),
        tags,
    };
    let arn = text(from.association_arn());
    let id = from.association_id().unwrap_or_default().into();
    let outputs = AssociationOutputs { id, arn: arn.as_str().into() };
    Live { identity, spec, outputs, health: Health::Ready, id: arn }
}
