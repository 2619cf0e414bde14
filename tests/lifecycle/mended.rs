//! An HTTP client that puts right what moto answers about App Mesh otherwise than AWS's model says: times, which it
//! writes as texts of its own, what is not there, which it calls by names of its own,
//! and the ARNs of meshes.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;

/// How App Mesh's paths begin.
const APP_MESH: &str = "/v20190125/";

pub(super) fn client() -> SharedHttpClient {
    SharedHttpClient::new(Mended(aws_smithy_http_client::Builder::new().build_http()))
}

#[derive(Debug)]
struct Mended(SharedHttpClient);

impl HttpClient for Mended {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector(self.0.http_connector(settings, components)))
    }
}

#[derive(Debug)]
struct Connector(SharedHttpConnector);

impl HttpConnector for Connector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let meant = request.uri().contains(APP_MESH);
        if let Some(uri) = of_mesh(request.uri())
            && let Err(error) = request.set_uri(uri)
        {
            return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
        }
        let sent = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let answer = sent.await?;
            if meant { mend(answer).await } else { Ok(answer) }
        })
    }
}

/// The address of a mesh's tags as moto has it, whose ARNs of meshes lack `mesh/`.
fn of_mesh(uri: &str) -> Option<String> {
    let (before, name) = uri.split_once("resourceArn=")?.1.split_once("mesh%2F")?;
    let whole = format!("{before}mesh%2F{name}");
    (uri.contains(APP_MESH) && !name.contains("%2F"))
        .then(|| uri.replace(&whole, &format!("{before}{name}")))
}

async fn mend(mut answer: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let body = std::mem::replace(answer.body_mut(), SdkBody::empty());
    let bytes = ByteStream::new(body).collect().await;
    let bytes = bytes.map_err(|error| ConnectorError::io(error.into()))?.into_bytes();
    answer.headers_mut().remove("content-length");
    *answer.body_mut() = match serde_json::from_slice(&bytes) {
        Ok(mut value) => {
            times(&mut value);
            if value["__type"].as_str().is_some_and(|code| code.ends_with("NotFound")) {
                value["__type"] = Value::from("NotFoundException");
                answer.headers_mut().insert("x-amzn-errortype", "NotFoundException");
                *answer.status_mut() = StatusCode::try_from(404)
                    .map_err(|error| ConnectorError::other(error.into(), None))?;
            }
            SdkBody::from(value.to_string())
        }
        Err(_) => SdkBody::from(bytes),
    };
    Ok(answer)
}

/// Nobody asks when: all is of the epoch.
fn times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if name.ends_with("At") && member.is_string() {
                    *member = Value::from(0);
                } else {
                    times(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(times),
        _ => {}
    }
}
