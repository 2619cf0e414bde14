//! The lock without a server: leases in Parameter Store.
//!
//! A lock is a scope of one environment, the environment itself or one service. Its leases are
//! the parameters `/shipit/APPLICATION/ENVIRONMENT/lock/SCOPE/NUMBER`; the highest number rules. A number is made
//! with `Overwrite=false`, so that of two runs that want the same one, one gets it. It is
//! released by writing so into it; the highest number is never deleted, so numbers only grow.
//!
//! - The holder rewrites its parameter four times in each lease time. It may start another call only while the
//!   last heartbeat is younger than a third of the lease time; else it looks first: a higher
//!   number, or a write that was not its own, and it has lost the lock.
//! - A challenger trusts no clock of another machine: a lease is dead when the *version* of its
//!   parameter has not changed for one lease time of the challenger's own monotonic clock. Then it makes the next
//!   number, and reads the old one once more: if that has moved after all, it steps back.
//!   Heartbeat and takeover both write first and read the other's parameter then, so at least one of
//!   the two sees the other.
//! - Clocks serve to *refuse*: a lease whose last write looks younger than its lease time is held, without waiting to see it move.
//!   A wrong clock costs a refusal, never a second holder.
//! - A run with several locks keeps one of them alive; the others name that one (`kept_by`), so that heartbeats
//!   and release are one write each, whatever the number of services.
//!
//! One call in flight when the lock is lost cannot be fenced: AWS knows nothing of locks. Reads
//! of Parameter Store may lag behind writes by a moment; creating a number does not.
//!
//! Who may lock what, and when, is decided by the commands; `engine::fence` is how a run is stopped.

mod held;
mod holder;
mod locks;
mod machine;
mod seen;
mod store;
mod take;
#[cfg(test)]
mod tests;
mod unlock;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use holder::{Holder, Me};
pub use locks::Locks;
pub use machine::is_gone;
pub use store::Store;
pub use take::{HeldBy, Refusal, Told};
pub use unlock::{HeldLock, held, unlock};

use crate::aws::Cx;
use crate::engine::{Class, Clock, Failure, Owner, TokioClock};

/// The shortest lease time: less, and a busy machine loses its locks.
pub const SHORTEST_LEASE: Duration = Duration::from_millis(500);

/// What all calls about the locks of one environment share.
#[derive(Clone)]
pub struct Context {
    /// Where leases are kept.
    pub store: Arc<dyn Store>,
    /// The monotonic clock that decides.
    pub clock: Arc<dyn Clock>,
    /// What this machine's calendar clock says, since 1970: makes careful, and is shown to
    /// people; nothing is taken on its word.
    pub wall: Arc<dyn Fn() -> Duration + Send + Sync>,
    /// `/shipit/APPLICATION/ENVIRONMENT/lock`.
    pub prefix: String,
    /// The environment's name, for messages.
    pub environment: String,
    /// How long one's own leases may go without a heartbeat.
    pub lease: Duration,
    /// Who we are.
    pub me: Me,
    /// Names this run.
    pub run: String,
    /// Whether a holder's process is known to be gone without asking AWS.
    pub gone: fn(&Holder) -> bool,
}

impl Context {
    /// The locks of an environment of the account that `cx` is bound to.
    pub fn new(cx: Arc<Cx>, application: &str, environment: &str, lease: Duration, me: Me) -> Self {
        Self {
            store: Arc::new(store::ParameterStore(cx)),
            clock: Arc::new(TokioClock::new()),
            wall: Arc::new(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
            prefix: format!("/shipit/{application}/{environment}/lock"),
            environment: environment.to_owned(),
            lease: lease.max(SHORTEST_LEASE),
            me,
            run: String::new(),
            gone: |_| false,
        }
    }

    /// How people call a lock: `environment `test``.
    pub fn called(&self, owner: &Owner) -> String {
        match owner {
            Owner::Environment => format!("environment `{}`", self.environment),
            Owner::Service(name) => {
                format!("service `{name}` in environment `{}`", self.environment)
            }
        }
    }

    /// One call, given up after a time that leaves room for another before the lease ends.
    async fn bounded<T>(
        &self,
        call: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let limit = (self.lease / 4).clamp(Duration::from_millis(400), Duration::from_secs(10));
        tokio::select! {
            biased;
            answer = call => answer,
            () = self.clock.sleep(limit) => Err(Failure::new(
                Class::LostAnswer,
                format!("no answer came in {:.1} s", limit.as_secs_f64()),
            )),
        }
    }

    /// A moment as people and parameters write it.
    fn moment(&self) -> String {
        moment((self.wall)())
    }

    /// How long ago a moment was, as far as clocks agree.
    fn age(&self, since_1970: Duration) -> Duration {
        (self.wall)().saturating_sub(since_1970)
    }
}

/// `2026-11-21T04:00:00Z`.
fn moment(since_1970: Duration) -> String {
    let seconds = i64::try_from(since_1970.as_secs()).unwrap_or_default();
    time::OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|at| at.format(&time::format_description::well_known::Rfc3339).ok())
        .unwrap_or_default()
}

/// The path below which a lock's numbers are.
fn scope_path(prefix: &str, owner: &Owner) -> String {
    match owner {
        Owner::Environment => format!("{prefix}/environment"),
        Owner::Service(name) => format!("{prefix}/service/{name}"),
    }
}

fn parameter_name(prefix: &str, owner: &Owner, number: u64) -> String {
    format!("{}/{number}", scope_path(prefix, owner))
}

/// Random enough to tell one's own lease from all others.
fn nonce() -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let half = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", half(), half())
}
