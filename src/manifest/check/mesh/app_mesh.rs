//! What App Mesh cannot do of what manifests can say of a mesh, and that AWS has ended it.

use std::collections::BTreeSet;

use crate::manifest::check::{Explain, Findings};
use crate::manifest::environment::{Environment, NamespaceKind};
use crate::manifest::mesh::{
    APP_MESH_END, ClientTls, DiscoveryType, GatewayRoute, Listener, Mesh, MeshProtocol,
    RequestMatch, Retries, RetryEvent, Route, ServiceMesh, TlsMode,
};
use crate::manifest::problem::Severity;
use crate::manifest::service::{NetworkMode, Runs, ServiceManifest};

/// The proxy's container.
const ENVOY: &str = "envoy";

/// An environment's mesh.
pub(super) fn environment(environment: &Environment, mesh: &Mesh, findings: &mut Findings<'_>) {
    let ended = findings.error_of_key(
        "mesh",
        format!("AWS ended App Mesh on {APP_MESH_END}: its API may refuse every call"),
    );
    ended.severity = Severity::Warning;
    ended.advise("`shipit mesh convert` rewrites the manifests to ECS Service Connect");
    if !environment.discovery.enabled {
        findings
            .error_of_key(
                "discovery",
                "services of a mesh are found in Cloud Map, and `discovery` is off",
            )
            .advise("remove the line `discovery: false`, or `mesh`");
    }
    let discovery = &environment.discovery;
    if discovery.enabled && discovery.id.is_none() && discovery.kind == NamespaceKind::Http {
        findings
            .error(
                "discovery.type",
                "services of App Mesh are called by DNS names, and a namespace of type `http` gives none",
            )
            .advise("write `type: private`");
    }
    for (index, host) in mesh.hosts.iter().enumerate() {
        if mesh.hosts[..index].iter().any(|other| other.host == host.host) {
            findings
                .error(
                    &format!("mesh.hosts.{index}.host"),
                    format!("the host `{}` is listed twice", host.host),
                )
                .advise("remove one of the two");
        }
    }
}

/// A service's part.
pub(super) fn service(
    service: &ServiceManifest,
    mesh: &Mesh,
    part: &ServiceMesh,
    environment: &Environment,
    findings: &mut Findings<'_>,
) {
    if service.network.connect.enabled == Some(true) {
        findings
            .error_of_key("network.connect", "a service cannot be in App Mesh and in Service Connect at once: both put a proxy in its way")
            .advise("write `mesh: false` to stay out of the mesh, or remove `network.connect`");
    }
    let mode = service.network_mode_in(Some(environment));
    let external = service.runs_in(Some(environment)) == Runs::External;
    if mode != NetworkMode::Awsvpc && !external {
        findings
            .error("network.mode", format!("App Mesh needs network mode `awsvpc`, and this is `{mode}`: Envoy could not stand between the containers and the network"))
            .advise("write `mode: awsvpc`, or `mesh: false` to stay out of the mesh");
    }
    let of_ecs = environment.cluster.kubernetes.is_none();
    if of_ecs && service.discovery.enabled == Some(false) && found_in_cloud_map(service, part) {
        findings
            .error_of_key("discovery", "callers' proxies find the tasks in Cloud Map, and `discovery` is off")
            .advise("remove the line `discovery: false`, or write `mesh: {discovery: {type: dns, host: NAME}}`");
    }
    if external {
        findings
            .error("capacity", "tasks outside AWS take no part in App Mesh: nothing redirects their calls to Envoy")
            .advise("write `mesh: false` to stay out of the mesh");
    }
    if service.platform.is_windows() {
        findings
            .error("platform", "Envoy of App Mesh runs on Linux alone")
            .advise("write `mesh: false` to stay out of the mesh");
    }
    if part.gateway.is_none() && service.sidecars.contains_key(ENVOY) {
        findings
            .error_of_key(
                &format!("sidecars.{ENVOY}"),
                format!("`{ENVOY}` is the name of the container that the mesh adds"),
            )
            .advise("remove it: image, variables and size stand in `mesh.envoy`");
    }
    for (path, listener) in part.listeners() {
        self::listener(service, part, &path, listener, findings);
    }
    if let Some(tls) = &part.client_tls {
        client_tls(tls, "mesh.client_tls", findings);
    }
    for (index, call) in part.calls.iter().enumerate() {
        if let Some(tls) = &call.tls {
            client_tls(tls, &format!("mesh.calls.{index}.tls"), findings);
        }
        let listed = mesh.hosts.iter().any(|host| host.host == call.name);
        if call.is_host() && !listed {
            findings
                .error(
                    &format!("mesh.calls.{index}"),
                    format!(
                        "the mesh of environment `{}` names no host `{}`",
                        environment.name, call.name
                    ),
                )
                .advise(format!(
                    "add it below `mesh: hosts:` in environments/{}.yml",
                    environment.name
                ));
        }
    }
    match &part.gateway {
        Some(routes) => gateway(service, part, routes, findings),
        None => routes(service, part, findings),
    }
}

