//! What the specs of App Mesh's resources may hold: a table, after the service's model.

use crate::local::params::Shape;

const EGRESS_FILTER: Shape =
    Shape::Structure(&[("type", Shape::OneOf(&["ALLOW_ALL", "DROP_ALL"]))]);

const MESH_SERVICE_DISCOVERY: Shape = Shape::Structure(&[(
    "ipPreference",
    Shape::OneOf(&["IPv6_PREFERRED", "IPv4_PREFERRED", "IPv4_ONLY", "IPv6_ONLY"]),
)]);

pub(super) const MESH_SPEC: Shape = Shape::Structure(&[
    ("egressFilter", EGRESS_FILTER),
    ("serviceDiscovery", MESH_SERVICE_DISCOVERY),
]);

const LISTENER_TLS_FILE_CERTIFICATE: Shape =
    Shape::Structure(&[("certificateChain", Shape::Text), ("privateKey", Shape::Text)]);

const LISTENER_TLS_SDS_CERTIFICATE: Shape = Shape::Structure(&[("secretName", Shape::Text)]);

const CLIENT_TLS_CERTIFICATE: Shape = Shape::Structure(&[
    ("file", LISTENER_TLS_FILE_CERTIFICATE),
    ("sds", LISTENER_TLS_SDS_CERTIFICATE),
]);

const SUBJECT_ALTERNATIVE_NAME_MATCHERS: Shape =
    Shape::Structure(&[("exact", Shape::List(&Shape::Text))]);

const SUBJECT_ALTERNATIVE_NAMES: Shape =
    Shape::Structure(&[("match", SUBJECT_ALTERNATIVE_NAME_MATCHERS)]);

const TLS_VALIDATION_CONTEXT_ACM_TRUST: Shape =
    Shape::Structure(&[("certificateAuthorityArns", Shape::List(&Shape::Text))]);

const TLS_VALIDATION_CONTEXT_FILE_TRUST: Shape =
    Shape::Structure(&[("certificateChain", Shape::Text)]);

const TLS_VALIDATION_CONTEXT_SDS_TRUST: Shape = Shape::Structure(&[("secretName", Shape::Text)]);

const TLS_VALIDATION_CONTEXT_TRUST: Shape = Shape::Structure(&[
    ("acm", TLS_VALIDATION_CONTEXT_ACM_TRUST),
    ("file", TLS_VALIDATION_CONTEXT_FILE_TRUST),
    ("sds", TLS_VALIDATION_CONTEXT_SDS_TRUST),
]);

const TLS_VALIDATION_CONTEXT: Shape = Shape::Structure(&[
    ("subjectAlternativeNames", SUBJECT_ALTERNATIVE_NAMES),
    ("trust", TLS_VALIDATION_CONTEXT_TRUST),
]);

const CLIENT_POLICY_TLS: Shape = Shape::Structure(&[
    ("certificate", CLIENT_TLS_CERTIFICATE),
    ("enforce", Shape::Boolean),
    ("ports", Shape::List(&Shape::Integer)),
    ("validation", TLS_VALIDATION_CONTEXT),
]);

const CLIENT_POLICY: Shape = Shape::Structure(&[("tls", CLIENT_POLICY_TLS)]);

const BACKEND_DEFAULTS: Shape = Shape::Structure(&[("clientPolicy", CLIENT_POLICY)]);

const VIRTUAL_SERVICE_BACKEND: Shape =
    Shape::Structure(&[("clientPolicy", CLIENT_POLICY), ("virtualServiceName", Shape::Text)]);

const BACKEND: Shape = Shape::Structure(&[("virtualService", VIRTUAL_SERVICE_BACKEND)]);

const VIRTUAL_NODE_GRPC_CONNECTION_POOL: Shape =
    Shape::Structure(&[("maxRequests", Shape::Integer)]);

const VIRTUAL_NODE_HTTP_CONNECTION_POOL: Shape =
    Shape::Structure(&[("maxConnections", Shape::Integer), ("maxPendingRequests", Shape::Integer)]);

const VIRTUAL_NODE_HTTP2_CONNECTION_POOL: Shape =
    Shape::Structure(&[("maxRequests", Shape::Integer)]);

