//! The way to one cluster's API server: one HTTPS client, a token that is renewed, a time limit on every call.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use kube::client::Body;
use serde_json::Value;
use tokio::sync::{Mutex, Semaphore};

use super::error;
use crate::engine::{BoxFuture, Class, Failure, redact};

/// No connection within this is no connection.
const CONNECT: Duration = Duration::from_secs(5);
/// The whole of one call.
const CALL: Duration = Duration::from_secs(60);
/// A token is used for so long; it is good for a few minutes more.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// Calls in flight at once.
const AT_ONCE: usize = 16;

/// What a client needs of those above it.
pub trait Around: Send + Sync + fmt::Debug {
    /// A bearer token for a cluster, signed now.
    fn token<'a>(&'a self, cluster: &'a str) -> BoxFuture<'a, Result<String, Failure>>;

    /// Waits until one more call may be made. What it gives is done when the call has ended, before its answer is looked at.
    fn before<'a>(&'a self, operation: &'a str) -> BoxFuture<'a, Option<fn()>>;

    /// Hears of a call that has ended, and when it was sent.
    fn after(&self, operation: &str, sent: Instant, failure: Option<Class>);
}

/// Where a cluster's API server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The cluster's name in EKS.
    pub cluster: String,
    /// `https://…`.
    pub endpoint: String,
    /// Who signs its certificate: base64 of PEM.
    pub authority: String,
    /// It is reached from inside the cluster's VPC only.
    pub private: bool,
}

/// A client of one cluster.
pub struct Client {
    server: Server,
    inner: kube::Client,
    config: kube::Config,
    around: Arc<dyn Around>,
    token: Mutex<Option<(Instant, String)>>,
    room: Semaphore,
    /// What the cluster serves, as far as it was asked: by group and version.
    pub(super) served: Mutex<std::collections::BTreeMap<String, Option<Vec<super::Served>>>>,
    /// What was looked for in vain: `apiVersion` and `kind`.
    pub(super) lacking: std::sync::Mutex<std::collections::BTreeSet<(String, String)>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("server", &self.server).finish_non_exhaustive()
    }
}

/// One call, without its token.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// `ListDeployments`.
    pub(super) operation: &'a str,
    pub(super) method: Method,
    /// With its query.
    pub(super) path: &'a str,
    pub(super) content: &'static str,
    pub(super) accept: &'static str,
    pub(super) body: Option<&'a Value>,
}

/// A call on its way.
struct Sent {
    at: Instant,
    /// Done when it has ended.
    then: Option<fn()>,
}

impl<'a> Call<'a> {
    pub(super) fn get(operation: &'a str, path: &'a str) -> Self {
        Self {
            operation,
            method: Method::GET,
            path,
            content: "application/json",
            accept: "application/json",
            body: None,
        }
    }
}

impl Client {
    /// A client of this server; nothing is sent yet.
    ///
    /// # Errors
    /// Endpoint or certificate make no sense.
    pub(super) fn new(server: Server, around: Arc<dyn Around>) -> Result<Self, Failure> {
        let wrong = |what: &str, why: String| {
            let message =
                format!("the {what} of cluster `{}` makes no sense: {why}", server.cluster);
            Failure::new(Class::Invalid, message)
        };
        let uri = server
            .endpoint
            .parse()
            .map_err(|error: http::uri::InvalidUri| wrong("endpoint", error.to_string()))?;
        let mut config = kube::Config::new(uri);
        config.root_cert = Some(
            certificates(&server.authority).map_err(|why| wrong("certificate authority", why))?,
        );
        config.connect_timeout = Some(CONNECT);
        config.read_timeout = Some(CALL);
        config.reset_reader_on_write = true;
        config.default_retry = false;
        let inner = kube::Client::try_from(config.clone())
            .map_err(|error| wrong("certificate authority", error.to_string()))?;
        Ok(Self {
            server,
            inner,
            config,
            around,
            token: Mutex::default(),
            room: Semaphore::new(AT_ONCE),
            served: Mutex::default(),
            lacking: std::sync::Mutex::default(),
        })
    }

    /// Where it leads.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Makes a call; gives the body of a success.
    pub(super) async fn call(&self, call: Call<'_>) -> Result<Bytes, Failure> {
        let mut renewed = false;
        loop {
            let answer = self.attempt(&call).await;
            match answer {
                // Once: the token may have grown old on a machine that slept.
                Err(failure) if failure.code.as_deref() == Some("401") && !renewed => {
                    renewed = true;
                    *self.token.lock().await = None;
                }
                other => return other,
            }
        }
    }

