//! A scheduled job: the same task definition as a service's, and instead of an ECS service the schedule that runs it.

use serde_json::{Value, json};

use super::environment::Shared;
use super::roles::Roles;
use super::{Context, capacity, messaging, roles, service, storage, task};
use crate::engine::{Address, Desired, Failure, Identity, Input, Owner, Spec, Wait};
use crate::manifest::ServiceManifest;
use crate::manifest::service::{Count, JobDeadLetter, On};
use crate::resources::ecs::TaskDefinition;
use crate::resources::iam::{Role, RoleArn};
use crate::resources::scheduler::{Retry, Run, Schedule};
use crate::resources::sqs::{Queue, QueueArn};

/// What a schedule says that never fires: AWS wants an expression all the same.
const NEVER: &str = "rate(1 day)";
/// Seconds for which it is kept which runs could not be started: as long as SQS can.
const DEAD_LETTER_RETENTION: i32 = 1_209_600;

/// Plans everything of a job.
pub(super) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    shared: &Shared,
    job: &ServiceManifest,
) -> Result<(), Failure> {
    let before: Vec<Address> = desired.nodes.keys().cloned().collect();
    let messaging = messaging::plan(desired, context, job)?;
    let disks = storage::plan(desired, context, job, shared.files.as_ref())?;
    let roles = roles::plan(desired, context, job, &messaging, &disks)?;
    let discovery = shared.namespace.as_ref().map(|namespace| namespace.name.as_str());
    let names = task::Names { discovery, balancer: None, called: Default::default() };
    let parts = task::Parts {
        roles: &roles,
        messaging: &messaging,
        volumes: disks.volumes,
        names,
        mesh: None,
    };
    let task_definition = task::plan(desired, context, job, parts)?;
    // A task that is run by hand has no schedule, and no file that could say one.
    let Some(on) = &job.on else { return Ok(()) };
    let dead_letters = dead_letters(desired, context, job, on)?;
    let role = role(desired, context, shared, job, &roles, dead_letters.as_ref())?;
    let (Count::Fixed(tasks) | Count::Spot(tasks)) = job.count else {
        return Err(Failure::internal(format!("job `{}` has a range of tasks", job.name)));
    };
    let place = capacity::place(context, shared, job)?;
    let run = Run {
        count: task::integer(tasks),
        launch_type: place.launch_type,
        capacity_provider_strategy: place.capacity_provider_strategy,
        network: place.network,
        placement_constraints: place.placement_constraints,
        placement_strategy: place.placement_strategy,
        enable_ecs_managed_tags: true,
        enable_execute_command: job.exec,
        propagate_tags: true,
        ..Run::new(shared.cluster_arn.clone(), task_definition)
    };
    let schedule = Schedule {
        timezone: on.timezone.clone(),
        description: format!("Runs {}", job.name),
        enabled: on.schedule.is_some(),
        start: on.start.clone(),
        end: on.end.clone(),
        window: on.flexible_window.map(|window| task::seconds(window) / 60),
        retry: Retry {
            attempts: task::integer(job.retries),
            maximum_age: task::seconds(on.maximum_event_age),
        },
        dead_letters,
        tags: context.tags()?,
        ..Schedule::new(on.schedule.as_deref().unwrap_or(NEVER), role, run)
    };
    let handle = desired.add(&super::owner(job), &job.name, &schedule)?;
    // It may fire at once: the way to the registry must be there.
    for route in shared.routes(&job.network.vpc.placement) {
        desired.order(handle.address(), route, Wait::Ready);
    }
    service::rename(desired, &before, job);
    Ok(())
}

/// The queue of what could not be started.
fn dead_letters(
    desired: &mut Desired,
    context: &Context<'_>,
    job: &ServiceManifest,
    on: &On,
) -> Result<Option<Input<QueueArn>>, Failure> {
    match &on.dead_letter {
        None => Ok(None),
        Some(JobDeadLetter::Queue(arn)) => Ok(Some(Input::Known(arn.as_str().into()))),
        Some(JobDeadLetter::Own) => {
            let queue = Queue {
                retention: DEAD_LETTER_RETENTION,
                tags: context.tags()?,
                ..Queue::default()
            };
            let name = format!("{}/dead-letters", job.name);
            Ok(Some(desired.add(&super::owner(job), name, &queue)?.arn()))
        }
    }
}

/// The role in which the scheduler runs the job's tasks: nothing but these, in this cluster.
fn role(
    desired: &mut Desired,
    context: &Context<'_>,
    shared: &Shared,
    job: &ServiceManifest,
    roles: &Roles,
    dead_letters: Option<&Input<QueueArn>>,
) -> Result<Input<RoleArn>, Failure> {
    let family = Identity {
        application: context.application().to_owned(),
        environment: context.environment.to_owned(),
        owner: Owner::Service(job.name.clone()),
        address: Address::new(TaskDefinition::KIND, &job.name),
        generation: 1,
        run: String::new(),
    }
    .name(255);
    let mut statements = vec![
        json!({
            "Effect": "Allow",
            "Action": "ecs:RunTask",
            "Resource": context.arn("ecs", &format!("task-definition/{family}:*")),
            "Condition": { "ArnEquals": { "ecs:cluster": shared.cluster_arn } },
        }),
        json!({
            "Effect": "Allow",
            "Action": "ecs:TagResource",
            "Resource": context.arn("ecs", "task/*"),
            "Condition": { "StringEquals": { "ecs:CreateAction": "RunTask" } },
        }),
        json!({
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": [roles.execution, roles.task],
            "Condition": { "StringEquals": { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
        }),
    ];
    if let Some(queue) = dead_letters {
        statements
            .push(json!({ "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue }));
    }
    let policy: Value = json!({ "Version": "2012-10-17", "Statement": statements });
    let role = Role {
        description: format!("Lets EventBridge Scheduler run {}", job.name),
        assume_policy: json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "scheduler.amazonaws.com" },
                "Action": "sts:AssumeRole",
                "Condition": { "StringEquals": { "aws:SourceAccount": context.account } },
            }],
        }),
        inline_policies: [("run".to_owned(), policy)].into(),
        tags: context.tags()?,
        ..Role::default()
    };
    Ok(desired.add(&super::owner(job), format!("{}/scheduler", job.name), &role)?.arn())
}
