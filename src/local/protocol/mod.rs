//! The wire protocols: a request's body to one nested JSON value, and an output or an error back
//! to the bytes that an SDK expects. What the values mean is not known here.

mod cbor;
mod escape;
mod json;
mod query;
mod rest;
mod s3;
mod xml;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use serde_json::Value;

use super::error::AwsError;
use super::service::{Operation, Protocol, Service};

/// The header that says that a request or an answer is CBOR.
pub(super) const CBOR: &str = "smithy-protocol";

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

/// What a request asks for.
#[derive(Debug)]
pub(super) enum Asked {
    /// The body or a header names the operation; the body of query protocols does.
    ByName(Option<String>, Value),
    /// Method and path said which operation.
    ByPath(&'static Operation, Value),
}

/// Reads a request: which operation, as far as this protocol says, and its input.
pub(super) fn decode(
    protocol: Protocol,
    service: &Service,
    request: &Request<Bytes>,
) -> Result<Asked, AwsError> {
    match protocol {
        Protocol::Json => json::decode(request.body()).map(|input| Asked::ByName(None, input)),
        Protocol::Query | Protocol::Ec2 => query::decode(service, request.body())
            .map(|(action, input)| Asked::ByName(action, input)),
        Protocol::Cbor => {
            cbor::decode(service, request).map(|(name, input)| Asked::ByName(Some(name), input))
        }
        Protocol::RestJson | Protocol::RestXml => {
            rest::decode(service, request).map(|(operation, input)| Asked::ByPath(operation, input))
        }
        Protocol::S3 => {
            s3::decode(service, request).map(|(operation, input)| Asked::ByPath(operation, input))
        }
    }
}

/// The answer to a call that succeeded.
pub(super) fn success(envelope: &Envelope, output: &Value) -> Response<Bytes> {
    let body = match envelope.protocol {
        Protocol::S3 => return s3::success(envelope, output),
        Protocol::Json | Protocol::RestJson => json::success(output).into(),
        Protocol::RestXml => xml::rest_success(envelope, output).into(),
        Protocol::Query => xml::query_success(envelope, output).into(),
        Protocol::Ec2 => xml::ec2_success(envelope, output).into(),
        Protocol::Cbor => cbor::success(output),
    };
    respond(envelope, 200, body)
}

/// The answer to a call that failed.
pub(super) fn failure(envelope: &Envelope, error: &AwsError) -> Response<Bytes> {
    let body = match envelope.protocol {
        Protocol::S3 => return s3::failure(envelope, error),
        Protocol::Json => json::failure(error).into(),
        Protocol::RestJson => rest::failure(error).into(),
        Protocol::Query | Protocol::RestXml => xml::query_failure(envelope, error).into(),
        Protocol::Ec2 => xml::ec2_failure(envelope, error).into(),
        Protocol::Cbor => cbor::failure(error),
    };
    let mut response = respond(envelope, error.status, body);
    if let (Protocol::RestJson, Ok(code)) = (envelope.protocol, error.code.parse()) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    let fault = if error.status < 500 { "Sender" } else { "Receiver" };
    if let Some(Ok(value)) = error.query_code.map(|code| format!("{code};{fault}").parse()) {
        response.headers_mut().insert("x-amzn-query-error", value);
    }
    response
}

fn respond(envelope: &Envelope, status: u16, body: Vec<u8>) -> Response<Bytes> {
    let content_type = match envelope.protocol {
        Protocol::Json => format!("application/x-amz-json-{}", envelope.version),
        Protocol::RestJson => "application/json".to_owned(),
        Protocol::Cbor => "application/cbor".to_owned(),
        Protocol::Query | Protocol::RestXml | Protocol::S3 => "text/xml".to_owned(),
        Protocol::Ec2 => "text/xml;charset=UTF-8".to_owned(),
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = response.headers_mut();
    if let Ok(value) = content_type.parse() {
        headers.insert(header::CONTENT_TYPE, value);
    }
    if envelope.protocol == Protocol::Cbor {
        headers.insert(CBOR, HeaderValue::from_static("rpc-v2-cbor"));
    }
    if let Ok(value) = envelope.request_id.parse() {
        headers.insert("x-amzn-requestid", value);
    }
    response
}
