//! Service Connect: names for services, through a proxy in every task.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::Input;
use crate::resources::ecs::task_definition::container::LogConfiguration;
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
