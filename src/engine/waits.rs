//! What a call waits for within itself: told from below (a rate limit, a retry of the SDK), heard by the executor.

use std::future::Future;
use std::sync::Arc;

tokio::task_local! {
    static HEARD_BY: Arc<dyn Fn(&str) + Send + Sync>;
}

/// Runs a call; what [`tell`] says within it is given to `hear`.
pub async fn telling<F: Future>(hear: impl Fn(&str) + Send + Sync + 'static, call: F) -> F::Output {
    HEARD_BY.scope(Arc::new(hear), call).await
}

/// Says what the running call waits for; nobody need be listening.
pub fn tell(waits_for: &str) {
    let _ = HEARD_BY.try_with(|hear| hear(waits_for));
}
