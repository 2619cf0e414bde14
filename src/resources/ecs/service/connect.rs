//! Service Connect: names for services, through a proxy in every task.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    ServiceConnectAccessLogConfiguration, ServiceConnectClientAlias, ServiceConnectConfiguration,
    ServiceConnectContainerConfiguration, ServiceConnectIncludeQueryParameters,
    ServiceConnectService, ServiceConnectTestTrafficHeaderMatchRules,
    ServiceConnectTestTrafficHeaderRules, ServiceConnectTestTrafficRules,
    ServiceConnectTlsCertificateAuthority, ServiceConnectTlsConfiguration, TimeoutConfiguration,
};
use serde::{Deserialize, Serialize};

use crate::engine::{Failure, Input};
use crate::resources::ecs::convert::{built, given, known, some, text};
use crate::resources::ecs::task_definition::container::LogConfiguration;
use crate::resources::ecs::task_definition::{read, write};
use crate::resources::iam::RoleArn;

/// A Service Connect configuration that is switched on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceConnect {
    /// ARN or name of a Cloud Map namespace; the cluster's default if none.
    pub namespace: Option<Input<String>>,
    /// What others may call, by the port mapping's name; a service with none is a client only.
    pub services: BTreeMap<String, ConnectService>,
    /// Where the proxy's own output goes.
    pub log_configuration: Option<LogConfiguration>,
    /// The proxy's access log: `TEXT` or `JSON`; none if absent.
    pub access_log_format: Option<String>,
    /// Access logs hold query parameters.
    pub access_log_query_parameters: bool,
    /// The proxy's log level: `debug` or `info`.
    pub log_level: Option<String>,
}

/// One port that others may call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConnectService {
    /// Its name in Cloud Map; the port mapping's if none.
    pub discovery_name: Option<String>,
    /// What clients call it.
    pub client_aliases: Vec<ClientAlias>,
    /// The proxy listens here; a free port if none.
    pub ingress_port: Option<i32>,
    /// Seconds until an idle connection is closed.
    pub idle_timeout: Option<i32>,
    /// Seconds until a request is given up.
    pub request_timeout: Option<i32>,
    /// TLS between proxies.
    pub tls: Option<ConnectTls>,
}

/// A name and port for clients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientAlias {
    /// The port clients call.
    pub port: i32,
    /// The name clients call; `NAME.NAMESPACE` if none.
    pub dns_name: Option<String>,
    /// The header that marks test traffic, and its exact value.
    pub test_header: Option<(String, Option<String>)>,
}

/// TLS between proxies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConnectTls {
    /// ARN of the private certificate authority.
    pub certificate_authority: Option<String>,
    /// KMS key of the certificates' private keys.
    pub kms_key: Option<String>,
    /// The role in which ECS fetches certificates.
    pub role: Option<Input<RoleArn>>,
}

/// The configuration to send; `None` switches Service Connect off.
pub(super) fn to_sdk(
    from: Option<&ServiceConnect>,
) -> Result<ServiceConnectConfiguration, Failure> {
    let Some(from) = from else {
        return Ok(ServiceConnectConfiguration::builder().enabled(false).build());
    };
    let services = from.services.iter().map(|(port, one)| service_to_sdk(port, one));
    let query_parameters =
        from.access_log_query_parameters.then_some(ServiceConnectIncludeQueryParameters::Enabled);
    let access_log = from.access_log_format.as_deref().map(|format| {
        built(
            ServiceConnectAccessLogConfiguration::builder()
                .format(format.into())
                .set_include_query_parameters(query_parameters)
                .build(),
        )
    });
    let containers = from
        .log_level
        .as_deref()
        .map(|level| vec![ServiceConnectContainerConfiguration::LogLevel(level.into())]);
    Ok(ServiceConnectConfiguration::builder()
        .enabled(true)
        .set_namespace(text(from.namespace.as_ref())?)
        .set_services(some(services.collect::<Result<_, _>>()?))
        .set_log_configuration(from.log_configuration.as_ref().map(write::log).transpose()?)
        .set_access_log_configuration(access_log.transpose()?)
        .set_container_configurations(containers)
        .build())
}

