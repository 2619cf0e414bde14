//! The one way to interrupt a run.

use std::sync::Arc;

use tokio::sync::watch;

/// Shared between whoever notices the interrupt (a signal, a lost lock) and the executor.
#[derive(Clone, Debug)]
pub struct Cancel {
    sender: Arc<watch::Sender<Option<String>>>,
}

impl Default for Cancel {
    fn default() -> Self {
        Self::new()
    }
}

impl Cancel {
    /// Not cancelled yet.
    pub fn new() -> Self {
        Self { sender: Arc::new(watch::channel(None).0) }
    }

    /// Interrupts: nothing new is started. The first reason stays.
    pub fn cancel(&self, reason: impl Into<String>) {
        let reason = reason.into();
        self.sender.send_modify(|current| {
            current.get_or_insert(reason);
        });
    }

    /// Why it was interrupted, if it was.
    pub fn reason(&self) -> Option<String> {
        self.sender.borrow().clone()
    }

    /// Completes when it is interrupted.
    pub async fn cancelled(&self) {
        let mut receiver = self.sender.subscribe();
        // The sender lives in `self`, so the channel cannot close meanwhile.
        let _ = receiver.wait_for(Option::is_some).await;
    }
}