const VIRTUAL_NODE_TCP_CONNECTION_POOL: Shape =
    Shape::Structure(&[("maxConnections", Shape::Integer)]);

const VIRTUAL_NODE_CONNECTION_POOL: Shape = Shape::Structure(&[
    ("grpc", VIRTUAL_NODE_GRPC_CONNECTION_POOL),
    ("http", VIRTUAL_NODE_HTTP_CONNECTION_POOL),
    ("http2", VIRTUAL_NODE_HTTP2_CONNECTION_POOL),
    ("tcp", VIRTUAL_NODE_TCP_CONNECTION_POOL),
]);

const HEALTH_CHECK_POLICY: Shape = Shape::Structure(&[
    ("healthyThreshold", Shape::Integer),
    ("intervalMillis", Shape::Integer),
    ("path", Shape::Text),
    ("port", Shape::Integer),
    ("protocol", Shape::OneOf(&["http", "tcp", "http2", "grpc"])),
    ("timeoutMillis", Shape::Integer),
    ("unhealthyThreshold", Shape::Integer),
]);

const DURATION: Shape =
    Shape::Structure(&[("unit", Shape::OneOf(&["s", "ms"])), ("value", Shape::Integer)]);

const OUTLIER_DETECTION: Shape = Shape::Structure(&[
    ("baseEjectionDuration", DURATION),
    ("interval", DURATION),
    ("maxEjectionPercent", Shape::Integer),
    ("maxServerErrors", Shape::Integer),
]);

const PORT_MAPPING: Shape = Shape::Structure(&[
    ("port", Shape::Integer),
    ("protocol", Shape::OneOf(&["http", "tcp", "http2", "grpc"])),
]);

const GRPC_TIMEOUT: Shape = Shape::Structure(&[("idle", DURATION), ("perRequest", DURATION)]);

const HTTP_TIMEOUT: Shape = Shape::Structure(&[("idle", DURATION), ("perRequest", DURATION)]);

const TCP_TIMEOUT: Shape = Shape::Structure(&[("idle", DURATION)]);

const LISTENER_TIMEOUT: Shape = Shape::Structure(&[
    ("grpc", GRPC_TIMEOUT),
    ("http", HTTP_TIMEOUT),
    ("http2", HTTP_TIMEOUT),
    ("tcp", TCP_TIMEOUT),
]);

const LISTENER_TLS_ACM_CERTIFICATE: Shape = Shape::Structure(&[("certificateArn", Shape::Text)]);

const LISTENER_TLS_CERTIFICATE: Shape = Shape::Structure(&[
    ("acm", LISTENER_TLS_ACM_CERTIFICATE),
    ("file", LISTENER_TLS_FILE_CERTIFICATE),
    ("sds", LISTENER_TLS_SDS_CERTIFICATE),
]);

const LISTENER_TLS_VALIDATION_CONTEXT_TRUST: Shape = Shape::Structure(&[
    ("file", TLS_VALIDATION_CONTEXT_FILE_TRUST),
    ("sds", TLS_VALIDATION_CONTEXT_SDS_TRUST),
]);

const LISTENER_TLS_VALIDATION_CONTEXT: Shape = Shape::Structure(&[
    ("subjectAlternativeNames", SUBJECT_ALTERNATIVE_NAMES),
    ("trust", LISTENER_TLS_VALIDATION_CONTEXT_TRUST),
]);

const LISTENER_TLS: Shape = Shape::Structure(&[
    ("certificate", LISTENER_TLS_CERTIFICATE),
    ("mode", Shape::OneOf(&["STRICT", "PERMISSIVE", "DISABLED"])),
    ("validation", LISTENER_TLS_VALIDATION_CONTEXT),
]);

const LISTENER: Shape = Shape::Structure(&[
    ("connectionPool", VIRTUAL_NODE_CONNECTION_POOL),
    ("healthCheck", HEALTH_CHECK_POLICY),
    ("outlierDetection", OUTLIER_DETECTION),
    ("portMapping", PORT_MAPPING),
    ("timeout", LISTENER_TIMEOUT),
    ("tls", LISTENER_TLS),
]);

const JSON_FORMAT_REF: Shape = Shape::Structure(&[("key", Shape::Text), ("value", Shape::Text)]);

