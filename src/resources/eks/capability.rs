//! A capability: Argo CD, ACK or KRO, run by EKS outside of the cluster's nodes.

use std::collections::BTreeMap;

use aws_sdk_eks::types::{
    AckConfigRequest, ArgoCdAwsIdcConfigRequest, ArgoCdConfigRequest,
    ArgoCdNetworkAccessConfigRequest, ArgoCdRoleMapping, Capability as SdkCapability,
    CapabilityConfigurationRequest, CapabilityDeletePropagationPolicy, CapabilityStatus,
    SsoIdentity, UpdateAckConfig, UpdateArgoCdConfig, UpdateCapabilityConfiguration,
    UpdateRoleMappings,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ClusterName, shared};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::iam::RoleArn;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};
use crate::{ids, outputs};

/// A capability, named `identity.name(100)`; a cluster has one of each type at most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Capability {
    /// In which cluster.
    pub cluster: Input<ClusterName>,
    /// `ACK`, `KRO` or `ARGOCD`.
    pub capability: String,
    /// The role that it takes on: `capabilities.eks.amazonaws.com` may assume it and tag its sessions.
    pub role: Input<RoleArn>,
    /// Settings of ACK; there with that type only.
    pub ack: Option<Ack>,
    /// Settings of Argo CD; there with that type only, and needed.
    pub argo_cd: Option<ArgoCd>,
    /// The user's own tags.
    pub tags: Tags,
}

/// Settings of ACK.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Resources may refer to those of other namespaces.
    pub cross_namespace: bool,
    /// AWS services that it leaves alone.
    pub disabled_services: Vec<String>,
}

/// Settings of Argo CD.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArgoCd {
    /// Where it lives: `argocd`.
    pub namespace: String,
    /// The ARN of the instance of IAM Identity Center, by which people sign in.
    pub identity_center: String,
    /// That instance's region, if not the cluster's.
    pub identity_center_region: Option<String>,
    /// Who may do what: identities by role (`ADMIN`, `EDITOR`, `VIEWER`).
    pub roles: BTreeMap<String, Vec<Person>>,
    /// Endpoints of the VPC from which alone it is reached; from everywhere if none.
    pub vpc_endpoints: Vec<String>,
    /// The first part of its name in the DNS; EKS's choice if absent.
    pub endpoint_prefix: Option<String>,
}

/// Somebody of IAM Identity Center.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Person {
    /// The id.
    pub id: String,
    /// `SSO_USER` or `SSO_GROUP`.
    pub sort: String,
}

ids! {
    /// A capability's ARN.
    CapabilityArn,
}

outputs! { Capability => CapabilityOutputs {
    /// Its ARN.
    arn: CapabilityArn,
} }

/// Members of EKS's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateCapability.capabilityName", "the physical name follows from the address"),
    ("CreateCapability.clientRequestToken", "makes the call idempotent, is no property"),
    ("CreateCapability.deletePropagationPolicy", "`RETAIN`: there is nothing else"),
    ("UpdateCapability.capabilityName", "says which capability"),
    ("UpdateCapability.clientRequestToken", "makes the call idempotent, is no property"),
    ("UpdateCapability.deletePropagationPolicy", "`RETAIN`: there is nothing else"),
];

impl Spec for Capability {
    const KIND: &'static str = "eks/capability";
}

