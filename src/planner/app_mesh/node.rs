//! What a virtual node and a virtual gateway look like.

use std::time::Duration;

use super::{Planner, addresses, mapping};
use crate::manifest::mesh::{
    AccessLog as Log, Authority, Call, ClientTls as Client, DiscoveryType, DnsResponse,
    Listener as Written, ListenerTls as Server, LogFormat, MeshHealthCheck, MeshProtocol, Timeouts,
    TlsCertificate, TlsMode,
};
use crate::planner::task::integer;
use crate::resources::appmesh::common::{
    AccessLog, ConnectionPool, FileAccessLog, GatewayConnectionPool, HealthCheck, HttpPool,
    JsonMember, ListenerTimeout, Logging, LoggingFormat, PortMapping, RequestPool, RequestTimeout,
    TcpPool, TcpTimeout, Time,
};
use crate::resources::appmesh::tls::{
    AcmCertificate, AcmTrust, BackendDefaults, ClientCertificate, ClientPolicy, ClientTls,
    ClientTrust, ClientValidation, FileCertificate, FileTrust, ListenerCertificate, ListenerTls,
    ListenerTrust, ListenerValidation, Names, NamesMatch, SdsSecret,
};
use crate::resources::appmesh::virtual_gateway::GatewayListener;
use crate::resources::appmesh::virtual_node::{
    Backend, CloudMapAttribute, CloudMapDiscovery, DnsDiscovery, Listener, OutlierDetection,
    ServiceDiscovery, VirtualServiceBackend,
};
use crate::resources::appmesh::{VirtualGatewaySpec, VirtualNodeSpec};