const LOGGING_FORMAT: Shape =
    Shape::Structure(&[("json", Shape::List(&JSON_FORMAT_REF)), ("text", Shape::Text)]);

const FILE_ACCESS_LOG: Shape =
    Shape::Structure(&[("format", LOGGING_FORMAT), ("path", Shape::Text)]);

const ACCESS_LOG: Shape = Shape::Structure(&[("file", FILE_ACCESS_LOG)]);

const LOGGING: Shape = Shape::Structure(&[("accessLog", ACCESS_LOG)]);

const AWS_CLOUD_MAP_INSTANCE_ATTRIBUTE: Shape =
    Shape::Structure(&[("key", Shape::Text), ("value", Shape::Text)]);

const AWS_CLOUD_MAP_SERVICE_DISCOVERY: Shape = Shape::Structure(&[
    ("attributes", Shape::List(&AWS_CLOUD_MAP_INSTANCE_ATTRIBUTE)),
    ("ipPreference", Shape::OneOf(&["IPv6_PREFERRED", "IPv4_PREFERRED", "IPv4_ONLY", "IPv6_ONLY"])),
    ("namespaceName", Shape::Text),
    ("serviceName", Shape::Text),
]);

const DNS_SERVICE_DISCOVERY: Shape = Shape::Structure(&[
    ("hostname", Shape::Text),
    ("ipPreference", Shape::OneOf(&["IPv6_PREFERRED", "IPv4_PREFERRED", "IPv4_ONLY", "IPv6_ONLY"])),
    ("responseType", Shape::OneOf(&["LOADBALANCER", "ENDPOINTS"])),
]);

const SERVICE_DISCOVERY: Shape = Shape::Structure(&[
    ("awsCloudMap", AWS_CLOUD_MAP_SERVICE_DISCOVERY),
    ("dns", DNS_SERVICE_DISCOVERY),
]);

pub(super) const VIRTUAL_NODE_SPEC: Shape = Shape::Structure(&[
    ("backendDefaults", BACKEND_DEFAULTS),
    ("backends", Shape::List(&BACKEND)),
    ("listeners", Shape::List(&LISTENER)),
    ("logging", LOGGING),
    ("serviceDiscovery", SERVICE_DISCOVERY),
]);

const VIRTUAL_NODE_SERVICE_PROVIDER: Shape = Shape::Structure(&[("virtualNodeName", Shape::Text)]);

const VIRTUAL_ROUTER_SERVICE_PROVIDER: Shape =
    Shape::Structure(&[("virtualRouterName", Shape::Text)]);

const VIRTUAL_SERVICE_PROVIDER: Shape = Shape::Structure(&[
    ("virtualNode", VIRTUAL_NODE_SERVICE_PROVIDER),
    ("virtualRouter", VIRTUAL_ROUTER_SERVICE_PROVIDER),
]);

pub(super) const VIRTUAL_SERVICE_SPEC: Shape =
    Shape::Structure(&[("provider", VIRTUAL_SERVICE_PROVIDER)]);

const VIRTUAL_ROUTER_LISTENER: Shape = Shape::Structure(&[("portMapping", PORT_MAPPING)]);

pub(super) const VIRTUAL_ROUTER_SPEC: Shape =
    Shape::Structure(&[("listeners", Shape::List(&VIRTUAL_ROUTER_LISTENER))]);

const WEIGHTED_TARGET: Shape = Shape::Structure(&[
    ("port", Shape::Integer),
    ("virtualNode", Shape::Text),
    ("weight", Shape::Integer),
]);

const GRPC_ROUTE_ACTION: Shape =
    Shape::Structure(&[("weightedTargets", Shape::List(&WEIGHTED_TARGET))]);

const MATCH_RANGE: Shape = Shape::Structure(&[("end", Shape::Integer), ("start", Shape::Integer)]);

const GRPC_ROUTE_METADATA_MATCH_METHOD: Shape = Shape::Structure(&[
    ("exact", Shape::Text),
    ("prefix", Shape::Text),
    ("range", MATCH_RANGE),
    ("regex", Shape::Text),
    ("suffix", Shape::Text),
]);

const GRPC_ROUTE_METADATA: Shape = Shape::Structure(&[
    ("invert", Shape::Boolean),
    ("match", GRPC_ROUTE_METADATA_MATCH_METHOD),
    ("name", Shape::Text),
]);

