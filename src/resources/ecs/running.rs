//! Which images running tasks have, by digest.

use std::collections::BTreeMap;

use crate::aws::{Cx, classify};
use crate::engine::Failure;

/// The digest of each container's image in the running tasks of one revision of a service; those that ECS has told.
///
/// # Errors
/// ListTasks or DescribeTasks is refused.
pub async fn digests(
    cx: &Cx,
    cluster: &str,
    service: &str,
    revision: &str,
) -> Result<BTreeMap<String, String>, Failure> {
    let call = cx.ecs.list_tasks().cluster(cluster).service_name(service);
    let sent = call.max_results(100).send().await;
    let listed =
        sent.map_err(|error| classify("ecs ListTasks", error))?.task_arns.unwrap_or_default();
    if listed.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sent = cx.ecs.describe_tasks().cluster(cluster).set_tasks(Some(listed)).send().await;
    let told = sent.map_err(|error| classify("ecs DescribeTasks", error))?;
    let tasks = told.tasks().iter().filter(|task| task.task_definition_arn() == Some(revision));
    let containers = tasks.flat_map(|task| task.containers());
    Ok(containers
        .filter_map(|it| Some((it.name()?.to_owned(), it.image_digest()?.to_owned())))
        .collect())
}
