//! What routes and gateway routes look like.

use std::collections::BTreeMap;

use super::Planner;
use super::node::{request_timeout, tcp_timeout, time};
use crate::manifest::mesh::{
    GatewayMatch, GatewayRoute, HostMatch, MeshProtocol, PathMatch as Path, RequestMatch, Retries,
    RetryEvent, Rewrite, Route, ValueMatch as Value,
};
use crate::planner::task::integer;
use crate::resources::appmesh::common::{
    HeaderMatch, PathMatch, QueryMatch, QueryValue, Range, ValueMatch,
};
use crate::resources::appmesh::gateway_route::{
    GatewayGrpcAction, GatewayGrpcMatch, GatewayGrpcRoute, GatewayHttpAction, GatewayHttpMatch,
    GatewayHttpRoute, GatewayTarget, GrpcRewrite, HostnameMatch, HostnameRewrite, HttpRewrite,
    PathRewrite, PrefixRewrite, TargetService,
};
use crate::resources::appmesh::route::{
    GrpcRetryPolicy, GrpcRoute, GrpcRouteMatch, HttpRetryPolicy, HttpRoute, HttpRouteMatch,
    RouteAction, TcpRoute, TcpRouteMatch, WeightedTarget,
};
use crate::resources::appmesh::{GatewayRouteSpec, RouteSpec};

/// Between the priorities of two routes, so that another fits between them.
const STEP: usize = 10;

/// Routes go in the order of the list.
fn priority(written: Option<u32>, place: usize) -> i32 {
    written.map_or_else(|| i32::try_from((place + 1) * STEP).unwrap_or(1000).min(1000), integer)
}

impl Planner<'_> {
    /// The protocol of the listener that a route is for.
    fn protocol(&self, port: Option<u16>) -> MeshProtocol {
        let found = port.and_then(|port| {
            self.part.listeners().find(|(_, one)| self.service.mesh_port(one) == Some(port))
        });
        found.map_or(self.part.main.protocol, |(_, listener)| listener.protocol)
    }

    /// The port of a route: as written, else the main one where there are several.
    fn port(&self, written: Option<u16>) -> Option<i32> {
        let several = !self.part.additional_listeners.is_empty();
        let main = self.service.mesh_port(&self.part.main).filter(|_| several);
        written.or(main).map(i32::from)
    }

    /// Whether a service has several ports in the mesh, so that a route must name one.
    fn has_several(&self, service: &str) -> bool {
        let part = self.manifest_of(service).and_then(|manifest| manifest.mesh);
        part.map_or(!self.part.additional_listeners.is_empty(), |part| {
            !part.additional_listeners.is_empty()
        })
    }

    pub(in crate::planner) fn route_spec(&self, place: usize, route: &Route) -> RouteSpec {
        let request = &route.matches.request;
        let port = self.port(request.port);
        let targets = route.to.iter().map(|(service, weight)| WeightedTarget {
            virtual_node: self.node_of(service),
            weight: integer(*weight),
            port: port.filter(|_| self.has_several(service)),
        });
        let action = RouteAction { weighted_targets: targets.collect() };
        let mut spec = RouteSpec {
            priority: Some(priority(route.priority, place)),
            http_route: None,
            http2_route: None,
            grpc_route: None,
            tcp_route: None,
        };
        let http = |action| {
            let (prefix, path) = paths(request);
            HttpRoute {
                r#match: HttpRouteMatch {
                    prefix,
                    path,
                    query_parameters: query(request),
                    method: request.method.clone(),
                    headers: headers(&request.headers),
                    port,
                    scheme: route.matches.scheme.map(|scheme| scheme.to_string()),
                },
                action,
                retry_policy: route.retries.as_ref().map(http_retries),
                timeout: request_timeout(&route.timeout),
            }
        };
        match self.protocol(request.port) {
            MeshProtocol::Http => spec.http_route = Some(http(action)),
            MeshProtocol::Http2 => spec.http2_route = Some(http(action)),
            MeshProtocol::Grpc => {
                spec.grpc_route = Some(GrpcRoute {
                    r#match: GrpcRouteMatch {
                        service_name: request.service.clone(),
                        method_name: request.method.clone(),
                        metadata: headers(&request.headers),
                        port,
                    },
                    action,
                    retry_policy: route.retries.as_ref().map(grpc_retries),
                    timeout: request_timeout(&route.timeout),
                });
            }
            MeshProtocol::Tcp => {
                spec.tcp_route = Some(TcpRoute {
                    r#match: port.map(|port| TcpRouteMatch { port: Some(port) }),
                    action,
                    timeout: tcp_timeout(&route.timeout),
                });
            }
        }
        spec
    }

    pub(in crate::planner) fn gateway_route_spec(
        &self,
        place: usize,
        route: &GatewayRoute,
    ) -> GatewayRouteSpec {
        let request = &route.matches.request;
        let port = self.port(request.port);
        let name = self.virtual_service_of(&route.to);
        let target = GatewayTarget {
            virtual_service: TargetService { virtual_service_name: name },
            port: route.port.map(i32::from),
        };
        let mut spec = GatewayRouteSpec {
            priority: Some(priority(route.priority, place)),
            http_route: None,
            http2_route: None,
            grpc_route: None,
        };
        let http = |target| {
            let (prefix, path) = paths(request);
            GatewayHttpRoute {
                action: GatewayHttpAction {
                    target,
                    rewrite: rewrite(&route.rewrite, prefix.is_some()),
                },
                r#match: GatewayHttpMatch {
                    prefix,
                    path,
                    query_parameters: query(request),
                    method: request.method.clone(),
                    headers: headers(&request.headers),
                    port,
                    hostname: host(&route.matches),
                },
            }
        };
        match self.protocol(request.port) {
            MeshProtocol::Http => spec.http_route = Some(http(target)),
            MeshProtocol::Http2 => spec.http2_route = Some(http(target)),
            MeshProtocol::Grpc | MeshProtocol::Tcp => {
                let hostname = host_rewrite(&route.rewrite);
                spec.grpc_route = Some(GatewayGrpcRoute {
                    r#match: GatewayGrpcMatch {
                        service_name: request.service.clone(),
                        hostname: host(&route.matches),
                        metadata: headers(&request.headers),
                        port,
                    },
                    action: GatewayGrpcAction {
                        target,
                        rewrite: hostname.map(|hostname| GrpcRewrite { hostname: Some(hostname) }),
                    },
                });
            }
        }
        spec
    }
}

