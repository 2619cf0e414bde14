//! A file system, with its mount targets.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_efs::types::{FileSystemDescription, ReplicationOverwriteProtection};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{settings, shared, targets};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::ec2::{SecurityGroupId, SubnetId};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};
use crate::{ids, outputs};

/// A file system. Mount targets, which have no tags of their own, are part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileSystem {
    /// Encrypted at rest, with AWS's own key.
    pub encrypted: bool,
    /// `generalPurpose` or `maxIO`.
    pub performance_mode: String,
    /// `bursting`, `provisioned` or `elastic`. EFS lets it be changed once in 24 hours.
    pub throughput_mode: String,
    /// MiB/s, with `provisioned`.
    pub provisioned_throughput: Option<f64>,
    /// The one zone that a One Zone file system is in; `None` for one in all zones.
    pub zone: Option<String>,
    /// No replication may overwrite it.
    pub replication_overwrite_protection: bool,
    /// AWS Backup backs it up each day.
    pub backup: bool,
    /// When files move between storage classes.
    pub lifecycle: Lifecycle,
    /// Who may mount it; `None` for everyone who reaches a mount target.
    pub policy: Option<Value>,
    /// Where it is reached, at most one a zone; in order of subnet when read.
    pub mount_targets: Vec<MountTarget>,
    /// The user's own tags.
    pub tags: Tags,
}

/// When files move; each `AFTER_…` as EFS writes it, `None` for never.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// To infrequent access, such as `AFTER_30_DAYS` without one.
    pub to_infrequent_access: Option<String>,
    /// To the archive (elastic throughput only).
    pub to_archive: Option<String>,
    /// Back: `AFTER_1_ACCESS`.
    pub to_primary: Option<String>,
}

/// A file system's network interface in a subnet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MountTarget {
    /// The subnet.
    pub subnet: Input<SubnetId>,
    /// 1 to 5.
    pub security_groups: Vec<Input<SecurityGroupId>>,
}

impl Default for FileSystem {
    /// What a file system is best made as where nothing else is said: encrypted, backed up, its cold files moved to the
    /// cheaper storage class, reached from nowhere yet.
    fn default() -> Self {
        Self {
            encrypted: true,
            performance_mode: "generalPurpose".to_owned(),
            throughput_mode: "bursting".to_owned(),
            provisioned_throughput: None,
            zone: None,
            replication_overwrite_protection: true,
            backup: true,
            lifecycle: Lifecycle {
                to_infrequent_access: Some("AFTER_30_DAYS".to_owned()),
                ..Lifecycle::default()
            },
            policy: None,
            mount_targets: Vec::new(),
            tags: Tags::new(),
        }
    }
}

ids! {
    /// `fs-0123…`.
    FileSystemId,
    /// A file system's ARN.
    FileSystemArn,
}

outputs! { FileSystem => FileSystemOutputs {
    /// Its id.
    id: FileSystemId,
    /// Its ARN.
    arn: FileSystemArn,
} }

/// Members of EFS's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateFileSystem.CreationToken", "from the address: it makes the call idempotent"),
    (
        "CreateFileSystem.KmsKeyId",
        "AWS's own key is used; which key it is cannot be told from what is read",
    ),
    ("UpdateFileSystem.FileSystemId", "says which file system"),
    ("UpdateFileSystemProtection.FileSystemId", "says which file system"),
    ("PutBackupPolicy.FileSystemId", "says which file system"),
    ("PutLifecycleConfiguration.FileSystemId", "says which file system"),
    ("PutFileSystemPolicy.FileSystemId", "says which file system"),
    (
        "PutFileSystemPolicy.BypassPolicyLockoutSafetyCheck",
        "an act: a policy that locks everyone out is refused",
    ),
    ("CreateMountTarget.FileSystemId", "says which file system"),
    ("CreateMountTarget.IpAddress", "EFS picks a free address; clients find it by DNS"),
    ("CreateMountTarget.Ipv6Address", "EFS picks a free address; clients find it by DNS"),
    ("CreateMountTarget.IpAddressType", "tasks mount over IPv4"),
    ("ModifyMountTargetSecurityGroups.MountTargetId", "says which mount target"),
];

/// The longest creation token.
const TOKEN_LIMIT: usize = 64;

