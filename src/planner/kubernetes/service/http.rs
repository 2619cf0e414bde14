//! Requests from a load balancer: an Ingress for each rule, behind one load balancer for the environment.
//!
//! With Auto Mode EKS makes it, by an IngressClass of the environment's; else the AWS Load Balancer Controller does, which
//! has to be in the cluster. Both order the rules of one load balancer by a number of the Ingress.

use serde_json::{Value, json};

use super::Planner;
use super::object::Fields;
use crate::engine::{Failure, Wait};
use crate::manifest::service::{HttpVersion, RedirectCode, RedirectRule, Rule, ServiceType};

/// What annotations of load balancers begin with.
const ALB: &str = "alb.ingress.kubernetes.io";
/// How long a client stays with its pod, with stickiness.
const DAY: u32 = 86_400;
/// Segments of a path beyond this make no rule more specific.
const MOST_SEGMENTS: usize = 11;

/// The name of the environment's class of Ingress.
pub(in crate::planner::kubernetes) fn class(public: bool) -> &'static str {
    if public { "shipit-public" } else { "shipit-internal" }
}

/// The group whose rules one load balancer has.
pub(in crate::planner::kubernetes) fn group(
    application: &str,
    environment: &str,
    public: bool,
) -> String {
    let side = if public { "public" } else { "internal" };
    format!("{application}-{environment}-{side}")
}

impl Planner<'_> {
    pub(super) fn http(&mut self) -> Result<(), Failure> {
        let Some(http) = &self.service.http else { return Ok(()) };
        let rules = std::iter::once(&http.main).chain(&http.additional_rules);
        for (index, rule) in rules.enumerate() {
            self.rule(index, rule)?;
        }
        for (index, redirect) in http.redirects.iter().enumerate() {
            self.redirect(index, redirect, &http.main)?;
        }
        Ok(())
    }

    fn public(&self) -> bool {
        self.service.service_type == ServiceType::LoadBalancedWebService
    }

    fn certificates(&self) -> &[String] {
        let http = &self.environment.http;
        if self.public() { &http.public.certificates } else { &http.private.certificates }
    }

    fn rule(&mut self, index: usize, rule: &Rule) -> Result<(), Failure> {
        let service = self.service;
        let (_, port) = service.target_of(rule);
        let mut annotations = self.listeners(rule.redirect_to_https, order(rule));
        health(&mut annotations, rule);
        let mut attributes = vec![format!(
            "deregistration_delay.timeout_seconds={}",
            rule.deregistration_delay.as_secs()
        )];
        if rule.stickiness {
            attributes.push("stickiness.enabled=true".to_owned());
            attributes.push("stickiness.type=lb_cookie".to_owned());
            attributes.push(format!("stickiness.lb_cookie.duration_seconds={DAY}"));
        }
        annotations.put(&alb("target-group-attributes"), attributes.join(","));
        let version = match rule.version {
            HttpVersion::Http1 => None,
            HttpVersion::Http2 => Some("HTTP2"),
            HttpVersion::Grpc => Some("GRPC"),
        };
        annotations.put(&alb("backend-protocol-version"), version);
        let called = self.called().to_owned();
        if !rule.allowed_source_ips.is_empty() {
            let values: Vec<String> =
                rule.allowed_source_ips.iter().map(ToString::to_string).collect();
            let condition =
                json!([{ "field": "source-ip", "sourceIpConfig": { "values": values } }]);
            annotations.put(&alb(&format!("conditions.{called}")), condition.to_string());
        }
        let backend = json!({ "service": { "name": called, "port": { "number": port } } });
        let hosts: Vec<String> = rule.hosts().map(str::to_owned).collect();
        let name = numbered(&service.name, "", index);
        self.ingress(&name, annotations, &hosts, &rule.path, &backend, index)
    }

    /// What all rules of a load balancer have in common, and their order.
    fn listeners(&self, to_https: bool, order: usize) -> Fields {
        let mut annotations = Fields::default();
        let public = self.public();
        let plain = self.place.context.surroundings.plain_kubernetes;
        if plain || !self.place.manifest.auto_mode() {
            let context = self.place.context;
            let group = group(context.application(), context.environment, public);
            annotations.put(&alb("group.name"), group);
            let scheme = if public { "internet-facing" } else { "internal" };
            annotations.put(&alb("scheme"), scheme);
            annotations.put(&alb("certificate-arn"), self.certificates().join(","));
        }
        annotations.put(&alb("group.order"), order.to_string());
        annotations.put(&alb("target-type"), "ip");
        let secure = !self.certificates().is_empty();
        let ports = match secure {
            true => json!([{ "HTTP": 80 }, { "HTTPS": 443 }]),
            false => json!([{ "HTTP": 80 }]),
        };
        annotations.put(&alb("listen-ports"), ports.to_string());
        if secure && to_https {
            annotations.put(&alb("ssl-redirect"), "443");
        }
        annotations
    }

    fn ingress(
        &mut self,
        name: &str,
        annotations: Fields,
        hosts: &[String],
        path: &str,
        backend: &Value,
        index: usize,
    ) -> Result<(), Failure> {
        let wild = path.contains(['*', '?']);
        let paths = match wild {
            false => vec![json!({ "path": path, "pathType": "Prefix", "backend": backend })],
            true => [path.to_owned(), format!("{}/*", path.trim_end_matches('/'))]
                .map(|path| {
                    json!({ "path": path, "pathType": "ImplementationSpecific", "backend": backend })
                })
                .to_vec(),
        };
        let rule = |host: Option<&String>| {
            let rule = Fields::default()
                .with("host", host.cloned())
                .with("http", json!({ "paths": paths }));
            Value::from(rule)
        };
        let rules = match hosts {
            [] => vec![rule(None)],
            hosts => hosts.iter().map(|host| rule(Some(host))).collect(),
        };
        let class = match self.place.manifest.auto_mode() {
            true => class(self.public()),
            false => "alb",
        };
        let spec = Fields::default().with("ingressClassName", class).with("rules", rules);
        let object = self.annotated("networking.k8s.io/v1", "Ingress", name, annotations);
        let address = match index {
            0 if name == self.service.name => name.to_owned(),
            _ => format!("{}/{}", self.service.name, &name[self.service.name.len() + 1..]),
        };
        let ingress = self.add(&address, object.with("spec", spec).into())?;
        if self.place.manifest.auto_mode() {
            let class = format!("ingress-class/{}", class.trim_start_matches("shipit-"));
            let class = crate::engine::Address::new("kubernetes/object", class);
            self.desired.order(&ingress, &class, Wait::Ready);
        }
        let own = crate::engine::Address::new("kubernetes/service", self.service.name.clone());
        self.desired.order(&ingress, &own, Wait::Created);
        Ok(())
    }

    /// A rule that answers with another address.
    fn redirect(
        &mut self,
        index: usize,
        redirect: &RedirectRule,
        main: &Rule,
    ) -> Result<(), Failure> {
        let (Some(from), Some(to)) = (redirect.source(), redirect.target()) else { return Ok(()) };
        let name = numbered(&self.service.name, "-redirect", index);
        let secure = !self.certificates().is_empty();
        let protocol = to.scheme.unwrap_or(if secure { "HTTPS" } else { "#{protocol}" });
        let port = match (to.port, protocol) {
            (Some(port), _) => port.to_string(),
            (None, "HTTPS") => "443".to_owned(),
            (None, "HTTP") => "80".to_owned(),
            (None, _) => "#{port}".to_owned(),
        };
        let code = match redirect.code {
            RedirectCode::Permanent => "HTTP_301",
            RedirectCode::Temporary => "HTTP_302",
        };
        let action = json!({
            "type": "redirect",
            "redirectConfig": {
                "protocol": protocol,
                "port": port,
                "host": to.host.unwrap_or_else(|| "#{host}".to_owned()),
                "path": to.path.unwrap_or_else(|| "/#{path}".to_owned()),
                "query": to.query.unwrap_or_else(|| "#{query}".to_owned()),
                "statusCode": code,
            },
        });
        let path = from.path.unwrap_or_else(|| "/".to_owned());
        let hosts: Vec<String> = match from.host {
            Some(host) => vec![host],
            None => main.hosts().map(str::to_owned).collect(),
        };
        let specific = Rule { path: path.clone(), allowed_source_ips: Vec::new(), ..main.clone() };
        // Before the service's own rule for the same path.
        let order = order(&specific).saturating_sub(1);
        let mut annotations = self.listeners(false, order);
        annotations.put(&alb(&format!("actions.{name}")), action.to_string());
        let backend = json!({ "service": { "name": name, "port": { "name": "use-annotation" } } });
        self.ingress(&name, annotations, &hosts, &path, &backend, index + 1)
    }
}

