//! How long the chain behind each step is estimated to take: the longest goes first.

use std::time::Duration;

use crate::engine::{Action, Plan, Registry, Step, Wait};

/// What a call that is answered at once takes, roughly.
const CALL: Duration = Duration::from_secs(1);

/// For each step, the estimated time from its start to the end of the last step behind it.
pub(super) fn chains(registry: &Registry, plan: &Plan) -> Vec<Duration> {
    let mut behind = vec![Duration::ZERO; plan.steps.len()];
    // A plan's edges point backwards only.
    for (index, step) in plan.steps.iter().enumerate().rev() {
        behind[index] = behind[index].max(usual(registry, step));
        for edge in &step.after {
            let Some(before) = plan.steps.get(edge.step).filter(|_| edge.step < index) else {
                continue;
            };
            let own = match edge.wait {
                Wait::Created => CALL,
                Wait::Ready => usual(registry, before),
            };
            behind[edge.step] = behind[edge.step].max(own + behind[index]);
        }
    }
    behind
}

fn usual(registry: &Registry, step: &Step) -> Duration {
    let Ok(info) = registry.info(step.address.kind()) else { return CALL };
    match step.action {
        Action::Keep => Duration::ZERO,
        Action::Adopt => CALL,
        Action::Delete | Action::Update => info.pace.usual / 2,
        _ => info.pace.usual,
    }
}
