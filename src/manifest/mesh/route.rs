//! How calls are split: `routes` of a service, and `gateway` of the door into the mesh.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::listener::Timeouts;
use super::time::AnyTime;
use crate::manifest::read::{
    Between, Name, Port, Read, Reader, Text, choice, is_map, notation, record, whole,
};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::Node;

record! {
    /// Where some of the calls to a service go.
    pub struct Route {
        /// The route's name; its place in the list, from 1, when left out.
        name: Option<String> as Option<Name>,
        /// Which calls; all when left out.
        "match" matches: RouteMatch = RouteMatch::default(),
        /// Where they go: a service, or services with their shares in percent, such as `{api: 90, api-next: 10}`.
        to: BTreeMap<String, u32> as Shares,
        /// When a call that failed is tried again. Not for tcp.
        retries: Option<Retries>,
        /// How long a call may take.
        timeout: Timeouts = Timeouts::default(),
        /// Which route goes first, 0 to 1000, the smallest; the order of the list when left out.
        priority: Option<u32> as Option<Between<0, 1000>>,
    }
}

record! {
    /// Where some of the calls that come in through a gateway go.
    pub struct GatewayRoute {
        /// The route's name; its place in the list, from 1, when left out.
        name: Option<String> as Option<Name>,
        /// Which calls; all when left out.
        "match" matches: GatewayMatch = GatewayMatch::default(),
        /// The service that they go to, by its name in the mesh: its `routes` decide further.
        to: String as Name,
        /// The port of that service, where it has several.
        port: Option<u16> as Option<Port>,
        /// What is changed on the way; nothing when left out.
        rewrite: Rewrite = Rewrite::default(),
        /// Which route goes first, 0 to 1000, the smallest; the order of the list when left out.
        priority: Option<u32> as Option<Between<0, 1000>>,
    }
}

record! {
    /// What is changed of a call on its way through a gateway.
    #[derive(Default)]
    pub struct Rewrite {
        /// What stands in the place of the path's beginning that matched.
        prefix: Option<String> as Option<Slashed>,
        /// What stands in the place of the whole path.
        path: Option<String> as Option<Slashed>,
        /// Whether the host name becomes the called service's, as when left out.
        host: bool = true,
    }
}

record! {
    /// Which calls: those that fit all that is said.
    #[derive(Default)]
    pub struct RequestMatch {
        /// How the path begins, or `{exact: PATH}` or `{regex: EXPRESSION}`.
        path: Option<PathMatch>,
        /// The HTTP method; for grpc the method of `service`.
        method: Option<String>,
        /// Headers (for grpc: metadata) by name: their value, `{prefix: …}`, `{suffix: …}`, `{regex: …}`,
        /// `{range: {from: 1, to: 9}}`, or `{}` for any value; with `not: true` all others.
        headers: BTreeMap<String, ValueMatch> as BTreeMap<String, ValueShape>,
        /// Query parameters by name: their value, or `{}` for any.
        query: BTreeMap<String, Option<String>> as BTreeMap<String, QueryMatch>,
        /// The port that is called, where there are several.
        port: Option<u16> as Option<Port>,
        /// The gRPC service, with its package.
        service: Option<String>,
    }
}

record! {
    /// Which calls to a service.
    #[derive(Default)]
    pub struct RouteMatch {
        ..request: RequestMatch,
        /// What the caller speaks: `http` or `https`.
        scheme: Option<Scheme>,
    }
}

record! {
    /// Which calls that come in through a gateway.
    #[derive(Default)]
    pub struct GatewayMatch {
        ..request: RequestMatch,
        /// The host name, or `*.` and its end.
        host: Option<HostMatch>,
    }
}

choice! {
    /// What the caller speaks.
    pub enum Scheme {
        /// In the clear.
        Http = "http",
        /// Encrypted.
        Https = "https",
    }
}

/// Which paths.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PathMatch {
    /// Those that begin so.
    Prefix(String),
    /// This one.
    Exact(String),
    /// Those that the whole expression fits.
    Regex(String),
}

record! {
    /// Which paths.
    pub(crate) struct PathMap {
        /// How the path begins.
        prefix: Option<String> as Option<Slashed>,
        /// The whole path.
        exact: Option<String> as Option<Slashed>,
        /// A regular expression for the whole path.
        regex: Option<String>,
    }
}

notation! {
    /// A path.
    Slashed as String,
    { "type": "string", "pattern": "^/", "maxLength": 255, "examples": ["/", "/api"] },
    |node, reader| {
        let expected = "a path that begins with `/`, up to 255 characters";
        let text = &reader.text(node, expected)?.text;
        let sound = text.starts_with('/') && text.len() <= 255 && !text.ends_with("/*");
        if sound { return Some(text.clone()); }
        reader.wrong::<()>(node, expected);
        if let (Some(problem), Some(prefix)) = (reader.problems.last_mut(), text.strip_suffix('*')) {
            problem.help = Some(format!("write {prefix}, which is for all that begins so"));
        }
        None
    }
}

impl JsonSchema for PathMatch {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PathMatch".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<Slashed>(generator), part::<PathMap>(generator)])
    }
}

impl Read for PathMatch {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if !is_map(node) {
            return Slashed::read(node, reader).map(Self::Prefix);
        }
        let map = PathMap::read(node, reader)?;
        match (map.prefix, map.exact, map.regex) {
            (Some(prefix), None, None) => Some(Self::Prefix(prefix)),
            (None, Some(path), None) => Some(Self::Exact(path)),
            (None, None, Some(expression)) => Some(Self::Regex(expression)),
            _ => reader.wrong(node, "exactly one of `prefix`, `exact` and `regex`"),
        }
    }
}

