//! A network load balancer of the service's own: a Service of type LoadBalancer.

use serde_json::{Value, json};

use super::Planner;
use super::object::Fields;
use crate::engine::Failure;
use crate::manifest::service::NlbProtocol;

/// What annotations of network load balancers begin with.
const NLB: &str = "service.beta.kubernetes.io/aws-load-balancer";
/// The TLS policy where the manifest names none.
const TLS: &str = "ELBSecurityPolicy-TLS13-1-2-2021-06";

impl Planner<'_> {
    pub(super) fn network_balancer(&mut self) -> Result<(), Failure> {
        let Some(nlb) = &self.service.nlb else { return Ok(()) };
        let main = &nlb.main;
        let mut annotations = Fields::default();
        let mut say =
            |key: &str, value: Option<String>| annotations.put(&format!("{NLB}-{key}"), value);
        say("scheme", Some("internet-facing".to_owned()));
        say("nlb-target-type", Some("ip".to_owned()));
        let check = &main.healthcheck;
        say("healthcheck-port", check.port.map(|port| port.to_string()));
        say(
            "healthcheck-healthy-threshold",
            check.healthy_threshold.map(|times| times.to_string()),
        );
        say(
            "healthcheck-unhealthy-threshold",
            check.unhealthy_threshold.map(|times| times.to_string()),
        );
        say("healthcheck-timeout", check.timeout.map(|time| time.as_secs().to_string()));
        say("healthcheck-interval", check.interval.map(|time| time.as_secs().to_string()));
        let mut attributes = vec![format!(
            "deregistration_delay.timeout_seconds={}",
            main.deregistration_delay.as_secs()
        )];
        if main.stickiness {
            attributes.push("stickiness.enabled=true".to_owned());
            attributes.push("stickiness.type=source_ip".to_owned());
        }
        say("target-group-attributes", Some(attributes.join(",")));
        let listeners: Vec<_> = nlb.listeners().map(|(_, listener)| listener).collect();
        let secure: Vec<String> = listeners
            .iter()
            .filter(|one| one.port.protocol == NlbProtocol::Tls)
            .map(|one| one.port.number.to_string())
            .collect();
        if !secure.is_empty() {
            say("ssl-ports", Some(secure.join(",")));
            say("ssl-cert", Some(self.environment.http.public.certificates.join(",")));
            let policy = listeners.iter().find_map(|one| one.ssl_policy.clone());
            say("ssl-negotiation-policy", Some(policy.unwrap_or_else(|| TLS.to_owned())));
        }
        if listeners.iter().any(|one| one.port.protocol == NlbProtocol::TcpUdp) {
            say("enable-tcp-udp-listener", Some("true".to_owned()));
        }
        let mut ports: Vec<Value> = Vec::new();
        for one in &listeners {
            let protocols: &[&str] = match one.port.protocol {
                NlbProtocol::Tcp | NlbProtocol::Tls => &["tcp"],
                NlbProtocol::Udp => &["udp"],
                NlbProtocol::TcpUdp => &["tcp", "udp"],
            };
            ports.extend(protocols.iter().map(|protocol| {
                json!({
                    "name": format!("{protocol}-{}", one.port.number),
                    "port": one.port.number,
                    "targetPort": one.target(),
                    "protocol": protocol.to_uppercase(),
                })
            }));
        }
        let class = match self.place.manifest.auto_mode() {
            true => "eks.amazonaws.com/nlb",
            false => "service.k8s.aws/nlb",
        };
        let spec = Fields::default()
            .with("type", "LoadBalancer")
            .with("loadBalancerClass", class)
            .with("selector", self.selector())
            .with("ports", ports);
        let name = format!("{}-nlb", self.service.name);
        let object = self.annotated("v1", "Service", &name, annotations).with("spec", spec);
        let address = format!("{}/nlb", self.service.name);
        self.add(&address, object.into()).map(drop)
    }
}
