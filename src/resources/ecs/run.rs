//! Tasks that belong to no service: started, looked at, their lines read, stopped. For `job run` and `task run`.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, ContainerOverride, KeyValuePair, LaunchType,
    NetworkConfiguration, PropagateTags, Task, TaskOverride,
};
use serde::{Deserialize, Serialize};

use super::convert::{built, some, strategy_to_sdk, tags_to_sdk};
use super::diagnosis;
use super::service::write::{constraint, strategy};
use super::service::{Network, PlacementConstraint, PlacementStrategy};
use super::{CapacityProviderStrategyItem, ClusterArn, Service};
use crate::aws::{Cx, classify};
use crate::engine::{Class, Failure, Input, redact};
use crate::resources::resource::Tags;
use crate::resources::scheduler::Schedule;

/// Where tasks go: what RunTask, CreateService and a schedule's target have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The cluster.
    pub cluster: Input<ClusterArn>,
    /// `EC2`, `EXTERNAL`; `None` with a strategy.
    pub launch_type: Option<String>,
    /// On which capacity providers.
    pub capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    /// Subnets and security groups, with `awsvpc`.
    pub network: Option<Network>,
    /// Where tasks may go, on instances.
    pub placement_constraints: Vec<PlacementConstraint>,
    /// Which of the possible places is taken, first rule first.
    pub placement_strategy: Vec<PlacementStrategy>,
}

/// What is started.
#[derive(Clone, Debug)]
pub struct Order {
    /// The cluster's name or ARN.
    pub cluster: String,
    /// The revision's ARN.
    pub task_definition: String,
    /// How many tasks, 1 to 10.
    pub count: i32,
    /// `FARGATE` and so on, without a strategy.
    pub launch_type: Option<String>,
    /// On which capacity providers.
    pub capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    /// Subnets, security groups, and whether there is a public address.
    pub network: Option<Network>,
    /// Where tasks may go, on instances.
    pub placement_constraints: Vec<PlacementConstraint>,
    /// Which of the possible places is taken, first rule first.
    pub placement_strategy: Vec<PlacementStrategy>,
    /// Fargate's version.
    pub platform_version: Option<String>,
    /// ECS Exec works.
    pub exec: bool,
    /// Tags of the tasks, beside those of the task definition.
    pub tags: Tags,
    /// What differs from the task definition.
    pub overrides: Overrides,
}

/// What differs from the task definition.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The main container's command.
    pub command: Option<Vec<String>>,
    /// More variables of the main container.
    pub environment: BTreeMap<String, String>,
    /// CPU units.
    pub cpu: Option<u32>,
    /// MiB.
    pub memory: Option<u32>,
    /// The role that the containers act in, by its ARN.
    pub task_role: Option<String>,
    /// The role that ECS acts in, by its ARN.
    pub execution_role: Option<String>,
}

impl Order {
    /// What a schedule would run.
    ///
    /// # Errors
    /// The schedule refers to what is not known.
    pub fn of_schedule(schedule: &Schedule) -> Result<Self, Failure> {
        let run = &schedule.run;
        Ok(Self {
            cluster: run.cluster.get()?.to_string(),
            task_definition: run.task_definition.get()?.to_string(),
            count: run.count,
            launch_type: run.launch_type.clone(),
            capacity_provider_strategy: run.capacity_provider_strategy.clone(),
            network: run.network.clone(),
            placement_constraints: run.placement_constraints.clone(),
            placement_strategy: run.placement_strategy.clone(),
            platform_version: run.platform_version.clone(),
            exec: run.enable_execute_command,
            tags: run.tags.clone(),
            overrides: Overrides::default(),
        })
    }

