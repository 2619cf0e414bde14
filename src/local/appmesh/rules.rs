//! What AWS checks of a spec, and who uses an object.

use std::sync::Arc;

use serde_json::Value;

use super::kind::{
    GATEWAY_ROUTE, KINDS, ROUTE, VIRTUAL_GATEWAY, VIRTUAL_NODE, VIRTUAL_ROUTER, VIRTUAL_SERVICE,
};
use super::object::Place;
use super::{OBJECTS, bad, missing};
use crate::local::call::Call;
use crate::local::error::AwsError;

/// Numbers by their member, wherever it stands: least and most.
const RANGES: &[(&str, i64, i64)] = &[
    ("healthyThreshold", 2, 10),
    ("intervalMillis", 5_000, 300_000),
    ("maxConnections", 1, i64::MAX),
    ("maxEjectionPercent", 0, 100),
    ("maxPendingRequests", 1, i64::MAX),
    ("maxRequests", 1, i64::MAX),
    ("maxRetries", 0, i64::MAX),
    ("maxServerErrors", 1, i64::MAX),
    ("port", 1, 65_535),
    ("priority", 0, 1_000),
    ("timeoutMillis", 2_000, 60_000),
    ("unhealthyThreshold", 2, 10),
    ("weight", 0, 100),
];

/// Structures of which exactly one member must be there, by the member that holds them.
const UNIONS: &[&str] = &["certificate", "trust", "path", "hostname"];

/// Refuses a spec as AWS does.
pub(super) fn check(
    call: &Call<'_>,
    number: usize,
    place: &Place,
    spec: &Value,
) -> Result<(), AwsError> {
    ranges(spec)?;
    match number {
        VIRTUAL_NODE => virtual_node(spec),
        VIRTUAL_SERVICE => virtual_service(call, place, spec),
        VIRTUAL_ROUTER => own_ports(spec, KINDS[number].word),
        ROUTE => route(call, place, spec),
        VIRTUAL_GATEWAY => virtual_gateway(spec),
        GATEWAY_ROUTE => gateway_route(call, place, spec),
        _ => Ok(()),
    }
}

fn ranges(value: &Value) -> Result<(), AwsError> {
    match value {
        Value::Array(items) => items.iter().try_for_each(ranges),
        Value::Object(members) => members.iter().try_for_each(|(name, member)| {
            let range = RANGES.iter().find(|(known, ..)| known == name);
            if let (Some((_, least, most)), Some(number)) = (range, member.as_i64())
                && !(*least..=*most).contains(&number)
            {
                return Err(bad(format!(
                    "{name} must be between {least} and {most}, and is {number}."
                )));
            }
            if UNIONS.contains(&name.as_str())
                && member.as_object().is_some_and(|parts| parts.len() != 1)
            {
                return Err(bad(format!("{name} must have exactly one member.")));
            }
            ranges(member)
        }),
        _ => Ok(()),
    }
}

/// Each listener has a port of its own.
fn own_ports(spec: &Value, word: &str) -> Result<(), AwsError> {
    let ports = ports(spec);
    let twice = |(index, port): (usize, &i64)| ports[..index].contains(port);
    match ports.iter().enumerate().any(twice) {
        true => Err(bad(format!("Two listeners of a {word} have the same port."))),
        false => Ok(()),
    }
}

fn ports(spec: &Value) -> Vec<i64> {
    let listeners = spec["listeners"].as_array().map(Vec::as_slice).unwrap_or_default();
    listeners.iter().filter_map(|listener| listener["portMapping"]["port"].as_i64()).collect()
}

