//! The Kubernetes API as plain requests: a path, JSON there and back.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::Value;

/// What `PATCH` bodies are: the media type of server-side apply.
pub(super) const APPLY: &str = "application/apply-patch+yaml";
/// The media type of merge patches.
pub(super) const MERGE: &str = "application/merge-patch+json";

/// Why a request was not answered with what was wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// HTTP's status; 0 where no answer came.
    pub status: u16,
    /// Kubernetes' word, such as `NotFound`.
    pub reason: String,
    /// What the API server says.
    pub message: String,
}

impl ApiError {
    fn broken(message: impl std::fmt::Display) -> Self {
        Self { status: 0, reason: String::new(), message: message.to_string() }
    }

    /// Whether what was asked for is not there.
    pub fn is_gone(&self) -> bool {
        self.status == 404
    }
}

/// A client of one API server. Clones share its connections; it belongs to the tokio runtime that it was made in.
#[derive(Clone)]
pub struct Api {
    client: kube::Client,
    endpoint: Arc<str>,
    manager: Option<&'static str>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl Api {
    /// A client that trusts these certificates (PEM) and sends this token.
    ///
    /// # Errors
    /// The endpoint is no URL, the certificates are none, or the token has characters that no header takes.
    pub fn new(endpoint: &str, authority: &str, token: &str) -> Result<Self, ApiError> {
        let mut config = kube::Config::new(endpoint.parse().map_err(ApiError::broken)?);
        config.root_cert = Some(certificates(authority)?);
        config.default_retry = false;
        let bearer = HeaderValue::from_str(&format!("Bearer {token}")).map_err(ApiError::broken)?;
        config.headers.push((AUTHORIZATION, bearer));
        let client = kube::Client::try_from(config).map_err(ApiError::broken)?;
        Ok(Self { client, endpoint: endpoint.into(), manager: None })
    }

    /// The same client; what it writes is owned by this field manager.
    pub(super) fn managed_by(self, manager: &'static str) -> Self {
        Self { manager: Some(manager), ..self }
    }

    /// GET: an object, or a list.
    ///
    /// # Errors
    /// No answer, or an answer other than 2xx.
    pub async fn get(&self, path: &str) -> Result<Value, ApiError> {
        self.ask(Method::GET, path, None, &Value::Null).await
    }

    /// POST: a new object, in a path of its kind.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn create(&self, path: &str, object: &Value) -> Result<Value, ApiError> {
        self.ask(Method::POST, path, Some("application/json"), object).await
    }

    /// PUT: the whole object, or its status where the path ends so.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn replace(&self, path: &str, object: &Value) -> Result<Value, ApiError> {
        self.ask(Method::PUT, path, Some("application/json"), object).await
    }

    /// PATCH: a merge patch (RFC 7396).
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn merge(&self, path: &str, patch: &Value) -> Result<Value, ApiError> {
        self.ask(Method::PATCH, path, Some(MERGE), patch).await
    }

    /// PATCH: server-side apply as a field manager, taking over what others own.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn apply(
        &self,
        path: &str,
        manager: &str,
        object: &Value,
    ) -> Result<Value, ApiError> {
        let path = format!("{path}?fieldManager={manager}&force=true");
        self.ask(Method::PATCH, &path, Some(APPLY), object).await
    }

    /// DELETE: an object. What it has not is gone already.
    ///
    /// # Errors
    /// As [`Api::get`], but not where there is nothing.
    pub async fn delete(&self, path: &str, options: &Value) -> Result<(), ApiError> {
        match self.ask(Method::DELETE, path, Some("application/json"), options).await {
            Err(error) if !error.is_gone() => Err(error),
            _ => Ok(()),
        }
    }

    /// A list that goes on: the changes since a version, in a path of a kind.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn watch(&self, path: &str, since: &str) -> Result<Watch, ApiError> {
        let path = format!("{path}?watch=true&resourceVersion={since}&allowWatchBookmarks=true");
        let response = self.send(Method::GET, &path, None, Vec::new()).await?;
        if !response.status().is_success() {
            return Err(refusal(response).await);
        }
        Ok(Watch { body: response.into_body(), rest: Vec::new() })
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        content: Option<&'static str>,
        body: &Value,
    ) -> Result<Value, ApiError> {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let writes = method != Method::GET && method != Method::DELETE && !path.contains('?');
        let path = match self.manager.filter(|_| writes) {
            Some(manager) => format!("{path}?fieldManager={manager}"),
            None => path.to_owned(),
        };
        let response = self.send(method, &path, content, body).await?;
        if !response.status().is_success() {
            return Err(refusal(response).await);
        }
        let bytes = bytes_of(response).await?;
        // What is no JSON (`/readyz`) is text.
        Ok(serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned())))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        content: Option<&'static str>,
        body: Vec<u8>,
    ) -> Result<Response<Body>, ApiError> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(content) = content {
            request = request.header(CONTENT_TYPE, content);
        }
        let request = request.body(Body::from(body)).map_err(ApiError::broken)?;
        self.client.send(request).await.map_err(|error| {
            let mut message = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                message = format!("{message}: {cause}");
                source = cause.source();
            }
            ApiError::broken(message)
        })
    }
}

async fn bytes_of(response: Response<Body>) -> Result<Bytes, ApiError> {
    Ok(response.into_body().collect().await.map_err(ApiError::broken)?.to_bytes())
}

async fn refusal(response: Response<Body>) -> ApiError {
    let status = response.status().as_u16();
    let bytes = bytes_of(response).await.unwrap_or_default();
    let told: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    ApiError {
        status,
        reason: told["reason"].as_str().unwrap_or_default().to_owned(),
        message: told["message"].as_str().unwrap_or(text.trim()).to_owned(),
    }
}

/// The certificates of a PEM text, as kube wants them.
fn certificates(pem: &str) -> Result<Vec<Vec<u8>>, ApiError> {
    let mut found = Vec::new();
    for part in pem.split("-----BEGIN CERTIFICATE-----").skip(1) {
        let text = part.split("-----END").next().unwrap_or_default();
        let text: String = text.split_whitespace().collect();
        found.push(STANDARD.decode(text).map_err(ApiError::broken)?);
    }
    Ok(found)
}

/// The events of a watch, one after the other.
#[derive(Debug)]
pub struct Watch {
    body: Body,
    rest: Vec<u8>,
}

impl Watch {
    /// The next event (`{"type", "object"}`); nothing when the API server has ended the watch.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return serde_json::from_slice(&line).ok();
            }
            let frame = self.body.frame().await?.ok()?;
            if let Ok(data) = frame.into_data() {
                self.rest.extend_from_slice(&data);
            }
        }
    }
}
