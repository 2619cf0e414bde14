//! An add-on: software in a cluster that EKS installs and moves to new versions.

use std::collections::BTreeMap;

use aws_sdk_eks::types::{
    Addon as SdkAddon, AddonNamespaceConfigRequest, AddonPodIdentityAssociations, AddonStatus,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ClusterName, pod_identity_association, shared};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::iam::RoleArn;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};
use crate::{ids, outputs};

/// An add-on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Addon {
    /// In which cluster.
    pub cluster: Input<ClusterName>,
    /// `coredns`, `vpc-cni`, `aws-ebs-csi-driver`, and so on.
    pub addon: String,
    /// `v1.12.2-eksbuild.4`; EKS's default when it is made, and no difference from then on, if absent.
    pub version: Option<String>,
    /// Its settings, by the add-on's own schema.
    pub configuration: Option<Value>,
    /// The role of its service account by IRSA.
    pub service_account_role: Option<Input<RoleArn>>,
    /// Roles by service account, through EKS's agent.
    pub pod_identities: BTreeMap<String, Input<RoleArn>>,
    /// The namespace, if not the add-on's own.
    pub namespace: Option<String>,
    /// What becomes of settings that someone has changed in the cluster: `OVERWRITE`, `PRESERVE` or `NONE`, which fails.
    /// EKS does not show it: a change of it alone is no change.
    pub resolve_conflicts: String,
    /// The user's own tags.
    pub tags: Tags,
}

impl Addon {
    /// EKS's default version, as it comes.
    pub fn new(cluster: Input<ClusterName>, addon: impl Into<String>) -> Self {
        Self {
            cluster,
            addon: addon.into(),
            version: None,
            configuration: None,
            service_account_role: None,
            pod_identities: BTreeMap::new(),
            namespace: None,
            resolve_conflicts: "OVERWRITE".to_owned(),
            tags: Tags::new(),
        }
    }
}

ids! {
    /// An add-on's ARN.
    AddonArn,
}

outputs! { Addon => AddonOutputs {
    /// Its ARN.
    arn: AddonArn,
} }

/// Members of EKS's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateAddon.clientRequestToken", "makes the call idempotent, is no property"),
    ("UpdateAddon.clientRequestToken", "makes the call idempotent, is no property"),
];

impl Spec for Addon {
    const KIND: &'static str = "eks/addon";
}