fn virtual_node(spec: &Value) -> Result<(), AwsError> {
    let listeners = spec["listeners"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !listeners.is_empty()
        && spec["serviceDiscovery"].as_object().is_none_or(serde_json::Map::is_empty)
    {
        return Err(bad("A virtual node with a listener needs a service discovery."));
    }
    own_ports(spec, KINDS[VIRTUAL_NODE].word)?;
    listeners.iter().try_for_each(listener)
}

fn virtual_gateway(spec: &Value) -> Result<(), AwsError> {
    let listeners = spec["listeners"].as_array().map(Vec::as_slice).unwrap_or_default();
    if listeners.is_empty() {
        return Err(bad("A virtual gateway needs a listener."));
    }
    own_ports(spec, KINDS[VIRTUAL_GATEWAY].word)?;
    listeners.iter().try_for_each(listener)
}

/// What is set for a protocol must be for the listener's own.
fn listener(listener: &Value) -> Result<(), AwsError> {
    let Some(protocol) = listener["portMapping"]["protocol"].as_str() else {
        return Err(bad("A listener needs a port mapping."));
    };
    for part in ["timeout", "connectionPool"] {
        let members = listener[part].as_object().into_iter().flatten();
        if let Some((other, _)) = members.into_iter().find(|(name, _)| *name != protocol) {
            return Err(bad(format!(
                "The {part} of a listener of protocol {protocol} is for {other}."
            )));
        }
    }
    let check = &listener["healthCheck"];
    let http = |protocol: &Value| matches!(protocol.as_str(), Some("http" | "http2"));
    if check.is_object() && http(&check["protocol"]) != check["path"].is_string() {
        return Err(bad(
            "A health check has a path if its protocol is http or http2, and else none.",
        ));
    }
    Ok(())
}

fn virtual_service(call: &Call<'_>, place: &Place, spec: &Value) -> Result<(), AwsError> {
    let provider = &spec["provider"];
    let node = provider["virtualNode"]["virtualNodeName"].as_str();
    let router = provider["virtualRouter"]["virtualRouterName"].as_str();
    match (node, router) {
        (Some(_), Some(_)) => Err(bad("A virtual service has one provider.")),
        (Some(name), None) => exists(call, place, VIRTUAL_NODE, name).map(drop),
        (None, Some(name)) => exists(call, place, VIRTUAL_ROUTER, name).map(drop),
        (None, None) => Ok(()),
    }
}

/// Something in the same mesh must be there.
fn exists(
    call: &Call<'_>,
    place: &Place,
    number: usize,
    name: &str,
) -> Result<Arc<Value>, AwsError> {
    let kind = &KINDS[number];
    call.get(OBJECTS, &format!("{}/{}/{name}", mesh(place), kind.segment))
        .ok_or_else(|| missing(&format!("{} {name}", kind.word)))
}

/// The listener that a port names. Where there are several, a port must be named.
fn one_of<'a>(
    spec: &'a Value,
    port: &Value,
    who: &str,
    whose: &str,
) -> Result<&'a Value, AwsError> {
    let listeners = spec["listeners"].as_array().map(Vec::as_slice).unwrap_or_default();
    match port.as_i64() {
        None if listeners.len() > 1 => {
            Err(bad(format!("{who} must name a port, as its {whose} has several listeners.")))
        }
        None => Ok(listeners.first().unwrap_or(&Value::Null)),
        Some(port) => listeners
            .iter()
            .find(|listener| listener["portMapping"]["port"] == port)
            .ok_or_else(|| bad(format!("{who} names port {port}, which its {whose} has not."))),
    }
}

fn mesh(place: &Place) -> &str {
    place.names.first().map(|(_, name)| name.as_str()).unwrap_or_default()
}

/// The one member of a spec that is a route of some protocol.
fn only<'a>(
    spec: &'a Value,
    word: &str,
    names: &[&'static str],
) -> Result<(&'static str, &'a Value), AwsError> {
    let mut found =
        names.iter().filter(|name| spec[**name].is_object()).map(|name| (*name, &spec[*name]));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(bad(format!("{word} must have exactly one of {}.", names.join(", ")))),
    }
}

