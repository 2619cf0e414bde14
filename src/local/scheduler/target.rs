//! What a schedule calls: RunTask of ECS, and how often that is tried.

use serde_json::{Value, json};

use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ecs;
use crate::local::error::AwsError;
use crate::local::params::Shape::{self, Boolean, Integer, List, Map, OneOf, Structure, Text};

/// `EcsParameters`.
const ECS_PARAMETERS: Shape = Structure(&[
    ("TaskDefinitionArn", Text),
    ("TaskCount", Integer),
    ("LaunchType", OneOf(&["EC2", "FARGATE", "EXTERNAL"])),
    (
        "NetworkConfiguration",
        Structure(&[(
            "awsvpcConfiguration",
            Structure(&[
                ("Subnets", List(&Text)),
                ("SecurityGroups", List(&Text)),
                ("AssignPublicIp", OneOf(&["ENABLED", "DISABLED"])),
            ]),
        )]),
    ),
    ("PlatformVersion", Text),
    ("Group", Text),
    (
        "CapacityProviderStrategy",
        List(&Structure(&[("capacityProvider", Text), ("weight", Integer), ("base", Integer)])),
    ),
    ("EnableECSManagedTags", Boolean),
    ("EnableExecuteCommand", Boolean),
    (
        "PlacementConstraints",
        List(&Structure(&[
            ("type", OneOf(&["distinctInstance", "memberOf"])),
            ("expression", Text),
        ])),
    ),
    (
        "PlacementStrategy",
        List(&Structure(&[("type", OneOf(&["random", "spread", "binpack"])), ("field", Text)])),
    ),
    ("PropagateTags", OneOf(&["TASK_DEFINITION"])),
    ("ReferenceId", Text),
    ("Tags", List(&Map(&Text))),
]);

/// Reads and checks `Target`; what was left out has its default.
pub(super) fn read(call: &Call<'_>) -> Result<Value, AwsError> {
    let target = call.input.structure("Target")?;
    let arn = target.text("Arn")?;
    if !arn.starts_with("arn:") || arn.split(':').count() < 6 {
        return Err(call.input.invalid(format!("Provided Arn is not in correct format: {arn}")));
    }
    if !arn.starts_with("arn:aws:ecs:") || !arn.contains(":cluster/") {
        return Err(AwsError::not_modelled(format!(
            "local AWS models schedules that run tasks in an ECS cluster; it cannot call {arn}"
        )));
    }
    let role = target.text("RoleArn")?;
    if !ecs::role_trusts(call, &role, "scheduler.amazonaws.com") {
        return Err(call.input.invalid(
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
        ));
    }
    let parameters = target.shaped("EcsParameters", &ECS_PARAMETERS)?.ok_or_else(|| {
        call.input.invalid("EcsParameters must be set for a target of Amazon ECS.")
    })?;
    let mut wire =
        json!({"Arn": arn, "RoleArn": role, "EcsParameters": parameters_of(call, parameters)?});
    if let Some(dead) = target.optional_structure("DeadLetterConfig")?
        && let Some(queue) = dead.optional_text("Arn")?
    {
        if !queue.starts_with("arn:aws:sqs:") {
            return Err(call.input.invalid(format!("'{queue}' is not the ARN of an SQS queue.")));
        }
        if queue.ends_with(".fifo") {
            return Err(call.input.invalid("A dead-letter queue must not be a FIFO queue."));
        }
        wire.set("DeadLetterConfig", json!({"Arn": queue}));
    }
    let (mut age, mut attempts) = (86_400, 185);
    if let Some(retry) = target.optional_structure("RetryPolicy")? {
        age = retry.optional_integer_within("MaximumEventAgeInSeconds", 60, 86_400)?.unwrap_or(age);
        attempts =
            retry.optional_integer_within("MaximumRetryAttempts", 0, 185)?.unwrap_or(attempts);
    }
    wire.set(
        "RetryPolicy",
        json!({"MaximumEventAgeInSeconds": age, "MaximumRetryAttempts": attempts}),
    );
    if let Some(input) = target.optional_text("Input")? {
        if !serde_json::from_str::<Value>(&input).is_ok_and(|input| input.is_object()) {
            return Err(call
                .input
                .invalid("The Input of a target of Amazon ECS must be a JSON object."));
        }
        wire.set("Input", input);
    }
    Ok(wire)
}

fn parameters_of(call: &Call<'_>, mut parameters: Value) -> Result<Value, AwsError> {
    let definition = parameters.text("TaskDefinitionArn");
    if !definition.starts_with("arn:aws:ecs:") || !definition.contains(":task-definition/") {
        return Err(call.input.invalid(format!(
            "Invalid TaskDefinitionArn '{definition}': it must be the ARN of a task definition."
        )));
    }
    if !parameters.has("TaskCount") {
        parameters.set("TaskCount", 1);
    }
    if !(1..=10).contains(&parameters.integer("TaskCount")) {
        return Err(call.input.invalid("TaskCount must be between 1 and 10."));
    }
    let strategy = parameters.list("CapacityProviderStrategy");
    if strategy.len() > 6 {
        return Err(call.input.invalid("CapacityProviderStrategy can have at most 6 items."));
    }
    if !strategy.is_empty() && parameters.has("LaunchType") {
        return Err(call
            .input
            .invalid("LaunchType must be omitted if a CapacityProviderStrategy is specified."));
    }
    let network = &parameters["NetworkConfiguration"]["awsvpcConfiguration"];
    if !network.is_null() && !(1..=16).contains(&network.list("Subnets").len()) {
        return Err(call.input.invalid("awsvpcConfiguration must have 1 to 16 Subnets."));
    }
    if network.list("SecurityGroups").len() > 5 {
        return Err(call.input.invalid("awsvpcConfiguration can have at most 5 SecurityGroups."));
    }
    if parameters.list("PlacementConstraints").len() > 10
        || parameters.list("PlacementStrategy").len() > 5
    {
        return Err(call.input.invalid(
            "At most 10 PlacementConstraints and 5 PlacementStrategy members can be given.",
        ));
    }
    let pair = |tag: &Value| tag.has("key") && tag.has("value");
    if parameters.list("Tags").len() > 50 || !parameters.list("Tags").iter().all(pair) {
        return Err(call.input.invalid("Tags must be at most 50 maps with key and value."));
    }
    for flag in ["EnableECSManagedTags", "EnableExecuteCommand"] {
        if !parameters.has(flag) {
            parameters.set(flag, false);
        }
    }
    Ok(parameters)
}
