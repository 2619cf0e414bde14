//! Ctrl-C, SIGTERM and SIGHUP, once for the whole process.
//!
//! The first one interrupts: nothing new is started, and calls in flight have [`GRACE`] to end. The second one, or
//! the end of that time, gives up what is in flight. A command that has something to put in
//! order (locks, a run in flight) says so with [`careful`] and ends by itself; all others just end.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::sync::watch;

use crate::engine::Cancel;

/// How long calls in flight may take after the first signal. With what follows it stays within
/// the 10 seconds that CI runners give.
const GRACE: Duration = Duration::from_secs(6);
/// How long a command may take to end by itself once it has put everything in order.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Signals are the process's, so is this.
static SIGNALS: OnceLock<Signals> = OnceLock::new();

struct Signals {
    cancel: Cancel,
    /// How many parts of the command have something to put in order; and whether one ever had.
    careful: watch::Sender<(usize, bool)>,
}

fn signals() -> &'static Signals {
    SIGNALS.get_or_init(|| Signals { cancel: Cancel::new(), careful: watch::channel((0, false)).0 })
}

/// While it lives, the command ends by itself after an interrupt.
pub(super) struct Careful {
    cancel: Cancel,
}

/// Says that from here on an interrupt must be handled.
pub(super) fn careful() -> Careful {
    signals().careful.send_modify(|(count, ever)| {
        *count += 1;
        *ever = true;
    });
    Careful { cancel: signals().cancel.clone() }
}

impl Careful {
    /// Tells of the interrupt.
    pub(super) fn cancel(&self) -> &Cancel {
        &self.cancel
    }
}

impl Drop for Careful {
    fn drop(&mut self) {
        signals().careful.send_modify(|(count, _)| *count -= 1);
    }
}

/// Listens to signals. Completes when the process was interrupted and nothing is left to put in
/// order; poll it where nothing blocks.
pub(super) async fn interrupted() {
    let Signals { cancel, careful } = signals();
    let mut listener = Listener::new();
    listener.next().await;
    cancel.cancel("interrupted");
    let mut careful = careful.subscribe();
    let second = async {
        tokio::select! {
            () = listener.next() => {}
            () = tokio::time::sleep(GRACE) => {}
        }
        cancel.give_up("interrupted");
        // Further signals change nothing, and must not end the process before its locks are released.
        loop {
            listener.next().await;
        }
    };
    let in_order = async {
        let ever = careful.wait_for(|(count, _)| *count == 0).await.is_ok_and(|state| state.1);
        if ever {
            tokio::time::sleep(LAST_WORDS).await;
        }
    };
    tokio::select! {
        () = second => {}
        () = in_order => {}
    }
}

#[cfg(unix)]
struct Listener {
    streams: Vec<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Listener {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        // One that cannot be listened to keeps its usual effect: the process ends.
        Self { streams: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect() }
    }

    async fn next(&mut self) {
        std::future::poll_fn(|context| {
            let ready = self.streams.iter_mut().any(|stream| stream.poll_recv(context).is_ready());
            if ready { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}

#[cfg(not(unix))]
struct Listener;

#[cfg(not(unix))]
impl Listener {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
