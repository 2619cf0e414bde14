//! Local AWS on a port, with doors before operations, and a list of who called what.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use shipit::local::clock::Speed;
use shipit::local::{LocalAws, LocalOptions};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

/// One call, in the order in which they were let through.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Called {
    /// The access key: names the process.
    pub(super) run: String,
    pub(super) operation: String,
}

impl Called {
    /// Whether it changes something that is not a lock.
    pub(super) fn changes(&self) -> bool {
        let reads =
            ["Describe", "Get", "List", "Simulate", "BatchGet", "Lookup", "Discover", "GET "];
        !reads.iter().any(|verb| self.operation.starts_with(verb))
            && !["PutParameter", "DeleteParameters"].contains(&self.operation.as_str())
    }
}

#[derive(Default)]
struct State {
    /// Run and operation of calls that are held back.
    shut: Vec<(String, String)>,
    waiting: Vec<Called>,
    let_through: Vec<Called>,
}

pub(super) struct Front {
    pub(super) url: String,
    state: Arc<Mutex<State>>,
    opened: Arc<Notify>,
    runtime: Option<Runtime>,
}

impl Front {
    pub(super) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let options = LocalOptions { speed: Speed::Instant, ..LocalOptions::default() };
        let local = LocalAws::open(options).unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (state, opened) = (Arc::<Mutex<State>>::default(), Arc::new(Notify::new()));
        let shared = (local, state.clone(), opened.clone());
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = shared.clone();
                let service = service_fn(move |request| {
                    let (local, state, opened) = shared.clone();
                    async move { Ok::<_, Infallible>(answer(&local, &state, &opened, request).await) }
                });
                let _ = stream.set_nodelay(true);
                tokio::spawn(async move {
                    let _ =
                        http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { url, state, opened, runtime: Some(runtime) }
    }

    /// Holds back this operation; `*` for every run.
    pub(super) fn shut(&self, run: &str, operation: &str) {
        self.state.lock().unwrap().shut.push((run.to_owned(), operation.to_owned()));
    }

    /// Lets everything through.
    pub(super) fn open(&self) {
        self.state.lock().unwrap().shut.clear();
        self.opened.notify_waiters();
    }

    /// The runs that stand before a door.
    pub(super) fn waiting(&self) -> Vec<String> {
        self.state.lock().unwrap().waiting.iter().map(|called| called.run.clone()).collect()
    }

    /// What was let through since the last time it was forgotten.
    pub(super) fn calls(&self) -> Vec<Called> {
        self.state.lock().unwrap().let_through.clone()
    }

    pub(super) fn forget(&self) {
        self.state.lock().unwrap().let_through.clear();
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn answer(
    local: &LocalAws,
    state: &Mutex<State>,
    opened: &Notify,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let called = Called { run: run(&parts), operation: operation(&parts, &body) };
    loop {
        let door = opened.notified();
        tokio::pin!(door);
        door.as_mut().enable();
        {
            let mut state = state.lock().unwrap();
            let here = state.waiting.iter().position(|waiting| *waiting == called);
            let shut = state.shut.iter().any(|(run, operation)| {
                *operation == called.operation && (run == "*" || *run == called.run)
            });
            match (shut, here) {
                (true, None) => state.waiting.push(called.clone()),
                (true, Some(_)) => {}
                (false, here) => {
                    if let Some(here) = here {
                        state.waiting.remove(here);
                    }
                    state.let_through.push(called.clone());
                    break;
                }
            }
        }
        door.await;
    }
    match local.handle(Request::from_parts(parts, body)).await {
        Ok(response) => response.map(Full::new),
        Err(lost) => {
            let mut response = Response::new(Full::new(Bytes::from(lost.to_string())));
            *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}

/// The access key of the signature.
fn run(parts: &http::request::Parts) -> String {
    let header = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
    let key = header.and_then(|text| text.split("Credential=").nth(1)?.split('/').next());
    key.unwrap_or_default().to_owned()
}

fn operation(parts: &http::request::Parts, body: &[u8]) -> String {
    let target = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    if let Some((_, operation)) = target.and_then(|target| target.rsplit_once('.')) {
        return operation.to_owned();
    }
    let text = String::from_utf8_lossy(body);
    let action = text.split('&').find_map(|pair| pair.strip_prefix("Action="));
    // REST services say it by method and path; CBOR at the path's end.
    let path = parts.uri.path();
    match (action, path.split_once("/operation/")) {
        (Some(action), _) => action.to_owned(),
        (None, Some((_, operation))) => operation.to_owned(),
        (None, None) => format!("{} {path}", parts.method),
    }
}
