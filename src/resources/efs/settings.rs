//! What hangs on a file system and has calls of its own: backup, life cycle, policy, protection.

use aws_sdk_efs::types::{
    BackupPolicy, LifecyclePolicy, ReplicationOverwriteProtection, Status,
    TransitionToArchiveRules, TransitionToIaRules, TransitionToPrimaryStorageClassRules,
};
use serde_json::Value;

use super::file_system::Lifecycle;
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::Failure;

/// Whether AWS Backup backs it up each day. One of which nobody said anything has no policy.
pub(super) async fn backup(cx: &Cx, id: &str) -> Result<bool, Failure> {
    let sent = cx.efs.describe_backup_policy().file_system_id(id).send().await;
    let answer = unless_gone(sent.map_err(|error| classify("efs DescribeBackupPolicy", error)))?;
    let status = answer.and_then(|answer| Some(answer.backup_policy?.status));
    Ok(matches!(status, Some(Status::Enabled | Status::Enabling)))
}

pub(super) async fn put_backup(cx: &Cx, id: &str, on: bool) -> Result<(), Failure> {
    let status = if on { Status::Enabled } else { Status::Disabled };
    let policy = BackupPolicy::builder().status(status).build();
    let policy = policy.map_err(|error| Failure::internal(error.to_string()))?;
    let call = cx.efs.put_backup_policy().file_system_id(id).backup_policy(policy);
    call.send().await.map(drop).map_err(|error| classify("efs PutBackupPolicy", error))
}

pub(super) async fn lifecycle(cx: &Cx, id: &str) -> Result<Lifecycle, Failure> {
    let sent = cx.efs.describe_lifecycle_configuration().file_system_id(id).send().await;
    let answer = sent.map_err(|error| classify("efs DescribeLifecycleConfiguration", error))?;
    Ok(from_sdk(answer.lifecycle_policies()))
}

fn from_sdk(policies: &[LifecyclePolicy]) -> Lifecycle {
    let first = |text: fn(&LifecyclePolicy) -> Option<&str>| {
        policies.iter().find_map(text).map(str::to_owned)
    };
    Lifecycle {
        to_infrequent_access: first(|one| one.transition_to_ia().map(|after| after.as_str())),
        to_archive: first(|one| one.transition_to_archive().map(|after| after.as_str())),
        to_primary: first(|one| {
            one.transition_to_primary_storage_class().map(|after| after.as_str())
        }),
    }
}

/// One transition an element, as EFS wants them.
fn to_sdk(lifecycle: &Lifecycle) -> Vec<LifecyclePolicy> {
    let new = LifecyclePolicy::builder;
    let cool = lifecycle.to_infrequent_access.as_deref();
    let cold = lifecycle.to_archive.as_deref();
    let back = lifecycle.to_primary.as_deref();
    [
        cool.map(|after| new().transition_to_ia(TransitionToIaRules::from(after)).build()),
        cold.map(|after| {
            new().transition_to_archive(TransitionToArchiveRules::from(after)).build()
        }),
        back.map(|after| {
            let after = TransitionToPrimaryStorageClassRules::from(after);
            new().transition_to_primary_storage_class(after).build()
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(super) async fn put_lifecycle(cx: &Cx, id: &str, wanted: &Lifecycle) -> Result<(), Failure> {
    let call = cx.efs.put_lifecycle_configuration().file_system_id(id);
    let sent = call.set_lifecycle_policies(Some(to_sdk(wanted))).send().await;
    sent.map(drop).map_err(|error| classify("efs PutLifecycleConfiguration", error))
}

pub(super) async fn policy(cx: &Cx, id: &str) -> Result<Option<Value>, Failure> {
    let sent = cx.efs.describe_file_system_policy().file_system_id(id).send().await;
    let answer =
        unless_gone(sent.map_err(|error| classify("efs DescribeFileSystemPolicy", error)))?;
    Ok(answer
        .and_then(|answer| answer.policy)
        .and_then(|policy| serde_json::from_str(&policy).ok()))
}

pub(super) async fn put_policy(cx: &Cx, id: &str, policy: Option<&Value>) -> Result<(), Failure> {
    let Some(policy) = policy else {
        let sent = cx.efs.delete_file_system_policy().file_system_id(id).send().await;
        let gone = sent.map_err(|error| classify("efs DeleteFileSystemPolicy", error));
        return unless_gone(gone).map(drop);
    };
    let call = cx.efs.put_file_system_policy().file_system_id(id).policy(policy.to_string());
    call.send().await.map(drop).map_err(|error| classify("efs PutFileSystemPolicy", error))
}

pub(super) async fn protect(cx: &Cx, id: &str, on: bool) -> Result<(), Failure> {
    let state = match on {
        true => ReplicationOverwriteProtection::Enabled,
        false => ReplicationOverwriteProtection::Disabled,
    };
    let call = cx.efs.update_file_system_protection().file_system_id(id);
    let sent = call.replication_overwrite_protection(state).send().await;
    sent.map(drop).map_err(|error| classify("efs UpdateFileSystemProtection", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_cycle_reads_back_as_it_was_written() {
        let whole = Lifecycle {
            to_infrequent_access: Some("AFTER_30_DAYS".to_owned()),
            to_archive: Some("AFTER_90_DAYS".to_owned()),
            to_primary: Some("AFTER_1_ACCESS".to_owned()),
        };
        assert_eq!(to_sdk(&whole).len(), 3);
        for lifecycle in [whole, Lifecycle::default()] {
            assert_eq!(from_sdk(&to_sdk(&lifecycle)), lifecycle);
        }
    }
}