const GRPC_ROUTE_MATCH: Shape = Shape::Structure(&[
    ("metadata", Shape::List(&GRPC_ROUTE_METADATA)),
    ("methodName", Shape::Text),
    ("port", Shape::Integer),
    ("serviceName", Shape::Text),
]);

const GRPC_RETRY_POLICY: Shape = Shape::Structure(&[
    (
        "grpcRetryEvents",
        Shape::List(&Shape::OneOf(&[
            "cancelled",
            "deadline-exceeded",
            "internal",
            "resource-exhausted",
            "unavailable",
        ])),
    ),
    ("httpRetryEvents", Shape::List(&Shape::Text)),
    ("maxRetries", Shape::Integer),
    ("perRetryTimeout", DURATION),
    ("tcpRetryEvents", Shape::List(&Shape::OneOf(&["connection-error"]))),
]);

const GRPC_ROUTE: Shape = Shape::Structure(&[
    ("action", GRPC_ROUTE_ACTION),
    ("match", GRPC_ROUTE_MATCH),
    ("retryPolicy", GRPC_RETRY_POLICY),
    ("timeout", GRPC_TIMEOUT),
]);

const HTTP_ROUTE_ACTION: Shape =
    Shape::Structure(&[("weightedTargets", Shape::List(&WEIGHTED_TARGET))]);

const HEADER_MATCH_METHOD: Shape = Shape::Structure(&[
    ("exact", Shape::Text),
    ("prefix", Shape::Text),
    ("range", MATCH_RANGE),
    ("regex", Shape::Text),
    ("suffix", Shape::Text),
]);

const HTTP_ROUTE_HEADER: Shape = Shape::Structure(&[
    ("invert", Shape::Boolean),
    ("match", HEADER_MATCH_METHOD),
    ("name", Shape::Text),
]);

const HTTP_PATH_MATCH: Shape = Shape::Structure(&[("exact", Shape::Text), ("regex", Shape::Text)]);

const QUERY_PARAMETER_MATCH: Shape = Shape::Structure(&[("exact", Shape::Text)]);

const HTTP_QUERY_PARAMETER: Shape =
    Shape::Structure(&[("match", QUERY_PARAMETER_MATCH), ("name", Shape::Text)]);

const HTTP_ROUTE_MATCH: Shape = Shape::Structure(&[
    ("headers", Shape::List(&HTTP_ROUTE_HEADER)),
    (
        "method",
        Shape::OneOf(&[
            "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
        ]),
    ),
    ("path", HTTP_PATH_MATCH),
    ("port", Shape::Integer),
    ("prefix", Shape::Text),
    ("queryParameters", Shape::List(&HTTP_QUERY_PARAMETER)),
    ("scheme", Shape::OneOf(&["http", "https"])),
]);

const HTTP_RETRY_POLICY: Shape = Shape::Structure(&[
    ("httpRetryEvents", Shape::List(&Shape::Text)),
    ("maxRetries", Shape::Integer),
    ("perRetryTimeout", DURATION),
    ("tcpRetryEvents", Shape::List(&Shape::OneOf(&["connection-error"]))),
]);

const HTTP_ROUTE: Shape = Shape::Structure(&[
    ("action", HTTP_ROUTE_ACTION),
    ("match", HTTP_ROUTE_MATCH),
    ("retryPolicy", HTTP_RETRY_POLICY),
    ("timeout", HTTP_TIMEOUT),
]);

const TCP_ROUTE_ACTION: Shape =
    Shape::Structure(&[("weightedTargets", Shape::List(&WEIGHTED_TARGET))]);

const TCP_ROUTE_MATCH: Shape = Shape::Structure(&[("port", Shape::Integer)]);

const TCP_ROUTE: Shape = Shape::Structure(&[
    ("action", TCP_ROUTE_ACTION),
    ("match", TCP_ROUTE_MATCH),
    ("timeout", TCP_TIMEOUT),
]);

pub(super) const ROUTE_SPEC: Shape = Shape::Structure(&[
    ("grpcRoute", GRPC_ROUTE),
    ("http2Route", HTTP_ROUTE),
    ("httpRoute", HTTP_ROUTE),
    ("priority", Shape::Integer),
    ("tcpRoute", TCP_ROUTE),
]);

