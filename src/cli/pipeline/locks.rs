//! The locks that a plan needs: taken before anything is changed, given back on every way out.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Pipeline;
use crate::cli::{Stop, locking};
use crate::engine::{Action, Cancel, Moved, Owner, Plan};
use crate::lock::{Locks, Refusal};

/// Clocks of AWS's own machines may differ by so much.
const AWS_CLOCKS: Duration = Duration::from_secs(2);
/// How long giving the locks back may take: after a run, after an interrupt, after the second one.
const RELEASE: [Duration; 3] =
    [Duration::from_secs(10), Duration::from_millis(2500), Duration::from_secs(2)];

impl Pipeline {
    /// Takes the locks of everything whose resources the plan changes; none if it only waits.
    pub(super) async fn lock(&self, plan: &Plan, cancel: &Cancel) -> Result<Option<Locks>, Stop> {
        let changes = |action: &Action| !matches!(action, Action::Keep | Action::Settle);
        let steps = plan.steps.iter().filter(|step| changes(&step.action));
        let owners: BTreeSet<Owner> = steps.map(|step| step.owner.clone()).collect();
        let cx = locking::context(&self.global, &self.account, &self.target)?;
        let tell = |told| locking::tell(&self.terminal, &told);
        let taken = Locks::take(&cx, &owners, self.global.lock_wait, cancel, &tell).await;
        taken.map_err(|refusal| match refusal {
            Refusal::Held(held) => locking::refused(&held, &self.target.environment),
            Refusal::Interrupted => Stop::interrupted(),
            Refusal::Failed(failure) => Stop::from(*failure),
        })
    }

    /// Gives the locks back; that it could not be done is told, and no reason to fail.
    pub(super) async fn unlock(&self, locks: &Locks, cancel: &Cancel) {
        let interrupted = cancel.reason().is_some();
        let limit = if interrupted { RELEASE[1] } else { RELEASE[0] };
        let given_up = async {
            cancel.given_up().await;
            tokio::time::sleep(RELEASE[2]).await;
        };
        let released = tokio::select! {
            released = locks.release(limit) => released.err().map(|failure| failure.to_string()),
            () = given_up => Some("no answer came".to_owned()),
        };
        let Some(why) = released else { return };
        let message = format!(
            "the lock could not be given back: {why}; it is taken over when it has shown no sign of life for its lease time"
        );
        // On stderr also for programs: the stream of events has ended by now.
        self.terminal.say(&message);
    }

    /// The plan as it is to be carried out: still what it was when it was shown, or what moved since. Only if
    /// another run may have changed something since this one began to observe is everything
    /// looked at again.
    pub(super) async fn still_as_planned(
        &self,
        plan: &Plan,
        locks: &Locks,
        cancel: &Cancel,
    ) -> Result<Result<Option<Plan>, Vec<Moved>>, Stop> {
        if !locks.others_ran_within(self.opened.elapsed() + AWS_CLOCKS) {
            return Ok(Ok(None));
        }
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Stop::interrupted()),
            renewed = self.renew(plan) => Ok(renewed?.map(Some)),
        }
    }
}
