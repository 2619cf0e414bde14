//! A command in a container, over a WebSocket whose frames begin with the number of a channel.

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::api::encoded;
use super::client::Client;
use crate::engine::{Class, Failure};

const INPUT: u8 = 0;
const OUTPUT: u8 = 1;
const ERRORS: u8 = 2;
const STATUS: u8 = 3;
const SIZE: u8 = 4;
/// Followed by the channel that is closed; from version 5 of the protocol on.
const CLOSE: u8 = 255;

/// What is run, and where.
#[derive(Clone, Copy, Debug)]
pub struct ExecPart<'a> {
    /// The namespace.
    pub namespace: &'a str,
    /// The pod.
    pub pod: &'a str,
    /// The container.
    pub container: &'a str,
    /// The command, as words.
    pub command: &'a [String],
    /// It gets what is typed.
    pub input: bool,
    /// It has a terminal: what it writes comes on one channel.
    pub terminal: bool,
}

/// An open session.
pub struct Session {
    stream: tokio_tungstenite::WebSocketStream<hyper_util::rt::TokioIo<hyper::upgrade::Upgraded>>,
    can_close: bool,
    /// How the command ended was told.
    ended: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("ended", &self.ended).finish_non_exhaustive()
    }
}

/// What comes out of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// What the command writes.
    Output(Bytes),
    /// What it writes to its standard error.
    Errors(Bytes),
    /// It has ended with this code.
    Ended(i32),
}

/// `meta/v1` `Status` of how a command ended.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    status: String,
    reason: String,
    message: String,
    details: Details,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    causes: Vec<Cause>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cause {
    reason: String,
    message: String,
}

impl Client {
    /// Runs a command in a container: `…/pods/NAME/exec`.
    ///
    /// # Errors
    /// The pod is not there or does not run, or it is not allowed.
    pub async fn exec(&self, part: ExecPart<'_>) -> Result<Session, Failure> {
        let mut path = format!(
            "/api/v1/namespaces/{}/pods/{}/exec?container={}&stdout=true&stdin={}&tty={}",
            encoded(part.namespace),
            encoded(part.pod),
            encoded(part.container),
            part.input,
            part.terminal,
        );
        if !part.terminal {
            path.push_str("&stderr=true");
        }
        for word in part.command {
            path.push_str(&format!("&command={}", encoded(word)));
        }
        let connection = self.connect("ExecPod", &path).await?;
        let can_close = connection.supports_stream_close();
        Ok(Session { stream: connection.into_stream(), can_close, ended: false })
    }
}

fn broken(why: impl std::fmt::Display) -> Failure {
    Failure::new(Class::LostAnswer, format!("the session broke: {why}"))
}

impl Session {
    /// What comes next; nothing once the server has closed.
    ///
    /// # Errors
    /// The connection broke, or the command could not be run.
    pub async fn next(&mut self) -> Result<Option<Said>, Failure> {
        loop {
            let message = match self.stream.next().await {
                None if self.ended => return Ok(None),
                None => return Err(broken("it was closed before the command ended")),
                Some(Err(_)) if self.ended => return Ok(None),
                Some(Err(error)) => return Err(broken(error)),
                Some(Ok(message)) => message,
            };
            let data = match message {
                Message::Binary(data) => data,
                Message::Text(text) => Bytes::from(text),
                Message::Close(_) if self.ended => return Ok(None),
                Message::Close(_) => return Err(broken("it was closed before the command ended")),
                _ => continue,
            };
            let Some(channel) = data.first().copied() else { continue };
            let data = data.slice(1..);
            match channel {
                // Each channel opens with a frame of nothing.
                OUTPUT | ERRORS | STATUS if data.is_empty() => {}
                OUTPUT => return Ok(Some(Said::Output(data))),
                ERRORS => return Ok(Some(Said::Errors(data))),
                STATUS => {
                    self.ended = true;
                    return code(&data).map(|code| Some(Said::Ended(code)));
                }
                _ => {}
            }
        }
    }

    /// Sends what was typed.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn write(&mut self, typed: &[u8]) -> Result<(), Failure> {
        self.send(INPUT, typed).await
    }

    /// Says that nothing more will be typed; a server that does not know how to hear it goes on waiting.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn end_input(&mut self) -> Result<(), Failure> {
        match self.can_close {
            true => self.send(CLOSE, &[INPUT]).await,
            false => Ok(()),
        }
    }

    /// Says how large the terminal is.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn resize(&mut self, columns: u16, rows: u16) -> Result<(), Failure> {
        let size = serde_json::json!({ "Width": columns, "Height": rows });
        self.send(SIZE, size.to_string().as_bytes()).await
    }

    /// Keeps what lies between here and the cluster from taking a silent session for a dead one.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn ping(&mut self) -> Result<(), Failure> {
        self.stream.send(Message::Ping(Bytes::new())).await.map_err(broken)
    }

    async fn send(&mut self, channel: u8, data: &[u8]) -> Result<(), Failure> {
        let mut frame = Vec::with_capacity(1 + data.len());
        frame.push(channel);
        frame.extend_from_slice(data);
        self.stream.send(Message::Binary(frame.into())).await.map_err(broken)
    }
}

/// The exit code that a status tells.
fn code(data: &[u8]) -> Result<i32, Failure> {
    let said: Status = serde_json::from_slice(data).map_err(broken)?;
    if said.status == "Success" {
        return Ok(0);
    }
    let causes = said.details.causes.iter();
    let mut codes = causes.filter(|cause| cause.reason == "ExitCode");
    match codes.next().and_then(|cause| cause.message.parse().ok()) {
        Some(code) if said.reason == "NonZeroExitCode" => Ok(code),
        _ => Err(Failure::new(
            Class::Invalid,
            format!("the command could not be run: {}", said.message.trim_end_matches('.')),
        )
        .with_hint(
            "`--command` names a program of the container's image; one without a shell runs none",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_tells_the_exit_code() {
        let code = |text: &str| code(text.as_bytes());
        assert_eq!(code(r#"{"status":"Success"}"#), Ok(0));
        let seven = r#"{"status":"Failure","reason":"NonZeroExitCode","message":"command terminated with exit code 7",
            "details":{"causes":[{"reason":"ExitCode","message":"7"}]}}"#;
        assert_eq!(code(seven), Ok(7));
        let missing = r#"{"status":"Failure","reason":"InternalError","message":"exec: \"vi\": executable file not found."}"#;
        let failure = code(missing).unwrap_err();
        assert_eq!(
            failure.message,
            "the command could not be run: exec: \"vi\": executable file not found"
        );
    }
}
