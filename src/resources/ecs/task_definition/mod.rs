//! A task definition: what a service's tasks are made of.
//!
//! Every change registers a new revision of the family; old ones stay for rollbacks.
//! `container` and `volume` hold the parts, `write` and `read` the way to the SDK's types and back,
//! `revision` gets one revision by its name.

pub mod container;
pub(super) mod read;
mod revision;
pub mod volume;
pub(super) mod write;

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    EphemeralStorage, RuntimePlatform, SortOrder, TaskDefinition as SdkTaskDefinition,
    TaskDefinitionFamilyStatus, TaskDefinitionField, TaskDefinitionPlacementConstraint,
    TaskDefinitionPlacementConstraintType, TaskDefinitionStatus,
};
use futures_util::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};

pub use container::Container;
pub use revision::one_revision;
pub use volume::Volume;

use super::convert::{claim, some, tags_from_sdk, tags_to_sdk, text};
use crate::aws::{Cx, classify, tags};
use crate::engine::planning::REVISIONS_KEPT;
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::iam::RoleArn;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// A task definition; its family is `identity.name(255)` of the first generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// CPU units of the whole task (1024 are one vCPU); required on Fargate.
    pub cpu: Option<i32>,
    /// Memory of the whole task in MiB; required on Fargate.
    pub memory: Option<i32>,
    /// `awsvpc`, `bridge`, `host` or `none`.
    pub network_mode: String,
    /// `FARGATE`, `EC2`, `EXTERNAL`, `MANAGED_INSTANCES`: where it must be able to run.
    pub requires_compatibilities: Vec<String>,
    /// `X86_64` or `ARM64`.
    pub cpu_architecture: String,
    /// `LINUX`, or one of Windows' editions.
    pub operating_system: String,
    /// The role ECS itself acts in: it pulls images, writes logs, reads secrets.
    pub execution_role: Option<Input<RoleArn>>,
    /// The role the containers act in.
    pub task_role: Option<Input<RoleArn>>,
    /// Scratch space on Fargate in GiB, 20 to 200.
    pub ephemeral_storage: i32,
    /// `host` or `task`.
    pub pid_mode: Option<String>,
    /// `host`, `task` or `none`.
    pub ipc_mode: Option<String>,
    /// Fault injection requests from the containers are accepted.
    pub enable_fault_injection: bool,
    /// Cluster query language expressions (`memberOf`), for EC2.
    pub placement_constraints: Vec<String>,
    /// App Mesh's proxy.
    pub proxy: Option<Proxy>,
    /// Volumes by name.
    pub volumes: BTreeMap<String, Volume>,
    /// Containers by name.
    pub containers: BTreeMap<String, Container>,
    /// The user's own tags.
    pub tags: Tags,
}

impl Default for TaskDefinition {
    /// A Fargate task of the smallest size with no containers yet.
    fn default() -> Self {
        Self {
            cpu: Some(256),
            memory: Some(512),
            network_mode: "awsvpc".to_owned(),
            requires_compatibilities: vec!["FARGATE".to_owned()],
            cpu_architecture: "X86_64".to_owned(),
            operating_system: "LINUX".to_owned(),
            execution_role: None,
            task_role: None,
            ephemeral_storage: 20,
            pid_mode: None,
            ipc_mode: None,
            enable_fault_injection: false,
            placement_constraints: Vec::new(),
            proxy: None,
            volumes: BTreeMap::new(),
            containers: BTreeMap::new(),
            tags: Tags::new(),
        }
    }
}

/// App Mesh's Envoy proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proxy {
    /// The container that runs it.
    pub container: String,
    /// `ProxyIngressPort`, `AppPorts`, `IgnoredUID` and so on.
    pub properties: BTreeMap<String, String>,
}

impl Spec for TaskDefinition {
    const KIND: &'static str = "ecs/task-definition";
}

crate::ids! {
    /// The ARN of one revision.
    TaskDefinitionArn,
}

