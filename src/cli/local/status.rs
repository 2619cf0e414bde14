//! `shipit local status`: what is in the simulated account.

use serde_json::json;

use super::super::{Exit, Global, Stop};
use crate::render::{human::table, json};

/// Show what is in the simulated account
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit local status --format json")]
pub(in super::super) struct Args {}

pub(super) fn run(global: &Global, _args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let directory = super::directory()?;
    let counts = super::account(global)?
        .counts()
        .map_err(|error| Stop::failed(format!("local AWS could not be read: {error}"), ""))?;
    if terminal.json() {
        terminal.out(&json::document(&json!({ "directory": directory, "objects": counts })));
        return Ok(Exit::Done);
    }
    terminal.tell(&format!("local AWS in {}", directory.display()));
    if counts.is_empty() {
        terminal.out("empty");
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> =
        counts.into_iter().map(|(kind, count)| vec![kind, count.to_string()]).collect();
    terminal.out(&table::table(&["KIND", "OBJECTS"], &rows));
    Ok(Exit::Done)
}
