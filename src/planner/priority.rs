//! Priorities of listener rules: unique on a listener, stable, and the more specific rule first.
//!
//! Several repositories may deploy into one environment, so no manifest knows all rules. A live
//! rule keeps its priority while it fits how specific the rule is; a new one takes a
//! slot that follows from its name, or the next free one.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Observation;

/// Slots for rules of one specificity.
const BUCKET: u32 = 999;
/// Path segments beyond this make no rule more specific.
const MOST_SEGMENTS: usize = 11;
/// Rules for everything come last; AWS ends at 50,000.
const CATCH_ALL: std::ops::Range<u32> = 48_000..50_000;

/// Priorities in use.
#[derive(Debug, Default)]
pub(super) struct Priorities {
    live: BTreeMap<String, u32>,
    taken: BTreeSet<u32>,
}

/// How specific a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Specificity {
    /// It names hosts.
    pub(super) host: bool,
    /// Segments of its path; 0 for `/`.
    pub(super) segments: usize,
    /// It names source addresses.
    pub(super) source: bool,
}

impl Specificity {
    fn range(self) -> std::ops::Range<u32> {
        if !self.host && self.segments == 0 && !self.source {
            return CATCH_ALL;
        }
        let segments = MOST_SEGMENTS - self.segments.min(MOST_SEGMENTS);
        let bucket = usize::from(!self.host) * (MOST_SEGMENTS + 1) * 2
            + segments * 2
            + usize::from(!self.source);
        let start = 1 + u32::try_from(bucket).unwrap_or_default() * BUCKET;
        start..start + BUCKET
    }
}

impl Priorities {
    /// Those of the live rules.
    pub(super) fn of_live(live: &Observation) -> Self {
        let rules = live.seen.of("elbv2/listener-rule").iter().filter_map(|rule| {
            let priority = u32::try_from(rule.spec["priority"].as_i64()?).ok()?;
            Some((rule.identity.address.name().to_owned(), priority))
        });
        let live: BTreeMap<String, u32> = rules.collect();
        let taken = live.values().copied().collect();
        Self { live, taken }
    }

    /// Leaves out priorities that rules of others have.
    pub(super) fn reserve(&mut self, priorities: &BTreeSet<u32>) {
        self.taken.extend(priorities);
    }

    /// The priority of the rule of this name.
    pub(super) fn of(&mut self, name: &str, specificity: Specificity) -> i32 {
        let range = specificity.range();
        let priority = match self.live.get(name) {
            Some(priority) if range.contains(priority) => *priority,
            _ => self.free(name, &range),
        };
        self.taken.insert(priority);
        i32::try_from(priority).unwrap_or(i32::MAX)
    }

    fn free(&self, name: &str, range: &std::ops::Range<u32>) -> u32 {
        let width = range.end - range.start;
        // FNV-1a: stable across builds, which the standard library's hashes are not.
        let hash = name
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        (0..width)
            .map(|step| range.start + (hash.wrapping_add(step)) % width)
            .find(|slot| !self.taken.contains(slot))
            .unwrap_or(range.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specificity(host: bool, segments: usize, source: bool) -> Specificity {
        Specificity { host, segments, source }
    }

    #[test]
    fn the_more_specific_rule_comes_first() {
        let mut priorities = Priorities::default();
        let order: Vec<i32> = [
            specificity(true, 2, false),
            specificity(true, 0, false),
            specificity(false, 3, true),
            specificity(false, 3, false),
            specificity(false, 1, false),
            specificity(false, 0, true),
            specificity(false, 0, false),
        ]
        .into_iter()
        .map(|specificity| priorities.of("api", specificity))
        .collect();
        assert!(order.is_sorted(), "{order:?}");
        assert!(order.iter().all(|priority| (1..=50_000).contains(priority)));
    }

    #[test]
    fn no_priority_is_given_twice() {
        let mut priorities = Priorities::default();
        let mut given: Vec<i32> = (0..900)
            .map(|n| priorities.of(&format!("s{n}"), specificity(false, 1, false)))
            .collect();
        given.sort_unstable();
        given.dedup();
        assert_eq!(given.len(), 900);
    }

    #[test]
    fn a_live_priority_is_kept_while_it_fits() {
        let fits = specificity(false, 1, false);
        let live = Priorities::default().of("other", fits);
        let live = u32::try_from(live).unwrap();
        let mut priorities = Priorities {
            live: BTreeMap::from([("api".to_owned(), live)]),
            taken: BTreeSet::from([live]),
        };
        assert_eq!(priorities.of("api", fits), i32::try_from(live).unwrap());
        assert_ne!(priorities.of("api", specificity(true, 1, false)), i32::try_from(live).unwrap());
    }
}
