//! Raw calls to a local account: no SDK, and nothing of shipit's own way of reading AWS.

use bytes::Bytes;
use http::Request;
use serde_json::{Map, Value};
use shipit::local::LocalAws;

/// Calls one account in one region.
pub(super) struct Wire {
    pub(super) local: LocalAws,
    runtime: tokio::runtime::Runtime,
}

impl Wire {
    pub(super) fn new(local: LocalAws) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { local, runtime }
    }

    /// A call of a JSON service; `target` is the whole `X-Amz-Target`.
    #[track_caller]
    pub(super) fn json(&self, service: &str, target: &str, input: &Value) -> Value {
        let request = signed(service)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target)
            .body(Bytes::from(input.to_string()));
        let text = self.send(target, request.unwrap());
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }
    }

    /// A call of a REST service that reads.
    #[track_caller]
    pub(super) fn get(&self, service: &str, path: &str) -> Value {
        let mut request = signed(service).body(Bytes::new()).unwrap();
        *request.method_mut() = http::Method::GET;
        *request.uri_mut() = path.parse().unwrap();
        serde_json::from_str(&self.send(path, request)).unwrap()
    }

    /// A call of a query service: the answer, without its envelope, as a document.
    #[track_caller]
    pub(super) fn query(&self, service: &str, parameters: &str) -> Value {
        let version = match service {
            "ec2" => "2016-11-15",
            "iam" => "2010-05-08",
            "elasticloadbalancing" => "2015-12-01",
            other => panic!("{other} is no query service"),
        };
        let request = signed(service)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(format!("Action={parameters}&Version={version}")));
        let mut answer = document(&self.send(parameters, request.unwrap()));
        if let Value::Object(members) = &mut answer {
            members.retain(|name, _| name != "requestId" && name != "ResponseMetadata");
            if members.len() == 1
                && let Some(result) = members.keys().find(|name| name.ends_with("Result")).cloned()
            {
                return members.remove(&result).unwrap();
            }
        }
        answer
    }

    #[track_caller]
    fn send(&self, what: &str, request: Request<Bytes>) -> String {
        let answer = self.runtime.block_on(self.local.handle(request)).unwrap();
        let text = String::from_utf8(answer.body().to_vec()).unwrap();
        assert!(answer.status().is_success(), "{what}: {text}");
        text
    }
}

fn signed(service: &str) -> http::request::Builder {
    let scope = format!("local/20260101/eu-west-1/{service}/aws4_request");
    Request::post("/").header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}"))
}

/// The content of an XML document's root: objects, lists of `item` or `member`, and texts.
fn document(text: &str) -> Value {
    let start = text.find("?>").map_or(0, |at| at + 2);
    let mut rest = text[start..].trim_start();
    element(&mut rest).1
}

/// Reads one element, from its start tag to its end tag.
fn element(rest: &mut &str) -> (String, Value) {
    let end = rest.find('>').unwrap();
    let tag = rest[1..end].trim_end_matches('/');
    let name = tag.split_whitespace().next().unwrap().to_owned();
    let empty = rest[..end].ends_with('/');
    *rest = &rest[end + 1..];
    if empty {
        return (name, Value::from(""));
    }
    let (mut list, mut members, mut text) = (Vec::new(), Map::new(), String::new());
    loop {
        let at = rest.find('<').unwrap();
        text.push_str(&rest[..at]);
        *rest = &rest[at..];
        if rest.starts_with("</") {
            *rest = &rest[rest.find('>').unwrap() + 1..];
            break;
        }
        let (child, value) = element(rest);
        if child == "item" || child == "member" {
            list.push(value);
        } else {
            members.insert(child, value);
        }
    }
    let value = if !list.is_empty() {
        Value::from(list)
    } else if !members.is_empty() {
        Value::from(members)
    } else {
        Value::from(text)
    };
    (name, value)
}
