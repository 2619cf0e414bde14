//! Which events were given out already: their ids, for as long as late ones may still come, and never more than fit.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// An event that comes later than this after a newer one of the same group is not seen: AWS shows what agents send within
/// seconds, in milliseconds.
pub(super) const LATE: i64 = 60_000;
/// So many ids are kept at most, beside those of the newest millisecond. Where lines come so fast that this is less than
/// [`LATE`], late ones are waited for less long: what is read once more at each look stays bounded, too.
pub(super) const MOST: usize = 20_000;

/// Which events were given out. What is before its beginning never is again.
#[derive(Debug)]
pub(super) struct Window {
    /// Milliseconds since 1970.
    from: i64,
    newest: i64,
    /// Time and a digest of the id.
    given: BTreeSet<(i64, u64)>,
    most: usize,
}

impl Window {
    /// Nothing was given out, and nothing of before `from` is to be.
    pub(super) fn new(from: i64, most: usize) -> Self {
        Self { from, newest: from, given: BTreeSet::new(), most }
    }

    /// From when on it has to be asked for events.
    pub(super) fn from(&self) -> i64 {
        self.from
    }

    /// Whether this event is new; from now on it is not.
    pub(super) fn take(&mut self, at: i64, id: &str) -> bool {
        if at < self.from {
            return false;
        }
        self.newest = self.newest.max(at);
        let mut digest = DefaultHasher::new();
        id.hash(&mut digest);
        let new = self.given.insert((at, digest.finish()));
        while self.given.len() > self.most {
            match self.given.first() {
                Some((first, _)) if *first < self.newest => self.begin_at(first + 1),
                _ => break,
            }
        }
        new
    }

    /// All that there is was given out: what comes now is new or late.
    pub(super) fn caught_up(&mut self) {
        self.begin_at(self.newest - LATE);
    }

    fn begin_at(&mut self, from: i64) {
        if from > self.from {
            self.from = from;
            self.given = self.given.split_off(&(from, 0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_lines_leave_no_more_than_the_window_holds() {
        let mut window = Window::new(0, MOST);
        let mut largest = 0;
        for number in 0..1_000_000_i64 {
            // Forty a millisecond: far more than the window's time may hold.
            assert!(window.take(number / 40, &number.to_string()), "{number}");
            largest = largest.max(window.given.len());
        }
        assert_eq!(largest, MOST);
        // The last ones are known, and what is older is not asked for.
        assert!(!window.take(999_999 / 40, "999999"));
        assert_eq!(window.from(), 25_000 - 500);
        assert!(!window.take(0, "0"));
    }

    #[test]
    fn late_ones_are_new_once_and_what_was_given_is_not() {
        let mut window = Window::new(1_000, MOST);
        assert!(!window.take(999, "before it begins"));
        assert!(window.take(100_000, "a"));
        window.caught_up();
        assert_eq!(window.from(), 40_000);
        assert!(!window.take(100_000, "a"));
        assert!(window.take(100_000, "b"));
        assert!(window.take(41_000, "late"));
        assert!(!window.take(41_000, "late"));
        assert!(!window.take(39_000, "too late"));
        // The first look back does not begin before the beginning.
        let mut window = Window::new(1_000, MOST);
        window.take(2_000, "a");
        window.caught_up();
        assert_eq!(window.from(), 1_000);
    }

    #[test]
    fn those_of_one_millisecond_stay_together() {
        let mut window = Window::new(0, 3);
        for id in ["a", "b", "c", "d"] {
            assert!(window.take(7, id));
        }
        assert!(!window.take(7, "a"));
        assert!(window.take(8, "e"));
        assert_eq!((window.from(), window.given.len()), (8, 1));
    }
}
