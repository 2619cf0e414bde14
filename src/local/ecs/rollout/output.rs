//! What containers write: nothing runs here, so a line or two stand for it, where `awslogs` would put them.

use serde_json::Value;

use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ecs::records::Task;
use crate::local::ecs::{neighbours, task_definition};
use crate::local::faults::Exit;

/// The containers of a task begin to run.
pub(super) fn begins(call: &mut Call<'_>, task: &Task) {
    for container in containers(call, task) {
        let mut lines =
            vec![format!("starting {} (local AWS runs no containers)", container.text("image"))];
        let ports = container.list("portMappings").iter().map(|one| one.integer("containerPort"));
        lines.extend(ports.map(|port| format!("listening on port {port}")));
        write(call, task, &container, &lines);
    }
}

/// The container with this number exits.
pub(super) fn ends(call: &mut Call<'_>, task: &Task, exit: &Exit, at: usize) {
    if let Some(container) = containers(call, task).get(at) {
        let lines = match exit.lines.as_slice() {
            [] => vec![format!("exiting with code {}", exit.code)],
            lines => lines.to_vec(),
        };
        write(call, task, container, &lines);
    }
}

fn containers(call: &Call<'_>, task: &Task) -> Vec<Value> {
    let definition = task_definition::find(call, task.wire.text("taskDefinitionArn"));
    definition.map(|one| one.list("containerDefinitions").to_vec()).unwrap_or_default()
}

/// To the stream `prefix/container/task` of the group, where that is in this region.
fn write(call: &mut Call<'_>, task: &Task, container: &Value, lines: &[String]) {
    let log = &container["logConfiguration"];
    let options = &log["options"];
    let (group, prefix) = (options.text("awslogs-group"), options.text("awslogs-stream-prefix"));
    if log.text("logDriver") != "awslogs" || options.text("awslogs-region") != call.region {
        return;
    }
    if group.is_empty() || prefix.is_empty() {
        return;
    }
    let stream = format!("{prefix}/{}/{}", container.text("name"), task.id);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    neighbours::write_log(call, group, &stream, &lines);
}
