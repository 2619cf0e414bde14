//! File systems that somebody else made and tasks mount: they are there.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::{Report, Subject};
use crate::aws::facts::files::file_system_there;
use crate::engine::{Address, Input};
use crate::resources::ecs::TaskDefinition;

const CHECK: &str = "volume";

pub(super) async fn check(subject: &Subject<'_>, report: &Report) {
    let mut named: BTreeMap<String, Address> = BTreeMap::new();
    for (address, task) in subject.changed::<TaskDefinition>() {
        for volume in task.volumes.values() {
            if let Some(Input::Known(id)) = volume.efs.as_ref().map(|efs| &efs.file_system) {
                named.entry(id.to_string()).or_insert_with(|| address.clone());
            }
        }
    }
    join_all(named.iter().map(|(id, address)| async move {
        match file_system_there(subject.cx, id).await {
            Ok(true) => {}
            Ok(false) => report.resource(
                subject.missing(),
                CHECK,
                address,
                format!(
                    "file system {id} is not there: region {} of account {} has none of that id",
                    subject.cx.region, subject.cx.account
                ),
                "correct `efs.id` under `storage.volumes`; `aws efs describe-file-systems` prints those that are there"
                    .to_owned(),
            ),
            Err(failure) => report.failed(CHECK, "file systems", &failure),
        }
    }))
    .await;
}
