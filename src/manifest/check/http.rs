//! Routing: what a load balancer would refuse, and where requests would go nowhere.

use super::{Explain, Findings};
use crate::manifest::read::did_you_mean;
use crate::manifest::service::{
    Http, HttpVersion, Place, PortProtocol, Rule, ServiceManifest, ServiceType,
};

/// Values that the conditions of one listener rule may have.
const MOST_VALUES: usize = 5;
/// Target groups that a service may have.
const MOST_TARGETS: usize = 5;

/// Everything about `http`.
pub(super) fn http(service: &ServiceManifest, findings: &mut Findings<'_>) {
    let Some(http) = &service.http else {
        let off = findings.node.get("http").is_some_and(|entry| entry.node.text() == Some("false"));
        let web = service.service_type == ServiceType::LoadBalancedWebService;
        if web && service.nlb.is_none() && off {
            findings
                .error("http", "with `http: false` and no `nlb` nothing would reach the service")
                .advise("add `nlb:` and below it `port: 443/tls`; or make it a `Backend Service`");
        } else if web && service.nlb.is_none() {
            findings
                .error("type", "a Load Balanced Web Service needs `http`, or `nlb`")
                .explain("a map with at least `path`", "add `http:` and below it `path: /`");
        }
        return;
    };
    rule(service, &http.main, "http", findings);
    for (index, additional) in http.additional_rules.iter().enumerate() {
        rule(service, additional, &format!("http.additional_rules.{index}"), findings);
    }
    repeated(http, findings);
    redirects(http, findings);
    if http.alb.is_some() && service.service_type != ServiceType::LoadBalancedWebService {
        findings
            .error_of_key(
                "http.alb",
                format!("a {} cannot use a load balancer that exists", service.service_type),
            )
            .advise("make it a `Load Balanced Web Service`, or remove `alb`");
    }
    let ports = service.nlb.as_ref().map_or(0, |nlb| nlb.listeners().count());
    let targets = 1 + http.additional_rules.len() + ports;
    if targets > MOST_TARGETS {
        findings
            .error_of_key("http", format!("the service would have {targets} target groups: one for each rule of `http` and each port of `nlb`"))
            .explain(format!("at most {MOST_TARGETS}"), "ECS takes no more: join rules, or make two services of it");
    }
}

/// Redirects that lead nowhere, or back.
fn redirects(http: &Http, findings: &mut Findings<'_>) {
    let mut leads: Vec<(Place, Place)> = Vec::new();
    for (index, redirect) in http.redirects.iter().enumerate() {
        let path = format!("http.redirects.{index}");
        let Some(from) = redirect.source() else {
            findings
                .error(
                    &format!("{path}.from"),
                    format!("`{}` is no host and no path", redirect.from),
                )
                .explain(
                    "`old.example.com`, `/old`, or `old.example.com/old`",
                    "ports, schemes and queries cannot be asked for",
                );
            continue;
        };
        let Some(to) = redirect.target() else {
            findings
                .error(&format!("{path}.to"), format!("`{}` is no host, path or URL", redirect.to))
                .expected =
                Some("`new.example.com`, `/new`, or `https://new.example.com/new`".into());
            continue;
        };
        // From place to place until one comes back, or leads away from here.
        let mut at = (to.host.clone().or(from.host.clone()), to.path.clone().or(from.path.clone()));
        let same = |place: &Place, at: &(Option<String>, Option<String>)| {
            (place.host.is_none() || place.host == at.0)
                && below(place.path.as_deref(), at.1.as_deref())
        };
        leads.push((from.clone(), to));
        for _ in 0..=leads.len() {
            if same(&from, &at) {
                findings
                    .error(
                        &format!("{path}.to"),
                        format!("`{}` leads back to itself", redirect.from),
                    )
                    .advise("change `to`: browsers give up on a redirect that goes round");
                break;
            }
            let Some((_, next)) = leads.iter().find(|(from, _)| same(from, &at)) else { break };
            at = (next.host.clone().or(at.0), next.path.clone().or(at.1));
        }
    }
}

/// Whether a path is this one or below it.
fn below(path: Option<&str>, at: Option<&str>) -> bool {
    match (path, at) {
        (None | Some("/"), _) => true,
        (Some(path), Some(at)) => {
            at == path || at.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
        }
        (Some(_), None) => false,
    }
}