impl Resource for Capability {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("cluster"),
            Rule::Immutable("capability"),
            Rule::Immutable("argo_cd.namespace"),
            Rule::Immutable("argo_cd.identity_center"),
            Rule::Immutable("argo_cd.identity_center_region"),
            Rule::Immutable("argo_cd.endpoint_prefix"),
            Rule::Unordered("ack.disabled_services"),
            Rule::Unordered("argo_cd.roles.*"),
            Rule::Unordered("argo_cd.vpc_endpoints"),
        ],
        observe_after: &[super::cluster::KIND],
        order_after: &[],
        // A cluster has one of a type.
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(120, 5, 1800),
    };

    type Outputs = CapabilityOutputs;

    /// One list for each cluster, one call for each capability.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let mut found = Found::default();
        for cluster in shared::clusters(cx, query, "capability").await? {
            for name in list(cx, &cluster).await? {
                let Some(one) = describe(cx, &cluster, &name).await? else { continue };
                let all = shared::from_sdk(one.tags());
                let Some(identity) = tags::identity(&all, query) else {
                    let sort = one.r#type().map(|it| it.as_str());
                    let wanted = query.wanted.iter().find(|wanted| {
                        query.wanted_text(&wanted.address, "capability") == sort
                            && query.wanted_text(&wanted.address, "cluster") == Some(&*cluster)
                    });
                    let arn = one.arn().unwrap_or_default();
                    found.foreign.extend(wanted.map(|one| tags::foreign(one, arn, &all)));
                    continue;
                };
                let wanted = shared::wanted(query, &identity);
                // What could not be made is made anew.
                if wanted.is_some() && failed(&one) {
                    continue;
                }
                let own = tags::own(&all, &identity);
                let mut live = to_live(&one, identity, own);
                if let Some(wanted) = wanted {
                    Self::assume(&mut live, wanted);
                }
                found.owned.push(live);
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let (cluster, name) = (self.cluster.get()?.0, identity.name(NAME_LIMIT));
        let tags = tags::for_create(identity, &self.tags, false);
        let sent = cx
            .eks
            .create_capability()
            .cluster_name(&cluster)
            .capability_name(&name)
            .client_request_token(identity.client_token())
            .r#type(self.capability.as_str().into())
            .role_arn(self.role.get()?.as_str())
            .set_configuration(self.configuration()?)
            .delete_propagation_policy(CapabilityDeletePropagationPolicy::Retain)
            .set_tags(Some(shared::to_sdk(&tags)))
            .send()
            .await
            .map_err(|error| classify("eks CreateCapability", error));
        let made = match sent {
            Err(failure) if failure.class == Class::AlreadyExists => {
                let there = describe(cx, &cluster, &name).await?.filter(failed);
                if !there.is_some_and(|it| shared::owned(&shared::from_sdk(it.tags()), identity)) {
                    return Err(failure);
                }
                remove(cx, &cluster, &name).await?;
                return Err(shared::cleared("eks CreateCapability", &name));
            }
            other => other?.capability,
        };
        let missing = || Failure::new(Class::LostAnswer, "the answer holds no capability");
        Ok(Progress::done(made.as_ref().map(outputs).ok_or_else(missing)?))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        shared::retag(cx, live.outputs.arn.as_str(), &live.spec.tags, &self.tags).await?;
        if !["role", "ack", "argo_cd"].iter().any(|field| touches(changes, field)) {
            return Ok(Progress::done(live.outputs.clone()));
        }
        let (cluster, name) = shared::within(live.outputs.arn.as_str());
        let mut configuration = UpdateCapabilityConfiguration::builder();
        let mut any = false;
        if self.ack != live.spec.ack {
            any = true;
            let ack = self.ack.clone().unwrap_or_default();
            let ack = UpdateAckConfig::builder()
                .enable_cross_namespace(ack.cross_namespace)
                .set_disabled_services(Some(ack.disabled_services));
            configuration = configuration.ack(ack.build());
        }
        if let (Some(argo), Some(there)) = (&self.argo_cd, &live.spec.argo_cd)
            && argo != there
        {
            any = true;
            configuration = configuration.argo_cd(argo.changed_from(there)?);
        }
        let sent = cx
            .eks
            .update_capability()
            .cluster_name(cluster)
            .capability_name(name)
            .role_arn(self.role.get()?.as_str())
            .set_configuration(any.then(|| configuration.build()))
            .send()
            .await
            .map_err(|error| classify("eks UpdateCapability", error))?;
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
        let found = found.filter(|one| shared::meant(id, one.arn()));
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

    /// What the document leaves to EKS is as EKS has chosen; settings of ACK that are as without any are not shown.
    fn assume(live: &mut Live<Self>, desired: &Value) -> Option<String> {
        if live.spec.ack.is_none() && !shared::open(desired, "/ack") {
            live.spec.ack = Some(Ack::default());
        }
        if let Some(argo) = &mut live.spec.argo_cd {
            if shared::open(desired, "/argo_cd/identity_center_region") {
                argo.identity_center_region = None;
            }
            if shared::open(desired, "/argo_cd/endpoint_prefix") {
                argo.endpoint_prefix = None;
            }
        }
        None
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let mut healths = Vec::new();
        for one in waiting {
            let (cluster, name) = shared::within(one.outputs.arn.as_str());
            let found = describe(cx, cluster, name).await?;
            let health = found.map_or(Health::Gone, |one| health(&one));
            healths.push(match (&health, &one.ticket) {
                (Health::Ready, Some(id)) => {
                    shared::updated(cx, cluster, shared::Part::Capability(name), id).await?
                }
                _ => health,
            });
        }
        Ok(healths)
    }
}

/// The longest name that EKS takes.
const NAME_LIMIT: usize = 100;

impl Capability {
    fn configuration(&self) -> Result<Option<CapabilityConfigurationRequest>, Failure> {
        let ack = self.ack.as_ref().map(|ack| {
            let services = Some(ack.disabled_services.clone()).filter(|list| !list.is_empty());
            AckConfigRequest::builder()
                .enable_cross_namespace(ack.cross_namespace)
                .set_disabled_services(services)
                .build()
        });
        let argo = self.argo_cd.as_ref().map(ArgoCd::request).transpose()?;
        let any = ack.is_some() || argo.is_some();
        let call = CapabilityConfigurationRequest::builder().set_ack(ack).set_argo_cd(argo);
        Ok(any.then(|| call.build()))
    }
}

fn incomplete(error: &aws_smithy_types::error::operation::BuildError) -> Failure {
    Failure::internal(error.to_string())
}

impl ArgoCd {
    fn request(&self) -> Result<ArgoCdConfigRequest, Failure> {
        let center = ArgoCdAwsIdcConfigRequest::builder()
            .idc_instance_arn(&self.identity_center)
            .set_idc_region(self.identity_center_region.clone())
            .build()
            .map_err(|error| incomplete(&error))?;
        let roles = self.roles.iter().map(|(role, people)| mapping(role, people));
        let roles = Some(roles.collect::<Result<Vec<_>, _>>()?).filter(|roles| !roles.is_empty());
        Ok(ArgoCdConfigRequest::builder()
            .namespace(&self.namespace)
            .aws_idc(center)
            .set_rbac_role_mappings(roles)
            .set_network_access((!self.vpc_endpoints.is_empty()).then(|| self.network()))
            .set_endpoint_prefix(self.endpoint_prefix.clone())
            .build())
    }

    fn network(&self) -> ArgoCdNetworkAccessConfigRequest {
        let endpoints = Some(self.vpc_endpoints.clone());
        ArgoCdNetworkAccessConfigRequest::builder().set_vpce_ids(endpoints).build()
    }

    fn changed_from(&self, live: &Self) -> Result<UpdateArgoCdConfig, Failure> {
        let mut call = UpdateArgoCdConfig::builder();
        if self.vpc_endpoints != live.vpc_endpoints {
            call = call.network_access(self.network());
        }
        let write =
            self.roles.iter().filter(|(role, people)| live.roles.get(*role) != Some(people));
        let drop = live.roles.iter().filter(|(role, _)| !self.roles.contains_key(*role));
        let write: Vec<_> =
            write.map(|(role, people)| mapping(role, people)).collect::<Result<_, _>>()?;
        let drop: Vec<_> =
            drop.map(|(role, people)| mapping(role, people)).collect::<Result<_, _>>()?;
        if !write.is_empty() || !drop.is_empty() {
            let some = |list: Vec<_>| Some(list).filter(|list| !list.is_empty());
            let roles = UpdateRoleMappings::builder().set_add_or_update_role_mappings(some(write));
            call = call.rbac_role_mappings(roles.set_remove_role_mappings(some(drop)).build());
        }
        Ok(call.build())
    }
}

fn mapping(role: &str, people: &[Person]) -> Result<ArgoCdRoleMapping, Failure> {
    let people = people.iter().map(|person| {
        let call = SsoIdentity::builder().id(&person.id).r#type(person.sort.as_str().into());
        call.build().map_err(|error| incomplete(&error))
    });
    let people = people.collect::<Result<_, _>>()?;
    let call = ArgoCdRoleMapping::builder().role(role.into()).set_identities(Some(people));
    call.build().map_err(|error| incomplete(&error))
}

async fn list(cx: &Cx, cluster: &str) -> Result<Vec<String>, Failure> {
    let call = cx.eks.list_capabilities().cluster_name(cluster).max_results(100);
    let mut pages = call.into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("eks ListCapabilities", error));
        let Some(page) = unless_gone(page)? else { break };
        let names = page.capabilities().iter().filter_map(|one| one.capability_name());
        all.extend(names.map(str::to_owned));
    }
    Ok(all)
}