crate::outputs!(TaskDefinition => TaskDefinitionOutputs {
    /// The revision's ARN.
    arn: TaskDefinitionArn,
    /// The family.
    family: String,
    /// The revision's number in the family.
    revision: i32,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("RegisterTaskDefinition.family", "the physical name follows from the address"),
    ("RegisterTaskDefinition.inferenceAccelerators", "deprecated: Elastic Inference has ended"),
    (
        "RegisterTaskDefinition.containerDefinitions[].resourceRequirements[].sharingStrategy",
        "sharing one GPU between containers is for EC2 instances, which are not offered yet",
    ),
    (
        "RegisterTaskDefinition.containerDefinitions[].portMappings[].containerPortRange",
        "every port is mapped by itself",
    ),
    (
        "RegisterTaskDefinition.trustedExecutionConfiguration",
        "not in the SDK yet; Managed Instances only",
    ),
];

impl Resource for TaskDefinition {
    const INFO: KindInfo = KindInfo {
        kind: TaskDefinition::KIND,
        rules: &[
            Rule::Unordered("requires_compatibilities"),
            Rule::Unordered("placement_constraints"),
            Rule::Unordered("containers.*.port_mappings"),
            Rule::Unordered("containers.*.mount_points"),
            Rule::Unordered("containers.*.volumes_from"),
            Rule::Unordered("containers.*.resource_requirements"),
            Rule::Unordered("containers.*.linux_parameters.add_capabilities"),
            Rule::Unordered("containers.*.linux_parameters.drop_capabilities"),
            Rule::Unordered("containers.*.linux_parameters.devices"),
            Rule::Unordered("containers.*.linux_parameters.tmpfs"),
            Rule::Unordered("containers.*.restart_policy.ignored_exit_codes"),
            Rule::Unordered("containers.*.docker_security_options"),
        ],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: true,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = TaskDefinitionOutputs;

    /// The latest active revision of each family, and from the tenth revision on the older
    /// ones too, so that the plan can let go of those beyond what is kept.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let families = families(cx, &prefix(query)).await?;
        let found: Vec<_> = stream::iter(families)
            .map(|family| one_family(cx, query, family))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut all = Found::default();
        for found in found {
            let found = found?;
            all.owned.extend(found.owned);
            all.foreign.extend(found.foreign);
        }
        all.owned.sort_by(|a, b| {
            (&a.outputs.family, a.outputs.revision).cmp(&(&b.outputs.family, b.outputs.revision))
        });
        Ok(all)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let constraints = self.placement_constraints.iter().map(|expression| {
            TaskDefinitionPlacementConstraint::builder()
                .r#type(TaskDefinitionPlacementConstraintType::MemberOf)
                .expression(expression)
                .build()
        });
        let compatibilities = self.requires_compatibilities.iter().map(|one| one.as_str().into());
        let containers = self.containers.iter().map(|(name, one)| write::container(name, one));
        let volumes = self.volumes.iter().map(|(name, one)| volume::to_sdk(name, one));
        let more_storage = self.ephemeral_storage > DEFAULT_STORAGE;
        let call =
            cx.ecs
                .register_task_definition()
                .family(family(identity))
                .network_mode(self.network_mode.as_str().into())
                .set_cpu(self.cpu.map(|cpu| cpu.to_string()))
                .set_memory(self.memory.map(|memory| memory.to_string()))
                .set_requires_compatibilities(some(compatibilities.collect()))
                .runtime_platform(
                    RuntimePlatform::builder()
                        .cpu_architecture(self.cpu_architecture.as_str().into())
                        .operating_system_family(self.operating_system.as_str().into())
                        .build(),
                )
                .set_execution_role_arn(text(self.execution_role.as_ref())?)
                .set_task_role_arn(text(self.task_role.as_ref())?)
                .set_ephemeral_storage(more_storage.then(|| {
                    EphemeralStorage::builder().size_in_gib(self.ephemeral_storage).build()
                }))
                .set_pid_mode(self.pid_mode.as_deref().map(Into::into))
                .set_ipc_mode(self.ipc_mode.as_deref().map(Into::into))
                .set_enable_fault_injection(self.enable_fault_injection.then_some(true))
                .set_placement_constraints(some(constraints.collect()))
                .set_proxy_configuration(self.proxy.as_ref().map(write::proxy).transpose()?)
                .set_volumes(some(volumes.collect::<Result<_, _>>()?))
                .set_container_definitions(Some(containers.collect::<Result<_, _>>()?))
                .set_tags(tags_to_sdk(tags::for_create(identity, &self.tags, false)));
        let answer =
            call.send().await.map_err(|error| classify("ecs RegisterTaskDefinition", error))?;
        let made = answer.task_definition().ok_or_else(|| {
            Failure::new(Class::LostAnswer, "the answer holds no task definition")
        })?;
        Ok(Progress::done(outputs(made)))
    }

    /// Revisions never change: a change registers another one.
    async fn update(
        &self,
        _cx: &Cx,
        live: &Live<Self>,
        _changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        Ok(Progress::done(live.outputs.clone()))
    }

    /// Deregisters the revision; with the latest one goes every older one of ours.
    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let arns = active(cx, &live.outputs.family).await?;
        let this = live.outputs.arn.as_str();
        if arns.first().is_some_and(|latest| latest != this) {
            if arns.iter().any(|arn| arn == this) {
                deregister(cx, this).await?;
            }
            return Ok(Progress::deleted());
        }
        for arn in &arns {
            if arn == this || is_ours(cx, arn, &live.identity).await? {
                deregister(cx, arn).await?;
            }
        }
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let Some((definition, all)) = describe(cx, id).await? else { return Ok(None) };
        if !is_active(&definition) {
            return Ok(None);
        }
        let make = |identity, own| live(&definition, identity, own, outputs(&definition));
        let existing = Existing::of(all, wanted, make);
        // What the service runs is the family's latest; an older one would never be looked at.
        let family = definition.family().unwrap_or_default();
        let latest = active(cx, family).await?.into_iter().next().unwrap_or_default();
        Ok(Some(match latest == existing.live.id {
            true => existing.named(family),
            false => existing.named(format!("{family}:{}", definition.revision())),
        }))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        claim(cx, live.outputs.arn.as_str(), tags.clone()).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        let found = describe(cx, live.outputs.arn.as_str()).await?;
        Ok(found.filter(|(definition, _)| is_active(definition)).map(|(_, tags)| tags))
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(family(identity))
    }
}

