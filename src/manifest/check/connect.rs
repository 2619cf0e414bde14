//! Service Connect: what a service may say of it, and names that lead to one service alone.

use std::collections::BTreeMap;

use super::{Explain, Findings};
use crate::manifest::environment::Environment;
use crate::manifest::loader::{FoundEnvironment, FoundService};
use crate::manifest::problem::Problem;
use crate::manifest::service::{
    AppProtocol, Endpoint, LogDriver, Runs, ServiceManifest, ServiceType,
};

/// Everything about Service Connect in one service.
pub(super) fn connect(
    service: &ServiceManifest,
    environment: Option<&Environment>,
    findings: &mut Findings<'_>,
) {
    let all = environment.is_some_and(Environment::is_on_service_connect);
    if let Some(mesh) = findings.node.get("mesh").filter(|_| all) {
        // Of its part in a mesh a service on Service Connect says whom it calls; its ports stand in `network.connect`.
        let keys: Vec<String> = mesh.node.entries().iter().map(|entry| entry.key.clone()).collect();
        for key in keys.into_iter().filter(|key| key != "calls") {
            findings
                .error_of_key(&format!("mesh.{key}"), format!("`mesh.{key}` means nothing on Service Connect"))
                .advise("ports, timeouts, TLS and logs stand below `network.connect`; it has no routes, weights or retries");
        }
    }
    if service.network.connect.enabled != Some(true) {
        return;
    }
    let connect = &service.network.connect.map;
    if service.service_type == ServiceType::ScheduledJob {
        findings
            .error("network.connect", "tasks of jobs take no part in Service Connect, on AWS")
            .advise("remove the line: jobs call services by their names in Cloud Map, SERVICE.ENVIRONMENT.APPLICATION.local");
        return;
    }
    let none = service.http.is_none() && service.image.port.is_none() && connect.ports.is_empty();
    if connect.alias.is_some() && none {
        findings
            .error("network.connect.alias", "the service has no port that others could call by this name")
            .advise("add `port` below `image:`, or write `connect: true` for a service that only calls others");
    }
    if let Some(environment) =
        environment.filter(|one| connect.namespace.is_none() && !one.discovery.enabled)
    {
        let name = &environment.name;
        findings
            .error(
                "network.connect",
                format!("environment `{name}` has no namespace in which services have names"),
            )
            .advise(format!(
                "remove `discovery: false` from environments/{name}.yml, or write `connect: false`"
            ));
    }
    forms(service, findings);
    let endpoints = service.endpoints();
    ports(service, &endpoints, findings);
    for endpoint in &endpoints {
        one(endpoint, findings);
    }
    proxy(service, environment, findings);
}

/// What a mesh has that Service Connect has not.
pub(super) fn environment(environment: &Environment, findings: &mut Findings<'_>) {
    if !environment.is_on_service_connect() {
        return;
    }
    for key in ["egress", "ip_preference", "hosts"] {
        let mesh = findings.node.get("mesh");
        if mesh.is_some_and(|mesh| mesh.node.get(key).is_some()) {
            findings
                .error_of_key(
                    &format!("mesh.{key}"),
                    format!(
                        "`{key}` means nothing on Service Connect: its proxies let every call out"
                    ),
                )
                .advise(format!("remove `{key}`"));
        }
    }
    if !environment.discovery.enabled {
        findings
            .error(
                "mesh",
                "Service Connect needs a namespace, and `discovery: false` says that there is none",
            )
            .advise("remove `discovery: false`");
    }
}

