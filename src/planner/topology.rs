//! Who talks to whom: from manifests, and from what is live.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::engine::{Observation, Owner};
use crate::manifest::mesh::{MeshType, PathMatch, RequestMatch};
use crate::manifest::service::{AppProtocol, ServiceManifest, ServiceType};
use crate::manifest::{Environment, Workspace};
use crate::topology::{Edge, Endpoint, Node, Role, Topology};

/// The key of clients from the internet.
const INTERNET: &str = "internet";

/// A name under which a node is called, and the port if only that is meant.
struct Callable {
    host: String,
    port: Option<u16>,
    key: String,
    label: String,
}

/// The graph of an environment: what manifests say, and services that are live without one.
pub fn topology(workspace: &Workspace, environment: &str, live: &Observation) -> Topology {
    let Some(manifest) = workspace.environment(environment) else { return Topology::default() };
    let services: Vec<ServiceManifest> = workspace
        .services
        .iter()
        .filter_map(|service| workspace.service_in(&service.name, environment).ok())
        .collect();
    let namespace = namespace(workspace, manifest, live);
    let mut graph = Topology {
        application: workspace.application.name.clone(),
        environment: environment.to_owned(),
        mesh: manifest.mesh.as_ref().map(|mesh| match mesh.mesh_type {
            MeshType::AppMesh => "App Mesh".to_owned(),
            MeshType::Lattice => "VPC Lattice".to_owned(),
            MeshType::ServiceConnect => "Service Connect".to_owned(),
        }),
        namespace: namespace.clone(),
        ..Topology::default()
    };
    for service in &services {
        graph.nodes.push(node(service, manifest, live));
        if graph.mesh.is_none() && service.is_connected_in(Some(manifest)) {
            graph.mesh = Some("Service Connect".to_owned());
        }
        front(service, &mut graph);
        meshed(service, manifest, &mut graph);
    }
    elsewhere(manifest, &mut graph);
    only_live(live, &mut graph);
    let callables = callables(&services, &graph, namespace.as_deref());
    for service in &services {
        called(service, &callables, &mut graph);
    }
    graph.tidy()
}

/// The namespace's name: what is live knows it, else the manifest does.
fn namespace(workspace: &Workspace, manifest: &Environment, live: &Observation) -> Option<String> {
    let discovery = &manifest.discovery;
    if !discovery.enabled {
        return None;
    }
    let found = live.seen.of("servicediscovery/namespace").first();
    let name = found.and_then(|live| live.spec["name"].as_str()).map(str::to_owned);
    let default = || format!("{}.{}.local", manifest.name, workspace.application.name);
    match &discovery.id {
        Some(id) => Some(id.clone()),
        None => name.or_else(|| discovery.name.clone()).or_else(|| Some(default())),
    }
}

fn node(service: &ServiceManifest, environment: &Environment, live: &Observation) -> Node {
    let connected = service.is_connected_in(Some(environment));
    let endpoint = |one: crate::manifest::service::Endpoint| Endpoint {
        name: one.alias.0,
        port: Some(one.alias.1),
        protocol: one.protocol.map(|protocol: AppProtocol| protocol.to_string()),
        discovery_name: Some(one.discovery_name),
        tls: one.tls.is_some(),
    };
    let endpoints: Vec<Endpoint> = match connected {
        true => service.endpoints().into_iter().map(endpoint).collect(),
        false => Vec::new(),
    };
    let web = service.service_type == ServiceType::LoadBalancedWebService;
    let role = if web && endpoints.is_empty() { Role::Gateway } else { Role::Service };
    let mut running = live.seen.of("ecs/service").iter().chain(live.seen.of("scheduler/schedule"));
    let is_live = running.any(|one| one.identity.owner.service() == Some(&service.name));
    Node { live: Some(is_live), endpoints, ..Node::new(&service.name, role) }
}

