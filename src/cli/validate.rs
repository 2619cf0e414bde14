//! `shipit validate`: every problem of every manifest, without AWS.

use serde_json::json;

use super::{Exit, Global, Stop, open};
use crate::planner;
use crate::render::human::{problem, text};
use crate::render::json;

/// Check all manifests, without AWS
///
/// Every service is checked in every environment. Reports every problem of every file at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit validate")]
pub(super) struct Args {}

pub(super) fn run(global: &Global, _args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let workspace = open::workspace(global.env.as_deref())?;
    let problems = planner::rehearse(&workspace);
    if !problems.0.is_empty() {
        return Err(problems.into());
    }
    let warnings = &workspace.warnings;
    if terminal.json() {
        terminal.out(&json::document(&json!({ "problems": warnings })));
        return Ok(Exit::Done);
    }
    if !warnings.0.is_empty() {
        terminal.say(&problem::problems(warnings));
    }
    terminal.out(&format!(
        "application `{}` is valid: {}, {}",
        workspace.application.name,
        text::count(workspace.environments.len(), "environment"),
        text::count(workspace.services.len(), "service"),
    ));
    Ok(Exit::Done)
}
