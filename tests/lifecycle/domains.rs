//! Examples of certificates and DNS records, in a hosted zone that the account has (see `account`), and of what
//! carries them: network load balancers and their listeners.

use serde_json::json;
use shipit::engine::{Handle, Input};
use shipit::resources::acm::Certificate;
use shipit::resources::elbv2::listener::SSL_POLICY;
use shipit::resources::elbv2::{
    Action, Listener, ListenerCertificate, LoadBalancer, LoadBalancerType, Protocol, TargetGroup,
};
use shipit::resources::route53::{HostedZone, Record};

use super::account::ZONE;
use super::example::{Example, Graph, edit, retag, tags};

fn zones() -> std::collections::BTreeMap<String, String> {
    [("example.com".to_owned(), ZONE.to_owned())].into()
}

impl Graph {
    fn certificate(&mut self, name: &str, domain: &str) -> Handle<Certificate> {
        let names = [domain.to_owned(), format!("*.{domain}")];
        let certificate = Certificate { tags: tags(), ..Certificate::new(&names, zones()) };
        self.add(name, &certificate)
    }

    fn network_group(&mut self, name: &str, protocol: Protocol) -> Handle<TargetGroup> {
        let vpc = self.vpc("main").id();
        let group =
            TargetGroup { zones: zones(), tags: tags(), ..TargetGroup::network(vpc, protocol, 53) };
        self.add(name, &group)
    }

    fn network_balancer(&mut self, name: &str) -> Handle<LoadBalancer> {
        let subnets = self.public().iter().map(|subnet| subnet.id()).collect();
        let groups = vec![self.group("web").id()];
        let balancer = LoadBalancer {
            r#type: LoadBalancerType::Network,
            tags: tags(),
            ..LoadBalancer::new("internet-facing".into(), subnets, groups)
        };
        self.add(name, &balancer)
    }

    fn tls_listener(&mut self, name: &str, port: i32) -> Handle<Listener> {
        let group = self.network_group("api-tls", Protocol::Tcp);
        let balancer = self.network_balancer("net");
        let certificate = self.certificate("default", "net.example.com");
        let forward = Action::forward_to(group.arn());
        let listener = Listener {
            ssl_policy: Some(SSL_POLICY.to_owned()),
            certificate: Some(certificate.arn().when_ready()),
            alpn_policy: Some("HTTP2Preferred".to_owned()),
            tags: tags(),
            ..Listener::new(balancer.arn(), Protocol::Tls, port, forward)
        };
        self.add(name, &listener)
    }
}

pub(super) fn certificate() -> Example {
    let mut graph = Graph::default();
    let certificate = graph.certificate("api", "shop.example.com");
    graph
        .example(
            &certificate,
            vec![
                retag(),
                edit("zones", json!({ "example.com": ZONE, "shop.example.com": ZONE })),
                edit("domain", json!("www.example.com")),
                edit("names", json!(["a.example.com", "b.example.com"])),
                edit("key_algorithm", json!("EC_prime256v1")),
            ],
        )
        .fixed(&[("proved", "whoever asks for a certificate wants it issued")])
}

pub(super) fn hosted_zone() -> Example {
    let mut graph = Graph::default();
    // Where it is looked for.
    let subnets = graph.public().iter().map(|subnet| subnet.id()).collect();
    let groups = vec![graph.group("web").id()];
    let balancer =
        LoadBalancer { tags: tags(), ..LoadBalancer::new("internal".into(), subnets, groups) };
    graph.add("internal", &balancer);
    let zone = HostedZone {
        name: "test.demo.internal".to_owned(),
        vpc: graph.vpc("main").id(),
        comment: "what is behind the load balancer".to_owned(),
        tags: tags(),
    };
    let zone = graph.add("internal", &zone);
    let other = graph.vpc("other").id();
    graph.example(
        &zone,
        vec![
            retag(),
            edit("comment", json!("")),
            edit("name", json!("other.demo.internal")),
            edit("vpc", serde_json::to_value(other).unwrap()),
        ],
    )
}

pub(super) fn record() -> Example {
    let mut graph = Graph::default();
    graph.network_group("api-zones", Protocol::Tcp);
    let balancer = graph.balancer("main");
    let other = graph.balancer("other");
    let record = Record::balancer(
        Input::Known(ZONE.into()),
        "shop.example.com",
        balancer.dns_name(),
        balancer.hosted_zone(),
    );
    let record = graph.add("api/shop.example.com", &record);
    let plain = |value: &str| {
        edit("alias", json!(null)).with("ttl", json!(60)).with("values", json!([value]))
    };
    graph
        .example(
            &record,
            vec![
                edit("alias.evaluate_health", json!(false)),
                edit("alias.dns_name", json!(other.dns_name())),
                plain("192.0.2.1"),
                edit("name", json!("*.example.com")),
                edit("type", json!("AAAA")),
            ],
        )
        .fixed(&[("zone", "hosted zones are not made here")])
}

pub(super) fn listener_certificate() -> Example {
    let mut graph = Graph::default();
    let listener = graph.tls_listener("tls", 443);
    let second = graph.tls_listener("second", 8443);
    let certificate = graph.certificate("api", "shop.example.com");
    let attached = ListenerCertificate {
        listener: listener.arn(),
        certificate: certificate.arn().when_ready(),
    };
    let attached = graph.add("api", &attached);
    graph
        .example(&attached, vec![edit("listener", json!(second.arn()))])
        .fixed(&[("certificate", "it bears the name of its certificate")])
}

pub(super) fn network_balancer() -> Example {
    let mut graph = Graph::default();
    let balancer = graph.network_balancer("net");
    graph.example(
        &balancer,
        vec![
            edit("attributes.cross_zone", json!(true)),
            edit("attributes.deletion_protection", json!(true)),
            retag(),
            edit("scheme", json!("internal")),
            edit("type", json!("application")),
        ],
    )
}

pub(super) fn network_target_group() -> Example {
    let mut graph = Graph::default();
    let group = graph.network_group("api", Protocol::Tcp);
    graph.example(
        &group,
        vec![
            edit("health_check.port", json!("8080")),
            edit("health_check.interval", json!(10)).with("health_check.timeout", json!(5)),
            edit("attributes.deregistration_delay", json!(10)),
            edit("attributes.end_connections", json!(true)),
            edit("attributes.client_addresses", json!(true)),
            edit("attributes.proxy_protocol", json!(true)),
            edit("attributes.stickiness", json!({ "by": "source-address" })),
            edit("attributes.cross_zone", json!("true")),
            edit("zones", json!({})),
            retag(),
            edit("protocol", json!("UDP"))
                .with("attributes.end_connections", json!(true))
                .with("attributes.client_addresses", json!(true)),
        ],
    )
}

pub(super) fn tls_listener() -> Example {
    let mut graph = Graph::default();
    let other = graph.certificate("other", "other.example.com");
    let listener = graph.tls_listener("tls", 443);
    graph.example(
        &listener,
        vec![
            edit("alpn_policy", json!("HTTP1Only")),
            edit("certificate", json!(other.arn())),
            edit("port", json!(8443)),
            retag(),
        ],
    )
}
