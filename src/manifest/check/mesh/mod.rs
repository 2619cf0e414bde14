//! Meshes: what an environment and its services say of one, and what its kind can do of that.
//!
//! Here is what holds for every mesh; a file for each kind refuses what that kind cannot do, by name and with the
//! reason. What Service Connect cannot do is in `check::connect`, beside its own keys.

mod app_mesh;
mod calls;
mod lattice;

use std::collections::BTreeSet;

use super::{Explain, Findings};
use crate::manifest::environment::Environment;
use crate::manifest::mesh::{MeshType, Route, ServiceMesh};
use crate::manifest::service::{ServiceManifest, ServiceType};

pub(super) use calls::calls;

/// What an environment says of its mesh.
pub(super) fn environment(environment: &Environment, findings: &mut Findings<'_>) {
    let Some(mesh) = &environment.mesh else { return };
    if mesh.mesh_type != MeshType::Lattice {
        let only = [("auth", mesh.auth.is_some()), ("access_logs", mesh.access_logs.is_some())];
        for (key, _) in only.into_iter().filter(|(_, written)| *written) {
            findings
                .error(&format!("mesh.{key}"), format!("`{key}` is for VPC Lattice alone"))
                .advise("remove it, or write `type: lattice`");
        }
    }
    match mesh.mesh_type {
        MeshType::AppMesh => app_mesh::environment(environment, mesh, findings),
        MeshType::Lattice => lattice::environment(mesh, findings),
        MeshType::ServiceConnect => {}
    }
}

/// A service's part.
pub(super) fn service(
    service: &ServiceManifest,
    environment: Option<&Environment>,
    findings: &mut Findings<'_>,
) {
    let written = findings.node.get("mesh").is_some_and(|entry| !entry.node.is_null());
    if written && service.service_type == ServiceType::ScheduledJob && service.mesh.is_some() {
        findings
            .error_of_key("mesh", "a Scheduled Job takes no part in a mesh: nobody calls it, and a run would wait for its proxy to end")
            .advise("remove `mesh`");
        return;
    }
    let Some(environment) = environment else { return };
    if written && environment.mesh.is_none() && service.mesh.is_some() {
        let name = &environment.name;
        let kind =
            if environment.cluster.kubernetes.is_some() { "lattice" } else { "service-connect" };
        findings.error_of_key("mesh", format!("environment `{name}` has no mesh")).advise(format!(
            "write `mesh: {kind}` in environments/{name}.yml, or remove `mesh` here"
        ));
        return;
    }
    let Some((mesh, part)) = service.in_mesh(environment) else { return };
    if let Some(place) = part.calls.iter().position(|call| call.name == service.name) {
        findings
            .error(&format!("mesh.calls.{place}"), "the service calls itself")
            .advise("remove its name: within a task nothing passes the mesh");
    }
    if mesh.mesh_type == MeshType::ServiceConnect {
        return;
    }
    routes(service, part, findings);
    match mesh.mesh_type {
        MeshType::AppMesh => app_mesh::service(service, mesh, part, environment, findings),
        MeshType::Lattice => lattice::service(service, part, environment, findings),
        MeshType::ServiceConnect => {}
    }
}

/// Shares and names of routes.
fn routes(service: &ServiceManifest, part: &ServiceMesh, findings: &mut Findings<'_>) {
    if !part.routes.is_empty() && part.listeners().all(|(_, one)| service.mesh_port(one).is_none())
    {
        findings
            .error_of_key("mesh.routes", "nobody can call the service, as it has no port")
            .advise("add `port` below `image:`, or remove `routes`");
    }
    let mut names = BTreeSet::new();
    let mut priorities = BTreeSet::new();
    for (index, route) in part.routes.iter().enumerate() {
        let path = format!("mesh.routes.{index}");
        shares(route, &path, findings);
        let name = route.name.clone().unwrap_or_else(|| (index + 1).to_string());
        if !names.insert(name) {
            findings
                .error(&format!("{path}.name"), "another route has this name")
                .advise("give each route a name of its own");
        }
        if route.priority.is_some_and(|priority| !priorities.insert(priority)) {
            findings
                .error(&format!("{path}.priority"), "another route has this priority")
                .advise("give each route a priority of its own, or none");
        }
    }
}

fn shares(route: &Route, path: &str, findings: &mut Findings<'_>) {
    let path = format!("{path}.to");
    if let Some(name) = route.to.keys().find(|name| is_elsewhere(name)) {
        findings
            .error(&path, format!("a route leads to services of its own mesh, and `{name}` is none"))
            .explain("names of services of this application", "write the service's name alone: a mesh is of one environment, and routes do not leave it");
    }
    let sum: u32 = route.to.values().sum();
    if sum == 0 {
        findings
            .error(&path, "the shares of a route sum to zero, so that nobody gets its calls")
            .advise("give at least one service a share");
    } else if sum > 100 {
        findings
            .error(&path, format!("the shares of a route sum to {sum}"))
            .explain("percent, at most 100 together", "make them smaller");
    }
    if route.to.len() > 10 {
        findings
            .error(&path, format!("a route leads to {} services", route.to.len()))
            .explain("at most 10", "split the calls by several routes");
    }
}

/// What cannot be a service's name: an ARN, a name in another namespace, `MESH/NODE`.
fn is_elsewhere(name: &str) -> bool {
    name.contains(['.', '/', ':'])
}
