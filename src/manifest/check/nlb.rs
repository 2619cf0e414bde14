//! A service's network load balancer: what AWS would refuse, and where connections would go nowhere.

use super::{Explain, Findings};
use crate::manifest::read::did_you_mean;
use crate::manifest::service::{NlbProtocol, ServiceManifest, ServiceType};

/// Everything about `nlb`.
pub(super) fn nlb(service: &ServiceManifest, findings: &mut Findings<'_>) {
    let Some(nlb) = &service.nlb else { return };
    if service.service_type != ServiceType::LoadBalancedWebService {
        findings
            .error_of_key("nlb", format!("a {} has no network load balancer", service.service_type))
            .advise("make it a `Load Balanced Web Service`, or remove `nlb`");
        return;
    }
    let mut seen: Vec<(u16, String)> = Vec::new();
    let names: Vec<&str> =
        service.sidecars.keys().map(String::as_str).chain([service.name.as_str()]).collect();
    for (path, listener) in nlb.listeners() {
        let port = format!("{path}.port");
        let number = listener.port.number;
        if let Some((_, first)) = seen.iter().find(|(known, _)| *known == number) {
            let first = findings.node.place(first);
            let problem = findings.error(&port, format!("port {number} is listened on already"));
            *problem = problem
                .clone()
                .also(first, "the other listener")
                .help("a port has one listener; `/tcp_udp` takes both protocols on it");
        }
        seen.push((number, port));
        let secure = listener.port.protocol == NlbProtocol::Tls;
        if listener.ssl_policy.is_some() && !secure {
            findings
                .error(&format!("{path}.ssl_policy"), "`ssl_policy` means nothing without TLS")
                .advise(format!("write `port: {number}/tls`, or remove `ssl_policy`"));
        }
        if listener.stickiness && secure {
            findings
                .error(&format!("{path}.stickiness"), "a TLS listener cannot be sticky")
                .advise("remove `stickiness`, or end TLS in the container: `/tcp`");
        }
        if listener.stickiness && listener.port.protocol == NlbProtocol::Udp {
            findings
                .error(
                    &format!("{path}.stickiness"),
                    "a UDP listener has no connections to keep together",
                )
                .advise(
                    "remove `stickiness`: packets of one client and port go to one task anyway",
                );
        }
        let check = &listener.healthcheck;
        let (timeout, interval) = (
            check.timeout.map_or(10, |time| time.as_secs()),
            check.interval.map_or(30, |time| time.as_secs()),
        );
        if timeout >= interval {
            let key = if check.timeout.is_some() { "timeout" } else { "interval" };
            findings
                .error(
                    &format!("{path}.healthcheck.{key}"),
                    format!(
                        "a check may take {timeout}s, but the next one comes after {interval}s"
                    ),
                )
                .explain(
                    "a timeout shorter than the interval",
                    "the load balancer's own values are timeout 10s, interval 30s",
                );
        }
        if let Some(name) =
            listener.target_container.as_deref().filter(|name| !names.contains(name))
        {
            let problem = findings.error(
                &format!("{path}.target_container"),
                format!("there is no container `{name}`"),
            );
            problem.expected = Some(crate::manifest::read::list(&names));
            problem.help = Some(
                did_you_mean(name, &names).unwrap_or_else(|| "add it under `sidecars`".into()),
            );
        }
    }
}
