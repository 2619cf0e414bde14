//! The list of what settles, looked at in batches by kind.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::engine::{KindInfo, Waiting};

/// One step that settles.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) step: usize,
    pub(super) waiting: Waiting,
    /// Since when.
    pub(super) since: Duration,
    /// Since when it waits for a person.
    pub(super) paused: Option<Duration>,
    /// Its kind's limit does not count.
    pub(super) unhurried: bool,
    /// When it is to be looked at.
    pub(super) next: Duration,
    /// How many looks in a row have failed.
    pub(super) failures: u32,
    /// A look at several failed for good: this one is looked at by itself to find out whose fault it is.
    pub(super) alone: bool,
}

/// Everything that settles and is not being looked at right now.
#[derive(Default)]
pub(super) struct WaitList {
    kinds: BTreeMap<&'static str, (&'static KindInfo, Vec<Entry>)>,
}

impl WaitList {
    pub(super) fn push(&mut self, info: &'static KindInfo, entry: Entry) {
        self.kinds.entry(info.kind).or_insert_with(|| (info, Vec::new())).1.push(entry);
    }

    /// When the next look is due.
    pub(super) fn next(&self) -> Option<Duration> {
        self.kinds.values().flat_map(|(_, entries)| entries).map(|entry| entry.next).min()
    }

    /// Takes out the batches that are due; what would be due soon comes along, so that
    /// objects made one after another are soon looked at together.
    pub(super) fn due(&mut self, now: Duration) -> Vec<(&'static str, Vec<Entry>)> {
        let mut batches = Vec::new();
        for (kind, (info, entries)) in &mut self.kinds {
            if !entries.iter().any(|entry| entry.next <= now) {
                continue;
            }
            let soon = now + info.pace.every / 2;
            let (due, later): (Vec<Entry>, Vec<Entry>) =
                entries.drain(..).partition(|entry| entry.next <= soon);
            *entries = later;
            let (alone, together): (Vec<Entry>, Vec<Entry>) =
                due.into_iter().partition(|entry| entry.alone);
            if !together.is_empty() {
                batches.push((*kind, together));
            }
            batches.extend(alone.into_iter().map(|entry| (*kind, vec![entry])));
        }
        batches
    }

    /// Empties the list.
    pub(super) fn clear(&mut self) {
        self.kinds.clear();
    }
}
