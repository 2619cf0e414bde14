//! `elasticfilesystem`: file systems, mount targets with their network interfaces, access points. Replication and account
//! preferences are not here, nor are files: a task that mounts something only asks whether it can ([`mount`]).

mod access_point;
mod file_system;
pub(super) mod mount;
mod mount_target;
mod settings;
mod tags;

use std::sync::Arc;

use serde_json::Value;

use super::call::Call;
use super::document::Document;
use super::error::AwsError;
use super::service::{Protocol, Service, read, write};
use super::store::Table;

/// File systems by id, with `backup`, `lifecycle` and `policy`.
const FILE_SYSTEMS: Table = Table::regional("elasticfilesystem/file-system");
/// Mount targets by id.
const MOUNT_TARGETS: Table = Table::regional("elasticfilesystem/mount-target");
/// Access points by id.
const ACCESS_POINTS: Table = Table::regional("elasticfilesystem/access-point");

pub(super) static SERVICE: Service = Service {
    name: "elasticfilesystem",
    protocol: Protocol::RestJson,
    target: "",
    namespace: "",
    invalid: "BadRequest",
    invalid_token: "BadRequest",
    throttle: ("ThrottlingException", 429),
    timer: Some(timer),
    operations: &[
        write("CreateFileSystem", file_system::create).at("POST /2015-02-01/file-systems"),
        read("DescribeFileSystems", file_system::describe).at("GET /2015-02-01/file-systems"),
        write("UpdateFileSystem", file_system::update)
            .at("PUT /2015-02-01/file-systems/{FileSystemId}"),
        write("DeleteFileSystem", file_system::delete)
            .at("DELETE /2015-02-01/file-systems/{FileSystemId}"),
        write("UpdateFileSystemProtection", settings::protect)
            .at("PUT /2015-02-01/file-systems/{FileSystemId}/protection"),
        write("PutBackupPolicy", settings::put_backup)
            .at("PUT /2015-02-01/file-systems/{FileSystemId}/backup-policy"),
        read("DescribeBackupPolicy", settings::backup)
            .at("GET /2015-02-01/file-systems/{FileSystemId}/backup-policy"),
        write("PutLifecycleConfiguration", settings::put_lifecycle)
            .at("PUT /2015-02-01/file-systems/{FileSystemId}/lifecycle-configuration"),
        read("DescribeLifecycleConfiguration", settings::lifecycle)
            .at("GET /2015-02-01/file-systems/{FileSystemId}/lifecycle-configuration"),
        write("PutFileSystemPolicy", settings::put_policy)
            .at("PUT /2015-02-01/file-systems/{FileSystemId}/policy"),
        read("DescribeFileSystemPolicy", settings::policy)
            .at("GET /2015-02-01/file-systems/{FileSystemId}/policy"),
        write("DeleteFileSystemPolicy", settings::delete_policy)
            .at("DELETE /2015-02-01/file-systems/{FileSystemId}/policy"),
        write("CreateMountTarget", mount_target::create).at("POST /2015-02-01/mount-targets"),
        read("DescribeMountTargets", mount_target::describe).at("GET /2015-02-01/mount-targets"),
        write("DeleteMountTarget", mount_target::delete)
            .at("DELETE /2015-02-01/mount-targets/{MountTargetId}"),
        read("DescribeMountTargetSecurityGroups", mount_target::groups)
            .at("GET /2015-02-01/mount-targets/{MountTargetId}/security-groups"),
        write("ModifyMountTargetSecurityGroups", mount_target::set_groups)
            .at("PUT /2015-02-01/mount-targets/{MountTargetId}/security-groups"),
        write("CreateAccessPoint", access_point::create).at("POST /2015-02-01/access-points"),
        read("DescribeAccessPoints", access_point::describe).at("GET /2015-02-01/access-points"),
        write("DeleteAccessPoint", access_point::delete)
            .at("DELETE /2015-02-01/access-points/{AccessPointId}"),
        write("TagResource", tags::tag).at("POST /2015-02-01/resource-tags/{ResourceId}"),
        write("UntagResource", tags::untag).at("DELETE /2015-02-01/resource-tags/{ResourceId}"),
        read("ListTagsForResource", tags::list).at("GET /2015-02-01/resource-tags/{ResourceId}"),
    ],
};

/// What was being deleted is gone.
fn timer(call: &mut Call<'_>, payload: &Value) -> Result<(), AwsError> {
    if payload.has("mountTarget") {
        mount_target::gone(call, payload.text("mountTarget"));
    }
    if payload.has("fileSystem") {
        call.delete(FILE_SYSTEMS, payload.text("fileSystem"));
    }
    if payload.has("accessPoint") {
        call.delete(ACCESS_POINTS, payload.text("accessPoint"));
    }
    Ok(())
}

/// An error as EFS words it, with its code in the body too.
fn error(code: &str, status: u16, message: impl Into<String>) -> AwsError {
    AwsError::new(code, message).status(status).with("ErrorCode", code)
}

/// An id that is given as such or at the end of an ARN.
fn id_of(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

fn file_system_arn(call: &Call<'_>, id: &str) -> String {
    call.arn("elasticfilesystem", &format!("file-system/{id}"))
}

fn access_point_arn(call: &Call<'_>, id: &str) -> String {
    call.arn("elasticfilesystem", &format!("access-point/{id}"))
}

/// A file system that is there, be it on its way in or out.
fn file_system(call: &Call<'_>, reference: &str) -> Result<(String, Arc<Value>), AwsError> {
    let id = id_of(reference);
    let found = call.get(FILE_SYSTEMS, id);
    found.map(|found| (id.to_owned(), found)).ok_or_else(|| {
        error("FileSystemNotFound", 404, format!("File system '{id}' does not exist."))
    })
}

/// A file system that can be changed now.
fn available(call: &Call<'_>, reference: &str) -> Result<(String, Arc<Value>), AwsError> {
    let (id, found) = file_system(call, reference)?;
    match file_system::state(call, &found) {
        "available" | "updating" => Ok((id, found)),
        state => Err(error(
            "IncorrectFileSystemLifeCycleState",
            409,
            format!("File system '{id}' is in life cycle state '{state}', not 'available'."),
        )),
    }
}