/// Clients from the internet, and what they reach.
fn front(service: &ServiceManifest, graph: &mut Topology) {
    if service.service_type != ServiceType::LoadBalancedWebService {
        return;
    }
    graph.nodes.push(Node::new(INTERNET, Role::Internet));
    let edge = |route: Option<String>, because: &str| Edge {
        from: INTERNET.to_owned(),
        to: service.name.clone(),
        endpoint: None,
        route,
        weight: None,
        because: because.to_owned(),
    };
    if let Some(http) = &service.http {
        let rules = std::iter::once(&http.main).chain(&http.additional_rules);
        graph.edges.extend(rules.map(|rule| edge(Some(path(&rule.path)), "http")));
    }
    if service.nlb.is_some() {
        graph.edges.push(edge(None, "nlb"));
    }
}

/// What the service's part in the mesh says: whom it calls, how calls to it are split, what a gateway lets in.
fn meshed(service: &ServiceManifest, manifest: &Environment, graph: &mut Topology) {
    let Some((_, mesh)) = service.in_mesh(manifest) else { return };
    let edge = |to: &str, because: &str| Edge {
        from: service.name.clone(),
        to: to.to_owned(),
        endpoint: None,
        route: None,
        weight: None,
        because: because.to_owned(),
    };
    for call in &mesh.calls {
        if call.is_host() {
            graph.nodes.push(Node::new(&call.name, Role::Elsewhere));
        }
        graph.edges.push(edge(&call.name, "calls"));
    }
    for route in &mesh.routes {
        for (to, weight) in route.to.iter().filter(|(to, _)| **to != service.name) {
            graph.edges.push(Edge {
                route: request(&route.matches.request),
                weight: u8::try_from(*weight).ok(),
                ..edge(to, "routes")
            });
        }
    }
    for route in mesh.gateway.iter().flatten() {
        graph
            .edges
            .push(Edge { route: request(&route.matches.request), ..edge(&route.to, "gateway") });
    }
    if mesh.gateway.is_some()
        && let Some(node) = graph.nodes.iter_mut().find(|node| node.key == service.name)
    {
        node.role = Role::Gateway;
    }
}

