//! The controllers of VPC Lattice and App Mesh, as far as objects show them: each is taken as it is. Nothing comes of it in AWS.

use serde_json::{Value, json};

use super::kind::Kind;
use super::pods;
use super::world::{World, condition, leaving, uid};
use crate::local::document::Document;

/// By this annotation routes say the name that Lattice has given them.
const HOST: &str = "application-networking.k8s.aws/lattice-assigned-domain-name";
/// Who acts on routes of Gateways of the class of Lattice.
const CONTROLLER: &str = "application-networking.k8s.aws/gateway-api-controller";

pub(super) async fn play(world: &mut World) {
    for gateway in world.all(Kind::Gateway) {
        says(world, Kind::Gateway, &gateway, &["Accepted", "Programmed"]).await;
    }
    for kind in [Kind::TargetGroupPolicy, Kind::AuthPolicy] {
        for policy in world.all(kind) {
            says(world, kind, &policy, &["Accepted"]).await;
        }
    }
    for route in world.all(Kind::HttpRoute) {
        if !leaving(&route) {
            routed(world, &route).await;
        }
    }
    for kind in [
        Kind::Mesh,
        Kind::VirtualNode,
        Kind::VirtualService,
        Kind::VirtualRouter,
        Kind::VirtualGateway,
        Kind::GatewayRoute,
    ] {
        let active = format!("{}Active", kind.name());
        for object in world.all(kind) {
            says(world, kind, &object, &[&active]).await;
        }
    }
}

/// Conditions that are met, of the object as it is now.
async fn says(world: &mut World, kind: Kind, object: &Value, names: &[&str]) {
    if leaving(object) {
        return;
    }
    let generation = object["metadata"].integer("generation");
    let conditions = met(&object["status"], names, generation);
    let status = json!({ "conditions": conditions, "observedGeneration": generation });
    world.status(kind, object, status).await;
}

fn met(status: &Value, names: &[&str], generation: i64) -> Vec<Value> {
    let one = |name: &&str| {
        let mut met = condition(status.list("conditions"), name, "True", name, "");
        met["observedGeneration"] = generation.into();
        met
    };
    names.iter().map(one).collect()
}

/// A route gets a name first, and is then taken by the Gateways of Lattice that it names and that are there.
async fn routed(world: &mut World, route: &Value) {
    let meta = &route["metadata"];
    let mut parents = Vec::new();
    for parent in route["spec"].list("parentRefs") {
        let gateway = world.get(Kind::Gateway, meta.text("namespace"), parent.text("name"));
        let ours =
            gateway.is_some_and(|it| it["spec"].text("gatewayClassName") == "amazon-vpc-lattice");
        if !ours {
            continue;
        }
        let live = route["status"].list("parents");
        let nothing = Value::Null;
        let live = live.iter().find(|it| it["parentRef"] == *parent).unwrap_or(&nothing);
        let generation = meta.integer("generation");
        parents.push(json!({
            "parentRef": parent,
            "controllerName": CONTROLLER,
            "conditions": met(live, &["Accepted", "ResolvedRefs"], generation),
        }));
    }
    if parents.is_empty() {
        return;
    }
    if !meta["annotations"].has(HOST) {
        let (name, namespace) = (meta.text("name"), meta.text("namespace"));
        let hash = pods::letters(uid(route), 17);
        let host = format!("{name}-{namespace}-{hash}.7d67968.vpc-lattice-svcs.local-1.on.aws");
        world
            .merge(Kind::HttpRoute, route, json!({"metadata": {"annotations": {HOST: host}}}))
            .await;
    }
    world.status(Kind::HttpRoute, route, json!({ "parents": parents })).await;
}