impl Resource for Addon {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("cluster"),
            Rule::Immutable("addon"),
            Rule::Immutable("namespace"),
        ],
        observe_after: &[super::cluster::KIND],
        order_after: &[],
        // A cluster has one of a name.
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(60, 5, 1800),
    };

    type Outputs = AddonOutputs;

    /// One list for each cluster, one call for each add-on and each of its pod identities.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let mut found = Found::default();
        for cluster in shared::clusters(cx, query, "addon").await? {
            for name in list(cx, &cluster).await? {
                let Some(addon) = describe(cx, &cluster, &name).await? else { continue };
                let all = shared::from_sdk(addon.tags());
                let Some(identity) = tags::identity(&all, query) else {
                    let wanted = query.wanted.iter().find(|one| {
                        query.wanted_text(&one.address, "addon") == Some(&*name)
                            && query.wanted_text(&one.address, "cluster") == Some(&*cluster)
                    });
                    let arn = addon.addon_arn().unwrap_or_default();
                    found.foreign.extend(wanted.map(|one| tags::foreign(one, arn, &all)));
                    continue;
                };
                let wanted = shared::wanted(query, &identity);
                // What could not be made is made anew.
                if wanted.is_some() && failed(&addon) {
                    continue;
                }
                let own = tags::own(&all, &identity);
                let identities = identities(cx, &cluster, &addon).await?;
                let mut live = to_live(&addon, identities, identity, own);
                if let Some(wanted) = wanted {
                    Self::assume(&mut live, wanted);
                }
                found.owned.push(live);
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let cluster = self.cluster.get()?.0;
        let tags = tags::for_create(identity, &self.tags, false);
        let namespace = self.namespace.as_ref();
        let namespace =
            namespace.map(|it| AddonNamespaceConfigRequest::builder().namespace(it).build());
        let role = self.service_account_role.as_ref().map(|role| role.get()).transpose()?;
        let identities =
            (!self.pod_identities.is_empty()).then(|| self.identities()).transpose()?;
        let sent = cx
            .eks
            .create_addon()
            .cluster_name(&cluster)
            .addon_name(&self.addon)
            .client_request_token(identity.client_token())
            .set_addon_version(self.version.clone())
            .set_configuration_values(self.configuration.as_ref().map(Value::to_string))
            .set_service_account_role_arn(role.map(|role| role.0))
            .set_pod_identity_associations(identities)
            .set_namespace_config(namespace)
            .resolve_conflicts(self.resolve_conflicts.as_str().into())
            .set_tags(Some(shared::to_sdk(&tags)))
            .send()
            .await
            .map_err(|error| classify("eks CreateAddon", error));
        let sent = match sent {
            Err(failure) if failure.class == Class::AlreadyExists => {
                let there = describe(cx, &cluster, &self.addon).await?.filter(failed);
                if !there.is_some_and(|it| shared::owned(&shared::from_sdk(it.tags()), identity)) {
                    return Err(failure);
                }
                remove(cx, &cluster, &self.addon).await?;
                return Err(shared::cleared("eks CreateAddon", &self.addon));
            }
            other => other?,
        };
        let arn = sent.addon().and_then(|addon| addon.addon_arn()).unwrap_or_default();
        Ok(Progress::done(AddonOutputs { arn: arn.into() }))
    }

    /// All at once: what is not said of its service account's role would be taken away.
    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let (cluster, name) = shared::within(live.outputs.arn.as_str());
        shared::retag(cx, live.outputs.arn.as_str(), &live.spec.tags, &self.tags).await?;
        let version = self.version.clone().filter(|it| live.spec.version.as_ref() != Some(it));
        let fields = ["configuration", "service_account_role", "pod_identities"];
        let broken = matches!(live.health, Health::Failed(_));
        if version.is_none() && !broken && !fields.iter().any(|field| touches(changes, field)) {
            return Ok(Progress::done(live.outputs.clone()));
        }
        let role = self.service_account_role.as_ref().map(|role| role.get()).transpose()?;
        let values = self.configuration.as_ref().map(Value::to_string).unwrap_or_default();
        let sent = cx
            .eks
            .update_addon()
            .cluster_name(cluster)
            .addon_name(name)
            .set_addon_version(version)
            .configuration_values(values)
            .set_service_account_role_arn(role.map(|role| role.0))
            .set_pod_identity_associations(Some(self.identities()?))
            .resolve_conflicts(self.resolve_conflicts.as_str().into())
            .send()
            .await
            .map_err(|error| classify("eks UpdateAddon", error))?;
        let ticket = sent.update.and_then(|update| update.id);
        Ok(Progress { outputs: Some(live.outputs.clone()), ticket, more: false })
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
        let found = found.filter(|addon| shared::meant(id, addon.addon_arn()));
        let Some(addon) = found else { return Ok(None) };
        let identities = identities(cx, &cluster, &addon).await?;
        let all = shared::from_sdk(addon.tags());
        let make = |identity, own| to_live(&addon, identities, identity, own);
        Ok(Some(Existing::of(all, wanted, make)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::tag(cx, live.outputs.arn.as_str(), tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        let (cluster, name) = shared::within(live.outputs.arn.as_str());
        let found = describe(cx, cluster, name).await?;
        Ok(found.map(|addon| shared::from_sdk(addon.tags())))
    }

    fn within(live: &Live<Self>) -> Option<(&'static str, String)> {
        Some((super::cluster::KIND, live.spec.cluster.get().ok()?.0))
    }

    /// What the document leaves to EKS is as EKS has chosen; how conflicts are resolved it does not show.
    fn assume(live: &mut Live<Self>, desired: &Value) -> Option<String> {
        if shared::open(desired, "/version") {
            live.spec.version = None;
        }
        if shared::open(desired, "/namespace") {
            live.spec.namespace = None;
        }
        if let Some(how) = desired.get("resolve_conflicts").and_then(Value::as_str) {
            how.clone_into(&mut live.spec.resolve_conflicts);
        }
        None
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let mut healths = Vec::new();
        for one in waiting {
            let (cluster, name) = shared::within(one.outputs.arn.as_str());
            let found = describe(cx, cluster, name).await?;
            let health = found.map_or(Health::Gone, |addon| health(&addon));
            healths.push(match (&health, &one.ticket) {
                (Health::Ready | Health::Failed(_), Some(id)) => {
                    match shared::updated(cx, cluster, shared::Part::Addon(name), id).await? {
                        Health::Ready => health,
                        other => other,
                    }
                }
                _ => health,
            });
        }
        Ok(healths)
    }
}

impl Addon {
    fn identities(&self) -> Result<Vec<AddonPodIdentityAssociations>, Failure> {
        let of = |(account, role): (&String, &Input<RoleArn>)| {
            AddonPodIdentityAssociations::builder()
                .service_account(account)
                .role_arn(role.get()?.as_str())
                .build()
                .map_err(|error| Failure::internal(error.to_string()))
        };
        self.pod_identities.iter().map(of).collect()
    }
}

/// The names of a cluster's add-ons; none where it is gone.
pub(super) async fn list(cx: &Cx, cluster: &str) -> Result<Vec<String>, Failure> {
    let call = cx.eks.list_addons().cluster_name(cluster).max_results(100);
    let mut pages = call.into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("eks ListAddons", error));
        let Some(page) = unless_gone(page)? else { break };
        all.extend(page.addons.unwrap_or_default());
    }
    Ok(all)
}

