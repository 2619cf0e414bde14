//! A capacity provider of the account's own: an Auto Scaling group that ECS scales, or instances that
//! ECS launches and manages itself.
//!
//! It is associated with its cluster by the cluster's list (`attach`), which the cluster's kind leaves
//! alone: a cluster must be there before the instances that join it, and they must be gone before it goes.

mod attach;
pub mod managed;
pub mod requirements;

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    AutoScalingGroupProvider, AutoScalingGroupProviderUpdate, CapacityProvider as SdkProvider,
    CapacityProviderField, CapacityProviderStatus, CapacityProviderUpdateStatus, ManagedDraining,
    ManagedScaling, ManagedScalingStatus, ManagedTerminationProtection,
};
use serde::{Deserialize, Serialize};

pub(super) use attach::put;
pub use managed::ManagedInstances;
pub use requirements::Requirements;

use super::convert::{built, claim, retag, tags_from_sdk, tags_to_sdk};
use super::{Cluster, ClusterName};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::autoscaling::AutoScalingGroupArn;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};

/// What says that there may be providers: ours need one.
const PROFILES: &str = "iam/instance-profile";

/// A capacity provider, named `identity.name(255)`; ECS keeps some beginnings of names for itself, then
/// `capacity-` stands before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CapacityProvider {
    /// `group` or `managed`: which of the two is there.
    pub source: String,
    /// The cluster whose tasks it takes.
    pub cluster: Input<ClusterName>,
    /// The cluster lists it.
    pub attached: bool,
    /// The Auto Scaling group.
    pub group: Option<Group>,
    /// Instances that ECS manages.
    pub managed: Option<ManagedInstances>,
    /// The user's own tags.
    pub tags: Tags,
}

/// An Auto Scaling group that ECS scales.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The group.
    pub group: Input<AutoScalingGroupArn>,
    /// ECS scales it.
    pub managed_scaling: bool,
    /// How full ECS keeps it, in percent, 1 to 100.
    pub target_capacity: i32,
    /// Fewest instances that are added at once.
    pub minimum_step: i32,
    /// Most instances that are added at once.
    pub maximum_step: i32,
    /// Seconds until a new instance counts.
    pub warmup: i32,
    /// Instances with tasks are not scaled in.
    pub termination_protection: bool,
    /// Tasks are moved before an instance goes.
    pub draining: bool,
}

impl Group {
    /// With managed scaling, protection and draining, as full as can be.
    pub fn new(group: Input<AutoScalingGroupArn>) -> Self {
        Self {
            group,
            managed_scaling: true,
            target_capacity: 100,
            minimum_step: 1,
            maximum_step: 10_000,
            warmup: 300,
            termination_protection: true,
            draining: true,
        }
    }
}

crate::ids! {
    /// A capacity provider's name.
    CapacityProviderName,
}

