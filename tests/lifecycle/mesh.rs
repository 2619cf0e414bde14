//! Examples of App Mesh.

use serde_json::{Value, json};
use shipit::engine::{Handle, Input};
use shipit::resources::appmesh::virtual_service::{NodeProvider, Provider};
use shipit::resources::appmesh::{
    GatewayRoute, Mesh, Route, VirtualGateway, VirtualNode, VirtualRouter, VirtualService,
    VirtualServiceSpec,
};

use super::example::{Example, Graph, edit, retag, tags};

/// A document as its kind's struct.
fn of<R: serde::de::DeserializeOwned>(document: Value) -> R {
    serde_json::from_value(document).unwrap()
}

impl Graph {
    fn mesh(&mut self, name: &str) -> Handle<Mesh> {
        let egress = json!({ "type": "ALLOW_ALL" });
        self.add(name, &of::<Mesh>(json!({ "egress_filter": egress, "tags": tags() })))
    }

    fn node(&mut self, name: &str) -> Handle<VirtualNode> {
        let mesh = self.mesh("main").name();
        let node = json!({
            "mesh": mesh, "listeners": [port("http")], "backends": [], "tags": {},
            "service_discovery": { "dns": { "hostname": "tasks.demo.local" } },
        });
        self.add(name, &of::<VirtualNode>(node))
    }

    fn router(&mut self, name: &str, protocol: &str) -> Handle<VirtualRouter> {
        let mesh = self.mesh("main").name();
        let router = json!({ "mesh": mesh, "listeners": [port(protocol)], "tags": tags() });
        self.add(name, &of::<VirtualRouter>(router))
    }

    fn virtual_service(&mut self, name: &str) -> Handle<VirtualService> {
        let service = VirtualService {
            mesh: self.mesh("main").name(),
            name: format!("{name}.demo.local"),
            spec: VirtualServiceSpec { provider: None },
            tags: tags(),
        };
        self.add(name, &service)
    }

    fn virtual_gateway(&mut self, name: &str, protocol: &str) -> Handle<VirtualGateway> {
        let mesh = self.mesh("main").name();
        let gateway = json!({ "mesh": mesh, "listeners": [port(protocol)], "tags": tags() });
        self.add(name, &of::<VirtualGateway>(gateway))
    }
}

fn port(protocol: &str) -> Value {
    json!({ "port_mapping": { "port": 8080, "protocol": protocol } })
}

fn seconds(number: i64) -> Value {
    json!({ "value": number, "unit": "s" })
}

pub(super) fn mesh() -> Example {
    let mut graph = Graph::default();
    let handle = graph.mesh("main");
    let edits = vec![
        edit("egress_filter", json!({ "type": "DROP_ALL" })),
        edit("service_discovery", json!({ "ip_preference": "IPv4_ONLY" })),
        retag(),
    ];
    graph.example(&handle, edits)
}

/// TLS of a listener, with a certificate and a trust of one sort.
fn listener_tls(certificate: Value, trust: Value) -> Value {
    let names = json!({ "match": { "exact": ["api"] } });
    let validation = json!({ "trust": trust, "subject_alternative_names": names });
    json!({ "mode": "STRICT", "certificate": certificate, "validation": validation })
}

fn client_policy(trust: Value, certificate: Value) -> Value {
    let validation =
        json!({ "trust": trust, "subject_alternative_names": { "match": { "exact": ["a"] } } });
    let tls = json!({ "enforce": true, "ports": [8080], "certificate": certificate, "validation": validation });
    json!({ "tls": tls })
}

fn file() -> Value {
    json!({ "file": { "certificate_chain": "/keys/chain.pem", "private_key": "/keys/key.pem" } })
}

fn sds() -> Value {
    json!({ "sds": { "secret_name": "api" } })
}

fn ca() -> Value {
    json!({ "file": { "certificate_chain": "/keys/ca.pem" } })
}

fn acm_ca() -> Value {
    let arn = "arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/1";
    json!({ "acm": { "certificate_authority_arns": [arn] } })
}

