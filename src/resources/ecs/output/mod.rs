//! What containers write, read from CloudWatch Logs: all that there is, or on and on.
//!
//! `FilterLogEvents` is asked once for all tasks of a service, since `GetLogEvents`, one stream a call, would need more
//! calls a second for some tens of tasks than an account has. Each look begins a little before the newest event that was
//! seen, as events of other tasks may come late; `window` knows what was given out. A look that fails goes on where it was.
//! `source` knows where the containers of a task definition write. Nothing here waits or prints.

mod previous;
mod source;
mod window;

use futures_util::future::try_join_all;
pub use previous::previous;
pub use source::{Source, sources};

pub use crate::resources::log_line::Line;

use crate::aws::Cx;
use crate::engine::Failure;

/// What is wanted of the logs.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// CloudWatch's filter pattern.
    pub filter: Option<String>,
    /// Nothing of after this, in milliseconds since 1970.
    pub until: Option<i64>,
    /// Only tasks whose ids begin with one of these; all where empty.
    pub tasks: Vec<String>,
}

/// Reads several logs side by side.
#[derive(Debug)]
pub struct Reader {
    sources: Vec<Source>,
    wanted: Wanted,
    /// A look has begun and not ended.
    looking: bool,
}

impl Reader {
    /// Of these logs, what is wanted.
    pub fn new(sources: Vec<Source>, wanted: Wanted) -> Self {
        Self { sources, wanted, looking: false }
    }

    /// One step of a look: some lines in order of time, and whether that is all there is for now. The lines of a page of
    /// each log are held at a time.
    ///
    /// # Errors
    /// A call is refused; the next step goes on from where this one began.
    pub async fn step(&mut self, cx: &Cx) -> Result<(Vec<Line>, bool), Failure> {
        if !self.looking {
            self.sources.iter_mut().for_each(Source::begin);
            self.looking = true;
        }
        let wanted = &self.wanted;
        let dry = self.sources.iter_mut().filter(|source| source.is_dry());
        try_join_all(dry.map(|source| source.fetch(cx, wanted))).await?;
        let mut lines = Vec::new();
        while !self.sources.iter().any(Source::is_dry) {
            let next = self.sources.iter_mut().filter(|source| source.first().is_some());
            let Some(source) = next.min_by_key(|source| source.first()) else {
                self.sources.iter_mut().for_each(Source::caught_up);
                self.looking = false;
                return Ok((lines, true));
            };
            lines.extend(source.pop());
        }
        Ok((lines, false))
    }
}
