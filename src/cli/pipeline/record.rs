//! Reads and writes the records of releases.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::{Pipeline, Which};
use crate::engine::{Outcome, Owner, Plan};
use crate::record::{Commit, Ending, Run};
use crate::render::terminal;

/// How long git may take to say the commit, from the beginning of the apply.
const GIT_LIMIT: Duration = Duration::from_secs(5);

impl Pipeline {
    /// Reads the newest records beside observing; without them a plan is the same, only unmarked.
    pub(super) async fn read_records(&self) {
        let (application, environment) = (&self.target.application, &self.target.environment);
        let failure = self.book.read(self.cx(), application, environment).await;
        if let Some(failure) = failure.filter(|_| self.global.verbose) {
            terminal::trace(&format!("  · drift is not marked: {failure}"));
        }
    }

    /// Begins to ask git which commit the workspace is at, beside the apply.
    pub(super) fn commit(&self) -> JoinHandle<Option<Commit>> {
        let folder = self.workspace.root.clone();
        tokio::task::spawn_blocking(move || Commit::of(&folder))
    }

    /// Writes what was released. A record that cannot be written fails no deploy.
    pub(super) async fn record(
        &self,
        plan: &Plan,
        outcome: &Outcome,
        commit: JoinHandle<Option<Commit>>,
    ) {
        let commit = tokio::time::timeout(GIT_LIMIT, commit).await;
        let run = Run {
            application: self.target.application.clone(),
            environment: self.target.environment.clone(),
            by: self.account.caller.clone(),
            commit: commit.ok().and_then(Result::ok).flatten(),
            no_wait: self.global.no_wait,
            rollback_to: match &self.which {
                Which::Rollback(rollback) => Some(rollback.to.number),
                _ => None,
            },
            deletes: self.deletes(plan),
        };
        let failures = self.book.write(self.cx(), &self.clock, &run, plan, outcome).await;
        if let Some(first) = failures.first() {
            self.terminal.tell(&format!(
                "warning: the release could not be recorded, so `svc history` will not show it: {first}"
            ));
        }
    }

    /// Writes how a service's release ended that had paused, or that nobody awaited. That it cannot be written fails nothing.
    pub(in crate::cli) async fn record_end(&self, service: &str, outcome: Ending) {
        let of = (self.target.application.as_str(), self.target.environment.as_str());
        let by = self.account.caller.clone();
        if let Err(why) = self.book.end(self.cx(), of, service, by, outcome).await {
            self.terminal.tell(&format!(
                "warning: the end of the release could not be recorded, so `svc history` will not show it: {why}"
            ));
        }
    }

    /// The scopes that this run deletes whole.
    fn deletes(&self, plan: &Plan) -> BTreeSet<Owner> {
        match &self.which {
            Which::DeleteService(name) => BTreeSet::from([Owner::Service(name.clone())]),
            Which::DeleteEnvironment => {
                let services = plan.scope.services.iter().cloned().map(Owner::Service);
                services.chain([Owner::Environment]).chain(self.book.scopes()).collect()
            }
            Which::Everything
            | Which::Environment
            | Which::Service(_)
            | Which::Rollback(_)
            | Which::ByHand(_) => BTreeSet::new(),
        }
    }
}
