//! The kubelets: pods that have a node start, run, end and go.

use std::time::Duration;

use serde_json::{Value, json};

use super::events::Event;
use super::faults::{self, Fault};
use super::kind::Kind;
use super::scheduler;
use super::status;
use super::world::{World, leaving, stamp, uid};
use crate::local::document::Document;

/// How long an image takes to come.
const PULL: Duration = Duration::from_secs(3);
/// How long a container takes until it answers.
const START: Duration = Duration::from_secs(3);
/// How long the container of a job runs.
const RUN: Duration = Duration::from_secs(5);
/// How long a container runs that is about to fail.
const CRASH: Duration = Duration::from_secs(2);
/// How often a probe asks.
const PROBE: Duration = Duration::from_secs(10);
/// How long a container takes to end.
const END: Duration = Duration::from_secs(2);
/// The longest time between two restarts.
const LONGEST_BACK_OFF: u64 = 300;

pub(super) async fn play(world: &mut World) {
    for pod in world.all(Kind::Pod) {
        let node = pod["spec"].text("nodeName");
        if leaving(&pod) && (node.is_empty() || world.lasts(&pod, "leaving", END)) {
            world.delete(Kind::Pod, &pod, true).await;
        } else if !leaving(&pod) && !node.is_empty() && !status::is_over(&pod) {
            step(world, &pod, node).await;
        }
    }
}

/// One step of a pod, if one is due.
async fn step(world: &mut World, pod: &Value, node: &str) {
    let mut events = Vec::new();
    let mut containers = Vec::new();
    for container in pod["spec"].list("containers") {
        let live = pod["status"].list("containerStatuses");
        let live = live.iter().find(|it| it.text("name") == container.text("name"));
        let next = match live {
            None => {
                events.push(told(
                    container,
                    "Normal",
                    "Pulling",
                    format!("Pulling image \"{}\"", container.text("image")),
                ));
                waiting(container, "ContainerCreating", None)
            }
            Some(live) => Container { pod, container, live }.next(world, &mut events),
        };
        containers.push(next);
    }
    let begun: Vec<Value> = pod["spec"]
        .list("initContainers")
        .iter()
        .map(|container| {
            let live = pod["status"].list("initContainerStatuses");
            let live = live.iter().find(|it| it.text("name") == container.text("name"));
            live.cloned().unwrap_or_else(|| {
                let mut done = started(pod, container, 0, &Value::Null);
                done.set(
                    "state",
                    json!({"terminated": ended(pod, container, 0, "Completed", 0, &stamp())}),
                );
                done.set("ready", true);
                done
            })
        })
        .collect();
    let mut status = status::of(pod, &containers);
    if !begun.is_empty() {
        status.set("initContainerStatuses", begun);
    }
    status.set("hostIP", scheduler::address(node));
    let since = pod["status"].text("startTime");
    status.set("startTime", if since.is_empty() { stamp() } else { since.to_owned() });
    if containers.iter().any(|it| it["state"].has("running")) {
        let address = address(pod);
        status.set("podIPs", json!([{"ip": address}]));
        status.set("podIP", address);
    }
    status.set("containerStatuses", containers);
    world.status(Kind::Pod, pod, status).await;
    for (field, sort, reason, message) in events {
        let event = Event { from: "kubelet", sort, reason, message: &message, field: &field };
        event.tell(world, Kind::Pod, pod);
    }
}

/// An address that follows from the pod's id.
fn address(pod: &Value) -> String {
    let number =
        uid(pod).bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    format!("10.0.{}.{}", 16 + number / 250 % 200, 2 + number % 250)
}

type Told = (String, &'static str, &'static str, String);

fn told(container: &Value, sort: &'static str, reason: &'static str, message: String) -> Told {
    (format!("spec.containers{{{}}}", container.text("name")), sort, reason, message)
}

fn waiting(container: &Value, reason: &str, message: Option<String>) -> Value {
    let mut waiting = json!({"reason": reason});
    if let Some(message) = message {
        waiting.set("message", message);
    }
    json!({
        "name": container["name"], "image": container["image"], "imageID": "", "ready": false, "started": false,
        "restartCount": 0, "state": {"waiting": waiting}, "lastState": {},
    })
}

fn id(pod: &Value, container: &Value, restarts: i64) -> String {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(format!("{}/{}/{restarts}", uid(pod), container.text("name")));
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("containerd://{hash}")
}

fn started(pod: &Value, container: &Value, restarts: i64, last: &Value) -> Value {
    let image = container.text("image");
    json!({
        "name": container["name"], "image": image, "imageID": image, "containerID": id(pod, container, restarts),
        "ready": false, "started": true, "restartCount": restarts,
        "state": {"running": {"startedAt": stamp()}},
        "lastState": if last.is_null() { json!({}) } else { json!({"terminated": last}) },
    })
}

fn ended(
    pod: &Value,
    container: &Value,
    code: i64,
    reason: &str,
    restarts: i64,
    since: &str,
) -> Value {
    json!({
        "containerID": id(pod, container, restarts), "exitCode": code, "reason": reason,
        "startedAt": since, "finishedAt": stamp(),
    })
}

/// One container of a pod as it is.
struct Container<'a> {
    pod: &'a Value,
    container: &'a Value,
    live: &'a Value,
}

