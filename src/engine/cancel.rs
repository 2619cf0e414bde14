//! The one way to interrupt a run.

use std::sync::Arc;

use tokio::sync::watch;

/// Shared between whoever notices the interrupt (a signal) and the executor. There are two
/// degrees: first nothing new is started and calls in flight are awaited; then they are given up.
#[derive(Clone, Debug)]
pub struct Cancel {
    sender: Arc<watch::Sender<State>>,
}

#[derive(Debug, Default)]
struct State {
    reason: Option<String>,
    given_up: bool,
}

impl Default for Cancel {
    fn default() -> Self {
        Self::new()
    }
}

impl Cancel {
    /// Not cancelled yet.
    pub fn new() -> Self {
        Self { sender: Arc::new(watch::channel(State::default()).0) }
    }

    /// Interrupts: nothing new is started. The first reason stays.
    pub fn cancel(&self, reason: impl Into<String>) {
        let reason = reason.into();
        self.sender.send_modify(|state| {
            state.reason.get_or_insert(reason);
        });
    }

    /// Interrupts, and gives up what is in flight: it may or may not happen.
    pub fn give_up(&self, reason: impl Into<String>) {
        let reason = reason.into();
        self.sender.send_modify(|state| {
            state.reason.get_or_insert(reason);
            state.given_up = true;
        });
    }

    /// Why it was interrupted, if it was.
    pub fn reason(&self) -> Option<String> {
        self.sender.borrow().reason.clone()
    }

    /// Completes when it is interrupted.
    pub async fn cancelled(&self) {
        self.until(|state| state.reason.is_some()).await;
    }

    /// Completes when what is in flight is given up.
    pub async fn given_up(&self) {
        self.until(|state| state.given_up).await;
    }

    async fn until(&self, condition: impl FnMut(&State) -> bool) {
        let mut receiver = self.sender.subscribe();
        // The sender lives in `self`, so the channel cannot close meanwhile.
        let _ = receiver.wait_for(condition).await;
    }
}
