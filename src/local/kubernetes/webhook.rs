//! What the API server asks about each token: `TokenReview`, as EKS answers it.

use std::convert::Infallible;
use std::io;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::net::TcpListener;

use super::token;

/// No review is near this size.
const LARGEST: usize = 1 << 20;

/// Answers until it is dropped.
pub(super) async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let service = service_fn(|request| async { Ok::<_, Infallible>(answer(request).await) });
        tokio::spawn(async move {
            // A connection that ends badly is the API server's business: it asks again.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(request: Request<Incoming>) -> Response<Full<Bytes>> {
    let body = Limited::new(request.into_body(), LARGEST).collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    let review: Value = serde_json::from_slice(&body).unwrap_or_default();
    let answer = review_of(&review, OffsetDateTime::now_utc());
    let mut response = Response::new(Full::new(Bytes::from(answer.to_string())));
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}

fn review_of(review: &Value, now: OffsetDateTime) -> Value {
    let token = review["spec"]["token"].as_str().unwrap_or_default();
    let status = match token::read(token, now) {
        Ok(caller) => json!({"authenticated": true, "user": caller.user()}),
        Err(error) => {
            json!({"authenticated": false, "error": format!("the token is refused: {error}")})
        }
    };
    json!({"apiVersion": review["apiVersion"], "kind": "TokenReview", "status": status})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_is_answered_in_its_own_version() {
        let review = json!({"apiVersion": "authentication.k8s.io/v1", "spec": {"token": "x"}});
        assert_eq!(
            review_of(&review, OffsetDateTime::UNIX_EPOCH),
            json!({
                "apiVersion": "authentication.k8s.io/v1",
                "kind": "TokenReview",
                "status": {
                    "authenticated": false,
                    "error": "the token is refused: it does not begin with k8s-aws-v1.",
                },
            })
        );
    }
}
