//! Reads what the manifests want and what is live.

use std::collections::BTreeSet;

use super::{CONCURRENCY, Pipeline, Which};
use crate::cli::Stop;
use crate::engine::{Desired, Observation, Scope, observe};
use crate::planner;

impl Pipeline {
    /// Everything the application has in the environment.
    async fn observe(&self, desired: &Desired) -> Result<Observation, Stop> {
        self.account.cx.bulk_tags.forget().await;
        let observation = observe(&self.registry, &self.target, desired, &self.clock, CONCURRENCY)
            .await
            .map_err(Stop::failures)?;
        for kind in &observation.not_served {
            self.terminal.say(&format!("skipped: {kind}: the endpoint does not serve it"));
        }
        Ok(observation)
    }
    /// What the manifests want, and what is live. The desired graph is made twice: first for
    /// the names to look for, then with what only live AWS can tell (priorities of listener
    /// rules, needs of services that other repositories deploy).
    pub(super) async fn desired_and_live(&self) -> Result<(Desired, Observation), Stop> {
        if self.which == Which::DeleteEnvironment {
            let none = Desired::default();
            let observation = self.observe(&none).await?;
            return Ok((none, observation));
        }
        let zones = match planner::zones_needed(&self.workspace, &self.target.environment) {
            0 => Vec::new(),
            _ => crate::aws::zones::names(&self.account.cx).await?,
        };
        let services = self.services();
        let context = planner::Context {
            workspace: &self.workspace,
            environment: &self.target.environment,
            account: &self.target.account,
            region: &self.target.region,
            partition: self.account.cx.partition(),
            zones: &zones,
            services: &services,
        };
        let wanted = planner::desired(&context, &Observation::default())?;
        let observation = self.observe(&wanted).await?;
        let desired = planner::desired(&context, &observation)?;
        Ok((desired, observation))
    }

    /// The services whose manifests are planned.
    pub(super) fn services(&self) -> BTreeSet<String> {
        let all = self.workspace.services.iter().map(|service| service.name.clone());
        match &self.which {
            Which::Everything => all.collect(),
            Which::Environment | Which::DeleteEnvironment => BTreeSet::new(),
            Which::Service(name) => BTreeSet::from([name.clone()]),
            Which::DeleteService(_) => BTreeSet::new(),
        }
    }

    pub(super) fn scope(&self, observation: &Observation, prune: bool) -> Scope {
        let environment =
            matches!(self.which, Which::Everything | Which::Environment | Which::DeleteEnvironment);
        let services = match &self.which {
            Which::DeleteService(name) => BTreeSet::from([name.clone()]),
            Which::DeleteEnvironment => {
                observation.services().into_iter().map(str::to_owned).collect()
            }
            _ => self.services(),
        };
        Scope { environment, services, prune: prune || self.which == Which::DeleteEnvironment }
    }

    /// What is live.
    pub(in crate::cli) async fn live(&self) -> Result<Observation, Stop> {
        self.desired_and_live().await.map(|(_, observation)| observation)
    }
}
