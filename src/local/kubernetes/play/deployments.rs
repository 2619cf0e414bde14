//! Deployments: a ReplicaSet for each template, the old ones made smaller as the new one works.

use std::time::Duration;

use serde_json::{Value, json};

use super::events::Event;
use super::kind::Kind;
use super::pods::{self, Counts};
use super::replica_sets::some;
use super::rollout::{self, Side};
use super::world::{Object, World, condition, leaving, reference, stamp};
use crate::local::document::Document;

const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH: &str = "pod-template-hash";

pub(super) async fn play(world: &mut World) {
    for deployment in world.all(Kind::Deployment) {
        if !leaving(&deployment) {
            one(world, &deployment).await;
        }
    }
}

async fn one(world: &mut World, deployment: &Value) {
    let spec = &deployment["spec"];
    let hash = pods::hash(&spec["template"]);
    let mut sets = world.owned(Kind::ReplicaSet, deployment);
    sets.sort_by_key(|set| revision(set));
    let position = sets.iter().position(|set| set["metadata"]["labels"].text(HASH) == hash);
    let current = match position {
        Some(position) => Some(sets.remove(position)),
        None if spec.flag("paused") => None,
        None => {
            make(world, deployment, &hash, sets.last().map_or(0, |set| revision(set)) + 1).await
        }
    };
    let Some(current) = current else { return };
    // A template that comes back gets the next revision.
    let newest = sets.last().map_or(0, |set| revision(set));
    let number = revision(&current).max(newest + 1);
    if number != revision(&current) {
        let patch = json!({"metadata": {"annotations": {REVISION: number.to_string()}}});
        world.merge(Kind::ReplicaSet, &current, patch).await;
    }
    if deployment["metadata"]["annotations"].text(REVISION) != number.to_string() {
        let patch = json!({"metadata": {"annotations": {REVISION: number.to_string()}}});
        world.merge(Kind::Deployment, deployment, patch).await;
    }
    let seconds = spec.integer("minReadySeconds");
    let wanted = spec.integer("replicas");
    let new = of(world, &current, seconds);
    let olds: Vec<(Object, Counts)> =
        sets.iter().map(|set| (set.clone(), of(world, set, seconds))).collect();
    let old = Side {
        wanted: sets.iter().map(|set| set["spec"].integer("replicas")).sum(),
        available: olds.iter().map(|(_, counts)| counts.available).sum(),
    };
    let side = Side { wanted: current["spec"].integer("replicas"), available: new.available };
    if !spec.flag("paused") {
        let (more, fewer) = rollout::next(&spec["strategy"], wanted, side, old);
        // All old pods are gone before new ones come, where they must not meet.
        let gone = olds.iter().all(|(_, counts)| counts.all == 0);
        let more = match spec["strategy"].text("type") {
            "Recreate" if old.wanted == 0 && gone => wanted,
            _ => more,
        };
        scale(world, deployment, &current, more).await;
        let mut surplus = old.wanted - fewer;
        // Those that do not work first, then the oldest.
        let mut order = olds.clone();
        order.sort_by_key(|(_, counts)| counts.available > 0);
        for (set, _) in order {
            let has = set["spec"].integer("replicas");
            let less = surplus.min(has);
            surplus -= less;
            if less > 0 {
                scale(world, deployment, &set, has - less).await;
            }
        }
        clean(world, deployment, &olds).await;
    }
    tell(world, deployment, &current, new, &olds).await;
}

fn revision(set: &Value) -> i64 {
    set["metadata"]["annotations"].text(REVISION).parse().unwrap_or(0)
}

/// How a set's pods fare.
fn of(world: &mut World, set: &Value, seconds: i64) -> Counts {
    let own = world.owned(Kind::Pod, set);
    pods::count(world, &own, seconds)
}

/// The ReplicaSet of the deployment's template.
async fn make(world: &mut World, deployment: &Value, hash: &str, number: i64) -> Option<Object> {
    let (meta, spec) = (&deployment["metadata"], &deployment["spec"]);
    let mut template = spec["template"].clone();
    let mut labels = template["metadata"]["labels"].clone();
    labels.set(HASH, hash);
    template["metadata"].set("labels", labels.clone());
    let mut selector = spec["selector"].clone();
    let mut matched = selector["matchLabels"].clone();
    matched.set(HASH, hash);
    selector.set("matchLabels", matched);
    let mut annotations = json!({
        REVISION: number.to_string(),
        "deployment.kubernetes.io/desired-replicas": spec["replicas"].to_string(),
    });
    for (name, value) in meta["annotations"].as_object().into_iter().flatten() {
        if name != REVISION && name != "kubectl.kubernetes.io/last-applied-configuration" {
            annotations.set(name, value.clone());
        }
    }
    let set = json!({
        "metadata": {
            "name": format!("{}-{hash}", meta.text("name")), "labels": labels, "annotations": annotations,
            "ownerReferences": reference("apps/v1", Kind::Deployment, deployment),
        },
        "spec": {
            "replicas": 0, "minReadySeconds": spec["minReadySeconds"], "selector": selector,
            "template": template,
        },
    });
    world.create(Kind::ReplicaSet, meta.text("namespace"), set).await.ok()
}

