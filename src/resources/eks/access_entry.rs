//! An access entry: who may do something in a cluster, and which of EKS's policies they have.

use std::collections::BTreeMap;

use aws_sdk_eks::types::{AccessEntry as SdkEntry, AccessScope, AccessScopeType};
use serde::{Deserialize, Serialize};

use super::{ClusterName, shared};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};
use crate::{ids, outputs};

/// An access entry. EKS makes those of the nodes that it runs itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessEntry {
    /// In which cluster.
    pub cluster: Input<ClusterName>,
    /// The ARN of the role or user.
    pub principal: Input<String>,
    /// `STANDARD`, or for nodes of one's own `EC2_LINUX`, `EC2_WINDOWS`, `EC2`, `FARGATE_LINUX`, `HYBRID_LINUX`,
    /// `HYPERPOD_LINUX`.
    pub entry_type: String,
    /// Kubernetes' groups, to which bindings in the cluster refer.
    pub kubernetes_groups: Vec<String>,
    /// Who they are to Kubernetes; as EKS makes it from the ARN, if absent.
    pub username: Option<String>,
    /// EKS's policies by ARN, and for which namespaces; none stands for the whole cluster.
    pub policies: BTreeMap<String, Vec<String>>,
    /// The user's own tags.
    pub tags: Tags,
}

ids! {
    /// An access entry's ARN.
    AccessEntryArn,
}

outputs! { AccessEntry => AccessEntryOutputs {
    /// Its ARN.
    arn: AccessEntryArn,
} }

/// Members of EKS's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateAccessEntry.clientRequestToken", "makes the call idempotent, is no property"),
    ("UpdateAccessEntry.clientRequestToken", "makes the call idempotent, is no property"),
    ("AssociateAccessPolicy.accessScope.type", "`cluster` where no namespaces are named"),
];

impl Spec for AccessEntry {
    const KIND: &'static str = "eks/access-entry";
}

impl Resource for AccessEntry {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("cluster"),
            Rule::Immutable("principal"),
            Rule::Immutable("entry_type"),
            Rule::Unordered("kubernetes_groups"),
            Rule::Unordered("policies.*"),
        ],
        observe_after: &["eks/cluster"],
        order_after: &[],
        // A principal has one entry in a cluster.
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = AccessEntryOutputs;

    /// One list for each cluster, one call for each entry, and one more for the policies of each of ours.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let mut found = Found::default();
        for cluster in shared::clusters(cx, query, "access-entry").await? {
            for principal in list(cx, &cluster).await? {
                let Some(entry) = describe(cx, &cluster, &principal).await? else { continue };
                let all = shared::from_sdk(entry.tags());
                match tags::identity(&all, query) {
                    Some(identity) => {
                        let own = tags::own(&all, &identity);
                        let policies = policies(cx, &cluster, &principal).await?;
                        found.owned.push(to_live(&entry, policies, identity, own));
                    }
                    None => {
                        let wanted = query.wanted.iter().find(|one| {
                            query.wanted_text(&one.address, "principal") == Some(&*principal)
                                && query.wanted_text(&one.address, "cluster") == Some(&*cluster)
                        });
                        let arn = entry.access_entry_arn().unwrap_or_default();
                        found.foreign.extend(wanted.map(|one| tags::foreign(one, arn, &all)));
                    }
                }
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let (cluster, principal) = (self.cluster.get()?.0, self.principal.get()?);
        let tags = tags::for_create(identity, &self.tags, false);
        let groups = Some(self.kubernetes_groups.clone()).filter(|groups| !groups.is_empty());
        let sent = cx
            .eks
            .create_access_entry()
            .cluster_name(&cluster)
            .principal_arn(&principal)
            .client_request_token(identity.client_token())
            .r#type(&self.entry_type)
            .set_kubernetes_groups(groups)
            .set_username(self.username.clone())
            .set_tags(Some(shared::to_sdk(&tags)))
            .send()
            .await
            .map_err(|error| classify("eks CreateAccessEntry", error))?;
        cx.kubernetes.let_in(&cluster);
        change_policies(cx, &cluster, &principal, &BTreeMap::new(), &self.policies).await?;
        let arn = sent.access_entry().and_then(|entry| entry.access_entry_arn());
        Ok(Progress::done(AccessEntryOutputs { arn: arn.unwrap_or_default().into() }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let (cluster, principal) = (live.spec.cluster.get()?.0, live.spec.principal.get()?);
        if touches(changes, "kubernetes_groups") || touches(changes, "username") {
            let username = self.username.clone().unwrap_or_else(|| usual(&principal));
            let call = cx.eks.update_access_entry().cluster_name(&cluster);
            let call = call.principal_arn(&principal).username(username);
            let sent = call.set_kubernetes_groups(Some(self.kubernetes_groups.clone())).send();
            sent.await.map_err(|error| classify("eks UpdateAccessEntry", error))?;
        }
        cx.kubernetes.let_in(&cluster);
        change_policies(cx, &cluster, &principal, &live.spec.policies, &self.policies).await?;
        shared::retag(cx, live.outputs.arn.as_str(), &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let (cluster, principal) = (live.spec.cluster.get()?.0, live.spec.principal.get()?);
        let call = cx.eks.delete_access_entry().cluster_name(cluster).principal_arn(principal);
        unless_gone(call.send().await.map_err(|error| classify("eks DeleteAccessEntry", error)))?;
        Ok(Progress::deleted())
    }

    /// By its ARN, which does not hold the principal's: all entries of the cluster are looked through.
    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let (cluster, _) = shared::within(id);
        for principal in unless_gone(list(cx, cluster).await)?.unwrap_or_default() {
            let Some(entry) = describe(cx, cluster, &principal).await? else { continue };
            if entry.access_entry_arn() != Some(id) {
                continue;
            }
            let policies = policies(cx, cluster, &principal).await?;
            let all = shared::from_sdk(entry.tags());
            return Ok(Some(Existing::of(all, wanted, |identity, own| {
                to_live(&entry, policies, identity, own)
            })));
        }
        Ok(None)
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::tag(cx, live.outputs.arn.as_str(), tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        let (cluster, principal) = (live.spec.cluster.get()?.0, live.spec.principal.get()?);
        let found = describe(cx, &cluster, &principal).await?;
        Ok(found.map(|entry| shared::from_sdk(entry.tags())))
    }

    fn within(live: &Live<Self>) -> Option<(&'static str, String)> {
        Some((super::cluster::KIND, live.spec.cluster.get().ok()?.0))
    }
}

/// What EKS calls a principal of type `STANDARD` that is given no name.
fn usual(principal: &str) -> String {
    let parts: Vec<&str> = principal.splitn(6, ':').collect();
    match parts.as_slice() {
        [arn, partition, _, region, account, rest] if rest.starts_with("role/") => {
            let name = rest.rsplit('/').next().unwrap_or_default();
            format!(
                "{arn}:{partition}:sts:{region}:{account}:assumed-role/{name}/{{{{SessionName}}}}"
            )
        }
        _ => principal.to_owned(),
    }
}

async fn list(cx: &Cx, cluster: &str) -> Result<Vec<String>, Failure> {
    let call = cx.eks.list_access_entries().cluster_name(cluster).max_results(100);
    let mut pages = call.into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("eks ListAccessEntries", error));
        match unless_gone(page)? {
            Some(page) => all.extend(page.access_entries.unwrap_or_default()),
            None => break,
        }
    }
    Ok(all)
}

async fn describe(cx: &Cx, cluster: &str, principal: &str) -> Result<Option<SdkEntry>, Failure> {
    let call = cx.eks.describe_access_entry().cluster_name(cluster).principal_arn(principal);
    let sent = call.send().await.map_err(|error| classify("eks DescribeAccessEntry", error));
    Ok(unless_gone(sent)?.and_then(|answer| answer.access_entry))
}

async fn policies(
    cx: &Cx,
    cluster: &str,
    principal: &str,
) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let call = cx.eks.list_associated_access_policies().cluster_name(cluster);
    let mut pages = call.principal_arn(principal).max_results(100).into_paginator().send();
    let mut all = BTreeMap::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("eks ListAssociatedAccessPolicies", error))?;
        for policy in page.associated_access_policies() {
            let arn = policy.policy_arn().unwrap_or_default().to_owned();
            let scope = policy.access_scope();
            all.insert(arn, scope.map(|scope| scope.namespaces().to_vec()).unwrap_or_default());
        }
    }
    Ok(all)
}

