//! Plain HTTP GET, with the HTTP client that the SDK uses.

use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use crate::engine::{Class, Failure};

/// A client for what speaks no AWS protocol: container registries.
#[derive(Debug)]
pub struct Web {
    connector: Connector,
}

/// An HTTP answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) challenge: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Default for Web {
    fn default() -> Self {
        let settings = HttpConnectorSettings::builder()
            .connect_timeout(Duration::from_secs(3))
            .read_timeout(Duration::from_secs(4))
            .build();
        let connector = Connector::builder()
            .connector_settings(settings)
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(TlsContext::default())
            .build();
        Self { connector }
    }
}

impl Web {
    /// These bytes of a document, both ends included.
    ///
    /// # Errors
    /// It cannot be reached, or is not shown.
    pub async fn part(&self, url: &str, first: u64, last: u64) -> Result<Vec<u8>, Failure> {
        let range = format!("bytes={first}-{last}");
        let answer = self.get(url, &[("range", &range)]).await?;
        match answer.status {
            200 | 206 => Ok(answer.body),
            status => {
                let host = url.split('/').nth(2).unwrap_or_default();
                Err(Failure::new(Class::Server, format!("{host} answered HTTP {status}")))
            }
        }
    }

    /// Asks once, and follows no redirect.
    pub(super) async fn get(
        &self,
        url: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Answer, Failure> {
        let unreachable = |why: String| {
            Failure::new(Class::Unreachable, format!("{url} cannot be reached: {why}"))
        };
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(url).map_err(|error| unreachable(error.to_string()))?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, (*value).to_owned());
        }
        let response =
            self.connector.call(request).await.map_err(|error| unreachable(error.to_string()))?;
        let header = |name: &str| response.headers().get(name).map(str::to_owned);
        let (status, location, challenge) =
            (response.status().as_u16(), header("location"), header("www-authenticate"));
        let body = ByteStream::new(response.into_body())
            .collect()
            .await
            .map_err(|error| unreachable(error.to_string()))?
            .to_vec();
        Ok(Answer { status, location, challenge, body })
    }
}