impl Spec for FileSystem {
    const KIND: &'static str = "efs/file-system";
}

impl Resource for FileSystem {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("encrypted"),
            Rule::Immutable("performance_mode"),
            Rule::Immutable("zone"),
            Rule::Unordered("mount_targets"),
            Rule::Unordered("mount_targets[].security_groups"),
            Rule::Policy("policy"),
        ],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: Some("files"),
        pace: Pace::seconds(90, 5, 900),
    };

    type Outputs = FileSystemOutputs;

    /// One call for all of the account's, tags included, and only where one of ours may be there; four for what
    /// hangs on each of ours, and one for the groups of all mount targets.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let mut found = Found::default();
        if !shared::may_be_there(cx, query, "file-system").await? {
            return Ok(found);
        }
        let mut ours = Vec::new();
        for system in list(cx, None).await? {
            let all = shared::from_sdk(system.tags());
            match tags::identity(&all, query) {
                Some(identity) => ours.push((system, identity)),
                None => {
                    let token = system.creation_token();
                    let wanted = query.wanted.iter().find(|one| one.name(TOKEN_LIMIT) == token);
                    found.foreign.extend(
                        wanted.map(|one| tags::foreign(one, system.file_system_id(), &all)),
                    );
                }
            }
        }
        let mut targets = Vec::new();
        for (system, _) in &ours {
            targets.push(targets::list(cx, system.file_system_id()).await?);
        }
        let groups = targets::groups(cx, targets.iter().flatten()).await?;
        for ((system, identity), targets) in ours.into_iter().zip(&targets) {
            let own = tags::own(&shared::from_sdk(system.tags()), &identity);
            found.owned.push(to_live(cx, &system, targets, &groups, identity, own).await?);
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let tags = tags::for_create(identity, &self.tags, true);
        let answer = cx
            .efs
            .create_file_system()
            .creation_token(identity.name(TOKEN_LIMIT))
            .encrypted(self.encrypted)
            .performance_mode(self.performance_mode.as_str().into())
            .throughput_mode(self.throughput_mode.as_str().into())
            .set_provisioned_throughput_in_mibps(self.provisioned_throughput)
            .set_availability_zone_name(self.zone.clone())
            .backup(self.backup)
            .set_tags(Some(shared::to_sdk(&tags)?))
            .send()
            .await
            .map_err(|error| classify("efs CreateFileSystem", error))?;
        let id = answer.file_system_id().to_owned();
        let outputs = FileSystemOutputs { arn: arn(cx, &id).into(), id: id.into() };
        // The rest can be said once it is available.
        Ok(Progress { outputs: Some(outputs), ticket: None, more: true })
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.id.as_str();
        if touches(changes, "throughput_mode") || touches(changes, "provisioned_throughput") {
            let call = cx.efs.update_file_system().file_system_id(id);
            let call = call.throughput_mode(self.throughput_mode.as_str().into());
            let call = call.set_provisioned_throughput_in_mibps(self.provisioned_throughput);
            call.send().await.map_err(|error| classify("efs UpdateFileSystem", error))?;
        }
        if touches(changes, "replication_overwrite_protection") {
            settings::protect(cx, id, self.replication_overwrite_protection).await?;
        }
        if touches(changes, "backup") {
            settings::put_backup(cx, id, self.backup).await?;
        }
        if touches(changes, "lifecycle") {
            settings::put_lifecycle(cx, id, &self.lifecycle).await?;
        }
        if touches(changes, "policy") {
            settings::put_policy(cx, id, self.policy.as_ref()).await?;
        }
        shared::retag(cx, id, &live.spec.tags, &self.tags).await?;
        if touches(changes, "mount_targets") {
            targets::change(cx, id, &self.mount_targets).await?;
        }
        Ok(Progress::done(live.outputs.clone()))
    }

    /// EFS refuses, as in use, until the last mount target is gone; then it is tried again.
    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.id.as_str();
        unless_gone(targets::delete_all(cx, id).await)?;
        let sent = cx.efs.delete_file_system().file_system_id(id).send().await;
        unless_gone(sent.map_err(|error| classify("efs DeleteFileSystem", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let id = id.rsplit('/').next().unwrap_or(id);
        let Some(system) = unless_gone(list(cx, Some(id)).await)?.and_then(|mut all| all.pop())
        else {
            return Ok(None);
        };
        let targets = targets::list(cx, id).await?;
        let groups = targets::groups(cx, &targets).await?;
        let all = shared::from_sdk(system.tags());
        let live = to_live(cx, &system, &targets, &groups, wanted.clone(), Tags::new()).await?;
        Ok(Some(Existing::of(all, wanted, |identity, own| {
            let mut live = live;
            live.identity = identity;
            live.spec.tags = own;
            live
        })))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::tag(cx, live.outputs.id.as_str(), tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        let found = unless_gone(list(cx, Some(live.outputs.id.as_str())).await)?;
        Ok(found.and_then(|mut all| all.pop()).map(|system| shared::from_sdk(system.tags())))
    }

    async fn losses(cx: &Cx, live: &Live<Self>) -> Result<Option<String>, Failure> {
        let found = unless_gone(list(cx, Some(live.outputs.id.as_str())).await)?;
        let size = found
            .and_then(|mut all| all.pop())
            .and_then(|system| system.size_in_bytes)
            .map_or(0, |size| size.value);
        Ok(Some(format!("files, {} as EFS measured last", amount(size))))
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let systems = list(cx, None).await?;
        let mut healths = Vec::new();
        for one in waiting {
            let id = one.outputs.id.as_str();
            let state = systems.iter().find(|system| system.file_system_id() == id);
            healths.push(match state.map(|system| shared::health(&system.life_cycle_state)) {
                None => Health::Gone,
                Some(Health::Ready) if !one.deleting => {
                    targets::health(&targets::list(cx, id).await?)
                }
                Some(health) => health,
            });
        }
        Ok(healths)
    }
}

async fn list(cx: &Cx, id: Option<&str>) -> Result<Vec<FileSystemDescription>, Failure> {
    let call = cx.efs.describe_file_systems().set_file_system_id(id.map(str::to_owned));
    let call = if id.is_none() { call.max_items(100) } else { call };
    let mut pages = call.into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("efs DescribeFileSystems", error))?;
        all.extend(page.file_systems.unwrap_or_default());
    }
    all.retain(|system| shared::health(&system.life_cycle_state) != Health::Gone);
    Ok(all)
}

