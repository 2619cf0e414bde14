//! Examples of VPC Lattice's kinds.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shipit::engine::Handle;
use shipit::resources::ecs;
use shipit::resources::ecs::service::{LatticeTargets, Network};
use shipit::resources::iam::Role;
use shipit::resources::vpclattice::{
    AccessLogSubscription, Action, Forward, HeaderMatch, HttpMatch, Listener, PathMatch, Rule,
    Service, ServiceNetwork, ServiceNetworkServiceAssociation, ServiceNetworkVpcAssociation,
    TargetGroup, TextMatch,
};

use super::example::{Example, Graph, edit, retag, tags};

fn policy(principal: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": "*",
            "Action": "vpc-lattice-svcs:Invoke",
            "Resource": "*",
            "Condition": { "StringEquals": { "aws:PrincipalArn": principal } },
        }],
    })
}

impl Graph {
    fn service_network(&mut self, name: &str) -> Handle<ServiceNetwork> {
        let network = ServiceNetwork {
            auth_type: "AWS_IAM".to_owned(),
            policy: Some(policy("arn:aws:iam::123456789012:role/a")),
            tags: tags(),
        };
        self.add(name, &network)
    }

    fn lattice(&mut self, name: &str) -> Handle<Service> {
        self.add(name, &Service { tags: tags(), ..Service::default() })
    }

    fn lattice_group(&mut self, name: &str) -> Handle<TargetGroup> {
        let vpc = self.vpc("main").id();
        self.add(name, &TargetGroup { tags: tags(), ..TargetGroup::http(vpc, 8080) })
    }

    fn lattice_listener(&mut self, name: &str) -> Handle<Listener> {
        let service = self.lattice(name);
        let listener = Listener {
            service: service.id().when_ready(),
            protocol: "HTTP".to_owned(),
            port: 80,
            default_action: Action::FixedResponse(404),
            tags: tags(),
        };
        self.add(name, &listener)
    }
}

pub(super) fn service_network() -> Example {
    let mut graph = Graph::default();
    let network = graph.service_network("main");
    graph.example(
        &network,
        vec![
            edit("policy", policy("arn:aws:iam::123456789012:role/b")),
            edit("policy", json!(null)),
            edit("auth_type", json!("NONE")).with("policy", json!(null)),
            retag(),
        ],
    )
}

pub(super) fn lattice_service() -> Example {
    let mut graph = Graph::default();
    let service = Service {
        auth_type: "AWS_IAM".to_owned(),
        policy: Some(policy("arn:aws:iam::123456789012:role/a")),
        custom_domain: Some("api.example.com".to_owned()),
        certificate: Some(
            shipit::resources::acm::CertificateArn::from(
                "arn:aws:acm:eu-west-1:123456789012:certificate/a",
            )
            .into(),
        ),
        tags: tags(),
        ..Service::default()
    };
    let handle = graph.add("api", &service);
    graph.example(
        &handle,
        vec![
            edit("policy", policy("arn:aws:iam::123456789012:role/b")),
            edit("auth_type", json!("NONE")).with("policy", json!(null)),
            edit("idle_timeout", json!(300)),
            edit("certificate", json!("arn:aws:acm:eu-west-1:123456789012:certificate/b")),
            edit("custom_domain", json!("other.example.com")),
            retag(),
        ],
    )
}

pub(super) fn service_in_network() -> Example {
    let mut graph = Graph::default();
    let association = ServiceNetworkServiceAssociation {
        network: graph.service_network("main").id(),
        service: graph.lattice("api").id().when_ready(),
        tags: tags(),
    };
    let handle = graph.add("api", &association);
    let (network, service) = (graph.service_network("other").id(), graph.lattice("api-other").id());
    graph.example(
        &handle,
        vec![
            edit("network", json!(network)),
            edit("service", json!(service.when_ready())),
            retag(),
        ],
    )
}

pub(super) fn vpc_in_network() -> Example {
    let mut graph = Graph::default();
    let association = ServiceNetworkVpcAssociation {
        network: graph.service_network("main").id(),
        vpc: graph.vpc("main").id(),
        security_groups: vec![graph.group("callers").id()],
        private_dns: None,
        tags: tags(),
    };
    let handle = graph.add("main", &association);
    let (network, group) = (graph.service_network("other").id(), graph.group("other-callers").id());
    let other = graph.vpc("other");
    let dns =
        |domains: &[&str]| json!({ "preference": "SPECIFIED_DOMAINS_ONLY", "domains": domains });
    graph.example(
        &handle,
        vec![
            edit("security_groups", json!([group])),
            edit("private_dns", dns(&["a.example.com", "b.example.com"])),
            edit("private_dns", json!({ "preference": "ALL_DOMAINS", "domains": [] })),
            edit("network", json!(network)),
            edit("vpc", json!(other.id())).with("security_groups", json!([])),
            retag(),
        ],
    )
}

