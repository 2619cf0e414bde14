//! What services, jobs and tasks run as: tasks of ECS, or pods of Kubernetes. Here alone it is decided, by what is live.

use super::Pipeline;
use crate::cli::Stop;
use crate::engine::{Address, Observation};
use crate::resources::kubernetes::workload::{CRON_JOB, WORKLOADS, Workload};

/// What has logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum LogsOf {
    /// A service.
    Service,
    /// A job.
    Job,
    /// A task that was run by hand.
    Task,
}

/// What something runs as.
#[derive(Clone, Debug)]
pub(in crate::cli) enum Runs {
    /// Tasks of ECS.
    Ecs(Tasks),
    /// Pods of Kubernetes.
    Kubernetes(Box<Workload>),
}

/// What runs as tasks of ECS.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Tasks {
    /// What the user calls it.
    pub(in crate::cli) name: String,
    /// The cluster's name.
    pub(in crate::cli) cluster: String,
    /// What ECS calls the service; none of a job or task.
    pub(in crate::cli) service: Option<String>,
    /// Its newest revision's ARN.
    pub(in crate::cli) task_definition: String,
}

impl Pipeline {
    /// Where services, jobs or tasks with these names run.
    pub(in crate::cli) async fn logs_of(
        &self,
        kind: LogsOf,
        names: &[String],
    ) -> Result<Vec<Runs>, Stop> {
        let shown: &[&str] = match kind {
            LogsOf::Service => &["ecs/service"],
            LogsOf::Job | LogsOf::Task => &["ecs/task-definition"],
        };
        let live = self.live_of(shown).await?;
        let runs = names.iter().map(|name| {
            let found = match kind {
                LogsOf::Service => service(&live, name),
                LogsOf::Job | LogsOf::Task => other(&live, name),
            };
            found.ok_or_else(|| self.not_deployed(kind, name))
        });
        runs.collect()
    }

    /// Where a service runs.
    pub(in crate::cli) fn runs_in(&self, live: &Observation, name: &str) -> Result<Runs, Stop> {
        service(live, name).ok_or_else(|| self.not_deployed(LogsOf::Service, name))
    }

    fn not_deployed(&self, kind: LogsOf, name: &str) -> Stop {
        let environment = self.environment();
        let (what, hint) = match kind {
            LogsOf::Service => {
                ("service", format!("`shipit svc deploy --name {name} --env {environment}`"))
            }
            LogsOf::Job => {
                ("job", format!("`shipit job deploy --name {name} --env {environment}`"))
            }
            LogsOf::Task => {
                let run = format!("`shipit task run --name {name} --image IMAGE");
                ("task", format!("{run} --env {environment}`"))
            }
        };
        let did = if kind == LogsOf::Task { "was never run" } else { "is not deployed" };
        Stop::refused(
            format!("{what} `{name}` {did} in environment `{environment}`"),
            format!("{} with {hint}", if kind == LogsOf::Task { "run it" } else { "deploy it" }),
        )
    }
}

fn service(live: &Observation, name: &str) -> Option<Runs> {
    let address = Address::new("ecs/service", name);
    let Some(found) = live.at(&address).next() else { return workload(live, name) };
    Some(Runs::Ecs(Tasks {
        name: name.to_owned(),
        cluster: found.outputs["cluster"].as_str()?.to_owned(),
        service: Some(found.outputs["name"].as_str()?.to_owned()),
        task_definition: found.spec["task_definition"].as_str()?.to_owned(),
    }))
}

fn workload(live: &Observation, name: &str) -> Option<Runs> {
    let runs = |kind: &str| WORKLOADS.contains(&kind) || kind == CRON_JOB;
    let found = live.live().find(|one| {
        let address = &one.identity.address;
        runs(address.kind()) && address.name() == name
    })?;
    Workload::of(found).ok().map(|workload| Runs::Kubernetes(Box::new(workload)))
}

fn other(live: &Observation, name: &str) -> Option<Runs> {
    let address = Address::new("ecs/task-definition", name);
    let newest = live.at(&address).max_by_key(|one| one.outputs["revision"].as_i64());
    let Some(newest) = newest else { return workload(live, name) };
    Some(Runs::Ecs(Tasks {
        name: name.to_owned(),
        cluster: String::new(),
        service: None,
        task_definition: newest.outputs["arn"].as_str()?.to_owned(),
    }))
}
