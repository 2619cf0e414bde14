//! Disks: the environment's file system, services' access points to it, EBS volumes, and who may use them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Context;
use super::environment::all_traffic;
use super::network::Network;
use super::task::integer;
use crate::engine::{Desired, Failure, Input, Owner};
use crate::manifest::ServiceManifest;
use crate::manifest::service::{Ebs, Efs, Volume as Written};
use crate::resources::ec2::{Direction, Peer, SecurityGroup, SecurityGroupId, SecurityGroupRule};
use crate::resources::ecs::service::EbsVolume;
use crate::resources::ecs::task_definition::Volume;
use crate::resources::ecs::task_definition::volume::EfsVolume;
use crate::resources::efs::access_point::{AccessPointArn, Creation, User};
use crate::resources::efs::file_system::{FileSystemArn, MountTarget};
use crate::resources::efs::{AccessPoint, FileSystem, FileSystemId};
use crate::resources::iam::{Role, RoleArn};

/// NFS's port.
const NFS: i32 = 2049;

/// The environment's file system.
#[derive(Debug)]
pub(super) struct Files {
    id: Input<FileSystemId>,
    arn: Input<FileSystemArn>,
}

/// What a service's task definition, task role and ECS service hold of its disks.
#[derive(Debug, Default)]
pub(super) struct Disks {
    /// The task definition's volumes.
    pub(super) volumes: BTreeMap<String, Volume>,
    /// The ECS service's EBS volumes.
    pub(super) ebs: BTreeMap<String, EbsVolume>,
    /// What tasks may do with the environment's file system.
    pub(super) policy: Option<Value>,
}

/// Does the service keep files in the environment's file system?
pub(super) fn wants_files(service: &ServiceManifest) -> bool {
    managed(service).is_some()
}

/// The volume on the environment's file system, and the user and group id that are asked for.
fn managed(service: &ServiceManifest) -> Option<(&String, Option<(u32, u32)>)> {
    service.storage.volumes.iter().find_map(|(name, volume)| match &volume.efs {
        Some(Efs::Managed { user }) => Some((name, *user)),
        _ => None,
    })
}

/// Plans the environment's file system, reached in every zone by what bears the environment's security group.
pub(super) fn files(
    desired: &mut Desired,
    context: &Context<'_>,
    network: &Network,
    environment: &Input<SecurityGroupId>,
) -> Result<Files, Failure> {
    let owner = Owner::Environment;
    let group = SecurityGroup {
        vpc: network.vpc.clone(),
        description: "File system of the environment".to_owned(),
        default_egress: false,
        tags: context.tags()?,
    };
    let group = desired.add(&owner, "files", &group)?.id();
    let rule = SecurityGroupRule {
        protocol: "tcp".to_owned(),
        from_port: NFS,
        to_port: NFS,
        description: "Services mount the file system".to_owned(),
        tags: context.tags()?,
        ..all_traffic(&group, Direction::Ingress, Peer::Group(environment.clone()))
    };
    desired.add(&owner, "files-from-environment", &rule)?;
    let subnets = if network.private.is_empty() { &network.public } else { &network.private };
    let targets = subnets
        .iter()
        .map(|subnet| MountTarget { subnet: subnet.clone(), security_groups: vec![group.clone()] })
        .collect();
    let system =
        FileSystem { mount_targets: targets, tags: context.tags()?, ..FileSystem::default() };
    let handle = desired.add(&owner, "main", &system)?;
    Ok(Files { id: handle.id(), arn: handle.arn() })
}

/// Plans what a service's disks need.
pub(super) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
    files: Option<&Files>,
) -> Result<Disks, Failure> {
    let mut disks = Disks::default();
    for (name, volume) in &service.storage.volumes {
        let planned = Volume {
            configured_at_launch: volume.ebs.is_some(),
            efs: match &volume.efs {
                Some(Efs::Own { id, root_dir, iam, access_point }) => Some(EfsVolume {
                    file_system: Input::Known(id.as_str().into()),
                    root_directory: root_dir.clone(),
                    transit_encryption: true,
                    transit_encryption_port: None,
                    access_point: access_point.as_deref().map(|id| Input::Known(id.into())),
                    iam: *iam,
                }),
                _ => None,
            },
            ..Volume::default()
        };
        disks.volumes.insert(name.clone(), planned);
        if let Some(ebs) = &volume.ebs {
            let role = infrastructure_role(desired, context, service)?;
            disks.ebs.insert(name.clone(), ebs_volume(context, ebs, role)?);
        }
    }
    if let (Some((name, user)), Some(files)) = (managed(service), files) {
        let (id, arn) = access_point(desired, context, service, files, user)?;
        disks.policy = Some(policy(service, name, files, &arn));
        if let Some(volume) = disks.volumes.get_mut(name) {
            volume.efs = Some(EfsVolume {
                // A task that cannot mount does not start: every mount target has to be ready.
                file_system: files.id.clone().when_ready(),
                root_directory: "/".to_owned(),
                transit_encryption: true,
                transit_encryption_port: None,
                access_point: Some(id.when_ready()),
                iam: true,
            });
        }
    }
    disks.policy = disks.policy.or_else(|| own_policy(context, service));
    Ok(disks)
}

