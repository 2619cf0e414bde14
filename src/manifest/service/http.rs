//! How requests from the load balancer reach a service.

use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::manifest::application::HostedZone;
use crate::manifest::cidr::Range;
use crate::manifest::read::{
    AnyAddresses, Between, Port, Read, Reader, Seconds, SecondsBetween, choice, is_map, notation,
    record,
};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::{Node, Value};

record! {
    /// Which requests a service gets: those of its main rule, and of further ones.
    pub struct Http {
        ..main: Rule,
        /// More rules, each with a target group of its own.
        additional_rules: Vec<Rule>,
        /// The name or ARN of an application load balancer that exists. It gets listener rules, and is never
        /// changed otherwise; the environment's own when left out.
        alb: Option<String>,
        /// Requests that are answered with another address.
        redirects: Vec<RedirectRule>,
    }
}

record! {
    /// One routing rule of the load balancer.
    pub struct Rule {
        /// Requests to this path and everything below it: `/` for all, `/api` or `api` for a part.
        path: String as UrlPath,
        /// Host names, any number of them; with them only requests to these hosts. They get DNS records and a
        /// certificate where they lie in a hosted zone of the account.
        alias: Vec<Alias> as Aliases,
        /// The id of the hosted zone for the records of all names in `alias` that name none.
        hosted_zone: Option<String> as Option<HostedZone>,
        /// The protocol between load balancer and container.
        version: HttpVersion = HttpVersion::Http1,
        /// How the load balancer sees whether a task works: a path, or a map.
        healthcheck: HttpHealthCheck as HealthCheckOrPath = HttpHealthCheck::of_path("/".to_owned()),
        /// Whether a client stays with the task that answered first (a cookie).
        stickiness: bool = false,
        /// How long a task that leaves may finish its requests, 0s to 3600s.
        deregistration_delay: Duration as SecondsBetween<0, 3600> = Duration::from_secs(60),
        /// The container that gets the requests; the main one, or the sidecar with `target_port`.
        target_container: Option<String>,
        /// Copilot's old spelling of `target_container`.
        "targetContainer" old_target_container: Option<String>,
        /// The port that gets the requests; the target container's when left out.
        target_port: Option<u16> as Option<Port>,
        /// IPv4 ranges whose requests are taken; others get no answer from this service.
        allowed_source_ips: Vec<Range> as Vec<AnyAddresses>,
        /// Whether HTTP is redirected to HTTPS where the environment has a certificate.
        redirect_to_https: bool = true,
    }
}

impl Http {
    /// How long ECS ignores failed checks unless the manifest says otherwise.
    const GRACE_PERIOD: Duration = Duration::from_secs(60);
}

impl Rule {
    /// The container that gets the requests, however it is spelt.
    pub fn container(&self) -> Option<&str> {
        self.target_container.as_deref().or(self.old_target_container.as_deref())
    }

    /// The host names.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.alias.iter().map(|alias| alias.name.as_str())
    }

    /// How many of the five condition values that one listener rule may have are left for hosts: a
    /// path takes two (itself and what is below), `/` one, and each source range one.
    pub fn room_for_hosts(&self) -> usize {
        let path = if self.path == "/" { 1 } else { 2 };
        5_usize.saturating_sub(path + self.allowed_source_ips.len())
    }
}

choice! {
    /// The protocol between load balancer and container.
    pub enum HttpVersion {
        /// HTTP/1.1.
        Http1 = "HTTP1" | "http1",
        /// HTTP/2.
        Http2 = "HTTP2" | "http2",
        /// gRPC.
        Grpc = "GRPC" | "grpc",
    }
}

record! {
    /// How the load balancer sees whether a task works. What is left out is the load balancer's own default.
    pub struct HttpHealthCheck {
        /// The path to ask for.
        path: String = "/".to_owned(),
        /// The port to ask; the one that gets requests when left out.
        port: Option<u16> as Option<Port>,
        /// Status codes that count as healthy: `200`, `200,301` or `200-299`; for gRPC `0` to `99`.
        success_codes: Option<String> as Option<Codes>,
        /// Successes after which a task counts as healthy, 2 to 10.
        healthy_threshold: Option<u32> as Option<Between<2, 10>>,
        /// Failures after which a task counts as unhealthy, 2 to 10.
        unhealthy_threshold: Option<u32> as Option<Between<2, 10>>,
        /// Time after which a check counts as failed, 2s to 120s.
        timeout: Option<Duration> as Option<SecondsBetween<2, 120>>,
        /// Time between two checks, 5s to 300s.
        interval: Option<Duration> as Option<SecondsBetween<5, 300>>,
        /// Time after a task's start in which ECS ignores failed checks.
        grace_period: Duration as Seconds = Http::GRACE_PERIOD,
    }
}

impl HttpHealthCheck {
    pub(crate) fn of_path(path: String) -> Self {
        Self {
            path,
            port: None,
            success_codes: None,
            healthy_threshold: None,
            unhealthy_threshold: None,
            timeout: None,
            interval: None,
            grace_period: Http::GRACE_PERIOD,
        }
    }
}

/// A health check: its path, or a map.
#[derive(Debug)]
pub(crate) struct HealthCheckOrPath;

impl JsonSchema for HealthCheckOrPath {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HealthCheckOrPath".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<String>(generator), part::<HttpHealthCheck>(generator)])
    }
}

impl Read for HealthCheckOrPath {
    type Value = HttpHealthCheck;

    fn read(node: &Node, reader: &mut Reader) -> Option<HttpHealthCheck> {
        if is_map(node) {
            HttpHealthCheck::read(node, reader)
        } else {
            String::read(node, reader).map(HttpHealthCheck::of_path)
        }
    }
}

