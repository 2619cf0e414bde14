//! Every attribute of load balancers, target groups and listeners, with its default and what it
//! may hold: the tables.

use serde_json::{Map, Value};

/// What an attribute may hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum Check {
    /// `true` or `false`.
    Flag,
    /// A whole number in these bounds.
    Within(u64, u64),
    /// A whole number in these bounds, or this word.
    WithinOr(u64, u64, &'static str),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Any text of at most this many characters.
    Text(usize),
    /// Cannot be changed.
    Fixed,
}

impl Check {
    pub(super) fn allows(self, value: &str) -> bool {
        let within = |low: u64, high: u64| {
            value.parse::<u64>().is_ok_and(|number| (low..=high).contains(&number))
        };
        match self {
            Self::Flag => matches!(value, "true" | "false"),
            Self::Within(low, high) => within(low, high),
            Self::WithinOr(low, high, word) => value == word || within(low, high),
            Self::OneOf(words) => words.contains(&value),
            Self::Text(longest) => value.chars().count() <= longest,
            Self::Fixed => false,
        }
    }
}

/// A key, its default, and what it may hold.
pub(super) type Attribute = (&'static str, &'static str, Check);

/// Of application load balancers.
pub(super) const LOAD_BALANCER: &[Attribute] = &[
    ("access_logs.s3.enabled", "false", Check::Flag),
    ("access_logs.s3.bucket", "", Check::Text(63)),
    ("access_logs.s3.prefix", "", Check::Text(512)),
    ("connection_logs.s3.enabled", "false", Check::Flag),
    ("connection_logs.s3.bucket", "", Check::Text(63)),
    ("connection_logs.s3.prefix", "", Check::Text(512)),
    ("health_check_logs.s3.enabled", "false", Check::Flag),
    ("health_check_logs.s3.bucket", "", Check::Text(63)),
    ("health_check_logs.s3.prefix", "", Check::Text(512)),
    ("idle_timeout.timeout_seconds", "60", Check::Within(1, 4000)),
    ("client_keep_alive.seconds", "3600", Check::Within(60, 604_800)),
    ("deletion_protection.enabled", "false", Check::Flag),
    ("ipv6.deny_all_igw_traffic", "false", Check::Flag),
    ("load_balancing.cross_zone.enabled", "true", Check::Fixed),
    (
        "routing.http.desync_mitigation_mode",
        "defensive",
        Check::OneOf(&["monitor", "defensive", "strictest"]),
    ),
    ("routing.http.drop_invalid_header_fields.enabled", "false", Check::Flag),
    ("routing.http.preserve_host_header.enabled", "false", Check::Flag),
    ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false", Check::Flag),
    ("routing.http.xff_client_port.enabled", "false", Check::Flag),
    (
        "routing.http.xff_header_processing.mode",
        "append",
        Check::OneOf(&["append", "preserve", "remove"]),
    ),
    ("routing.http2.enabled", "true", Check::Flag),
    ("waf.fail_open.enabled", "false", Check::Flag),
    ("zonal_shift.config.enabled", "false", Check::Flag),
];

/// Of network load balancers.
pub(super) const NETWORK_LOAD_BALANCER: &[Attribute] = &[
    ("access_logs.s3.enabled", "false", Check::Flag),
    ("access_logs.s3.bucket", "", Check::Text(63)),
    ("access_logs.s3.prefix", "", Check::Text(512)),
    ("deletion_protection.enabled", "false", Check::Flag),
    ("ipv6.deny_all_igw_traffic", "false", Check::Flag),
    ("load_balancing.cross_zone.enabled", "false", Check::Flag),
    (
        "dns_record.client_routing_policy",
        "any_availability_zone",
        Check::OneOf(&[
            "any_availability_zone",
            "availability_zone_affinity",
            "partial_availability_zone_affinity",
        ]),
    ),
    ("secondary_ips.auto_assigned.per_subnet", "0", Check::Within(0, 7)),
    ("zonal_shift.config.enabled", "false", Check::Flag),
];