pub(super) fn lattice_target_group() -> Example {
    let mut graph = Graph::default();
    let group = graph.lattice_group("api");
    let other = graph.vpc("other");
    graph.example(
        &group,
        vec![
            edit("health_check.path", json!("/health")),
            edit("health_check.port", json!(9000)),
            edit("health_check.interval", json!(10)),
            edit("health_check.timeout", json!(2)),
            edit("health_check.healthy_threshold", json!(2)),
            edit("health_check.unhealthy_threshold", json!(3)),
            edit("health_check.success_codes", json!("200-299")),
            edit("health_check.protocol", json!("HTTPS")),
            edit("health_check.protocol_version", json!("HTTP2")),
            edit("health_check.enabled", json!(false)),
            edit("protocol_version", json!("HTTP2")),
            edit("protocol", json!("HTTPS")),
            edit("port", json!(9090)),
            edit("ip_address_type", json!("IPV6")),
            edit("target_type", json!("INSTANCE")).with("ip_address_type", json!(null)),
            edit("vpc", json!(other.id())),
            retag(),
        ],
    )
}

pub(super) fn lattice_listener() -> Example {
    let mut graph = Graph::default();
    let listener = graph.lattice_listener("api");
    let groups = [graph.lattice_group("api"), graph.lattice_group("api-next")];
    let service = graph.lattice("api-other").id().when_ready();
    let forward = Action::Forward(
        groups.map(|group| Forward { target_group: group.id().when_ready(), weight: 5 }).into(),
    );
    graph.example(
        &listener,
        vec![
            edit("default_action", json!({ "fixed_response": 500 })),
            edit("default_action", json!(forward)),
            edit("port", json!(8080)),
            edit("protocol", json!("HTTPS")),
            edit("service", json!(service)),
            retag(),
        ],
    )
}

pub(super) fn lattice_rule() -> Example {
    let mut graph = Graph::default();
    let listener = graph.lattice_listener("api");
    let other = graph.lattice_listener("api-other");
    let groups = [graph.lattice_group("api"), graph.lattice_group("api-next")];
    let split = |weights: [i32; 2]| {
        let one = |(group, weight): (&Handle<TargetGroup>, i32)| Forward {
            target_group: group.id().when_ready(),
            weight,
        };
        Action::Forward(groups.iter().zip(weights).map(one).collect())
    };
    let header =
        |name: &str, value| HeaderMatch { name: name.to_owned(), value, case_sensitive: false };
    let rule = Rule {
        service: graph.lattice("api").id(),
        listener: listener.id(),
        priority: 10,
        matching: HttpMatch {
            method: Some("GET".to_owned()),
            path: Some(PathMatch {
                value: TextMatch::Prefix("/v2".to_owned()),
                case_sensitive: true,
            }),
            headers: vec![
                header("x-beta", TextMatch::Exact("yes".to_owned())),
                header("x-user", TextMatch::Contains("test".to_owned())),
            ],
        },
        action: split([90, 10]),
        tags: tags(),
    };
    let handle = graph.add("api", &rule);
    let service = graph.lattice("api-other").id();
    graph.example(
        &handle,
        vec![
            edit("priority", json!(20)),
            edit("action", json!(split([0, 100]))),
            edit("action", json!({ "fixed_response": 404 })),
            edit("matching.method", json!(null)),
            edit("matching.path", json!({ "value": { "exact": "/v2" }, "case_sensitive": false })),
            edit("matching.headers", json!([])),
            edit("listener", json!(other.id())).with("service", json!(service)),
            edit("service", json!(service)).with("listener", json!(other.id())),
            retag(),
        ],
    )
}

pub(super) fn access_log_subscription() -> Example {
    let mut graph = Graph::default();
    let log = graph.log_group("mesh");
    let other = graph.log_group("other");
    let arn = |name: &str| {
        format!("arn:aws:logs:eu-west-1:123456789012:log-group:/shipit/demo/test/{name}")
    };
    let subscription = AccessLogSubscription {
        resource: graph.service_network("main").arn(),
        destination: arn("mesh").into(),
        log_type: Some("SERVICE".to_owned()),
        tags: tags(),
    };
    let handle = graph.add("main", &subscription);
    // The destination is written out, so no reference says that it must be there.
    for group in [log.address(), other.address()] {
        graph.desired_mut().order(handle.address(), group, shipit::engine::Wait::Created);
    }
    let network = graph.service_network("other").arn();
    graph.example(
        &handle,
        vec![
            edit("destination", json!(arn("other"))),
            edit("log_type", json!("RESOURCE")),
            edit("resource", json!(network)),
            retag(),
        ],
    )
}

pub(super) fn service_in_lattice() -> Example {
    let mut graph = Graph::default();
    let role = Role {
        assume_policy: json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "ecs.amazonaws.com" },
                "Action": "sts:AssumeRole",
            }],
        }),
        ..Role::default()
    };
    let role = graph.add("api-lattice", &role).arn();
    let targets = |group: &Handle<TargetGroup>| LatticeTargets {
        target_group: group.arn().when_ready(),
        role: role.clone(),
    };
    let (group, other) = (graph.lattice_group("api"), graph.lattice_group("api-other"));
    let service = ecs::Service {
        network: Some(Network {
            subnets: graph.public().iter().map(|subnet| subnet.id()).collect(),
            security_groups: vec![graph.group("api").id()],
            assign_public_ip: true,
        }),
        lattice: BTreeMap::from([("web".to_owned(), targets(&group))]),
        tags: tags(),
        ..ecs::Service::new(graph.cluster("main").name(), graph.task("api").arn())
    };
    let handle = graph.add("api", &service);
    graph.example(
        &handle,
        vec![edit("lattice", json!({ "web": targets(&other) })), edit("lattice", json!({}))],
    )
}
