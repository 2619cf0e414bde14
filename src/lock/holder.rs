//! What a lease's parameter says: who holds it, and whether it was given back.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Who runs shipit here, where and for what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// The caller's ARN.
    pub who: String,
    /// The machine's name.
    pub host: String,
    /// The process's number on that machine.
    pub pid: u32,
    /// The command, as typed: `shipit deploy --env test`.
    pub command: String,
    /// The CI job's page, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The process's identity on its machine, boot and process namespace included: local AWS
    /// alone judges by it, as its account lives on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
}

/// The value of one lease's parameter, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Who holds it.
    #[serde(flatten)]
    pub me: Me,
    /// Since when, by the holder's clock, RFC 3339: for people only.
    pub since: String,
    /// Random: tells one's own lease from another's.
    pub nonce: String,
    /// Names the run, as in client tokens.
    pub run: String,
    /// How long it may go without a heartbeat, in milliseconds.
    pub lease: u64,
    /// The parameter whose heartbeat counts for this lease, if it is not this one: a run that holds
    /// several keeps one alive, and releases that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_by: Option<String>,
    /// Counts heartbeats.
    #[serde(default)]
    pub beats: u64,
    /// When it was given back or taken away, RFC 3339; held while absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<String>,
    /// For so long, in milliseconds, a run that had the lock before may not have noticed that
    /// it is lost: who takes it next waits first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hold_off: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Holder {
    /// How long it may go without a heartbeat.
    pub fn lease(&self) -> Duration {
        Duration::from_millis(self.lease)
    }

    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
