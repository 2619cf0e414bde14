//! EBS volumes that ECS makes for each task of a service.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    EbsResourceType, EbsTagSpecification, ServiceManagedEbsVolumeConfiguration,
    ServiceVolumeConfiguration,
};
use serde::{Deserialize, Serialize};

use crate::engine::{Failure, Input};
use crate::resources::ecs::convert::{built, tags_from_sdk, tags_to_sdk};
use crate::resources::iam::RoleArn;
use crate::resources::resource::Tags;

/// One EBS volume a task, made with the task and deleted with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EbsVolume {
    /// GiB; `None` for the snapshot's size.
    pub size: Option<i32>,
    /// `gp3`, `gp2`, `io2`, `io1`, `st1`, `sc1` or `standard`.
    pub volume_type: String,
    /// I/O operations a second; `None` for the type's own.
    pub iops: Option<i32>,
    /// MiB a second (`gp3`); `None` for the type's own.
    pub throughput: Option<i32>,
    /// Encrypted at rest.
    pub encrypted: bool,
    /// Id, alias or ARN of the KMS key; `None` for the account's default.
    pub kms_key: Option<String>,
    /// `snap-…`, from which it is filled.
    pub snapshot: Option<String>,
    /// MiB a second at which it is filled from the snapshot.
    pub initialization_rate: Option<i32>,
    /// `xfs`, `ext4`, `ext3` or `ntfs`.
    pub filesystem: String,
    /// The role in which ECS makes it.
    pub role: Input<RoleArn>,
    /// Tags of the volume.
    pub tags: Tags,
    /// Whose tags it gets too: `SERVICE`, `TASK_DEFINITION` or `NONE`.
    pub propagate_tags: String,
}

/// The members of the API.
pub(super) fn to_sdk(
    volumes: &BTreeMap<String, EbsVolume>,
) -> Result<Vec<ServiceVolumeConfiguration>, Failure> {
    volumes.iter().map(|(name, volume)| one_to_sdk(name, volume)).collect()
}

fn one_to_sdk(name: &str, from: &EbsVolume) -> Result<ServiceVolumeConfiguration, Failure> {
    let tagged = !from.tags.is_empty() || from.propagate_tags != "NONE";
    let tags = tagged.then(|| {
        let tags = EbsTagSpecification::builder()
            .resource_type(EbsResourceType::Volume)
            .set_tags(tags_to_sdk(from.tags.clone()))
            .propagate_tags(from.propagate_tags.as_str().into());
        built(tags.build())
    });
    let tags = tags.transpose()?;
    let managed = ServiceManagedEbsVolumeConfiguration::builder()
        .set_size_in_gib(from.size)
        .volume_type(&from.volume_type)
        .set_iops(from.iops)
        .set_throughput(from.throughput)
        .encrypted(from.encrypted)
        .set_kms_key_id(from.kms_key.clone())
        .set_snapshot_id(from.snapshot.clone())
        .set_volume_initialization_rate(from.initialization_rate)
        .filesystem_type(from.filesystem.as_str().into())
        .role_arn(from.role.get()?.0)
        .set_tag_specifications(tags.map(|one| vec![one]))
        .build();
    let managed = built(managed)?;
    built(ServiceVolumeConfiguration::builder().name(name).managed_ebs_volume(managed).build())
}

/// What ECS says of a deployment's volumes.
pub(super) fn from_sdk(from: &[ServiceVolumeConfiguration]) -> BTreeMap<String, EbsVolume> {
    let volume = |one: &ServiceVolumeConfiguration| {
        let managed = one.managed_ebs_volume()?;
        let tags = managed.tag_specifications().first();
        let volume = EbsVolume {
            size: managed.size_in_gib(),
            volume_type: managed.volume_type().unwrap_or("gp3").to_owned(),
            iops: managed.iops(),
            throughput: managed.throughput(),
            encrypted: managed.encrypted().unwrap_or_default(),
            kms_key: managed.kms_key_id().map(str::to_owned),
            snapshot: managed.snapshot_id().map(str::to_owned),
            initialization_rate: managed.volume_initialization_rate(),
            filesystem: managed.filesystem_type().map_or("xfs", |one| one.as_str()).to_owned(),
            role: Input::Known(managed.role_arn().into()),
            tags: tags.map(|one| tags_from_sdk(one.tags())).unwrap_or_default(),
            propagate_tags: tags
                .and_then(|one| one.propagate_tags())
                .map_or("NONE", |one| one.as_str())
                .to_owned(),
        };
        Some((one.name().to_owned(), volume))
    };
    from.iter().filter_map(volume).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_read_back_as_they_were_written() {
        let plain = EbsVolume {
            size: Some(20),
            volume_type: "gp3".to_owned(),
            iops: None,
            throughput: None,
            encrypted: false,
            kms_key: None,
            snapshot: None,
            initialization_rate: None,
            filesystem: "xfs".to_owned(),
            role: Input::Known("arn:aws:iam::123456789012:role/volumes".into()),
            tags: Tags::new(),
            propagate_tags: "NONE".to_owned(),
        };
        let whole = EbsVolume {
            size: None,
            volume_type: "io2".to_owned(),
            iops: Some(4000),
            throughput: Some(200),
            encrypted: true,
            kms_key: Some("alias/data".to_owned()),
            snapshot: Some("snap-1".to_owned()),
            initialization_rate: Some(150),
            filesystem: "ext4".to_owned(),
            tags: [("team".to_owned(), "blue".to_owned())].into(),
            propagate_tags: "SERVICE".to_owned(),
            ..plain.clone()
        };
        for volume in [plain, whole] {
            let volumes = BTreeMap::from([("data".to_owned(), volume)]);
            assert_eq!(from_sdk(&to_sdk(&volumes).unwrap()), volumes);
        }
    }
}
