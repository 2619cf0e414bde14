//! From a request's headers to account, region, service and operation.

use http::{HeaderMap, Request, header};
use serde_json::Value;

use super::error::AwsError;
use super::protocol::{self, Asked, Envelope};
use super::regions;
use super::registry;
use super::service::{Operation, Protocol, Service};

/// A request that was understood.
#[derive(Debug)]
pub(super) struct Routed {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) access_key: String,
    pub(super) host: String,
    pub(super) service: &'static Service,
    pub(super) operation: &'static Operation,
    pub(super) input: Value,
}

/// What a request says of itself, as far as it could be read: for the log and the answer.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) service: String,
    pub(super) operation: String,
}

/// Finds out what is called. Fills `envelope` and `named` as far as it comes.
pub(super) fn route(
    request: &Request<bytes::Bytes>,
    default_account: &str,
    envelope: &mut Envelope,
    named: &mut Named,
) -> Result<Routed, AwsError> {
    let headers = request.headers();
    let content_type = text(headers, header::CONTENT_TYPE.as_str()).to_ascii_lowercase();
    if let Some(version) = content_type.strip_prefix("application/x-amz-json-") {
        envelope.protocol = Protocol::Json;
        envelope.version = version.split(';').next().unwrap_or("1.1").trim().to_owned();
    }
    let cbor = content_type.contains("cbor") || headers.contains_key(protocol::CBOR);
    if cbor {
        envelope.protocol = Protocol::Cbor;
    }
    let encoding = text(headers, header::CONTENT_ENCODING.as_str());
    if !encoding.is_empty() && encoding != "identity" {
        return Err(AwsError::not_modelled(format!(
            "local AWS does not read bodies with content encoding {encoding}"
        ))
        .status(415));
    }
    let Some(scope) = Scope::read(text(headers, header::AUTHORIZATION.as_str())) else {
        return Err(
            AwsError::new("MissingAuthenticationToken", "Missing Authentication Token").status(403)
        );
    };
    named.account = account_of(scope.access_key).unwrap_or_else(|| default_account.to_owned());
    named.region = scope.region.to_owned();
    named.service = scope.service.to_owned();
    let target = text(headers, "x-amz-target");
    named.operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let Some(service) = registry::SERVICES.iter().find(|service| service.name == scope.service)
    else {
        return Err(AwsError::not_modelled(format!(
            "local AWS does not serve {}; it serves {}",
            scope.service,
            registry::names()
        )));
    };
    if cbor && service.protocol != Protocol::Cbor {
        envelope.protocol = Protocol::Json;
        return Err(AwsError::not_modelled(format!(
            "local AWS does not speak CBOR for {}: use the service's JSON protocol",
            service.name
        ))
        .status(415));
    }
    envelope.protocol = match service.protocol {
        // Who does not speak CBOR speaks JSON to these.
        Protocol::Cbor if !cbor => Protocol::Json,
        protocol => protocol,
    };
    envelope.namespace = service.namespace;
    if !regions::NAMES.contains(&scope.region) {
        return Err(AwsError::new(
            "SignatureDoesNotMatch",
            format!("Credential should be scoped to a valid region, not '{}'.", scope.region),
        )
        .status(403));
    }
    let by_path = matches!(service.protocol, Protocol::RestJson | Protocol::RestXml | Protocol::S3);
    if request.method() != http::Method::POST && !by_path {
        return Err(AwsError::not_modelled(format!(
            "local AWS serves {} by POST only, not {}",
            service.name,
            request.method()
        )));
    }
    let (operation, input) = match protocol::decode(envelope.protocol, service, request)? {
        Asked::ByPath(operation, input) => (operation, input),
        Asked::ByName(Some(action), input) => (by_name(service, &action, named)?, input),
        Asked::ByName(None, input) => match target.rsplit_once('.') {
            // Some SDKs put the API's whole namespace before CloudTrail's.
            Some((prefix, name)) if prefix.rsplit('.').next() == Some(service.target) => {
                (by_name(service, name, named)?, input)
            }
            _ => {
                return Err(AwsError::not_modelled(format!(
                    "local AWS serves {} as {}.*, not {target}",
                    service.name, service.target
                )));
            }
        },
    };
    operation.name.clone_into(&mut named.operation);
    operation.name.clone_into(&mut envelope.operation);
    Ok(Routed {
        account: named.account.clone(),
        region: named.region.clone(),
        access_key: scope.access_key.to_owned(),
        host: host(request),
        service,
        operation,
        input,
    })
}

fn by_name(
    service: &Service,
    name: &str,
    named: &mut Named,
) -> Result<&'static Operation, AwsError> {
    name.clone_into(&mut named.operation);
    service.operation(name).ok_or_else(|| {
        let served: Vec<&str> = service.operations.iter().map(|operation| operation.name).collect();
        AwsError::not_modelled(format!(
            "local AWS does not model {}:{name}; of {} it serves {}",
            service.name,
            service.name,
            served.join(", ")
        ))
    })
}

/// The host that the request was sent to.
fn host(request: &Request<bytes::Bytes>) -> String {
    match text(request.headers(), header::HOST.as_str()) {
        "" => request.uri().authority().map(ToString::to_string).unwrap_or_default(),
        host => host.to_owned(),
    }
}

/// What made the request, as it says itself.
pub(super) fn user_agent(request: &Request<bytes::Bytes>) -> &str {
    text(request.headers(), header::USER_AGENT.as_str())
}

struct Scope<'a> {
    access_key: &'a str,
    region: &'a str,
    service: &'a str,
}

impl<'a> Scope<'a> {
    /// Reads `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …`.
    fn read(authorization: &'a str) -> Option<Self> {
        let (_, rest) = authorization.split_once("Credential=")?;
        let credential = rest.split(',').next()?.trim();
        let mut parts = credential.rsplitn(5, '/');
        let end = parts.next()?;
        let (service, region, _date) = (parts.next()?, parts.next()?, parts.next()?);
        let access_key = parts.next()?;
        (end == "aws4_request").then_some(Self { access_key, region, service })
    }
}

/// The account that an access key names: twelve digits are one, and the keys that `AssumeRole`
/// hands out carry one, as AWS's do.
fn account_of(access_key: &str) -> Option<String> {
    if access_key.len() == 12 && access_key.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(access_key.to_owned());
    }
    super::sts::account_in(access_key)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
