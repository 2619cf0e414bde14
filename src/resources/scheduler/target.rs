//! What a schedule runs: RunTask's members as the scheduler takes them.

use std::collections::HashMap;

use aws_sdk_scheduler::types as sdk;
use aws_smithy_types::error::operation::BuildError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Schedule;
use crate::engine::{Failure, Input};
use crate::resources::ecs::service::{Network, PlacementConstraint, PlacementStrategy};
use crate::resources::ecs::{CapacityProviderStrategyItem, ClusterArn, TaskDefinitionArn};
use crate::resources::resource::Tags;

/// The tasks that a schedule runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The cluster.
    pub cluster: Input<ClusterArn>,
    /// The revision.
    pub task_definition: Input<TaskDefinitionArn>,
    /// How many tasks, 1 to 10.
    pub count: i32,
    /// `FARGATE`, `EC2` or `EXTERNAL`; `None` with a strategy.
    pub launch_type: Option<String>,
    /// On which capacity providers; empty with a launch type.
    pub capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    /// Where tasks get their network interfaces, with `awsvpc`.
    pub network: Option<Network>,
    /// Fargate's version: `LATEST`, `1.4.0`.
    pub platform_version: Option<String>,
    /// The task group; `family:FAMILY` if there is none.
    pub group: Option<String>,
    /// Tasks get AWS's own tags: the cluster's name.
    pub enable_ecs_managed_tags: bool,
    /// `ecs execute-command` works.
    pub enable_execute_command: bool,
    /// Where tasks may not be placed (EC2).
    pub placement_constraints: Vec<PlacementConstraint>,
    /// How tasks are spread (EC2), first rule first.
    pub placement_strategy: Vec<PlacementStrategy>,
    /// Tasks get the tags of the task definition.
    pub propagate_tags: bool,
    /// An id of the user's own.
    pub reference: Option<String>,
    /// Tags of the tasks.
    pub tags: Tags,
}

impl Run {
    /// One Fargate task.
    pub fn new(cluster: Input<ClusterArn>, task_definition: Input<TaskDefinitionArn>) -> Self {
        Self {
            cluster,
            task_definition,
            count: 1,
            launch_type: Some("FARGATE".to_owned()),
            capacity_provider_strategy: Vec::new(),
            network: None,
            platform_version: None,
            group: None,
            enable_ecs_managed_tags: false,
            enable_execute_command: false,
            placement_constraints: Vec::new(),
            placement_strategy: Vec::new(),
            propagate_tags: false,
            reference: None,
            tags: Tags::new(),
        }
    }
}

/// How often a call of RunTask that failed is tried again. What becomes of a task that was started is no matter of
/// the scheduler's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// 0 to 185 times.
    pub attempts: i32,
    /// For how many seconds, 60 to 86,400.
    pub maximum_age: i32,
}

impl Default for Retry {
    /// As the scheduler does where nothing is said.
    fn default() -> Self {
        Self { attempts: 185, maximum_age: 86_400 }
    }
}

