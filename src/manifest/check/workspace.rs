//! Files of one workspace against each other.

use std::path::Path;

use super::{Findings, connect, discovery, domains, mesh, messaging};
use crate::manifest::application::Application;
use crate::manifest::files;
use crate::manifest::loader::{File, FoundEnvironment, FoundService};
use crate::manifest::problem::{Problem, Severity, Span};
use crate::manifest::read::{did_you_mean, list, name_problem};
use crate::manifest::service::{Rule, ServiceManifest, ServiceType};
use crate::manifest::yaml::{Node, Value};

/// A file should bear the name of what is in it.
pub(crate) fn file_name(root: &Path, file: &File, name: &str, problems: &mut Vec<Problem>) {
    let path = &file.source.path;
    let stem = files::stem(path);
    if stem == name || name_problem(name).is_some() {
        return;
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let better = format!("{folder}/{name}.yml");
    let help = if root.join(&better).exists() {
        format!("{better} exists: is one of the two a copy?")
    } else {
        format!("mv {path} {better}")
    };
    let message = format!("the file is called {stem}.yml, but what is in it `{name}`");
    let span = file.node.place("name");
    problems.push(Problem::error(&file.source, span, message).warning().help(help));
}

/// `environments:` of a service must name environments that exist.
pub(crate) fn overrides(
    file: &File,
    overrides: Option<&Node>,
    names: &[&str],
    problems: &mut Vec<Problem>,
) {
    let Some(node) = overrides else { return };
    let findings =
        &mut Findings { source: &file.source, node: &file.node, unread: Vec::new(), problems };
    if !matches!(node.value, Value::Mapping(_) | Value::Null | Value::Broken) {
        findings.error("environments", "`environments` is not a map").expected =
            Some("a map: below each environment's name the keys that differ".into());
        return;
    }
    for entry in node.entries() {
        if !matches!(entry.node.value, Value::Mapping(_) | Value::Null | Value::Broken) {
            findings
                .error_at(entry.span, format!("`environments.{}` is not a map", entry.key))
                .expected = Some("a map of the keys that differ".into());
        }
        if !names.contains(&entry.key.as_str()) {
            let better = did_you_mean(&entry.key, names);
            let problem =
                findings.error_at(entry.span, format!("there is no environment `{}`", entry.key));
            // Not like any: its manifest may lie in another repository.
            if better.is_none() {
                problem.severity = Severity::Warning;
            }
            problem.help = Some(better.unwrap_or_else(|| {
                format!("create it with `shipit env init --name {}`", entry.key)
            }));
            if !names.is_empty() {
                problem.expected = Some(list(names));
            }
        }
    }
}

/// Names that two files share, and rules of which only one could ever apply.
pub(crate) fn workspace(
    application: Option<&Application>,
    environments: &[FoundEnvironment],
    services: &[FoundService],
    problems: &mut Vec<Problem>,
) {
    let environment_files =
        environments.iter().filter_map(|found| found.file.as_ref().map(|file| (&found.name, file)));
    twice("environment", &environment_files.collect::<Vec<_>>(), problems);
    twice(
        "service",
        &services.iter().map(|found| (&found.name, &found.file)).collect::<Vec<_>>(),
        problems,
    );
    formerly(services, problems);
    routes(application, environments, services, problems);
    domains::domains(application, environments, services, problems);
    connect::names(environments, services, problems);
    mesh::calls(environments, services, problems);
    discovery::names(application, environments, services, problems);
    messaging::subscriptions(services, problems);
}

fn twice(what: &str, files: &[(&String, &File)], problems: &mut Vec<Problem>) {
    for (index, (name, file)) in files.iter().enumerate() {
        if let Some((_, first)) = files[..index].iter().find(|(other, _)| other == name) {
            problems.push(
                Problem::error(
                    &file.source,
                    file.node.place("name"),
                    format!("there is another {what} `{name}` in {}", first.source.path),
                )
                .help("give one of the two another name"),
            );
        }
    }
}

/// `formerly` of a service that still exists under that name.
fn formerly(services: &[FoundService], problems: &mut Vec<Problem>) {
    for found in services {
        let Some(former) = found.service.as_ref().and_then(|service| service.formerly.as_ref())
        else {
            continue;
        };
        if let Some(other) =
            services.iter().find(|other| other.name == *former && other.name != found.name)
        {
            let span = found.file.node.place("formerly");
            let message = format!(
                "`{former}` is still the name of the service in {}",
                other.file.source.path
            );
            problems.push(
                Problem::error(&found.file.source, span, message)
                    .help("a rename has one file: remove the other, or this line"),
            );
        }
    }
}

/// One rule of one service in one environment.
struct Route<'a> {
    found: &'a FoundService,
    span: Span,
    manifest: &'a ServiceManifest,
    rule: &'a Rule,
    /// Without an alias, it has a name of its own in the application's domain, or in the environment's private zone.
    named: bool,
}

