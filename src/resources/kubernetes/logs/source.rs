//! The log of one container, as far as it is there.

use std::collections::VecDeque;

use super::Wanted;
use crate::aws::Cx;
use crate::engine::{Class, Failure, redact};
use crate::kubernetes::{Client, LogLine, LogLines, LogPart};
use crate::resources::kubernetes::workload::Workload;
use crate::resources::log_line::Line;

const MILLISECOND: i128 = 1_000_000;

/// One container of a pod.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) service: String,
    pub(super) namespace: String,
    pub(super) pod: String,
    pub(super) uid: String,
    pub(super) container: String,
    /// When its run before this one ended, in seconds since 1970.
    pub(super) ended: Option<i64>,
    pub(super) workload: Workload,
}

impl Place {
    pub(super) fn key(&self) -> (String, String) {
        (self.uid.clone(), self.container.clone())
    }

    pub(super) fn line(&self, line: &LogLine) -> Line {
        Line {
            service: self.service.clone(),
            task: self.pod.clone(),
            container: self.container.clone(),
            at: i64::try_from(line.at / MILLISECOND).unwrap_or_default(),
            message: redact::others(&line.message),
        }
    }

    pub(super) async fn open(&self, client: &Client, part: LogPart) -> Result<LogLines, Failure> {
        client.logs(&self.namespace, &self.pod, &self.container, part).await
    }
}

/// What of a log was given out: the server begins again with whole seconds, and several lines may have one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    /// The time of the newest line.
    pub(super) newest: Option<i128>,
    /// How many lines of that time.
    count: usize,
}

impl Given {
    /// A stream begins at the second of the newest line: how many lines of its time are to come that are known.
    pub(super) fn again(&self) -> Known {
        Known { newest: self.newest, left: self.count }
    }

    pub(super) fn give(&mut self, at: i128) {
        match self.newest {
            Some(newest) if at < newest => {}
            Some(newest) if at == newest => self.count += 1,
            _ => (self.newest, self.count) = (Some(at), 1),
        }
    }
}

/// The lines at the beginning of a stream that were given out before.
#[derive(Clone, Debug)]
pub(super) struct Known {
    newest: Option<i128>,
    left: usize,
}

impl Known {
    /// Whether this line is one of them.
    pub(super) fn has(&mut self, at: i128) -> bool {
        let Some(newest) = self.newest else { return false };
        if at < newest {
            return true;
        }
        if at == newest && self.left > 0 {
            self.left -= 1;
            return true;
        }
        // From here on all is new, even if a clock went back.
        self.newest = None;
        false
    }
}

/// A log that is read up to its end.
pub(super) struct Source {
    place: Place,
    part: LogPart,
    from: i128,
    until: Option<i128>,
    stream: Option<LogLines>,
    known: Known,
    given: Given,
    page: VecDeque<LogLine>,
    done: bool,
}

impl Source {
    pub(super) fn new(place: Place, wanted: &Wanted) -> Self {
        let nanoseconds = |at: i64| i128::from(at) * MILLISECOND;
        let from = nanoseconds(wanted.from);
        let part = LogPart {
            previous: wanted.previous,
            since: Some(from).filter(|from| *from > 0),
            tail: wanted.tail.filter(|_| wanted.filter.is_none() && wanted.until.is_none()),
            ..LogPart::default()
        };
        Self {
            place,
            part,
            from,
            until: wanted.until.map(|until| nanoseconds(until) + MILLISECOND - 1),
            stream: None,
            known: Given::default().again(),
            given: Given::default(),
            page: VecDeque::new(),
            done: false,
        }
    }

    pub(super) fn is_dry(&self) -> bool {
        self.page.is_empty() && !self.done
    }

    pub(super) fn first(&self) -> Option<i128> {
        self.page.front().map(|line| line.at)
    }

    pub(super) fn pop(&mut self) -> Option<Line> {
        self.page.pop_front().map(|line| self.place.line(&line))
    }

    pub(super) fn into_place(self) -> (Place, Given) {
        (self.place, self.given)
    }

    /// Some more lines. Where it fails it goes on behind what was given.
    pub(super) async fn fetch(&mut self, cx: &Cx) -> Result<(), Failure> {
        if self.stream.is_none() {
            let client = self.place.workload.client(cx).await?;
            match self.place.open(&client, self.part).await {
                Ok(stream) => self.stream = Some(stream),
                // It is gone, or has not started.
                Err(failure) if is_silent(&failure) => {
                    self.done = true;
                    return Ok(());
                }
                Err(failure) => return Err(failure),
            }
        }
        let Some(stream) = &mut self.stream else { return Ok(()) };
        let lines = match stream.next().await {
            Ok(lines) => lines,
            Err(error) => {
                self.stream = None;
                self.part.since = self.given.newest.or(self.part.since);
                self.part.tail = None;
                self.known = self.given.again();
                return Err(Failure::new(Class::LostAnswer, format!("a log broke off: {error}")));
            }
        };
        self.done = lines.is_empty();
        for line in lines {
            if self.known.has(line.at) || line.at < self.from {
                continue;
            }
            if self.until.is_some_and(|until| line.at > until) {
                self.done = true;
                break;
            }
            self.given.give(line.at);
            self.page.push_back(line);
        }
        Ok(())
    }
}

/// Whether there is no log because the pod is gone or the container has not started: what a kubelet says is a 400.
pub(super) fn is_silent(failure: &Failure) -> bool {
    failure.class == Class::Gone || failure.code.as_deref() == Some("400")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_is_known_and_nothing_else() {
        let mut given = Given::default();
        for at in [10, 20, 20] {
            given.give(at);
        }
        let mut known = given.again();
        // The server begins with the second; one more line of the newest time has come meanwhile.
        let new: Vec<i128> =
            [10, 20, 20, 20, 30, 25].into_iter().filter(|at| !known.has(*at)).collect();
        assert_eq!(new, [20, 30, 25]);
        assert!(!Given::default().again().has(0));
    }
}