/// Keys that exclude each other.
fn forms(service: &ServiceManifest, findings: &mut Findings<'_>) {
    let connect = &service.network.connect.map;
    let one = [
        ("alias", connect.alias.is_some()),
        ("discovery_name", connect.discovery_name.is_some()),
        ("ingress_port", connect.ingress_port.is_some()),
    ];
    for (key, _) in one.into_iter().filter(|(_, written)| *written && !connect.ports.is_empty()) {
        findings
            .error(
                &format!("network.connect.{key}"),
                format!("`{key}` is of one port, and `ports` lists several"),
            )
            .advise(format!("move `{key}` to its port below `ports:`"));
    }
    if connect.client {
        let called = one.into_iter().chain([("ports", !connect.ports.is_empty())]);
        for (key, _) in called.filter(|(_, written)| *written) {
            findings
                .error(
                    &format!("network.connect.{key}"),
                    format!(
                        "`client: true` lets nobody call the service, so `{key}` means nothing"
                    ),
                )
                .advise(format!("remove `{key}`, or `client`"));
        }
    }
}

/// Ports are there, and each stands once.
fn ports(service: &ServiceManifest, endpoints: &[Endpoint], findings: &mut Findings<'_>) {
    let written = &service.network.connect.map.ports;
    for (index, endpoint) in endpoints.iter().enumerate() {
        let before = &endpoints[..index];
        let path = &endpoint.path;
        if !written.is_empty() && service.container_of(endpoint.port).is_none() {
            findings
                .error(
                    &format!("{path}.port"),
                    format!("no container listens on port {}", endpoint.port),
                )
                .explain(
                    "a port of `image` or of a sidecar",
                    format!("add {} to `ports` below `image:`", endpoint.port),
                );
        } else if before.iter().any(|other| other.port == endpoint.port) {
            findings
                .error(&format!("{path}.port"), format!("port {} stands here twice", endpoint.port))
                .advise("a port has one alias: remove one of the two");
        } else if before.iter().any(|other| other.name == endpoint.name) {
            findings
                .error(
                    &format!("{path}.name"),
                    format!("there is another port named `{}`", endpoint.name),
                )
                .advise("give each port a name of its own");
        } else if before.iter().any(|other| other.discovery_name == endpoint.discovery_name) {
            let name = &endpoint.discovery_name;
            findings
                .error(
                    &format!("{path}.discovery_name"),
                    format!("another port is `{name}` in Cloud Map already"),
                )
                .advise("give each port a discovery name of its own");
        } else if before.iter().any(|other| other.alias == endpoint.alias) {
            let (name, port) = &endpoint.alias;
            findings
                .error(
                    &format!("{path}.alias"),
                    format!("`{name}:{port}` leads to another port already"),
                )
                .advise("give each port another name, or another port: `alias: {port: 8081}`");
        }
        if let Some(ingress) = endpoint.ingress_port
            && service.container_of(ingress).is_some()
        {
            findings
                .error(
                    &format!("{path}.ingress_port"),
                    format!("a container listens on port {ingress} itself"),
                )
                .advise("choose a port that no container of the task has");
        }
    }
}

/// Timeouts and TLS of one port.
fn one(endpoint: &Endpoint, findings: &mut Findings<'_>) {
    let tcp = matches!(endpoint.protocol, None | Some(AppProtocol::Tcp));
    if tcp && endpoint.timeouts.request.is_some() {
        let path = &endpoint.path;
        findings
            .error(
                &format!("{path}.timeouts.request"),
                "a proxy for TCP knows nothing of requests, so none can take too long",
            )
            .advise("add `protocol: http` (or `http2`, `grpc`), or remove `request`");
    }
    let Some(tls) = &endpoint.tls else { return };
    if tls.ca.as_ref().is_none_or(|arn| arn.split(':').nth(2) != Some("acm-pca")) {
        let own = format!("{}.tls", endpoint.path);
        let path = if findings.node.place(&own) == findings.node.place(&endpoint.path) {
            "network.connect.tls".to_owned()
        } else {
            own
        };
        let message = match tls.ca {
            None => "TLS needs a private CA that signs the certificates",
            Some(_) => "this is not the ARN of a private CA",
        };
        if findings.problems.iter().any(|problem| problem.message == message) {
            return;
        }
        findings.error(&path, message).explain(
            "`ca: arn:aws:acm-pca:REGION:ACCOUNT:certificate-authority/ID`",
            "`aws acm-pca list-certificate-authorities` prints them",
        );
    }
}

