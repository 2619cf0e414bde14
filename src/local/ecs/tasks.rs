//! RunTask, StopTask, DescribeTasks and ListTasks.

use std::sync::Arc;

use serde_json::{Value, json};

use super::names::{self, client, invalid, no_service};
use super::records::{End, Service, TASKS, Task, is_fargate};
use super::rollout::order::{self, Order};
use super::rollout::task;
use super::service::{check_against, complete_network, platform, shape};
use super::task_definition::{find_active, includes, page};
use super::{TOMBSTONE, capacity, clusters, instances, rollout};
use crate::local::call::Call;
use crate::local::clock::Millis;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::store::Table;

/// What RunTask was called with by `cluster/token`, and the ids of its tasks.
const RUN_TOKENS: Table = Table::regional("ecs/run-token");
/// How long ECS remembers a token.
const TOKEN_WINDOW: Millis = 24 * 3_600_000;
/// This many stopped tasks that belonged to no service stay described.
const MOST_STOPPED: usize = 100;

pub(super) fn run(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let cluster = clusters::of_input(call)?;
    let reference = call.input.text("taskDefinition")?;
    let count = call.input.optional_integer_within("count", 1, 10)?.unwrap_or(1);
    let token = call.input.optional_text("clientToken")?;
    let exec = call.input.optional_boolean("enableExecuteCommand")?.unwrap_or(false);
    let managed = call.input.optional_boolean("enableECSManagedTags")?.unwrap_or(false);
    let started_by = call.input.optional_text("startedBy")?.unwrap_or_default();
    let group = call.input.optional_text("group")?;
    let from = ["TASK_DEFINITION", "SERVICE", "NONE"];
    let propagate = call.input.optional_one_of("propagateTags", &from)?;
    let overrides = call.input.shaped("overrides", &shape::TASK_OVERRIDES)?;
    let mut tags = call.input.tags("tags", "key", "value")?;
    let mut spec = spec(call, &cluster)?;
    let definition = find_active(call, &reference)?;
    platform(&mut spec, &definition);
    check_against(call, &spec, &definition)?;
    if propagate.as_deref() == Some("TASK_DEFINITION") {
        let mut all = call.tags(definition.text("taskDefinitionArn"));
        all.append(&mut tags);
        tags = all;
    }
    let group = group.unwrap_or_else(|| format!("family:{}", definition.text("family")));
    let token = token.map(|token| format!("{cluster}/{token}"));
    let request = json!([
        definition["taskDefinitionArn"],
        count,
        started_by,
        group,
        overrides,
        spec,
        tags,
        exec
    ]);
    if let Some(before) = token.as_ref().and_then(|token| call.get(RUN_TOKENS, token))
        && before.time("until") > call.now
    {
        if before["request"] != request {
            return Err(AwsError::new(
                "ConflictException",
                "The RunTask request could not be processed due to conflicts. The provided clientToken is already \
                 in use with a different RunTask request.",
            ));
        }
        let tasks =
            before.texts("tasks").into_iter().filter_map(|id| Task::load(call, &cluster, id));
        let tasks: Vec<Value> = tasks.map(|task| wire(call, &task, true)).collect();
        return Ok(json!({"tasks": tasks, "failures": []}));
    }
    let mut ids = Vec::new();
    let (mut shown, mut failures) = (Vec::new(), Vec::new());
    for number in 0..u64::try_from(count).unwrap_or(1) {
        let order = Order {
            cluster: &cluster,
            service: None,
            deployment: "",
            spec: &spec,
            definition: &definition,
            number,
            started_by: &started_by,
            group: &group,
            exec,
        };
        let mut task = order::new(call, &order);
        if !is_fargate(&spec)
            && let Err(reason) =
                rollout::find_place(call, &cluster, &mut task, &spec, &definition, None)
        {
            failures.push(
                json!({"arn": call.arn("ecs", &format!("cluster/{cluster}")), "reason": reason}),
            );
            continue;
        }
        if let Some(overrides) = &overrides {
            let mut whole = overrides.clone();
            if !whole.has("containerOverrides") {
                whole.set("containerOverrides", json!([]));
            }
            task.wire.set("overrides", whole);
        }
        if managed {
            task.managed_tags = json!([{"key": "aws:ecs:clusterName", "value": cluster}]);
        }
        let arn = task.arn().to_owned();
        call.add_tags(&arn, tags.clone())?;
        task.save(call, &cluster);
        task::wake_alone(call, &cluster, &task);
        rollout::grow(call, &cluster, &task);
        shown.push(wire(call, &task, true));
        ids.push(task.id);
    }
    if let Some(token) = token {
        let until = call.now + TOKEN_WINDOW;
        call.put(RUN_TOKENS, &token, json!({"request": request, "tasks": ids, "until": until}));
    }
    forget_old(call, &cluster);
    Ok(json!({"tasks": shown, "failures": failures}))
}