impl Planner<'_> {
    /// The ports that others may call.
    pub(in crate::planner) fn ports(&self) -> Vec<PortMapping> {
        let all = self.part.listeners().filter_map(|(_, listener)| {
            Some(mapping(self.service.mesh_port(listener)?, listener.protocol))
        });
        all.collect()
    }

    pub(in crate::planner) fn node_spec(&self) -> VirtualNodeSpec {
        let listeners = self.part.listeners().filter_map(|(_, listener)| self.listener(listener));
        VirtualNodeSpec {
            listeners: listeners.collect(),
            backends: self.part.calls.iter().map(|call| self.backend(call)).collect(),
            backend_defaults: self.defaults(),
            service_discovery: Some(self.discovery()),
            logging: self.part.access_log.as_ref().map(logging),
        }
    }

    pub(in crate::planner) fn gateway_spec(&self) -> VirtualGatewaySpec {
        let listeners = self.part.listeners().filter_map(|(_, listener)| {
            Some(GatewayListener {
                port_mapping: mapping(self.service.mesh_port(listener)?, listener.protocol),
                health_check: self.health_check(listener),
                connection_pool: gateway_pool(listener),
                tls: listener.tls.as_ref().and_then(server_tls),
            })
        });
        VirtualGatewaySpec {
            listeners: listeners.collect(),
            backend_defaults: self.defaults(),
            logging: self.part.access_log.as_ref().map(logging),
        }
    }

    fn defaults(&self) -> Option<BackendDefaults> {
        let tls = self.part.client_tls.as_ref()?;
        Some(BackendDefaults { client_policy: Some(ClientPolicy { tls: client_tls(tls) }) })
    }

    fn listener(&self, listener: &Written) -> Option<Listener> {
        let port = self.service.mesh_port(listener)?;
        Some(Listener {
            port_mapping: mapping(port, listener.protocol),
            timeout: timeout(&listener.timeout, listener.protocol),
            health_check: self.health_check(listener),
            outlier_detection: listener.outlier_detection.as_ref().map(|outliers| {
                OutlierDetection {
                    max_server_errors: outliers.max_errors.into(),
                    interval: time(outliers.interval),
                    base_ejection_duration: time(outliers.ejection),
                    max_ejection_percent: integer(outliers.max_ejected),
                }
            }),
            connection_pool: pool(listener),
            tls: listener.tls.as_ref().and_then(server_tls),
        })
    }

    fn health_check(&self, listener: &Written) -> Option<HealthCheck> {
        let check: &MeshHealthCheck = listener.healthcheck.as_ref()?;
        let protocol = check.protocol.unwrap_or(listener.protocol);
        let http = matches!(protocol, MeshProtocol::Http | MeshProtocol::Http2);
        let path = http.then(|| check.path.clone().unwrap_or_else(|| "/".to_owned()));
        Some(HealthCheck {
            protocol: protocol.to_string(),
            path,
            port: check.port.or(self.service.mesh_port(listener)).map(i32::from),
            interval_millis: millis(check.interval),
            timeout_millis: millis(check.timeout),
            healthy_threshold: integer(check.healthy_threshold),
            unhealthy_threshold: integer(check.unhealthy_threshold),
        })
    }

    fn backend(&self, call: &Call) -> Backend {
        let name = if call.is_host() { call.name.clone() } else { self.dns_name(&call.name) };
        let policy = call.tls.as_ref().map(|tls| ClientPolicy { tls: client_tls(tls) });
        Backend::VirtualService(VirtualServiceBackend {
            virtual_service_name: name,
            client_policy: policy,
        })
    }

    fn discovery(&self) -> ServiceDiscovery {
        let found = &self.part.discovery;
        let ip_preference = found.ip_preference.map(addresses);
        match found.discovery_type {
            DiscoveryType::CloudMap => {
                let attribute = |(key, value): (&String, &String)| CloudMapAttribute {
                    key: key.clone(),
                    value: value.clone(),
                };
                ServiceDiscovery::AwsCloudMap(CloudMapDiscovery {
                    namespace_name: self.namespace.to_owned(),
                    service_name: self.label(&self.service.name),
                    attributes: found.attributes.iter().map(attribute).collect(),
                    ip_preference,
                })
            }
            DiscoveryType::Dns => {
                let response = match found.response {
                    Some(DnsResponse::LoadBalancer) => "LOADBALANCER",
                    Some(DnsResponse::Endpoints) | None => "ENDPOINTS",
                };
                let own = || self.dns_name(&self.service.name);
                ServiceDiscovery::Dns(DnsDiscovery {
                    hostname: found.host.clone().unwrap_or_else(own),
                    response_type: Some(response.to_owned()),
                    ip_preference,
                })
            }
        }
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// In seconds where it is a whole number of them.
pub(super) fn time(time: Duration) -> Time {
    let millis = millis(time);
    let (value, unit) = if millis % 1000 == 0 { (millis / 1000, "s") } else { (millis, "ms") };
    Time { value, unit: unit.to_owned() }
}

/// The timeouts of http, http2 or grpc.
pub(super) fn request_timeout(timeout: &Timeouts) -> Option<RequestTimeout> {
    let (per_request, idle) = (timeout.request.map(time), timeout.idle.map(time));
    (!timeout.is_empty()).then_some(RequestTimeout { per_request, idle })
}

/// The timeout of tcp.
pub(super) fn tcp_timeout(timeout: &Timeouts) -> Option<TcpTimeout> {
    timeout.idle.map(|idle| TcpTimeout { idle: Some(time(idle)) })
}

fn timeout(timeout: &Timeouts, protocol: MeshProtocol) -> Option<ListenerTimeout> {
    match protocol {
        MeshProtocol::Http => request_timeout(timeout).map(ListenerTimeout::Http),
        MeshProtocol::Http2 => request_timeout(timeout).map(ListenerTimeout::Http2),
        MeshProtocol::Grpc => request_timeout(timeout).map(ListenerTimeout::Grpc),
        MeshProtocol::Tcp => tcp_timeout(timeout).map(ListenerTimeout::Tcp),
    }
}

fn requests(listener: &Written) -> Option<RequestPool> {
    let requests = listener.connection_pool.as_ref()?.requests?;
    Some(RequestPool { max_requests: integer(requests) })
}

fn connections(listener: &Written) -> Option<HttpPool> {
    let pool = listener.connection_pool.as_ref()?;
    Some(HttpPool {
        max_connections: integer(pool.connections?),
        max_pending_requests: pool.pending.map(integer),
    })
}

fn pool(listener: &Written) -> Option<ConnectionPool> {
    match listener.protocol {
        MeshProtocol::Http => connections(listener).map(ConnectionPool::Http),
        MeshProtocol::Http2 => requests(listener).map(ConnectionPool::Http2),
        MeshProtocol::Grpc => requests(listener).map(ConnectionPool::Grpc),
        MeshProtocol::Tcp => connections(listener)
            .map(|pool| ConnectionPool::Tcp(TcpPool { max_connections: pool.max_connections })),
    }
}

fn gateway_pool(listener: &Written) -> Option<GatewayConnectionPool> {
    match listener.protocol {
        MeshProtocol::Http => connections(listener).map(GatewayConnectionPool::Http),
        MeshProtocol::Http2 => requests(listener).map(GatewayConnectionPool::Http2),
        MeshProtocol::Grpc => requests(listener).map(GatewayConnectionPool::Grpc),
        MeshProtocol::Tcp => None,
    }
}

fn names(names: &[String]) -> Option<Names> {
    let exact = names.to_vec();
    (!names.is_empty()).then_some(Names { r#match: NamesMatch { exact } })
}

fn sds(name: &str) -> SdsSecret {
    SdsSecret { secret_name: name.to_owned() }
}

fn file_trust(path: &str) -> FileTrust {
    FileTrust { certificate_chain: path.to_owned() }
}

fn server_tls(tls: &Server) -> Option<ListenerTls> {
    let certificate = match tls.certificate.as_ref()? {
        TlsCertificate::Acm(arn) => {
            ListenerCertificate::Acm(AcmCertificate { certificate_arn: arn.clone() })
        }
        TlsCertificate::File(files) => ListenerCertificate::File(FileCertificate {
            certificate_chain: files.chain.clone(),
            private_key: files.key.clone(),
        }),
        TlsCertificate::Sds(name) => ListenerCertificate::Sds(sds(name)),
    };
    let mode = match tls.mode {
        TlsMode::Strict => "STRICT",
        TlsMode::Permissive => "PERMISSIVE",
        TlsMode::Disabled => "DISABLED",
    };
    let validation = tls.clients.as_ref().and_then(|clients| {
        let trust = match clients.ca.as_ref()? {
            Authority::File(path) => ListenerTrust::File(file_trust(path)),
            Authority::Sds(name) => ListenerTrust::Sds(sds(name)),
            // Refused where it is read.
            Authority::Acm(_) => return None,
        };
        Some(ListenerValidation { trust, subject_alternative_names: names(&clients.names) })
    });
    Some(ListenerTls { mode: mode.to_owned(), certificate, validation })
}

fn client_tls(tls: &Client) -> Option<ClientTls> {
    let trust = match tls.ca.as_ref()? {
        Authority::Acm(arns) => {
            ClientTrust::Acm(AcmTrust { certificate_authority_arns: arns.clone() })
        }
        Authority::File(path) => ClientTrust::File(file_trust(path)),
        Authority::Sds(name) => ClientTrust::Sds(sds(name)),
    };
    let certificate = tls.certificate.as_ref().and_then(|certificate| match certificate {
        TlsCertificate::File(files) => Some(ClientCertificate::File(FileCertificate {
            certificate_chain: files.chain.clone(),
            private_key: files.key.clone(),
        })),
        TlsCertificate::Sds(name) => Some(ClientCertificate::Sds(sds(name))),
        // Refused where it is read.
        TlsCertificate::Acm(_) => None,
    });
    let validation = ClientValidation { trust, subject_alternative_names: names(&tls.names) };
    Some(ClientTls {
        enforce: Some(tls.enforce),
        ports: tls.ports.iter().map(|port| i32::from(*port)).collect(),
        certificate,
        validation,
    })
}

fn logging(log: &Log) -> Logging {
    let format = log.format.as_ref().map(|format| match format {
        LogFormat::Text(text) => LoggingFormat::Text(text.clone()),
        LogFormat::Json(members) => {
            let member = |(key, value): (&String, &String)| JsonMember {
                key: key.clone(),
                value: value.clone(),
            };
            LoggingFormat::Json(members.iter().map(member).collect())
        }
    });
    let file = FileAccessLog { path: log.path.clone(), format };
    Logging { access_log: Some(AccessLog::File(file)) }
}