/// Of target groups behind network load balancers; what depends on protocol and targets has its default from
/// [`target_group_defaults`].
pub(super) const NETWORK_TARGET_GROUP: &[Attribute] = &[
    ("deregistration_delay.timeout_seconds", "300", Check::Within(0, 3600)),
    ("deregistration_delay.connection_termination.enabled", "false", Check::Flag),
    ("stickiness.enabled", "false", Check::Flag),
    ("stickiness.type", "source_ip", Check::OneOf(&["source_ip"])),
    ("preserve_client_ip.enabled", "false", Check::Flag),
    ("proxy_protocol_v2.enabled", "false", Check::Flag),
    (
        "load_balancing.cross_zone.enabled",
        "use_load_balancer_configuration",
        Check::OneOf(&["true", "false", "use_load_balancer_configuration"]),
    ),
    (
        "target_group_health.dns_failover.minimum_healthy_targets.count",
        "1",
        Check::WithinOr(1, 1000, "off"),
    ),
    (
        "target_group_health.dns_failover.minimum_healthy_targets.percentage",
        "off",
        Check::WithinOr(1, 100, "off"),
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
        "1",
        Check::Within(1, 1000),
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
        "off",
        Check::WithinOr(1, 100, "off"),
    ),
    ("target_health_state.unhealthy.connection_termination.enabled", "true", Check::Flag),
    ("target_health_state.unhealthy.draining_interval_seconds", "0", Check::Within(0, 360_000)),
];

/// Of listeners that speak TCP or both TCP and UDP.
pub(super) const TCP_LISTENER: &[Attribute] =
    &[("tcp.idle_timeout.seconds", "350", Check::Within(60, 6000))];

/// Of target groups of instances and addresses behind application load balancers.
pub(super) const TARGET_GROUP: &[Attribute] = &[
    ("deregistration_delay.timeout_seconds", "300", Check::Within(0, 3600)),
    ("stickiness.enabled", "false", Check::Flag),
    ("stickiness.type", "lb_cookie", Check::OneOf(&["lb_cookie", "app_cookie"])),
    ("stickiness.lb_cookie.duration_seconds", "86400", Check::Within(1, 604_800)),
    ("stickiness.app_cookie.cookie_name", "", Check::Text(4096)),
    ("stickiness.app_cookie.duration_seconds", "86400", Check::Within(1, 604_800)),
    (
        "load_balancing.algorithm.type",
        "round_robin",
        Check::OneOf(&["round_robin", "least_outstanding_requests", "weighted_random"]),
    ),
    ("load_balancing.algorithm.anomaly_mitigation", "off", Check::OneOf(&["on", "off"])),
    (
        "load_balancing.cross_zone.enabled",
        "use_load_balancer_configuration",
        Check::OneOf(&["true", "false", "use_load_balancer_configuration"]),
    ),
    ("slow_start.duration_seconds", "0", Check::WithinOr(30, 900, "0")),
    (
        "target_group_health.dns_failover.minimum_healthy_targets.count",
        "1",
        Check::WithinOr(1, 1000, "off"),
    ),
    (
        "target_group_health.dns_failover.minimum_healthy_targets.percentage",
        "off",
        Check::WithinOr(1, 100, "off"),
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
        "1",
        Check::Within(1, 1000),
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
        "off",
        Check::WithinOr(1, 100, "off"),
    ),
];

