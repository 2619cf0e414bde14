//! Whether a plan still holds: observes again and compares with what it was made from.

use super::Pipeline;
use crate::cli::Stop;
use crate::engine::{Moved, Plan, saved};

impl Pipeline {
    /// The plan as it is to be carried out now, its live objects observed anew.
    ///
    /// # Errors
    /// Refused where anything that the plan depends on has moved, naming each field.
    #[expect(dead_code, reason = "the step after the lock is taken calls it")]
    pub(super) async fn renewed(&self, plan: &Plan) -> Result<Plan, Stop> {
        match self.renew(plan).await? {
            Ok(plan) => Ok(plan),
            Err(moved) => Err(stale(&moved)),
        }
    }

    /// The same, with what moved.
    pub(super) async fn renew(&self, plan: &Plan) -> Result<Result<Plan, Vec<Moved>>, Stop> {
        let fresh = self.observe(&plan.basis.desired()).await?;
        let renewed = saved::renew(&self.registry, plan, &fresh, &self.target.run)?;
        let Ok(renewed) = renewed else { return Ok(renewed) };
        let desired = self.desired(&fresh).await?;
        let moved = saved::rewanted(&self.registry, plan, &desired)?;
        Ok(if moved.is_empty() { Ok(renewed) } else { Err(moved) })
    }
}

/// Refuses a plan that does not hold any more.
pub(super) fn stale(moved: &[Moved]) -> Stop {
    let mut message = "the plan is stale: what it was made from has changed since".to_owned();
    for one in moved {
        message.push_str(&format!("\n  {one}"));
    }
    Stop::refused(message, "plan again, and look at what it would do now")
}
