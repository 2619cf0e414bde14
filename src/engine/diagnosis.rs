//! Why something that was begun did not come to a good end: plain data, gathered once, for people and programs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::redact;

/// What became of a deployment that did not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It failed, and nothing was put back.
    Failed,
    /// It failed, and what was there before comes back.
    RolledBack,
    /// Someone else began another one meanwhile.
    Superseded,
    /// Someone stopped it.
    Stopped,
    /// It waits for a person, and may still come to a good end.
    Paused,
}

/// All that is known about a failure. The likely cause as a sentence is the failure's message, and the next command its hint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnosis {
    /// What became of it.
    pub verdict: Verdict,
    /// The likely cause, a word for programs: `image-not-found`; `None` where nothing points to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What it rests on, the most telling first.
    pub facts: Vec<Fact>,
    /// The last lines that what failed has written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogTail>,
}

/// One fact, as AWS words it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fact {
    /// What it is about: `deployment`, `stopped task`, `target`, `event`, `not read`.
    pub about: String,
    /// What is the case.
    pub text: String,
    /// How often it was seen.
    pub times: usize,
}

impl Fact {
    /// A fact seen once.
    pub fn new(about: &str, text: impl Into<String>) -> Self {
        Self { about: about.to_owned(), text: redact::others(&text.into()), times: 1 }
    }
}

/// The end of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogTail {
    /// Which: container, log group and stream.
    pub source: String,
    /// Its last lines, oldest first.
    pub lines: Vec<String>,
    /// Why there are none, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}
