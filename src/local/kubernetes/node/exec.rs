//! Sessions in a container in which nothing runs. A few words stand for its programs: `echo`, `cat`, `true`, `false`, `hostname`, and a shell
//! that knows these, `exit` and `stty size`. What else is run says so, and ends with 127.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, UPGRADE,
};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{Asked, Body, says};
use crate::local::document::Document;
use crate::local::kubernetes::Api;

const INPUT: u8 = 0;
const OUTPUT: u8 = 1;
const ERRORS: u8 = 2;
const STATUS: u8 = 3;
const SIZE: u8 = 4;
const CLOSE: u8 = 255;
/// How long the other side may take to close, too.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// What can be spoken, the best first; each also with its frames in base64.
const PROTOCOLS: [&str; 3] = ["v5.channel.k8s.io", "v4.channel.k8s.io", "base64.channel.k8s.io"];

pub(super) async fn answer(
    mut request: Request<Incoming>,
    asked: Asked,
    api: &Api,
) -> Response<Body> {
    let header =
        |name| request.headers().get(name).and_then(|text: &HeaderValue| text.to_str().ok());
    if !header(UPGRADE).is_some_and(|text| text.eq_ignore_ascii_case("websocket")) {
        let why = "the played nodes open sessions over WebSockets alone, and not over SPDY";
        return says(StatusCode::BAD_REQUEST, why);
    }
    let offered: Vec<&str> =
        header(SEC_WEBSOCKET_PROTOCOL).unwrap_or_default().split(',').map(str::trim).collect();
    let Some(protocol) = PROTOCOLS.into_iter().find(|one| offered.contains(one)) else {
        return says(StatusCode::BAD_REQUEST, "no protocol of these is known here");
    };
    let accept = derive_accept_key(header(SEC_WEBSOCKET_KEY).unwrap_or_default().as_bytes());
    let Ok(accept) = HeaderValue::from_str(&accept) else {
        return says(StatusCode::BAD_REQUEST, "the key of the WebSocket makes no sense");
    };
    let Some(pod) = asked.pod(api).await else {
        return says(StatusCode::NOT_FOUND, "pod does not exist");
    };
    let running = asked.container(&pod).is_some_and(|(_, live)| live["state"].has("running"));
    if !running {
        let why =
            format!("unable to upgrade connection: container not found (\"{}\")", asked.container);
        return says(StatusCode::NOT_FOUND, &why);
    }
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgraded.await else { return };
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None);
        let mut session = Session {
            socket: socket.await,
            encoded: protocol.starts_with("base64"),
            terminal: asked.is("tty"),
            size: (80, 24),
            typed: Vec::new(),
            ended: !asked.is("input"),
        };
        let commands = asked.query.iter().filter(|(key, _)| key == "command");
        let command: Vec<String> = commands.map(|(_, word)| word.clone()).collect();
        let _ = session.all(&command, &asked.pod).await;
    });
    let mut response = Response::new(Empty::new().boxed_unsync());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    response
}

struct Session {
    socket: WebSocketStream<TokioIo<Upgraded>>,
    encoded: bool,
    terminal: bool,
    size: (u64, u64),
    typed: Vec<u8>,
    /// Nothing more is typed.
    ended: bool,
}

impl Session {
    async fn all(&mut self, command: &[String], pod: &str) -> Result<(), Error> {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let code = match words.as_slice() {
            [shell] if is_shell(shell) => self.shell(pod).await?,
            [shell, "-c", line] if is_shell(shell) => self.line(line, pod).await?,
            words => self.run(words, pod).await?,
        };
        let status = match code {
            0 => json!({"metadata": {}, "status": "Success"}),
            code => json!({
                "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
                "message": format!("command terminated with non-zero exit code: exit status {code}"),
                "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
            }),
        };
        self.send(STATUS, status.to_string().as_bytes()).await?;
        self.socket.close(None).await?;
        // Whoever lets go of a connection on which something is left to read takes back what is still on its way.
        let rest = async { while let Some(Ok(_)) = self.socket.next().await {} };
        let _ = tokio::time::timeout(LAST_WORDS, rest).await;
        Ok(())
    }

