//! Tasks that stopped though nobody wanted them to.

use aws_sdk_ecs::types::{DesiredStatus, Task, TaskStopCode};

use super::cause::{Evidence, Source};
use crate::aws::{Cx, classify};
use crate::engine::Failure;

/// `ListTasks` and `DescribeTasks` take as many.
const MOST: i32 = 100;

/// One task that stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    /// Its id.
    pub(crate) task: String,
    /// ARN of its task definition.
    pub(crate) definition: String,
    /// When it began to stop, in seconds since 1970.
    pub(crate) at: i64,
    /// Its containers ran.
    pub(crate) ran: bool,
    /// `EssentialContainerExited` and so on.
    code: String,
    reason: String,
    containers: Vec<Ended>,
}

/// How a container of it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) code: Option<i32>,
    pub(crate) reason: Option<String>,
}

impl Stop {
    /// Why, for people: each thing once.
    pub(crate) fn text(&self) -> String {
        let mut parts = Vec::new();
        // That a container exited is said better below.
        let ended = self.containers.iter().any(|one| one.code.is_some());
        if !(self.reason.is_empty() || self.code == "EssentialContainerExited" && ended) {
            parts.push(self.reason.clone());
        }
        for one in &self.containers {
            let reason = one.reason.as_ref().filter(|reason| **reason != self.reason);
            // Where ECS ended the task, how its containers took that says nothing.
            let code = one.code.filter(|code| {
                *code != 0 && self.code == "EssentialContainerExited" && !self.followed(one)
            });
            parts.extend(match (code, reason) {
                (Some(code), None) => {
                    Some(format!("container `{}` exited with code {code}", one.name))
                }
                (None, Some(reason)) => Some(format!("container `{}`: {reason}", one.name)),
                (Some(code), Some(reason)) => {
                    Some(format!("container `{}` exited with code {code}: {reason}", one.name))
                }
                (None, None) => None,
            });
        }
        if parts.is_empty() && self.code == "EssentialContainerExited" {
            let exited = self.containers.iter().find(|one| one.code == Some(0));
            parts.push(match exited {
                Some(one) => {
                    format!("container `{}` exited with code 0, and the task with it", one.name)
                }
                None => self.reason.clone(),
            });
        }
        // The session of a role is named for the task, and every request has an id.
        let mut text = parts.join("; ");
        if !self.task.is_empty() {
            text = text.replace(&self.task, "TASK");
        }
        match text.split_once(", request id: ") {
            Some((text, _)) => text.to_owned(),
            None => text,
        }
    }

    /// It was terminated because another container of the task had exited.
    fn followed(&self, one: &Ended) -> bool {
        let terminated = |one: &Ended| matches!(one.code, Some(137 | 143)) && one.reason.is_none();
        let itself = |other: &Ended| other.code.is_some() && !terminated(other);
        terminated(one) && self.containers.iter().any(itself)
    }

    /// What the table of causes reads.
    pub(crate) fn evidence(&self) -> Evidence {
        let mut text = format!("{}: {}", self.code, self.reason);
        for one in &self.containers {
            if let Some(code) = one.code.filter(|_| !self.followed(one)) {
                text.push_str(&format!("; container `{}` exited with code {code}", one.name));
            }
            if let Some(reason) = one.reason.as_ref().filter(|reason| **reason != self.reason) {
                text.push_str(&format!("; container `{}`: {reason}", one.name));
            }
        }
        Evidence { source: Source::Stop, text }
    }

    /// The container whose fault it seems to be: one with a reason, or a code, or named by the task's reason.
    pub(crate) fn culprit(&self) -> Option<&Ended> {
        let all = &self.containers;
        let named = |one: &&Ended| !one.image.is_empty() && self.reason.contains(&one.image);
        let odd = |one: &&Ended| one.code.is_some_and(|code| code != 0) && !self.followed(one);
        all.iter()
            .find(named)
            .or_else(|| {
                all.iter().find(|one| one.reason.as_ref().is_some_and(|r| *r != self.reason))
            })
            .or_else(|| all.iter().find(odd))
            .or_else(|| all.iter().find(|one| one.code.is_some()))
            .or_else(|| all.first())
    }
}