fn service_to_sdk(port: &str, from: &ConnectService) -> Result<ServiceConnectService, Failure> {
    let timed = from.idle_timeout.is_some() || from.request_timeout.is_some();
    let timeout = timed.then(|| {
        TimeoutConfiguration::builder()
            .set_idle_timeout_seconds(from.idle_timeout)
            .set_per_request_timeout_seconds(from.request_timeout)
            .build()
    });
    let aliases = from.client_aliases.iter().map(alias_to_sdk).collect::<Result<_, _>>()?;
    built(
        ServiceConnectService::builder()
            .port_name(port)
            .set_discovery_name(from.discovery_name.clone())
            .set_client_aliases(some(aliases))
            .set_ingress_port_override(from.ingress_port)
            .set_timeout(timeout)
            .set_tls(from.tls.as_ref().map(tls_to_sdk).transpose()?)
            .build(),
    )
}

fn alias_to_sdk(from: &ClientAlias) -> Result<ServiceConnectClientAlias, Failure> {
    let rules = match &from.test_header {
        None => None,
        Some((name, exact)) => {
            let exact = exact.as_deref().map(|exact| {
                built(ServiceConnectTestTrafficHeaderMatchRules::builder().exact(exact).build())
            });
            let header = built(
                ServiceConnectTestTrafficHeaderRules::builder()
                    .name(name)
                    .set_value(exact.transpose()?)
                    .build(),
            )?;
            Some(ServiceConnectTestTrafficRules::builder().header(header).build())
        }
    };
    built(
        ServiceConnectClientAlias::builder()
            .port(from.port)
            .set_dns_name(from.dns_name.clone())
            .set_test_traffic_rules(rules)
            .build(),
    )
}

fn tls_to_sdk(from: &ConnectTls) -> Result<ServiceConnectTlsConfiguration, Failure> {
    let authority = ServiceConnectTlsCertificateAuthority::builder()
        .set_aws_pca_authority_arn(from.certificate_authority.clone())
        .build();
    Ok(ServiceConnectTlsConfiguration::builder()
        .issuer_certificate_authority(authority)
        .set_kms_key(from.kms_key.clone())
        .set_role_arn(text(from.role.as_ref())?)
        .build())
}

impl ServiceConnect {
    pub(super) fn from_sdk(from: &ServiceConnectConfiguration) -> Self {
        let access_log = from.access_log_configuration();
        Self {
            namespace: known(from.namespace()),
            services: from
                .services()
                .iter()
                .map(|one| (one.port_name().to_owned(), service_from_sdk(one)))
                .collect(),
            log_configuration: from.log_configuration().map(read::log),
            access_log_format: access_log.map(|one| one.format().as_str().to_owned()),
            access_log_query_parameters: access_log.and_then(|one| one.include_query_parameters())
                == Some(&ServiceConnectIncludeQueryParameters::Enabled),
            log_level: from
                .container_configurations()
                .iter()
                .find_map(|one| one.as_log_level().ok())
                .map(|level| level.as_str().to_owned()),
        }
    }
}

fn service_from_sdk(from: &ServiceConnectService) -> ConnectService {
    let timeout = from.timeout();
    ConnectService {
        discovery_name: given(from.discovery_name()),
        client_aliases: from.client_aliases().iter().map(alias_from_sdk).collect(),
        ingress_port: from.ingress_port_override(),
        idle_timeout: timeout.and_then(|one| one.idle_timeout_seconds()),
        request_timeout: timeout.and_then(|one| one.per_request_timeout_seconds()),
        tls: from.tls().map(|one| ConnectTls {
            certificate_authority: given(
                one.issuer_certificate_authority().and_then(|one| one.aws_pca_authority_arn()),
            ),
            kms_key: given(one.kms_key()),
            role: known(one.role_arn()),
        }),
    }
}

fn alias_from_sdk(from: &ServiceConnectClientAlias) -> ClientAlias {
    ClientAlias {
        port: from.port(),
        dns_name: given(from.dns_name()),
        test_header: from.test_traffic_rules().and_then(|rules| rules.header()).map(|header| {
            (header.name().to_owned(), header.value().map(|value| value.exact().to_owned()))
        }),
    }
}