    async fn attempt(&self, call: &Call<'_>) -> Result<Bytes, Failure> {
        let _room = self.room.acquire().await;
        let token = self.token().await?;
        let sent = self.sending(call.operation).await;
        let answer = match tokio::time::timeout(CALL, self.send(call, &token)).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::new(
                Class::LostAnswer,
                format!("no answer came in {} s", CALL.as_secs()),
            )),
        };
        let answer = answer.map_err(|failure| of(failure, call.operation));
        self.ended(call.operation, sent, &answer);
        answer
    }

    /// A call may be made now.
    async fn sending(&self, operation: &str) -> Sent {
        let then = self.around.before(operation).await;
        Sent { at: Instant::now(), then }
    }

    fn ended<T>(&self, operation: &str, sent: Sent, answer: &Result<T, Failure>) {
        if let Some(then) = sent.then {
            then();
        }
        self.around.after(operation, sent.at, answer.as_ref().err().map(|one| one.class));
    }

    /// Makes a call whose answer is read as it comes. Nothing limits how long that takes but a minute without a byte.
    pub(super) async fn open(&self, call: Call<'_>) -> Result<Body, Failure> {
        let mut renewed = false;
        loop {
            match self.begin(&call).await {
                Err(failure) if failure.code.as_deref() == Some("401") && !renewed => {
                    renewed = true;
                    *self.token.lock().await = None;
                }
                other => return other,
            }
        }
    }

    async fn begin(&self, call: &Call<'_>) -> Result<Body, Failure> {
        let _room = self.room.acquire().await;
        let token = self.token().await?;
        let sent = self.sending(call.operation).await;
        let answer = match tokio::time::timeout(CALL, self.answer(call, &token)).await {
            Ok(Ok((StatusCode::OK, body))) => Ok(body),
            Ok(Ok((status, body))) => {
                let bytes = body.collect_bytes().await.unwrap_or_default();
                Err(error::refused(&self.server, status.as_u16(), &bytes))
            }
            Ok(Err(failure)) => Err(failure),
            Err(_) => Err(Failure::new(
                Class::LostAnswer,
                format!("no answer came in {} s", CALL.as_secs()),
            )),
        };
        let answer = answer.map_err(|failure| of(failure, call.operation));
        self.ended(call.operation, sent, &answer);
        answer
    }

    /// Opens a session over a WebSocket: `v5.channel.k8s.io`, or `v4`.
    pub(super) async fn connect(
        &self,
        operation: &str,
        path: &str,
    ) -> Result<kube::client::Connection, Failure> {
        // Nobody has to type or write anything for a minute.
        let mut config = self.config.clone();
        config.read_timeout = None;
        let client = kube::Client::try_from(config)
            .map_err(|error| error::unreachable(&self.server, &error))?;
        let mut renewed = false;
        loop {
            let token = self.token().await?;
            let request = Request::builder()
                .uri(path)
                .header(header::AUTHORIZATION, format!("Bearer {token}"))
                .body(Vec::new())
                .map_err(|error| Failure::internal(error.to_string()))?;
            let sent = self.sending(operation).await;
            let answer = match tokio::time::timeout(CALL, client.connect(request)).await {
                Ok(answer) => answer.map_err(|error| error::not_opened(&self.server, &error)),
                Err(_) => Err(Failure::new(
                    Class::LostAnswer,
                    format!("no answer came in {} s", CALL.as_secs()),
                )),
            };
            let answer = answer.map_err(|failure| of(failure, operation));
            self.ended(operation, sent, &answer);
            match answer {
                Err(failure) if failure.code.as_deref() == Some("401") && !renewed => {
                    renewed = true;
                    *self.token.lock().await = None;
                }
                other => return other,
            }
        }
    }

    async fn send(&self, call: &Call<'_>, token: &str) -> Result<Bytes, Failure> {
        let (status, body) = self.answer(call, token).await?;
        let bytes = body.collect_bytes().await;
        let bytes = bytes.map_err(|error| error::unreachable(&self.server, &error))?;
        match status {
            StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED => Ok(bytes),
            status => Err(error::refused(&self.server, status.as_u16(), &bytes)),
        }
    }

    async fn answer(&self, call: &Call<'_>, token: &str) -> Result<(StatusCode, Body), Failure> {
        let body = call.body.map(Value::to_string).unwrap_or_default();
        let request = Request::builder()
            .method(call.method.clone())
            .uri(call.path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::ACCEPT, call.accept)
            .header(header::CONTENT_TYPE, call.content)
            .body(Body::from(body.into_bytes()))
            .map_err(|error| Failure::internal(error.to_string()))?;
        let answer = self.inner.send(request).await;
        let answer = answer.map_err(|error| error::unreachable(&self.server, &error))?;
        let (parts, body) = answer.into_parts();
        Ok((parts.status, body))
    }

    async fn token(&self) -> Result<String, Failure> {
        let mut kept = self.token.lock().await;
        if let Some((at, token)) = kept.as_ref()
            && at.elapsed() < FRESH
        {
            return Ok(token.clone());
        }
        let token = self.around.token(&self.server.cluster).await?;
        redact::remember(&token);
        *kept = Some((Instant::now(), token.clone()));
        Ok(token)
    }
}

fn of(mut failure: Failure, operation: &str) -> Failure {
    failure.operation = Some(format!("kubernetes {operation}"));
    failure
}

/// The certificates of base64 of PEM, as DER.
fn certificates(authority: &str) -> Result<Vec<Vec<u8>>, String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let pem = STANDARD.decode(authority.trim()).map_err(|error| error.to_string())?;
    let pem = String::from_utf8(pem).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    for block in pem.split(BEGIN).skip(1) {
        let text = block.split(END).next().unwrap_or_default();
        let text: String = text.split_whitespace().collect();
        found.push(STANDARD.decode(text).map_err(|error| error.to_string())?);
    }
    match found.is_empty() {
        true => Err("no certificate is in it".to_owned()),
        false => Ok(found),
    }
}
