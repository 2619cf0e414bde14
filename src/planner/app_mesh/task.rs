//! Envoy in a task definition: beside a service's containers, or as the only one of a gateway.

use std::collections::BTreeMap;

use super::Role;
use crate::engine::Input;
use crate::manifest::ServiceManifest;
use crate::manifest::mesh::ServiceMesh;
use crate::manifest::service::{COLLECTOR, LOG_ROUTER};
use crate::planner::Context;
use crate::planner::task::integer;
use crate::resources::ecs::task_definition::Proxy;
use crate::resources::ecs::task_definition::container::{Container, HealthCheck};

/// The proxy's container.
pub(in crate::planner) const ENVOY: &str = "envoy";
/// AWS's own image.
const IMAGE: &str = "public.ecr.aws/appmesh/aws-appmesh-envoy:v1.29.5.0-prod";
/// The user that Envoy runs as: what it sends itself is not sent through it again.
const USER: &str = "1337";
/// What is redirected to Envoy goes to these of its ports: calls of others, and calls to others.
const INGRESS: &str = "15000";
const EGRESS: &str = "15001";
/// ECS and EC2 give credentials and metadata there.
const METADATA: [&str; 2] = ["169.254.170.2", "169.254.169.254"];

/// The managed policy that lets Envoy ask for what it should do.
pub(in crate::planner) fn envoy_policy(context: &Context<'_>) -> String {
    format!("arn:{}:iam::aws:policy/AWSAppMeshEnvoyAccess", context.partition)
}

/// Puts Envoy into a task; `plain` is a container with nothing but its log. Returns how calls are redirected to it.
pub(in crate::planner) fn into_task(
    service: &ServiceManifest,
    part: &ServiceMesh,
    role: &Role,
    containers: &mut BTreeMap<String, Container>,
    plain: Container,
) -> Option<Proxy> {
    match role {
        Role::Gateway(arn) => {
            let main = containers.get_mut(&service.name)?;
            let environment = environment(service, part, arn);
            // What the manifest says of the container itself goes first.
            for (name, value) in environment {
                main.environment.entry(name).or_insert(value);
            }
            main.user.get_or_insert_with(|| USER.to_owned());
            main.health_check.get_or_insert_with(health_check);
            None
        }
        Role::Node(arn) => {
            let apps = containers.iter_mut().filter(|(name, _)| {
                // Envoy logs and traces by itself, so that these must not wait for it.
                ![LOG_ROUTER, COLLECTOR].contains(&name.as_str())
            });
            for (_, container) in apps {
                container.depends_on.insert(ENVOY.to_owned(), "HEALTHY".to_owned());
            }
            let envoy = Container {
                image: part.envoy.image.clone().unwrap_or_else(|| IMAGE.to_owned()).into(),
                cpu: part.envoy.cpu.map_or(0, integer),
                memory: part.envoy.memory.map(integer),
                essential: true,
                user: Some(USER.to_owned()),
                environment: environment(service, part, arn),
                health_check: Some(health_check()),
                ..plain
            };
            containers.insert(ENVOY.to_owned(), envoy);
            Some(proxy(service, part))
        }
    }
}

fn environment(
    service: &ServiceManifest,
    part: &ServiceMesh,
    arn: &Input<String>,
) -> BTreeMap<String, Input<String>> {
    let written = part.envoy.variables.iter();
    let written = written.map(|(name, value)| (name.clone(), Input::Known(value.clone())));
    let level = part.envoy.log_level.map(|level| ("ENVOY_LOG_LEVEL", level.to_string()));
    let traced = service.observability.tracing.is_some();
    let traced = traced.then(|| ("ENABLE_ENVOY_XRAY_TRACING", "1".to_owned()));
    let own = level.into_iter().chain(traced);
    let own = own.map(|(name, value)| (name.to_owned(), Input::Known(value)));
    let mut environment: BTreeMap<_, _> = own.chain(written).collect();
    environment.insert("APPMESH_RESOURCE_ARN".to_owned(), arn.clone());
    environment
}

fn health_check() -> HealthCheck {
    let alive = "curl -s http://localhost:9901/server_info | grep state | grep -q LIVE";
    HealthCheck {
        command: vec!["CMD-SHELL".to_owned(), alive.to_owned()],
        interval: 5,
        timeout: 2,
        retries: 3,
        start_period: 10,
    }
}

fn proxy(service: &ServiceManifest, part: &ServiceMesh) -> Proxy {
    let ports: Vec<String> = part
        .listeners()
        .filter_map(|(_, listener)| service.mesh_port(listener))
        .map(|port| port.to_string())
        .collect();
    // A service that only calls others has none, and ECS wants a number.
    let ports = if ports.is_empty() { "0".to_owned() } else { ports.join(",") };
    let own = METADATA.iter().map(|address| (*address).to_owned());
    let addresses: Vec<String> = own.chain(part.envoy.ignored_addresses.iter().cloned()).collect();
    let ignored: Vec<String> = part.envoy.ignored_ports.iter().map(u16::to_string).collect();
    let mut properties: BTreeMap<String, String> = [
        ("AppPorts", ports),
        ("EgressIgnoredIPs", addresses.join(",")),
        ("IgnoredUID", USER.to_owned()),
        ("ProxyEgressPort", EGRESS.to_owned()),
        ("ProxyIngressPort", INGRESS.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    if !ignored.is_empty() {
        properties.insert("EgressIgnoredPorts".to_owned(), ignored.join(","));
    }
    Proxy { container: ENVOY.to_owned(), properties }
}
