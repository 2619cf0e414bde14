//! File systems that somebody else made.

use crate::aws::{Cx, classify, unless_gone};
use crate::engine::Failure;

/// Whether there is an EFS file system of this id (`elasticfilesystem:DescribeFileSystems`).
///
/// # Errors
/// The API refuses.
pub async fn file_system_there(cx: &Cx, id: &str) -> Result<bool, Failure> {
    let sent = cx.efs.describe_file_systems().file_system_id(id).send().await;
    let answer = unless_gone(sent.map_err(|error| classify("efs DescribeFileSystems", error)))?;
    Ok(answer.is_some_and(|answer| !answer.file_systems().is_empty()))
}