fn alb(key: &str) -> String {
    format!("{ALB}/{key}")
}

/// `web`, `web-2`; `web-redirect-1`.
fn numbered(service: &str, suffix: &str, index: usize) -> String {
    match (index, suffix) {
        (0, "") => service.to_owned(),
        (more, "") => format!("{service}-{}", more + 1),
        (more, suffix) => format!("{service}{suffix}-{}", more + 1),
    }
}

/// How the load balancer sees whether a pod works.
fn health(annotations: &mut Fields, rule: &Rule) {
    let check = &rule.healthcheck;
    let usual = rule.version == HttpVersion::Grpc && check.path == "/";
    annotations.put(&alb("healthcheck-path"), (!usual).then(|| check.path.clone()));
    let mut number = |key: &str, value: Option<u64>| {
        annotations.put(&alb(key), value.map(|value| value.to_string()));
    };
    number("healthcheck-port", check.port.map(u64::from));
    number("healthcheck-interval-seconds", check.interval.map(|time| time.as_secs()));
    number("healthcheck-timeout-seconds", check.timeout.map(|time| time.as_secs()));
    number("healthy-threshold-count", check.healthy_threshold.map(u64::from));
    number("unhealthy-threshold-count", check.unhealthy_threshold.map(u64::from));
    annotations.put(&alb("success-codes"), check.success_codes.clone());
}

/// The more specific rule first, as on ECS: hosts, then the path's segments, then sources. 10 to 970.
fn order(rule: &Rule) -> usize {
    let segments = rule.path.split('/').filter(|segment| !segment.is_empty()).count();
    let segments = MOST_SEGMENTS - segments.min(MOST_SEGMENTS);
    let place = usize::from(rule.alias.is_empty()) * (MOST_SEGMENTS + 1) * 2
        + segments * 2
        + usize::from(rule.allowed_source_ips.is_empty());
    10 + place * 20
}
