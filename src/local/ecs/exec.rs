//! ExecuteCommand. Nothing runs here, so that a session's stream leads nowhere.

use serde_json::{Value, json};

use super::clusters;
use super::names::{self, invalid};
use super::records::Task;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

const NOT_ENABLED: &str = "The execute command failed because execute command was not enabled when the task was run or the \
     execute command agent isn’t running. Wait and try again or run a new task with execute command enabled and try again.";

pub(super) fn execute(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let cluster = clusters::of_input(call)?;
    let reference = call.input.text("task")?;
    let command = call.input.text("command")?;
    let interactive = call.input.optional_boolean("interactive")?;
    let wanted = call.input.optional_text("container")?;
    let interactive = interactive.ok_or_else(|| call.input.missing("interactive"))?;
    if !interactive {
        return Err(invalid("Interactive is the only mode supported currently."));
    }
    if command.is_empty() {
        return Err(invalid("Command cannot be empty."));
    }
    let id = names::task(call, &reference);
    let task = Task::load(call, &cluster, &id)
        .ok_or_else(|| invalid("The referenced task was not found."))?;
    if task.wire.text("lastStatus") != "RUNNING" {
        return Err(invalid("The task is not in the RUNNING state."));
    }
    if !task.wire.flag("enableExecuteCommand") {
        return Err(invalid(NOT_ENABLED));
    }
    let all = task.wire.list("containers");
    let container = match (&wanted, all) {
        (Some(name), all) => all.iter().find(|one| one.text("name") == name),
        (None, [only]) => Some(only),
        (None, _) => {
            return Err(invalid("Container is required for tasks with more than one container."));
        }
    };
    let container = container.ok_or_else(|| invalid("The referenced container was not found."))?;
    let agents = container.list("managedAgents");
    if !agents.iter().any(|agent| agent.text("lastStatus") == "RUNNING") {
        return Err(invalid(NOT_ENABLED));
    }
    let session = format!("ecs-execute-command-{}", call.ids.hex(17));
    let url = format!("wss://ssmmessages.{}.amazonaws.com/v1/data-channel/{session}", call.region);
    Ok(json!({
        "clusterArn": task.wire["clusterArn"],
        "containerArn": container["containerArn"],
        "containerName": container["name"],
        "interactive": true,
        "taskArn": task.wire["taskArn"],
        "session": {
            "sessionId": session,
            "streamUrl": format!("{url}?role=publish_subscribe"),
            "tokenValue": call.ids.hex(64),
        },
    }))
}
