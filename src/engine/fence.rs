//! The question whether a run may still go on, asked before each step's call.

use super::{BoxFuture, Failure};

/// Says whether this run is still the one that may change things: a lock that may have been
/// taken over meanwhile.
///
/// It is asked before a call starts. A call that is in flight when the lock is lost cannot be
/// fenced: AWS knows nothing of the lock.
pub trait Fence: Send + Sync {
    /// Whether another call may start. May ask AWS, if too much time has passed since it last did.
    ///
    /// # Errors
    /// It may not, or nobody can tell: the run then starts nothing new.
    fn may_go_on(&self) -> BoxFuture<'_, Result<(), Failure>>;

    /// Completes, with the reason, as soon as it is known that the run may not go on; so that
    /// a run that only waits ends, too.
    fn lost(&self) -> BoxFuture<'_, Failure>;
}