/// Of listeners that speak HTTP or HTTPS.
pub(super) const LISTENER: &[Attribute] = &[
    ("routing.http.response.server.enabled", "true", Check::Flag),
    ("routing.http.response.strict_transport_security.header_value", "", Check::Text(1024)),
    ("routing.http.response.access_control_allow_origin.header_value", "", Check::Text(1024)),
    ("routing.http.response.access_control_allow_methods.header_value", "", Check::Text(1024)),
    ("routing.http.response.access_control_allow_headers.header_value", "", Check::Text(1024)),
    (
        "routing.http.response.access_control_allow_credentials.header_value",
        "",
        Check::OneOf(&["", "true"]),
    ),
    ("routing.http.response.access_control_expose_headers.header_value", "", Check::Text(1024)),
    (
        "routing.http.response.access_control_max_age.header_value",
        "",
        Check::WithinOr(0, 86_400, ""),
    ),
    ("routing.http.response.content_security_policy.header_value", "", Check::Text(1024)),
    (
        "routing.http.response.x_content_type_options.header_value",
        "",
        Check::OneOf(&["", "nosniff"]),
    ),
    (
        "routing.http.response.x_frame_options.header_value",
        "",
        Check::OneOf(&["", "DENY", "SAMEORIGIN"]),
    ),
];

/// Of listeners that speak HTTPS, beside those of [`LISTENER`].
pub(super) const SECURE_LISTENER: &[Attribute] = &[
    (
        "routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name",
        "X-Amzn-Mtls-Clientcert-Serial-Number",
        Check::Text(40),
    ),
    (
        "routing.http.request.x_amzn_mtls_clientcert_issuer.header_name",
        "X-Amzn-Mtls-Clientcert-Issuer",
        Check::Text(40),
    ),
    (
        "routing.http.request.x_amzn_mtls_clientcert_subject.header_name",
        "X-Amzn-Mtls-Clientcert-Subject",
        Check::Text(40),
    ),
    (
        "routing.http.request.x_amzn_mtls_clientcert_validity.header_name",
        "X-Amzn-Mtls-Clientcert-Validity",
        Check::Text(40),
    ),
    (
        "routing.http.request.x_amzn_mtls_clientcert_leaf.header_name",
        "X-Amzn-Mtls-Clientcert-Leaf",
        Check::Text(40),
    ),
    (
        "routing.http.request.x_amzn_mtls_clientcert.header_name",
        "X-Amzn-Mtls-Clientcert",
        Check::Text(40),
    ),
    ("routing.http.request.x_amzn_tls_version.header_name", "X-Amzn-Tls-Version", Check::Text(40)),
    (
        "routing.http.request.x_amzn_tls_cipher_suite.header_name",
        "X-Amzn-Tls-Cipher-Suite",
        Check::Text(40),
    ),
];

/// The defaults of these tables, one after the other.
pub(super) fn defaults(tables: &[&[Attribute]]) -> Value {
    let entries = tables.iter().copied().flatten();
    let entries = entries.map(|(key, value, _)| ((*key).to_owned(), Value::from(*value)));
    Value::Object(entries.collect::<Map<String, Value>>())
}

/// The table of a load balancer's attributes, by its type.
pub(super) fn of_load_balancer(kind: &str) -> &'static [Attribute] {
    if kind == "network" { NETWORK_LOAD_BALANCER } else { LOAD_BALANCER }
}

/// The table of a target group's attributes, by its protocol.
pub(super) fn of_target_group(protocol: &str) -> &'static [Attribute] {
    if super::protocol::is_network(protocol) { NETWORK_TARGET_GROUP } else { TARGET_GROUP }
}

/// The defaults of a target group: clients' addresses reach instances, and whatever speaks UDP.
pub(super) fn target_group_defaults(protocol: &str, target_type: &str) -> Value {
    let mut defaults = defaults(&[of_target_group(protocol)]);
    if super::protocol::is_network(protocol) {
        let datagrams = matches!(protocol, "UDP" | "TCP_UDP");
        if datagrams || target_type == "instance" {
            defaults["preserve_client_ip.enabled"] = Value::from("true");
        }
        if datagrams {
            defaults["deregistration_delay.connection_termination.enabled"] = Value::from("true");
        }
    }
    defaults
}

/// The defaults of a load balancer: an internal one denies what comes through an internet gateway.
pub(super) fn load_balancer_defaults(kind: &str, scheme: &str) -> Value {
    let mut defaults = defaults(&[of_load_balancer(kind)]);
    if scheme == "internal" {
        defaults["ipv6.deny_all_igw_traffic"] = Value::from("true");
    }
    defaults
}