    /// One task of a revision, in this place.
    ///
    /// # Errors
    /// The place refers to what is not known.
    pub fn of_place(place: Place, task_definition: String, exec: bool) -> Result<Self, Failure> {
        Ok(Self {
            cluster: place.cluster.get()?.to_string(),
            task_definition,
            count: 1,
            launch_type: place.launch_type,
            capacity_provider_strategy: place.capacity_provider_strategy,
            network: place.network,
            placement_constraints: place.placement_constraints,
            placement_strategy: place.placement_strategy,
            platform_version: None,
            exec,
            tags: Tags::new(),
            overrides: Overrides::default(),
        })
    }

    /// One task such as a service runs.
    ///
    /// # Errors
    /// The service refers to what is not known.
    pub fn of_service(service: &Service) -> Result<Self, Failure> {
        Ok(Self {
            cluster: service.cluster.get()?.to_string(),
            task_definition: service.task_definition.get()?.to_string(),
            count: 1,
            launch_type: service.launch_type.clone(),
            capacity_provider_strategy: service.capacity_provider_strategy.clone(),
            network: service.network.clone(),
            placement_constraints: service.placement_constraints.clone(),
            placement_strategy: service.placement_strategy.clone(),
            platform_version: service.platform_version.clone(),
            exec: service.enable_execute_command,
            tags: Tags::new(),
            overrides: Overrides::default(),
        })
    }
}

/// One task, as far as it has come.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ran {
    /// Its id.
    pub id: String,
    /// ARN of its task definition.
    pub task_definition: String,
    /// `PROVISIONING`, `PENDING`, `RUNNING`, `STOPPED` and the steps between.
    pub status: String,
    /// Why it stopped, as ECS words it.
    pub reason: Option<String>,
    /// Exit codes, by container; none where it has not ended.
    pub exit_codes: BTreeMap<String, Option<i32>>,
    #[serde(skip)]
    task: Task,
}

impl Ran {
    /// Is it over?
    pub fn stopped(&self) -> bool {
        self.status == "STOPPED"
    }

    /// How it ended: the exit code of its main container, or of the one that keeps the time where that ended it; `None` where
    /// nothing ever ran.
    pub fn code(&self, main: &str, timer: &str) -> Option<i32> {
        let of = |name: &str| self.exit_codes.get(name).copied().flatten();
        // Where there is no container of that name, the one that says most counts.
        let main = match self.exit_codes.contains_key(main) {
            true => of(main),
            false => self.exit_codes.values().flatten().max().copied(),
        };
        match (main, of(timer)) {
            (None | Some(137 | 143), Some(124)) => Some(124),
            (main, _) => main,
        }
    }

    /// Why it did not end well: the same diagnosis as of a service's tasks.
    pub async fn explain(&self, cx: &Cx, name: &str, environment: &str) -> Failure {
        diagnosis::explain_task(cx, &self.task, name, environment).await
    }
}

