//! Tags of clusters, services, task definitions and tasks.

use serde_json::{Value, json};

use super::names::{client, invalid, no_cluster, no_service};
use super::records::{Service, Task};
use super::{clusters, instances, provider, task_definition};
use crate::local::call::Call;
use crate::local::error::AwsError;

/// Refuses an ARN that nothing has that could be tagged.
fn check(call: &Call<'_>, arn: &str) -> Result<(), AwsError> {
    let ours = call.arn("ecs", "");
    let Some(path) = arn.strip_prefix(ours.as_str()) else {
        return Err(invalid(format!("Invalid resource ARN: {arn}")));
    };
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["cluster", name] => clusters::active(call, name).map(|_| ()).ok_or_else(no_cluster),
        ["service", cluster, name] => Service::load(call, cluster, name)
            .filter(|service| service.status != "INACTIVE")
            .map(|_| ())
            .ok_or_else(no_service),
        ["task-definition", _] if task_definition::exists(call, arn) => Ok(()),
        ["task-definition", _] => Err(client(
            "The specified task definition was not found. Specify a valid ARN and try again.",
        )),
        ["capacity-provider", name] => provider::find(call, name)
            .map(|_| ())
            .ok_or_else(|| invalid("The specified capacity provider was not found.")),
        ["container-instance", cluster, id] => instances::find(call, cluster, id)
            .map(|_| ())
            .ok_or_else(|| invalid("The referenced container instance was not found.")),
        ["task", cluster, id] => Task::load(call, cluster, id)
            .map(|_| ())
            .ok_or_else(|| invalid("The specified task was not found.")),
        _ => Err(invalid(format!("Invalid resource ARN: {arn}"))),
    }
}

pub(super) fn tag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("resourceArn")?;
    let tags = call.input.tags("tags", "key", "value")?;
    check(call, &arn)?;
    call.add_tags(&arn, tags)?;
    Ok(json!({}))
}

pub(super) fn untag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("resourceArn")?;
    let keys = call.input.texts("tagKeys")?;
    check(call, &arn)?;
    call.remove_tags(&arn, &keys);
    Ok(json!({}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("resourceArn")?;
    check(call, &arn)?;
    Ok(json!({"tags": call.tag_list(&arn, "key", "value")}))
}