crate::outputs!(CapacityProvider => CapacityProviderOutputs {
    /// Its ARN.
    arn: String,
    /// Its name.
    name: CapacityProviderName,
    /// The name of its cluster.
    cluster: ClusterName,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateCapacityProvider.name", "the physical name follows from the address"),
    ("UpdateCapacityProvider.name", "says which provider"),
    (
        "CreateCapacityProvider.managedInstancesProvider.instanceLaunchTemplate.nitroEnclavesEnabled",
        "not in the SDK yet",
    ),
];

impl Spec for CapacityProvider {
    const KIND: &'static str = "ecs/capacity-provider";
}

impl Resource for CapacityProvider {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("source"),
            Rule::Immutable("cluster"),
            Rule::Immutable("group.group"),
            Rule::Immutable("managed.capacity_option"),
            Rule::Immutable("managed.fips"),
            Rule::Unordered("managed.subnets"),
            Rule::Unordered("managed.security_groups"),
            Rule::Unordered("managed.requirements.cpu_manufacturers"),
            Rule::Unordered("managed.requirements.excluded_instance_types"),
            Rule::Unordered("managed.requirements.allowed_instance_types"),
            Rule::Unordered("managed.requirements.instance_generations"),
            Rule::Unordered("managed.requirements.local_storage_types"),
            Rule::Unordered("managed.requirements.accelerator_types"),
            Rule::Unordered("managed.requirements.accelerator_manufacturers"),
            Rule::Unordered("managed.requirements.accelerator_names"),
        ],
        observe_after: &["ecs/cluster", PROFILES],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(20, 3, 900),
    };

    type Outputs = CapacityProviderOutputs;

    /// No call where nothing is wanted and nothing bears our tags; else one by names, and the cluster's list.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
        let tagged = bulk.keys().filter_map(|arn| Some(arn.split_once(":capacity-provider/")?.1));
        let mut names: Vec<String> = tagged.map(str::to_owned).collect();
        let wanted: BTreeMap<String, &Identity> =
            query.wanted.iter().map(|one| (physical(one), one)).collect();
        names.extend(wanted.keys().cloned());
        let mut found = Found::default();
        if names.is_empty() && query.seen.of(PROFILES).is_empty() {
            return Ok(found);
        }
        let clusters = query.seen.of(Cluster::KIND);
        let ours = clusters.first().and_then(|live| live.outputs["name"].as_str());
        let ours = ours.unwrap_or_default().to_owned();
        let attached = attach::list(cx, &ours).await?;
        // The tagging API lags; the cluster names its own at once.
        names.extend(attached.iter().cloned());
        names.sort();
        names.dedup();
        for one in describe(cx, names).await? {
            if !is_there(&one) {
                continue;
            }
            let all = tags_from_sdk(one.tags());
            let name = one.name().unwrap_or_default();
            match (tags::identity(&all, query), wanted.get(name)) {
                (Some(identity), _) => {
                    let own = tags::own(&all, &identity);
                    found.owned.push(to_live(&one, &ours, &attached, identity, own));
                }
                (None, Some(wanted)) => found.foreign.push(tags::foreign(wanted, name, &all)),
                (None, None) => {}
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let name = physical(identity);
        let cluster = self.cluster.get()?;
        let mut call = cx
            .ecs
            .create_capacity_provider()
            .name(&name)
            .set_tags(tags_to_sdk(tags::for_create(identity, &self.tags, false)));
        if let Some(group) = &self.group {
            call = call.auto_scaling_group_provider(built(
                AutoScalingGroupProvider::builder()
                    .auto_scaling_group_arn(group.group.get()?.0)
                    .managed_scaling(group.scaling())
                    .managed_termination_protection(group.protection())
                    .managed_draining(group.draining())
                    .build(),
            )?);
        }
        if let Some(managed) = &self.managed {
            call = call.cluster(cluster.as_str()).managed_instances_provider(managed.to_create()?);
        }
        let answer = call.send().await;
        let answer = answer.map_err(|error| classify("ecs CreateCapacityProvider", error))?;
        let arn = answer.capacity_provider().and_then(|one| one.capacity_provider_arn());
        let arn = arn.unwrap_or_default().to_owned();
        if self.attached {
            attach::change(cx, cluster.as_str(), &name, true).await?;
        }
        Ok(Progress::done(CapacityProviderOutputs { arn, name: name.as_str().into(), cluster }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let name = live.outputs.name.as_str();
        if touches(changes, "group") || touches(changes, "managed") {
            let mut call = cx.ecs.update_capacity_provider().name(name);
            if let Some(group) = &self.group {
                call = call.auto_scaling_group_provider(
                    AutoScalingGroupProviderUpdate::builder()
                        .managed_scaling(group.scaling())
                        .managed_termination_protection(group.protection())
                        .managed_draining(group.draining())
                        .build(),
                );
            }
            if let Some(managed) = &self.managed {
                let cluster = self.cluster.get()?;
                call =
                    call.cluster(cluster.as_str()).managed_instances_provider(managed.to_update()?);
            }
            let sent = call.send().await;
            sent.map_err(|error| classify("ecs UpdateCapacityProvider", error))?;
        }
        if touches(changes, "attached") {
            attach::change(cx, self.cluster.get()?.as_str(), name, self.attached).await?;
        }
        retag(cx, &live.outputs.arn, &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(CapacityProviderOutputs {
            cluster: self.cluster.get()?,
            ..live.outputs.clone()
        }))
    }

    /// ECS deletes only what no cluster lists.
    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let name = live.outputs.name.as_str();
        let cluster = live.outputs.cluster.as_str();
        unless_gone(attach::change(cx, cluster, name, false).await)?;
        let call = cx.ecs.delete_capacity_provider().capacity_provider(name);
        let call = match live.spec.managed {
            Some(_) => call.cluster(cluster),
            None => call,
        };
        match call.send().await.map_err(|error| classify("ecs DeleteCapacityProvider", error)) {
            Ok(_) => Ok(Progress::deleted()),
            Err(failure) if failure.class == Class::Gone => Ok(Progress::deleted()),
            Err(failure) if failure.message.contains("was not found") => Ok(Progress::deleted()),
            Err(failure) => Err(failure),
        }
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let names = waiting.iter().map(|one| one.outputs.name.to_string()).collect();
        let providers = describe(cx, names).await?;
        let mut healths = Vec::new();
        for one in waiting {
            let name = Some(one.outputs.name.as_str());
            let found = providers.iter().find(|provider| provider.name() == name);
            let mut health = found.map_or(Health::Gone, health);
            // ECS takes no service with it while the cluster is being updated.
            if health == Health::Ready
                && !one.deleting
                && attach::is_busy(cx, one.outputs.cluster.as_str()).await?
            {
                health = Health::Pending("being attached to the cluster".to_owned());
            }
            healths.push(health);
        }
        Ok(healths)
    }

    async fn read(
        cx: &Cx,
        query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let name = id.rsplit('/').next().unwrap_or(id);
        let found = describe(cx, vec![name.to_owned()]).await?;
        let Some(one) = found.iter().find(|one| is_there(one)) else { return Ok(None) };
        let clusters = query.seen.of(Cluster::KIND);
        let ours = clusters.first().and_then(|live| live.outputs["name"].as_str());
        let ours = ours.unwrap_or_default();
        let attached = attach::list(cx, ours).await?;
        let make = |identity, own| to_live(one, ours, &attached, identity, own);
        Ok(Some(Existing::of(tags_from_sdk(one.tags()), wanted, make).named(name)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        claim(cx, &live.outputs.arn, tags.clone()).await
    }

    async fn losses(_cx: &Cx, live: &Live<Self>) -> Result<Option<String>, Failure> {
        let managed = live.spec.managed.is_some();
        Ok(managed.then(|| "its instances and what their disks hold".to_owned()))
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(physical(identity))
    }
}

/// The longest name that ECS takes.
const NAME_LIMIT: usize = 255;
/// Put before names that would begin as ECS keeps for itself.
const PREFIX: &str = "capacity-";

fn physical(identity: &Identity) -> String {
    let name = identity.name(NAME_LIMIT - PREFIX.len());
    let lower = name.to_lowercase();
    match ["aws", "ecs", "fargate"].iter().any(|word| lower.starts_with(word)) {
        true => format!("{PREFIX}{name}"),
        false => name,
    }
}

async fn describe(cx: &Cx, names: Vec<String>) -> Result<Vec<SdkProvider>, Failure> {
    let mut all = Vec::new();
    for names in names.chunks(20) {
        let call = cx.ecs.describe_capacity_providers().include(CapacityProviderField::Tags);
        let answer = call.set_capacity_providers(Some(names.to_vec())).send().await;
        let answer = answer.map_err(|error| classify("ecs DescribeCapacityProviders", error))?;
        all.extend(answer.capacity_providers.unwrap_or_default());
    }
    Ok(all)
}

/// Deleted ones are shown for a while.
fn is_there(one: &SdkProvider) -> bool {
    one.status() != Some(&CapacityProviderStatus::Inactive)
}

fn health(one: &SdkProvider) -> Health {
    use CapacityProviderUpdateStatus as Update;
    let why = one.update_status_reason().unwrap_or("ECS does not say why");
    match (one.status(), one.update_status()) {
        (Some(CapacityProviderStatus::Inactive), _) => Health::Gone,
        (_, Some(Update::CreateFailed | Update::UpdateFailed | Update::DeleteFailed)) => {
            Health::Failed(why.to_owned())
        }
        (Some(CapacityProviderStatus::Provisioning), _) | (_, Some(Update::CreateInProgress)) => {
            Health::Pending("provisioning".to_owned())
        }
        (Some(CapacityProviderStatus::Deprovisioning), _) | (_, Some(Update::DeleteInProgress)) => {
            Health::Pending("its instances are being terminated".to_owned())
        }
        (_, Some(Update::UpdateInProgress)) => Health::Pending("being updated".to_owned()),
        _ => Health::Ready,
    }
}

impl Group {
    fn scaling(&self) -> ManagedScaling {
        ManagedScaling::builder()
            .status(match self.managed_scaling {
                true => ManagedScalingStatus::Enabled,
                false => ManagedScalingStatus::Disabled,
            })
            .target_capacity(self.target_capacity)
            .minimum_scaling_step_size(self.minimum_step)
            .maximum_scaling_step_size(self.maximum_step)
            .instance_warmup_period(self.warmup)
            .build()
    }

    fn protection(&self) -> ManagedTerminationProtection {
        match self.termination_protection {
            true => ManagedTerminationProtection::Enabled,
            false => ManagedTerminationProtection::Disabled,
        }
    }

    fn draining(&self) -> ManagedDraining {
        match self.draining {
            true => ManagedDraining::Enabled,
            false => ManagedDraining::Disabled,
        }
    }
}

fn to_live(
    one: &SdkProvider,
    ours: &str,
    attached: &[String],
    identity: Identity,
    tags: Tags,
) -> Live<CapacityProvider> {
    let name = one.name().unwrap_or_default().to_owned();
    let own = one.cluster().map(|arn| arn.rsplit('/').next().unwrap_or(arn));
    let cluster: ClusterName = own.unwrap_or(ours).into();
    Live {
        identity,
        spec: CapacityProvider {
            source: source(one.managed_instances_provider().is_some()),
            cluster: Input::Known(cluster.clone()),
            attached: attached.contains(&name),
            group: one.auto_scaling_group_provider().map(group),
            managed: one.managed_instances_provider().map(managed::from_sdk),
            tags,
        },
        health: health(one),
        outputs: CapacityProviderOutputs {
            arn: one.capacity_provider_arn().unwrap_or_default().to_owned(),
            name: name.as_str().into(),
            cluster,
        },
        id: name,
    }
}

/// The word in [`CapacityProvider::source`].
pub fn source(managed: bool) -> String {
    if managed { "managed" } else { "group" }.to_owned()
}

fn group(one: &AutoScalingGroupProvider) -> Group {
    let scaling = one.managed_scaling();
    Group {
        group: Input::Known(one.auto_scaling_group_arn().into()),
        managed_scaling: scaling.and_then(|one| one.status())
            == Some(&ManagedScalingStatus::Enabled),
        target_capacity: scaling.and_then(|one| one.target_capacity()).unwrap_or(100),
        minimum_step: scaling.and_then(|one| one.minimum_scaling_step_size()).unwrap_or(1),
        maximum_step: scaling.and_then(|one| one.maximum_scaling_step_size()).unwrap_or(10_000),
        warmup: scaling.and_then(|one| one.instance_warmup_period()).unwrap_or(300),
        termination_protection: one.managed_termination_protection()
            == Some(&ManagedTerminationProtection::Enabled),
        draining: one.managed_draining() != Some(&ManagedDraining::Disabled),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Address, Owner};

    #[test]
    fn names_that_ecs_keeps_for_itself_get_a_word_before_them() {
        let identity = |application: &str| Identity {
            application: application.to_owned(),
            environment: "test".to_owned(),
            owner: Owner::Environment,
            address: Address::new(CapacityProvider::KIND, "general"),
            generation: 1,
            run: String::new(),
        };
        assert_eq!(physical(&identity("shop")), "shop-test-general");
        assert_eq!(physical(&identity("ecs-shop")), "capacity-ecs-shop-test-general");
    }
}
