//! Looks, before a plan is shown, for what would make it fail.

use super::plan::Planned;
use super::{Choices, Pipeline};
use crate::cli::Stop;
use crate::engine::{Finding, Plan, Severity};
use crate::preflight::{self, Reach, Subject};
use crate::render::human::text;

impl Pipeline {
    /// Fills [`Plan::findings`]. A plan with nothing to do costs no call.
    pub(super) async fn preflight(
        &self,
        planned: &mut Planned,
        choices: &Choices,
    ) -> Result<(), Stop> {
        let skip = choices.skip_preflight()?;
        if !planned.plan.has_changes() {
            return Ok(());
        }
        let subject = Subject {
            cx: &self.account.cx,
            plan: &planned.plan,
            desired: &planned.desired,
            live: &planned.observation,
            caller: &self.account.caller,
            reach: self.reach(),
        };
        planned.plan.findings = preflight::check(&subject, &skip).await;
        Ok(())
    }

    fn reach(&self) -> Reach {
        if self.global.local {
            Reach::Local
        } else if self.global.endpoint_url.is_some()
            || std::env::var_os("AWS_ENDPOINT_URL").is_some()
        {
            Reach::Endpoint
        } else {
            Reach::Aws
        }
    }

    /// A plan that would surely fail is not applied.
    pub(super) fn refuse_findings(&self, plan: &Plan) -> Result<(), Stop> {
        let errors: Vec<&Finding> = plan.findings_of(Severity::Error).collect();
        if errors.is_empty() {
            return Ok(());
        }
        let mut checks: Vec<&str> = errors.iter().map(|finding| finding.check.as_str()).collect();
        checks.dedup();
        Err(Stop::refused(
            format!(
                "preflight found {}: this would fail half way",
                text::count(errors.len(), "error")
            ),
            format!(
                "correct what is listed above; or add `--skip-preflight {}` to go on without that, `--skip-preflight` for no check at all",
                checks.join(",")
            ),
        ))
    }
}
