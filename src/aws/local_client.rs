//! The Rust SDK's HTTP client that reaches local AWS without a socket.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

use crate::local::LocalAws;

/// An HTTP client for every SDK client of a session, whose every request goes to `local`.
pub fn http_client(local: LocalAws) -> SharedHttpClient {
    SharedHttpClient::new(LocalClient { local })
}

#[derive(Debug, Clone)]
struct LocalClient {
    local: LocalAws,
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
        let local = self.local.clone();
        HttpConnectorFuture::new(async move { send(&local, request).await })
    }
}

async fn send(local: &LocalAws, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    // Streams are of S3 and its like, which local AWS does not serve.
    let Some(bytes) = body.bytes().map(Bytes::copy_from_slice) else {
        return Err(ConnectorError::user("local AWS does not read streamed bodies".into()));
    };
    let response = local
        .handle(http::Request::from_parts(parts, bytes))
        .await
        .map_err(|lost| ConnectorError::io(lost.into()))?;
    HttpResponse::try_from(response.map(SdkBody::from))
        .map_err(|error| ConnectorError::other(error.into(), None))
}