/// The longest family name that ECS takes.
const NAME_LIMIT: usize = 255;
/// Fargate's scratch space in GiB where none is asked for; asking for it is refused.
const DEFAULT_STORAGE: i32 = 20;
/// How many families are read at once.
const AT_ONCE: usize = 16;

/// The family: one for all generations, as it counts revisions by itself.
fn family(identity: &Identity) -> String {
    Identity { generation: 1, ..identity.clone() }.name(NAME_LIMIT)
}

/// What every family of the environment begins with.
fn prefix(query: &Query<'_>) -> String {
    let text = format!("{}-{}-", query.application, query.environment);
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

async fn families(cx: &Cx, prefix: &str) -> Result<Vec<String>, Failure> {
    let mut pages = cx
        .ecs
        .list_task_definition_families()
        .family_prefix(prefix)
        .status(TaskDefinitionFamilyStatus::Active)
        .max_results(100)
        .into_paginator()
        .send();
    let mut families = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("ecs ListTaskDefinitionFamilies", error))?;
        families.extend_from_slice(page.families());
    }
    Ok(families)
}

/// The ARNs of a family's active revisions, the latest first.
async fn active(cx: &Cx, family: &str) -> Result<Vec<String>, Failure> {
    let mut pages = cx
        .ecs
        .list_task_definitions()
        .family_prefix(family)
        .status(TaskDefinitionStatus::Active)
        .sort(SortOrder::Desc)
        .max_results(100)
        .into_paginator()
        .send();
    let mut arns = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("ecs ListTaskDefinitions", error))?;
        arns.extend_from_slice(page.task_definition_arns());
    }
    // Emulators take the family for a prefix of names, and sort as they like.
    let marker = format!(":task-definition/{family}:");
    arns.retain(|arn| arn.contains(&marker));
    arns.sort_by_key(|arn| std::cmp::Reverse(revision(arn)));
    Ok(arns)
}

