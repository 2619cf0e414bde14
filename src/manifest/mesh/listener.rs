//! How calls reach a service.

use std::time::Duration;

use super::time::{AnyTime, Millis};
use super::tls::ListenerTls;
use crate::manifest::read::{Between, Port, choice, record};

choice! {
    /// What is spoken on a port.
    pub enum MeshProtocol {
        /// HTTP/1.1.
        Http = "http",
        /// HTTP/2.
        Http2 = "http2",
        /// gRPC.
        Grpc = "grpc",
        /// Anything else.
        Tcp = "tcp",
    }
}

record! {
    /// A port that others may call.
    pub struct Listener {
        /// The port; the image's when left out.
        port: Option<u16> as Option<Port>,
        /// What is spoken there.
        protocol: MeshProtocol = MeshProtocol::Http,
        /// How long a call may take.
        timeout: Timeouts = Timeouts::default(),
        /// How the proxies see whether a task works; they do not look when left out.
        healthcheck: Option<MeshHealthCheck>,
        /// When callers leave out a task that answers with errors.
        outlier_detection: Option<OutlierDetection>,
        /// How much a task takes at once.
        connection_pool: Option<ConnectionPool>,
        /// How calls to the service are encrypted.
        tls: Option<ListenerTls>,
    }
}

impl Default for Listener {
    fn default() -> Self {
        Self {
            port: None,
            protocol: MeshProtocol::Http,
            timeout: Timeouts::default(),
            healthcheck: None,
            outlier_detection: None,
            connection_pool: None,
            tls: None,
        }
    }
}

record! {
    /// How long a call may take.
    #[derive(Default)]
    pub struct Timeouts {
        /// How long a connection may be idle; 0s for ever.
        idle: Option<Duration> as Option<AnyTime>,
        /// How long one request may take; 0s for ever. Not for tcp.
        request: Option<Duration> as Option<AnyTime>,
    }
}

impl Timeouts {
    /// Whether anything is said.
    pub fn is_empty(&self) -> bool {
        self.idle.is_none() && self.request.is_none()
    }
}

record! {
    /// How the proxies see whether a task works.
    pub struct MeshHealthCheck {
        /// The protocol; the listener's when left out.
        protocol: Option<MeshProtocol>,
        /// The path to ask for; `/` when left out. Not for tcp and grpc.
        path: Option<String>,
        /// The port to ask; the listener's when left out.
        port: Option<u16> as Option<Port>,
        /// Time between two checks, 5s to 5m.
        interval: Duration as Millis<5000, 300_000> = Duration::from_secs(30),
        /// Time after which a check counts as failed, 2s to 1m.
        timeout: Duration as Millis<2000, 60_000> = Duration::from_secs(5),
        /// Successes after which a task counts as healthy, 2 to 10.
        healthy_threshold: u32 as Between<2, 10> = 2,
        /// Failures after which a task counts as unhealthy, 2 to 10.
        unhealthy_threshold: u32 as Between<2, 10> = 2,
    }
}

record! {
    /// When callers leave out a task that answers with errors.
    pub struct OutlierDetection {
        /// Server errors in a row after which a task is left out.
        max_errors: u32 as Between<1, 2_147_483_647> = 5,
        /// How often tasks are looked at.
        interval: Duration as AnyTime = Duration::from_secs(10),
        /// How long a task is left out, the first time.
        ejection: Duration as AnyTime = Duration::from_secs(30),
        /// How many of the tasks may be left out at once, in percent.
        max_ejected: u32 as Between<0, 100> = 50,
    }
}

record! {
    /// How much a task takes at once.
    pub struct ConnectionPool {
        /// Connections; for http and tcp.
        connections: Option<u32> as Option<Between<1, 2_147_483_647>>,
        /// Requests that may wait for a connection; for http.
        pending: Option<u32> as Option<Between<1, 2_147_483_647>>,
        /// Requests at once; for http2 and grpc.
        requests: Option<u32> as Option<Between<1, 2_147_483_647>>,
    }
}
