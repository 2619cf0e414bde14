//! Examples of Cloud Map's kinds.

use serde_json::json;
use shipit::engine::Handle;
use shipit::resources::servicediscovery::{DiscoveryService, Namespace};

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
            "Route 53 checks are for public namespaces, which are not offered",
        )],
        ..graph.example(&service, edits)
    }
}