type Point = (Input<crate::resources::efs::AccessPointId>, Input<AccessPointArn>);

/// The service's folder. User and group follow from its name as in Copilot, so that files stay readable for a service
/// that was there before.
fn access_point(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
    files: &Files,
    user: Option<(u32, u32)>,
) -> Result<Point, Failure> {
    let checksum = crc32(service.name.as_bytes());
    let (uid, gid) = user.unwrap_or((checksum, checksum));
    let (uid, gid) = (i64::from(uid), i64::from(gid));
    let point = AccessPoint {
        file_system: files.id.clone(),
        user: Some(User { uid, gid, secondary_gids: Vec::new() }),
        root: format!("/{}", service.name),
        creation: Some(Creation { uid, gid, permissions: "0755".to_owned() }),
        tags: context.tags()?,
    };
    let handle = desired.add(&super::owner(service), &service.name, &point)?;
    Ok((handle.id(), handle.arn()))
}

/// Tasks come to the file system through their own access point alone, and write only if a container may.
fn policy(
    service: &ServiceManifest,
    volume: &str,
    files: &Files,
    point: &Input<AccessPointArn>,
) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": actions(writes(service, volume)),
            "Resource": files.arn,
            "Condition": { "StringEquals": { "elasticfilesystem:AccessPointArn": point } },
        }],
    })
}

/// File systems of the user's own whose mounts the task's role decides.
fn own_policy(context: &Context<'_>, service: &ServiceManifest) -> Option<Value> {
    let statement = |(name, volume): (&String, &Written)| {
        let Some(Efs::Own { id, iam: true, access_point, .. }) = &volume.efs else { return None };
        let mut statement = json!({
            "Effect": "Allow",
            "Action": actions(writes(service, name)),
            "Resource": context.arn("elasticfilesystem", &format!("file-system/{id}")),
        });
        if let Some(point) = access_point {
            let point = context.arn("elasticfilesystem", &format!("access-point/{point}"));
            statement["Condition"] =
                json!({ "StringEquals": { "elasticfilesystem:AccessPointArn": point } });
        }
        Some(statement)
    };
    let statements: Vec<Value> = service.storage.volumes.iter().filter_map(statement).collect();
    (!statements.is_empty()).then(|| json!({ "Version": "2012-10-17", "Statement": statements }))
}

fn writes(service: &ServiceManifest, volume: &str) -> bool {
    let main = service.storage.volumes.get(volume).is_some_and(|volume| !volume.read_only);
    let mut mounts = service.sidecars.values().flat_map(|sidecar| &sidecar.mount_points);
    main || mounts.any(|mount| mount.source_volume == volume && !mount.read_only)
}

fn actions(writes: bool) -> Vec<&'static str> {
    let mut actions = vec!["elasticfilesystem:ClientMount"];
    if writes {
        actions.push("elasticfilesystem:ClientWrite");
    }
    actions
}

/// The role in which ECS makes, attaches and deletes EBS volumes.
fn infrastructure_role(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
) -> Result<Input<RoleArn>, Failure> {
    let role = Role {
        description: format!("Lets ECS make EBS volumes for tasks of {}", service.name),
        assume_policy: json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "ecs.amazonaws.com" },
                "Action": "sts:AssumeRole",
            }],
        }),
        managed_policies: vec![format!(
            "arn:{}:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForVolumes",
            context.partition
        )],
        tags: context.tags()?,
        ..Role::default()
    };
    Ok(desired.add(&super::owner(service), format!("{}/volumes", service.name), &role)?.arn())
}

fn ebs_volume(
    context: &Context<'_>,
    from: &Ebs,
    role: Input<RoleArn>,
) -> Result<EbsVolume, Failure> {
    let mut tags = context.tags()?;
    tags.extend(from.tags.clone());
    Ok(EbsVolume {
        size: from.size.map(integer),
        volume_type: from.volume_type.to_string(),
        iops: from.iops.map(integer),
        throughput: from.throughput.map(integer),
        encrypted: from.encrypted,
        kms_key: from.kms_key.clone(),
        snapshot: from.snapshot.clone(),
        initialization_rate: from.initialization_rate.map(integer),
        filesystem: from.filesystem.to_string(),
        role,
        tags,
        propagate_tags: "SERVICE".to_owned(),
    })
}

/// The checksum of zlib and Ethernet (IEEE 802.3), reflected; never 0, which would be root.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let carry = crc & 1;
            crc >>= 1;
            if carry == 1 {
                crc ^= 0xEDB8_8320;
            }
        }
    }
    (!crc).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 1);
    }
}
