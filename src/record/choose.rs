//! Which of a service's releases is current, and which one a rollback goes to.

use super::{Ending, Numbered};

/// The release that the service is at: the newest one that was not taken back. `history` is the
/// newest first.
pub fn current(history: &[Numbered]) -> Option<&Numbered> {
    history.iter().find(|one| matches!(one.release.outcome, Ending::Completed | Ending::NotAwaited))
}

/// Where a rollback goes that names no release. After a release that failed: the newest completed
/// one. Else the newest completed one before the current one that ran something else; from a
/// rollback it goes on backwards, and not forth again to what was just left.
pub fn before(history: &[Numbered]) -> Option<&Numbered> {
    let newest = history.first()?;
    let current = current(history)?;
    if newest.number != current.number && current.release.outcome.is_good() {
        return Some(current);
    }
    let from = current.release.rollback_to.unwrap_or(current.number);
    history.iter().find(|one| {
        one.number < from
            && one.release.outcome.is_good()
            && one.release.ran() != current.release.ran()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Release;

    /// Releases from the oldest on: how each ended, its revision, and what it went back to.
    fn history(list: &[(Ending, &str, Option<i64>)]) -> Vec<Numbered> {
        let numbered = (1..).zip(list).map(|(number, (ending, revision, rollback_to))| {
            let mut release = Release::new(String::new(), String::new(), *ending);
            release.task_definition = Some((*revision).to_owned());
            release.rollback_to = *rollback_to;
            Numbered { number, release }
        });
        let mut list: Vec<Numbered> = numbered.collect();
        list.reverse();
        list
    }

    fn numbers(list: &[(Ending, &str, Option<i64>)]) -> (Option<i64>, Option<i64>) {
        let history = history(list);
        (current(&history).map(|one| one.number), before(&history).map(|one| one.number))
    }

    #[test]
    fn a_rollback_goes_backwards_and_not_to_what_failed() {
        use Ending::{Completed, Failed, NotAwaited, RolledBackByEcs};
        assert_eq!(numbers(&[]), (None, None));
        assert_eq!(numbers(&[(Completed, "a", None)]), (Some(1), None));
        let two = [(Completed, "a", None), (Completed, "b", None)];
        assert_eq!(numbers(&two), (Some(2), Some(1)));
        let failed = [two[0], two[1], (Failed, "c", None)];
        assert_eq!(numbers(&failed), (Some(2), Some(2)));
        let by_ecs = [two[0], two[1], (RolledBackByEcs, "c", None)];
        assert_eq!(numbers(&by_ecs), (Some(2), Some(2)));
        let skips = [two[0], (Failed, "b", None), (Completed, "c", None)];
        assert_eq!(numbers(&skips), (Some(3), Some(1)));
        // Three releases, the last taken back: the next rollback goes to the first.
        let back = [two[0], two[1], (Completed, "c", None), (Completed, "b", Some(2))];
        assert_eq!(numbers(&back), (Some(4), Some(1)));
        // The same revision again (a changed count) is nothing to go back to.
        let same = [two[0], two[1], two[1]];
        assert_eq!(numbers(&same), (Some(3), Some(1)));
        assert_eq!(numbers(&[two[0], (NotAwaited, "b", None)]), (Some(2), Some(1)));
    }
}
