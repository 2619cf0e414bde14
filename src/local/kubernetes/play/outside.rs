//! What a cloud gives: load balancers' names, and volumes.

use serde_json::{Value, json};

use super::kind::Kind;
use super::pods;
use super::world::{World, leaving, uid};
use crate::local::document::Document;

pub(super) async fn play(world: &mut World) {
    for service in world.all(Kind::Service) {
        let balanced = service["spec"].text("type") == "LoadBalancer";
        if !leaving(&service) && balanced {
            balance(world, Kind::Service, &service, "elb").await;
        } else if !leaving(&service) && service["status"]["loadBalancer"].has("ingress") {
            world.status(Kind::Service, &service, json!({"loadBalancer": {"ingress": null}})).await;
        }
    }
    for ingress in world.all(Kind::Ingress) {
        if !leaving(&ingress) {
            balance(world, Kind::Ingress, &ingress, "elb").await;
        }
    }
    for claim in world.all(Kind::VolumeClaim) {
        if !leaving(&claim) && claim["status"].text("phase") != "Bound" {
            bind(world, &claim).await;
        }
    }
    for volume in world.all(Kind::Volume) {
        let claim = &volume["spec"]["claimRef"];
        let found = world.get(Kind::VolumeClaim, claim.text("namespace"), claim.text("name"));
        let lost = claim.has("uid") && found.is_none_or(|found| uid(&found) != claim.text("uid"));
        let ours = volume["metadata"]["annotations"].text("pv.kubernetes.io/provisioned-by")
            == PROVISIONER;
        if lost && ours && !leaving(&volume) {
            world.delete(Kind::Volume, &volume, false).await;
        }
    }
}

const PROVISIONER: &str = "ebs.csi.aws.com";

/// The name of its load balancer, as AWS would make it.
async fn balance(world: &mut World, kind: Kind, object: &Value, domain: &str) {
    let meta = &object["metadata"];
    let short =
        |text: &str| text.chars().filter(char::is_ascii_alphanumeric).take(8).collect::<String>();
    let hash = pods::letters(uid(object), 10);
    let (namespace, name) = (short(meta.text("namespace")), short(meta.text("name")));
    let host = format!("k8s-{namespace}-{name}-{hash}.local-1.{domain}.amazonaws.com");
    let live = object["status"]["loadBalancer"].list("ingress");
    if live.first().is_none_or(|live| live.text("hostname") != host) {
        world
            .status(kind, object, json!({"loadBalancer": {"ingress": [{"hostname": host}]}}))
            .await;
    }
}

/// Makes the volume that a claim asks for, and binds the two.
async fn bind(world: &mut World, claim: &Value) {
    let (meta, spec) = (&claim["metadata"], &claim["spec"]);
    let name = format!("pvc-{}", uid(claim));
    let size = spec["resources"]["requests"].clone();
    if world.get(Kind::Volume, "", &name).is_none() {
        let volume = json!({
            "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
            "spec": {
                "capacity": size, "accessModes": spec["accessModes"], "volumeMode": spec["volumeMode"],
                "persistentVolumeReclaimPolicy": "Delete", "storageClassName": spec["storageClassName"],
                "csi": {"driver": PROVISIONER, "volumeHandle": format!("vol-{}", pods::letters(&name, 17))},
                "claimRef": {
                    "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": meta["namespace"],
                    "name": meta["name"], "uid": meta["uid"],
                },
            },
        });
        let Ok(made) = world.create(Kind::Volume, "", volume).await else { return };
        world.status(Kind::Volume, &made, json!({"phase": "Bound"})).await;
    }
    if !spec.has("volumeName") {
        let bound = json!({
            "metadata": {"annotations": {"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"}},
            "spec": {"volumeName": name},
        });
        world.merge(Kind::VolumeClaim, claim, bound).await;
    }
    let status = json!({"phase": "Bound", "accessModes": spec["accessModes"], "capacity": size});
    world.status(Kind::VolumeClaim, claim, status).await;
}