fn acm() -> Value {
    json!({ "acm": { "certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/1" } })
}

fn health(protocol: &str, path: Option<&str>) -> Value {
    json!({
        "protocol": protocol, "path": path, "port": 8081, "interval_millis": 30_000,
        "timeout_millis": 5_000, "healthy_threshold": 2, "unhealthy_threshold": 3,
    })
}

fn pool(protocol: &str) -> Value {
    match protocol {
        "http" => json!({ "http": { "max_connections": 10, "max_pending_requests": 5 } }),
        "tcp" => json!({ "tcp": { "max_connections": 10 } }),
        other => json!({ other: { "max_requests": 10 } }),
    }
}

fn listener(protocol: &str, tls: Value) -> Value {
    let timeout = match protocol {
        "tcp" => json!({ "tcp": { "idle": seconds(60) } }),
        other => {
            json!({ other: { "idle": seconds(60), "per_request": { "value": 250, "unit": "ms" } } })
        }
    };
    let http = matches!(protocol, "http" | "http2");
    json!({
        "port_mapping": { "port": 8080, "protocol": protocol },
        "timeout": timeout,
        "health_check": health(protocol, http.then_some("/ok")),
        "outlier_detection": {
            "max_server_errors": 5, "interval": seconds(10), "base_ejection_duration": seconds(30),
            "max_ejection_percent": 50,
        },
        "connection_pool": pool(protocol),
        "tls": tls,
    })
}

fn log(format: Value) -> Value {
    json!({ "access_log": { "file": { "path": "/dev/stdout", "format": format } } })
}

pub(super) fn virtual_node() -> Example {
    let mut graph = Graph::default();
    let cloud_map = json!({
        "namespace_name": "demo.local", "service_name": "api",
        "attributes": [{ "key": "colour", "value": "blue" }], "ip_preference": "IPv4_ONLY",
    });
    let dns = json!({ "hostname": "api.demo.local", "response_type": "ENDPOINTS", "ip_preference": "IPv6_ONLY" });
    let backend = |policy: Value| json!([{ "virtual_service": { "virtual_service_name": "store.demo.local", "client_policy": policy } }]);
    let node = json!({
        "mesh": graph.mesh("main").name(),
        "listeners": [listener("http", listener_tls(acm(), ca()))],
        "backends": backend(client_policy(acm_ca(), file())),
        "backend_defaults": { "client_policy": client_policy(ca(), sds()) },
        "service_discovery": { "aws_cloud_map": cloud_map },
        "logging": log(json!({ "text": "%START_TIME%" })),
        "tags": tags(),
    });
    let handle = graph.add("api", &of::<VirtualNode>(node));
    let other = graph.mesh("other").name();
    let edits = vec![
        edit("mesh", json!(other)),
        edit("listeners", json!([listener("http2", listener_tls(file(), sds()))])),
        edit(
            "listeners",
            json!([listener("grpc", listener_tls(sds(), ca())), {
                "port_mapping": { "port": 9000, "protocol": "tcp" },
            }]),
        ),
        edit("listeners", json!([listener("tcp", Value::Null)])),
        edit("listeners", json!([])),
        edit("backends", backend(client_policy(sds(), Value::Null))),
        edit("backends", json!([])),
        edit("backend_defaults", json!(null)),
        edit("service_discovery", json!({ "dns": dns })),
        edit("logging", log(json!({ "json": [{ "key": "when", "value": "%START_TIME%" }] }))),
        edit("logging", json!(null)),
        retag(),
    ];
    graph.example(&handle, edits)
}

pub(super) fn virtual_router() -> Example {
    let mut graph = Graph::default();
    let handle = graph.router("api", "http");
    let other = graph.mesh("other").name();
    let edits = vec![edit("mesh", json!(other)), edit("listeners", json!([port("grpc")])), retag()];
    graph.example(&handle, edits)
}

