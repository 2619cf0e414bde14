//! The port of the played nodes, where the API server asks for logs and opens sessions: HTTPS, as kubelets serve it.
//!
//! No container runs: what one has written follows from its state (`logs`), and few words stand for the programs that could be
//! run in it (`exec`). The API server asks for no certificate of its own choice, so that it is shown its own.

mod exec;
mod logs;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer};

use super::{Api, Trouble};
use crate::local::document::Document;

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// What proves who serves: PEM, as the API server writes its own.
pub(super) fn acceptor(certificate: &str, key: &str) -> Result<TlsAcceptor, Trouble> {
    let chain: Vec<CertificateDer<'static>> =
        blocks(certificate).into_iter().map(CertificateDer::from).collect();
    let broken = |why: String| Trouble::new(format!("the port of the played nodes: {why}"), "");
    let key = blocks(key).into_iter().next().ok_or_else(|| broken("no key".to_owned()))?;
    let key = PrivateKeyDer::Pkcs1(PrivatePkcs1KeyDer::from(key));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| broken(error.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// What stands between the lines of dashes of PEM.
fn blocks(pem: &str) -> Vec<Vec<u8>> {
    let parts = pem.split("-----BEGIN ").skip(1);
    let parts = parts.filter_map(|part| part.split_once("-----\n")?.1.split("-----END").next());
    parts
        .filter_map(|text| STANDARD.decode(text.split_whitespace().collect::<String>()).ok())
        .collect()
}

/// Serves until it is dropped.
pub(super) async fn serve(listener: TcpListener, tls: TlsAcceptor, api: Api) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let (tls, api) = (tls.clone(), api.clone());
        tokio::spawn(async move {
            let Ok(stream) = tls.accept(stream).await else { return };
            let service = service_fn(move |request| {
                let api = api.clone();
                async move { Ok::<_, Infallible>(answer(request, &api).await) }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // One that ends badly is the API server's business.
            let _ = connection.with_upgrades().await;
        });
    }
}

/// Whose log or session it is about, and how.
struct Asked {
    namespace: String,
    pod: String,
    container: String,
    query: Vec<(String, String)>,
}

impl Asked {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    fn is(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1"))
    }

    /// The pod, if it is there.
    async fn pod(&self, api: &Api) -> Option<Value> {
        let path = format!("/api/v1/namespaces/{}/pods/{}", self.namespace, self.pod);
        api.get(&path).await.ok()
    }

    /// What the pod says of the container: how it is made, and how it fares.
    fn container<'a>(&self, pod: &'a Value) -> Option<(&'a Value, &'a Value)> {
        let named = |list: &'a [Value]| list.iter().find(|one| one.text("name") == self.container);
        let made = named(pod["spec"].list("containers"))
            .or_else(|| named(pod["spec"].list("initContainers")))?;
        let lives = named(pod["status"].list("containerStatuses"))
            .or_else(|| named(pod["status"].list("initContainerStatuses")));
        Some((made, lives.unwrap_or(&Value::Null)))
    }
}

async fn answer(request: Request<Incoming>, api: &Api) -> Response<Body> {
    let path: Vec<String> = request.uri().path().split('/').skip(1).map(decoded).collect();
    let query = request.uri().query().unwrap_or_default().split('&');
    let query = query.filter_map(|pair| pair.split_once('='));
    let query = query.map(|(key, value)| (decoded(key), decoded(value))).collect();
    let [what, namespace, pod, container] = path.as_slice() else {
        return says(StatusCode::NOT_FOUND, "404 page not found");
    };
    let asked = Asked {
        namespace: namespace.clone(),
        pod: pod.clone(),
        container: container.clone(),
        query,
    };
    match what.as_str() {
        "containerLogs" => logs::answer(asked, api).await,
        "exec" => exec::answer(request, asked, api).await,
        other => says(
            StatusCode::NOT_IMPLEMENTED,
            &format!("the played nodes serve logs and exec, and no {other}"),
        ),
    }
}

fn says(status: StatusCode, text: &str) -> Response<Body> {
    let body = Full::new(Bytes::from(text.to_owned())).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        let code = more.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match (first, code.and_then(|code| u8::from_str_radix(code, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_addresses_are_read() {
        assert_eq!(decoded("sh%20-c+%22a%2"), "sh -c \"a%2");
        assert_eq!(blocks("-----BEGIN X-----\naGVs\nbG8=\n-----END X-----\n"), [b"hello".to_vec()]);
    }
}