/// The members of a service revision that RunTask has too.
fn spec(call: &Call<'_>, cluster: &str) -> Result<Value, AwsError> {
    let mut spec = json!({});
    let kinds = ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"];
    let launch_type = call.input.optional_one_of("launchType", &kinds)?;
    let mut strategy =
        capacity::strategy(&call.input, "capacityProviderStrategy")?.unwrap_or_default();
    if launch_type.is_some() && !strategy.is_empty() {
        return Err(invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one \
             and try again.",
        ));
    }
    let cluster = clusters::active(call, cluster);
    let cluster = cluster.as_deref().unwrap_or(&Value::Null);
    capacity::check_strategy(&strategy, &cluster.texts("capacityProviders"))?;
    if launch_type.is_none() && strategy.is_empty() {
        strategy = cluster.list("defaultCapacityProviderStrategy").to_vec();
    }
    if strategy.is_empty() {
        spec.set("launchType", launch_type.unwrap_or_else(|| "EC2".to_owned()));
    } else {
        spec.set("capacityProviderStrategy", strategy);
    }
    for (member, shape) in [
        ("placementConstraints", &shape::PLACEMENT_CONSTRAINTS),
        ("placementStrategy", &shape::PLACEMENT_STRATEGY),
        ("volumeConfigurations", &shape::TASK_VOLUME_CONFIGURATIONS),
    ] {
        if let Some(value) = call.input.shaped(member, shape)? {
            spec.set(member, value);
        }
    }
    if let Some(mut network) =
        call.input.shaped("networkConfiguration", &shape::NETWORK_CONFIGURATION)?
    {
        complete_network(&mut network);
        spec.set("networkConfiguration", network);
    }
    if is_fargate(&spec) {
        let version = call.input.optional_text("platformVersion")?;
        let version = version.filter(|version| version != "LATEST");
        spec.set("platformVersion", version.unwrap_or_else(|| "1.4.0".to_owned()));
    }
    Ok(spec)
}

fn forget_old(call: &mut Call<'_>, cluster: &str) {
    let mut stopped: Vec<(String, f64)> = call
        .scan(TASKS, &format!("{cluster}/"))
        .into_iter()
        .filter(|(_, task)| !task.has("service") && task.text("phase") == "stopped")
        .map(|(key, task)| (key, task["wire"]["stoppedAt"].as_f64().unwrap_or(0.0)))
        .collect();
    stopped.sort_by(|one, other| other.1.total_cmp(&one.1));
    for (key, _) in stopped.into_iter().skip(MOST_STOPPED) {
        call.delete(TASKS, &key);
    }
}

/// A task as ECS shows it.
fn wire(call: &Call<'_>, task: &Task, tags: bool) -> Value {
    let mut output = task.wire.clone();
    let mut all = call.tag_list(task.arn(), "key", "value");
    all.extend(task.managed_tags.as_array().cloned().unwrap_or_default());
    output.set("tags", if tags { all } else { Vec::new() });
    output
}