const VIRTUAL_GATEWAY_LISTENER_TLS_FILE_CERTIFICATE: Shape =
    Shape::Structure(&[("certificateChain", Shape::Text), ("privateKey", Shape::Text)]);

const VIRTUAL_GATEWAY_LISTENER_TLS_SDS_CERTIFICATE: Shape =
    Shape::Structure(&[("secretName", Shape::Text)]);

const VIRTUAL_GATEWAY_CLIENT_TLS_CERTIFICATE: Shape = Shape::Structure(&[
    ("file", VIRTUAL_GATEWAY_LISTENER_TLS_FILE_CERTIFICATE),
    ("sds", VIRTUAL_GATEWAY_LISTENER_TLS_SDS_CERTIFICATE),
]);

const VIRTUAL_GATEWAY_TLS_VALIDATION_CONTEXT_ACM_TRUST: Shape =
    Shape::Structure(&[("certificateAuthorityArns", Shape::List(&Shape::Text))]);

const VIRTUAL_GATEWAY_TLS_VALIDATION_CONTEXT_FILE_TRUST: Shape =
    Shape::Structure(&[("certificateChain", Shape::Text)]);

const VIRTUAL_GATEWAY_TLS_VALIDATION_CONTEXT_SDS_TRUST: Shape =
    Shape::Structure(&[("secretName", Shape::Text)]);

const VIRTUAL_GATEWAY_TLS_VALIDATION_CONTEXT_TRUST: Shape = Shape::Structure(&[
    ("acm", VIRTUAL_GATEWAY_TLS_VALIDATION_CONTEXT_ACM_TRUST),
    ("file", VIRTUAL_GATEWAY_TLS_VALIDATION_CONTEXT_FILE_TRUST),
    ("sds", VIRTUAL_GATEWAY_TLS_VALIDATION_CONTEXT_SDS_TRUST),
]);

const VIRTUAL_GATEWAY_TLS_VALIDATION_CONTEXT: Shape = Shape::Structure(&[
    ("subjectAlternativeNames", SUBJECT_ALTERNATIVE_NAMES),
    ("trust", VIRTUAL_GATEWAY_TLS_VALIDATION_CONTEXT_TRUST),
]);

const VIRTUAL_GATEWAY_CLIENT_POLICY_TLS: Shape = Shape::Structure(&[
    ("certificate", VIRTUAL_GATEWAY_CLIENT_TLS_CERTIFICATE),
    ("enforce", Shape::Boolean),
    ("ports", Shape::List(&Shape::Integer)),
    ("validation", VIRTUAL_GATEWAY_TLS_VALIDATION_CONTEXT),
]);

const VIRTUAL_GATEWAY_CLIENT_POLICY: Shape =
    Shape::Structure(&[("tls", VIRTUAL_GATEWAY_CLIENT_POLICY_TLS)]);

const VIRTUAL_GATEWAY_BACKEND_DEFAULTS: Shape =
    Shape::Structure(&[("clientPolicy", VIRTUAL_GATEWAY_CLIENT_POLICY)]);

const VIRTUAL_GATEWAY_GRPC_CONNECTION_POOL: Shape =
    Shape::Structure(&[("maxRequests", Shape::Integer)]);

const VIRTUAL_GATEWAY_HTTP_CONNECTION_POOL: Shape =
    Shape::Structure(&[("maxConnections", Shape::Integer), ("maxPendingRequests", Shape::Integer)]);

const VIRTUAL_GATEWAY_HTTP2_CONNECTION_POOL: Shape =
    Shape::Structure(&[("maxRequests", Shape::Integer)]);

const VIRTUAL_GATEWAY_CONNECTION_POOL: Shape = Shape::Structure(&[
    ("grpc", VIRTUAL_GATEWAY_GRPC_CONNECTION_POOL),
    ("http", VIRTUAL_GATEWAY_HTTP_CONNECTION_POOL),
    ("http2", VIRTUAL_GATEWAY_HTTP2_CONNECTION_POOL),
]);

