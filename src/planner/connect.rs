//! ECS Service Connect: the name by which other services call this one.

use std::collections::BTreeMap;

use super::environment::Shared;
use super::http;
use crate::manifest::ServiceManifest;
use crate::resources::ecs::service::connect::{ClientAlias, ConnectService, ServiceConnect};

/// The name of the port that others call.
pub(super) const PORT: &str = "target";

/// The container and port that others call; `None` for a service that only calls others.
pub(super) fn port(service: &ServiceManifest) -> Option<(String, i32)> {
    if !service.network.connect.enabled {
        return None;
    }
    match &service.http {
        Some(http) => Some(http::target(service, &http.main)),
        None => service.image.port.map(|port| (service.name.clone(), port.into())),
    }
}

/// The service's part in it, if it has one. Who can be called is found as `NAME-sc` in Cloud Map, beside the
/// plain name of its tasks.
pub(super) fn plan(service: &ServiceManifest, shared: &Shared) -> Option<ServiceConnect> {
    let connect = &service.network.connect;
    let namespace = shared.namespace.as_ref().filter(|_| connect.enabled)?;
    let called = port(service).map(|(_, port)| {
        let alias = connect.alias.as_ref().unwrap_or(&service.name);
        let alias = ClientAlias { port, dns_name: Some(alias.clone()), test_header: None };
        let callable = ConnectService {
            discovery_name: Some(format!("{}-sc", service.name)),
            client_aliases: vec![alias],
            ..ConnectService::default()
        };
        (PORT.to_owned(), callable)
    });
    Some(ServiceConnect {
        namespace: Some(namespace.arn.clone()),
        services: called.into_iter().collect::<BTreeMap<_, _>>(),
        ..ServiceConnect::default()
    })
}
