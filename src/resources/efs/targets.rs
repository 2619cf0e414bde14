//! Mount targets: read with the groups of their network interfaces, and made what they shall be.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_efs::types::{LifeCycleState, MountTargetDescription};

use super::file_system::MountTarget;
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::{Failure, Health, Input};
use crate::resources::ec2;

/// Those of a file system that are not deleted, whatever their state.
pub(super) async fn list(cx: &Cx, id: &str) -> Result<Vec<MountTargetDescription>, Failure> {
    let call = cx.efs.describe_mount_targets().file_system_id(id).max_items(100);
    let mut pages = call.into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("efs DescribeMountTargets", error))?;
        all.extend(page.mount_targets.unwrap_or_default());
    }
    all.retain(|target| target.life_cycle_state != LifeCycleState::Deleted);
    Ok(all)
}

/// Is it on its way out?
fn goes(target: &MountTargetDescription) -> bool {
    target.life_cycle_state == LifeCycleState::Deleting
}

/// The groups of many mount targets' interfaces, in one call; by interface.
pub(super) async fn groups(
    cx: &Cx,
    targets: impl IntoIterator<Item = &MountTargetDescription>,
) -> Result<BTreeMap<String, BTreeSet<String>>, Failure> {
    let interfaces = targets.into_iter().filter_map(|one| one.network_interface_id.clone());
    ec2::interface_groups(cx, interfaces.collect()).await
}

/// The document's form, in order of subnet.
pub(super) fn to_document(
    targets: &[MountTargetDescription],
    groups: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<MountTarget> {
    let mut all: Vec<&MountTargetDescription> = targets.iter().filter(|one| !goes(one)).collect();
    all.sort_by(|one, other| one.subnet_id.cmp(&other.subnet_id));
    let known = |target: &MountTargetDescription| {
        let interface = target.network_interface_id().unwrap_or_default();
        let groups = groups.get(interface).into_iter().flatten();
        groups.map(|group| Input::Known(group.as_str().into())).collect()
    };
    all.into_iter()
        .map(|target| MountTarget {
            subnet: Input::Known(target.subnet_id().into()),
            security_groups: known(target),
        })
        .collect()
}

/// The first that does not work yet.
pub(super) fn health(targets: &[MountTargetDescription]) -> Health {
    let pending = |one: &&MountTargetDescription| one.life_cycle_state != LifeCycleState::Available;
    match targets.iter().find(pending) {
        None => Health::Ready,
        Some(one) if one.life_cycle_state == LifeCycleState::Error => {
            Health::Failed(format!("mount target {} is in error", one.mount_target_id))
        }
        Some(one) => Health::Pending(format!("mount targets {}", one.life_cycle_state.as_str())),
    }
}

/// Makes the mount targets what they shall be, from what is there now. A new one in a zone where the old one still
/// goes is refused as a conflict, and tried again.
pub(super) async fn change(cx: &Cx, id: &str, wanted: &[MountTarget]) -> Result<(), Failure> {
    let there = list(cx, id).await?;
    let mut subnets = BTreeMap::new();
    for target in wanted {
        let groups: BTreeSet<String> = target
            .security_groups
            .iter()
            .map(|group| Ok(group.get()?.to_string()))
            .collect::<Result<_, Failure>>()?;
        subnets.insert(target.subnet.get()?.to_string(), groups);
    }
    for target in there.iter().filter(|one| !goes(one) && !subnets.contains_key(one.subnet_id())) {
        delete(cx, target.mount_target_id()).await?;
    }
    let groups = groups(cx, &there).await?;
    for (subnet, wanted) in subnets {
        let standing = there.iter().find(|one| !goes(one) && one.subnet_id == subnet);
        let Some(target) = standing else {
            let call = cx.efs.create_mount_target().file_system_id(id).subnet_id(subnet);
            let sent = call.set_security_groups(Some(wanted.into_iter().collect())).send().await;
            sent.map_err(|error| classify("efs CreateMountTarget", error))?;
            continue;
        };
        let interface = target.network_interface_id().unwrap_or_default();
        if groups.get(interface) != Some(&wanted) {
            let call = cx.efs.modify_mount_target_security_groups();
            let call = call.mount_target_id(target.mount_target_id());
            let sent = call.set_security_groups(Some(wanted.into_iter().collect())).send().await;
            sent.map_err(|error| classify("efs ModifyMountTargetSecurityGroups", error))?;
        }
    }
    Ok(())
}

/// Takes away all of a file system's.
pub(super) async fn delete_all(cx: &Cx, id: &str) -> Result<(), Failure> {
    for target in list(cx, id).await?.iter().filter(|one| !goes(one)) {
        delete(cx, target.mount_target_id()).await?;
    }
    Ok(())
}

async fn delete(cx: &Cx, id: &str) -> Result<(), Failure> {
    let sent = cx.efs.delete_mount_target().mount_target_id(id).send().await;
    unless_gone(sent.map_err(|error| classify("efs DeleteMountTarget", error))).map(drop)
}
