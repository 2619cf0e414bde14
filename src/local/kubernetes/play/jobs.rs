//! Jobs: pods until enough have succeeded, or too many failed.

use serde_json::{Value, json};

use super::events::Event;
use super::kind::Kind;
use super::pods;
use super::replica_sets::some;
use super::world::{World, condition, leaving, stamp, uid};
use crate::local::document::Document;

pub(super) async fn play(world: &mut World) {
    for job in world.all(Kind::Job) {
        let finished =
            job["status"].list("conditions").iter().any(|it| it.text("status") == "True");
        if leaving(&job) || finished || job["spec"].flag("suspend") {
            continue;
        }
        one(world, &job).await;
    }
}

async fn one(world: &mut World, job: &Value) {
    let spec = &job["spec"];
    let own = world.owned(Kind::Pod, job);
    let count = |phase: &str| {
        let of = own.iter().filter(|pod| pod["status"].text("phase") == phase);
        i64::try_from(of.count()).unwrap_or(0)
    };
    let (succeeded, failed) = (count("Succeeded"), count("Failed"));
    let restarts: i64 = own
        .iter()
        .flat_map(|pod| pod["status"].list("containerStatuses"))
        .map(|container| container.integer("restartCount"))
        .sum();
    let active = own.iter().filter(|pod| pods::is_active(pod)).count();
    let active = i64::try_from(active).unwrap_or(0);
    let wanted = spec.get("completions").and_then(Value::as_i64).unwrap_or(1);
    let limit = spec.get("backoffLimit").and_then(Value::as_i64).unwrap_or(6);
    let live = job["status"].list("conditions");
    let since = job["status"].text("startTime");
    let mut status = json!({
        "startTime": if since.is_empty() { stamp() } else { since.to_owned() },
        "active": some(active), "succeeded": some(succeeded), "failed": some(failed),
    });
    let mut told = None;
    if succeeded >= wanted {
        status.set("completionTime", stamp());
        status.set("conditions", json!(ended(world, live, "Complete", "", "")));
        status.set("active", Value::Null);
        told = Some(("Normal", "Completed", "Job completed"));
    } else if failed > limit || restarts > limit {
        let message = "Job has reached the specified backoff limit";
        status.set(
            "conditions",
            json!(ended(world, live, "Failed", "BackoffLimitExceeded", message)),
        );
        status.set("active", Value::Null);
        status.set("failed", failed.max(1));
        told = Some(("Warning", "BackoffLimitExceeded", message));
        for pod in own.iter().filter(|pod| pods::is_active(pod)) {
            world.delete(Kind::Pod, pod, false).await;
        }
    } else {
        let parallel = spec.get("parallelism").and_then(Value::as_i64).unwrap_or(1);
        let more = (wanted - succeeded).min(parallel) - active;
        for _ in 0..more {
            let all = world.owned(Kind::Pod, job).len();
            let letters = pods::letters(&format!("{}/{all}", uid(job)), 5);
            let name = format!("{}-{letters}", job["metadata"].text("name"));
            if pods::make(world, Kind::Job, job, &name, |_| {}).await.is_err() {
                break;
            }
        }
        let all = world.owned(Kind::Pod, job);
        let active = all.iter().filter(|pod| pods::is_active(pod)).count();
        status.set("active", some(i64::try_from(active).unwrap_or(0)));
    }
    world.status(Kind::Job, job, status).await;
    if let Some((sort, reason, message)) = told {
        let event = Event { from: "job-controller", sort, reason, message, field: "" };
        event.tell(world, Kind::Job, job);
    }
}

/// The conditions of a job that is over. Newer servers want the reason as a condition of its own before.
fn ended(world: &World, live: &[Value], name: &str, reason: &str, message: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let (mut reason, mut message) = (reason, message);
    if world.kinds.minor >= 31 {
        let before = if name == "Complete" { "SuccessCriteriaMet" } else { "FailureTarget" };
        if name == "Complete" {
            (reason, message) = ("CompletionsReached", "Reached expected number of succeeded pods");
        }
        all.push(condition(live, before, "True", reason, message));
    }
    all.push(condition(live, name, "True", reason, message));
    all
}