/// Whether callers look for its tasks in Cloud Map.
fn found_in_cloud_map(service: &ServiceManifest, part: &ServiceMesh) -> bool {
    let called = part.listeners().any(|(_, one)| service.mesh_port(one).is_some());
    let own =
        part.discovery.discovery_type == DiscoveryType::CloudMap || part.discovery.host.is_none();
    called && own && part.gateway.is_none()
}

fn listener(
    service: &ServiceManifest,
    part: &ServiceMesh,
    path: &str,
    listener: &Listener,
    findings: &mut Findings<'_>,
) {
    use MeshProtocol::{Grpc, Http, Http2, Tcp};
    let protocol = listener.protocol;
    let port = service.mesh_port(listener);
    if path != "mesh" {
        let same = part.listeners().filter(|(_, one)| service.mesh_port(one) == port).count();
        if listener.port.is_none() || same > 1 {
            findings
                .error(&format!("{path}.port"), "two listeners have one port")
                .advise("write a `port` of its own for each");
        }
    }
    if protocol == Tcp && listener.timeout.request.is_some() {
        findings
            .error(
                &format!("{path}.timeout.request"),
                "tcp knows no requests, so that none can take too long",
            )
            .advise("write `idle`, or another `protocol`");
    }
    if let Some(check) = &listener.healthcheck {
        let protocol = check.protocol.unwrap_or(protocol);
        if check.path.is_some() && matches!(protocol, Tcp) {
            findings
                .error(
                    &format!("{path}.healthcheck.path"),
                    format!("a health check of {protocol} asks for no path"),
                )
                .advise("remove it, or write `protocol: http`");
        }
    }
    if let Some(pool) = &listener.connection_pool {
        let (fits, wanted) = match protocol {
            Http => (
                pool.requests.is_none() && pool.connections.is_some(),
                "`connections`, and `pending` if you like",
            ),
            Http2 | Grpc => (
                pool.connections.or(pool.pending).is_none() && pool.requests.is_some(),
                "`requests` alone",
            ),
            Tcp => (
                pool.requests.or(pool.pending).is_none() && pool.connections.is_some(),
                "`connections` alone",
            ),
        };
        if !fits {
            findings
                .error_of_key(
                    &format!("{path}.connection_pool"),
                    format!("that is no connection pool of {protocol}"),
                )
                .explain(wanted, "or write another `protocol`");
        }
    }
    if let Some(tls) = &listener.tls {
        if tls.certificate.is_none() && tls.mode != TlsMode::Disabled {
            findings
                .error_of_key(&format!("{path}.tls"), "TLS needs a certificate to show")
                .advise("add `certificate: ARN` below `tls:`, or `certificate: {file: {chain: PATH, key: PATH}}`");
        }
        if tls.clients.as_ref().is_some_and(|clients| clients.ca.is_none()) {
            findings
                .error_of_key(
                    &format!("{path}.tls.clients"),
                    "callers' certificates cannot be checked without the CA that signed them",
                )
                .advise("add `ca: {file: PATH}` below `clients:`");
        }
    }
}