/// The tasks of a deployment, or of the whole service, that stopped against its will, newest first.
/// `ListTasks` and `DescribeTasks`, one call each.
pub(crate) async fn stops(
    cx: &Cx,
    cluster: &str,
    service: &str,
    deployment: Option<&str>,
) -> Result<Vec<Stop>, Failure> {
    let list = cx.ecs.list_tasks().cluster(cluster).service_name(service).max_results(MOST);
    let listed = list.desired_status(DesiredStatus::Stopped).send().await;
    let listed = listed.map_err(|error| classify("ecs ListTasks", error))?;
    if listed.task_arns().is_empty() {
        return Ok(Vec::new());
    }
    let describe = cx.ecs.describe_tasks().cluster(cluster);
    let described = describe.set_tasks(Some(listed.task_arns().to_vec())).send().await;
    let described = described.map_err(|error| classify("ecs DescribeTasks", error))?;
    let mut stops: Vec<Stop> = described
        .tasks()
        .iter()
        .filter(|task| deployment.is_none() || task.started_by() == deployment)
        .filter(|task| unwanted(task))
        .map(stop)
        .collect();
    stops.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.task.cmp(&b.task)));
    Ok(stops)
}

/// Nobody asked for its end: neither a person nor a change of the count.
fn unwanted(task: &Task) -> bool {
    let reason = task.stopped_reason().unwrap_or_default();
    task.stop_code() != Some(&TaskStopCode::UserInitiated)
        && !reason.starts_with("Scaling activity initiated by")
}

pub(crate) fn stop(task: &Task) -> Stop {
    let last = |arn: Option<&str>| {
        arn.and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().to_owned()
    };
    let at = task.stopping_at().or(task.stopped_at()).or(task.created_at());
    let containers = task.containers().iter().map(|one| Ended {
        name: one.name().unwrap_or("?").to_owned(),
        image: one.image().unwrap_or_default().to_owned(),
        code: one.exit_code(),
        reason: one.reason().filter(|reason| !reason.is_empty()).map(str::to_owned),
    });
    Stop {
        task: last(task.task_arn()),
        definition: task.task_definition_arn().unwrap_or_default().to_owned(),
        at: at.map_or(0, |at| at.secs()),
        ran: task.started_at().is_some(),
        code: task.stop_code().map(|code| code.as_str()).unwrap_or_default().to_owned(),
        reason: task.stopped_reason().unwrap_or_default().to_owned(),
        containers: containers.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecs::types::Container;

    fn task(code: TaskStopCode, reason: &str, container: Container) -> Stop {
        stop(&Task::builder().stop_code(code).stopped_reason(reason).containers(container).build())
    }

    fn container() -> aws_sdk_ecs::types::builders::ContainerBuilder {
        Container::builder().name("api").image("nginx:1")
    }

    #[test]
    fn reasons_are_said_once() {
        let exited = "Essential container in task exited";
        let memory = "OutOfMemoryError: Container killed due to memory usage";
        let texts = [
            task(TaskStopCode::EssentialContainerExited, exited, container().exit_code(3).build()),
            task(TaskStopCode::EssentialContainerExited, exited, container().exit_code(0).build()),
            task(
                TaskStopCode::EssentialContainerExited,
                exited,
                container().exit_code(137).reason(memory).build(),
            ),
            task(
                TaskStopCode::TaskFailedToStart,
                "no image",
                container().reason("no image").build(),
            ),
            task(
                TaskStopCode::ServiceSchedulerInitiated,
                "Task failed ELB health checks in (target-group web)",
                container().exit_code(137).build(),
            ),
        ]
        .map(|stop| stop.text());
        assert_eq!(
            texts,
            [
                "container `api` exited with code 3",
                "container `api` exited with code 0, and the task with it",
                "container `api` exited with code 137: OutOfMemoryError: Container killed due to memory usage",
                "no image",
                "Task failed ELB health checks in (target-group web)",
            ]
        );
    }

    #[test]
    fn what_was_wanted_is_no_failure() {
        let task = |code: TaskStopCode, reason: &str| {
            unwanted(&Task::builder().stop_code(code).stopped_reason(reason).build())
        };
        assert!(!task(TaskStopCode::UserInitiated, "Task stopped by user"));
        assert!(!task(
            TaskStopCode::ServiceSchedulerInitiated,
            "Scaling activity initiated by (deployment ecs-svc/1)"
        ));
        assert!(task(
            TaskStopCode::ServiceSchedulerInitiated,
            "Task failed container health checks"
        ));
    }
}
