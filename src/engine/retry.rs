//! How often and how soon a failed call is made again: one schedule per class of failure.

use std::time::Duration;

use super::Class;

/// The pauses between attempts: the listed ones, then the last one again and again while
/// `total` is not spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Milliseconds before the second attempt, the third, and so on.
    pauses: &'static [u64],
    /// All pauses together last no longer than this.
    total: Duration,
}

impl Schedule {
    const fn new(pauses: &'static [u64], seconds: u64) -> Self {
        Self { pauses, total: Duration::from_secs(seconds) }
    }

    /// The pause after the `failures`th failure of this class (from 1); `None` when it is time
    /// to give up.
    pub fn pause(&self, failures: u32) -> Option<Duration> {
        let mut spent = Duration::ZERO;
        let mut pause = Duration::ZERO;
        for attempt in 0..failures as usize {
            let millis = self.pauses.get(attempt).or(self.pauses.last())?;
            pause = Duration::from_millis(*millis);
            spent += pause;
            if spent > self.total {
                return None;
            }
        }
        Some(pause)
    }
}

/// The schedule of a class for a call that changes something; `None` where trying again cannot help.
pub fn schedule(class: Class) -> Option<Schedule> {
    Some(match class {
        Class::Throttled => Schedule::new(&[500, 1000, 2000, 4000, 8000], 120),
        Class::Server | Class::LostAnswer => Schedule::new(&[500, 1000, 2000, 4000, 8000], 40),
        Class::Unreachable => Schedule::new(&[500, 1000, 2000, 4000], 8),
        // Dense: IAM needs some 8 s, and each try that comes too early costs but one call.
        Class::NotYetConsistent => Schedule::new(&[250, 500, 1000, 2000], 60),
        // Network interfaces linger for minutes after what used them has gone.
        Class::DependencyStillThere => Schedule::new(&[1000, 2000, 3000, 5000], 900),
        Class::ConflictInProgress => Schedule::new(&[1000, 2000, 5000], 900),
        Class::Denied
        | Class::Credentials
        | Class::Invalid
        | Class::Gone
        | Class::AlreadyExists
        | Class::Quota
        | Class::NotServed
        | Class::Broken
        | Class::Internal => return None,
    })
}

/// The schedule of a class for a call that only reads.
pub fn read_schedule(class: Class) -> Option<Schedule> {
    match class {
        Class::Throttled | Class::Server | Class::LostAnswer | Class::NotYetConsistent => {
            Some(Schedule::new(&[500, 1000, 2000, 4000], 8))
        }
        Class::Unreachable => Some(Schedule::new(&[500, 1000], 2)),
        _ => None,
    }
}

/// When a create whose answer was lost is looked up by its tags, in milliseconds after one
/// another, before it is tried again: AWS shows a new object within this window.
pub const LOOKUPS: &[u64] = &[0, 500, 1000, 2000, 4000, 8000];

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(class: Class) -> Vec<u128> {
        let schedule = schedule(class).unwrap();
        (1..).map_while(|failures| schedule.pause(failures)).map(|p| p.as_millis()).collect()
    }

    #[test]
    fn schedules_grow_and_end() {
        assert_eq!(pauses(Class::Unreachable), [500, 1000, 2000, 4000]);
        let dense = pauses(Class::NotYetConsistent);
        assert_eq!(dense[..5], [250, 500, 1000, 2000, 2000]);
        assert_eq!(dense.iter().sum::<u128>(), 59_750);
        assert_eq!(schedule(Class::Denied), None);
    }
}
