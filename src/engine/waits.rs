//! What a call has to say within itself: what it waits for (a rate limit, a retry of the SDK), and the lines of a program that it
//! runs. Told from below, heard by the executor.

use std::future::Future;
use std::sync::Arc;

/// What a running call says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// It waits for this.
    WaitsFor(&'a str),
    /// A program that it runs has written this line.
    Wrote(&'a str),
}

tokio::task_local! {
    static HEARD_BY: Arc<dyn Fn(Said<'_>) + Send + Sync>;
}

/// Runs a call; what [`tell`] and [`write`] say within it is given to `hear`.
pub async fn telling<F: Future>(
    hear: impl Fn(Said<'_>) + Send + Sync + 'static,
    call: F,
) -> F::Output {
    HEARD_BY.scope(Arc::new(hear), call).await
}

/// Says what the running call waits for; nobody need be listening.
pub fn tell(waits_for: &str) {
    let _ = HEARD_BY.try_with(|hear| hear(Said::WaitsFor(waits_for)));
}

/// Hands on a line that a program of the running call has written.
pub fn write(line: &str) {
    let _ = HEARD_BY.try_with(|hear| hear(Said::Wrote(line)));
}
