//! Shows what is live.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Pipeline;
use crate::cli::{Exit, Stop};
use crate::engine::Failure;
use crate::planner;
use crate::render::human;
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
        }
        if live.is_empty() {
            self.terminal
                .tell(&format!("nothing is live in environment `{}`", self.target.environment));
            return Ok(Exit::Done);
        }
        let rows: Vec<Vec<String>> = live
            .iter()
            .map(|live| {
                vec![
                    live.identity.owner.to_string(),
                    live.identity.address.to_string(),
                    human::health(&live.health),
                    live.id.clone(),
                ]
            })
            .collect();
        if service.is_none() {
            self.draw(&picture());
            self.terminal.out("");
        }
        self.terminal.out(&human::table::table(&["OWNER", "RESOURCE", "STATE", "ID"], &rows));
        let outputs = |address: &crate::engine::Address| {
            observation.at(address).next().map(|live| live.outputs.clone())
        };
        let services: BTreeSet<String> = match service {
            Some(name) => BTreeSet::from([name.to_owned()]),
            None => self.workspace.services.iter().map(|service| service.name.clone()).collect(),
        };
        for url in
            planner::addresses(&self.workspace, &self.target.environment, &services, &outputs)
        {
            self.terminal.out(&format!("{}  {}", url.service, url.url));
        }
        Ok(Exit::Done)
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
