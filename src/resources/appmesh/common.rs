//! What several kinds have in common: times, ports, health checks, logs and matches.

use aws_sdk_appmesh::types;
use serde::{Deserialize, Serialize};

use super::mirror::{Mirror, mirror, union};
use crate::engine::Failure;

mirror! {
    /// A span of time.
    Time for [plain Duration] {
        /// How many.
        must value / set_value: i64,
        /// `s` or `ms`.
        must unit / set_unit: String,
    }

    /// Timeouts of http, http2 and grpc.
    RequestTimeout for [plain HttpTimeout, plain GrpcTimeout] {
        /// How long a request may take.
        opt per_request / set_per_request: Time,
        /// How long a connection may be idle.
        opt idle / set_idle: Time,
    }

    /// Timeouts of tcp.
    TcpTimeout for [plain TcpTimeout] {
        /// How long a connection may be idle.
        opt idle / set_idle: Time,
    }

    /// A port and what is spoken there.
    PortMapping for [built PortMapping, built VirtualGatewayPortMapping] {
        /// The port.
        req port / set_port: i32,
        /// `http`, `http2`, `grpc` or `tcp`.
        req protocol / set_protocol: String,
    }

    /// How proxies see whether a task works.
    HealthCheck for [built HealthCheckPolicy, built VirtualGatewayHealthCheckPolicy] {
        /// The protocol.
        req protocol / set_protocol: String,
        /// The path; for http and http2.
        opt path / set_path: String,
        /// The port.
        opt port / set_port: i32,
        /// Time between checks.
        req interval_millis / set_interval_millis: i64,
        /// Time after which a check has failed.
        req timeout_millis / set_timeout_millis: i64,
        /// Successes.
        req healthy_threshold / set_healthy_threshold: i32,
        /// Failures.
        req unhealthy_threshold / set_unhealthy_threshold: i32,
    }

    /// How many connections.
    HttpPool for [built VirtualNodeHttpConnectionPool, built VirtualGatewayHttpConnectionPool] {
        /// Connections at once.
        req max_connections / set_max_connections: i32,
        /// Requests that may wait for one.
        opt max_pending_requests / set_max_pending_requests: i32,
    }

    /// How many requests.
    RequestPool for [built VirtualNodeHttp2ConnectionPool, built VirtualGatewayHttp2ConnectionPool, built VirtualNodeGrpcConnectionPool, built VirtualGatewayGrpcConnectionPool] {
        /// Requests at once.
        req max_requests / set_max_requests: i32,
    }

    /// How many connections of tcp.
    TcpPool for [built VirtualNodeTcpConnectionPool] {
        /// Connections at once.
        req max_connections / set_max_connections: i32,
    }

    /// Where a proxy writes what it did.
    Logging for [plain Logging, plain VirtualGatewayLogging] {
        /// A line for each call.
        opt access_log / set_access_log: AccessLog,
    }

    /// A file in the proxy's container.
    FileAccessLog for [built FileAccessLog, built VirtualGatewayFileAccessLog] {
        /// Its path.
        req path / set_path: String,
        /// What a line says; Envoy's own if nothing.
        opt format / set_format: LoggingFormat,
    }

    /// A member of a line in JSON.
    JsonMember for [built JsonFormatRef] {
        /// Its name.
        req key / set_key: String,
        /// Its value, with Envoy's `%…%`.
        req value / set_value: String,
    }

    /// Whole numbers.
    Range for [built MatchRange] {
        /// The first.
        req start / set_start: i64,
        /// The one after the last.
        req end / set_end: i64,
    }

    /// Which header, and which of its values.
    HeaderMatch for [built HttpRouteHeader, built HttpGatewayRouteHeader, built GrpcRouteMetadata, built GrpcGatewayRouteMetadata] {
        /// The header's name.
        req name / set_name: String,
        /// All others instead.
        opt invert / set_invert: bool,
        /// Which values; all if nothing.
        opt r#match / set_match: ValueMatch,
    }

    /// Which query parameter.
    QueryMatch for [built HttpQueryParameter] {
        /// Its name.
        req name / set_name: String,
        /// Its value; any if nothing.
        opt r#match / set_match: QueryValue,
    }

    /// The value of a query parameter.
    QueryValue for [plain QueryParameterMatch] {
        /// The value.
        opt exact / set_exact: String,
    }

    /// Which paths.
    PathMatch for [plain HttpPathMatch] {
        /// This one.
        opt exact / set_exact: String,
        /// Those that the expression fits.
        opt regex / set_regex: String,
    }
}

union! {
    /// Where a line for each call goes.
    AccessLog for [AccessLog, VirtualGatewayAccessLog] {
        /// Into a file.
        File(FileAccessLog),
    }

    /// What a line says.
    LoggingFormat for [LoggingFormat] {
        /// Members of a JSON object.
        Json(Vec<JsonMember>),
        /// Text.
        Text(String),
    }

    /// Which values.
    ValueMatch for [HeaderMatchMethod, GrpcRouteMetadataMatchMethod, GrpcMetadataMatchMethod] {
        /// This one.
        Exact(String),
        /// Those that begin so.
        Prefix(String),
        /// Whole numbers.
        Range(Range),
        /// Those that the expression fits.
        Regex(String),
        /// Those that end so.
        Suffix(String),
    }

    /// How long calls of a protocol may take.
    ListenerTimeout for [ListenerTimeout] {
        /// Of grpc.
        Grpc(RequestTimeout),
        /// Of http.
        Http(RequestTimeout),
        /// Of http2.
        Http2(RequestTimeout),
        /// Of tcp.
        Tcp(TcpTimeout),
    }

    /// How much a virtual node takes at once.
    ConnectionPool for [VirtualNodeConnectionPool] {
        /// Of grpc.
        Grpc(RequestPool),
        /// Of http.
        Http(HttpPool),
        /// Of http2.
        Http2(RequestPool),
        /// Of tcp.
        Tcp(TcpPool),
    }

    /// How much a virtual gateway takes at once.
    GatewayConnectionPool for [VirtualGatewayConnectionPool] {
        /// Of grpc.
        Grpc(RequestPool),
        /// Of http.
        Http(HttpPool),
        /// Of http2.
        Http2(RequestPool),
    }
}