/// Which requests, shortly.
fn request(matches: &RequestMatch) -> Option<String> {
    let path = matches.path.as_ref().map(|path| match path {
        PathMatch::Prefix(path) => format!("{path}*"),
        PathMatch::Exact(path) => path.clone(),
        PathMatch::Regex(path) => format!("~{path}"),
    });
    let parts = [matches.method.clone(), matches.service.clone(), path];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

fn path(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

/// Names of what is elsewhere.
fn elsewhere(manifest: &Environment, graph: &mut Topology) {
    if !manifest.discovery.enabled {
        return;
    }
    for (name, endpoint) in &manifest.discovery.endpoints {
        let instances = endpoint.instances.values().filter_map(|one| {
            let v4 = one.ipv4.map(|address| address.to_string());
            Some((v4.or_else(|| one.ipv6.map(|address| address.to_string()))?, one.port))
        });
        let hosts = endpoint.cname.iter().map(|host| (host.clone(), None)).chain(instances);
        graph.nodes.push(Node {
            endpoints: hosts
                .map(|(name, port)| Endpoint {
                    name,
                    port,
                    protocol: None,
                    discovery_name: None,
                    tls: false,
                })
                .collect(),
            ..Node::new(name, Role::Elsewhere)
        });
    }
}

/// Services that are live, and have no manifest here.
fn only_live(live: &Observation, graph: &mut Topology) {
    for one in live.seen.of("ecs/service") {
        let Owner::Service(name) = &one.identity.owner else { continue };
        if graph.nodes.iter().any(|node| node.key == *name) {
            continue;
        }
        let connect = one.spec["service_connect"]["services"].as_object();
        let endpoints = connect.into_iter().flatten().flat_map(|(port, service)| {
            let aliases = service["client_aliases"].as_array().into_iter().flatten();
            aliases.map(move |alias| Endpoint {
                name: alias["dns_name"].as_str().unwrap_or(port).to_owned(),
                port: alias["port"].as_u64().and_then(|port| u16::try_from(port).ok()),
                protocol: None,
                discovery_name: service["discovery_name"].as_str().map(str::to_owned),
                tls: service["tls"] != Value::Null,
            })
        });
        graph.nodes.push(Node {
            live: Some(true),
            endpoints: endpoints.collect(),
            ..Node::new(name, Role::Service)
        });
    }
}

/// Every name that a service may write down to call another.
fn callables(
    services: &[ServiceManifest],
    graph: &Topology,
    namespace: Option<&str>,
) -> Vec<Callable> {
    let mut found = Vec::new();
    for node in graph.nodes.iter().filter(|node| node.role != Role::Internet) {
        for endpoint in node.endpoints.iter().filter(|_| node.role != Role::Elsewhere) {
            found.push(Callable {
                host: endpoint.name.clone(),
                port: endpoint.port,
                key: node.key.clone(),
                label: match endpoint.port {
                    Some(port) => format!("{}:{port}", endpoint.name),
                    None => endpoint.name.clone(),
                },
            });
        }
        let Some(namespace) = namespace else { continue };
        let own = services.iter().find(|service| service.name == node.key);
        let label = own.and_then(|service| service.discovery.map.name.as_ref());
        let host = format!("{}.{namespace}", label.unwrap_or(&node.key));
        found.push(Callable { label: host.clone(), host, port: None, key: node.key.clone() });
    }
    found
}

/// What a service calls, as its variables say.
fn called(service: &ServiceManifest, callables: &[Callable], graph: &mut Topology) {
    let sidecars = service.sidecars.values().map(|sidecar| &sidecar.variables);
    let variables: BTreeMap<&String, &String> =
        std::iter::once(&service.variables).chain(sidecars).flatten().collect();
    for (variable, value) in variables {
        for (host, port) in hosts(value) {
            let named = callables.iter().filter(|one| one.host == host && one.key != service.name);
            let named: Vec<&Callable> = named.collect();
            let exact = named.iter().find(|one| one.port.is_some() && one.port == port);
            if let Some(one) =
                exact.or_else(|| named.iter().find(|one| one.port.is_none() || port.is_none()))
            {
                graph.edges.push(Edge {
                    from: service.name.clone(),
                    to: one.key.clone(),
                    endpoint: Some(one.label.clone()),
                    route: None,
                    weight: None,
                    because: format!("variable {variable}"),
                });
            }
        }
    }
}

/// The hosts in a value: what stands behind `//` or `@`, or before a port.
fn hosts(value: &str) -> Vec<(String, Option<u16>)> {
    let mut found = Vec::new();
    for part in value.split([',', ';', ' ']) {
        let url = part.split_once("//").map(|(_, rest)| rest);
        let rest = url.unwrap_or(part);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        match host.rsplit_once(':') {
            Some((host, port)) => {
                if let Ok(port) = port.parse() {
                    found.push((host.to_owned(), Some(port)));
                }
            }
            None if url.is_some() => found.push((host.to_owned(), None)),
            None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::hosts;

    #[test]
    fn hosts_are_told_from_other_words() {
        let all = |value: &str| -> Vec<String> {
            let show = |(host, port): (String, Option<u16>)| format!("{host} {port:?}");
            hosts(value).into_iter().map(show).collect()
        };
        assert_eq!(all("http://api:8080/x?y=//z"), ["api Some(8080)"]);
        assert_eq!(all("a:1,redis://user:pw@store:6379"), ["a Some(1)", "store Some(6379)"]);
        assert_eq!(all("https://api.internal"), ["api.internal None"]);
        assert_eq!(all("debug"), Vec::<String>::new());
        assert_eq!(all("key:value"), Vec::<String>::new());
    }
}
