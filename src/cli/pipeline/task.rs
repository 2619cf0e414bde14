//! Tasks that are run by hand: what a service or job runs, and what only the command line says.

use super::{Pipeline, Which};
use crate::cli::{Global, Stop, open};
use crate::engine::resolve::resolve;
use crate::engine::{Address, Failure, OutputRef, Spec};
use crate::planner;
use crate::resources::ecs::run::Order;
use crate::resources::ecs::{Service, TaskDefinition};
use crate::resources::scheduler::Schedule;

fn typed<T: serde::de::DeserializeOwned>(document: serde_json::Value) -> Result<T, Failure> {
    serde_json::from_value(document).map_err(|error| Failure::internal(error.to_string()))
}

impl Pipeline {
    /// Opens the account for a task that no file describes: see `Workspace::with_task`.
    pub(in crate::cli) async fn open_task(
        global: &Global,
        name: &str,
        text: &str,
    ) -> Result<Self, Stop> {
        let (workspace, environment) = open::in_environment(global)?;
        if environment.cluster.kubernetes.is_some() {
            return Err(on_eks(&environment.name, "kubectl run"));
        }
        let workspace = workspace.with_task(name, &environment.name, text)?;
        Self::start(global, Which::Service(name.to_owned()), workspace, environment).await
    }

    /// What a deployed job or service runs; `None` where it is not deployed.
    pub(in crate::cli) async fn order_of(&self, name: &str) -> Result<Option<Order>, Stop> {
        let environment = &self.target.environment;
        let manifest = self.workspace.environment(environment);
        if manifest.is_some_and(|one| one.cluster.kubernetes.is_some()) {
            let namespace = &self.target.application;
            let run = format!(
                "kubectl --namespace {namespace} create job {name}-now --from cronjob/{name}"
            );
            return Err(on_eks(environment, &run));
        }
        let live = self.live_of(&[Schedule::KIND, Service::KIND]).await?;
        if let Some(job) = live.at(&Address::new(Schedule::KIND, name)).next() {
            return Ok(Some(Order::of_schedule(&typed(job.spec.clone())?)?));
        }
        match live.at(&Address::new(Service::KIND, name)).next() {
            Some(service) => Ok(Some(Order::of_service(&typed(service.spec.clone())?)?)),
            None => Ok(None),
        }
    }

    /// What a task runs that only the command line describes, once it is deployed.
    pub(in crate::cli) async fn order_of_task(&self, name: &str) -> Result<Order, Stop> {
        let live = self.live().await?;
        let address = Address::new(TaskDefinition::KIND, name);
        let revisions = live.at(&address);
        let newest = revisions.max_by_key(|one| one.outputs["revision"].as_i64());
        let arn = newest.and_then(|one| one.outputs["arn"].as_str()).map(str::to_owned);
        let Some(task_definition) = arn else {
            return Err(Stop::failed(
                format!("the task definition of `{name}` is not there"),
                "run the same command again",
            ));
        };
        let manifest = self.workspace.service_in(name, &self.target.environment)?;
        let services = self.services();
        let context = self.context(&services).await?;
        let place = planner::placement(&context, &live, &manifest)?;
        let known = |from: &OutputRef| {
            let mut all = live.seen.of(from.address.kind()).iter();
            all.find(|live| live.identity.address == from.address)?.outputs.get(&from.field)
        };
        let place = typed(resolve(&place, &known).into_owned())
            .map_err(|_| not_there(&self.target.environment))?;
        Order::of_place(place, task_definition, manifest.exec)
            .map_err(|_| not_there(&self.target.environment))
    }
}

/// Tasks are ECS's.
fn on_eks(environment: &str, instead: &str) -> Stop {
    Stop::refused(
        format!("environment `{environment}` is on EKS, and this runs tasks on ECS"),
        format!("after `shipit env kubeconfig --name {environment}`: `{instead}`"),
    )
}

fn not_there(environment: &str) -> Stop {
    Stop::refused(
        format!("environment `{environment}` is not deployed"),
        format!("deploy it with `shipit env deploy --name {environment}`"),
    )
}
