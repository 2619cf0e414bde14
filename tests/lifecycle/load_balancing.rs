//! Examples of load balancers, their target groups, listeners and rules.

use serde_json::json;
use shipit::engine::{Handle, Input};
use shipit::resources::elbv2::listener::SSL_POLICY;
use shipit::resources::elbv2::target_group::HealthCheck;
use shipit::resources::elbv2::{
    Action, Conditions, IpAddressType, Listener, ListenerRule, LoadBalancer,
    LoadBalancerAttributes, LoadBalancerType, Protocol, ProtocolVersion, Redirect, Scheme,
    TargetGroup, TargetType,
};

use super::example::{Edit, Example, Graph, edit, retag, tags};
use super::stores::logs_bucket;

fn certificate(number: u8) -> String {
    format!(
        "arn:aws:acm:eu-west-1:123456789012:certificate/00000000-0000-0000-0000-0000000000{number:02}"
    )
}

impl Graph {
    pub(super) fn balancer(&mut self, name: &str) -> Handle<LoadBalancer> {
        let balancer = LoadBalancer {
            r#type: LoadBalancerType::Application,
            scheme: Scheme::InternetFacing,
            ip_address_type: IpAddressType::Ipv4,
            subnets: self.public().iter().map(|subnet| subnet.id()).collect(),
            security_groups: vec![self.group("web").id()],
            attributes: LoadBalancerAttributes::default(),
            tags: tags(),
        };
        self.add(name, &balancer)
    }

    pub(super) fn target_group(&mut self, name: &str) -> Handle<TargetGroup> {
        let group = TargetGroup { tags: tags(), ..TargetGroup::http(self.vpc("main").id(), 80) };
        self.add(name, &group)
    }

    /// A listener on `port` that answers `404`.
    pub(super) fn listener(&mut self, name: &str, port: i32) -> Handle<Listener> {
        let listener = Listener {
            load_balancer: self.balancer("main").arn(),
            port,
            protocol: Protocol::Http,
            ssl_policy: None,
            certificate: None,
            additional_certificates: Vec::new(),
            alpn_policy: None,
            default_action: Action::fixed_text(404, "nothing here"),
            tags: tags(),
        };
        self.add(name, &listener)
    }

    pub(super) fn rule(&mut self, name: &str, to: &Handle<TargetGroup>) -> Handle<ListenerRule> {
        let rule = ListenerRule {
            listener: self.listener("http", 80).arn(),
            priority: 10,
            conditions: Conditions {
                path_patterns: vec!["/api".to_owned(), "/api/*".to_owned()],
                ..Conditions::default()
            },
            action: Action::forward_to(to.arn()),
            tags: tags(),
        };
        self.add(name, &rule)
    }
}

pub(super) fn load_balancer() -> Example {
    let mut graph = Graph::default();
    let balancer = graph.balancer("main");
    let [a, b] = graph.public();
    let c = graph.subnet('c');
    let other = graph.group("other");
    let web = graph.group("web");
    let bucket = graph.add("logs", &logs_bucket("logs-of-demo"));
    let logs = json!({ "bucket": bucket.name(), "prefix": "web" });
    let edits: Vec<Edit> = vec![
        edit("subnets", json!([a.id(), b.id(), c.id()])),
        edit("security_groups", json!([other.id()])),
        edit("security_groups", json!([web.id(), other.id()])),
        edit("attributes.idle_timeout", json!(30)),
        edit("attributes.client_keep_alive", json!(600)),
        edit("attributes.http2", json!(false)),
        edit("attributes.drop_invalid_headers", json!(true)),
        edit("attributes.preserve_host_header", json!(true)),
        edit("attributes.tls_headers", json!(true)),
        edit("attributes.forwarded_for", json!("preserve")),
        edit("attributes.forwarded_for_port", json!(true)),
        edit("attributes.desync_mitigation", json!("strictest")),
        edit("attributes.firewall_fail_open", json!(true)),
        edit("attributes.zonal_shift", json!(true)),
        edit("attributes.deletion_protection", json!(true)),
        edit("attributes.access_logs", logs.clone()),
        edit("attributes.connection_logs", logs.clone()),
        edit("attributes.health_check_logs", logs),
        retag(),
        edit("scheme", json!("internal")),
    ];
    Example {
        fixed: &[("ip_address_type", "the others need IPv6 networks, which are not offered yet")],
        ..graph.example(&balancer, edits)
    }
}