/// Two services that want the same requests of one load balancer.
fn routes(
    application: Option<&Application>,
    environments: &[FoundEnvironment],
    services: &[FoundService],
    problems: &mut Vec<Problem>,
) {
    let domain = application.is_some_and(|application| application.domain.is_some());
    let mut names: Vec<&String> =
        services.iter().flat_map(|found| found.resolved.iter().map(|(name, ..)| name)).collect();
    names.sort();
    names.dedup();
    let mut reported: Vec<Problem> = Vec::new();
    for environment in names {
        let mut routes: Vec<Route<'_>> = Vec::new();
        let at = environments.iter().filter_map(|found| found.environment.as_ref());
        let named = domain
            && at.clone().find(|at| at.name == *environment).is_some_and(|at| {
                at.http.public.certificates.is_empty() && at.http.public.alb.is_none()
            });
        let private = at.clone().find(|at| at.name == *environment);
        let private = private.is_none_or(|at| at.http.private.certificates.is_empty());
        for found in services {
            let Some((_, node, manifest)) =
                found.resolved.iter().find(|(name, ..)| name == environment)
            else {
                continue;
            };
            let Some(http) = &manifest.http else { continue };
            let additional = http.additional_rules.iter().enumerate();
            let additional = additional
                .map(|(index, rule)| (format!("http.additional_rules.{index}.path"), rule));
            for (path, rule) in
                std::iter::once(("http.path".to_owned(), &http.main)).chain(additional)
            {
                let named = match manifest.service_type {
                    ServiceType::LoadBalancedWebService => named,
                    _ => private && rule.room_for_hosts() > 0,
                };
                let route = Route { found, span: node.place(&path), manifest, rule, named };
                if let Some(first) = routes.iter().find(|other| collide(other, &route)) {
                    let problem = conflict(first, &route);
                    match reported.iter_mut().find(|known| {
                        known.message == problem.message && known.span == problem.span
                    }) {
                        Some(_) => {}
                        None => reported.push(problem),
                    }
                }
                routes.push(route);
            }
        }
    }
    problems.append(&mut reported);
}

fn collide(a: &Route<'_>, b: &Route<'_>) -> bool {
    let public =
        |route: &Route<'_>| route.manifest.service_type == ServiceType::LoadBalancedWebService;
    // Where the application has a domain, and behind an internal load balancer without certificates, those
    // without an alias have names of their own.
    let hosts = if a.rule.alias.is_empty() && b.rule.alias.is_empty() {
        !(a.named && b.named)
    } else {
        a.rule.hosts().any(|host| b.rule.hosts().any(|other| other == host))
    };
    let sources = a.rule.allowed_source_ips == b.rule.allowed_source_ips;
    a.manifest.name != b.manifest.name
        && public(a) == public(b)
        && hosts
        && sources
        && a.rule.path == b.rule.path
}

fn conflict(first: &Route<'_>, second: &Route<'_>) -> Problem {
    let (line, _) = first.found.file.source.position(first.span.offset);
    let host = second.rule.hosts().find(|host| first.rule.hosts().any(|other| other == *host));
    let host = host.map(|host| format!(" on {host}")).unwrap_or_default();
    let message = format!(
        "service `{}` takes the requests to {}{host} already ({}:{line})",
        first.manifest.name, second.rule.path, first.found.file.source.path
    );
    Problem::error(&second.found.file.source, second.span, message)
        .help("give each service a `path` of its own, or an `alias`")
}
