//! Takes over one resource that exists already, after asking.

use std::path::Path;

use super::{Choices, Pipeline};
use crate::cli::{Exit, Stop, plan_file};
use crate::engine::{Address, Adoption, Desired, Plan, adopt};
use crate::manifest::did_you_mean;
use crate::render::events::Line;
use crate::render::json;

impl Pipeline {
    /// Reads, judges, shows, confirms and tags (`adopt`).
    pub(in crate::cli) async fn adopt(
        &self,
        address: &str,
        id: &str,
        out: Option<&Path>,
    ) -> Result<Exit, Stop> {
        if let Some(path) = out {
            plan_file::may_write(path)?;
        }
        let (desired, observation) = self.desired_and_live().await?;
        let address = self.wanted(&desired, address)?;
        let (registry, target) = (&self.registry, &self.target);
        let existing =
            adopt::existing(registry, target, &desired, &observation, &address, id).await?;
        let Some(existing) = existing else {
            return Err(Stop::refused(
                format!("there is no {} `{id}`", address.kind()),
                format!(
                    "that was asked of account {} in {}: check the id, `--env` and `--region`",
                    target.account, target.region
                ),
            ));
        };
        let plan = adopt::adoption(registry, target, &desired, &observation, &address, existing)?;
        match plan {
            Adoption::Refused { message, hint } => Err(Stop::refused(message, hint)),
            Adoption::Already(live) => {
                if self.terminal.json() {
                    let (address, id) = (address.to_string(), live.id.clone());
                    self.terminal.out(&json::line(&Line::NothingToDo { address, id }));
                } else {
                    self.terminal.out(&format!("{address} is `{}` already", live.id));
                }
                Ok(Exit::Done)
            }
            Adoption::Plan(plan) => self.carry_out_adoption(&plan, out).await,
        }
    }

    async fn carry_out_adoption(&self, plan: &Plan, out: Option<&Path>) -> Result<Exit, Stop> {
        if let Some(path) = out {
            self.print_plan(plan);
            self.save(plan.clone(), &Choices::default(), path).await?;
            return Ok(Exit::Done);
        }
        self.preview(plan);
        self.confirm(plan)?;
        let exit = self.apply(plan).await?;
        if exit == Exit::Done {
            let differs = plan.steps.iter().any(|step| !step.changes.is_empty());
            let environment = &self.target.environment;
            self.terminal.tell(&match differs {
                true => format!(
                    "next: `shipit plan --env {environment}` shows what the next deploy changes of it"
                ),
                false => format!("next: `shipit plan --env {environment}` shows it unchanged"),
            });
        }
        Ok(exit)
    }

    /// The address, which must be one that the manifests want.
    fn wanted(&self, desired: &Desired, address: &str) -> Result<Address, Stop> {
        let known = address.parse().ok().filter(|address| desired.nodes.contains_key(address));
        known.ok_or_else(|| {
            let mut addresses: Vec<String> = desired.nodes.keys().map(Address::to_string).collect();
            let hint = did_you_mean(address, &addresses).unwrap_or_else(|| {
                let kind = address.split('.').next().unwrap_or_default();
                if desired.nodes.keys().any(|address| address.kind() == kind) {
                    addresses.retain(|address| address.starts_with(kind));
                }
                format!("they want {}", addresses.join(", "))
            });
            let environment = &self.target.environment;
            let message =
                format!("the manifests want no `{address}` in environment `{environment}`");
            Stop::refused(message, hint)
        })
    }
}