/// The number at an ARN's end.
fn revision(arn: &str) -> i32 {
    arn.rsplit(':').next().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// A revision (or a family's latest active one) with its tags; `None` where there is none.
async fn describe(
    cx: &Cx,
    which: &str,
) -> Result<Option<(SdkTaskDefinition, BTreeMap<String, String>)>, Failure> {
    let call =
        cx.ecs.describe_task_definition().task_definition(which).include(TaskDefinitionField::Tags);
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) => {
            let failure = classify("ecs DescribeTaskDefinition", error);
            return if is_gone(&failure) { Ok(None) } else { Err(failure) };
        }
    };
    let tags = tags_from_sdk(answer.tags());
    Ok(answer.task_definition.map(|definition| (definition, tags)))
}

async fn one_family(
    cx: &Cx,
    query: &Query<'_>,
    name: String,
) -> Result<Found<TaskDefinition>, Failure> {
    let mut found = Found::default();
    let Some((latest, all)) = describe(cx, &name).await? else { return Ok(found) };
    if !is_active(&latest) {
        return Ok(found);
    }
    let latest_outputs = outputs(&latest);
    let Some(identity) = tags::identity(&all, query) else {
        let wanted = query.wanted.iter().find(|wanted| family(wanted) == name);
        found
            .foreign
            .extend(wanted.map(|wanted| tags::foreign(wanted, latest_outputs.arn.as_str(), &all)));
        return Ok(found);
    };
    let live = |outputs: TaskDefinitionOutputs| {
        live(&latest, identity.clone(), tags::own(&all, &identity), outputs)
    };
    let many = usize::try_from(latest_outputs.revision).unwrap_or(0) >= REVISIONS_KEPT;
    if many {
        for arn in active(cx, &name).await? {
            let revision = revision(&arn);
            if revision < latest_outputs.revision {
                // What an older one holds is of no interest, only that it is there.
                let family = name.clone();
                found.owned.push(live(TaskDefinitionOutputs { arn: arn.into(), family, revision }));
            }
        }
    }
    found.owned.push(live(latest_outputs));
    Ok(found)
}

/// Where a status is told.
fn is_active(definition: &SdkTaskDefinition) -> bool {
    definition.status().is_none_or(|status| *status == TaskDefinitionStatus::Active)
}

/// The revision of `outputs`, which looks like `from`.
fn live(
    from: &SdkTaskDefinition,
    identity: Identity,
    tags: Tags,
    outputs: TaskDefinitionOutputs,
) -> Live<TaskDefinition> {
    let generation = u32::try_from(outputs.revision).unwrap_or(1);
    Live {
        identity: Identity { generation, ..identity },
        spec: read::spec(from, tags),
        health: Health::Ready,
        id: outputs.arn.to_string(),
        outputs,
    }
}

async fn is_ours(cx: &Cx, arn: &str, identity: &Identity) -> Result<bool, Failure> {
    let found = describe(cx, arn).await?;
    Ok(found.is_some_and(|(_, tags)| {
        Identity::from_tags(&tags, &identity.application, &identity.environment)
            .is_some_and(|of| of.address == identity.address)
    }))
}

async fn deregister(cx: &Cx, arn: &str) -> Result<(), Failure> {
    let call = cx.ecs.deregister_task_definition().task_definition(arn);
    match call.send().await.map_err(|error| classify("ecs DeregisterTaskDefinition", error)) {
        Ok(_) => Ok(()),
        Err(failure) if is_gone(&failure) => Ok(()),
        Err(failure) => Err(failure),
    }
}

/// ECS has no error code of its own for a revision that is not there.
fn is_gone(failure: &Failure) -> bool {
    let says = |text| failure.message.contains(text);
    failure.class == Class::Gone
        || says("Unable to describe task definition")
        || says("task definition does not exist")
        || says("task definition is inactive")
}

fn outputs(from: &SdkTaskDefinition) -> TaskDefinitionOutputs {
    TaskDefinitionOutputs {
        arn: from.task_definition_arn().unwrap_or_default().into(),
        family: from.family().unwrap_or_default().to_owned(),
        revision: from.revision(),
    }
}

#[cfg(test)]
mod tests;