async fn remove(cx: &Cx, cluster: &str, name: &str) -> Result<(), Failure> {
    let sent = cx.eks.delete_addon().cluster_name(cluster).addon_name(name).send().await;
    unless_gone(sent.map_err(|error| classify("eks DeleteAddon", error))).map(drop)
}

fn failed(addon: &SdkAddon) -> bool {
    addon.status() == Some(&AddonStatus::CreateFailed)
}

pub(super) async fn describe(
    cx: &Cx,
    cluster: &str,
    name: &str,
) -> Result<Option<SdkAddon>, Failure> {
    let sent = cx.eks.describe_addon().cluster_name(cluster).addon_name(name).send().await;
    let sent = unless_gone(sent.map_err(|error| classify("eks DescribeAddon", error)))?;
    Ok(sent.and_then(|answer| answer.addon))
}

/// The roles of its service accounts, which EKS names by their associations only.
async fn identities(
    cx: &Cx,
    cluster: &str,
    addon: &SdkAddon,
) -> Result<BTreeMap<String, Input<RoleArn>>, Failure> {
    let mut all = BTreeMap::new();
    for arn in addon.pod_identity_associations() {
        let id = arn.rsplit('/').next().unwrap_or(arn);
        if let Some(one) = pod_identity_association::describe(cx, cluster, id).await? {
            let account = one.service_account().unwrap_or_default().to_owned();
            all.insert(account, Input::Known(one.role_arn().unwrap_or_default().into()));
        }
    }
    Ok(all)
}

fn health(from: &SdkAddon) -> Health {
    let issues = from.health().map(|health| health.issues()).unwrap_or_default();
    let why = issues.iter().map(|issue| shared::issue(issue.message(), issue.resource_ids()));
    let why = || why.collect::<Vec<_>>().join("; ");
    match from.status() {
        Some(AddonStatus::Active) | None => Health::Ready,
        Some(AddonStatus::CreateFailed | AddonStatus::UpdateFailed | AddonStatus::DeleteFailed) => {
            Health::Failed(why())
        }
        Some(AddonStatus::Degraded) => Health::Pending(format!("degraded: {}", why())),
        Some(other) => Health::Pending(other.as_str().to_lowercase()),
    }
}

fn to_live(
    from: &SdkAddon,
    pod_identities: BTreeMap<String, Input<RoleArn>>,
    identity: Identity,
    tags: Tags,
) -> Live<Addon> {
    let cluster = Input::Known(from.cluster_name().unwrap_or_default().into());
    // JSON or YAML, as whoever wrote it liked.
    let values = from.configuration_values().filter(|values| !values.trim().is_empty());
    let role = from.service_account_role_arn().filter(|arn| !arn.is_empty());
    let spec = Addon {
        version: from.addon_version().map(str::to_owned),
        configuration: values
            .map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))),
        service_account_role: role.map(|arn| Input::Known(arn.into())),
        pod_identities,
        namespace: from.namespace_config().and_then(|it| it.namespace()).map(str::to_owned),
        tags,
        ..Addon::new(cluster, from.addon_name().unwrap_or_default())
    };
    let id = from.addon_arn().unwrap_or_default().to_owned();
    let outputs = AddonOutputs { arn: id.as_str().into() };
    Live { identity, spec, outputs, health: health(from), id }
}
