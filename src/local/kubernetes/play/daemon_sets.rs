//! DaemonSets: a pod on each node.

use serde_json::json;

use super::kind::Kind;
use super::pods;
use super::scheduler;
use super::world::{World, leaving};
use crate::local::document::Document;

const REVISION: &str = "controller-revision-hash";

pub(super) async fn play(world: &mut World) {
    for set in world.all(Kind::DaemonSet) {
        if leaving(&set) {
            continue;
        }
        let hash = pods::hash(&set["spec"]["template"]);
        let nodes = scheduler::all();
        // One that is leaving still stands in the way on its node.
        let own = world.owned(Kind::Pod, &set);
        let rolling = set["spec"]["updateStrategy"].text("type") != "OnDelete";
        let old = own.iter().find(|pod| pod["metadata"]["labels"].text(REVISION) != hash);
        if let Some(old) = old.filter(|old| rolling && !leaving(old))
            && own.iter().all(|pod| pods::is_active(pod))
            && own.len() == nodes.len()
        {
            world.delete(Kind::Pod, old, false).await;
        }
        for node in &nodes {
            if own
                .iter()
                .any(|pod| pod["metadata"]["annotations"].text("shipit.local/node") == node)
            {
                continue;
            }
            let meta = &set["metadata"];
            let letters = pods::letters(&format!("{}{hash}{node}", meta.text("uid")), 5);
            let name = format!("{}-{letters}", meta.text("name"));
            let made = pods::make(world, Kind::DaemonSet, &set, &name, |pod| {
                let mut labels = pod["metadata"]["labels"].clone();
                labels.set(REVISION, hash.clone());
                pod["metadata"].set("labels", labels);
                let mut annotations = pod["metadata"]["annotations"].clone();
                annotations.set("shipit.local/node", node.clone());
                pod["metadata"].set("annotations", annotations);
                pod["spec"].set("nodeName", node.clone());
            });
            if made.await.is_err() {
                break;
            }
        }
        let own = world.owned(Kind::Pod, &set);
        let counts = pods::count(world, &own, set["spec"].integer("minReadySeconds"));
        let updated = own
            .iter()
            .filter(|pod| pods::is_active(pod) && pod["metadata"]["labels"].text(REVISION) == hash);
        let all = i64::try_from(nodes.len()).unwrap_or(0);
        let status = json!({
            "observedGeneration": set["metadata"]["generation"], "currentNumberScheduled": counts.all,
            "desiredNumberScheduled": all, "numberMisscheduled": 0, "numberReady": counts.ready,
            "updatedNumberScheduled": super::replica_sets::some(i64::try_from(updated.count()).unwrap_or(0)),
            "numberAvailable": super::replica_sets::some(counts.available),
            "numberUnavailable": super::replica_sets::some(all - counts.available),
        });
        world.status(Kind::DaemonSet, &set, status).await;
    }
}
