//! The plan that is carried out.

use super::basis::makes;
use crate::engine::diff::Rules;
use crate::engine::{Action, Failure, Observation, Plan, Registry};

/// The same steps with the live objects as they are now: what is owned elsewhere (a count that autoscaling moves) may
/// have changed since, and is left as it is. `run` names the run that carries it out, so that no client token is used
/// twice: a token of an earlier run could name something that has been deleted since.
///
/// The caller has made sure that nothing moved.
///
/// # Errors
/// A kind that nobody registered: a mistake in shipit.
pub fn renew(
    registry: &Registry,
    plan: &Plan,
    fresh: &Observation,
    run: &str,
) -> Result<Plan, Failure> {
    let mut plan = plan.clone();
    for step in &mut plan.steps {
        let info = registry.info(step.address.kind())?;
        if makes(step) {
            run.clone_into(&mut step.identity.run);
        }
        let Some(old) = &mut step.live else { continue };
        let now = fresh.at(&old.identity.address).find(|live| live.id == old.id);
        let Some(now) = now else { continue };
        if step.action == Action::Update
            && let Some(spec) = &mut step.spec
        {
            Rules::new(info.rules).keep_owned_elsewhere(&now.spec, spec);
        }
        *old = now.clone();
    }
    Ok(plan)
}