pub(super) fn virtual_service() -> Example {
    let mut graph = Graph::default();
    let node = graph.node("api").id();
    let router = graph.router("api", "http").id();
    let service = VirtualService {
        mesh: graph.mesh("main").name(),
        name: "api.demo.local".to_owned(),
        spec: VirtualServiceSpec {
            provider: Some(Provider::VirtualNode(NodeProvider { virtual_node_name: node })),
        },
        tags: tags(),
    };
    let handle = graph.add("api", &service);
    let edits = vec![
        edit("name", json!("other.demo.local")),
        edit("provider", json!({ "virtual_router": { "virtual_router_name": router } })),
        edit("provider", json!(null)),
        retag(),
    ];
    graph.example(&handle, edits).fixed(&[("mesh", "its provider lies in the same mesh")])
}

fn headers() -> Value {
    json!([
        { "name": "x-a", "invert": true, "match": { "exact": "a" } },
        { "name": "x-b", "invert": false, "match": { "prefix": "a" } },
        { "name": "x-c", "invert": false, "match": { "suffix": "a" } },
        { "name": "x-d", "invert": false, "match": { "regex": "a+" } },
        { "name": "x-e", "invert": false, "match": { "range": { "start": 1, "end": 9 } } },
        { "name": "x-f", "invert": false, "match": null },
    ])
}

fn query() -> Value {
    json!([{ "name": "a", "match": { "exact": "b" } }, { "name": "c", "match": null }])
}

fn http_match() -> Value {
    json!({
        "prefix": "/", "query_parameters": query(), "method": "GET", "headers": headers(),
        "port": 8080, "scheme": "http",
    })
}

pub(super) fn route() -> Example {
    let mut graph = Graph::default();
    let (api, next) = (graph.node("api").id(), graph.node("api-next").id());
    let action = |first: i32| {
        json!({ "weighted_targets": [
        { "virtual_node": api, "weight": first, "port": 8080 },
        { "virtual_node": next, "weight": 100 - first },
    ] })
    };
    let retry = |grpc: bool| {
        let mut policy = json!({
            "max_retries": 3, "per_retry_timeout": seconds(2), "http_retry_events": ["server-error"],
            "tcp_retry_events": ["connection-error"],
        });
        if grpc {
            policy["grpc_retry_events"] = json!(["unavailable"]);
        }
        policy
    };
    let timeout = json!({ "idle": seconds(60), "per_request": seconds(10) });
    let http = |first: i32| json!({ "match": http_match(), "action": action(first), "retry_policy": retry(false), "timeout": timeout });
    let by_path = json!({ "match": { "path": { "exact": "/a" } , "query_parameters": [], "headers": [] }, "action": action(10) });
    let by_regex = json!({ "match": { "path": { "regex": "/a.*" }, "query_parameters": [], "headers": [] }, "action": action(10) });
    let route = json!({
        "mesh": graph.mesh("main").name(), "router": graph.router("api", "http").id(),
        "priority": 10, "http_route": http(100), "tags": tags(),
    });
    let handle = graph.add("api/1", &of::<Route>(route));
    let http2 = graph.router("api-http2", "http2").id();
    let grpc = graph.router("api-grpc", "grpc").id();
    let tcp = graph.router("api-tcp", "tcp").id();
    let grpc_route = json!({
        "match": { "service_name": "shop.Cart", "method_name": "Add", "metadata": headers(), "port": 8080 },
        "action": action(50), "retry_policy": retry(true), "timeout": timeout,
    });
    let tcp_route = json!({ "match": { "port": 8080 }, "action": action(50), "timeout": { "idle": seconds(60) } });
    let edits = vec![
        edit("router", json!(http2)).with("http_route", json!(null)).with("http2_route", http(1)),
        edit("grpc_route", grpc_route).with("http_route", json!(null)).with("router", json!(grpc)),
        edit("tcp_route", tcp_route).with("http_route", json!(null)).with("router", json!(tcp)),
        edit("http_route", http(90)),
        edit("http_route", by_path),
        edit("http_route", by_regex),
        edit("priority", json!(null)),
        retag(),
    ];
    graph.example(&handle, edits).fixed(&[("mesh", "its router lies in the same mesh")])
}

