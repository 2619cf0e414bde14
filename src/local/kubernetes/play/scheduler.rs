//! The nodes, which always have room, and which pod goes where.

use std::time::Duration;

use serde_json::{Value, json};

use super::events::Event;
use super::faults::{self, Fault};
use super::kind::Kind;
use super::world::{World, condition, leaving};
use crate::local::document::Document;

/// How many nodes there are.
const NODES: usize = 3;
/// What one of them has: thousandths of a processor, and MiB.
const PROCESSORS: i64 = 8000;
const MEMORY: i64 = 32 << 10;

/// How long it takes to find a node.
const SEARCH: Duration = Duration::from_millis(500);

/// The name of a node.
pub(super) fn node(number: usize) -> String {
    format!("i-{:017x}", 0x00c0_ffee_0000_u64 + number as u64)
}

/// The address of a node.
pub(super) fn address(name: &str) -> String {
    let number = (0..NODES).find(|number| node(*number) == name).unwrap_or_default();
    format!("10.0.{number}.10")
}

/// Makes the nodes that are not there.
pub(super) async fn nodes(world: &mut World) {
    for number in 0..NODES {
        let name = node(number);
        let zone = format!("local-1{}", ["a", "b", "c"][number % 3]);
        let found = match world.get(Kind::Node, "", &name) {
            Some(found) => found,
            None => {
                let node = json!({
                    "metadata": {"name": name, "labels": {
                        "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
                        "topology.kubernetes.io/zone": zone, "topology.kubernetes.io/region": "local-1",
                        "node.kubernetes.io/instance-type": "c6a.2xlarge",
                    }},
                    "spec": {"providerID": format!("aws:///{zone}/{name}")},
                });
                let Ok(made) = world.create(Kind::Node, "", node).await else { continue };
                made
            }
        };
        if found["spec"].has("taints") {
            // The API server puts `not-ready` on every new node.
            world.merge(Kind::Node, &found, json!({"spec": {"taints": null}})).await;
        }
        let room = json!({
            "cpu": (PROCESSORS / 1000).to_string(), "memory": format!("{MEMORY}Mi"), "pods": "110",
        });
        let live = found["status"].list("conditions");
        let ready =
            condition(live, "Ready", "True", "KubeletReady", "kubelet is posting ready status");
        let status = json!({
            "capacity": room, "allocatable": room, "conditions": [ready],
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": world.port}},
        });
        world.status(Kind::Node, &found, status).await;
    }
}

/// Every node's name.
pub(super) fn all() -> Vec<String> {
    (0..NODES).map(node).collect()
}

/// Gives each pod a node, or says why none will do.
pub(super) async fn play(world: &mut World) {
    for (number, pod) in world.all(Kind::Pod).into_iter().enumerate() {
        if pod["spec"].has("nodeName") || leaving(&pod) {
            continue;
        }
        if let Some(why) = lacks(&pod) {
            let message = format!("0/{NODES} nodes are available: {NODES} {why}.");
            let live = pod["status"].list("conditions");
            if live.iter().all(|it| it.text("message") != message) {
                let scheduled = condition(live, "PodScheduled", "False", "Unschedulable", &message);
                world.status(Kind::Pod, &pod, json!({"conditions": [scheduled]})).await;
                let event = Event {
                    from: "default-scheduler",
                    sort: "Warning",
                    reason: "FailedScheduling",
                    message: &message,
                    field: "",
                };
                event.tell(world, Kind::Pod, &pod);
            }
            continue;
        }
        if !world.lasts(&pod, "unscheduled", SEARCH) {
            continue;
        }
        let name = node(number % NODES);
        let meta = &pod["metadata"];
        let binding = json!({
            "apiVersion": "v1", "kind": "Binding", "metadata": {"name": meta["name"]},
            "target": {"apiVersion": "v1", "kind": "Node", "name": name},
        });
        let path = format!("{}/binding", world.path_of(Kind::Pod, &pod));
        if world.api.create(&path, &binding).await.is_err() {
            world.again();
            continue;
        }
        // The pod as it is now comes by the watch.
        let message = format!(
            "Successfully assigned {}/{} to {name}",
            meta.text("namespace"),
            meta.text("name")
        );
        let event = Event {
            from: "default-scheduler",
            sort: "Normal",
            reason: "Scheduled",
            message: &message,
            field: "",
        };
        event.tell(world, Kind::Pod, &pod);
        world.placed(&pod, &name);
    }
}

/// What no node has enough of.
fn lacks(pod: &Value) -> Option<&'static str> {
    if faults::any(pod, Fault::NoCapacity) {
        return Some("Insufficient cpu");
    }
    let (mut processors, mut memory) = (0.0, 0.0);
    for container in pod["spec"].list("containers") {
        processors += quantity(container["resources"]["requests"].text("cpu"));
        memory += quantity(container["resources"]["requests"].text("memory"));
    }
    if processors * 1000.0 > PROCESSORS as f64 {
        return Some("Insufficient cpu");
    }
    (memory > (MEMORY << 20) as f64).then_some("Insufficient memory")
}

/// A quantity as Kubernetes writes it: `500m`, `2`, `512Mi`.
fn quantity(text: &str) -> f64 {
    const UNITS: &[(&str, f64)] = &[
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("m", 0.001),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
    ];
    for (unit, factor) in UNITS {
        if let Some(number) = text.strip_suffix(unit) {
            return number.parse::<f64>().unwrap_or(0.0) * factor;
        }
    }
    text.parse().unwrap_or(0.0)
}

/// The condition of a pod that has its node.
pub(super) fn scheduled(live: &[Value]) -> Value {
    condition(live, "PodScheduled", "True", "", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_on_no_node_is_named() {
        let pod = |processors: &str, memory: &str| {
            let requests = json!({"cpu": processors, "memory": memory});
            json!({"spec": {"containers": [{"resources": {"requests": requests}}]}})
        };
        assert_eq!(lacks(&pod("250m", "512Mi")), None);
        assert_eq!(lacks(&pod("8", "32Gi")), None);
        assert_eq!(lacks(&pod("8001m", "1Gi")), Some("Insufficient cpu"));
        assert_eq!(lacks(&pod("1", "33Gi")), Some("Insufficient memory"));
    }
}
