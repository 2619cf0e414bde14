//! A task definition's volumes.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_ecs::types::{
    DockerVolumeConfiguration, EfsAuthorizationConfig, EfsAuthorizationConfigIam,
    EfsTransitEncryption, EfsVolumeConfiguration, FSxWindowsFileServerAuthorizationConfig,
    FSxWindowsFileServerVolumeConfiguration, HostVolumeProperties, S3FilesVolumeConfiguration,
    Volume as SdkVolume,
};
use serde::{Deserialize, Serialize};

use crate::engine::{Failure, Input};
use crate::resources::ecs::convert::{built, given, known, text};
use crate::resources::efs::{AccessPointId, FileSystemId};

/// One volume: without any of the kinds below, scratch space that lives as long as the task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// A folder of the container instance (EC2).
    pub host_path: Option<String>,
    /// An EBS volume that the service configures.
    pub configured_at_launch: bool,
    /// An EFS file system.
    pub efs: Option<EfsVolume>,
    /// A Docker volume (EC2).
    pub docker: Option<DockerVolume>,
    /// An FSx for Windows File Server share.
    pub fsx: Option<FsxVolume>,
    /// An S3 Files file system.
    pub s3files: Option<S3FilesVolume>,
}

/// An EFS file system, mounted into a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EfsVolume {
    /// `fs-…`.
    pub file_system: Input<FileSystemId>,
    /// The folder in it; `/` with an access point.
    pub root_directory: String,
    /// Encrypted on the way; required with IAM.
    pub transit_encryption: bool,
    /// The port of the encrypted connection; EFS picks one by default.
    pub transit_encryption_port: Option<i32>,
    /// `fsap-…`.
    pub access_point: Option<Input<AccessPointId>>,
    /// The task role decides who may mount it.
    pub iam: bool,
}

/// A Docker volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DockerVolume {
    /// `task` or `shared`.
    pub scope: String,
    /// It is made where it is not there.
    pub autoprovision: bool,
    /// Docker's volume driver.
    pub driver: Option<String>,
    /// The driver's options.
    pub driver_options: BTreeMap<String, String>,
    /// Docker's labels.
    pub labels: BTreeMap<String, String>,
}

/// A share of FSx for Windows File Server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FsxVolume {
    /// `fs-…`.
    pub file_system: String,
    /// The folder in it.
    pub root_directory: String,
    /// ARN of the secret or parameter with the credentials.
    pub credentials: String,
    /// The Active Directory domain.
    pub domain: String,
}

/// An S3 Files file system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct S3FilesVolume {
    /// Its ARN.
    pub file_system: String,
    /// The folder in it.
    pub root_directory: String,
    /// The port of the encrypted connection.
    pub transit_encryption_port: Option<i32>,
    /// The access point's ARN.
    pub access_point: Option<String>,
}

pub(super) fn to_sdk(name: &str, from: &Volume) -> Result<SdkVolume, Failure> {
    let plain = from.efs.is_none()
        && from.docker.is_none()
        && from.fsx.is_none()
        && from.s3files.is_none()
        && !from.configured_at_launch;
    let host = plain
        .then(|| HostVolumeProperties::builder().set_source_path(from.host_path.clone()).build());
    Ok(SdkVolume::builder()
        .name(name)
        .set_host(host)
        .set_configured_at_launch(from.configured_at_launch.then_some(true))
        .set_efs_volume_configuration(from.efs.as_ref().map(efs_to_sdk).transpose()?)
        .set_docker_volume_configuration(from.docker.as_ref().map(docker_to_sdk))
        .set_fsx_windows_file_server_volume_configuration(
            from.fsx.as_ref().map(fsx_to_sdk).transpose()?,
        )
        .set_s3files_volume_configuration(from.s3files.as_ref().map(s3files_to_sdk).transpose()?)
        .build())
}

fn efs_to_sdk(from: &EfsVolume) -> Result<EfsVolumeConfiguration, Failure> {
    let access_point = text(from.access_point.as_ref())?;
    let authorization = (from.iam || from.access_point.is_some()).then(|| {
        EfsAuthorizationConfig::builder()
            .set_access_point_id(access_point)
            .set_iam(from.iam.then_some(EfsAuthorizationConfigIam::Enabled))
            .build()
    });
    built(
        EfsVolumeConfiguration::builder()
            .file_system_id(from.file_system.get()?.0)
            .root_directory(&from.root_directory)
            .set_transit_encryption(
                from.transit_encryption.then_some(EfsTransitEncryption::Enabled),
            )
            .set_transit_encryption_port(from.transit_encryption_port)
            .set_authorization_config(authorization)
            .build(),
    )
}