pub(super) fn stop(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let cluster = clusters::of_input(call)?;
    let reference = call.input.text("task")?;
    let reason = call.input.optional_text("reason")?;
    let id = names::task(call, &reference);
    let mut task = Task::load(call, &cluster, &id)
        .ok_or_else(|| invalid("The referenced task was not found."))?;
    if task.phase.is_live() {
        let end = End {
            code: "UserInitiated".to_owned(),
            reason: reason.unwrap_or_else(|| "Task stopped by user".to_owned()),
            exit_code: task.phase.is_running().then_some(0),
            container: None,
            at: 0,
        };
        rollout::stop_task(call, &cluster, &mut task, end);
    }
    Ok(json!({"task": wire(call, &task, true)}))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let cluster = clusters::of_input(call)?;
    let references = call.input.texts("tasks")?;
    let tags = !includes(call, &["TAGS"])?.is_empty();
    if references.is_empty() {
        return Err(invalid("Tasks cannot be empty."));
    }
    if references.len() > 100 {
        return Err(invalid("Tasks cannot have more than 100 elements."));
    }
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for reference in references {
        let id = names::task(call, &reference);
        match Task::load(call, &cluster, &id).filter(|task| is_described(call, &task.wire)) {
            Some(task) => tasks.push(wire(call, &task, tags)),
            None => {
                let arn = call.arn("ecs", &format!("task/{cluster}/{id}"));
                failures.push(json!({"arn": arn, "reason": "MISSING"}));
            }
        }
    }
    Ok(json!({"tasks": tasks, "failures": failures}))
}

/// Stopped tasks are described for an hour.
fn is_described(call: &Call<'_>, wire: &Value) -> bool {
    let stopped = wire["stoppedAt"].as_f64();
    stopped.is_none_or(|at| at * 1000.0 + TOMBSTONE as f64 > call.now as f64)
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let cluster = clusters::of_input(call)?;
    let service = call.input.optional_text("serviceName")?;
    let service = service.map(|service| names::service(call, &service));
    let family = call.input.optional_text("family")?;
    let started_by = call.input.optional_text("startedBy")?;
    let statuses = ["RUNNING", "PENDING", "STOPPED"];
    let status = call.input.optional_one_of("desiredStatus", &statuses)?;
    let status = status.unwrap_or_else(|| "RUNNING".to_owned());
    let kinds = ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"];
    let launch_type = call.input.optional_one_of("launchType", &kinds)?;
    let instance = call.input.optional_text("containerInstance")?;
    let instance = instance.map(|one| one.rsplit('/').next().unwrap_or_default().to_owned());
    if let Some(instance) = &instance
        && instances::find(call, &cluster, instance).is_none()
    {
        return Err(client("The referenced container instance was not found."));
    }
    if let Some(service) = &service
        && Service::load(call, &cluster, service).is_none()
    {
        return Err(no_service());
    }
    let same = |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|w| w == text);
    let mut rows = call.scan(TASKS, &format!("{cluster}/"));
    rows.retain(|(_, task): &(String, Arc<Value>)| {
        let wire = &task["wire"];
        let definition = wire.text("taskDefinitionArn").rsplit('/').next().unwrap_or_default();
        same(&service, task.text("service"))
            && same(&family, definition.split(':').next().unwrap_or_default())
            && same(
                &instance,
                wire.text("containerInstanceArn").rsplit('/').next().unwrap_or_default(),
            )
            && same(&started_by, wire.text("startedBy"))
            && same(&launch_type, wire.text("launchType"))
            && wire.text("desiredStatus") == status
            && is_described(call, wire)
    });
    let arns: Vec<String> =
        rows.iter().map(|(_, task)| task["wire"].text("taskArn").to_owned()).collect();
    let page = page(call, arns, String::clone)?;
    Ok(json!({"taskArns": page.0, "nextToken": page.1}))
}