record! {
    /// A host name.
    pub struct Alias {
        /// The host name.
        name: String as Host,
        /// The id of the hosted zone for its record.
        hosted_zone: Option<String> as Option<HostedZone>,
    }
}

record! {
    /// Requests that are answered with another address.
    pub struct RedirectRule {
        /// What is asked for: a host (`old.example.com`), a path and what is below it (`/old`), or both.
        from: String,
        /// Where to go: a host, a path, or a whole URL; `#{path}`, `#{host}` and `#{query}` stand for those asked for.
        to: String,
        /// 301 for good, 302 for now.
        code: RedirectCode = RedirectCode::Permanent,
    }
}

choice! {
    /// Whether browsers remember a redirect.
    pub enum RedirectCode {
        /// For good.
        Permanent = "301",
        /// For now.
        Temporary = "302",
    }
}

/// Parts of what a redirect is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `HTTP` or `HTTPS`, where it is written.
    pub scheme: Option<&'static str>,
    /// A host.
    pub host: Option<String>,
    /// A port.
    pub port: Option<u16>,
    /// A path, with a leading slash and without one at the end.
    pub path: Option<String>,
    /// What stands behind a question mark.
    pub query: Option<String>,
}

impl RedirectRule {
    /// What is asked for; `None` if that is no host and no path.
    pub fn source(&self) -> Option<Place> {
        place(&self.from)
            .filter(|place| place.scheme.is_none() && place.port.is_none() && place.query.is_none())
    }

    /// Where it leads; `None` if that is no host, path or URL.
    pub fn target(&self) -> Option<Place> {
        place(&self.to)
    }
}

fn place(text: &str) -> Option<Place> {
    let (scheme, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (Some("HTTPS"), rest),
        (_, Some(rest)) => (Some("HTTP"), rest),
        _ => (None, text),
    };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query.to_owned())),
        None => (rest, None),
    };
    let (host, path) = match rest.find('/') {
        Some(at) => (&rest[..at], Some(format!("/{}", rest[at..].trim_matches('/')))),
        None => (rest, None),
    };
    let (host, port) = match host.split_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (host, None),
    };
    let character = |c: char| c.is_ascii_alphanumeric() || "-.*{}#".contains(c);
    if !host.chars().all(character) || (!host.is_empty() && !host.contains(['.', '#'])) {
        return None;
    }
    let host = Some(host.to_ascii_lowercase()).filter(|host| !host.is_empty());
    (host.is_some() || path.is_some()).then_some(Place { scheme, host, port, path, query })
}

/// One host name: a word, or `{name: ...}`.
#[derive(Debug)]
pub(crate) struct AliasItem;

impl JsonSchema for AliasItem {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AliasItem".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<String>(generator), part::<Alias>(generator)])
    }
}

impl Read for AliasItem {
    type Value = Alias;

    fn read(node: &Node, reader: &mut Reader) -> Option<Alias> {
        if is_map(node) {
            Alias::read(node, reader)
        } else {
            Host::read(node, reader).map(|name| Alias { name, hosted_zone: None })
        }
    }
}

/// Host names: one, or a list.
#[derive(Debug)]
pub(crate) struct Aliases;

impl JsonSchema for Aliases {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Aliases".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<String>(generator), part::<Vec<AliasItem>>(generator)])
    }
}

impl Read for Aliases {
    type Value = Vec<Alias>;

    fn read(node: &Node, reader: &mut Reader) -> Option<Vec<Alias>> {
        if matches!(node.value, Value::Sequence(_)) {
            Vec::<AliasItem>::read(node, reader)
        } else {
            Host::read(node, reader).map(|name| vec![Alias { name, hosted_zone: None }])
        }
    }

    fn absent() -> Option<Vec<Alias>> {
        Some(Vec::new())
    }
}

notation! {
    /// A host name, possibly with `*` and `?`.
    Host as String,
    { "type": "string", "examples": ["shop.example.com"] },
    |node, reader| {
        let expected = "a host name such as `shop.example.com`";
        let text = &reader.text(node, expected)?.text;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-.*?".contains(c);
        let sound = text.len() <= 128 && text.contains('.') && text.chars().all(allowed)
            && !text.starts_with('.') && !text.ends_with('.') && !text.contains("..");
        if sound { Some(text.to_ascii_lowercase()) } else { reader.wrong(node, expected) }
    }
}

notation! {
    /// A path of a routing rule, read with a leading slash and without one at the end.
    UrlPath as String,
    { "type": "string", "examples": ["/", "/api"] },
    |node, reader| {
        let expected = "a path such as `/` or `/api`: letters, digits and `_-.$/~\"'@:+&*?`, at most 126 characters";
        let text = &reader.text(node, expected)?.text;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.$/~\"'@:+&*?".contains(c);
        let inner = text.trim_matches('/');
        // ALB takes 128 characters, and the rule for what lies below adds two.
        if !text.is_empty() && inner.len() < 126 && inner.chars().all(allowed) {
            return Some(format!("/{inner}"));
        }
        reader.wrong(node, expected)
    }
}

notation! {
    /// Status codes.
    Codes as String,
    { "type": ["string", "integer"], "pattern": "^[0-9]{1,3}([-,][0-9]{1,3})*$" },
    |node, reader| {
        let expected = "status codes: `200`, `200,301` or `200-299`";
        let text = reader.text(node, expected)?.text.clone();
        let code = |text: &str| text.parse::<u16>().ok().filter(|code| *code <= 499 && !text.starts_with('+'));
        let sound = text.split(',').all(|part| match part.split_once('-') {
            Some((from, to)) => matches!((code(from), code(to)), (Some(from), Some(to)) if from < to),
            None => code(part).is_some(),
        });
        if sound { Some(text) } else { reader.wrong(node, expected) }
    }
}
