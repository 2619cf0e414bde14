//! Ctrl-C and SIGTERM.

use crate::engine::Cancel;

/// Cancelled by the first Ctrl-C or SIGTERM.
pub(super) fn cancel_on_signals() -> Cancel {
    let cancel = Cancel::new();
    let signal = cancel.clone();
    tokio::spawn(async move {
        interrupt().await;
        signal.cancel("interrupted");
    });
    cancel
}

#[cfg(unix)]
async fn interrupt() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn interrupt() {
    let _ = tokio::signal::ctrl_c().await;
}
