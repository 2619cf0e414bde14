//! What VPC Lattice cannot do of what manifests can say of a mesh: refused by name, with the reason.

use crate::manifest::check::{Explain, Findings};
use crate::manifest::environment::Environment;
use crate::manifest::mesh::{
    Envoy, Mesh, MeshProtocol, NodeDiscovery, PathMatch, Route, ServiceMesh,
};
use crate::manifest::service::{NetworkMode, ServiceManifest};

/// An environment's mesh says only what its kind knows.
pub(super) fn environment(mesh: &Mesh, findings: &mut Findings<'_>) {
    let proxies = "VPC Lattice has no proxies in tasks";
    for (key, said, why) in [
        ("egress", mesh.egress.is_some(), "and keeps nobody from calling anything else"),
        ("ip_preference", mesh.ip_preference.is_some(), "and nothing chooses addresses"),
        ("hosts", !mesh.hosts.is_empty(), "so calls to other hosts do not pass it"),
    ] {
        if said {
            findings.error(&format!("mesh.{key}"), format!("{proxies}, {why}")).advise(match key {
                "egress" => "say what services may reach with `network.vpc.security_group.egress`",
                _ => "remove it",
            });
        }
    }
    if let Some(destination) = &mesh.access_logs {
        let service = destination.split(':').nth(2).unwrap_or_default();
        if !["logs", "s3", "firehose"].contains(&service) {
            findings.error("mesh.access_logs", "access logs cannot go there").explain(
                "the ARN of a log group, a bucket or a delivery stream",
                "write `access_logs: arn:aws:logs:REGION:ACCOUNT:log-group:NAME`",
            );
        }
    }
}

/// A service's part in VPC Lattice.
pub(super) fn service(
    service: &ServiceManifest,
    mesh: &ServiceMesh,
    environment: &Environment,
    findings: &mut Findings<'_>,
) {
    let mut refuse = |path: &str, said: bool, why: &str, help: &str| {
        if said {
            findings.error(path, why).advise(help);
        }
    };
    refuse(
        "mesh.gateway",
        mesh.gateway.is_some(),
        "VPC Lattice has no gateway: nothing outside the VPC reaches it",
        "remove `gateway`, and let a `Load Balanced Web Service` call the others: `calls`",
    );
    refuse(
        "mesh.protocol",
        mesh.main.protocol == MeshProtocol::Tcp,
        "VPC Lattice carries requests of HTTP to the tasks of ECS, and no plain TCP",
        "write `mesh: false`, and call the service by its name in Cloud Map",
    );
    refuse(
        "mesh.outlier_detection",
        mesh.main.outlier_detection.is_some(),
        "VPC Lattice does not watch the answers of tasks: it leaves out only those that fail health checks",
        "remove it, and write `healthcheck`",
    );
    refuse(
        "mesh.connection_pool",
        mesh.main.connection_pool.is_some(),
        "VPC Lattice sets no bounds to connections",
        "remove it",
    );
    refuse(
        "mesh.tls",
        mesh.main.tls.is_some(),
        "certificates of tasks are for proxies, and VPC Lattice has none in tasks",
        "remove it",
    );
    refuse(
        "mesh.timeout.request",
        mesh.main.timeout.request.is_some(),
        "VPC Lattice ends no request for taking long before its own ten minutes",
        "remove it, and give callers a timeout of their own",
    );
    refuse(
        "mesh.timeout.idle",
        mesh.main
            .timeout
            .idle
            .is_some_and(|idle| !(60..=600).contains(&idle.as_secs()) || idle.subsec_nanos() > 0),
        "VPC Lattice closes idle connections after 60 seconds to 10 minutes",
        "write whole seconds: `idle: 60s`",
    );
    refuse(
        "mesh.additional_listeners",
        !mesh.additional_listeners.is_empty(),
        "a service has one port in VPC Lattice here",
        "make a service of its own of what listens on the other port",
    );
    refuse(
        "mesh.client_tls",
        mesh.client_tls.is_some(),
        "how calls are encrypted is for proxies, and VPC Lattice has none in tasks",
        "remove it",
    );
    refuse(
        "mesh.discovery",
        mesh.discovery != NodeDiscovery::default(),
        "VPC Lattice knows tasks by their target group, and looks nothing up",
        "remove it",
    );
    refuse(
        "mesh.access_log",
        mesh.access_log.is_some(),
        "VPC Lattice has no proxy in tasks that could write a file",
        "write `mesh: {type: lattice, access_logs: ARN}` in the environment",
    );
    refuse(
        "mesh.envoy",
        mesh.envoy != Envoy::default(),
        "VPC Lattice has no Envoy in tasks",
        "remove it",
    );
    let mode = service.network_mode_in(Some(environment));
    refuse(
        "network.mode",
        mode != NetworkMode::Awsvpc,
        "VPC Lattice sends requests to addresses of tasks, which they have with `awsvpc` only",
        "write `mode: awsvpc`, or `mesh: false`",
    );
    health(mesh, findings);
    for (index, call) in mesh.calls.iter().enumerate() {
        let path = format!("mesh.calls.{index}");
        if call.is_host() {
            findings
                .error(&path, "calls to other hosts do not pass VPC Lattice")
                .advise("remove it: tasks reach the host as they are");
        } else if call.tls.is_some() {
            findings
                .error(
                    &path,
                    "how calls are encrypted is for proxies, and VPC Lattice has none in tasks",
                )
                .advise(format!("write `- {}`", call.name));
        }
    }
    routes(&mesh.routes, findings);
}

