//! Pods that fail as they are asked to, in the words of Kubernetes.

use serde_json::{Value, json};

use super::{deployment, namespace, plain};
use crate::support::kubernetes::{self, Kubernetes};

/// The pod of a Deployment of this image, once it is as it is wanted.
fn pod(server: &Kubernetes, space: &str, image: &str, is_wanted: fn(&Value) -> bool) -> Value {
    let path = format!("/apis/apps/v1/namespaces/{space}/deployments");
    server.create(&path, deployment(image, 1)).unwrap();
    server.until_any(&format!("/api/v1/namespaces/{space}/pods"), is_wanted)
}

/// The warnings of a namespace's events: reason, message, field.
fn warnings(server: &Kubernetes, space: &str) -> Vec<String> {
    let events = server.get(&format!("/api/v1/namespaces/{space}/events")).unwrap();
    let mut all: Vec<String> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["type"] == "Warning")
        .map(|it| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let involved = &it["involvedObject"];
            format!(
                "{} {} {}: {}",
                text(&involved["kind"]),
                text(&involved["fieldPath"]),
                text(&it["reason"]),
                text(&it["message"])
            )
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

fn waits(pod: &Value, reason: &str) -> bool {
    pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == reason
}

#[test]
fn an_image_that_is_missing_backs_off() {
    let Some(server) = kubernetes::server("local::kubernetes::failures") else { return };
    let space = namespace(server, "pull");
    let pod = pod(server, &space, "shop/web:missing", |pod| waits(pod, "ImagePullBackOff"));
    assert_eq!(pod["status"]["phase"], "Pending");
    assert_eq!(
        plain(&pod["status"]["containerStatuses"][0]),
        json!({
            "name": "web", "image": "shop/web:missing", "imageID": "", "ready": false, "started": false, "restartCount": 0,
            "lastState": {},
            "state": {"waiting": {
                "reason": "ImagePullBackOff", "message": "Back-off pulling image \"shop/web:missing\"",
            }},
        })
    );
    let events = format!("/api/v1/namespaces/{space}/events");
    server.until_any(&events, |event| event["message"] == "Error: ImagePullBackOff");
    assert_eq!(
        warnings(server, &space),
        [
            "Pod spec.containers{web} Failed: Error: ErrImagePull",
            "Pod spec.containers{web} Failed: Error: ImagePullBackOff",
            "Pod spec.containers{web} Failed: Failed to pull image \"shop/web:missing\": rpc error: code = NotFound \
             desc = failed to pull and unpack image \"shop/web:missing\": failed to resolve reference \
             \"shop/web:missing\": shop/web:missing: not found",
        ]
    );
}

#[test]
fn a_container_that_ends_is_restarted_and_backs_off() {
    let Some(server) = kubernetes::server("local::kubernetes::failures") else { return };
    for (image, code, reason) in
        [("shop/web:crash", 1, "Error"), ("shop/web:out-of-memory", 137, "OOMKilled")]
    {
        let space = namespace(server, "crash");
        let pod = pod(server, &space, image, |pod| waits(pod, "CrashLoopBackOff"));
        assert_eq!(pod["status"]["phase"], "Running");
        let meta = &pod["metadata"];
        let (name, id) = (meta["name"].as_str().unwrap(), meta["uid"].as_str().unwrap());
        assert_eq!(
            plain(&pod["status"]["containerStatuses"][0]),
            json!({
                "name": "web", "image": image, "imageID": image, "ready": false, "started": false, "restartCount": 1,
                "lastState": {"terminated": {"exitCode": code, "reason": reason}},
                "state": {"waiting": {
                    "reason": "CrashLoopBackOff",
                    "message": format!("back-off 10s restarting failed container=web pod={name}_{space}({id})"),
                }},
            })
        );
        let events = format!("/api/v1/namespaces/{space}/events");
        server.until_any(&events, |event| event["reason"] == "BackOff");
        assert_eq!(
            warnings(server, &space),
            ["Pod spec.containers{web} BackOff: Back-off restarting failed container"]
        );
    }
}

#[test]
fn a_pod_for_which_no_node_has_room_says_so() {
    let Some(server) = kubernetes::server("local::kubernetes::failures") else { return };
    let space = namespace(server, "room");
    let pod = pod(server, &space, "shop/web:no-capacity", |pod| {
        pod["status"]["conditions"][0]["reason"] == "Unschedulable"
    });
    let message = "0/3 nodes are available: 3 Insufficient cpu.";
    assert_eq!(
        plain(&pod["status"]["conditions"]),
        json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}])
    );
    let events = format!("/api/v1/namespaces/{space}/events");
    server.until_any(&events, |event| event["reason"] == "FailedScheduling");
    assert_eq!(warnings(server, &space), [format!("Pod  FailedScheduling: {message}")]);
}

#[test]
fn a_probe_that_fails_keeps_a_pod_from_being_ready() {
    let Some(server) = kubernetes::server("local::kubernetes::failures") else { return };
    let space = namespace(server, "probe");
    let pod = pod(server, &space, "shop/web:unhealthy", |pod| pod["status"]["phase"] == "Running");
    let ready = json!({
        "type": "Ready", "status": "False", "reason": "ContainersNotReady",
        "message": "containers with unready status: [web]",
    });
    assert_eq!(plain(&pod["status"]["conditions"][1]), ready);
    let events = format!("/api/v1/namespaces/{space}/events");
    server.until_any(&events, |event| event["reason"] == "Unhealthy");
    assert_eq!(
        warnings(server, &space),
        [
            "Pod spec.containers{web} Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503"
        ]
    );
    // The deployment gives it up in time: ten minutes of the cluster's are ten seconds.
    let path = format!("/apis/apps/v1/namespaces/{space}/deployments");
    server.merge(&format!("{path}/web"), json!({"spec": {"progressDeadlineSeconds": 30}})).unwrap();
    let given_up =
        server.until(&path, "web", |it| it["status"]["conditions"][1]["status"] == "False");
    assert_eq!(given_up["status"]["conditions"][1]["reason"], "ProgressDeadlineExceeded");
}
