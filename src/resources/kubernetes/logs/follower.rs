//! One container whose log is followed, for as long as its pod is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::Sender;

use super::filter::Filter;
use super::source::{Given, Place, is_silent};
use crate::engine::retry::read_schedule;
use crate::engine::{Class, Failure};
use crate::kubernetes::{Client, LogLines, LogPart};
use crate::resources::log_line::Line;

/// Before a log that has ended is asked for again: its container may have been started again.
const AGAIN: Duration = Duration::from_millis(500);
/// The longest pause where the cluster does not answer.
const LONGEST: Duration = Duration::from_secs(15);

/// Whether a container is no longer followed.
#[derive(Clone, Debug, Default)]
pub(super) struct Followed(Arc<AtomicBool>);

impl Followed {
    pub(super) fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What follows one container.
pub(super) struct Task {
    pub(super) client: Arc<Client>,
    pub(super) place: Place,
    pub(super) given: Given,
    /// In milliseconds since 1970.
    pub(super) from: i64,
    pub(super) filter: Arc<Filter>,
    pub(super) sender: Sender<Result<Line, Failure>>,
    pub(super) over: Followed,
}

impl Task {
    pub(super) async fn run(mut self) {
        if let Err(failure) = self.follow().await {
            let _ = self.sender.send(Err(failure)).await;
        }
        self.over.0.store(true, Ordering::Relaxed);
    }

    async fn follow(&mut self) -> Result<(), Failure> {
        let mut failures = 0_u32;
        loop {
            let from = i128::from(self.from) * 1_000_000;
            let part = LogPart {
                follow: true,
                since: self.given.newest.or(Some(from).filter(|from| *from > 0)),
                ..LogPart::default()
            };
            match self.place.open(&self.client, part).await {
                Ok(stream) => {
                    if !self.pass(stream).await? {
                        return Ok(());
                    }
                    failures = 0;
                }
                Err(failure) if failure.class == Class::Gone => return Ok(()),
                Err(failure) if is_silent(&failure) => {}
                Err(failure) if read_schedule(failure.class).is_some() => failures += 1,
                Err(failure) => return Err(failure),
            }
            tokio::time::sleep((AGAIN * (1 << failures.min(5))).min(LONGEST)).await;
        }
    }

    /// Passes on what a stream gives, until it ends. Gives whether somebody still reads.
    async fn pass(&mut self, mut stream: LogLines) -> Result<bool, Failure> {
        let mut known = self.given.again();
        loop {
            let lines = match stream.next().await {
                Ok(lines) if lines.is_empty() => return Ok(true),
                Ok(lines) => lines,
                // The container may end and start again before this is asked for anew.
                Err(_) => return self.run_before().await,
            };
            for line in lines {
                if !known.has(line.at) && !self.give(&line).await {
                    return Ok(false);
                }
            }
        }
    }

    /// What the run before this one has written since what was given.
    async fn run_before(&mut self) -> Result<bool, Failure> {
        let Some(newest) = self.given.newest else { return Ok(true) };
        let part = LogPart { previous: true, since: Some(newest), ..LogPart::default() };
        let Ok(mut stream) = self.place.open(&self.client, part).await else { return Ok(true) };
        let mut known = self.given.again();
        while let Ok(lines) = stream.next().await
            && !lines.is_empty()
        {
            for line in lines {
                if !known.has(line.at) && !self.give(&line).await {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    async fn give(&mut self, line: &crate::kubernetes::LogLine) -> bool {
        self.given.give(line.at);
        let line = self.place.line(line);
        let wanted = line.at >= self.from && self.filter.fits(&line.message);
        !wanted || self.sender.send(Ok(line)).await.is_ok()
    }
}