async fn scale(world: &mut World, deployment: &Value, set: &Value, count: i64) {
    let has = set["spec"].integer("replicas");
    if has == count {
        return;
    }
    world.merge(Kind::ReplicaSet, set, json!({"spec": {"replicas": count}})).await;
    let way = if has < count { "up" } else { "down" };
    let message = format!("Scaled {way} replica set {} to {count}", set["metadata"].text("name"));
    let event = Event {
        from: "deployment-controller",
        sort: "Normal",
        reason: "ScalingReplicaSet",
        message: &message,
        field: "",
    };
    event.tell(world, Kind::Deployment, deployment);
}

/// Deletes the oldest sets without pods, but for as many as are kept.
async fn clean(world: &mut World, deployment: &Value, olds: &[(Object, Counts)]) {
    let kept = match deployment["spec"].get("revisionHistoryLimit") {
        Some(limit) => limit.as_u64().unwrap_or(10),
        None => 10,
    };
    let empty: Vec<&Object> = olds
        .iter()
        .filter(|(set, counts)| counts.all == 0 && set["spec"].integer("replicas") == 0)
        .map(|(set, _)| set)
        .collect();
    let surplus = empty.len().saturating_sub(usize::try_from(kept).unwrap_or(usize::MAX));
    for set in empty.into_iter().take(surplus) {
        world.delete(Kind::ReplicaSet, set, false).await;
    }
}

/// Writes the deployment's status.
async fn tell(
    world: &mut World,
    deployment: &Value,
    current: &Value,
    new: Counts,
    olds: &[(Object, Counts)],
) {
    let spec = &deployment["spec"];
    let wanted = spec.integer("replicas");
    let sum =
        |of: &dyn Fn(&Counts) -> i64| of(&new) + olds.iter().map(|(_, it)| of(it)).sum::<i64>();
    let (all, ready, available) = (sum(&|it| it.all), sum(&|it| it.ready), sum(&|it| it.available));
    let live = deployment["status"].list("conditions");
    let (_, unavailable) = rollout::limits(&spec["strategy"], wanted);
    let mut conditions = vec![if available >= wanted - unavailable {
        let message = "Deployment has minimum availability.";
        timed(live, "Available", "True", "MinimumReplicasAvailable", message)
    } else {
        let message = "Deployment does not have minimum availability.";
        timed(live, "Available", "False", "MinimumReplicasUnavailable", message)
    }];
    let name = current["metadata"].text("name");
    let complete = new.all == wanted && all == wanted && available == wanted;
    let progress = format!("{name}/{}/{}/{}", new.all, new.available, all);
    let seconds = spec.get("progressDeadlineSeconds").and_then(Value::as_u64).unwrap_or(600);
    let deadline = Duration::from_secs(seconds);
    conditions.push(if complete {
        let message = format!("ReplicaSet \"{name}\" has successfully progressed.");
        timed(live, "Progressing", "True", "NewReplicaSetAvailable", &message)
    } else if world.part_lasts(deployment, "progress", &progress, deadline) {
        let message = format!("ReplicaSet \"{name}\" has timed out progressing.");
        timed(live, "Progressing", "False", "ProgressDeadlineExceeded", &message)
    } else {
        let message = format!("ReplicaSet \"{name}\" is progressing.");
        timed(live, "Progressing", "True", "ReplicaSetUpdated", &message)
    });
    let failure = current["status"].list("conditions").iter();
    conditions.extend(
        failure
            .filter(|it| it.text("type") == "ReplicaFailure")
            .map(|it| timed(live, "ReplicaFailure", "True", it.text("reason"), it.text("message"))),
    );
    let status = json!({
        "observedGeneration": deployment["metadata"]["generation"], "replicas": some(all),
        "updatedReplicas": some(new.all), "readyReplicas": some(ready), "availableReplicas": some(available),
        "unavailableReplicas": some((wanted.max(all) - available).max(0)), "conditions": conditions,
    });
    world.status(Kind::Deployment, deployment, status).await;
}

/// A condition with the time of its last change of any sort.
fn timed(live: &[Value], name: &str, status: &str, reason: &str, message: &str) -> Value {
    let mut now = condition(live, name, status, reason, message);
    let old = live.iter().find(|it| it.text("type") == name);
    let same = old.filter(|it| it.text("reason") == reason && it.text("message") == message);
    let since = same.map_or_else(stamp, |old| old.text("lastUpdateTime").to_owned());
    now.set("lastUpdateTime", since);
    now
}
