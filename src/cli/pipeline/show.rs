//! Shows what is live.

use std::collections::BTreeSet;

use serde_json::json;

use super::Pipeline;
use crate::cli::{Exit, Stop};
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
        if self.terminal.json() {
            self.terminal.out(&json::document(&json!({
                "application": self.target.application,
                "environment": self.target.environment,
                "account": self.target.account,
                "region": self.target.region,
                "resources": live,
            })));
            return Ok(Exit::Done);
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
}