impl Container<'_> {
    /// What becomes of it now.
    fn next(&self, world: &mut World, events: &mut Vec<Told>) -> Value {
        let state = &self.live["state"];
        let reason = state["waiting"].text("reason");
        let restarts = self.live.integer("restartCount");
        let stage = format!("{reason}{restarts}{}{}", state["running"], self.live["ready"]);
        let mut due =
            |time: Duration| world.part_lasts(self.pod, self.container.text("name"), &stage, time);
        match reason {
            "ContainerCreating" if due(PULL) => self.pulled(events),
            "ErrImagePull" if due(PROBE) => {
                let image = self.container.text("image");
                let message = format!("Back-off pulling image \"{image}\"");
                events.push(self.told("Normal", "BackOff", message.clone()));
                events.push(self.told("Warning", "Failed", "Error: ImagePullBackOff".to_owned()));
                waiting(self.container, "ImagePullBackOff", Some(message))
            }
            "CrashLoopBackOff" if due(Duration::from_secs(back_off(restarts))) => {
                self.run(restarts + 1, &self.live["lastState"]["terminated"], events)
            }
            "" if state.has("running") => self.running(&mut due, events),
            // The first restart comes at once.
            "" if state.has("terminated") && !self.is_final(&state["terminated"]) => {
                self.run(restarts + 1, &state["terminated"], events)
            }
            _ => self.live.clone(),
        }
    }

    fn told(&self, sort: &'static str, reason: &'static str, message: String) -> Told {
        told(self.container, sort, reason, message)
    }

    fn fault(&self) -> Option<Fault> {
        faults::of(self.pod, self.container)
    }

    fn pulled(&self, events: &mut Vec<Told>) -> Value {
        let image = self.container.text("image");
        if self.fault() == Some(Fault::CannotPull) {
            let message = format!(
                "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": \
                 failed to resolve reference \"{image}\": {image}: not found"
            );
            let long = format!("Failed to pull image \"{image}\": {message}");
            events.push(self.told("Warning", "Failed", long));
            events.push(self.told("Warning", "Failed", "Error: ErrImagePull".to_owned()));
            return waiting(self.container, "ErrImagePull", Some(message));
        }
        self.run(0, &Value::Null, events)
    }

    fn run(&self, restarts: i64, last: &Value, events: &mut Vec<Told>) -> Value {
        let image = self.container.text("image");
        let name = self.container.text("name");
        let pulled = if restarts == 0 {
            format!("Successfully pulled image \"{image}\"")
        } else {
            format!("Container image \"{image}\" already present on machine")
        };
        events.push(self.told("Normal", "Pulled", pulled));
        events.push(self.told("Normal", "Created", format!("Created container {name}")));
        events.push(self.told("Normal", "Started", format!("Started container {name}")));
        started(self.pod, self.container, restarts, last)
    }

    fn running(&self, due: &mut impl FnMut(Duration) -> bool, events: &mut Vec<Told>) -> Value {
        let ready = self.live.flag("ready");
        match self.fault() {
            Some(Fault::Exits) if due(CRASH) => self.failed(1, "Error", events),
            Some(Fault::OutOfMemory) if due(CRASH) => self.failed(137, "OOMKilled", events),
            Some(Fault::Exits | Fault::OutOfMemory) => self.live.clone(),
            Some(Fault::Unhealthy) => {
                if due(START) {
                    let message = "Readiness probe failed: HTTP probe failed with statuscode: 503";
                    events.push(self.told("Warning", "Unhealthy", message.to_owned()));
                    // Again at the next probe.
                    due(START + PROBE);
                }
                self.live.clone()
            }
            _ if self.pod["spec"].text("restartPolicy") != "Always" && due(RUN) => {
                self.terminated(0, "Completed")
            }
            _ if !ready && due(START) => {
                let mut answers = self.live.clone();
                answers.set("ready", true);
                answers
            }
            _ => self.live.clone(),
        }
    }

    fn terminated(&self, code: i64, reason: &str) -> Value {
        let restarts = self.live.integer("restartCount");
        let since = self.live["state"]["running"].text("startedAt");
        let mut over = self.live.clone();
        over.set("ready", false);
        over.set("started", false);
        over.set(
            "state",
            json!({"terminated": ended(self.pod, self.container, code, reason, restarts, since)}),
        );
        over
    }

    /// It ended badly: waits for a restart from the second time on.
    fn failed(&self, code: i64, reason: &str, events: &mut Vec<Told>) -> Value {
        let mut over = self.terminated(code, reason);
        let restarts = self.live.integer("restartCount");
        if restarts == 0 || self.is_final(&over["state"]["terminated"]) {
            return over;
        }
        let meta = &self.pod["metadata"];
        let (name, pod) = (self.container.text("name"), meta.text("name"));
        let time = match back_off(restarts) {
            seconds if seconds < 60 => format!("{seconds}s"),
            seconds => format!("{}m{}s", seconds / 60, seconds % 60),
        };
        let message = format!(
            "back-off {time} restarting failed container={name} pod={pod}_{}({})",
            meta.text("namespace"),
            uid(self.pod)
        );
        events.push(self.told(
            "Warning",
            "BackOff",
            "Back-off restarting failed container".to_owned(),
        ));
        let last = over["state"]["terminated"].take();
        over.set("lastState", json!({"terminated": last}));
        over.set("state", json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}}));
        over
    }

    /// Whether it is not started again.
    fn is_final(&self, terminated: &Value) -> bool {
        match self.pod["spec"].text("restartPolicy") {
            "Never" => true,
            "OnFailure" => terminated.integer("exitCode") == 0,
            _ => false,
        }
    }
}

/// Seconds between the end of a container and its next start.
fn back_off(restarts: i64) -> u64 {
    let doublings = u32::try_from(restarts - 1).unwrap_or(0).min(6);
    (10 << doublings).min(LONGEST_BACK_OFF)
}