fn route(call: &Call<'_>, place: &Place, spec: &Value) -> Result<(), AwsError> {
    let (kind, route) =
        only(spec, "A route", &["httpRoute", "http2Route", "grpcRoute", "tcpRoute"])?;
    let protocol = kind.trim_end_matches("Route");
    let router = place.key.split("/route/").next().and_then(|key| call.get(OBJECTS, key));
    let listens = router.map(|router| router["spec"].clone()).unwrap_or_default();
    let listener = one_of(&listens, &route["match"]["port"], "A route", "virtual router")?;
    let listens = listener["portMapping"]["protocol"].as_str();
    if listens.is_some_and(|listens| listens != protocol) {
        return Err(bad(format!(
            "A route of protocol {protocol} does not fit its virtual router's listener."
        )));
    }
    let targets =
        route["action"]["weightedTargets"].as_array().map(Vec::as_slice).unwrap_or_default();
    if targets.is_empty() || targets.len() > 10 {
        return Err(bad("A route has 1 to 10 weighted targets."));
    }
    if targets.iter().all(|target| target["weight"].as_i64().unwrap_or_default() == 0) {
        return Err(bad("The weights of a route must not sum to zero."));
    }
    for target in targets {
        let name = target["virtualNode"].as_str().unwrap_or_default();
        let node = exists(call, place, VIRTUAL_NODE, name)?;
        one_of(&node["spec"], &target["port"], "A weighted target", "virtual node")?;
    }
    let of = &route["match"];
    if kind != "tcpRoute" && !of.is_object() {
        return Err(bad("A route must say what it matches."));
    }
    if matches!(kind, "httpRoute" | "http2Route")
        && of["prefix"].is_string() == of["path"].is_object()
    {
        return Err(bad("A route matches either a prefix or a path."));
    }
    if of["methodName"].is_string() && !of["serviceName"].is_string() {
        return Err(bad("A route that matches a method's name matches its service's, too."));
    }
    let retry = &route["retryPolicy"];
    let events = ["httpRetryEvents", "tcpRetryEvents", "grpcRetryEvents"];
    if retry.is_object()
        && events.iter().all(|events| retry[*events].as_array().is_none_or(Vec::is_empty))
    {
        return Err(bad("A retry policy must name at least one event."));
    }
    Ok(())
}

fn gateway_route(call: &Call<'_>, place: &Place, spec: &Value) -> Result<(), AwsError> {
    let (_, route) = only(spec, "A gateway route", &["httpRoute", "http2Route", "grpcRoute"])?;
    let target = &route["action"]["target"];
    let name = target["virtualService"]["virtualServiceName"].as_str().unwrap_or_default();
    let service = exists(call, place, VIRTUAL_SERVICE, name)?;
    let provider = &service["spec"]["provider"];
    let provided = [
        (VIRTUAL_NODE, &provider["virtualNode"]["virtualNodeName"]),
        (VIRTUAL_ROUTER, &provider["virtualRouter"]["virtualRouterName"]),
    ];
    for (number, name) in provided {
        if let Some(name) = name.as_str() {
            let provider = exists(call, place, number, name)?;
            one_of(&provider["spec"], &target["port"], "A gateway route", KINDS[number].word)?;
        }
    }
    let gateway = place.key.split("/gatewayRoute/").next();
    let gateway = gateway.and_then(|key| call.get(OBJECTS, key));
    let listens = gateway.map(|gateway| gateway["spec"].clone()).unwrap_or_default();
    one_of(&listens, &route["match"]["port"], "A gateway route", "virtual gateway")?;
    Ok(())
}

/// The name of something that uses an object, so that it cannot be deleted.
pub(super) fn user(call: &Call<'_>, number: usize, place: &Place) -> Option<String> {
    let own = place.names.last().map(|(_, name)| name.as_str())?;
    let names = |value: &Value| value.as_str() == Some(own);
    let uses = |object: &Value| match number {
        VIRTUAL_NODE => {
            let targets = ["httpRoute", "http2Route", "grpcRoute", "tcpRoute"];
            let targets = targets
                .iter()
                .filter_map(|kind| object[*kind]["action"]["weightedTargets"].as_array());
            names(&object["provider"]["virtualNode"]["virtualNodeName"])
                || targets.flatten().any(|target| names(&target["virtualNode"]))
        }
        VIRTUAL_ROUTER => names(&object["provider"]["virtualRouter"]["virtualRouterName"]),
        VIRTUAL_SERVICE => ["httpRoute", "http2Route", "grpcRoute"].iter().any(|kind| {
            names(&object[*kind]["action"]["target"]["virtualService"]["virtualServiceName"])
        }),
        _ => false,
    };
    let all = call.scan(OBJECTS, &format!("{}/", mesh(place)));
    all.into_iter().find(|(_, object)| uses(&object["spec"])).map(|(key, _)| key)
}
