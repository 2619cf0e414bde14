//! Reads what the manifests want and what is live.

use std::collections::BTreeSet;

use time::OffsetDateTime;

use super::{CONCURRENCY, Pipeline, Which};
use crate::cli::Stop;
use crate::engine::{Desired, Observation, Scope, observe, observe_only};
use crate::planner;

impl Pipeline {
    /// Everything the application has in the environment.
    pub(super) async fn observe(&self, desired: &Desired) -> Result<Observation, Stop> {
        self.account.cx.bulk_tags.forget().await;
        let mut observation =
            observe(&self.registry, &self.target, desired, &self.clock, CONCURRENCY)
                .await
                .map_err(Stop::failures)?;
        for kind in &observation.not_served {
            self.terminal.say(&format!("skipped: {kind}: the endpoint does not serve it"));
        }
        if let Which::Rollback(rollback) = &self.which {
            rollback.put_forward(&mut observation);
        }
        Ok(observation)
    }

    /// What the manifests want, and what is live. The desired graph is made twice: first for
    /// the names to look for, then with what only live AWS can tell (priorities of listener
    /// rules, needs of services that other repositories deploy).
    pub(super) async fn desired_and_live(&self) -> Result<(Desired, Observation), Stop> {
        let wanted = self.desired(&Observation::default()).await?;
        let observation = self.observe(&wanted).await?;
        let desired = self.desired(&observation).await?;
        // What of an object of Kubernetes is ours to change shows beside what is wanted of it alone.
        let by_hand = matches!(self.which, Which::ByHand(_) | Which::Rollback(_));
        if by_hand && desired.nodes.keys().any(|address| address.kind().starts_with("kubernetes/"))
        {
            let observation = self.observe(&desired).await?;
            return Ok((desired, observation));
        }
        Ok((desired, observation))
    }

    /// What the manifests want, given what is live.
    pub(super) async fn desired(&self, live: &Observation) -> Result<Desired, Stop> {
        if self.which == Which::DeleteEnvironment {
            return Ok(Desired::default());
        }
        if let Which::Rollback(rollback) = &self.which {
            return Ok(rollback.desired(live));
        }
        if let Which::ByHand(by_hand) = &self.which {
            return Ok(by_hand.desired(live));
        }
        let services = self.services();
        let mut desired = planner::desired(&self.context(&services).await?, live)?;
        if let Some(ttl) = self.workspace.time_to_live(&self.target.environment) {
            planner::expire(&mut desired, live, ttl, OffsetDateTime::now_utc());
        }
        Ok(desired)
    }

    /// What a plan is made for.
    pub(super) async fn context<'a>(
        &'a self,
        services: &'a BTreeSet<String>,
    ) -> Result<planner::Context<'a>, Stop> {
        Ok(planner::Context {
            workspace: &self.workspace,
            environment: &self.target.environment,
            account: &self.target.account,
            region: &self.target.region,
            partition: self.account.cx.partition(),
            zones: self.zones().await?,
            tagged: self.tagged(services).await?,
            surroundings: self.surroundings().await?,
            services,
        })
    }

    /// The region's availability zones, asked only where the manifest needs them.
    async fn zones(&self) -> Result<&[String], Stop> {
        if planner::zones_needed(&self.workspace, &self.target.environment) == 0 {
            return Ok(&[]);
        }
        let zones = self.zones.get_or_try_init(|| crate::aws::zones::names(&self.account.cx));
        Ok(zones.await?)
    }

    /// The subnets that services choose by tags, asked only where one does.
    async fn tagged(&self, services: &BTreeSet<String>) -> Result<&planner::TaggedSubnets, Stop> {
        let found = self.tagged.get_or_try_init(|| async {
            let needed = planner::tags_needed(&self.workspace, &self.target.environment, services);
            let asked = needed.into_iter().map(|tags| async {
                let found = crate::aws::facts::networks::tagged(&self.account.cx, &tags).await?;
                Ok::<_, crate::engine::Failure>((tags, found))
            });
            Ok::<_, crate::engine::Failure>(
                futures_util::future::try_join_all(asked).await?.into_iter().collect(),
            )
        });
        Ok(found.await?)
    }

    /// The services whose manifests are planned.
    pub(super) fn services(&self) -> BTreeSet<String> {
        let all = self.workspace.services.iter().map(|service| service.name.clone());
        match &self.which {
            Which::Everything => all.collect(),
            Which::Environment | Which::DeleteEnvironment => BTreeSet::new(),
            Which::Service(name) => BTreeSet::from([name.clone()]),
            Which::DeleteService(_) => BTreeSet::new(),
            Which::Rollback(rollback) => BTreeSet::from([rollback.service.clone()]),
            Which::ByHand(by_hand) => BTreeSet::from([by_hand.service.clone()]),
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

    /// What is live of some kinds alone, and of those that they need: for commands that look and change nothing.
    /// On EKS it is all that is live, as services are kinds of Kubernetes there.
    pub(in crate::cli) async fn live_of(&self, kinds: &[&str]) -> Result<Observation, Stop> {
        let environment = self.workspace.environment(&self.target.environment);
        if environment.is_some_and(|one| one.cluster.kubernetes.is_some()) {
            return self.live().await;
        }
        // In a cluster of somebody else's our services are looked for by their names, too.
        let desired = match self.existing_cluster() {
            Some(_) => self.desired(&Observation::default()).await?,
            None => Desired::default(),
        };
        let (registry, target) = (&self.registry, &self.target);
        let found = observe_only(registry, target, kinds, &desired, &self.clock, CONCURRENCY).await;
        found.map_err(Stop::failures)
    }
}