fn built<T>(result: Result<T, BuildError>) -> Result<T, Failure> {
    result.map_err(|error| Failure::internal(error.to_string()))
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn texts<T: Clone + ToString>(inputs: &[Input<T>]) -> Result<Vec<String>, Failure> {
    inputs.iter().map(|input| Ok(input.get()?.to_string())).collect()
}

/// The whole target.
pub(super) fn to_sdk(schedule: &Schedule) -> Result<sdk::Target, Failure> {
    let dead = match &schedule.dead_letters {
        Some(queue) => Some(sdk::DeadLetterConfig::builder().arn(queue.get()?.to_string()).build()),
        None => None,
    };
    let retry = sdk::RetryPolicy::builder()
        .maximum_retry_attempts(schedule.retry.attempts)
        .maximum_event_age_in_seconds(schedule.retry.maximum_age)
        .build();
    let target = sdk::Target::builder()
        .arn(schedule.run.cluster.get()?.to_string())
        .role_arn(schedule.role.get()?.to_string())
        .ecs_parameters(parameters(&schedule.run)?)
        .retry_policy(retry)
        .set_dead_letter_config(dead)
        .set_input(schedule.overrides.as_ref().map(Value::to_string))
        .build();
    built(target)
}

fn parameters(run: &Run) -> Result<sdk::EcsParameters, Failure> {
    let network = match &run.network {
        Some(network) => {
            let public = match network.assign_public_ip {
                true => sdk::AssignPublicIp::Enabled,
                false => sdk::AssignPublicIp::Disabled,
            };
            let awsvpc = sdk::AwsVpcConfiguration::builder()
                .set_subnets(Some(texts(&network.subnets)?))
                .set_security_groups(Some(texts(&network.security_groups)?))
                .assign_public_ip(public)
                .build();
            let network = sdk::NetworkConfiguration::builder();
            Some(network.awsvpc_configuration(built(awsvpc)?).build())
        }
        None => None,
    };
    let strategy = run.capacity_provider_strategy.iter().map(|item| {
        let built_item = sdk::CapacityProviderStrategyItem::builder()
            .capacity_provider(item.capacity_provider.get()?.0)
            .weight(item.weight)
            .base(item.base)
            .build();
        built(built_item)
    });
    let constraints = run.placement_constraints.iter().map(|one| {
        sdk::PlacementConstraint::builder()
            .r#type(one.constraint.as_str().into())
            .set_expression(one.expression.clone())
            .build()
    });
    let strategies = run.placement_strategy.iter().map(|one| {
        sdk::PlacementStrategy::builder()
            .r#type(one.strategy.as_str().into())
            .set_field(one.field.clone())
            .build()
    });
    let tags = run.tags.iter().map(|(key, value)| {
        HashMap::from([("key".to_owned(), key.clone()), ("value".to_owned(), value.clone())])
    });
    let parameters = sdk::EcsParameters::builder()
        .task_definition_arn(run.task_definition.get()?.to_string())
        .task_count(run.count)
        .set_launch_type(run.launch_type.as_deref().map(Into::into))
        .set_network_configuration(network)
        .set_platform_version(run.platform_version.clone())
        .set_group(run.group.clone())
        .set_capacity_provider_strategy(some(strategy.collect::<Result<_, _>>()?))
        .enable_ecs_managed_tags(run.enable_ecs_managed_tags)
        .enable_execute_command(run.enable_execute_command)
        .set_placement_constraints(some(constraints.collect()))
        .set_placement_strategy(some(strategies.collect()))
        .set_propagate_tags(run.propagate_tags.then_some(sdk::PropagateTags::TaskDefinition))
        .set_reference_id(run.reference.clone())
        .set_tags(some(tags.collect()))
        .build();
    built(parameters)
}

/// Fills in what a target says.
pub(super) fn from_sdk(target: &sdk::Target, into: &mut Schedule) {
    let retry = target.retry_policy();
    let usual = Retry::default();
    into.role = Input::Known(target.role_arn().to_owned().into());
    into.retry = Retry {
        attempts: retry.and_then(|one| one.maximum_retry_attempts()).unwrap_or(usual.attempts),
        maximum_age: retry
            .and_then(|one| one.maximum_event_age_in_seconds())
            .unwrap_or(usual.maximum_age),
    };
    into.dead_letters = target
        .dead_letter_config()
        .and_then(|one| one.arn())
        .map(|arn| Input::Known(arn.to_owned().into()));
    into.overrides = target.input().and_then(|text| serde_json::from_str(text).ok());
    into.run.cluster = Input::Known(target.arn().to_owned().into());
    let Some(parameters) = target.ecs_parameters() else { return };
    let run = &mut into.run;
    run.task_definition = Input::Known(parameters.task_definition_arn().to_owned().into());
    run.count = parameters.task_count().unwrap_or(1);
    run.launch_type = parameters.launch_type().map(|one| one.as_str().to_owned());
    let mut strategy: Vec<_> = parameters
        .capacity_provider_strategy()
        .iter()
        .map(|item| {
            CapacityProviderStrategyItem::of(item.capacity_provider(), item.weight(), item.base())
        })
        .collect();
    strategy.sort();
    run.capacity_provider_strategy = strategy;
    let network = parameters.network_configuration().and_then(|one| one.awsvpc_configuration());
    run.network = network.map(|network| Network {
        subnets: known(network.subnets()),
        security_groups: known(network.security_groups()),
        assign_public_ip: network.assign_public_ip() == Some(&sdk::AssignPublicIp::Enabled),
    });
    run.platform_version = parameters.platform_version().map(str::to_owned);
    run.group = parameters.group().map(str::to_owned);
    run.enable_ecs_managed_tags = parameters.enable_ecs_managed_tags().unwrap_or_default();
    run.enable_execute_command = parameters.enable_execute_command().unwrap_or_default();
    run.placement_constraints = parameters
        .placement_constraints()
        .iter()
        .map(|one| PlacementConstraint {
            constraint: one.r#type().map(|one| one.as_str().to_owned()).unwrap_or_default(),
            expression: one.expression().filter(|text| !text.is_empty()).map(str::to_owned),
        })
        .collect();
    run.placement_strategy = parameters
        .placement_strategy()
        .iter()
        .map(|one| PlacementStrategy {
            strategy: one.r#type().map(|one| one.as_str().to_owned()).unwrap_or_default(),
            field: one.field().filter(|text| !text.is_empty()).map(str::to_owned),
        })
        .collect();
    run.propagate_tags = parameters.propagate_tags().is_some();
    run.reference = parameters.reference_id().map(str::to_owned);
    run.tags = parameters
        .tags()
        .iter()
        .filter_map(|tag| Some((tag.get("key")?.clone(), tag.get("value")?.clone())))
        .collect();
}

fn known<T: From<String>>(ids: &[String]) -> Vec<Input<T>> {
    let mut ids = ids.to_vec();
    ids.sort();
    ids.into_iter().map(|id| Input::Known(T::from(id))).collect()
}
