//! Whether a task can mount a file system, and what it is told if not.

use serde_json::Value;

use super::{ACCESS_POINTS, access_point, file_system_arn, mount_target};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ec2::network;

/// Who mounts.
#[derive(Debug)]
pub(in crate::local) struct Mounting<'a> {
    /// The subnet of the task's network interface.
    pub(in crate::local) subnet: &'a str,
    /// The interface's private address.
    pub(in crate::local) address: &'a str,
    /// The security groups of the interface.
    pub(in crate::local) groups: &'a [String],
}

/// What the agent says where a mount fails.
fn failed(what: &str) -> String {
    format!(
        "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: {what} : \
         unsuccessful EFS utils command execution; code: 1"
    )
}

/// Why `efsVolumeConfiguration` cannot be mounted; `None` if it can. `may` says whether the task's role is allowed an
/// action on a resource, where its credentials are used.
pub(in crate::local) fn refusal(
    call: &Call<'_>,
    volume: &Value,
    who: &Mounting<'_>,
    may: impl Fn(&str, &str) -> bool,
) -> Option<String> {
    let system = volume.text("fileSystemId");
    let zone = network::subnet(call, who.subnet).map(|subnet| subnet.zone).unwrap_or_default();
    let Some(target) = mount_target::in_zone(call, system, &zone) else {
        return Some(failed(&format!(
            "Failed to resolve \"{system}.efs.{}.amazonaws.com\" - check that your file system ID is correct, and \
             ensure that the VPC has an EFS mount target for this file system ID. See \
             https://docs.aws.amazon.com/console/efs/mount-dns-name for more detail. Attempting to lookup mount \
             target ip address using botocore. Failed to import necessary dependency botocore, please install \
             botocore first.",
            call.region
        )));
    };
    let admitted = target
        .texts("groups")
        .into_iter()
        .any(|group| network::admits(call, group, who.address, who.groups, NFS));
    if !admitted {
        return Some(failed(
            "Mount attempt 1/3 failed due to timeout after 15 sec, wait 0 sec before next attempt. b'mount.nfs4: \
             Connection timed out for 127.0.0.1:/ on /efs'",
        ));
    }
    let denied =
        || Some(failed("b'mount.nfs4: access denied by server while mounting 127.0.0.1:/'"));
    let authorization = &volume["authorizationConfig"];
    let point = authorization.text("accessPointId");
    if !point.is_empty() {
        let found = call.get(ACCESS_POINTS, point);
        let usable = found.is_some_and(|found| {
            found.text("FileSystemId") == system && access_point::state(call, &found) == "available"
        });
        if !usable {
            return denied();
        }
    }
    let arn = file_system_arn(call, system);
    if authorization.text("iam") == "ENABLED" && !may("elasticfilesystem:ClientMount", &arn) {
        return denied();
    }
    // No files are kept, so a root directory is taken to be there.
    None
}

/// NFS's port.
const NFS: i64 = 2049;
