//! What the states of its containers make of a pod.

use serde_json::{Value, json};

use super::scheduler;
use super::world::condition;
use crate::local::document::Document;

/// Whether nothing more becomes of it.
pub(super) fn is_over(pod: &Value) -> bool {
    matches!(pod["status"].text("phase"), "Succeeded" | "Failed")
}

/// Phase and conditions.
pub(super) fn of(pod: &Value, containers: &[Value]) -> Value {
    let phase = phase(pod["spec"].text("restartPolicy"), containers);
    let live = pod["status"].list("conditions");
    let unready: Vec<&str> =
        containers.iter().filter(|it| !it.flag("ready")).map(|it| it.text("name")).collect();
    let (reason, message) = match phase {
        "Succeeded" => ("PodCompleted", String::new()),
        _ if unready.is_empty() => ("", String::new()),
        _ => (
            "ContainersNotReady",
            format!("containers with unready status: [{}]", unready.join(" ")),
        ),
    };
    let ready = if unready.is_empty() { "True" } else { "False" };
    let done = if phase == "Succeeded" { reason } else { "" };
    json!({
        "phase": phase,
        "conditions": [
            condition(live, "Initialized", "True", done, ""),
            condition(live, "Ready", ready, reason, &message),
            condition(live, "ContainersReady", ready, reason, &message),
            scheduler::scheduled(live),
        ],
    })
}

fn phase(policy: &str, containers: &[Value]) -> &'static str {
    let count = |what: &dyn Fn(&Value) -> bool| containers.iter().filter(|it| what(it)).count();
    let unstarted = count(&|it| it["state"].has("waiting") && !it["lastState"].has("terminated"));
    let running = count(&|it| it["state"].has("running"));
    let over = count(&|it| it["state"].has("terminated"));
    let well = count(&|it| {
        it["state"].has("terminated") && it["state"]["terminated"].integer("exitCode") == 0
    });
    match policy {
        _ if unstarted > 0 => "Pending",
        "Always" => "Running",
        _ if running > 0 || over < containers.len() => "Running",
        _ if well == over => "Succeeded",
        "Never" => "Failed",
        _ => "Running",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_those_of_kubelets() {
        let waiting = json!({"state": {"waiting": {"reason": "ContainerCreating"}}});
        let again = json!({"state": {"waiting": {}}, "lastState": {"terminated": {"exitCode": 1}}});
        let running = json!({"state": {"running": {}}});
        let well = json!({"state": {"terminated": {"exitCode": 0}}});
        let badly = json!({"state": {"terminated": {"exitCode": 1}}});
        assert_eq!(phase("Always", &[waiting, running.clone()]), "Pending");
        assert_eq!(phase("Always", &[again.clone(), running.clone()]), "Running");
        assert_eq!(phase("Always", std::slice::from_ref(&badly)), "Running");
        assert_eq!(phase("Never", &[running, badly.clone()]), "Running");
        assert_eq!(phase("Never", &[well.clone(), badly.clone()]), "Failed");
        assert_eq!(phase("OnFailure", &[well]), "Succeeded");
        assert_eq!(phase("OnFailure", &[again]), "Running");
    }
}