    /// Lines are read and run until there are no more.
    async fn shell(&mut self, pod: &str) -> Result<i32, Error> {
        let mut code = 0;
        loop {
            if self.terminal {
                self.send(OUTPUT, b"$ ").await?;
            }
            let Some(line) = self.read().await? else { return Ok(code) };
            if self.terminal {
                // The terminal of the other side shows nothing by itself.
                self.send(OUTPUT, format!("{line}\r\n").as_bytes()).await?;
            }
            let mut words = line.split_whitespace();
            if words.next() == Some("exit") {
                return Ok(words.next().map_or(code, |code| code.parse().unwrap_or(2)));
            }
            code = self.line(&line, pod).await?;
        }
    }

    async fn line(&mut self, line: &str, pod: &str) -> Result<i32, Error> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => Ok(0),
            ["exit", code] => Ok(code.parse().unwrap_or(2)),
            words => self.run(words, pod).await,
        }
    }

    async fn run(&mut self, words: &[&str], pod: &str) -> Result<i32, Error> {
        match words {
            ["true"] => Ok(0),
            ["false"] => Ok(1),
            ["hostname"] => self.say(pod).await,
            ["echo", words @ ..] => self.say(&words.join(" ")).await,
            ["stty", "size"] => {
                let (columns, rows) = self.size;
                self.say(&format!("{rows} {columns}")).await
            }
            ["cat"] => {
                while let Some(line) = self.read().await? {
                    self.say(&line).await?;
                }
                Ok(0)
            }
            words => {
                let name = words.first().copied().unwrap_or_default();
                let end = self.end();
                let why = format!("{name}: local Kubernetes runs no containers{end}");
                let channel = if self.terminal { OUTPUT } else { ERRORS };
                self.send(channel, why.as_bytes()).await?;
                Ok(127)
            }
        }
    }

    fn end(&self) -> &'static str {
        if self.terminal { "\r\n" } else { "\n" }
    }

    async fn say(&mut self, text: &str) -> Result<i32, Error> {
        let end = self.end();
        self.send(OUTPUT, format!("{text}{end}").as_bytes()).await?;
        Ok(0)
    }

    /// The next line that is typed; nothing at the end.
    async fn read(&mut self) -> Result<Option<String>, Error> {
        loop {
            let end = self.typed.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            if let Some(end) = end {
                let line: Vec<u8> = self.typed.drain(..=end).collect();
                return Ok(Some(String::from_utf8_lossy(&line[..end]).into_owned()));
            }
            // As a terminal has it, the end of what is typed is a byte.
            if self.terminal && self.typed.first() == Some(&4) {
                return Ok(None);
            }
            if self.ended {
                let last = std::mem::take(&mut self.typed);
                let last = String::from_utf8_lossy(&last).into_owned();
                return Ok(Some(last).filter(|last| !last.is_empty()));
            }
            match self.socket.next().await {
                None => self.ended = true,
                Some(message) => self.hear(&message?),
            }
        }
    }

    fn hear(&mut self, message: &Message) {
        let data = match message {
            Message::Text(text) if self.encoded => {
                let Some((channel, rest)) = text.split_at_checked(1) else { return };
                let mut data = vec![channel.as_bytes()[0].wrapping_sub(b'0')];
                data.extend(STANDARD.decode(rest).unwrap_or_default());
                data
            }
            Message::Binary(data) => data.to_vec(),
            Message::Close(_) => {
                self.ended = true;
                return;
            }
            _ => return,
        };
        match data.split_first() {
            Some((&INPUT, typed)) => self.typed.extend_from_slice(typed),
            Some((&SIZE, size)) => {
                let size: Value = serde_json::from_slice(size).unwrap_or_default();
                let side = |name: &str| size[name].as_u64().unwrap_or_default();
                self.size = (side("Width"), side("Height"));
            }
            Some((&CLOSE, [INPUT])) => self.ended = true,
            _ => {}
        }
    }

    async fn send(&mut self, channel: u8, data: &[u8]) -> Result<(), Error> {
        let message = match self.encoded {
            true => Message::text(format!("{channel}{}", STANDARD.encode(data))),
            false => {
                let mut frame = vec![channel];
                frame.extend_from_slice(data);
                Message::binary(frame)
            }
        };
        self.socket.send(message).await
    }
}

fn is_shell(name: &str) -> bool {
    ["sh", "bash", "ash"].contains(&name.rsplit('/').next().unwrap_or(name))
}
