//! The registry behind ECR (distribution API v2), so that `docker push` and the like work: manifests, and layers whose bytes are
//! checked. Who signs in with the token of GetAuthorizationToken is in the account and region of that token.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};

use super::{SERVICE, layer};
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::service::{self, Operation};

static STORE: Operation = service::write("RegistryPutLayer", layer::store);
static READ: Operation = service::read("RegistryGetLayer", layer::read);

/// Before the name of who signs in, in the password.
const PASSWORD: &str = "local-aws.";
/// Where layers are downloaded by an address of GetDownloadUrlForLayer.
const DOWNLOADS: &str = "/_shipit/ecr/";

/// The password for an account's registry in a region.
pub(super) fn password(account: &str, region: &str) -> String {
    format!("{PASSWORD}{account}.{region}")
}

/// Whether a request is for the registry, not for an API of AWS's.
pub(in crate::local) fn is_for(request: &Request<Bytes>) -> bool {
    let path = request.uri().path();
    path == "/v2" || path.starts_with("/v2/") || path.starts_with(DOWNLOADS)
}

/// Carries out an operation in an account and region.
pub(in crate::local) type Carry<'a> =
    dyn Fn(&str, &str, &'static Operation, Value) -> Result<Value, AwsError> + Sync + 'a;

/// Layers that are being pushed, by upload.
#[derive(Debug, Default)]
pub(in crate::local) struct Uploads {
    running: Mutex<HashMap<String, Vec<u8>>>,
}

type Answer = Result<Response<Bytes>, Refused>;

/// Status, the registry's code, why.
struct Refused(StatusCode, &'static str, String);

impl From<AwsError> for Refused {
    fn from(error: AwsError) -> Self {
        match error.code.as_str() {
            "RepositoryNotFoundException" => {
                Self(StatusCode::NOT_FOUND, "NAME_UNKNOWN", error.message)
            }
            "ImageTagAlreadyExistsException" => {
                Self(StatusCode::BAD_REQUEST, "TAG_INVALID", error.message)
            }
            _ => Self(StatusCode::BAD_REQUEST, "UNSUPPORTED", error.message),
        }
    }
}

/// Who asks, and for which repository.
struct Place<'a> {
    account: String,
    region: String,
    repository: String,
    carry: &'a Carry<'a>,
}

impl Place<'_> {
    fn call(&self, operation: &'static Operation, mut input: Value) -> Result<Value, AwsError> {
        input.set("repositoryName", self.repository.clone());
        (self.carry)(&self.account, &self.region, operation, input)
    }

    fn named(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        let found = SERVICE.operation(operation);
        let found = found.ok_or_else(|| AwsError::internal(format!("no operation {operation}")))?;
        self.call(found, input)
    }
}