fn rule(service: &ServiceManifest, rule: &Rule, path: &str, findings: &mut Findings<'_>) {
    target(service, rule, path, findings);
    let paths = if rule.path == "/" { 1 } else { 2 };
    // Host names are spread over as many rules as they need, one in each at least.
    let hosts = usize::from(!rule.alias.is_empty());
    let values = paths + hosts + rule.allowed_source_ips.len();
    if values > MOST_VALUES {
        findings
            .error(
                path,
                format!(
                    "one rule would test {values} values: {paths} for the path, {hosts} for `alias`, {} for `allowed_source_ips`",
                    rule.allowed_source_ips.len()
                ),
            )
            .explain(format!("at most {MOST_VALUES}"), "spread the values over several `http.additional_rules`");
    }
    if let (Some(_), Some(_)) = (&rule.target_container, &rule.old_target_container) {
        findings
            .error(&format!("{path}.targetContainer"), "`targetContainer` is the old spelling of `target_container`, which stands here too")
            .advise("remove `targetContainer`");
    }
    let check = &rule.healthcheck;
    let below = format!("{path}.healthcheck");
    if !check.path.starts_with('/') || check.path.len() > 1024 {
        let place = if findings.node.place(&format!("{below}.path")) == findings.node.place(&below)
        {
            below.clone()
        } else {
            format!("{below}.path")
        };
        findings.error(&place, format!("the health check's path is `{}`", check.path)).explain(
            "a path that starts with `/`",
            format!("write /{}", check.path.trim_start_matches('/')),
        );
    }
    let (timeout, interval) = (
        check.timeout.map_or(5, |time| time.as_secs()),
        check.interval.map_or(30, |time| time.as_secs()),
    );
    if timeout >= interval {
        let key = if check.timeout.is_some() { "timeout" } else { "interval" };
        findings
            .error(
                &format!("{below}.{key}"),
                format!("a check may take {timeout}s, but the next one comes after {interval}s"),
            )
            .explain(
                "a timeout shorter than the interval",
                "the load balancer's own values are timeout 5s, interval 30s",
            );
    }
    if let Some(codes) = &check.success_codes {
        success_codes(rule.version, codes, &format!("{below}.success_codes"), findings);
    }
    let grace_period = format!("{below}.grace_period");
    let written = findings.node.place_of_key(&grace_period);
    if path != "http" && written != findings.node.place_of_key(&below) {
        findings
            .error_at(written, "`grace_period` belongs to the service, not to one rule")
            .advise("set `http.healthcheck.grace_period`");
    }
}

fn success_codes(version: HttpVersion, codes: &str, path: &str, findings: &mut Findings<'_>) {
    let grpc = version == HttpVersion::Grpc;
    let bounds = if grpc { 0..=99 } else { 200..=499 };
    let outside = codes
        .split([',', '-'])
        .find(|code| !code.parse::<u16>().is_ok_and(|code| bounds.contains(&code)));
    if let Some(outside) = outside {
        let kind = if grpc { "gRPC" } else { "HTTP" };
        findings
            .error(
                path,
                format!("{outside} is no status code that the load balancer accepts for {kind}"),
            )
            .expected = Some(format!("codes from {} to {}", bounds.start(), bounds.end()));
    }
}

/// Which container and port get the requests.
fn target(service: &ServiceManifest, rule: &Rule, path: &str, findings: &mut Findings<'_>) {
    let names: Vec<&str> =
        service.sidecars.keys().map(String::as_str).chain([service.name.as_str()]).collect();
    let place = format!("{path}.target_container");
    let port = match rule.container() {
        None => service.image.port,
        Some(name) if name == service.name => service.image.port,
        Some(name) => {
            match service.sidecars.get(name) {
                Some(sidecar) => {
                    if sidecar.port.is_some_and(|port| port.protocol == PortProtocol::Udp) {
                        findings
                        .error(&place, format!("`{name}` listens on UDP, and a load balancer for HTTP speaks TCP"))
                        .advise(format!("write `port` of the sidecar `{name}` without `/udp`"));
                    }
                    sidecar.port.map(|port| port.port)
                }
                None => {
                    let problem = findings.error(&place, format!("there is no container `{name}`"));
                    problem.expected = Some(crate::manifest::read::list(&names));
                    problem.help = Some(
                        did_you_mean(name, &names)
                            .unwrap_or_else(|| "add it under `sidecars`".into()),
                    );
                    return;
                }
            }
        }
    };
    if port.or(rule.target_port).is_none() {
        let container = rule.container().unwrap_or(&service.name);
        let key = if container == service.name {
            "image.port".to_owned()
        } else {
            format!("sidecars.{container}.port")
        };
        findings
            .error(
                path,
                format!("requests would have nowhere to go: container `{container}` has no port"),
            )
            .advise(format!("say which port it listens on: `{key}`"));
    }
    if let (Some(wanted), None) = (rule.target_port, rule.container()) {
        let known = service.image.port == Some(wanted)
            || service
                .sidecars
                .values()
                .any(|sidecar| sidecar.port.is_some_and(|port| port.port == wanted));
        if !known
            && service.image.port.is_none()
            && service.sidecars.values().any(|sidecar| sidecar.port.is_some())
        {
            findings
                .error(
                    &format!("{path}.target_port"),
                    format!("no container listens on port {wanted}"),
                )
                .advise("name the container with `target_container`, or set `image.port`");
        }
    }
}

/// Two rules of one service with the same conditions: the second would never be used.
fn repeated(http: &Http, findings: &mut Findings<'_>) {
    let key = |rule: &Rule| {
        let mut hosts: Vec<String> = rule.hosts().map(str::to_owned).collect();
        hosts.sort();
        let mut sources = rule.allowed_source_ips.clone();
        sources.sort();
        (rule.path.clone(), hosts, sources)
    };
    let mut seen = vec![(key(&http.main), "http.path".to_owned())];
    for (index, rule) in http.additional_rules.iter().enumerate() {
        let path = format!("http.additional_rules.{index}.path");
        let key = key(rule);
        if let Some((_, first)) = seen.iter().find(|(known, _)| *known == key) {
            let first = findings.node.place(first);
            let problem = findings.error(
                &path,
                "this rule has the same conditions as another one, so no request would reach it",
            );
            *problem = problem
                .clone()
                .also(first, "the other rule")
                .help("change `path` or `alias`, or remove one of the two");
        }
        seen.push((key, path));
    }
}
