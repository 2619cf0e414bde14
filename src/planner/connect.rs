//! ECS Service Connect: the names by which other services call this one, and its proxy.

use std::collections::BTreeMap;

use serde_json::json;

use super::Context;
use super::environment::Shared;
use super::task::{seconds, secret_arns};
use crate::engine::{Desired, Failure, Handle, Input};
use crate::manifest::service::{
    AccessLogFormat, AppProtocol, ConnectLogging, ConnectTls, Endpoint, LogDriver,
};
use crate::manifest::{Environment, ServiceManifest};
use crate::resources::ecs::service::connect::{
    ClientAlias, ConnectService, ConnectTls as Tls, ServiceConnect,
};
use crate::resources::ecs::task_definition::container::{Container, LogConfiguration, PortMapping};
use crate::resources::iam::{Role, RoleArn};
use crate::resources::logs::LogGroup;

/// The managed policy in which ECS asks a private CA for certificates.
const TLS_POLICY: &str = "AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity";

/// Gives the ports that others call their names and protocols.
pub(super) fn name_ports(
    service: &ServiceManifest,
    environment: &Environment,
    containers: &mut BTreeMap<String, Container>,
) {
    if !service.is_connected_in(Some(environment)) {
        return;
    }
    for endpoint in service.endpoints() {
        let Some(container) = containers.get_mut(&endpoint.container) else { continue };
        let port = i32::from(endpoint.port);
        let is_it = |one: &&mut PortMapping| one.container_port == port && one.protocol == "tcp";
        if let Some(mapping) = container.port_mappings.iter_mut().find(is_it) {
            mapping.name = Some(endpoint.name.clone());
            mapping.app_protocol = endpoint
                .protocol
                .filter(|protocol| *protocol != AppProtocol::Tcp)
                .map(|protocol| protocol.to_string());
        }
    }
}

/// The service's part in it, if it has one. Who can be called is found as `NAME-sc` in Cloud Map, beside the
/// plain name of its tasks.
pub(super) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
    shared: &Shared,
) -> Result<Option<ServiceConnect>, Failure> {
    if !service.is_connected_in(Some(context.manifest()?)) {
        return Ok(None);
    }
    let connect = &service.network.connect.map;
    let namespace = match (&connect.namespace, &shared.namespace) {
        (Some(named), _) => Input::Known(named.clone()),
        (None, Some(shared)) => shared.arn.clone(),
        (None, None) => return Ok(None),
    };
    let endpoints = service.endpoints();
    let role = role(desired, context, service, &endpoints)?;
    let services = endpoints.iter().map(|one| (one.name.clone(), callable(one, role.as_ref())));
    let logs = &connect.access_logs;
    Ok(Some(ServiceConnect {
        namespace: Some(namespace),
        services: services.collect(),
        log_configuration: match (&connect.logging, logs) {
            (Some(logging), _) if logging.off => None,
            (Some(logging), _) => Some(log(context, service, logging)),
            (None, Some(_)) => Some(awslogs(context, service, BTreeMap::new())),
            (None, None) => None,
        },
        access_log_format: logs.as_ref().map(|logs| match logs.format {
            AccessLogFormat::Text => "TEXT".to_owned(),
            AccessLogFormat::Json => "JSON".to_owned(),
        }),
        access_log_query_parameters: logs.as_ref().is_some_and(|logs| logs.query_parameters),
        log_level: connect.log_level.map(|level| level.to_string()),
    }))
}

/// One port that others may call.
fn callable(endpoint: &Endpoint, role: Option<&Input<RoleArn>>) -> ConnectService {
    let (name, port) = &endpoint.alias;
    let header = endpoint.test_header.as_ref();
    let alias = ClientAlias {
        port: (*port).into(),
        dns_name: Some(name.clone()),
        test_header: header.map(|header| (header.name.clone(), header.value.clone())),
    };
    let tls = |tls: &ConnectTls| Tls {
        certificate_authority: tls.ca.clone(),
        kms_key: tls.kms_key.clone(),
        role: match &tls.role {
            Some(arn) => Some(Input::Known(arn.as_str().into())),
            None => role.cloned(),
        },
    };
    ConnectService {
        discovery_name: Some(endpoint.discovery_name.clone()),
        client_aliases: vec![alias],
        ingress_port: endpoint.ingress_port.map(i32::from),
        idle_timeout: endpoint.timeouts.idle.map(seconds),
        request_timeout: endpoint.timeouts.request.map(seconds),
        tls: endpoint.tls.as_ref().map(tls),
    }
}

/// The role in which ECS asks for certificates, where a port has TLS and names none.
fn role(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
    endpoints: &[Endpoint],
) -> Result<Option<Input<RoleArn>>, Failure> {
    let wanted = |one: &Endpoint| one.tls.as_ref().is_some_and(|tls| tls.role.is_none());
    if !endpoints.iter().any(wanted) {
        return Ok(None);
    }
    let role = Role {
        description: format!("Lets ECS get certificates for Service Connect of {}", service.name),
        assume_policy: json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "ecs.amazonaws.com" },
                "Action": "sts:AssumeRole",
            }],
        }),
        managed_policies: vec![format!(
            "arn:{}:iam::aws:policy/service-role/{TLS_POLICY}",
            context.partition
        )],
        tags: context.tags()?,
        ..Role::default()
    };
    let name = format!("{}/connect", service.name);
    Ok(Some(desired.add(&super::owner(service), name, &role)?.arn()))
}

/// Where the proxy's output goes.
fn log(
    context: &Context<'_>,
    service: &ServiceManifest,
    logging: &ConnectLogging,
) -> LogConfiguration {
    let options = logging.options.clone();
    let driver = logging.driver.unwrap_or(LogDriver::Awslogs);
    let mut log = match driver {
        LogDriver::Awslogs => awslogs(context, service, options),
        driver => LogConfiguration {
            driver: driver.to_string(),
            options: known(options).collect(),
            secret_options: BTreeMap::new(),
        },
    };
    log.secret_options = secret_arns(context, &logging.secret_options);
    log
}

/// The service's log group, unless the options name another.
fn awslogs(
    context: &Context<'_>,
    service: &ServiceManifest,
    options: BTreeMap<String, String>,
) -> LogConfiguration {
    let group = Handle::<LogGroup>::new(&service.name).name();
    let own = [
        ("awslogs-group", group),
        ("awslogs-region", Input::Known(context.region.to_owned())),
        ("awslogs-stream-prefix", Input::Known("service-connect".to_owned())),
    ];
    let own = own.map(|(key, value)| (key.to_owned(), value));
    LogConfiguration {
        driver: "awslogs".to_owned(),
        options: own.into_iter().chain(known(options)).collect(),
        secret_options: BTreeMap::new(),
    }
}

fn known(options: BTreeMap<String, String>) -> impl Iterator<Item = (String, Input<String>)> {
    options.into_iter().map(|(key, value)| (key, Input::Known(value)))
}
