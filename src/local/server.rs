//! Local AWS on a port: HTTP/1.1 with keep-alive, for boto3, the aws command line and curl.

use std::io;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::{ConnectionLost, LocalAws};

/// No request of ours is near this size.
const LARGEST_BODY: usize = 32 << 20;
/// Layers of images are.
const LARGEST_LAYER: usize = 2 << 30;

/// What answers "are you there" without credentials.
const HEALTH: &str = "/_shipit/health";

pub(super) async fn serve(local: LocalAws, listener: TcpListener) -> io::Result<()> {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // The client has gone before it was served: no matter.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
            Err(error) => return Err(error),
        };
        tokio::spawn(connection(local.clone(), stream));
    }
}

async fn connection(local: LocalAws, stream: TcpStream) {
    // Answers are small; waiting to fill a packet would cost 40 ms each.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let local = local.clone();
        async move { answer(&local, request).await }
    });
    // A connection that ends badly is the client's business; a lost answer is meant to end so.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    local: &LocalAws,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, ConnectionLost> {
    if request.uri().path() == HEALTH {
        return Ok(Response::new(Full::new(Bytes::from_static(b"{\"status\":\"ok\"}\n"))));
    }
    let (parts, body) = request.into_parts();
    let largest = if parts.uri.path().starts_with("/v2/") { LARGEST_LAYER } else { LARGEST_BODY };
    let body = match Limited::new(body, largest).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            let mut response = Response::new(Full::new(Bytes::from(error.to_string())));
            *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            return Ok(response);
        }
    };
    local.handle(Request::from_parts(parts, body)).await.map(|response| response.map(Full::new))
}