fn docker_to_sdk(from: &DockerVolume) -> DockerVolumeConfiguration {
    let map = |map: &BTreeMap<String, String>| {
        (!map.is_empty()).then(|| map.clone().into_iter().collect())
    };
    DockerVolumeConfiguration::builder()
        .scope(from.scope.as_str().into())
        .set_autoprovision(from.autoprovision.then_some(true))
        .set_driver(from.driver.clone())
        .set_driver_opts(map(&from.driver_options))
        .set_labels(map(&from.labels))
        .build()
}

fn fsx_to_sdk(from: &FsxVolume) -> Result<FSxWindowsFileServerVolumeConfiguration, Failure> {
    let authorization = built(
        FSxWindowsFileServerAuthorizationConfig::builder()
            .credentials_parameter(&from.credentials)
            .domain(&from.domain)
            .build(),
    )?;
    built(
        FSxWindowsFileServerVolumeConfiguration::builder()
            .file_system_id(&from.file_system)
            .root_directory(&from.root_directory)
            .authorization_config(authorization)
            .build(),
    )
}

fn s3files_to_sdk(from: &S3FilesVolume) -> Result<S3FilesVolumeConfiguration, Failure> {
    built(
        S3FilesVolumeConfiguration::builder()
            .file_system_arn(&from.file_system)
            .root_directory(&from.root_directory)
            .set_transit_encryption_port(from.transit_encryption_port)
            .set_access_point_arn(from.access_point.clone())
            .build(),
    )
}

pub(super) fn from_sdk(from: &SdkVolume) -> Volume {
    Volume {
        host_path: given(from.host().and_then(|host| host.source_path())),
        configured_at_launch: from.configured_at_launch().unwrap_or_default(),
        efs: from.efs_volume_configuration().map(efs_from_sdk),
        docker: from.docker_volume_configuration().map(docker_from_sdk),
        fsx: from.fsx_windows_file_server_volume_configuration().map(fsx_from_sdk),
        s3files: from.s3files_volume_configuration().map(s3files_from_sdk),
    }
}

fn root(text: Option<&str>) -> String {
    given(text).unwrap_or_else(|| "/".to_owned())
}

fn efs_from_sdk(from: &EfsVolumeConfiguration) -> EfsVolume {
    let authorization = from.authorization_config();
    EfsVolume {
        file_system: Input::Known(from.file_system_id().into()),
        root_directory: root(from.root_directory()),
        transit_encryption: from.transit_encryption() == Some(&EfsTransitEncryption::Enabled),
        transit_encryption_port: from.transit_encryption_port(),
        access_point: known(authorization.and_then(|one| one.access_point_id())),
        iam: authorization.and_then(|one| one.iam()) == Some(&EfsAuthorizationConfigIam::Enabled),
    }
}

fn docker_from_sdk(from: &DockerVolumeConfiguration) -> DockerVolume {
    let map = |map: Option<&HashMap<String, String>>| {
        map.map(|map| map.clone().into_iter().collect()).unwrap_or_default()
    };
    DockerVolume {
        scope: from.scope().map_or("task", |scope| scope.as_str()).to_owned(),
        autoprovision: from.autoprovision().unwrap_or_default(),
        driver: given(from.driver()),
        driver_options: map(from.driver_opts()),
        labels: map(from.labels()),
    }
}

fn fsx_from_sdk(from: &FSxWindowsFileServerVolumeConfiguration) -> FsxVolume {
    let authorization = from.authorization_config();
    FsxVolume {
        file_system: from.file_system_id().to_owned(),
        root_directory: from.root_directory().to_owned(),
        credentials: authorization.map_or("", |one| one.credentials_parameter()).to_owned(),
        domain: authorization.map_or("", |one| one.domain()).to_owned(),
    }
}

fn s3files_from_sdk(from: &S3FilesVolumeConfiguration) -> S3FilesVolume {
    S3FilesVolume {
        file_system: from.file_system_arn().to_owned(),
        root_directory: root(from.root_directory()),
        transit_encryption_port: from.transit_encryption_port(),
        access_point: given(from.access_point_arn()),
    }
}
