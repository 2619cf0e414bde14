//! The wire protocols: a request's body to one nested JSON value, and an output or an error back
//! to the bytes that an SDK expects. What the values mean is not known here.

mod json;
mod query;
mod xml;

use bytes::Bytes;
use http::{Response, StatusCode, header};
use serde_json::Value;

use super::error::AwsError;
use super::service::{Protocol, Service};

/// What an answer needs to know of its request.
#[derive(Debug, Clone)]
pub(super) struct Envelope {
    pub(super) protocol: Protocol,
    /// `1.0` or `1.1`, for JSON.
    pub(super) version: String,
    pub(super) namespace: &'static str,
    pub(super) operation: String,
    pub(super) request_id: String,
}

/// Reads a body: the operation's name (query protocols carry it there) and its input.
pub(super) fn decode(service: &Service, body: &[u8]) -> Result<(Option<String>, Value), AwsError> {
    match service.protocol {
        Protocol::Json => json::decode(body).map(|input| (None, input)),
        Protocol::Query | Protocol::Ec2 => query::decode(service, body),
    }
}

/// The answer to a call that succeeded.
pub(super) fn success(envelope: &Envelope, output: &Value) -> Response<Bytes> {
    let body = match envelope.protocol {
        Protocol::Json => json::success(output),
        Protocol::Query => xml::query_success(envelope, output),
        Protocol::Ec2 => xml::ec2_success(envelope, output),
    };
    respond(envelope, 200, body)
}

/// The answer to a call that failed.
pub(super) fn failure(envelope: &Envelope, error: &AwsError) -> Response<Bytes> {
    let body = match envelope.protocol {
        Protocol::Json => json::failure(error),
        Protocol::Query => xml::query_failure(envelope, error),
        Protocol::Ec2 => xml::ec2_failure(envelope, error),
    };
    respond(envelope, error.status, body)
}

fn respond(envelope: &Envelope, status: u16, body: String) -> Response<Bytes> {
    let content_type = match envelope.protocol {
        Protocol::Json => format!("application/x-amz-json-{}", envelope.version),
        Protocol::Query => "text/xml".to_owned(),
        Protocol::Ec2 => "text/xml;charset=UTF-8".to_owned(),
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = response.headers_mut();
    if let Ok(value) = content_type.parse() {
        headers.insert(header::CONTENT_TYPE, value);
    }
    if let Ok(value) = envelope.request_id.parse() {
        headers.insert("x-amzn-requestid", value);
    }
    response
}
