//! Local AWS through raw requests: what stands on the wire, byte for byte where it matters. What
//! boto3 makes of it is checked by `tests/conformance/`.

#![allow(clippy::unwrap_used, reason = "helpers of tests, not only tests themselves")]

mod conformance;
mod eks;
mod faults;
mod iam;
mod journal;
mod kubernetes;
mod network;
mod protocols;
mod rollout;
mod socket;

use bytes::Bytes;
use http::{Request, Response};
use shipit::local::clock::{Clock, Speed};
use shipit::local::faults::Faults;
use shipit::local::{ConnectionLost, LocalAws, LocalOptions};

/// 2026-11-21T04:00:00Z.
const START: u64 = 1_795_233_600_000;

/// A simulated account whose every answer repeats: fixed ids, and a clock that only tests move.
fn account(clock: &Clock) -> LocalAws {
    LocalAws::open(options(clock)).unwrap()
}

fn options(clock: &Clock) -> LocalOptions {
    LocalOptions { clock: clock.clone(), seed: Some(1), speed: Speed::REAL, ..Default::default() }
}

fn start() -> Clock {
    Clock::manual(START)
}

fn with_faults(script: &str) -> LocalAws {
    let faults = Faults::parse(script).unwrap();
    LocalAws::open(LocalOptions { faults, ..options(&start()) }).unwrap()
}

fn authorization(service: &str, region: &str, key: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={key}/20261121/{region}/{service}/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature=0000"
    )
}

/// A form request of the query protocols, signed by the default account in `eu-west-1`.
fn form(service: &str, body: &str) -> Request<Bytes> {
    form_in(service, "eu-west-1", "AKIALOCAL", body)
}

fn form_in(service: &str, region: &str, key: &str, body: &str) -> Request<Bytes> {
    Request::post("/")
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .header("authorization", authorization(service, region, key))
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

/// An awsJson 1.1 request.
fn json(service: &str, target: &str, body: &str) -> Request<Bytes> {
    Request::post("/")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", target)
        .header("authorization", authorization(service, "eu-west-1", "AKIALOCAL"))
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

async fn send(
    local: &LocalAws,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, ConnectionLost> {
    local.handle(request).await
}

/// The answer as text: status line, the headers that matter, body.
async fn answer(local: &LocalAws, request: Request<Bytes>) -> String {
    let response = send(local, request).await.unwrap();
    let header = |name: &str| {
        response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("-").to_owned()
    };
    format!(
        "{}\ncontent-type: {}\nx-amzn-requestid: {}\n\n{}",
        response.status(),
        header("content-type"),
        header("x-amzn-requestid"),
        String::from_utf8(response.body().to_vec()).unwrap()
    )
}

/// The text between two marks of an EC2 answer, such as an id.
fn between(text: &str, from: &str, to: &str) -> String {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from} in {text}"));
    rest.split_once(to).unwrap().0.to_owned()
}

/// Calls EC2 and gives the body.
async fn ec2(local: &LocalAws, body: &str) -> String {
    let body = format!("{body}&Version=2016-11-15");
    let response = send(local, form("ec2", &body)).await.unwrap();
    String::from_utf8(response.body().to_vec()).unwrap()
}
