//! A document of each kind, as somebody would write it, and changes of it.

use serde_json::{Value, json};

/// A kind's document, and what changes of it.
pub(super) struct Example {
    /// `kubernetes/deployment`.
    pub(super) kind: &'static str,
    pub(super) namespaced: bool,
    pub(super) object: Value,
    /// Path and value; each is a plan with just that change.
    pub(super) edits: Vec<(&'static str, Value)>,
}

fn pods(image: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{
            "name": "web", "image": image,
            "resources": {"requests": {"cpu": "0.25", "memory": "512Mi"}, "limits": {"memory": "0.5Gi"}},
            "env": [{"name": "MODE", "value": "plain"}],
        }]},
    })
}

fn selector() -> Value {
    json!({"matchLabels": {"app": "web"}})
}

fn example(
    kind: &'static str,
    version: &str,
    name: &str,
    mut rest: Value,
    edits: Vec<(&'static str, Value)>,
) -> Example {
    rest["apiVersion"] = json!(version);
    rest["kind"] = json!(name);
    rest["metadata"] = json!({"name": "web", "labels": {"team": "red"}});
    let mut edits = edits;
    edits.push(("metadata.labels.team", json!("blue")));
    edits.push(("metadata.annotations", json!({"example.com/note": "two"})));
    Example { kind, namespaced: true, object: rest, edits }
}

/// One of each kind, but for the namespace, which all of them need.
pub(super) fn all() -> Vec<Example> {
    let image = "spec.template.spec.containers[0].image";
    let mut class = example(
        "kubernetes/object",
        "scheduling.k8s.io/v1",
        "PriorityClass",
        json!({"value": 1000, "globalDefault": false, "description": "first"}),
        vec![("description", json!("second"))],
    );
    class.namespaced = false;
    vec![
        example(
            "kubernetes/deployment",
            "apps/v1",
            "Deployment",
            json!({"spec": {"replicas": 2, "selector": selector(), "template": pods("web:1")}}),
            vec![
                (image, json!("web:2")),
                ("spec.replicas", json!(1)),
                ("spec.template.spec.containers[0].env[0].value", json!("fancy")),
                ("spec.selector.matchLabels.tier", json!("web")),
            ],
        ),
        example(
            "kubernetes/stateful-set",
            "apps/v1",
            "StatefulSet",
            json!({"spec": {"replicas": 1, "serviceName": "web", "selector": selector(), "template": pods("web:1")}}),
            vec![(image, json!("web:2")), ("spec.serviceName", json!("other"))],
        ),
        example(
            "kubernetes/daemon-set",
            "apps/v1",
            "DaemonSet",
            json!({"spec": {"selector": selector(), "template": pods("web:1")}}),
            vec![(image, json!("web:2"))],
        ),
        {
            let mut template = pods("web:1");
            template["spec"]["restartPolicy"] = json!("Never");
            example(
                "kubernetes/job",
                "batch/v1",
                "Job",
                json!({"spec": {"backoffLimit": 2, "template": template}}),
                vec![(image, json!("web:2"))],
            )
        },
        {
            let mut template = pods("web:1");
            template["spec"]["restartPolicy"] = json!("Never");
            let job = json!({"spec": {"template": template}});
            example(
                "kubernetes/cron-job",
                "batch/v1",
                "CronJob",
                json!({"spec": {"schedule": "0 3 * * *", "jobTemplate": job}}),
                vec![("spec.schedule", json!("0 4 * * *"))],
            )
        },
        example(
            "kubernetes/service",
            "v1",
            "Service",
            json!({"spec": {"type": "LoadBalancer", "selector": {"app": "web"},
                "ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}]}}),
            vec![("spec.ports[0].targetPort", json!(9090)), ("spec.type", json!("ClusterIP"))],
        ),
        example(
            "kubernetes/ingress",
            "networking.k8s.io/v1",
            "Ingress",
            json!({"spec": {"ingressClassName": "alb", "rules": [{"host": "a.example.com", "http": {"paths": [
                {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]}}),
            vec![("spec.rules[0].host", json!("b.example.com"))],
        ),
        example(
            "kubernetes/horizontal-pod-autoscaler",
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            json!({"spec": {"minReplicas": 1, "maxReplicas": 3,
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "metrics": [{"type": "Resource", "resource": {"name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": 70}}}]}}),
            vec![("spec.maxReplicas", json!(5))],
        ),
        example(
            "kubernetes/pod-disruption-budget",
            "policy/v1",
            "PodDisruptionBudget",
            json!({"spec": {"minAvailable": 1, "selector": selector()}}),
            vec![("spec.minAvailable", json!("50%"))],
        ),
        example(
            "kubernetes/config-map",
            "v1",
            "ConfigMap",
            json!({"data": {"a": "1", "b": "2"}}),
            vec![("data.a", json!("3")), ("data", json!({"b": "2"}))],
        ),
        example(
            "kubernetes/secret",
            "v1",
            "Secret",
            json!({"type": "Opaque"}),
            vec![("type", json!("example.com/other"))],
        ),
        example(
            "kubernetes/service-account",
            "v1",
            "ServiceAccount",
            json!({"automountServiceAccountToken": true}),
            vec![("automountServiceAccountToken", json!(false))],
        ),
        example(
            "kubernetes/persistent-volume-claim",
            "v1",
            "PersistentVolumeClaim",
            json!({"spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "gp3",
                "resources": {"requests": {"storage": "1Gi"}}}}),
            vec![("spec.storageClassName", json!("io2"))],
        ),
        example(
            "kubernetes/network-policy",
            "networking.k8s.io/v1",
            "NetworkPolicy",
            json!({"spec": {"podSelector": selector(), "policyTypes": ["Ingress"],
                "ingress": [{"ports": [{"port": 80, "protocol": "TCP"}]}]}}),
            vec![("spec.ingress[0].ports[0].port", json!(81))],
        ),
        example(
            "kubernetes/resource-quota",
            "v1",
            "ResourceQuota",
            json!({"spec": {"hard": {"requests.cpu": "1000m", "pods": "10"}}}),
            vec![("spec.hard.pods", json!("20"))],
        ),
        class,
    ]
}

/// Puts a value at a path: `spec.ports[0].port`.
pub(super) fn set(object: &mut Value, path: &str, value: Value) {
    let mut at = object;
    for part in path.split(['.', '[']) {
        at = match part.strip_suffix(']') {
            Some(index) => &mut at[index.parse::<usize>().unwrap()],
            None => &mut at[part],
        };
    }
    *at = value;
}