/// Answers one request; `upload` names an upload that begins.
pub(in crate::local) fn answer(
    request: &Request<Bytes>,
    uploads: &Uploads,
    upload: String,
    carry: &Carry<'_>,
) -> Response<Bytes> {
    let answered = match request.uri().path().strip_prefix(DOWNLOADS) {
        Some(layer) => download(request, layer, carry),
        None => registry(request, uploads, upload, carry),
    };
    answered.unwrap_or_else(|Refused(status, code, message)| {
        let body = json!({"errors": [{"code": code, "message": message}]});
        let mut response =
            respond(status, &[("content-type", "application/json")], body.to_string());
        if status == StatusCode::UNAUTHORIZED {
            let challenge = header::HeaderValue::from_static("Basic realm=\"local AWS\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    })
}

fn registry(
    request: &Request<Bytes>,
    uploads: &Uploads,
    upload: String,
    carry: &Carry<'_>,
) -> Answer {
    let (account, region) = signed_in(request).ok_or_else(|| {
        let why = "sign in with the token of GetAuthorizationToken".to_owned();
        Refused(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", why)
    })?;
    let path = request.uri().path().trim_start_matches("/v2").trim_matches('/');
    if path.is_empty() {
        return Ok(respond(StatusCode::OK, &[], "{}"));
    }
    let at = |repository: &str| Place {
        account: account.clone(),
        region: region.clone(),
        repository: repository.to_owned(),
        carry,
    };
    if let Some((repository, reference)) = path.rsplit_once("/manifests/") {
        return manifest(request, &at(repository), reference);
    }
    if let Some((repository, upload_of)) = path.split_once("/blobs/uploads") {
        let ongoing = upload_of.trim_matches('/');
        let id = if ongoing.is_empty() { upload.as_str() } else { ongoing };
        return push(request, &at(repository), uploads, id, ongoing.is_empty());
    }
    if let Some((repository, digest)) = path.rsplit_once("/blobs/") {
        let found = at(repository).call(&READ, json!({"layerDigest": digest}))?;
        return layer(request, &found, digest);
    }
    Err(Refused(StatusCode::NOT_FOUND, "UNSUPPORTED", format!("local AWS serves no /v2/{path}")))
}

/// Account and region of the token.
fn signed_in(request: &Request<Bytes>) -> Option<(String, String)> {
    let given = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let given = STANDARD.decode(given.strip_prefix("Basic ")?).ok()?;
    let given = String::from_utf8(given).ok()?;
    let (account, region) = given.strip_prefix("AWS:")?.strip_prefix(PASSWORD)?.split_once('.')?;
    Some((account.to_owned(), region.to_owned()))
}

fn manifest(request: &Request<Bytes>, place: &Place<'_>, reference: &str) -> Answer {
    let is_digest = reference.contains(':');
    if request.method() == Method::PUT {
        let text = String::from_utf8_lossy(request.body()).into_owned();
        let parsed: Value = serde_json::from_str(&text).unwrap_or_default();
        let parts = parsed.list("layers").iter().chain([&parsed["config"]]);
        for part in parts.map(|part| part.text("digest")).filter(|digest| !digest.is_empty()) {
            if place.call(&READ, json!({"layerDigest": part}))?.is_null() {
                let why = format!("blob {part} was not pushed");
                return Err(Refused(StatusCode::NOT_FOUND, "MANIFEST_BLOB_UNKNOWN", why));
            }
        }
        let digest = layer::digest(text.as_bytes());
        let mut input = json!({"imageManifest": text});
        input.set(if is_digest { "imageDigest" } else { "imageTag" }, reference);
        let given = request.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
        if let Some(given) = given {
            input.set("imageManifestMediaType", given);
        }
        match place.named("PutImage", input) {
            Ok(_) => {}
            // What is pushed again is there.
            Err(error) if error.code == "ImageAlreadyExistsException" => {}
            Err(error) => return Err(error.into()),
        }
        return Ok(respond(StatusCode::CREATED, &[("docker-content-digest", &digest)], ""));
    }
    let id =
        if is_digest { json!({"imageDigest": reference}) } else { json!({"imageTag": reference}) };
    let found = place.named("BatchGetImage", json!({"imageIds": [id]}))?;
    let Some(image) = found.list("images").first() else {
        let why = "Requested image not found".to_owned();
        return Err(Refused(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", why));
    };
    let headers = [
        ("content-type", image.text("imageManifestMediaType")),
        ("docker-content-digest", image["imageId"].text("imageDigest")),
    ];
    whole(request, &headers, image.text("imageManifest").to_owned().into())
}

/// One step of an upload.
fn push(
    request: &Request<Bytes>,
    place: &Place<'_>,
    uploads: &Uploads,
    id: &str,
    begins: bool,
) -> Answer {
    // The repository must be there.
    place.call(&READ, json!({"layerDigest": "sha256:"}))?;
    let query = request.uri().query().unwrap_or_default();
    let digest = query.split('&').find_map(|pair| pair.strip_prefix("digest="));
    let digest = digest.map(|digest| digest.replace("%3A", ":").replace("%3a", ":"));
    let mut running = uploads.running.lock().unwrap_or_else(PoisonError::into_inner);
    if begins {
        running.insert(id.to_owned(), Vec::new());
    }
    let Some(held) = running.get_mut(id) else {
        let why = format!("there is no upload {id}");
        return Err(Refused(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN", why));
    };
    held.extend_from_slice(request.body());
    let Some(digest) = digest else {
        let location = format!("/v2/{}/blobs/uploads/{id}", place.repository);
        let range = format!("0-{}", held.len().saturating_sub(1));
        let headers =
            [("location", location.as_str()), ("range", &range), ("docker-upload-uuid", id)];
        return Ok(respond(StatusCode::ACCEPTED, &headers, ""));
    };
    let held = running.remove(id).unwrap_or_default();
    drop(running);
    if layer::digest(&held) != digest {
        let why = "the digest is not that of what was pushed".to_owned();
        return Err(Refused(StatusCode::BAD_REQUEST, "DIGEST_INVALID", why));
    }
    place.call(&STORE, json!({"layerDigest": digest, "layer": layer::document(&held)}))?;
    let location = format!("/v2/{}/blobs/{digest}", place.repository);
    let headers = [("location", location.as_str()), ("docker-content-digest", &digest)];
    Ok(respond(StatusCode::CREATED, &headers, ""))
}

/// Where a layer lies that GetDownloadUrlForLayer has named: the address alone opens it, as with S3.
fn download(request: &Request<Bytes>, path: &str, carry: &Carry<'_>) -> Answer {
    let unknown = || Refused(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", format!("no layer {path}"));
    let (account, rest) = path.split_once('/').ok_or_else(unknown)?;
    let (region, rest) = rest.split_once('/').ok_or_else(unknown)?;
    let (repository, digest) = rest.split_once('@').ok_or_else(unknown)?;
    let place = Place {
        account: account.to_owned(),
        region: region.to_owned(),
        repository: repository.to_owned(),
        carry,
    };
    let found = place.call(&READ, json!({"layerDigest": digest}))?;
    layer(request, &found, digest)
}

fn layer(request: &Request<Bytes>, found: &Value, digest: &str) -> Answer {
    let size = found.integer("size").to_string();
    let headers = [("docker-content-digest", digest), ("content-type", "application/octet-stream")];
    match (found.is_null(), STANDARD.decode(found.text("content"))) {
        (true, _) => {
            let why = format!("layer {digest} is not there");
            Err(Refused(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", why))
        }
        _ if request.method() == Method::HEAD => {
            let [digest, kind] = headers;
            Ok(respond(StatusCode::OK, &[digest, kind, ("content-length", &size)], ""))
        }
        (false, Ok(content)) if found.has("content") => whole(request, &headers, content.into()),
        _ => {
            let why = format!("local AWS keeps no layers over {} bytes", layer::KEPT);
            Err(Refused(StatusCode::NOT_IMPLEMENTED, "UNSUPPORTED", why))
        }
    }
}

/// All of a document, or the range of it that is asked for.
fn whole(request: &Request<Bytes>, headers: &[(&'static str, &str)], body: Bytes) -> Answer {
    if request.method() == Method::HEAD {
        let length = body.len().to_string();
        let headers: Vec<_> =
            headers.iter().copied().chain([("content-length", &*length)]).collect();
        return Ok(respond(StatusCode::OK, &headers, ""));
    }
    let range = request.headers().get(header::RANGE).and_then(|it| it.to_str().ok());
    let range = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let Some((first, last)) = range else {
        return Ok(respond(StatusCode::OK, headers, body));
    };
    let first: usize = first.parse().unwrap_or(0);
    let end = last.parse().map_or(body.len(), |last: usize| body.len().min(last.saturating_add(1)));
    if first >= end {
        return Ok(respond(StatusCode::RANGE_NOT_SATISFIABLE, headers, ""));
    }
    Ok(respond(StatusCode::PARTIAL_CONTENT, headers, body.slice(first..end)))
}

fn respond(
    status: StatusCode,
    headers: &[(&'static str, &str)],
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    for (name, value) in headers {
        if let Ok(value) = header::HeaderValue::from_str(value) {
            response.headers_mut().insert(*name, value);
        }
    }
    response
}
