//! Objects that users write themselves, beside a service's manifest: applied as they are, in the application's namespace.

use serde_json::Value;

use super::service::object;
use crate::engine::{Desired, Failure, Handle, Node};
use crate::manifest::{OwnObject, Problem, Problems, ServiceManifest};
use crate::planner::{Context, Error, owner};
use crate::resources::eks::Cluster;

/// Plans the own objects of these services.
///
/// # Errors
/// One is planned already: as a problem of its file.
pub(in crate::planner) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    services: &[ServiceManifest],
) -> Result<(), Error> {
    let mut problems = Vec::new();
    for service in services {
        for own in context.workspace.objects_in(&service.name, context.environment) {
            match desired.nodes.values().find(|node| same(node, own)) {
                Some(node) => problems.push(twice(node, own)),
                None => add(desired, service, own)?,
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Problems::new(problems).into()) }
}

fn add(desired: &mut Desired, service: &ServiceManifest, own: &OwnObject) -> Result<(), Failure> {
    let mut whole = own.object.clone();
    if let Some(metadata) = whole.get_mut("metadata").and_then(Value::as_object_mut)
        && own.namespaced
    {
        metadata.insert("namespace".to_owned(), object::namespace());
    }
    let cluster = Handle::<Cluster>::new("main").name().when_ready();
    let name = format!("{}/{}", service.name, own.name);
    object::add(desired, &cluster, &owner(service), &name, whole).map(drop)
}

fn same(node: &Node, own: &OwnObject) -> bool {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let object = &node.spec["object"];
    node.address.kind().starts_with("kubernetes/")
        && own.is(
            &text(&object["apiVersion"]),
            &text(&object["kind"]),
            &text(&object["metadata"]["name"]),
        )
}

fn twice(node: &Node, own: &OwnObject) -> Problem {
    let message =
        format!("{} `{}` is in the plan already, as {}", own.kind, own.name, node.address);
    Problem::error(&own.source, own.span, message).help(
        "give it another name; `patches` in the service's manifest change what shipit makes of it",
    )
}
