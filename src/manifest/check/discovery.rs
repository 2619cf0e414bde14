//! Cloud Map: the environment's namespace, names in it, and those of services.

use super::{Explain, Findings};
use crate::manifest::application::Application;
use crate::manifest::environment::{Environment, ExternalName, NamespaceKind};
use crate::manifest::loader::{FoundEnvironment, FoundService};
use crate::manifest::problem::Problem;
use crate::manifest::service::{
    CheckProtocol, DiscoveryHealthCheck, NetworkMode, RecordKind, ServiceManifest, ServiceType,
};

/// The namespace of an environment.
pub(super) fn environment(environment: &Environment, findings: &mut Findings<'_>) {
    let discovery = &environment.discovery;
    if let Some(name) = &discovery.name {
        let label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        if !name.split('.').all(label) || name.len() > 253 {
            findings.error("discovery.name", format!("`{name}` is not a DNS name")).explain(
                "labels of letters, digits and hyphens, separated by dots",
                "test.shop.local for instance",
            );
        } else if discovery.kind == NamespaceKind::Public && !name.contains('.') {
            findings
                .error("discovery.name", format!("`{name}` is no name of yours in public DNS"))
                .explain(
                    "a name below a domain of yours",
                    "discovery.shop.example.com for instance",
                );
        }
    }
    if discovery.id.is_some() {
        for key in ["type", "name", "soa_ttl"] {
            let written = findings.node.get("discovery").and_then(|entry| entry.node.get(key));
            if written.is_some_and(|entry| !entry.node.is_null()) {
                findings
                    .error(
                        &format!("discovery.{key}"),
                        format!(
                            "`{key}` describes a new namespace, but `id` names an existing one"
                        ),
                    )
                    .advise(format!("remove `{key}`, or `id`"));
            }
        }
    } else if discovery.kind == NamespaceKind::Http && discovery.soa_ttl.is_some() {
        findings
            .error("discovery.soa_ttl", "a namespace without DNS has no such time")
            .advise("remove `soa_ttl`, or write `type: private`");
    }
    let known = discovery.id.is_none().then_some(discovery.kind);
    for (name, endpoint) in &discovery.endpoints {
        external(name, endpoint, known, findings);
    }
}

/// One name of what is elsewhere; `kind` is `None` where only AWS can tell.
fn external(
    name: &str,
    endpoint: &ExternalName,
    kind: Option<NamespaceKind>,
    findings: &mut Findings<'_>,
) {
    let path = format!("discovery.endpoints.{name}");
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 63 || !name.chars().all(legal) || name.starts_with('-') {
        findings.error_of_key(&path, format!("`{name}` is not a name")).expected =
            Some("small letters, digits and `-`, up to 63 characters".to_owned());
    }
    match (&endpoint.cname, endpoint.instances.is_empty()) {
        (None, true) => findings
            .error(&path, format!("`{name}` leads nowhere"))
            .explain("`cname`, or at least one of `instances`", "add `cname: HOST` below it"),
        (Some(_), false) => findings
            .error(
                &format!("{path}.cname"),
                "`cname` is another host's name, and `instances` are addresses",
            )
            .advise("remove one of the two"),
        (Some(_), true) if kind == Some(NamespaceKind::Http) => findings
            .error(&format!("{path}.cname"), "a namespace without DNS has no other names of hosts")
            .advise("list `instances`, or write `type: private` for the namespace"),
        _ => {}
    }
    let some = |of: fn(&crate::manifest::environment::ExternalInstance) -> bool| {
        endpoint.instances.values().any(of)
    };
    for (one, instance) in &endpoint.instances {
        let path = format!("{path}.instances.{one}");
        let wants = |kind: RecordKind| endpoint.records.contains(&kind);
        let plain = endpoint.records.is_empty();
        let missing = if instance.ipv4.is_none() && instance.ipv6.is_none() {
            Some(("address", "`ipv4` or `ipv6`"))
        } else if instance.ipv4.is_none()
            && (wants(RecordKind::A) || plain && some(|it| it.ipv4.is_some()))
        {
            Some(("IPv4 address", "`ipv4`, as each instance gets an A record"))
        } else if instance.ipv6.is_none()
            && (wants(RecordKind::Aaaa) || plain && some(|it| it.ipv6.is_some()))
        {
            Some(("IPv6 address", "`ipv6`, as each instance gets an AAAA record"))
        } else if instance.port.is_none() && wants(RecordKind::Srv) {
            Some(("port", "`port`, as each instance gets an SRV record"))
        } else {
            None
        };
        if let Some((what, expected)) = missing {
            findings.error(&path, format!("this instance has no {what}")).expected =
                Some(expected.to_owned());
        }
    }
    records(&endpoint.records, kind, &format!("{path}.records"), findings);
    let check = endpoint.health_check.as_ref();
    health_check(check, kind, &format!("{path}.health_check"), findings);
}

