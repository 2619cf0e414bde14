//! AWS's own words, as types: each knows its spelling, and keeps one it does not know.

/// An enumeration written the way AWS spells it. A word that AWS adds later is kept as `Other`, so
/// that it shows as a difference instead of failing to parse.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A word that this version does not know.
            Other(String),
        }

        impl $name {
            /// The word as AWS spells it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                match word.as_str() {
                    $($text => Self::$variant,)+
                    _ => Self::Other(word),
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                Self::from(word.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.as_str().to_owned()
            }
        }
    )+};
}

words! {
    /// Where a load balancer can be reached from.
    Scheme {
        /// From everywhere: it has public addresses.
        InternetFacing = "internet-facing",
        /// From its VPC only.
        Internal = "internal",
    }
    /// What a load balancer understands.
    #[derive(Default)]
    LoadBalancerType {
        /// HTTP.
        #[default]
        Application = "application",
        /// TCP, UDP and TLS.
        Network = "network",
    }
    /// Which addresses clients use.
    IpAddressType {
        /// IPv4 only.
        Ipv4 = "ipv4",
        /// IPv4 and IPv6.
        Dualstack = "dualstack",
        /// Public IPv6 and private IPv4.
        DualstackWithoutPublicIpv4 = "dualstack-without-public-ipv4",
        /// IPv6 only (target groups).
        Ipv6 = "ipv6",
    }
    /// What a listener or target group speaks.
    Protocol {
        /// Plain HTTP.
        Http = "HTTP",
        /// HTTP over TLS.
        Https = "HTTPS",
        /// Any TCP.
        Tcp = "TCP",
        /// UDP.
        Udp = "UDP",
        /// TCP and UDP on one port.
        TcpUdp = "TCP_UDP",
        /// TLS, ended by the load balancer.
        Tls = "TLS",
    }
    /// Which HTTP targets speak.
    ProtocolVersion {
        /// HTTP/1.1.
        Http1 = "HTTP1",
        /// HTTP/2.
        Http2 = "HTTP2",
        /// gRPC over HTTP/2.
        Grpc = "GRPC",
        /// None: a network load balancer does not look into what it passes on.
        None = "",
    }
    /// What is registered as a target.
    TargetType {
        /// IP addresses (tasks with a network interface of their own).
        Ip = "ip",
        /// EC2 instances.
        Instance = "instance",
    }
    /// How a target group chooses a target.
    Algorithm {
        /// Each in turn.
        RoundRobin = "round_robin",
        /// The one with the fewest requests in flight.
        LeastOutstandingRequests = "least_outstanding_requests",
        /// At random, by weight.
        WeightedRandom = "weighted_random",
    }
    /// Whether a target group spreads requests over all zones.
    CrossZone {
        /// As the load balancer does.
        LoadBalancer = "use_load_balancer_configuration",
        /// Over all zones.
        On = "true",
        /// Within the zone.
        Off = "false",
    }
    /// How requests that may be an attack on the targets are handled.
    DesyncMitigation {
        /// Only counted.
        Monitor = "monitor",
        /// Those that are known to be dangerous are refused.
        Defensive = "defensive",
        /// All that break the RFC are refused.
        Strictest = "strictest",
    }
    /// What happens to the `X-Forwarded-For` header.
    ForwardedFor {
        /// The client's address is added.
        Append = "append",
        /// It passes unchanged.
        Preserve = "preserve",
        /// It is removed.
        Remove = "remove",
    }
}

impl Protocol {
    /// Whether a network load balancer speaks it.
    pub fn is_network(&self) -> bool {
        matches!(self, Self::Tcp | Self::Udp | Self::TcpUdp | Self::Tls)
    }

    /// Whether it needs a certificate.
    pub fn is_secure(&self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }
}
