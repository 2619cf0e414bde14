//! The log of one container, as a stream of lines with their times.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::BodyExt;
use kube::client::Body;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::api::encoded;
use super::client::{Call, Client};
use crate::engine::Failure;

/// What is longer than this without an end is given as several lines.
const LONGEST: usize = 256 << 10;

/// Which part of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogPart {
    /// It does not end with what is there.
    pub follow: bool,
    /// Of the run before this one.
    pub previous: bool,
    /// Nothing of before then, in nanoseconds since 1970; the server knows whole seconds.
    pub since: Option<i128>,
    /// Of that only so many lines, the last.
    pub tail: Option<usize>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written, in nanoseconds since 1970.
    pub at: i128,
    /// Without its end.
    pub message: String,
}

/// The lines of a log as they come.
#[derive(Debug)]
pub struct LogLines {
    /// Never shared: behind a lock only so that what holds it may be.
    body: Mutex<Body>,
    rest: Vec<u8>,
    /// The time of a line of which only a part was given.
    part: Option<i128>,
}

impl Client {
    /// The log of a container: `GET …/pods/NAME/log`.
    ///
    /// # Errors
    /// The pod is not there, the container has not started, or it may not be read.
    pub async fn logs(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        part: LogPart,
    ) -> Result<LogLines, Failure> {
        let mut path = format!(
            "/api/v1/namespaces/{}/pods/{}/log?container={}&timestamps=true",
            encoded(namespace),
            encoded(pod),
            encoded(container),
        );
        if part.follow {
            path.push_str("&follow=true");
        }
        if part.previous {
            path.push_str("&previous=true");
        }
        if let Some(lines) = part.tail {
            path.push_str(&format!("&tailLines={lines}"));
        }
        let since = part.since.and_then(|since| {
            let at = OffsetDateTime::from_unix_timestamp_nanos(since).ok()?;
            at.replace_nanosecond(0).ok()?.format(&Rfc3339).ok()
        });
        if let Some(since) = since {
            path.push_str(&format!("&sinceTime={}", encoded(&since)));
        }
        let call = Call { accept: "*/*", ..Call::get("GetPodLog", &path) };
        let body = self.open(call).await?;
        Ok(LogLines { body: Mutex::new(body), rest: Vec::new(), part: None })
    }
}

impl LogLines {
    /// The next lines, at least one; none at the end.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn next(&mut self) -> Result<Vec<LogLine>, kube::Error> {
        loop {
            let lines = self.take();
            if !lines.is_empty() {
                return Ok(lines);
            }
            let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner);
            match body.frame().await {
                None => {
                    let last = std::mem::take(&mut self.rest);
                    return Ok(match last.is_empty() {
                        true => Vec::new(),
                        false => vec![self.line(&last)],
                    });
                }
                Some(frame) => {
                    let data = frame?.into_data().unwrap_or_else(|_| Bytes::new());
                    self.rest.extend_from_slice(&data);
                }
            }
        }
    }

    /// The whole lines of what has come.
    fn take(&mut self) -> Vec<LogLine> {
        let mut lines = Vec::new();
        let rest = std::mem::take(&mut self.rest);
        let mut start = 0;
        while let Some(end) = rest[start..].iter().position(|byte| *byte == b'\n') {
            lines.push(self.line(&rest[start..start + end]));
            self.part = None;
            start += end + 1;
        }
        self.rest = rest[start..].to_vec();
        if self.rest.len() > LONGEST {
            let cut = std::mem::take(&mut self.rest);
            let line = self.line(&cut);
            self.part = Some(line.at);
            lines.push(line);
        }
        lines
    }

    fn line(&self, bytes: &[u8]) -> LogLine {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_end_matches('\r');
        if let Some(at) = self.part {
            return LogLine { at, message: text.to_owned() };
        }
        let (stamp, message) = text.split_once(' ').unwrap_or((text, ""));
        match OffsetDateTime::parse(stamp, &Rfc3339) {
            Ok(at) => LogLine { at: at.unix_timestamp_nanos(), message: message.to_owned() },
            // What the server says in place of a log.
            Err(_) => LogLine { at: 0, message: text.to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_from_pieces() {
        let mut lines = LogLines { body: Mutex::new(Body::empty()), rest: Vec::new(), part: None };
        lines.rest.extend_from_slice(b"1970-01-01T00:00:01.5Z hello\r\n1970-01-01T00:00:02Z wor");
        let line = |at, message: &str| LogLine { at, message: message.to_owned() };
        assert_eq!(lines.take(), [line(1_500_000_000, "hello")]);
        lines.rest.extend_from_slice(b"ld\n1970-01-01T00:00:03Z \nunable to retrieve\n");
        assert_eq!(
            lines.take(),
            [line(2_000_000_000, "world"), line(3_000_000_000, ""), line(0, "unable to retrieve")]
        );
        lines.rest.extend_from_slice(b"1970-01-01T00:00:04Z ");
        lines.rest.extend(std::iter::repeat_n(b'x', LONGEST));
        assert_eq!(lines.take().len(), 1);
        assert!(lines.rest.is_empty());
        lines.rest.extend_from_slice(b"end\n");
        assert_eq!(lines.take(), [line(4_000_000_000, "end")]);
    }
}
