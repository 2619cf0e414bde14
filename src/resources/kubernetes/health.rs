//! How an object fares, by what it says of itself.

use serde_json::Value;

use crate::engine::Health;

/// How an object fares when nobody waits for it: once a rollout is over, single pods come and go.
pub(super) fn of(object: &Value) -> Health {
    let health = strict(object);
    let settled = condition(object, "Progressing")
        .is_some_and(|one| one["reason"] == "NewReplicaSetAvailable" && one["status"] == "True");
    match health {
        Health::Pending(_)
            if settled
                && seen(object)
                && !is_deleting(object)
                && number(object, "/status/availableReplicas") > 0 =>
        {
            Health::Ready
        }
        other => other,
    }
}

/// How an object fares on its way.
pub(super) fn strict(object: &Value) -> Health {
    if is_deleting(object) {
        return Health::Pending(terminating(object));
    }
    match object["kind"].as_str().unwrap_or_default() {
        "Deployment" => deployment(object),
        "StatefulSet" => stateful_set(object),
        "DaemonSet" => daemon_set(object),
        "Job" => job(object),
        "Service" => balanced(object, object["spec"]["type"] == "LoadBalancer"),
        "Ingress" => balanced(object, !object["spec"]["ingressClassName"].is_null()),
        "PersistentVolumeClaim" if object["status"]["phase"] == "Lost" => {
            Health::Failed("its volume is lost".to_owned())
        }
        "CustomResourceDefinition" => definition(object),
        _ => match object["apiVersion"].as_str().unwrap_or_default().split('/').next() {
            Some("gateway.networking.k8s.io" | "application-networking.k8s.aws") => {
                accepted(object)
            }
            Some("appmesh.k8s.aws") => active(object),
            _ => Health::Ready,
        },
    }
}

