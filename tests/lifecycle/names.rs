//! Examples of Cloud Map's kinds.

use serde_json::json;
use shipit::engine::Handle;
use shipit::resources::servicediscovery::{DiscoveryService, Instance, Namespace};

use super::example::{Example, Graph, edit, retag, tags};

impl Graph {
    pub(super) fn namespace(&mut self) -> Handle<Namespace> {
        let namespace = Namespace {
            description: "names of demo's services".to_owned(),
            soa_ttl: Some(60),
            tags: tags(),
            ..Namespace::private_dns("test.demo.local", self.vpc("main").id())
        };
        self.add("main", &namespace)
    }

    pub(super) fn discovery(&mut self, name: &str) -> Handle<DiscoveryService> {
        let service = DiscoveryService {
            description: "its tasks".to_owned(),
            tags: tags(),
            ..DiscoveryService::new(self.namespace().id(), name, 10)
        };
        self.add(name, &service)
    }
}

pub(super) fn namespace() -> Example {
    let mut graph = Graph::default();
    let namespace = graph.namespace();
    let other = graph.vpc("other");
    graph.example(
        &namespace,
        vec![
            edit("description", json!("other names")),
            edit("description", json!("")),
            edit("soa_ttl", json!(15)),
            retag(),
            edit("name", json!("test.other.local")),
            edit("vpc", json!(other.id())),
            edit("vpc", json!(null)).with("soa_ttl", json!(null)),
            edit("public", json!(true)).with("vpc", json!(null)),
        ],
    )
}

pub(super) fn public_namespace() -> Example {
    let mut graph = Graph::default();
    let namespace = Namespace {
        description: "names of demo's services".to_owned(),
        soa_ttl: Some(60),
        tags: tags(),
        ..Namespace::public_dns("demo.example.com")
    };
    let handle = graph.add("public", &namespace);
    graph.example(
        &handle,
        vec![
            edit("description", json!("other names")),
            edit("description", json!("")),
            edit("soa_ttl", json!(15)),
            retag(),
            edit("name", json!("other.example.com")),
        ],
    )
}

pub(super) fn http_namespace() -> Example {
    let mut graph = Graph::default();
    let namespace = Namespace {
        description: "names of demo's services".to_owned(),
        tags: tags(),
        ..Namespace::http("test-demo")
    };
    let handle = graph.add("connect", &namespace);
    graph.example(
        &handle,
        vec![
            edit("description", json!("other names")),
            edit("description", json!("")),
            retag(),
            edit("name", json!("test-other")),
        ],
    )
}

pub(super) fn discovery_service() -> Example {
    let mut graph = Graph::default();
    let service = graph.discovery("api");
    let vpc = graph.vpc("main").id();
    let other = graph.add("other", &Namespace::private_dns("test.other.local", vpc));
    let records = |ttl: u8| json!([{ "record": "A", "ttl": ttl }, { "record": "SRV", "ttl": ttl }]);
    let edits = vec![
        edit("description", json!("other tasks")),
        edit("description", json!("")),
        edit("dns.records", json!([{ "record": "A", "ttl": 20 }])),
        retag(),
        edit("namespace", json!(other.id())),
        edit("name", json!("web")),
        edit("dns.routing_policy", json!("WEIGHTED")),
        edit("dns", json!({ "routing_policy": "MULTIVALUE", "records": records(5) })),
        edit("custom_health_check", json!(false)),
    ];
    Example {
        fixed: &[(
            "health_check",
            "Route 53 checks are for public namespaces: `checked_service` has one",
        )],
        ..graph.example(&service, edits)
    }
}

pub(super) fn checked_service() -> Example {
    let mut graph = Graph::default();
    let namespace = graph.add("public", &Namespace::public_dns("demo.example.com")).id();
    let check = |path: &str, failures: u8| json!({ "protocol": "HTTPS", "path": path, "failure_threshold": failures });
    let service = DiscoveryService {
        custom_health_check: false,
        health_check: serde_json::from_value(check("/", 3)).unwrap(),
        ..DiscoveryService::new(namespace, "api", 10)
    };
    let handle = graph.add("api", &service);
    let tcp = json!({ "protocol": "TCP", "path": null, "failure_threshold": 1 });
    let aaaa = json!([{ "record": "AAAA", "ttl": 10 }]);
    graph.example(
        &handle,
        vec![
            edit("health_check", check("/health", 3)),
            edit("health_check", check("/", 1)),
            edit("health_check", tcp),
            edit("health_check", json!(null)),
            edit("dns.records", aaaa),
        ],
    )
}

pub(super) fn instance() -> Example {
    let mut graph = Graph::default();
    let namespace = graph.namespace().id();
    let named = |name: &str| DiscoveryService {
        custom_health_check: false,
        ..DiscoveryService::new(namespace.clone(), name, 10)
    };
    let service = graph.add("payments", &named("payments"));
    let other = graph.add("other", &named("other"));
    let attributes =
        |address: &str, zone: &str| json!({ "AWS_INSTANCE_IPV4": address, "zone": zone });
    let instance = Instance {
        service: service.id(),
        attributes: serde_json::from_value(attributes("10.1.0.4", "a")).unwrap(),
    };
    let handle = graph.add("payments/one", &instance);
    graph.example(
        &handle,
        vec![
            edit("attributes", attributes("10.1.0.5", "a")),
            edit("attributes", attributes("10.1.0.4", "b")),
            edit("attributes", json!({ "AWS_INSTANCE_IPV4": "10.1.0.4" })),
            edit("service", json!(other.id())),
        ],
    )
}