/// Lattice checks by HTTP.
fn health(mesh: &ServiceMesh, findings: &mut Findings<'_>) {
    let Some(check) = &mesh.main.healthcheck else { return };
    let spoken = check.protocol.unwrap_or(mesh.main.protocol);
    if matches!(spoken, MeshProtocol::Grpc | MeshProtocol::Tcp) {
        findings
            .error("mesh.healthcheck", "VPC Lattice checks tasks by HTTP/1.1 or HTTP/2 alone")
            .advise("write `protocol: http` or `protocol: http2`, with a `path` that answers it");
    }
    if check.timeout >= check.interval {
        findings
            .error("mesh.healthcheck.timeout", "a check must end before the next begins")
            .advise("write a `timeout` shorter than `interval`");
    }
    for (key, time) in [("interval", check.interval), ("timeout", check.timeout)] {
        if time.subsec_nanos() > 0 {
            findings
                .error(&format!("mesh.healthcheck.{key}"), "VPC Lattice counts whole seconds")
                .advise(format!("write `{key}: {}s`", time.as_secs().max(1)));
        }
    }
}

fn routes(routes: &[Route], findings: &mut Findings<'_>) {
    let mut all = false;
    for (index, route) in routes.iter().enumerate() {
        let path = format!("mesh.routes.{index}");
        let mut refuse = |key: &str, said: bool, why: &str, help: &str| {
            if said {
                findings.error(&format!("{path}.{key}"), why).advise(help);
            }
        };
        refuse(
            "retries",
            route.retries.is_some(),
            "VPC Lattice makes no call again",
            "remove it, and let callers try again",
        );
        refuse(
            "timeout",
            !route.timeout.is_empty(),
            "VPC Lattice knows no timeouts of single routes",
            "remove it, and give callers a timeout of their own",
        );
        let request = &route.matches.request;
        refuse(
            "match.path",
            matches!(request.path, Some(PathMatch::Regex(_))),
            "VPC Lattice knows no regular expressions",
            "write how the path begins, or `{exact: PATH}`",
        );
        refuse(
            "match.query",
            !request.query.is_empty(),
            "VPC Lattice does not look at query parameters",
            "tell such calls apart by path, method or header",
        );
        refuse(
            "match.port",
            request.port.is_some(),
            "a service has one port in VPC Lattice here",
            "remove it",
        );
        refuse(
            "match.service",
            request.service.is_some(),
            "VPC Lattice knows gRPC's calls by their path",
            "write `path: /PACKAGE.SERVICE/`",
        );
        refuse(
            "match.scheme",
            route.matches.scheme.is_some(),
            "callers of VPC Lattice speak plain HTTP here",
            "remove it",
        );
        refuse(
            "match.headers",
            request.headers.len() > 5,
            "a rule of VPC Lattice looks at 5 headers at most",
            "remove some, or let the service itself look at them",
        );
        for (name, value) in &request.headers {
            let known = value.exact.is_some() || value.prefix.is_some();
            refuse(
                &format!("match.headers.{name}"),
                value.negated || !known,
                "VPC Lattice looks for a header's whole value, or how it begins",
                "write the value, or `{prefix: BEGINNING}`",
            );
        }
        let first = PathMatch::Prefix("/".to_owned());
        let everywhere = request.path.as_ref().is_none_or(|path| *path == first);
        if everywhere && request.method.is_none() && request.headers.is_empty() {
            refuse(
                "to",
                all,
                "another route takes all calls that are left already",
                "say with `match` which calls this one is for",
            );
            all = true;
        }
    }
}