/// Objects of the Gateway API and their policies: whoever acts on them says whether it takes them. A class is there for
/// itself.
fn accepted(object: &Value) -> Health {
    let kind = object["kind"].as_str().unwrap_or_default();
    if matches!(kind, "GatewayClass" | "ReferenceGrant" | "ServiceExport" | "ServiceImport") {
        return Health::Ready;
    }
    let generation = number(object, "/metadata/generation");
    let said = |status: &Value| -> Option<Health> {
        let conditions = status["conditions"].as_array()?;
        let judged = ["Accepted", "ResolvedRefs", "Programmed"];
        let mut seen = false;
        for one in conditions.iter().filter(|one| judged.iter().any(|name| one["type"] == *name)) {
            if one["observedGeneration"].as_i64().is_some_and(|at| at < generation) {
                return Some(unseen());
            }
            seen |= one["type"] == "Accepted";
            if one["status"] != "True" {
                let word = |field: &str| one[field].as_str().unwrap_or_default();
                let reason = word("reason");
                return Some(Health::Pending(format!("{reason}: {}", word("message"))));
            }
        }
        seen.then_some(Health::Ready)
    };
    let parents = object["status"]["parents"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut all = parents.iter().map(said).chain([said(&object["status"])]).flatten();
    let first = all.next();
    let verdict = first.into_iter().chain(all).reduce(|one, other| match one {
        Health::Ready => other,
        worse => worse,
    });
    let of_lattice = parents.iter().any(|one| {
        one["controllerName"] == "application-networking.k8s.aws/gateway-api-controller"
    });
    let named = &object["metadata"]["annotations"]["application-networking.k8s.aws/lattice-assigned-domain-name"];
    match verdict {
        None => Health::Pending("its controller has not accepted it yet".to_owned()),
        Some(Health::Ready) if of_lattice && named.is_null() => {
            Health::Pending("VPC Lattice has given it no host name yet".to_owned())
        }
        Some(health) => health,
    }
}

/// Objects of App Mesh: `VirtualNodeActive` and the like.
fn active(object: &Value) -> Health {
    let name = format!("{}Active", object["kind"].as_str().unwrap_or_default());
    match condition(object, &name) {
        Some(one) if one["status"] == "True" => match seen(object) {
            true => Health::Ready,
            false => unseen(),
        },
        Some(one) => {
            let word = |field: &str| one[field].as_str().unwrap_or_default();
            Health::Pending(format!("{}: {}", word("reason"), word("message")))
        }
        None => Health::Pending("its controller has not made it in App Mesh yet".to_owned()),
    }
}

fn is_deleting(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

/// What an object that is being deleted waits for.
pub(super) fn terminating(object: &Value) -> String {
    let mut finalizers: Vec<&str> = texts(&object["metadata"]["finalizers"]);
    if object["kind"] == "Namespace" {
        finalizers.extend(
            texts(&object["spec"]["finalizers"]).iter().filter(|one| **one != "kubernetes"),
        );
        let says = [
            "NamespaceFinalizersRemaining",
            "NamespaceContentRemaining",
            "NamespaceDeletionDiscoveryFailure",
        ];
        let told = says.iter().filter_map(|name| {
            let one = condition(object, name)?;
            (one["status"] == "True").then(|| one["message"].as_str().unwrap_or_default())
        });
        let told: Vec<&str> = told.collect();
        if !told.is_empty() {
            return format!("terminating: {}", told.join("; "));
        }
    }
    match finalizers.as_slice() {
        [] => "terminating".to_owned(),
        [one] => format!("terminating: waits for the finalizer `{one}`"),
        many => format!("terminating: waits for the finalizers `{}`", many.join("`, `")),
    }
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// One condition of an object's status.
pub(super) fn condition<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let conditions = object["status"]["conditions"].as_array()?;
    conditions.iter().find(|one| one["type"] == name)
}

pub(super) fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

/// Whether the controller has seen what was applied last.
fn seen(object: &Value) -> bool {
    number(object, "/status/observedGeneration") >= number(object, "/metadata/generation")
}

fn unseen() -> Health {
    Health::Pending("its controller has not seen the change yet".to_owned())
}

fn pods(ready: i64, wanted: i64) -> Health {
    Health::Pending(format!(
        "{ready} of {wanted} {} ready",
        if wanted == 1 { "pod" } else { "pods" }
    ))
}

fn wanted_replicas(object: &Value) -> i64 {
    object.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1)
}

fn deployment(object: &Value) -> Health {
    if object["spec"]["paused"] == true {
        return Health::Ready;
    }
    if !seen(object) {
        return unseen();
    }
    if let Some(one) = condition(object, "Progressing")
        && one["reason"] == "ProgressDeadlineExceeded"
    {
        let seconds = object.pointer("/spec/progressDeadlineSeconds").and_then(Value::as_i64);
        return Health::Failed(format!(
            "its rollout made no progress for {} s",
            seconds.unwrap_or(600)
        ));
    }
    let wanted = wanted_replicas(object);
    let (total, updated, available) = (
        number(object, "/status/replicas"),
        number(object, "/status/updatedReplicas"),
        number(object, "/status/availableReplicas"),
    );
    if updated < wanted {
        return pods(available.min(updated), wanted);
    }
    if total > updated {
        let old = total - updated;
        let word = if old == 1 { "old pod is" } else { "old pods are" };
        return Health::Pending(format!("{old} {word} still there"));
    }
    if available < updated { pods(available, wanted) } else { Health::Ready }
}

fn stateful_set(object: &Value) -> Health {
    if !seen(object) {
        return unseen();
    }
    let wanted = wanted_replicas(object);
    let ready = number(object, "/status/readyReplicas");
    if ready < wanted {
        return pods(ready, wanted);
    }
    if object["spec"]["updateStrategy"]["type"] == "OnDelete" {
        return Health::Ready;
    }
    let partition = number(object, "/spec/updateStrategy/rollingUpdate/partition");
    let (current, update) =
        (&object["status"]["currentRevision"], &object["status"]["updateRevision"]);
    let updated = number(object, "/status/updatedReplicas");
    let due = (wanted - partition).max(0);
    if current == update || updated >= due { Health::Ready } else { pods(updated, due) }
}

fn daemon_set(object: &Value) -> Health {
    if !seen(object) {
        return unseen();
    }
    let wanted = number(object, "/status/desiredNumberScheduled");
    let updated = number(object, "/status/updatedNumberScheduled");
    let available = number(object, "/status/numberAvailable");
    if object["spec"]["updateStrategy"]["type"] != "OnDelete" && updated < wanted {
        return pods(updated.min(available), wanted);
    }
    if available < wanted { pods(available, wanted) } else { Health::Ready }
}

fn job(object: &Value) -> Health {
    let is = |name: &str| condition(object, name).filter(|one| one["status"] == "True");
    if is("Complete").is_some() || object["spec"]["suspend"] == true {
        return Health::Ready;
    }
    if let Some(one) = is("Failed") {
        let message = one["message"].as_str().unwrap_or("it failed");
        return Health::Failed(message.to_owned());
    }
    let wanted = object.pointer("/spec/completions").and_then(Value::as_i64).unwrap_or(1);
    let done = number(object, "/status/succeeded");
    let failed = match number(object, "/status/failed") {
        0 => String::new(),
        1 => ", 1 try failed".to_owned(),
        many => format!(", {many} tries failed"),
    };
    Health::Pending(format!("{done} of {wanted} done{failed}"))
}

fn balanced(object: &Value, waits: bool) -> Health {
    let points = object.pointer("/status/loadBalancer/ingress").and_then(Value::as_array);
    if waits && points.is_none_or(Vec::is_empty) {
        return Health::Pending("its load balancer is being made".to_owned());
    }
    Health::Ready
}

fn definition(object: &Value) -> Health {
    if let Some(one) = condition(object, "NamesAccepted")
        && one["status"] == "False"
    {
        let message = one["message"].as_str().unwrap_or("its names are taken");
        return Health::Failed(message.to_owned());
    }
    match condition(object, "Established") {
        Some(one) if one["status"] == "True" => Health::Ready,
        _ => Health::Pending("its kind is not served yet".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(status: &Value) -> Value {
        json!({"kind": "Deployment", "metadata": {"generation": 2}, "spec": {"replicas": 3}, "status": status})
    }

    #[test]
    fn what_controllers_act_on_waits_for_them() {
        let route = |status: &Value, named: bool| {
            let annotations = match named {
                true => {
                    json!({"application-networking.k8s.aws/lattice-assigned-domain-name": "a.on.aws"})
                }
                false => json!({}),
            };
            strict(&json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
                "metadata": {"generation": 2, "annotations": annotations}, "status": status}))
        };
        let parent = |status: &str, seen: i64| {
            json!({"parents": [{
                "controllerName": "application-networking.k8s.aws/gateway-api-controller",
                "conditions": [{"type": "Accepted", "status": status, "observedGeneration": seen,
                    "reason": "NoMatchingParent", "message": "no gateway"}],
            }]})
        };
        let pending = |text: &str| Health::Pending(text.to_owned());
        assert_eq!(route(&json!({}), false), pending("its controller has not accepted it yet"));
        assert_eq!(
            route(&parent("True", 1), true),
            pending("its controller has not seen the change yet")
        );
        assert_eq!(route(&parent("False", 2), true), pending("NoMatchingParent: no gateway"));
        assert_eq!(
            route(&parent("True", 2), false),
            pending("VPC Lattice has given it no host name yet")
        );
        assert_eq!(route(&parent("True", 2), true), Health::Ready);
        let node = |status: &Value| {
            strict(
                &json!({"apiVersion": "appmesh.k8s.aws/v1beta2", "kind": "VirtualNode", "metadata": {"generation": 1}, "status": status}),
            )
        };
        assert_eq!(node(&json!({})), pending("its controller has not made it in App Mesh yet"));
        let active = json!({"observedGeneration": 1, "conditions": [{"type": "VirtualNodeActive", "status": "True"}]});
        assert_eq!(node(&active), Health::Ready);
    }

    #[test]
    fn a_rollout_goes_step_by_step() {
        let health = |status| strict(&deployment(&status));
        assert_eq!(health(json!({"observedGeneration": 1})), unseen());
        assert_eq!(
            health(
                json!({"observedGeneration": 2, "replicas": 4, "updatedReplicas": 1, "availableReplicas": 3})
            ),
            Health::Pending("1 of 3 pods ready".to_owned())
        );
        assert_eq!(
            health(
                json!({"observedGeneration": 2, "replicas": 4, "updatedReplicas": 3, "availableReplicas": 3})
            ),
            Health::Pending("1 old pod is still there".to_owned())
        );
        let done = json!({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3});
        assert_eq!(health(done), Health::Ready);
    }

    #[test]
    fn what_goes_says_what_it_waits_for() {
        let object = json!({"kind": "Service", "metadata": {
            "deletionTimestamp": "2026-11-21T20:00:00Z", "finalizers": ["service.k8s.aws/resources"]}});
        assert_eq!(
            strict(&object),
            Health::Pending(
                "terminating: waits for the finalizer `service.k8s.aws/resources`".to_owned()
            )
        );
    }
}
