//! Draws who talks to whom.

use serde_json::json;

use super::Pipeline;
use crate::cli::{Exit, Stop};
use crate::planner;
use crate::render::{Format, json, topology};

impl Pipeline {
    /// The services of the environment and the calls between them (`env show --mesh`).
    pub(in crate::cli) async fn show_mesh(&self) -> Result<Exit, Stop> {
        let (_, observation) = self.desired_and_live().await?;
        let graph = planner::topology(&self.workspace, &self.target.environment, &observation);
        self.terminal.out(&match self.terminal.format {
            Format::Human | Format::Markdown => topology::text(&graph),
            Format::Json => json::document(&json!(graph)),
            Format::Dot => topology::dot(&graph),
            Format::Mermaid => topology::mermaid(&graph),
            Format::Svg => topology::svg(&graph),
        });
        Ok(Exit::Done)
    }
}
