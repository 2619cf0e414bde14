//! Draws who talks to whom, and all around it.

use serde_json::json;

use super::Pipeline;
use crate::cli::{Exit, Stop};
use crate::planner;
use crate::render::{Format, Terminal, json, topology};
use crate::topology::Topology;

impl Pipeline {
    /// The services of the environment and the calls between them (`env show --mesh`).
    pub(in crate::cli) async fn show_mesh(&self) -> Result<Exit, Stop> {
        let (_, observation) = self.desired_and_live().await?;
        let graph = planner::topology(&self.workspace, &self.target.environment, &observation);
        self.draw(&graph);
        Ok(Exit::Done)
    }

    /// Prints a graph in the form that is asked for.
    pub(super) fn draw(&self, graph: &Topology) {
        draw(&self.terminal, graph);
    }
}

/// Prints a graph in the form that is asked for.
pub(in crate::cli) fn draw(terminal: &Terminal, graph: &Topology) {
    terminal.out(&match terminal.format {
        Format::Human | Format::Markdown => topology::text(graph),
        Format::Json => json::document(&json!(graph)),
        Format::Dot => topology::dot(graph),
        Format::Mermaid => topology::mermaid(graph),
        Format::Svg => topology::svg(graph),
    });
}
