//! How the targets of a target group fare, for people.

use serde::Serialize;

use crate::aws::{Cx, classify};
use crate::engine::Failure;

/// One target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TargetHealth {
    /// `10.0.1.17:8080`.
    pub target: String,
    /// `healthy`, `unhealthy`, `initial`, `draining`, `unused`.
    pub state: String,
    /// Why, where AWS says so.
    pub reason: String,
}

/// Asks how the targets of a target group fare (`DescribeTargetHealth`).
///
/// # Errors
/// The target group is not there, or the call is refused.
pub async fn of_targets(cx: &Cx, target_group: &str) -> Result<Vec<TargetHealth>, Failure> {
    let answer = cx.elbv2.describe_target_health().target_group_arn(target_group).send().await;
    let answer = answer.map_err(|error| classify("elbv2 DescribeTargetHealth", error))?;
    let mut found: Vec<TargetHealth> = answer
        .target_health_descriptions()
        .iter()
        .map(|one| {
            let target = one.target();
            let id = target.and_then(|target| target.id()).unwrap_or_default();
            let port = target.and_then(|target| target.port()).unwrap_or_default();
            let health = one.target_health();
            TargetHealth {
                target: format!("{id}:{port}"),
                state: health
                    .and_then(|health| health.state())
                    .map(|state| state.as_str())
                    .unwrap_or_default()
                    .to_owned(),
                reason: health
                    .and_then(|health| health.description())
                    .unwrap_or_default()
                    .to_owned(),
            }
        })
        .collect();
    found.sort_by(|a, b| a.target.cmp(&b.target));
    Ok(found)
}
