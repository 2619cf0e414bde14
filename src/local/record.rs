//! What was called: for tests that count calls, and for benchmarks.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::clock::Millis;

/// One call that was made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallRecord {
    /// When it arrived, in milliseconds since 1970.
    pub at: Millis,
    /// How long it took, added latency included, in microseconds.
    pub took: u64,
    /// Twelve digits.
    pub account: String,
    /// Such as `eu-west-1`.
    pub region: String,
    /// The service, by its signing name.
    pub service: String,
    /// The operation, or what stood in its place.
    pub operation: String,
    /// `ok`, the error's code, or `lost` for an answer that never came.
    pub outcome: String,
}

/// The calls of one process, in the order in which they were answered.
#[derive(Debug, Default)]
pub(super) struct Records {
    calls: Mutex<Vec<CallRecord>>,
    log: Option<Mutex<File>>,
}

impl Records {
    pub(super) fn new(log: Option<File>) -> Self {
        Self { calls: Mutex::default(), log: log.map(Mutex::new) }
    }

    pub(super) fn add(&self, record: CallRecord) {
        if let Some(log) = &self.log
            && let Ok(mut line) = serde_json::to_string(&record)
        {
            line.push('\n');
            let mut file = log.lock().unwrap_or_else(PoisonError::into_inner);
            // A log that cannot be written must not fail the call it tells of.
            let _ = file.write_all(line.as_bytes());
        }
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }

    pub(super) fn all(&self) -> Vec<CallRecord> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn clear(&self) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// How often each operation was called, by `service:Operation`.
pub fn count_calls(calls: &[CallRecord]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for call in calls {
        *counts.entry(format!("{}:{}", call.service, call.operation)).or_default() += 1;
    }
    counts
}