pub(super) fn virtual_gateway() -> Example {
    let mut graph = Graph::default();
    let listener = |protocol: &str, tls: Value| {
        let http = protocol != "grpc";
        json!({
            "port_mapping": { "port": 8080, "protocol": protocol },
            "health_check": health(protocol, http.then_some("/ok")),
            "connection_pool": pool(protocol),
            "tls": tls,
        })
    };
    let gateway = json!({
        "mesh": graph.mesh("main").name(),
        "listeners": [listener("http", listener_tls(acm(), ca()))],
        "backend_defaults": { "client_policy": client_policy(acm_ca(), file()) },
        "logging": log(json!({ "text": "%START_TIME%" })),
        "tags": tags(),
    });
    let handle = graph.add("api", &of::<VirtualGateway>(gateway));
    let other = graph.mesh("other").name();
    let edits = vec![
        edit("mesh", json!(other)),
        edit("listeners", json!([listener("http2", listener_tls(file(), sds()))])),
        edit("listeners", json!([listener("grpc", listener_tls(sds(), ca()))])),
        edit("backend_defaults", json!({ "client_policy": client_policy(ca(), sds()) })),
        edit("backend_defaults", json!({ "client_policy": client_policy(sds(), Value::Null) })),
        edit("backend_defaults", json!(null)),
        edit("logging", log(json!({ "json": [{ "key": "when", "value": "%START_TIME%" }] }))),
        edit("logging", json!(null)),
        retag(),
    ];
    graph.example(&handle, edits)
}

pub(super) fn gateway_route() -> Example {
    let mut graph = Graph::default();
    let to = |service: &Input<_>| json!({ "virtual_service": { "virtual_service_name": service }, "port": 8080 });
    let (api, other) = (graph.virtual_service("api").id(), graph.virtual_service("api-other").id());
    let host = |rewrite: &str| json!({ "default_target_hostname": rewrite });
    let route = |service, rewrite: Value| {
        json!({
            "match": {
                "prefix": "/a", "query_parameters": query(), "method": "GET", "headers": headers(),
                "port": 8080, "hostname": { "exact": "shop.example.com" },
            },
            "action": { "target": to(service), "rewrite": rewrite },
        })
    };
    let by_path = json!({
        "match": { "path": { "exact": "/a" }, "query_parameters": [], "headers": [], "hostname": { "suffix": ".example.com" } },
        "action": { "target": to(&api), "rewrite": { "path": { "exact": "/b" }, "hostname": host("DISABLED") } },
    });
    let document = json!({
        "mesh": graph.mesh("main").name(), "gateway": graph.virtual_gateway("api", "http").id(),
        "priority": 1, "http_route": route(&api, json!({ "prefix": { "value": "/" } })), "tags": tags(),
    });
    let handle = graph.add("api/1", &of::<GatewayRoute>(document));
    let (http2, grpc) = (
        graph.virtual_gateway("api-http2", "http2").id(),
        graph.virtual_gateway("api-grpc", "grpc").id(),
    );
    let grpc_route = json!({
        "match": { "service_name": "shop.Cart", "metadata": headers(), "port": 8080, "hostname": { "exact": "a.example.com" } },
        "action": { "target": to(&api), "rewrite": { "hostname": host("ENABLED") } },
    });
    let edits = vec![
        edit("gateway", json!(http2))
            .with("http_route", json!(null))
            .with("http2_route", route(&api, Value::Null)),
        edit("grpc_route", grpc_route).with("http_route", json!(null)).with("gateway", json!(grpc)),
        edit("http_route", route(&other, json!({ "prefix": { "default_prefix": "DISABLED" } }))),
        edit("http_route", by_path),
        edit("priority", json!(null)),
        retag(),
    ];
    graph.example(&handle, edits).fixed(&[("mesh", "its gateway lies in the same mesh")])
}