fn client_tls(tls: &ClientTls, path: &str, findings: &mut Findings<'_>) {
    if tls.ca.is_none() {
        findings
            .error_of_key(
                path,
                "TLS without a CA: the certificate of whom is called cannot be checked",
            )
            .advise("add `ca:` with the ARN of a private CA, or `ca: {file: PATH}`");
    }
}

fn routes(service: &ServiceManifest, part: &ServiceMesh, findings: &mut Findings<'_>) {
    for (index, route) in part.routes.iter().enumerate() {
        let path = format!("mesh.routes.{index}");
        let Some(protocol) = protocol_of(service, part, &route.matches.request, &path, findings)
        else {
            continue;
        };
        if protocol == MeshProtocol::Tcp {
            tcp(route, &path, findings);
        } else if let Some(retries) = &route.retries {
            self::retries(retries, protocol, &path, findings);
        }
        matches(&route.matches.request, protocol, &format!("{path}.match"), findings);
        if route.matches.scheme.is_some() && !is_http(protocol) {
            foreign(&format!("{path}.match.scheme"), "scheme", protocol, findings);
        }
    }
}

fn is_http(protocol: MeshProtocol) -> bool {
    matches!(protocol, MeshProtocol::Http | MeshProtocol::Http2)
}

/// The protocol of the port that a route is for; says so if there is no such port.
fn protocol_of(
    service: &ServiceManifest,
    part: &ServiceMesh,
    request: &RequestMatch,
    path: &str,
    findings: &mut Findings<'_>,
) -> Option<MeshProtocol> {
    let Some(port) = request.port else { return Some(part.main.protocol) };
    let found = part.listeners().find(|(_, one)| service.mesh_port(one) == Some(port));
    if found.is_none() {
        findings
            .error(
                &format!("{path}.match.port"),
                format!("the service has no port {port} in the mesh"),
            )
            .advise("add it below `additional_listeners:`, or remove `port`");
    }
    found.map(|(_, listener)| listener.protocol)
}

fn tcp(route: &Route, path: &str, findings: &mut Findings<'_>) {
    if route.retries.is_some() {
        findings
            .error_of_key(
                &format!("{path}.retries"),
                "calls of tcp are never tried again: Envoy does not know where one ends",
            )
            .advise("remove `retries`, or write another `protocol`");
    }
    if route.timeout.request.is_some() {
        findings
            .error(
                &format!("{path}.timeout.request"),
                "tcp knows no requests, so that none can take too long",
            )
            .advise("write `idle`, or another `protocol`");
    }
}

fn retries(retries: &Retries, protocol: MeshProtocol, path: &str, findings: &mut Findings<'_>) {
    use RetryEvent::{Cancelled, DeadlineExceeded, Internal, ResourceExhausted, Unavailable};
    if retries.on.is_empty() {
        findings
            .error_of_key(&format!("{path}.retries"), "`retries` does not say after which failures")
            .advise("add `on: [server-error, connection-error]`");
    }
    let grpc = |event: &&RetryEvent| {
        matches!(event, Cancelled | DeadlineExceeded | Internal | ResourceExhausted | Unavailable)
    };
    if let Some(event) = retries.on.iter().find(grpc).filter(|_| is_http(protocol)) {
        findings
            .error(
                &format!("{path}.retries.on"),
                format!("`{event}` is a failure of grpc, and this is {protocol}"),
            )
            .advise("write `server-error`, `gateway-error` or `connection-error`");
    }
}

fn foreign(path: &str, key: &str, protocol: MeshProtocol, findings: &mut Findings<'_>) {
    findings
        .error_of_key(path, format!("`{key}` means nothing for {protocol}"))
        .advise("remove it, or write another `protocol`");
}

