//! What lost its owner goes, and what waits for what it owns is let go.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::kind::Kind;
use super::world::{World, leaving, uid};
use crate::local::document::Document;

pub(super) async fn play(world: &mut World) {
    let all = world.everything();
    let there: HashSet<&str> = all.iter().map(|(_, object)| uid(object)).collect();
    for (kind, object) in &all {
        let owners = object["metadata"].list("ownerReferences");
        let known = |owner: &Value| Kind::named(owner.text("kind")).is_some();
        let lost = !owners.is_empty()
            && owners.iter().all(|owner| known(owner) && !there.contains(owner.text("uid")));
        // A watch may be late: gone is what the API server does not have.
        if lost && !leaving(object) && are_gone(world, object, owners).await {
            world.delete(*kind, object, false).await;
        }
        let finalizers = object["metadata"].texts("finalizers");
        if !leaving(object) || finalizers.is_empty() {
            continue;
        }
        let owned: Vec<_> = all
            .iter()
            .filter(|(_, it)| {
                let mut owners = it["metadata"].list("ownerReferences").iter();
                owners.any(|owner| owner.text("uid") == uid(object))
            })
            .collect();
        let mut done = Vec::new();
        if finalizers.contains(&"foregroundDeletion") {
            for (kind, it) in owned.iter().filter(|(_, it)| !leaving(it)) {
                world.delete(*kind, it, false).await;
            }
            if owned.is_empty() {
                done.push("foregroundDeletion");
            }
        }
        if finalizers.contains(&"orphan") {
            for (kind, it) in &owned {
                let mut kept = it["metadata"].list("ownerReferences").to_vec();
                kept.retain(|owner| owner.text("uid") != uid(object));
                world.merge(*kind, it, json!({"metadata": {"ownerReferences": kept}})).await;
            }
            done.push("orphan");
        }
        let protection = match kind {
            Kind::VolumeClaim if !is_used(world, object) => "kubernetes.io/pvc-protection",
            Kind::Volume => "kubernetes.io/pv-protection",
            _ => "",
        };
        done.push(protection);
        let kept: Vec<&str> = finalizers.iter().filter(|it| !done.contains(*it)).copied().collect();
        if kept.len() < finalizers.len() {
            world.merge(*kind, object, json!({"metadata": {"finalizers": kept}})).await;
        }
    }
}

/// Whether the API server has none of the owners.
async fn are_gone(world: &World, object: &Value, owners: &[Value]) -> bool {
    let namespace = object["metadata"].text("namespace");
    for owner in owners {
        let Some(kind) = Kind::named(owner.text("kind")) else { return false };
        let path = format!("{}/{}", world.kinds.path(kind, namespace), owner.text("name"));
        match world.api.get(&path).await {
            Ok(found) if uid(&found) == owner.text("uid") => return false,
            Err(error) if !error.is_gone() => return false,
            _ => {}
        }
    }
    true
}

/// Whether a pod mounts the claim.
fn is_used(world: &World, claim: &Value) -> bool {
    let meta = &claim["metadata"];
    world.all(Kind::Pod).iter().any(|pod| {
        pod["metadata"].text("namespace") == meta.text("namespace")
            && pod["spec"].list("volumes").iter().any(|volume| {
                volume["persistentVolumeClaim"].text("claimName") == meta.text("name")
            })
    })
}
