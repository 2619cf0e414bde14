//! Controllers that are played: workloads get their pods, and what goes takes its own with it.

use serde_json::{Value, json};

use super::{deployment, namespace, plain};
use crate::support::kubernetes;

fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|it| it["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_deployment_gets_its_pods_and_a_new_image_replaces_them() {
    let Some(server) = kubernetes::server("local::kubernetes::workloads") else { return };
    let space = namespace(server, "roll");
    let path = format!("/apis/apps/v1/namespaces/{space}/deployments");
    let (sets, pods) = (
        format!("/apis/apps/v1/namespaces/{space}/replicasets"),
        format!("/api/v1/namespaces/{space}/pods"),
    );
    server.create(&path, deployment("nginx:1.27", 2)).unwrap();
    let complete = |it: &Value| {
        it["status"]["conditions"][1]["reason"] == "NewReplicaSetAvailable"
            && it["status"]["observedGeneration"] == it["metadata"]["generation"]
    };
    let live = server.until(&path, "web", complete);
    let first = names(&server.get(&sets).unwrap());
    assert_eq!(
        plain(&live["status"]),
        json!({
            "observedGeneration": live["metadata"]["generation"], "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2,
            "conditions": [
                {
                    "type": "Available", "status": "True", "reason": "MinimumReplicasAvailable",
                    "message": "Deployment has minimum availability.",
                },
                {
                    "type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable",
                    "message": format!("ReplicaSet \"{}\" has successfully progressed.", first[0]),
                },
            ],
        })
    );
    let all = server.get(&pods).unwrap();
    let hash = first[0].trim_start_matches("web-");
    for pod in all["items"].as_array().unwrap() {
        assert_eq!(pod["metadata"]["labels"], json!({"app": "web", "pod-template-hash": hash}));
        assert_eq!(pod["metadata"]["ownerReferences"][0]["name"], first[0].as_str());
        assert_eq!(pod["status"]["phase"], "Running");
    }
    // What was there before is gone when the new one is complete.
    let image = json!({"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "nginx:1.28"}]}}}});
    server.merge(&format!("{path}/web"), image).unwrap();
    let live = server.until(&path, "web", move |it| {
        it["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2" && complete(it)
    });
    assert_eq!(live["status"]["updatedReplicas"], 2);
    server.until(&sets, &first[0], |set| set["status"]["replicas"] == 0);
    // With the namespace all goes, and then it goes itself.
    server.delete(&format!("/api/v1/namespaces/{space}"));
    server.until_gone("/api/v1/namespaces", &space);
    assert_eq!(names(&server.get(&pods).unwrap()), Vec::<String>::new());
}

#[test]
fn what_a_deployment_owned_goes_with_it() {
    let Some(server) = kubernetes::server("local::kubernetes::workloads") else { return };
    let space = namespace(server, "own");
    let path = format!("/apis/apps/v1/namespaces/{space}/deployments");
    server.create(&path, deployment("nginx:1.27", 1)).unwrap();
    server.until(&path, "web", |it| it["status"]["readyReplicas"] == 1);
    let pods = format!("/api/v1/namespaces/{space}/pods");
    let pod = names(&server.get(&pods).unwrap()).remove(0);
    server.delete(&format!("{path}/web"));
    server.until_gone(&pods, &pod);
}

#[test]
fn the_other_workloads_live_too() {
    let Some(server) = kubernetes::server("local::kubernetes::workloads") else { return };
    let space = namespace(server, "work");
    let (apps, core) =
        (format!("/apis/apps/v1/namespaces/{space}"), format!("/api/v1/namespaces/{space}"));
    let template = |policy: &str| {
        json!({
            "metadata": {"labels": {"app": "web"}},
            "spec": {"restartPolicy": policy, "containers": [{"name": "web", "image": "nginx"}]},
        })
    };
    let selector = json!({"matchLabels": {"app": "web"}});
    let disk =
        json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
    let set = json!({
        "metadata": {"name": "db"},
        "spec": {
            "replicas": 2, "serviceName": "db", "selector": selector, "template": template("Always"),
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": disk}],
        },
    });
    server.create(&format!("{apps}/statefulsets"), set).unwrap();
    let agent = json!({"metadata": {"name": "agent"}, "spec": {"selector": selector, "template": template("Always")}});
    server.create(&format!("{apps}/daemonsets"), agent).unwrap();
    let batch = format!("/apis/batch/v1/namespaces/{space}/jobs");
    for (name, image) in [("well", "nginx"), ("badly", "nginx:crash")] {
        let mut template = template("Never");
        template["spec"]["containers"][0]["image"] = json!(image);
        let job =
            json!({"metadata": {"name": name}, "spec": {"backoffLimit": 1, "template": template}});
        server.create(&batch, job).unwrap();
    }
    let port = json!([{"port": 80, "protocol": "TCP"}]);
    let service =
        json!({"metadata": {"name": "web"}, "spec": {"type": "LoadBalancer", "ports": port}});
    server.create(&format!("{core}/services"), service).unwrap();
    let live = server
        .until(&format!("{apps}/statefulsets"), "db", |it| it["status"]["readyReplicas"] == 2);
    assert_eq!(live["status"]["currentRevision"], live["status"]["updateRevision"]);
    let claims = server.get(&format!("{core}/persistentvolumeclaims")).unwrap();
    assert_eq!(names(&claims), ["data-db-0", "data-db-1"]);
    server.until(&format!("{core}/persistentvolumeclaims"), "data-db-1", |it| {
        it["status"]["phase"] == "Bound"
    });
    server.until(&format!("{apps}/daemonsets"), "agent", |it| it["status"]["numberAvailable"] == 3);
    let done = server.until(&batch, "well", |it| it["status"]["conditions"][0]["status"] == "True");
    assert_eq!(
        (&done["status"]["succeeded"], &done["status"]["conditions"][0]["type"]),
        (&json!(1), &json!("Complete"))
    );
    let done =
        server.until(&batch, "badly", |it| it["status"]["conditions"][0]["status"] == "True");
    assert_eq!(done["status"]["conditions"][0]["reason"], "BackoffLimitExceeded");
    let balanced = server.until(&format!("{core}/services"), "web", |it| {
        it["status"]["loadBalancer"]["ingress"].is_array()
    });
    let host =
        balanced["status"]["loadBalancer"]["ingress"][0]["hostname"].as_str().unwrap().to_owned();
    assert!(host.starts_with("k8s-work") && host.ends_with(".amazonaws.com"), "{host}");
}
