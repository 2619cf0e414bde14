//! What is lost with that which a plan deletes.

use futures_util::StreamExt;

use super::{Plan, Registry};

/// Asks each kind what goes with the live objects that the plan deletes, and writes the answers into its
/// steps. That something could not be found out is no reason to have no plan: it is said instead.
pub async fn find_losses(registry: &Registry, plan: &mut Plan, concurrency: usize) {
    let asked = plan.steps.iter().enumerate().filter_map(|(index, step)| {
        let live = step.live.as_ref().filter(|_| step.destroys())?;
        let driver = registry.driver(step.address.kind()).ok()?;
        Some(async move { (index, driver.losses(live).await) })
    });
    let asked: Vec<_> = asked.collect();
    let answers: Vec<_> =
        futures_util::stream::iter(asked).buffer_unordered(concurrency.max(1)).collect().await;
    for (index, answer) in answers {
        plan.steps[index].loses = match answer {
            Ok(loses) => loses,
            Err(failure) => Some(format!("unknown, as it could not be read: {failure}")),
        };
    }
}