record! {
    /// Which values of a header; with none of the keys, all.
    #[derive(Default)]
    pub struct ValueMatch {
        /// The value.
        exact: Option<String>,
        /// How it begins.
        prefix: Option<String>,
        /// How it ends.
        suffix: Option<String>,
        /// A regular expression for the whole value.
        regex: Option<String>,
        /// Whole numbers.
        range: Option<ValueRange>,
        /// All others instead.
        "not" negated: bool = false,
    }
}

record! {
    /// Whole numbers.
    pub struct ValueRange {
        /// The first.
        from: i64 as Whole,
        /// The one after the last.
        to: i64 as Whole,
    }
}

notation! {
    /// A whole number.
    Whole as i64,
    { "type": "integer" },
    |node, reader| whole(node, reader, i64::MIN, i64::MAX, "a whole number")
}

/// Text for an exact value, or a map.
#[derive(Debug)]
pub(crate) struct ValueShape;

impl JsonSchema for ValueShape {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ValueShape".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<Text>(generator), part::<ValueMatch>(generator)])
    }
}

impl Read for ValueShape {
    type Value = ValueMatch;

    fn read(node: &Node, reader: &mut Reader) -> Option<ValueMatch> {
        if !is_map(node) {
            let exact = Some(Text::read(node, reader)?);
            return Some(ValueMatch { exact, ..ValueMatch::default() });
        }
        let value = ValueMatch::read(node, reader)?;
        let said = [&value.exact, &value.prefix, &value.suffix, &value.regex];
        let said = said.into_iter().flatten().count() + usize::from(value.range.is_some());
        if said > 1 {
            return reader.wrong(node, "one of `exact`, `prefix`, `suffix`, `regex` and `range`");
        }
        Some(value)
    }
}

/// Text for an exact value, or `{}` for any.
#[derive(Debug)]
pub(crate) struct QueryMatch;

impl JsonSchema for QueryMatch {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "QueryMatch".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let any = json_schema!({ "type": "object", "maxProperties": 0 });
        either([part::<Text>(generator), any])
    }
}

impl Read for QueryMatch {
    type Value = Option<String>;

    fn read(node: &Node, reader: &mut Reader) -> Option<Option<String>> {
        if is_map(node) && node.entries().is_empty() {
            return Some(None);
        }
        if is_map(node) {
            return reader.wrong(node, "the parameter's value, or `{}` for any");
        }
        Text::read(node, reader).map(Some)
    }
}

/// Which host names.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HostMatch {
    /// This one.
    Exact(String),
    /// Those that end so, with a dot in front.
    Suffix(String),
}

impl JsonSchema for HostMatch {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HostMatch".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": ["shop.example.com", "*.example.com"] })
    }
}

impl Read for HostMatch {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let expected = "a host name such as `shop.example.com` or `*.example.com`";
        let text = &reader.text(node, expected)?.text;
        let end = text.strip_prefix('*').unwrap_or(text);
        let sound = (1..=253).contains(&end.len())
            && end.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
        match (sound, text.starts_with("*.")) {
            (true, true) => Some(Self::Suffix(end.to_ascii_lowercase())),
            (true, false) if end.len() == text.len() => {
                Some(Self::Exact(text.to_ascii_lowercase()))
            }
            _ => reader.wrong(node, expected),
        }
    }
}

record! {
    /// When a call that failed is tried again.
    pub struct Retries {
        /// How often.
        count: u32 as Between<0, 2_147_483_647> = 2,
        /// How long each try may take.
        timeout: Duration as AnyTime = Duration::from_secs(15),
        /// After which failures.
        on: Vec<RetryEvent>,
    }
}

choice! {
    /// A failure after which a call may be tried again.
    pub enum RetryEvent {
        /// 5xx, or no answer.
        ServerError = "server-error",
        /// 502, 503 or 504.
        GatewayError = "gateway-error",
        /// 409.
        ClientError = "client-error",
        /// The stream was refused.
        StreamError = "stream-error",
        /// There was no connection.
        ConnectionError = "connection-error",
        /// gRPC: it was cancelled.
        Cancelled = "cancelled",
        /// gRPC: it took too long.
        DeadlineExceeded = "deadline-exceeded",
        /// gRPC: an error within.
        Internal = "internal",
        /// gRPC: there is too little of something.
        ResourceExhausted = "resource-exhausted",
        /// gRPC: not there now.
        Unavailable = "unavailable",
    }
}

/// A service, or services with their shares.
#[derive(Debug)]
pub(crate) struct Shares;

impl JsonSchema for Shares {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Shares".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<Name>(generator), part::<BTreeMap<String, Between<0, 100>>>(generator)])
    }
}

impl Read for Shares {
    type Value = BTreeMap<String, u32>;

    fn read(node: &Node, reader: &mut Reader) -> Option<BTreeMap<String, u32>> {
        if !is_map(node) {
            return Name::read(node, reader).map(|name| BTreeMap::from([(name, 100)]));
        }
        let shares = BTreeMap::<String, Between<0, 100>>::read(node, reader)?;
        if shares.is_empty() {
            return reader.wrong(node, "a service, or services with their shares");
        }
        Some(shares)
    }
}
