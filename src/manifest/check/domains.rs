//! Host names across files: what proves and carries them, and who has them.

use super::{Explain, Findings};
use crate::manifest::application::Application;
use crate::manifest::loader::{FoundEnvironment, FoundService};
use crate::manifest::problem::{Problem, Span};
use crate::manifest::service::{NlbProtocol, ServiceManifest, ServiceType};
use crate::manifest::yaml::Node;

/// One host name of one service in one environment.
struct Name<'a> {
    found: &'a FoundService,
    span: Span,
    host: String,
    network: bool,
}

/// Everything about host names.
pub(super) fn domains(
    application: Option<&Application>,
    environments: &[FoundEnvironment],
    services: &[FoundService],
    problems: &mut Vec<Problem>,
) {
    let mut reported: Vec<Problem> = Vec::new();
    let mut report = |problem: Problem| {
        let known = reported
            .iter()
            .any(|known| known.message == problem.message && known.span == problem.span);
        if !known {
            reported.push(problem);
        }
    };
    for found_environment in environments {
        let Some(environment) = &found_environment.environment else { continue };
        let certificates = !environment.http.public.certificates.is_empty();
        let domain = application.is_some_and(|application| application.domain.is_some());
        if let Some(file) = &found_environment.file
            && environment.http.public.ssl_policy.is_some()
            && !certificates
            && !domain
        {
            let span = file.node.place("http.public.ssl_policy");
            let message = "`ssl_policy` means nothing without a certificate";
            report(
                Problem::error(&file.source, span, message)
                    .help("list a certificate's ARN under `certificates`, or remove `ssl_policy`"),
            );
        }
        let mut names: Vec<Name<'_>> = Vec::new();
        for found in services {
            let resolved = found.resolved.iter().find(|(name, ..)| *name == environment.name);
            let Some((_, node, manifest)) = resolved else { continue };
            if manifest.service_type == ServiceType::LoadBalancedWebService {
                let imported = manifest.http.as_ref().is_some_and(|http| {
                    http.alb.is_some() || environment.http.public.alb.is_some()
                });
                if let Some(problem) =
                    unproved(found, node, manifest, domain || certificates, imported)
                {
                    report(problem);
                }
            }
            let own = names_of(found, node, manifest);
            for name in own {
                let other = names
                    .iter()
                    .find(|other| other.host == name.host && (other.network || name.network));
                if let Some(other) = other {
                    report(taken(other, &name));
                }
                names.push(name);
            }
        }
    }
    problems.append(&mut reported);
}

/// Names that nothing proves: no certificate would be there, and no record.
fn unproved(
    found: &FoundService,
    node: &Node,
    manifest: &ServiceManifest,
    provable: bool,
    imported: bool,
) -> Option<Problem> {
    if provable {
        return None;
    }
    let mut problems = Vec::new();
    let source = &found.file.source;
    let findings = &mut Findings { source, node, unread: Vec::new(), problems: &mut problems };
    let help = "write `domain: example.com` in application.yml, or list a certificate under `http.public.certificates` of the environment";
    if let Some(http) = manifest.http.as_ref().filter(|_| !imported) {
        let additional = http.additional_rules.iter().enumerate();
        let additional =
            additional.map(|(index, rule)| (format!("http.additional_rules.{index}"), rule));
        for (path, rule) in std::iter::once(("http".to_owned(), &http.main)).chain(additional) {
            let without = rule.alias.iter().find(|alias| alias.hosted_zone.is_none());
            if rule.hosted_zone.is_none() && without.is_some() {
                findings
                    .error(
                        &format!("{path}.alias"),
                        "`alias` needs a domain or a certificate, and there is neither",
                    )
                    .advise(help);
                return problems.pop();
            }
        }
    }
    if let Some(nlb) = &manifest.nlb {
        if nlb.alias.iter().any(|alias| alias.hosted_zone.is_none()) {
            findings
                .error("nlb.alias", "`alias` needs a domain, and the application has none")
                .advise("write `domain: example.com` in application.yml, or give each name its `hosted_zone`");
            return problems.pop();
        }
        let tls = nlb.listeners().find(|(_, one)| one.port.protocol == NlbProtocol::Tls);
        if let Some((path, _)) = tls.filter(|_| nlb.alias.is_empty()) {
            findings
                .error(&format!("{path}.port"), "a TLS port needs a certificate, and there is none")
                .advise(help);
            return problems.pop();
        }
    }
    None
}

fn names_of<'a>(found: &'a FoundService, node: &Node, manifest: &ServiceManifest) -> Vec<Name<'a>> {
    let mut names: Vec<Name<'a>> = Vec::new();
    let mut add = |host: &str, path: String, network: bool| {
        let name = Name { found, span: node.place(&path), host: host.to_owned(), network };
        names.push(name);
    };
    if let Some(http) = &manifest.http {
        http.main.hosts().for_each(|host| add(host, "http.alias".to_owned(), false));
        for (index, rule) in http.additional_rules.iter().enumerate() {
            let path = format!("http.additional_rules.{index}.alias");
            rule.hosts().for_each(|host| add(host, path.clone(), false));
        }
        for (index, redirect) in http.redirects.iter().enumerate() {
            if let Some(host) = redirect.source().and_then(|place| place.host) {
                add(&host, format!("http.redirects.{index}.from"), false);
            }
        }
    }
    if let Some(nlb) = &manifest.nlb {
        nlb.alias.iter().for_each(|alias| add(&alias.name, "nlb.alias".to_owned(), true));
    }
    names
}

fn taken(first: &Name<'_>, second: &Name<'_>) -> Problem {
    let (line, _) = first.found.file.source.position(first.span.offset);
    let message = format!(
        "{} leads to another load balancer already, for service `{}` ({}:{line})",
        second.host, first.found.name, first.found.file.source.path
    );
    Problem::error(&second.found.file.source, second.span, message)
        .help("a name leads to one load balancer: give one of the two another `alias`")
}