/// Prefix and path; all paths where nothing is said.
fn paths(request: &RequestMatch) -> (Option<String>, Option<PathMatch>) {
    match &request.path {
        None => (Some("/".to_owned()), None),
        Some(Path::Prefix(prefix)) => (Some(prefix.clone()), None),
        Some(Path::Exact(path)) => {
            (None, Some(PathMatch { exact: Some(path.clone()), regex: None }))
        }
        Some(Path::Regex(expression)) => {
            (None, Some(PathMatch { exact: None, regex: Some(expression.clone()) }))
        }
    }
}

fn query(request: &RequestMatch) -> Vec<QueryMatch> {
    let one = |(name, value): (&String, &Option<String>)| QueryMatch {
        name: name.clone(),
        r#match: value.as_ref().map(|value| QueryValue { exact: Some(value.clone()) }),
    };
    request.query.iter().map(one).collect()
}

fn headers(headers: &BTreeMap<String, Value>) -> Vec<HeaderMatch> {
    headers
        .iter()
        .map(|(name, value)| HeaderMatch {
            name: name.clone(),
            invert: Some(value.negated),
            r#match: values(value),
        })
        .collect()
}

fn values(value: &Value) -> Option<ValueMatch> {
    let texts = [
        value.exact.clone().map(ValueMatch::Exact),
        value.prefix.clone().map(ValueMatch::Prefix),
        value.suffix.clone().map(ValueMatch::Suffix),
        value.regex.clone().map(ValueMatch::Regex),
    ];
    let range = value.range.as_ref();
    let range = range.map(|range| ValueMatch::Range(Range { start: range.from, end: range.to }));
    texts.into_iter().flatten().next().or(range)
}

/// The words of the events for which `kind` says yes.
fn events(retries: &Retries, kind: impl Fn(RetryEvent) -> bool) -> Vec<String> {
    retries.on.iter().filter(|event| kind(**event)).map(ToString::to_string).collect()
}

fn is_http(event: RetryEvent) -> bool {
    use RetryEvent::{ClientError, GatewayError, ServerError, StreamError};
    matches!(event, ServerError | GatewayError | ClientError | StreamError)
}

fn is_tcp(event: RetryEvent) -> bool {
    event == RetryEvent::ConnectionError
}

fn http_retries(retries: &Retries) -> HttpRetryPolicy {
    HttpRetryPolicy {
        max_retries: retries.count.into(),
        per_retry_timeout: time(retries.timeout),
        http_retry_events: events(retries, is_http),
        tcp_retry_events: events(retries, is_tcp),
    }
}

fn grpc_retries(retries: &Retries) -> GrpcRetryPolicy {
    GrpcRetryPolicy {
        max_retries: retries.count.into(),
        per_retry_timeout: time(retries.timeout),
        http_retry_events: events(retries, is_http),
        tcp_retry_events: events(retries, is_tcp),
        grpc_retry_events: events(retries, |event| !is_http(event) && !is_tcp(event)),
    }
}

fn host(matches: &GatewayMatch) -> Option<HostnameMatch> {
    Some(match matches.host.as_ref()? {
        HostMatch::Exact(name) => HostnameMatch { exact: Some(name.clone()), suffix: None },
        HostMatch::Suffix(end) => HostnameMatch { exact: None, suffix: Some(end.clone()) },
    })
}

fn host_rewrite(rewrite: &Rewrite) -> Option<HostnameRewrite> {
    let disabled = HostnameRewrite { default_target_hostname: Some("DISABLED".to_owned()) };
    (!rewrite.host).then_some(disabled)
}

/// App Mesh itself makes a prefix that matched `/`: here it stays, unless the manifest says otherwise.
fn rewrite(rewrite: &Rewrite, prefix: bool) -> Option<HttpRewrite> {
    let stays = PrefixRewrite { default_prefix: Some("DISABLED".to_owned()), value: None };
    let own = rewrite.prefix.as_ref();
    let own = own.map(|value| PrefixRewrite { default_prefix: None, value: Some(value.clone()) });
    let path = rewrite.path.as_ref().map(|path| PathRewrite { exact: Some(path.clone()) });
    let found = HttpRewrite {
        prefix: own.or(prefix.then_some(stays)),
        path,
        hostname: host_rewrite(rewrite),
    };
    let nothing = found.prefix.is_none() && found.path.is_none() && found.hostname.is_none();
    (!nothing).then_some(found)
}