const VIRTUAL_GATEWAY_HEALTH_CHECK_POLICY: Shape = Shape::Structure(&[
    ("healthyThreshold", Shape::Integer),
    ("intervalMillis", Shape::Integer),
    ("path", Shape::Text),
    ("port", Shape::Integer),
    ("protocol", Shape::OneOf(&["http", "http2", "grpc"])),
    ("timeoutMillis", Shape::Integer),
    ("unhealthyThreshold", Shape::Integer),
]);

const VIRTUAL_GATEWAY_PORT_MAPPING: Shape = Shape::Structure(&[
    ("port", Shape::Integer),
    ("protocol", Shape::OneOf(&["http", "http2", "grpc"])),
]);

const VIRTUAL_GATEWAY_LISTENER_TLS_ACM_CERTIFICATE: Shape =
    Shape::Structure(&[("certificateArn", Shape::Text)]);

const VIRTUAL_GATEWAY_LISTENER_TLS_CERTIFICATE: Shape = Shape::Structure(&[
    ("acm", VIRTUAL_GATEWAY_LISTENER_TLS_ACM_CERTIFICATE),
    ("file", VIRTUAL_GATEWAY_LISTENER_TLS_FILE_CERTIFICATE),
    ("sds", VIRTUAL_GATEWAY_LISTENER_TLS_SDS_CERTIFICATE),
]);

const VIRTUAL_GATEWAY_LISTENER_TLS_VALIDATION_CONTEXT_TRUST: Shape = Shape::Structure(&[
    ("file", VIRTUAL_GATEWAY_TLS_VALIDATION_CONTEXT_FILE_TRUST),
    ("sds", VIRTUAL_GATEWAY_TLS_VALIDATION_CONTEXT_SDS_TRUST),
]);

const VIRTUAL_GATEWAY_LISTENER_TLS_VALIDATION_CONTEXT: Shape = Shape::Structure(&[
    ("subjectAlternativeNames", SUBJECT_ALTERNATIVE_NAMES),
    ("trust", VIRTUAL_GATEWAY_LISTENER_TLS_VALIDATION_CONTEXT_TRUST),
]);

const VIRTUAL_GATEWAY_LISTENER_TLS: Shape = Shape::Structure(&[
    ("certificate", VIRTUAL_GATEWAY_LISTENER_TLS_CERTIFICATE),
    ("mode", Shape::OneOf(&["STRICT", "PERMISSIVE", "DISABLED"])),
    ("validation", VIRTUAL_GATEWAY_LISTENER_TLS_VALIDATION_CONTEXT),
]);

const VIRTUAL_GATEWAY_LISTENER: Shape = Shape::Structure(&[
    ("connectionPool", VIRTUAL_GATEWAY_CONNECTION_POOL),
    ("healthCheck", VIRTUAL_GATEWAY_HEALTH_CHECK_POLICY),
    ("portMapping", VIRTUAL_GATEWAY_PORT_MAPPING),
    ("tls", VIRTUAL_GATEWAY_LISTENER_TLS),
]);

const VIRTUAL_GATEWAY_FILE_ACCESS_LOG: Shape =
    Shape::Structure(&[("format", LOGGING_FORMAT), ("path", Shape::Text)]);

const VIRTUAL_GATEWAY_ACCESS_LOG: Shape =
    Shape::Structure(&[("file", VIRTUAL_GATEWAY_FILE_ACCESS_LOG)]);

const VIRTUAL_GATEWAY_LOGGING: Shape =
    Shape::Structure(&[("accessLog", VIRTUAL_GATEWAY_ACCESS_LOG)]);

pub(super) const VIRTUAL_GATEWAY_SPEC: Shape = Shape::Structure(&[
    ("backendDefaults", VIRTUAL_GATEWAY_BACKEND_DEFAULTS),
    ("listeners", Shape::List(&VIRTUAL_GATEWAY_LISTENER)),
    ("logging", VIRTUAL_GATEWAY_LOGGING),
]);

const GATEWAY_ROUTE_HOSTNAME_REWRITE: Shape =
    Shape::Structure(&[("defaultTargetHostname", Shape::OneOf(&["ENABLED", "DISABLED"]))]);

const GRPC_GATEWAY_ROUTE_REWRITE: Shape =
    Shape::Structure(&[("hostname", GATEWAY_ROUTE_HOSTNAME_REWRITE)]);

const GATEWAY_ROUTE_VIRTUAL_SERVICE: Shape =
    Shape::Structure(&[("virtualServiceName", Shape::Text)]);