/// Associates what is new or has another scope, and takes away what is left over.
async fn change_policies(
    cx: &Cx,
    cluster: &str,
    principal: &str,
    live: &BTreeMap<String, Vec<String>>,
    wanted: &BTreeMap<String, Vec<String>>,
) -> Result<(), Failure> {
    for (arn, namespaces) in wanted.iter().filter(|(arn, scope)| live.get(*arn) != Some(scope)) {
        let kind = match namespaces.is_empty() {
            true => AccessScopeType::Cluster,
            false => AccessScopeType::Namespace,
        };
        let named = Some(namespaces.clone()).filter(|names| !names.is_empty());
        let scope = AccessScope::builder().r#type(kind).set_namespaces(named).build();
        let call = cx.eks.associate_access_policy().cluster_name(cluster).principal_arn(principal);
        let sent = call.policy_arn(arn).access_scope(scope).send().await;
        sent.map_err(|error| classify("eks AssociateAccessPolicy", error))?;
    }
    for arn in live.keys().filter(|arn| !wanted.contains_key(*arn)) {
        let call = cx.eks.disassociate_access_policy().cluster_name(cluster);
        let sent = call.principal_arn(principal).policy_arn(arn).send().await;
        unless_gone(sent.map_err(|error| classify("eks DisassociateAccessPolicy", error)))?;
    }
    Ok(())
}

fn to_live(
    from: &SdkEntry,
    policies: BTreeMap<String, Vec<String>>,
    identity: Identity,
    tags: Tags,
) -> Live<AccessEntry> {
    let principal = from.principal_arn().unwrap_or_default();
    let kind = from.r#type().unwrap_or("STANDARD");
    let standard = kind == "STANDARD";
    let arn = from.access_entry_arn().unwrap_or_default();
    // Names and groups of nodes are EKS's own.
    let named = from.username().filter(|name| standard && *name != usual(principal));
    let spec = AccessEntry {
        cluster: Input::Known(from.cluster_name().unwrap_or_default().into()),
        principal: Input::Known(principal.to_owned()),
        entry_type: kind.to_owned(),
        kubernetes_groups: if standard { from.kubernetes_groups().to_vec() } else { Vec::new() },
        username: named.map(str::to_owned),
        policies,
        tags,
    };
    let outputs = AccessEntryOutputs { arn: arn.into() };
    Live { identity, spec, outputs, health: Health::Ready, id: arn.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eks_names_roles_by_their_sessions() {
        assert_eq!(
            usual("arn:aws:iam::1:role/path/admin"),
            "arn:aws:sts::1:assumed-role/admin/{{SessionName}}"
        );
        assert_eq!(usual("arn:aws:iam::1:user/a"), "arn:aws:iam::1:user/a");
    }
}
