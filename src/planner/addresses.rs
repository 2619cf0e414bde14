//! Where web services can be reached.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::engine::Address;
use crate::manifest::service::NlbProtocol;
use crate::manifest::{ServiceType, Workspace};

/// Where one service can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAddress {
    /// The service.
    pub service: String,
    /// `https://shop.example.com/` or, without an alias, the load balancer's own name.
    pub url: String,
}

/// The addresses of the services that a load balancer serves; `outputs` gives what is known of
/// live resources. Services whose load balancer is not there are left out.
pub fn addresses(
    workspace: &Workspace,
    environment: &str,
    services: &BTreeSet<String>,
    outputs: &dyn Fn(&Address) -> Option<Value>,
) -> Vec<ServiceAddress> {
    let Some(manifest) = workspace.environment(environment) else { return Vec::new() };
    let managed = workspace
        .application
        .domain
        .as_ref()
        .filter(|_| manifest.http.public.certificates.is_empty());
    let subdomain = managed
        .map(|domain| format!("{environment}.{}.{}", workspace.application.name, domain.name));
    let dns_name = |balancer: &str| {
        let outputs = outputs(&Address::new("elbv2/load-balancer", balancer))?;
        outputs["dns_name"].as_str().map(str::to_owned)
    };
    let mut found = Vec::new();
    for name in services {
        let Ok(service) = workspace.service_in(name, environment) else { continue };
        let mut add = |url: String| found.push(ServiceAddress { service: name.clone(), url });
        if let Some(http) = &service.http {
            let public = service.service_type == ServiceType::LoadBalancedWebService;
            let default = manifest.http.public.alb.as_deref();
            let imported = super::surroundings::balancer(&service, default).is_some();
            let (balancer, secure) = match service.service_type {
                ServiceType::LoadBalancedWebService => {
                    ("public", managed.is_some() || !manifest.http.public.certificates.is_empty())
                }
                ServiceType::BackendService => {
                    ("private", !manifest.http.private.certificates.is_empty())
                }
                ServiceType::WorkerService | ServiceType::ScheduledJob => continue,
            };
            let internal = (!public && !secure && http.main.room_for_hosts() > 0)
                .then(|| format!("{environment}.{}.internal", workspace.application.name));
            let own = match public {
                true => subdomain.as_ref().filter(|_| !imported),
                false => internal.as_ref(),
            };
            let host = http
                .main
                .hosts()
                .next()
                .map(str::to_owned)
                .or_else(|| own.map(|domain| format!("{name}.{domain}")));
            let there = if imported { None } else { dns_name(balancer) };
            // Without its load balancer there is nothing to reach.
            let host = match (host, there) {
                (Some(host), Some(_)) => Some(host),
                (Some(host), None) if imported => Some(host),
                (_, there) => there,
            };
            if let Some(host) = host {
                let scheme = if secure || imported { "https" } else { "http" };
                add(format!("{scheme}://{host}/{}", http.main.path.trim_start_matches('/')));
            }
        }
        if let Some(nlb) = &service.nlb
            && let Some(there) = dns_name(&format!("{name}/nlb"))
        {
            let own = subdomain.as_ref().map(|domain| format!("{name}-nlb.{domain}"));
            let alias = nlb.alias.first().map(|alias| alias.name.clone());
            let host = alias.or(own).unwrap_or(there);
            for (_, listener) in nlb.listeners() {
                let scheme = match listener.port.protocol {
                    NlbProtocol::Tcp | NlbProtocol::TcpUdp => "tcp",
                    NlbProtocol::Udp => "udp",
                    NlbProtocol::Tls => "tls",
                };
                add(format!("{scheme}://{host}:{}", listener.port.number));
            }
        }
    }
    found
}
