//! When each step of an apply began and ended, for benchmarks (`--timings FILE`).

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::Stop;
use crate::engine::{Outcome, Plan};

/// Writes `took`, how long the apply took, and each step with the steps it waited for; in
/// seconds that really passed. `factor` is how much faster the engine's clock ran.
///
/// # Errors
/// The file cannot be written.
pub(super) fn write(
    path: &Path,
    plan: &Plan,
    outcome: &Outcome,
    took: Duration,
    factor: f64,
) -> Result<(), Stop> {
    let mut steps: Vec<Value> = plan
        .steps
        .iter()
        .map(|step| json!({ "address": step.address, "after": step.after }))
        .collect();
    let seconds = |time: Duration| time.as_secs_f64() / factor;
    for timing in &outcome.timings {
        let Some(step) = steps.get_mut(timing.step) else { continue };
        step["started"] = json!(seconds(timing.started));
        step["called"] = json!(timing.called.map(seconds));
        step["ready"] = json!(timing.ready.map(seconds));
    }
    let document = json!({ "took": took.as_secs_f64(), "steps": steps });
    std::fs::write(path, document.to_string()).map_err(|error| {
        Stop::failed(
            format!("the timings could not be written to {}: {error}", path.display()),
            "name a file in a folder that exists",
        )
    })
}
