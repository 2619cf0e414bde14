//! StatefulSets: numbered pods, one after the other, with their volumes.

use serde_json::{Value, json};

use super::kind::Kind;
use super::pods;
use super::replica_sets::some;
use super::world::{World, leaving};
use crate::local::document::Document;

const REVISION: &str = "controller-revision-hash";

pub(super) async fn play(world: &mut World) {
    for set in world.all(Kind::StatefulSet) {
        if !leaving(&set) {
            one(world, &set).await;
        }
    }
}

async fn one(world: &mut World, set: &Value) {
    let (meta, spec) = (&set["metadata"], &set["spec"]);
    let name = meta.text("name");
    let namespace = meta.text("namespace");
    let wanted = spec.integer("replicas");
    let first = spec["ordinals"].integer("start");
    let revision = format!("{name}-{}", pods::hash(&spec["template"]));
    let parallel = spec.text("podManagementPolicy") == "Parallel";
    let owned = world.owned(Kind::Pod, set);
    // From the last one down: surplus ones, then those of an old template.
    let number = |pod: &Value| {
        let text = pod["metadata"].text("name").rsplit('-').next().unwrap_or_default();
        text.parse::<i64>().unwrap_or(0)
    };
    let mut down = owned.clone();
    down.sort_by_key(|pod| -number(pod));
    let settled = owned.iter().all(|pod| pods::is_ready(pod));
    let surplus = |pod: &Value| number(pod) >= first + wanted;
    let rolling = spec["updateStrategy"].text("type") != "OnDelete";
    let partition = spec["updateStrategy"]["rollingUpdate"].integer("partition");
    let old = |pod: &Value| {
        pod["metadata"]["labels"].text(REVISION) != revision && number(pod) >= partition
    };
    if let Some(pod) = down.iter().find(|pod| surplus(pod)) {
        if !leaving(pod) {
            world.delete(Kind::Pod, pod, false).await;
        }
    } else if rolling
        && let Some(pod) = down.iter().find(|pod| old(pod) || !pods::is_ready(pod))
        && old(pod)
        && !leaving(pod)
        && (i64::try_from(owned.len()) == Ok(wanted) || settled)
    {
        world.delete(Kind::Pod, pod, false).await;
    }
    for number in first..first + wanted {
        let pod_name = format!("{name}-{number}");
        if let Some(pod) = world.get(Kind::Pod, namespace, &pod_name) {
            if !parallel && !pods::is_ready(&pod) {
                break;
            }
            continue;
        }
        let mut volumes = spec["template"]["spec"].list("volumes").to_vec();
        for template in spec.list("volumeClaimTemplates") {
            let volume = template["metadata"].text("name");
            let claim = format!("{volume}-{pod_name}");
            if world.get(Kind::VolumeClaim, namespace, &claim).is_none() {
                let mut made = json!({"metadata": template["metadata"], "spec": template["spec"]});
                made["metadata"].set("name", claim.clone());
                made["metadata"].set("labels", spec["selector"]["matchLabels"].clone());
                let _ = world.create(Kind::VolumeClaim, namespace, made).await;
            }
            volumes.retain(|it| it.text("name") != volume);
            volumes.push(json!({"name": volume, "persistentVolumeClaim": {"claimName": claim}}));
        }
        let made = pods::make(world, Kind::StatefulSet, set, &pod_name, |pod| {
            pod["metadata"].unset("generateName");
            let mut labels = pod["metadata"]["labels"].clone();
            labels.set(REVISION, revision.clone());
            labels.set("statefulset.kubernetes.io/pod-name", pod_name.clone());
            pod["metadata"].set("labels", labels);
            pod["spec"].set("hostname", pod_name.clone());
            pod["spec"].set("subdomain", spec["serviceName"].clone());
            pod["spec"].set("volumes", volumes);
        });
        if made.await.is_err() || !parallel {
            break;
        }
    }
    let own = world.owned(Kind::Pod, set);
    let counts = pods::count(world, &own, spec.integer("minReadySeconds"));
    let updated = own
        .iter()
        .filter(|pod| pods::is_active(pod) && pod["metadata"]["labels"].text(REVISION) == revision)
        .count();
    let updated = i64::try_from(updated).unwrap_or(0);
    let done = updated == wanted && counts.ready == wanted && counts.all == wanted;
    let before = set["status"].text("currentRevision");
    let current = if done || before.is_empty() { revision.as_str() } else { before };
    let kept = if current == revision { updated } else { counts.all - updated };
    let status = json!({
        "observedGeneration": meta["generation"], "replicas": counts.all, "readyReplicas": some(counts.ready),
        "currentReplicas": some(kept), "updatedReplicas": some(updated), "currentRevision": current,
        "updateRevision": revision, "availableReplicas": counts.available,
    });
    world.status(Kind::StatefulSet, set, status).await;
}
