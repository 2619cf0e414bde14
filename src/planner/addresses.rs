//! Where web services can be reached.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::engine::Address;
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
    let mut found = Vec::new();
    for name in services {
        let Ok(service) = workspace.service_in(name, environment) else { continue };
        let Some(http) = &service.http else { continue };
        let (balancer, secure) = match service.service_type {
            ServiceType::LoadBalancedWebService => {
                ("public", !manifest.http.public.certificates.is_empty())
            }
            ServiceType::BackendService => {
                ("private", !manifest.http.private.certificates.is_empty())
            }
            ServiceType::WorkerService | ServiceType::ScheduledJob => continue,
        };
        let Some(outputs) = outputs(&Address::new("elbv2/load-balancer", balancer)) else {
            continue;
        };
        let Some(dns_name) = outputs["dns_name"].as_str() else { continue };
        let host = http.main.alias.first().map_or(dns_name, String::as_str);
        let scheme = if secure { "https" } else { "http" };
        let path = http.main.path.trim_start_matches('/');
        found.push(ServiceAddress {
            service: name.clone(),
            url: format!("{scheme}://{host}/{path}"),
        });
    }
    found
}