/// What can be matched depends on what is spoken.
fn matches(
    request: &RequestMatch,
    protocol: MeshProtocol,
    path: &str,
    findings: &mut Findings<'_>,
) {
    let http = is_http(protocol);
    let grpc = protocol == MeshProtocol::Grpc;
    let keys = [
        ("path", request.path.is_some(), http),
        ("query", !request.query.is_empty(), http),
        ("headers", !request.headers.is_empty(), http || grpc),
        ("method", request.method.is_some(), http || grpc),
        ("service", request.service.is_some(), grpc),
    ];
    for (key, _, _) in keys.into_iter().filter(|(_, written, fits)| *written && !fits) {
        foreign(&format!("{path}.{key}"), key, protocol, findings);
    }
    if grpc && request.method.is_some() && request.service.is_none() {
        findings
            .error(&format!("{path}.method"), "a method of grpc belongs to a service")
            .advise("add `service: PACKAGE.SERVICE`");
    }
    const METHODS: [&str; 9] =
        ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
    if let Some(method) =
        request.method.as_deref().filter(|method| http && !METHODS.contains(method))
    {
        findings
            .error(&format!("{path}.method"), format!("`{method}` is no method of HTTP"))
            .expected = Some(crate::manifest::read::list(&METHODS));
    }
}

fn gateway(
    service: &ServiceManifest,
    part: &ServiceMesh,
    routes: &[GatewayRoute],
    findings: &mut Findings<'_>,
) {
    for (path, listener) in part.listeners() {
        if service.mesh_port(listener).is_none() {
            findings
                .error_of_key("mesh.gateway", "a gateway needs a port")
                .advise("write `image: {port: 8080}`");
        }
        if listener.protocol == MeshProtocol::Tcp {
            findings
                .error(&format!("{path}.protocol"), "a gateway of App Mesh speaks no tcp")
                .explain(
                    "one of `http`, `http2` or `grpc`",
                    "let tcp in with `nlb`, to a service itself",
                );
        }
        let unknown = [
            ("timeout", !listener.timeout.is_empty()),
            ("outlier_detection", listener.outlier_detection.is_some()),
        ];
        for (key, _) in unknown.into_iter().filter(|(_, written)| *written) {
            findings
                .error_of_key(
                    &format!("{path}.{key}"),
                    format!("a gateway of App Mesh has no `{key}`"),
                )
                .advise("write it for the services behind it");
        }
    }
    let others = [("calls", !part.calls.is_empty()), ("routes", !part.routes.is_empty())];
    for (key, _) in others.into_iter().filter(|(_, written)| *written) {
        findings
            .error_of_key(
                &format!("mesh.{key}"),
                format!("a gateway has no `{key}`: what it lets in goes where `gateway` says"),
            )
            .advise("remove it, or `gateway`");
    }
    let mut names = BTreeSet::new();
    for (index, route) in routes.iter().enumerate() {
        let path = format!("mesh.gateway.{index}");
        let name = route.name.clone().unwrap_or_else(|| (index + 1).to_string());
        if !names.insert(name) {
            findings
                .error(&format!("{path}.name"), "another route has this name")
                .advise("give each route a name of its own");
        }
        let request = &route.matches.request;
        let Some(protocol) = protocol_of(service, part, request, &path, findings) else { continue };
        matches(request, protocol, &format!("{path}.match"), findings);
        if protocol == MeshProtocol::Grpc && request.method.is_some() {
            findings
                .error(
                    &format!("{path}.match.method"),
                    "a gateway tells services of grpc apart, and no methods",
                )
                .advise("remove it: the called service's `routes` can tell them apart");
        }
        if route.rewrite.prefix.is_some() && route.rewrite.path.is_some() {
            findings
                .error_of_key(&format!("{path}.rewrite"), "the path is rewritten twice")
                .advise("write `prefix` or `path`");
        }
        use crate::manifest::mesh::PathMatch::Prefix;
        if route.rewrite.prefix.is_some() && !matches!(request.path, None | Some(Prefix(_))) {
            findings
                .error_of_key(
                    &format!("{path}.rewrite.prefix"),
                    "there is no prefix to rewrite: the whole path is matched",
                )
                .advise("write `rewrite: {path: PATH}`");
        }
    }
}