fn arn(cx: &Cx, id: &str) -> String {
    cx.arn("elasticfilesystem", &format!("file-system/{id}"))
}

/// Bytes for people.
fn amount(bytes: i64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let (mut size, mut unit) = (bytes, 0);
    while size >= 1024 && unit + 1 < units.len() {
        size /= 1024;
        unit += 1;
    }
    format!("{size} {}", units[unit])
}

async fn to_live(
    cx: &Cx,
    from: &FileSystemDescription,
    targets: &[aws_sdk_efs::types::MountTargetDescription],
    groups: &BTreeMap<String, BTreeSet<String>>,
    identity: Identity,
    tags: Tags,
) -> Result<Live<FileSystem>, Failure> {
    let id = from.file_system_id();
    let protection =
        from.file_system_protection().and_then(|one| one.replication_overwrite_protection());
    let health = match shared::health(&from.life_cycle_state) {
        Health::Ready => targets::health(targets),
        other => other,
    };
    let spec = FileSystem {
        encrypted: from.encrypted().unwrap_or_default(),
        performance_mode: from.performance_mode().as_str().to_owned(),
        throughput_mode: from.throughput_mode().map_or("bursting", |one| one.as_str()).to_owned(),
        provisioned_throughput: from.provisioned_throughput_in_mibps(),
        zone: from.availability_zone_name().map(str::to_owned),
        replication_overwrite_protection: protection
            .is_none_or(|state| *state != ReplicationOverwriteProtection::Disabled),
        backup: settings::backup(cx, id).await?,
        lifecycle: settings::lifecycle(cx, id).await?,
        policy: settings::policy(cx, id).await?,
        mount_targets: targets::to_document(targets, groups),
        tags,
    };
    let outputs = FileSystemOutputs { id: id.into(), arn: arn(cx, id).into() };
    Ok(Live { identity, spec, outputs, health, id: id.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_for_people() {
        let sizes = [0, 6144, 5 << 30, i64::MAX].map(amount);
        assert_eq!(sizes, ["0 B", "6 KiB", "5 GiB", "8191 PiB"]);
    }
}
