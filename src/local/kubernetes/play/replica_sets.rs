//! ReplicaSets: as many pods as they say.

use serde_json::{Value, json};

use super::kind::Kind;
use super::pods;
use super::world::{World, leaving, uid};
use crate::local::document::Document;

pub(super) async fn play(world: &mut World) {
    for set in world.all(Kind::ReplicaSet) {
        if leaving(&set) {
            continue;
        }
        let wanted = set["spec"].integer("replicas");
        let mut own = world.owned(Kind::Pod, &set);
        // A pod that is over, as no room was left for it, is replaced.
        own.retain(|pod| pods::is_active(pod));
        let there = i64::try_from(own.len()).unwrap_or(0);
        let mut refused = None;
        for number in there..wanted {
            let name = free_name(world, &set, number);
            if let Err(why) = pods::make(world, Kind::ReplicaSet, &set, &name, |_| {}).await {
                refused = Some(why);
                break;
            }
        }
        if there > wanted {
            pods::remove(world, own, there - wanted).await;
        }
        let own = world.owned(Kind::Pod, &set);
        let counts = pods::count(world, &own, set["spec"].integer("minReadySeconds"));
        let live = set["status"].list("conditions");
        let conditions: Vec<Value> = pods::failure(live, refused.as_deref()).into_iter().collect();
        let status = json!({
            "observedGeneration": set["metadata"]["generation"], "replicas": counts.all,
            "fullyLabeledReplicas": some(counts.all), "readyReplicas": some(counts.ready),
            "availableReplicas": some(counts.available),
            "conditions": if conditions.is_empty() { Value::Null } else { json!(conditions) },
        });
        world.status(Kind::ReplicaSet, &set, status).await;
    }
}

/// Counts of nothing are left out of statuses.
pub(super) fn some(count: i64) -> Value {
    if count == 0 { Value::Null } else { json!(count) }
}

/// The name of a set's next pod.
fn free_name(world: &World, set: &Value, number: i64) -> String {
    let meta = &set["metadata"];
    // No pod has the name of one that is gone.
    let version = meta.text("resourceVersion");
    (0..)
        .map(|again| {
            let letters = pods::letters(&format!("{}/{version}/{number}/{again}", uid(set)), 5);
            format!("{}-{letters}", meta.text("name"))
        })
        .find(|name| world.get(Kind::Pod, meta.text("namespace"), name).is_none())
        .unwrap_or_default()
}