pub(super) fn target_group() -> Example {
    let mut graph = Graph::default();
    let group = graph.target_group("api");
    let other = graph.vpc("other");
    let by_balancer = json!({ "by": "load-balancer-cookie", "duration": 600 });
    let by_application = json!({ "by": "application-cookie", "name": "SESSION", "duration": 600 });
    let example = graph.example(
        &group,
        vec![
            edit("health_check.protocol", json!("HTTPS")),
            edit("health_check.port", json!("8080")),
            edit("health_check.path", json!("/healthz")),
            edit("health_check.interval", json!(15)),
            edit("health_check.timeout", json!(10)),
            edit("health_check.healthy_threshold", json!(2)),
            edit("health_check.unhealthy_threshold", json!(5)),
            edit("health_check.success_codes", json!("200-299,301")),
            edit("attributes.deregistration_delay", json!(10)),
            edit("attributes.stickiness", by_balancer),
            edit("attributes.stickiness", by_application),
            edit("attributes.slow_start", json!(60)),
            edit("attributes.algorithm", json!("least_outstanding_requests")),
            edit("attributes.algorithm", json!("weighted_random"))
                .with("attributes.anomaly_mitigation", json!(true)),
            edit("attributes.cross_zone", json!("true")),
            retag(),
            edit("vpc", json!(other.id())),
            edit("protocol", json!(Protocol::Https)),
            edit("protocol_version", json!(ProtocolVersion::Grpc))
                .with("health_check", json!(HealthCheck::default_for(&ProtocolVersion::Grpc))),
            edit("port", json!(8080)),
            edit("target_type", json!(TargetType::Instance)),
        ],
    );
    Example {
        fixed: &[("ip_address_type", "`ipv6` needs IPv6 networks, which are not offered yet")],
        ..example
    }
}

pub(super) fn listener() -> Example {
    let mut graph = Graph::default();
    let listener = Listener {
        load_balancer: graph.balancer("main").arn(),
        port: 443,
        protocol: Protocol::Https,
        ssl_policy: Some(SSL_POLICY.to_owned()),
        certificate: Some(Input::Known(certificate(1).as_str().into())),
        additional_certificates: vec![certificate(2), certificate(3)],
        alpn_policy: None,
        default_action: Action::fixed_text(404, "nothing here"),
        tags: tags(),
    };
    let handle = graph.add("https", &listener);
    let (blue, green) = (graph.target_group("api-blue"), graph.target_group("api-green"));
    let other = graph.balancer("other");
    let shared = json!({
        "type": "forward",
        "target_groups": [
            { "target_group": blue.arn(), "weight": 3 },
            { "target_group": green.arn(), "weight": 1 },
        ],
        "stickiness_seconds": 60,
    });
    graph.example(
        &handle,
        vec![
            edit("port", json!(8443)),
            edit("protocol", json!("HTTP"))
                .with("ssl_policy", json!(null))
                .with("certificate", json!(null))
                .with("additional_certificates", json!([])),
            edit("ssl_policy", json!("ELBSecurityPolicy-TLS13-1-3-2021-06")),
            edit("certificate", json!(certificate(4))),
            edit("additional_certificates", json!([certificate(3), certificate(5)])),
            edit("additional_certificates", json!([])),
            edit("default_action", json!(Action::Redirect(Redirect::to_https()))),
            edit("default_action", json!(Action::forward_to(blue.arn()))),
            edit("default_action", shared),
            retag(),
            edit("load_balancer", json!(other.arn())),
        ],
    )
}

pub(super) fn listener_rule() -> Example {
    let mut graph = Graph::default();
    let (blue, green) = (graph.target_group("api-blue"), graph.target_group("api-green"));
    let rule = graph.rule("api", &blue);
    let other = graph.listener("other", 81);
    let temporary = Redirect { permanent: false, ..Redirect::to_https() };
    graph.example(
        &rule,
        vec![
            edit("priority", json!(20)),
            edit("conditions.path_patterns", json!(["/other/*"])),
            edit("conditions.path_regexes", json!(["^/v[0-9]+/"]))
                .with("conditions.path_patterns", json!([])),
            edit("conditions.host_headers", json!(["api.example.com"])),
            edit("conditions.host_regexes", json!(["^api[.]"])),
            edit(
                "conditions.headers",
                json!([{ "name": "X-Team", "values": ["blue"], "regexes": [] }]),
            ),
            edit("conditions.methods", json!(["GET", "HEAD"])),
            edit("conditions.queries", json!([{ "pairs": [{ "key": "version", "value": "2" }] }])),
            edit("conditions.source_ips", json!(["192.0.2.0/24"])),
            edit("action", json!(Action::forward_to(green.arn()))),
            edit("action", json!(Action::Redirect(temporary))),
            edit("action", json!(Action::fixed_text(503, ""))),
            retag(),
            edit("listener", json!(other.arn())),
        ],
    )
}
