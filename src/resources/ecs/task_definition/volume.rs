//! A task definition's volumes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
    pub file_system: String,
    /// The folder in it; `/` with an access point.
    pub root_directory: String,
    /// Encrypted on the way; required with IAM.
    pub transit_encryption: bool,
    /// The port of the encrypted connection; EFS picks one by default.
    pub transit_encryption_port: Option<i32>,
    /// `fsap-…`.
    pub access_point: Option<String>,
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