/// Starts tasks; gives their ARNs.
///
/// # Errors
/// The call is refused, or ECS could not start one of them.
pub async fn start(cx: &Cx, order: &Order, main: &str) -> Result<Vec<String>, Failure> {
    let network = match &order.network {
        Some(network) => {
            let texts = |ids: Vec<Result<String, Failure>>| ids.into_iter().collect();
            let subnets: Result<Vec<_>, _> =
                texts(network.subnets.iter().map(|id| Ok(id.get()?.to_string())).collect());
            let groups: Result<Vec<_>, _> =
                texts(network.security_groups.iter().map(|id| Ok(id.get()?.to_string())).collect());
            let public = match network.assign_public_ip {
                true => AssignPublicIp::Enabled,
                false => AssignPublicIp::Disabled,
            };
            let awsvpc = AwsVpcConfiguration::builder()
                .set_subnets(Some(subnets?))
                .set_security_groups(Some(groups?))
                .assign_public_ip(public);
            let awsvpc = built(awsvpc.build())?;
            Some(NetworkConfiguration::builder().awsvpc_configuration(awsvpc).build())
        }
        None => None,
    };
    let overrides = &order.overrides;
    let pairs = overrides.environment.iter();
    let pairs = pairs.map(|(name, value)| KeyValuePair::builder().name(name).value(value).build());
    let container = (overrides.command.is_some() || !overrides.environment.is_empty()).then(|| {
        ContainerOverride::builder()
            .name(main)
            .set_command(overrides.command.clone())
            .set_environment(some(pairs.collect()))
            .build()
    });
    let task = TaskOverride::builder()
        .set_container_overrides(container.map(|one| vec![one]))
        .set_cpu(overrides.cpu.map(|cpu| cpu.to_string()))
        .set_memory(overrides.memory.map(|memory| memory.to_string()))
        .set_task_role_arn(overrides.task_role.clone())
        .set_execution_role_arn(overrides.execution_role.clone())
        .build();
    let answer = cx
        .ecs
        .run_task()
        .cluster(&order.cluster)
        .task_definition(&order.task_definition)
        .count(order.count)
        .set_launch_type(order.launch_type.as_deref().map(LaunchType::from))
        .set_capacity_provider_strategy(some(strategy_to_sdk(&order.capacity_provider_strategy)?))
        .set_network_configuration(network)
        .set_placement_constraints(some(
            order.placement_constraints.iter().map(constraint).collect(),
        ))
        .set_placement_strategy(some(order.placement_strategy.iter().map(strategy).collect()))
        .set_platform_version(order.platform_version.clone())
        .overrides(task)
        .started_by("shipit")
        .enable_ecs_managed_tags(true)
        .enable_execute_command(order.exec)
        .propagate_tags(PropagateTags::TaskDefinition)
        .set_tags(tags_to_sdk(order.tags.clone()))
        .send()
        .await
        .map_err(|error| classify("ecs RunTask", error))?;
    if let Some(failure) = answer.failures().first() {
        let reason = failure.reason().unwrap_or("ECS does not say why");
        let detail = failure.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        return Err(Failure::new(
            Class::Broken,
            format!("ECS could not start a task: {reason}{detail}"),
        )
        .with_hint("try again; where capacity is short, another subnet or size may help"));
    }
    Ok(answer.tasks().iter().filter_map(|task| task.task_arn().map(str::to_owned)).collect())
}

/// How far tasks have come; those that ECS does not (yet) know are left out.
///
/// # Errors
/// The call is refused.
pub async fn look(cx: &Cx, cluster: &str, tasks: &[String]) -> Result<Vec<Ran>, Failure> {
    let call = cx.ecs.describe_tasks().cluster(cluster).set_tasks(Some(tasks.to_vec()));
    let answer = call.send().await.map_err(|error| classify("ecs DescribeTasks", error))?;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let ran = |task: &Task| Ran {
        id: text(task.task_arn().and_then(|arn| arn.rsplit('/').next())),
        task_definition: text(task.task_definition_arn()),
        status: text(task.last_status()),
        reason: task.stopped_reason().map(redact::others),
        exit_codes: task
            .containers()
            .iter()
            .map(|container| (text(container.name()), container.exit_code()))
            .collect(),
        task: task.clone(),
    };
    Ok(answer.tasks().iter().map(ran).collect())
}

/// Stops a task.
///
/// # Errors
/// There is no such task, or the call is refused.
pub async fn stop(cx: &Cx, cluster: &str, task: &str) -> Result<(), Failure> {
    let call = cx.ecs.stop_task().cluster(cluster).task(task).reason("stopped with shipit");
    call.send().await.map(drop).map_err(|error| {
        let missing = error.as_service_error().is_some_and(|it| it.is_invalid_parameter_exception());
        match missing {
            true => Failure::new(Class::Gone, format!("cluster `{cluster}` has no task `{task}`"))
                .with_hint(format!(
                    "`aws ecs list-tasks --cluster {cluster}` prints those that run; one that has stopped is forgotten after an hour"
                )),
            false => classify("ecs StopTask", error),
        }
    })
}
