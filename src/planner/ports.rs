//! The ports that a service's containers open: their own, and those that load balancers lead to.

use std::collections::BTreeSet;

use crate::manifest::ServiceManifest;
use crate::manifest::service::{NlbListener, NlbProtocol, PortProtocol, SidecarPort};
use crate::resources::ecs::task_definition::container::PortMapping;

/// The container that a port of a network load balancer leads to.
pub(super) fn target(service: &ServiceManifest, listener: &NlbListener) -> String {
    let port = listener.target();
    listener.target_container.clone().unwrap_or_else(|| {
        let exposes = service
            .sidecars
            .iter()
            .find(|(_, sidecar)| sidecar.port.as_ref().is_some_and(|own| own.port == port));
        exposes.map_or(&service.name, |(name, _)| name).clone()
    })
}

/// The ports of one container, each with its protocol.
pub(super) fn of(service: &ServiceManifest, container: &str) -> Vec<PortMapping> {
    let mut ports: BTreeSet<(u16, &str)> = BTreeSet::new();
    let mut first = Vec::new();
    let named = |port: &SidecarPort| {
        let protocol = match port.protocol {
            PortProtocol::Tcp => "tcp",
            PortProtocol::Udp => "udp",
        };
        (port.port, protocol)
    };
    if container == service.name {
        first.extend(service.image.port.map(|port| (port, "tcp")));
        first.extend(service.image.ports.iter().map(named));
    } else if let Some(sidecar) = service.sidecars.get(container) {
        first.extend(sidecar.port.iter().chain(&sidecar.ports).map(named));
    }
    if let Some(http) = &service.http {
        for rule in std::iter::once(&http.main).chain(&http.additional_rules) {
            let (name, port) = super::http::target(service, rule);
            if name == container {
                ports.insert((u16::try_from(port).unwrap_or_default(), "tcp"));
            }
        }
    }
    for (_, listener) in service.nlb.iter().flat_map(|nlb| nlb.listeners()) {
        if target(service, listener) != container {
            continue;
        }
        let protocols: &[&str] = match listener.port.protocol {
            NlbProtocol::Tcp | NlbProtocol::Tls => &["tcp"],
            NlbProtocol::Udp => &["udp"],
            NlbProtocol::TcpUdp => &["tcp", "udp"],
        };
        ports.extend(protocols.iter().map(|protocol| (listener.target(), *protocol)));
    }
    ports.retain(|port| !first.contains(port));
    first
        .into_iter()
        .chain(ports)
        .map(|(port, protocol)| PortMapping {
            protocol: protocol.to_owned(),
            ..PortMapping::tcp(port.into())
        })
        .collect()
}