async fn describe(cx: &Cx, cluster: &str, name: &str) -> Result<Option<SdkCapability>, Failure> {
    let call = cx.eks.describe_capability().cluster_name(cluster).capability_name(name);
    let sent = call.send().await.map_err(|error| classify("eks DescribeCapability", error));
    Ok(unless_gone(sent)?.and_then(|answer| answer.capability))
}

async fn remove(cx: &Cx, cluster: &str, name: &str) -> Result<(), Failure> {
    let call = cx.eks.delete_capability().cluster_name(cluster).capability_name(name);
    let sent = call.send().await.map_err(|error| classify("eks DeleteCapability", error));
    unless_gone(sent).map(drop)
}

fn failed(one: &SdkCapability) -> bool {
    one.status() == Some(&CapabilityStatus::CreateFailed)
}

fn health(from: &SdkCapability) -> Health {
    let issues = from.health().map(|health| health.issues()).unwrap_or_default();
    let why = issues.iter().map(|issue| shared::issue(issue.message(), &[]));
    let why = || why.collect::<Vec<_>>().join("; ");
    match from.status() {
        Some(CapabilityStatus::Active) | None => Health::Ready,
        Some(CapabilityStatus::CreateFailed | CapabilityStatus::DeleteFailed) => {
            Health::Failed(why())
        }
        Some(CapabilityStatus::Degraded) => Health::Pending(format!("degraded: {}", why())),
        Some(other) => Health::Pending(other.as_str().to_lowercase()),
    }
}

