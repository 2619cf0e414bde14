//! S3's own kind of restXml: the bucket stands in the path or in the host name, a query parameter without
//! a value chooses among operations, bodies may be anything, and headers are members.
//!
//! A route is `METHOD LEVEL` or `METHOD LEVEL?PARAMETER`, where the level is `service`, `bucket` or `object`. An
//! output says with `$root` what its element is called, with `$text` that it is no XML, with `$headers` and
//! `$status` what stands around it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use serde_json::{Map, Value};

use super::{Envelope, escape, xml};
use crate::local::error::AwsError;
use crate::local::service::{Operation, Service};

/// Headers that say nothing of what is asked for.
const TRANSPORT: [&str; 8] = [
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-user-agent",
    "x-amz-checksum-",
    "x-amz-sdk-",
    "x-amz-decoded-content-length",
    "x-amz-trailer",
];

/// Parameters without a value: parts of a bucket or object that have operations of their own.
const PARTS: [&str; 37] = [
    "abac",
    "accelerate",
    "acl",
    "analytics",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "list-type",
    "location",
    "logging",
    "metadataConfiguration",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "session",
    "tagging",
    "torrent",
    "uploads",
    "versioning",
    "versions",
    "website",
];

/// Headers of an object that have no prefix of S3's.
const OF_OBJECT: [&str; 6] = [
    "cache-control",
    "content-disposition",
    "content-language",
    "content-type",
    "expires",
    "if-none-match",
];

/// Finds the operation of a request and reads its input.
pub(super) fn decode(
    service: &Service,
    request: &Request<Bytes>,
) -> Result<(&'static Operation, Value), AwsError> {
    let (bucket, key) = address(request)?;
    let level = match (&bucket, &key) {
        (None, _) => "service",
        (Some(_), None) => "bucket",
        (Some(_), Some(_)) => "object",
    };
    let mut input = Map::new();
    // A parameter without a value names a part of the bucket, and so the operation.
    let mut part = String::new();
    for pair in request.uri().query().unwrap_or_default().split('&').filter(|it| !it.is_empty()) {
        let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
        let name = escape::decode(name, escape::Plus::IsSpace)?;
        match text {
            "" if PARTS.contains(&name.as_str()) => part = name,
            // One more word for the second version of listing.
            "2" if name == "list-type" => part = name,
            // Says the operation once more, for logs.
            _ if name == "x-id" => {}
            _ => drop(input.insert(name, escape::decode(text, escape::Plus::IsSpace)?.into())),
        }
    }
    let wanted = match part.as_str() {
        "" => format!("{} {level}", request.method()),
        part => format!("{} {level}?{part}", request.method()),
    };
    let Some(operation) = service.operations.iter().find(|it| it.route == wanted) else {
        return Err(AwsError::not_modelled(format!(
            "local AWS does not model {wanted} of s3 ({})",
            request.uri()
        )));
    };
    body(operation, request, &mut input)?;
    for (name, value) in request.headers() {
        let name = name.as_str();
        let says = name.starts_with("x-amz-") && !TRANSPORT.iter().any(|it| name.starts_with(it));
        let of_object = operation.name == "PutObject" && OF_OBJECT.contains(&name);
        if says || of_object {
            input.insert(name.to_owned(), value.to_str().unwrap_or_default().into());
        }
    }
    input.extend(bucket.map(|it| ("Bucket".to_owned(), Value::from(it))));
    input.extend(key.map(|it| ("Key".to_owned(), Value::from(it))));
    Ok((operation, Value::Object(input)))
}

fn body(
    operation: &Operation,
    request: &Request<Bytes>,
    input: &mut Map<String, Value>,
) -> Result<(), AwsError> {
    match operation.name {
        "PutObject" => {
            input.insert("Body".to_owned(), STANDARD.encode(request.body()).into());
        }
        "PutBucketPolicy" => {
            let text = String::from_utf8_lossy(request.body()).into_owned();
            input.insert("Policy".to_owned(), text.into());
        }
        _ => {
            if let Value::Object(members) = xml::decode(request.body())? {
                input.extend(members);
            }
        }
    }
    Ok(())
}

/// Bucket and key, from the path or, in the virtual-host style, the bucket from the host.
fn address(request: &Request<Bytes>) -> Result<(Option<String>, Option<String>), AwsError> {
    let header = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let host = request.uri().host().or(header).unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let path = escape::decode(request.uri().path().trim_start_matches('/'), escape::Plus::IsPlus)?;
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let ends = [".s3.", ".s3-"].iter().filter_map(|mark| host.find(mark)).min();
    let of_host = match ends {
        Some(end) => Some(&host[..end]),
        None => host.strip_suffix(".localhost"),
    };
    if let Some(bucket) = of_host.filter(|bucket| !bucket.is_empty()) {
        return Ok((some(bucket), some(&path)));
    }
    let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
    Ok((some(bucket), some(key)))
}

/// The answer to a call that succeeded.
pub(super) fn success(envelope: &Envelope, output: &Value) -> Response<Bytes> {
    let mut members = output.as_object().cloned().unwrap_or_default();
    let status = members.remove("$status").and_then(|it| it.as_u64()).unwrap_or(200);
    let headers = members.remove("$headers").unwrap_or_default();
    let root = members.remove("$root");
    let body = match (members.remove("$text"), root) {
        (Some(Value::String(text)), _) => Bytes::from(STANDARD.decode(text).unwrap_or_default()),
        (_, Some(Value::String(root))) => {
            Bytes::from(xml::rooted(&root, envelope.namespace, &Value::Object(members)))
        }
        _ => Bytes::new(),
    };
    let mut response = respond(envelope, u16::try_from(status).unwrap_or(200), body);
    for (name, value) in headers.as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        if let (Ok(name), Ok(value)) =
            (name.parse::<header::HeaderName>(), value.parse::<header::HeaderValue>())
        {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The answer to a call that failed; one to HEAD has no body.
pub(super) fn failure(envelope: &Envelope, error: &AwsError) -> Response<Bytes> {
    let body = match envelope.operation.starts_with("Head") {
        true => String::new(),
        false => xml::s3_failure(&error.code, &error.message, &envelope.request_id),
    };
    respond(envelope, error.status, Bytes::from(body))
}

fn respond(envelope: &Envelope, status: u16, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/xml"));
    if let Ok(value) = envelope.request_id.parse() {
        headers.insert("x-amz-request-id", value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_stands_in_the_path_or_in_the_host() {
        let address = |host: &str, uri: &str| {
            let request = Request::builder().uri(uri).header("host", host).body(Bytes::new());
            let (bucket, key) = address(&request.unwrap()).unwrap();
            format!("{} {}", bucket.unwrap_or_default(), key.unwrap_or_default())
        };
        assert_eq!(address("127.0.0.1:4599", "/"), " ");
        assert_eq!(address("127.0.0.1:4599", "/logs"), "logs ");
        assert_eq!(address("s3.eu-west-1.amazonaws.com", "/logs/a/b%20c"), "logs a/b c");
        assert_eq!(address("logs.s3.eu-west-1.amazonaws.com", "/a/b"), "logs a/b");
        assert_eq!(address("logs.s3.amazonaws.com", "/"), "logs ");
        assert_eq!(address("logs.localhost:4599", "/a"), "logs a");
    }
}
