//! What the controllers of VPC Lattice and App Mesh cannot do in a cluster of what their APIs can: refused by name, with the reason.

use super::super::{Explain, Findings};
use crate::manifest::environment::Environment;
use crate::manifest::mesh::{MeshProtocol, MeshType, ServiceMesh};
use crate::manifest::service::ServiceManifest;

/// An environment's mesh.
pub(super) fn environment(environment: &Environment, findings: &mut Findings<'_>) {
    let kind = environment.mesh.as_ref().map(|mesh| mesh.mesh_type);
    if kind == Some(MeshType::ServiceConnect) {
        findings
            .error_of_key("mesh", "Service Connect is a part of ECS, and this cluster is EKS")
            .advise(
                "write `mesh: lattice`, or remove it: services reach each other at SERVICE:PORT",
            );
    }
}

/// A service's part.
pub(super) fn service(
    service: &ServiceManifest,
    environment: &Environment,
    findings: &mut Findings<'_>,
) {
    if let Some(part) = service.in_lattice(environment) {
        lattice(part, findings);
    }
    let Some((_, part)) = service.in_mesh(environment) else { return };
    let called = part.listeners().any(|(_, one)| service.mesh_port(one).is_some());
    if service.discovery.enabled == Some(false) && called {
        findings
            .error_of_key(
                "discovery",
                "the mesh finds pods by their Service, and `discovery` is off",
            )
            .advise("remove the line `discovery: false`, or write `mesh: false`");
    }
}

fn lattice(part: &ServiceMesh, findings: &mut Findings<'_>) {
    if part.main.protocol == MeshProtocol::Grpc {
        findings
            .error("mesh.protocol", "AWS's Gateway API Controller takes gRPC by HTTPS alone, and callers of VPC Lattice speak plain HTTP here")
            .advise("write `mesh: false`, and call the service by its name in the cluster");
    }
    if part.main.timeout.idle.is_some() {
        findings
            .error("mesh.timeout.idle", "AWS's Gateway API Controller makes the service of VPC Lattice, and leaves its idle timeout at one minute")
            .advise("remove it, or write it below `environments.NAME` of an environment on ECS");
    }
    for (index, route) in part.routes.iter().enumerate() {
        let path = format!("mesh.routes.{index}");
        if route.priority.is_some() {
            findings
                .error(
                    &format!("{path}.priority"),
                    "routes of Kubernetes' Gateway API have no priorities: the more specific match goes first",
                )
                .advise("remove it, or write it below `environments.NAME` of an environment on ECS");
        }
        let headers = route.matches.request.headers.iter();
        for (name, _) in headers.filter(|(_, value)| value.exact.is_none()) {
            findings
                .error(
                    &format!("{path}.match.headers.{name}"),
                    "AWS's Gateway API Controller looks for a header's whole value",
                )
                .advise("write the value");
        }
    }
}