fn outputs(from: &SdkCapability) -> CapabilityOutputs {
    CapabilityOutputs { arn: from.arn().unwrap_or_default().into() }
}

fn to_live(from: &SdkCapability, identity: Identity, tags: Tags) -> Live<Capability> {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let configuration = from.configuration();
    let ack = configuration.and_then(|it| it.ack()).map(|ack| Ack {
        cross_namespace: ack.enable_cross_namespace().unwrap_or_default(),
        disabled_services: ack.disabled_services().to_vec(),
    });
    let argo_cd = configuration.and_then(|it| it.argo_cd()).map(|argo| ArgoCd {
        namespace: text(argo.namespace()),
        identity_center: text(argo.aws_idc().and_then(|it| it.idc_instance_arn())),
        identity_center_region: argo.aws_idc().and_then(|it| it.idc_region()).map(str::to_owned),
        roles: argo
            .rbac_role_mappings()
            .iter()
            .map(|one| {
                let people = one.identities().iter().map(|person| Person {
                    id: person.id().to_owned(),
                    sort: person.r#type().as_str().to_owned(),
                });
                (one.role().as_str().to_owned(), people.collect())
            })
            .collect(),
        vpc_endpoints: argo.network_access().map(|it| it.vpce_ids().to_vec()).unwrap_or_default(),
        endpoint_prefix: argo.endpoint_prefix().map(str::to_owned),
    });
    let spec = Capability {
        cluster: Input::Known(from.cluster_name().unwrap_or_default().into()),
        capability: from.r#type().map(|it| it.as_str().to_owned()).unwrap_or_default(),
        role: Input::Known(from.role_arn().unwrap_or_default().into()),
        ack: ack.filter(|ack| *ack != Ack::default()),
        argo_cd,
        tags,
    };
    let id = from.arn().unwrap_or_default().to_owned();
    Live { identity, spec, outputs: outputs(from), health: health(from), id }
}