const GATEWAY_ROUTE_TARGET: Shape = Shape::Structure(&[
    ("port", Shape::Integer),
    ("virtualService", GATEWAY_ROUTE_VIRTUAL_SERVICE),
]);

const GRPC_GATEWAY_ROUTE_ACTION: Shape =
    Shape::Structure(&[("rewrite", GRPC_GATEWAY_ROUTE_REWRITE), ("target", GATEWAY_ROUTE_TARGET)]);

const GATEWAY_ROUTE_HOSTNAME_MATCH: Shape =
    Shape::Structure(&[("exact", Shape::Text), ("suffix", Shape::Text)]);

const GRPC_METADATA_MATCH_METHOD: Shape = Shape::Structure(&[
    ("exact", Shape::Text),
    ("prefix", Shape::Text),
    ("range", MATCH_RANGE),
    ("regex", Shape::Text),
    ("suffix", Shape::Text),
]);

const GRPC_GATEWAY_ROUTE_METADATA: Shape = Shape::Structure(&[
    ("invert", Shape::Boolean),
    ("match", GRPC_METADATA_MATCH_METHOD),
    ("name", Shape::Text),
]);

const GRPC_GATEWAY_ROUTE_MATCH: Shape = Shape::Structure(&[
    ("hostname", GATEWAY_ROUTE_HOSTNAME_MATCH),
    ("metadata", Shape::List(&GRPC_GATEWAY_ROUTE_METADATA)),
    ("port", Shape::Integer),
    ("serviceName", Shape::Text),
]);

const GRPC_GATEWAY_ROUTE: Shape =
    Shape::Structure(&[("action", GRPC_GATEWAY_ROUTE_ACTION), ("match", GRPC_GATEWAY_ROUTE_MATCH)]);

const HTTP_GATEWAY_ROUTE_PATH_REWRITE: Shape = Shape::Structure(&[("exact", Shape::Text)]);

const HTTP_GATEWAY_ROUTE_PREFIX_REWRITE: Shape = Shape::Structure(&[
    ("defaultPrefix", Shape::OneOf(&["ENABLED", "DISABLED"])),
    ("value", Shape::Text),
]);

const HTTP_GATEWAY_ROUTE_REWRITE: Shape = Shape::Structure(&[
    ("hostname", GATEWAY_ROUTE_HOSTNAME_REWRITE),
    ("path", HTTP_GATEWAY_ROUTE_PATH_REWRITE),
    ("prefix", HTTP_GATEWAY_ROUTE_PREFIX_REWRITE),
]);

const HTTP_GATEWAY_ROUTE_ACTION: Shape =
    Shape::Structure(&[("rewrite", HTTP_GATEWAY_ROUTE_REWRITE), ("target", GATEWAY_ROUTE_TARGET)]);

const HTTP_GATEWAY_ROUTE_HEADER: Shape = Shape::Structure(&[
    ("invert", Shape::Boolean),
    ("match", HEADER_MATCH_METHOD),
    ("name", Shape::Text),
]);

const HTTP_GATEWAY_ROUTE_MATCH: Shape = Shape::Structure(&[
    ("headers", Shape::List(&HTTP_GATEWAY_ROUTE_HEADER)),
    ("hostname", GATEWAY_ROUTE_HOSTNAME_MATCH),
    (
        "method",
        Shape::OneOf(&[
            "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
        ]),
    ),
    ("path", HTTP_PATH_MATCH),
    ("port", Shape::Integer),
    ("prefix", Shape::Text),
    ("queryParameters", Shape::List(&HTTP_QUERY_PARAMETER)),
]);

const HTTP_GATEWAY_ROUTE: Shape =
    Shape::Structure(&[("action", HTTP_GATEWAY_ROUTE_ACTION), ("match", HTTP_GATEWAY_ROUTE_MATCH)]);

pub(super) const GATEWAY_ROUTE_SPEC: Shape = Shape::Structure(&[
    ("grpcRoute", GRPC_GATEWAY_ROUTE),
    ("http2Route", HTTP_GATEWAY_ROUTE),
    ("httpRoute", HTTP_GATEWAY_ROUTE),
    ("priority", Shape::Integer),
]);
