//! restJson1 and restXml: the operation stands in method and path, members stand in path, query string and body.
//!
//! Labels and query parameters are strings; `Params` reads numbers and booleans from them, and a
//! list from a parameter that is given once.

use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Map, Value};

use super::{escape, json, xml};
use crate::local::error::AwsError;
use crate::local::service::{Operation, Protocol, Service};

/// Finds the operation of a request and reads its input.
pub(super) fn decode(
    service: &Service,
    request: &Request<Bytes>,
) -> Result<(&'static Operation, Value), AwsError> {
    let (method, uri) = (request.method(), request.uri());
    let found = service
        .operations
        .iter()
        .filter_map(|operation| Some((operation, labels(operation.route, method, uri.path())?)))
        // `/clusters/{name}/updates` also fits `/clusters/{name+}`: the path with fewer labels is meant.
        .min_by_key(|(_, labels)| labels.len());
    let Some((operation, labels)) = found else {
        let served: Vec<&str> = service.operations.iter().map(|operation| operation.name).collect();
        return Err(AwsError::not_modelled(format!(
            "local AWS does not model {method} {} of {}; it serves {}",
            uri.path(),
            service.name,
            served.join(", ")
        )));
    };
    let body = match service.protocol {
        Protocol::RestXml => xml::decode(request.body())?,
        _ => json::decode(request.body())?,
    };
    let Value::Object(mut input) = body else { return Ok((operation, Value::Null)) };
    for (name, text) in labels {
        input.insert(name.to_owned(), escape::decode(text, escape::Plus::IsPlus)?.into());
    }
    for pair in uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
        let name = escape::decode(name, escape::Plus::IsSpace)?;
        add(&mut input, name, escape::decode(text, escape::Plus::IsSpace)?);
    }
    Ok((operation, Value::Object(input)))
}

/// Adds a query parameter; one that is given again becomes a list.
fn add(input: &mut Map<String, Value>, name: String, text: String) {
    match input.get_mut(&name) {
        Some(Value::Array(list)) => list.push(text.into()),
        Some(one) => *one = Value::Array(vec![one.take(), text.into()]),
        None => {
            input.insert(name, text.into());
        }
    }
}

/// The labels of a route, if method and path fit it.
fn labels<'a>(
    route: &'static str,
    method: &Method,
    path: &'a str,
) -> Option<Vec<(&'static str, &'a str)>> {
    let (wanted, pattern) = route.split_once(' ')?;
    if wanted != method.as_str() {
        return None;
    }
    let mut found = Vec::new();
    let mut rest = path.trim_matches('/');
    let mut steps = pattern.trim_matches('/').split('/').peekable();
    while let Some(step) = steps.next() {
        let label = step.strip_prefix('{').and_then(|step| step.strip_suffix('}'));
        let (text, after) = match label {
            // A greedy label takes all but what the steps behind it need.
            Some(name) if name.ends_with('+') => {
                let behind = steps.clone().count();
                let mut at = rest.len();
                for _ in 0..behind {
                    at = rest.get(..at)?.rfind('/')?;
                }
                (rest.get(..at)?, rest.get(at + 1..).unwrap_or_default())
            }
            _ => rest.split_once('/').unwrap_or((rest, "")),
        };
        match label {
            Some(_) if text.is_empty() => return None,
            Some(name) => found.push((name.trim_end_matches('+'), text)),
            None if text == step => {}
            None => return None,
        }
        rest = after;
    }
    rest.is_empty().then_some(found)
}

pub(super) fn failure(error: &AwsError) -> String {
    let mut body = error.members.clone();
    body.insert("message".to_owned(), error.message.clone().into());
    Value::Object(body).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_names_its_labels() {
        let get = &Method::GET;
        assert_eq!(labels("GET /clusters", get, "/clusters"), Some(vec![]));
        assert_eq!(labels("GET /clusters", get, "/clusters/"), Some(vec![]));
        assert_eq!(labels("GET /clusters", get, "/clusters/a"), None);
        assert_eq!(labels("POST /clusters", get, "/clusters"), None);
        assert_eq!(labels("GET /clusters/{name}", get, "/clusters/a"), Some(vec![("name", "a")]));
        assert_eq!(labels("GET /clusters/{name}", get, "/clusters"), None);
        assert_eq!(
            labels("GET /tags/{arn+}", get, "/tags/arn:x/a/b"),
            Some(vec![("arn", "arn:x/a/b")])
        );
        assert_eq!(labels("GET /a/{path+}/end", get, "/a/b/c/end"), Some(vec![("path", "b/c")]));
        assert_eq!(labels("GET /a/{path+}/end", get, "/a/b/c/other"), None);
    }

    #[test]
    fn a_parameter_given_again_is_a_list() {
        let mut input = Map::new();
        for (name, text) in [("keys", "a"), ("size", "5"), ("keys", "b"), ("keys", "c")] {
            add(&mut input, name.to_owned(), text.to_owned());
        }
        assert_eq!(Value::Object(input), serde_json::json!({"keys": ["a", "b", "c"], "size": "5"}));
    }
}
