//! The Rust SDK's HTTP client that reaches local AWS without a socket.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;

use crate::local::LocalAws;

/// An HTTP client for every SDK client of a session, whose every request goes to `local`.
pub fn http_client(local: LocalAws) -> SharedHttpClient {
    SharedHttpClient::new(LocalClient { local, door: Arc::default() })
}

/// Operations whose answers name a place to which others go: builders of images, or a plain HTTP client.
const LEADING_OUT: [&str; 2] = [".GetAuthorizationToken", ".GetDownloadUrlForLayer"];

#[derive(Debug, Clone)]
struct LocalClient {
    local: LocalAws,
    /// A port of this machine, opened for those who are not in this process.
    door: Arc<OnceCell<SocketAddr>>,
}

impl LocalClient {
    /// The port's address; it is served as long as the process lives.
    async fn door(&self) -> std::io::Result<SocketAddr> {
        let open = || async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let address = listener.local_addr()?;
            let local = self.local.clone();
            tokio::spawn(async move { local.serve(listener).await });
            Ok(address)
        };
        self.door.get_or_try_init(open).await.copied()
    }
}

impl HttpClient for LocalClient {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for LocalClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.clone();
        HttpConnectorFuture::new(async move { send(&client, request).await })
    }
}

async fn send(
    client: &LocalClient,
    mut request: HttpRequest,
) -> Result<HttpResponse, ConnectorError> {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    if LEADING_OUT.iter().any(|operation| target.ends_with(operation)) {
        let door = client.door().await.map_err(|error| ConnectorError::io(error.into()))?;
        request.headers_mut().insert("host", door.to_string());
    }
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    // Bodies that are streams would be large objects.
    let Some(bytes) = body.bytes().map(Bytes::copy_from_slice) else {
        return Err(ConnectorError::user("local AWS does not read streamed bodies".into()));
    };
    let response = client
        .local
        .handle(http::Request::from_parts(parts, bytes))
        .await
        .map_err(|lost| ConnectorError::io(lost.into()))?;
    HttpResponse::try_from(response.map(SdkBody::from))
        .map_err(|error| ConnectorError::other(error.into(), None))
}

#[cfg(test)]
mod tests {
    use aws_sdk_sts::config::{BehaviorVersion, Credentials, Region};
    use aws_sdk_sts::error::ProvideErrorMetadata;

    use super::*;
    use crate::local::LocalOptions;
    use crate::local::faults::Faults;

    fn client(script: &str) -> (LocalAws, aws_sdk_sts::Client) {
        let faults = Faults::parse(script).unwrap();
        let local = LocalAws::open(LocalOptions { faults, ..LocalOptions::default() }).unwrap();
        let config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("111122223333", "secret", None, None, "test"))
            .http_client(http_client(local.clone()))
            .build();
        (local, aws_sdk_sts::Client::from_conf(config))
    }

    #[tokio::test]
    async fn the_sdk_reaches_it_without_a_socket() {
        let (_, sts) = client("{}");
        let identity = sts.get_caller_identity().send().await.unwrap();
        assert_eq!(identity.account(), Some("111122223333"));
    }

    #[tokio::test]
    async fn what_is_not_modelled_is_not_tried_again() {
        let (local, sts) = client("{}");
        let error = sts.get_session_token().send().await.unwrap_err();
        assert_eq!(error.code(), Some(crate::local::error::NOT_MODELLED));
        assert_eq!(local.calls().len(), 1);
    }

    #[tokio::test]
    async fn a_throttle_and_a_lost_answer_are_tried_again() {
        let script =
            "rules: [{on: {call: 1}, fault: throttle}, {on: {call: 2}, fault: lost-answer}]";
        let (local, sts) = client(script);
        sts.get_caller_identity().send().await.unwrap();
        let outcomes: Vec<String> = local.calls().into_iter().map(|call| call.outcome).collect();
        assert_eq!(outcomes, ["Throttling", "lost", "ok"]);
    }
}