/// The proxy itself.
fn proxy(
    service: &ServiceManifest,
    environment: Option<&Environment>,
    findings: &mut Findings<'_>,
) {
    let connect = &service.network.connect.map;
    let Some(logging) = &connect.logging else { return };
    if logging.off && connect.access_logs.is_some() {
        findings
            .error(
                "network.connect.access_logs",
                "access logs go where the proxy's output goes, and that is nowhere",
            )
            .advise("remove `logging: false`");
    }
    let on_fargate = service.runs_in(environment) == Runs::Fargate;
    let known = [LogDriver::Awslogs, LogDriver::Awsfirelens, LogDriver::Splunk];
    if let Some(driver) = logging.driver.filter(|driver| on_fargate && !known.contains(driver)) {
        findings
            .error(
                "network.connect.logging.driver",
                format!("Fargate does not know the log driver `{driver}`"),
            )
            .expected = Some("`awslogs`, `awsfirelens` or `splunk`".to_owned());
    }
    if logging.driver == Some(LogDriver::Awsfirelens) && !service.logging.routed() {
        findings.error("network.connect.logging.driver", "the service has no log router").advise(
            "write `logging: {destination: {Name: ...}}` for the service, or another `driver`",
        );
    }
}

/// One name leads to one service.
pub(super) fn names(
    environments: &[FoundEnvironment],
    services: &[FoundService],
    problems: &mut Vec<Problem>,
) {
    let mut names: Vec<&String> =
        services.iter().flat_map(|found| found.resolved.iter().map(|(name, ..)| name)).collect();
    names.sort();
    names.dedup();
    let mut reported: Vec<Problem> = Vec::new();
    let mut report = |problem: Problem| {
        let known =
            reported.iter().any(|one| one.message == problem.message && one.span == problem.span);
        if !known {
            reported.push(problem);
        }
    };
    for environment in names {
        let mut aliases: BTreeMap<(Option<String>, String, u16), &str> = BTreeMap::new();
        let mut discovered: BTreeMap<(Option<String>, String), &str> = BTreeMap::new();
        for found in services {
            let resolved = found.resolved.iter().find(|(name, ..)| name == environment);
            let Some((_, node, manifest)) = resolved else { continue };
            let at = environments.iter().filter_map(|found| found.environment.as_ref());
            let at = at.into_iter().find(|one| one.name == *environment);
            if !manifest.is_connected_in(at) {
                continue;
            }
            let namespace = &manifest.network.connect.map.namespace;
            for endpoint in manifest.endpoints() {
                let (name, port) = endpoint.alias.clone();
                let key = (namespace.clone(), name.clone(), port);
                if let Some(other) =
                    aliases.insert(key, &manifest.name).filter(|it| *it != manifest.name)
                {
                    let message =
                        format!("others call service `{other}` by the name `{name}` already");
                    let span = node.place(&format!("{}.alias", endpoint.path));
                    report(
                        Problem::error(&found.file.source, span, message)
                            .help("write another name: `connect: {alias: NAME}`"),
                    );
                }
                let key = (namespace.clone(), endpoint.discovery_name.clone());
                if let Some(other) =
                    discovered.insert(key, &manifest.name).filter(|it| *it != manifest.name)
                {
                    let name = &endpoint.discovery_name;
                    let message = format!("service `{other}` is `{name}` in Cloud Map already");
                    let span = node.place(&format!("{}.discovery_name", endpoint.path));
                    report(
                        Problem::error(&found.file.source, span, message)
                            .help("write another name: `discovery_name: NAME`"),
                    );
                }
            }
        }
    }
    problems.append(&mut reported);
}