/// Kinds of records that go together.
fn records(
    records: &[RecordKind],
    kind: Option<NamespaceKind>,
    path: &str,
    findings: &mut Findings<'_>,
) {
    if kind == Some(NamespaceKind::Http) && !records.is_empty() {
        findings
            .error(path, "a namespace without DNS has no records")
            .advise("remove `records`, or write `type: private` for the namespace");
    } else if records.contains(&RecordKind::Srv) && records.len() > 1 {
        findings
            .error(
                path,
                "SRV records stand alone: Cloud Map makes those of the addresses beside them",
            )
            .advise("write `records: [SRV]`");
    } else if records.len() > 1 && records[1..].contains(&records[0]) {
        findings.error(path, "a record is listed twice").advise("list each kind once");
    }
}

fn health_check(
    check: Option<&DiscoveryHealthCheck>,
    kind: Option<NamespaceKind>,
    path: &str,
    findings: &mut Findings<'_>,
) {
    let Some(DiscoveryHealthCheck::Route53(check)) = check else { return };
    if kind == Some(NamespaceKind::Private) {
        findings
            .error(
                path,
                "Route 53 checks health from the internet, where a private namespace has no names",
            )
            .advise("write `health_check: true`, or `type: public` for the namespace");
    }
    if check.protocol == CheckProtocol::Tcp && check.path.is_some() {
        findings
            .error(&format!("{path}.path"), "a check by TCP asks for no path")
            .advise("remove `path`, or write `type: http`");
    }
}

/// The name of a service.
pub(super) fn service(
    service: &ServiceManifest,
    environment: Option<&Environment>,
    findings: &mut Findings<'_>,
) {
    let discovery = &service.discovery;
    if discovery.enabled != Some(true) {
        return;
    }
    if service.service_type == ServiceType::ScheduledJob {
        findings
            .error("discovery", "tasks of jobs have no names: nobody calls them")
            .advise("remove `discovery`");
        return;
    }
    let kind = environment.and_then(|one| one.discovery.id.is_none().then_some(one.discovery.kind));
    if let Some(environment) = environment.filter(|one| !one.discovery.enabled) {
        let name = &environment.name;
        findings
            .error(
                "discovery",
                format!("environment `{name}` has no namespace in which services have names"),
            )
            .advise(format!("remove `discovery: false` from environments/{name}.yml, or here"));
    }
    let map = &discovery.map;
    records(&map.records, kind, "discovery.records", findings);
    health_check(map.health_check.as_ref(), kind, "discovery.health_check", findings);
    let srv = map.records.contains(&RecordKind::Srv);
    let own = service.network_mode_in(environment) == NetworkMode::Awsvpc;
    if !own && !map.records.is_empty() && !srv {
        findings
            .error(
                "discovery.records",
                "tasks that share their instance's address are told apart by their ports",
            )
            .advise("write `records: [SRV]`, or remove it");
    }
    if srv && map.port.is_none() && service.image.port.is_none() {
        findings
            .error("discovery.records", "SRV records name a port, and the service has none")
            .advise("add `port` below `image:`");
    }
    if let Some(port) = map.port.filter(|port| service.container_of(*port).is_none()) {
        findings.error("discovery.port", format!("no container listens on port {port}")).explain(
            "a port of `image` or of a sidecar",
            format!("add {port} to `ports` below `image:`"),
        );
    }
}

/// Names across files: public ones lie in a domain, and each is there once.
pub(super) fn names(
    application: Option<&Application>,
    environments: &[FoundEnvironment],
    services: &[FoundService],
    problems: &mut Vec<Problem>,
) {
    for found in environments {
        let (Some(environment), Some(file)) = (&found.environment, &found.file) else { continue };
        let discovery = &environment.discovery;
        let domain = application.is_none_or(|application| application.domain.is_some());
        let public = discovery.kind == NamespaceKind::Public && discovery.id.is_none();
        if public && discovery.name.is_none() && !domain {
            let span = file.node.place("discovery.type");
            problems.push(
                Problem::error(&file.source, span, "a public namespace needs a domain of yours")
                    .help("add `name: discovery.example.com` below `discovery:`, or `domain: example.com` to application.yml"),
            );
        }
        for name in discovery.endpoints.keys() {
            let same = |found: &&FoundService| {
                let resolved = found.resolved.iter().find(|(name, ..)| *name == environment.name);
                resolved.is_some_and(|(_, _, manifest)| {
                    let own = manifest.discovery.map.name.as_ref().unwrap_or(&manifest.name);
                    own == name && manifest.discovery.enabled != Some(false)
                })
            };
            if let Some(other) = services.iter().find(same) {
                let span = file.node.place_of_key(&format!("discovery.endpoints.{name}"));
                let message = format!("service `{}` has the name `{name}` already", other.name);
                problems
                    .push(Problem::error(&file.source, span, message).help("choose another name"));
            }
        }
    }
}
