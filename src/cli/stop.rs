//! Why a command stopped, and the exit code that tells it to scripts.

use serde_json::{Value, json};

use crate::engine::{Class, Failure, Moved};
use crate::manifest::Problems;
use crate::planner;
use crate::render::events::{self, Line};
use crate::render::{Format, Terminal, human, json, markdown};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// It failed, and nothing was changed by it.
    Failed,
    /// There are changes (only with `--exit-code`).
    Changes,
    /// Some steps were done and some not.
    Partly,
    /// Refused before anything was changed: wrong account, foreign resources, a missing step.
    Refused,
    /// Manifests are invalid.
    Invalid,
    /// A deployment has paused, and waits for `svc continue`.
    Paused,
    /// Interrupted.
    Interrupted,
    /// A task that was run ended with this code.
    Task(u8),
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Changes => 2,
            Self::Partly => 3,
            Self::Refused => 4,
            Self::Invalid => 5,
            Self::Paused => 6,
            Self::Interrupted => 130,
            Self::Task(code) => code,
        }
    }
}

/// A command that could not go on.
#[derive(Debug)]
pub struct Stop {
    /// The exit code.
    pub exit: Exit,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Problems(Problems),
    Failures(Vec<(Option<String>, Failure)>),
    Message { message: String, hint: Option<String> },
    Stale { moved: Vec<Moved>, files: Vec<String> },
}

/// What to do about a stale plan.
const PLAN_AGAIN: &str = "plan again, and look at what it would do now";

impl Stop {
    /// Refused: what, and what to type instead.
    pub fn refused(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::because(Exit::Refused, message, hint)
    }

    /// Failed: what, and what to type next.
    pub fn failed(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::because(Exit::Failed, message, hint)
    }

    /// Refused: what a plan depends on has moved, and which manifests have changed.
    pub fn stale(moved: Vec<Moved>, files: Vec<String>) -> Self {
        Self { exit: Exit::Refused, why: Why::Stale { moved, files } }
    }

    /// Interrupted before anything was changed.
    pub fn interrupted() -> Self {
        Self::because(Exit::Interrupted, "interrupted: nothing was changed", "")
    }

    /// Interrupted, and something goes on: what, and how to end it.
    pub fn left(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::because(Exit::Interrupted, message, hint)
    }

    fn because(exit: Exit, message: impl Into<String>, hint: impl Into<String>) -> Self {
        let hint = Some(hint.into()).filter(|hint: &String| !hint.is_empty());
        Self { exit, why: Why::Message { message: message.into(), hint } }
    }

    /// Several failures, each with what it concerns.
    pub fn failures(failures: Vec<(String, Failure)>) -> Self {
        let exit = Exit::Failed;
        let mut failures: Vec<(Option<String>, Failure)> =
            failures.into_iter().map(|(what, failure)| (Some(what), failure)).collect();
        // One broken credential or endpoint fails every call alike: say it once.
        let shared =
            |failure: &Failure| matches!(failure.class, Class::Credentials | Class::Unreachable);
        if failures.iter().all(|(_, failure)| shared(failure)) {
            failures.truncate(1);
            failures.iter_mut().for_each(|(what, _)| *what = None);
        }
        Self { exit, why: Why::Failures(failures) }
    }

    /// The reason as a document.
    pub(super) fn document(&self) -> Value {
        match &self.why {
            Why::Problems(problems) => json!({ "problems": problems }),
            Why::Failures(failures) => {
                let list: Vec<_> = failures
                    .iter()
                    .map(|(what, failure)| json!({ "what": what, "failure": failure }))
                    .collect();
                json!({ "failures": list })
            }
            Why::Message { message, hint } => json!({ "error": message, "hint": hint }),
            Why::Stale { moved, files } => json!({
                "error": "the plan is stale",
                "holds": false,
                "moved": moved,
                "manifests": files,
                "hint": PLAN_AGAIN,
            }),
        }
    }

    /// The reason for people.
    pub(super) fn said(&self) -> String {
        match &self.why {
            Why::Problems(problems) => human::problem::problems(problems),
            Why::Failures(failures) => {
                let said = failures.iter().map(|(what, failure)| {
                    let mut failure = failure.clone();
                    if let Some(what) = what {
                        failure.message = format!("{what}: {}", failure.message);
                    }
                    human::failure::failure(None, &failure)
                });
                said.collect::<Vec<_>>().join("\n")
            }
            Why::Message { message, hint } => human::failure::message(message, hint.as_deref()),
            Why::Stale { moved, files } => human::stale::stale(moved, files, PLAN_AGAIN),
        }
    }

    /// Prints the reason: on stderr for people, as a document on stdout for programs, as both for comments.
    pub fn print(&self, terminal: &Terminal, environment: Option<&str>) {
        match terminal.format {
            Format::Json if events::begun() => {
                terminal.out(&json::line(&Line::Stopped { why: self.document() }));
                terminal.out(&json::line(&Line::outcome(None, self.exit.code())));
            }
            Format::Json => terminal.out(&json::document(&self.document())),
            Format::Human | Format::Dot | Format::Mermaid | Format::Svg => {
                terminal.say(&self.said())
            }
            Format::Markdown => {
                terminal.say(&self.said());
                terminal.out(&self.markdown(environment));
            }
        }
    }

    /// The reason as a comment, about the environment that was named.
    pub(super) fn markdown(&self, environment: Option<&str>) -> String {
        markdown::stop(&self.said(), self.exit.code(), environment)
    }
}

impl From<Problems> for Stop {
    fn from(problems: Problems) -> Self {
        Self { exit: Exit::Invalid, why: Why::Problems(problems) }
    }
}

impl From<planner::Error> for Stop {
    fn from(error: planner::Error) -> Self {
        match error {
            planner::Error::Failure(failure) => failure.into(),
            planner::Error::Problems(problems) => problems.into(),
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self { exit: Exit::Failed, why: Why::Failures(vec![(None, failure)]) }
    }
}
