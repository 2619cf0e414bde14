//! Whether a plan still holds: observes again and compares with what it was made from.

use super::Pipeline;
use crate::cli::Stop;
use crate::engine::{Moved, Plan, saved};

impl Pipeline {
    /// The plan as it is to be carried out now, its live objects observed anew, or what moved
    /// of all that it depends on.
    pub(super) async fn renew(&self, plan: &Plan) -> Result<Result<Plan, Vec<Moved>>, Stop> {
        let wanted = plan.basis.desired();
        let (fresh, ()) = tokio::join!(self.observe(&wanted), self.read_records());
        let fresh = fresh?;
        let mut moved = saved::moved(&self.registry, plan, &fresh)?;
        if self.manifests {
            let desired = self.desired(&fresh).await?;
            self.book.want(&self.registry, &desired);
            moved.extend(saved::rewanted(&self.registry, plan, &desired)?);
        }
        if !moved.is_empty() {
            return Ok(Err(moved));
        }
        let mut plan = saved::renew(&self.registry, plan, &fresh, &self.target.run)?;
        // Someone may have protected the environment since.
        plan.protected |= self.protected(&fresh);
        Ok(Ok(plan))
    }
}
