//! Who calls whom in a mesh: whoever a service names is there, in the same mesh, and can be called.

use crate::manifest::environment::Environment;
use crate::manifest::loader::{FoundEnvironment, FoundService};
use crate::manifest::mesh::MeshType;
use crate::manifest::problem::Problem;
use crate::manifest::read::did_you_mean;
use crate::manifest::service::ServiceManifest;

/// A mention of another service.
struct Mention<'a> {
    path: String,
    name: &'a str,
    /// The port that is called there, where one is said or follows.
    port: Option<u16>,
}

/// Looks at all mentions of all services in all environments.
pub(in crate::manifest::check) fn calls(
    environments: &[FoundEnvironment],
    services: &[FoundService],
    problems: &mut Vec<Problem>,
) {
    let names: Vec<&str> = services.iter().map(|found| found.name.as_str()).collect();
    let mut reported: Vec<Problem> = Vec::new();
    for environment in environments.iter().filter_map(|found| found.environment.as_ref()) {
        let resolved = |found: &'_ FoundService| {
            found.resolved.iter().position(|(name, ..)| *name == environment.name)
        };
        for found in services {
            let Some(at) = resolved(found) else { continue };
            let (_, node, manifest) = &found.resolved[at];
            let Some((mesh, _)) = manifest.in_mesh(environment) else { continue };
            for mention in mentions(manifest, mesh.mesh_type) {
                let other = services.iter().find(|other| other.name == mention.name);
                let message = match other {
                    None => Some(nowhere(mention.name, &names)),
                    // Without a manifest that could be read it has problems of its own.
                    Some(other) => resolved(other)
                        .and_then(|at| refused(&mention, &other.resolved[at].2, environment))
                        .map(|(message, help)| (message, help, false)),
                };
                let Some((message, help, mild)) = message else { continue };
                let span = node.place(&mention.path);
                let problem = Problem::error(&found.file.source, span, message).help(help);
                let problem = if mild { problem.warning() } else { problem };
                if !reported.contains(&problem) {
                    reported.push(problem);
                }
            }
        }
    }
    problems.append(&mut reported);
}

fn mentions(manifest: &ServiceManifest, mesh: MeshType) -> Vec<Mention<'_>> {
    let Some(part) = &manifest.mesh else { return Vec::new() };
    let calls = part.calls.iter().enumerate().filter(|(_, call)| !call.is_host());
    let calls = calls.map(|(index, call)| Mention {
        path: format!("mesh.calls.{index}"),
        name: &call.name,
        port: None,
    });
    if mesh == MeshType::ServiceConnect {
        return calls.collect();
    }
    let several = !part.additional_listeners.is_empty();
    let main = manifest.mesh_port(&part.main).filter(|_| several);
    let routes = part.routes.iter().enumerate().flat_map(|(index, route)| {
        // What is no service's name was refused before.
        let names = route.to.keys().filter(|name| !super::is_elsewhere(name));
        names.map(move |name| Mention {
            path: format!("mesh.routes.{index}.to"),
            name,
            port: route.matches.request.port.or(main),
        })
    });
    let gateway = part.gateway.iter().flatten().enumerate().map(|(index, route)| Mention {
        path: format!("mesh.gateway.{index}.to"),
        name: &route.to,
        port: route.port,
    });
    calls.chain(routes).chain(gateway).collect()
}

/// Its manifest may lie in another repository, unless its name is nearly that of one here.
fn nowhere(name: &str, names: &[&str]) -> (String, String, bool) {
    let better = did_you_mean(name, names);
    let mild = better.is_none();
    let help = better.unwrap_or_else(|| format!("deploy `{name}` before this service"));
    (format!("there is no service `{name}` here"), help, mild)
}

/// Why calls cannot go there, and what would help.
fn refused(
    mention: &Mention<'_>,
    other: &ServiceManifest,
    environment: &Environment,
) -> Option<(String, String)> {
    let name = mention.name;
    let Some((mesh, part)) = other.in_mesh(environment) else {
        return Some((
            format!("`{name}` is not in the mesh"),
            format!("remove `mesh: false` from `{name}`, or do not name it here"),
        ));
    };
    let ports: Vec<u16> = match mesh.mesh_type {
        MeshType::ServiceConnect => other.endpoints().iter().map(|one| one.port).collect(),
        MeshType::AppMesh | MeshType::Lattice => {
            part.listeners().filter_map(|(_, one)| other.mesh_port(one)).collect()
        }
    };
    if part.gateway.is_some() && mesh.mesh_type == MeshType::AppMesh {
        return Some((
            format!("`{name}` is a gateway: calls come in through it, and none go there"),
            "name a service behind it".to_owned(),
        ));
    }
    if ports.is_empty() {
        return Some((
            format!("`{name}` has no port in the mesh that could be called"),
            format!("give `{name}` a `port` below `image:`"),
        ));
    }
    let gateway = mention.path.starts_with("mesh.gateway");
    match mention.port {
        Some(port) if (gateway || ports.len() > 1) && !ports.contains(&port) => Some((
            format!("`{name}` has no port {port} in the mesh"),
            format!("name one of its own, or add it to `additional_listeners` of `{name}`"),
        )),
        None if gateway && ports.len() > 1 => Some((
            format!("`{name}` has several ports, and the route does not say which"),
            format!("add `port: {}` beside `to`", ports[0]),
        )),
        _ => None,
    }
}
