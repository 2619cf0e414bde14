//! Shows what is live.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Pipeline;
use crate::cli::{Exit, Stop};
use crate::engine::{Address, Failure, Live, Observation};
use crate::planner;
use crate::render::human;
use crate::render::human::inventory::{Item, inventory};
use crate::render::json;

impl Pipeline {
    /// Everything that is live, or one service's part (`show` commands).
    pub(in crate::cli) async fn show_live(&self, service: Option<&str>) -> Result<Exit, Stop> {
        let (_, observation) = self.desired_and_live().await?;
        let mut live: Vec<_> = observation
            .live()
            .filter(|live| service.is_none() || live.identity.owner.service() == service)
            .collect();
        live.sort_by(|a, b| {
            (&a.identity.owner, &a.identity.address).cmp(&(&b.identity.owner, &b.identity.address))
        });
        let picture = || planner::picture(&self.workspace, &self.target.environment, &observation);
        if self.terminal.format.draws() {
            self.draw(&picture());
            return Ok(Exit::Done);
        }
        let configuration = match service {
            Some(service) => self.configuration(service)?,
            None => None,
        };
        if self.terminal.json() {
            let mut document = json!({
                "application": self.target.application,
                "environment": self.target.environment,
                "account": self.target.account,
                "region": self.target.region,
                "resources": live,
            });
            match service {
                Some(_) => document["configuration"] = json!(configuration),
                None => document["picture"] = json!(picture()),
            }
            self.terminal.out(&json::document(&document));
            return Ok(Exit::Done);
        }
        if let Some(configuration) = &configuration {
            self.terminal.out(&human::settings::settings(configuration));
            self.terminal.out("");
        }
        if live.is_empty() {
            self.terminal
                .tell(&format!("nothing is live in environment `{}`", self.target.environment));
            return Ok(Exit::Done);
        }
        let item = |live: &&Live| Item {
            owner: live.identity.owner.to_string(),
            address: live.identity.address.to_string(),
            state: human::health(&live.health),
            id: live.id.clone(),
        };
        let items: Vec<Item> = live.iter().map(item).collect();
        if service.is_none() {
            self.draw(&picture());
            self.terminal.out("");
        }
        self.terminal.out(&inventory(&items, human::columns()));
        let services: Vec<&str> = match service {
            Some(name) => vec![name],
            None => self.workspace.services.iter().map(|one| one.name.as_str()).collect(),
        };
        for service in services {
            for url in self.urls(&observation, service) {
                self.terminal.out(&format!("{service}  {url}"));
            }
        }
        Ok(Exit::Done)
    }

    /// Where a live service can be reached.
    pub(in crate::cli) fn urls(&self, live: &Observation, service: &str) -> Vec<String> {
        let outputs = |address: &Address| live.at(address).next().map(|live| live.outputs.clone());
        let services = BTreeSet::from([service.to_owned()]);
        let environment = &self.target.environment;
        let found = planner::addresses(&self.workspace, environment, &services, &outputs);
        found.into_iter().map(|one| one.url).collect()
    }

    /// A service's manifest as it is in the environment; none where it has none here.
    fn configuration(&self, service: &str) -> Result<Option<Value>, Stop> {
        let Ok(manifest) = self.workspace.service_in(service, &self.target.environment) else {
            return Ok(None);
        };
        let document =
            serde_json::to_value(manifest).map_err(|error| Failure::internal(error.to_string()))?;
        Ok(Some(document))
    }
}
