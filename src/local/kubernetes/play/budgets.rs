//! Autoscalers and disruption budgets: what they would say where nothing is measured.

use serde_json::{Value, json};

use super::kind::Kind;
use super::pods;
use super::rollout;
use super::world::{World, condition, leaving};
use crate::local::document::Document;

pub(super) async fn play(world: &mut World) {
    for scaler in world.all(Kind::Autoscaler) {
        if !leaving(&scaler) {
            autoscaler(world, &scaler).await;
        }
    }
    for budget in world.all(Kind::DisruptionBudget) {
        if !leaving(&budget) {
            disruptions(world, &budget).await;
        }
    }
}

/// Keeps its target between minimum and maximum. As nothing is measured, there is no other reason to scale.
async fn autoscaler(world: &mut World, scaler: &Value) {
    let (meta, spec) = (&scaler["metadata"], &scaler["spec"]);
    let target = &spec["scaleTargetRef"];
    let kind = Kind::named(target.text("kind"));
    let found = kind.and_then(|kind| {
        Some((kind, world.get(kind, meta.text("namespace"), target.text("name"))?))
    });
    let live = scaler["status"].list("conditions");
    let Some((kind, found)) = found else {
        let message = format!(
            "the HPA controller was unable to get the target's current scale: {} \"{}\" not found",
            target.text("kind"),
            target.text("name")
        );
        let failed = condition(live, "AbleToScale", "False", "FailedGetScale", &message);
        world.status(Kind::Autoscaler, scaler, json!({"conditions": [failed]})).await;
        return;
    };
    let least = spec.get("minReplicas").and_then(Value::as_i64).unwrap_or(1);
    let count = found["spec"].integer("replicas");
    let wanted = count.clamp(least, spec.integer("maxReplicas").max(least));
    // A count of 0 turns autoscaling off.
    if wanted != count && count != 0 {
        let path = format!("{}/scale", world.path_of(kind, &found));
        if world.api.merge(&path, &json!({"spec": {"replicas": wanted}})).await.is_err() {
            world.again();
        }
    }
    let status = json!({
        "observedGeneration": meta["generation"], "currentReplicas": found["status"].integer("replicas"),
        "desiredReplicas": wanted,
        "conditions": [
            condition(live, "AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size"),
            condition(live, "ScalingActive", "True", "ValidMetricFound", "the HPA was able to successfully calculate a replica count"),
            condition(live, "ScalingLimited", "False", "DesiredWithinRange", "the desired count is within the acceptable range"),
        ],
    });
    world.status(Kind::Autoscaler, scaler, status).await;
}

async fn disruptions(world: &mut World, budget: &Value) {
    let spec = &budget["spec"];
    let namespace = budget["metadata"].text("namespace");
    let mut chosen = world.all(Kind::Pod);
    chosen.retain(|pod| {
        pod["metadata"].text("namespace") == namespace
            && pods::is_active(pod)
            && selects(&spec["selector"], &pod["metadata"]["labels"])
    });
    let all = i64::try_from(chosen.len()).unwrap_or(0);
    let healthy =
        i64::try_from(chosen.iter().filter(|pod| pods::is_ready(pod)).count()).unwrap_or(0);
    let wanted = if spec.has("maxUnavailable") {
        (all - rollout::share(&spec["maxUnavailable"], all, true)).max(0)
    } else {
        rollout::share(&spec["minAvailable"], all, true)
    };
    let status = json!({
        "observedGeneration": budget["metadata"]["generation"], "expectedPods": all, "currentHealthy": healthy,
        "desiredHealthy": wanted, "disruptionsAllowed": (healthy - wanted).max(0),
    });
    world.status(Kind::DisruptionBudget, budget, status).await;
}

/// Whether labels fit a selector's `matchLabels`.
fn selects(selector: &Value, labels: &Value) -> bool {
    let wanted = selector["matchLabels"].as_object();
    wanted.into_iter().flatten().all(|(name, value)| labels.get(name) == Some(value))
}
