//! `shipit local reset`: an empty simulated account.

use super::super::{Exit, Global, Stop};

/// Forget everything in the simulated account
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit local reset")]
pub(in super::super) struct Args {}

pub(super) fn run(global: &Global, _args: Args) -> Result<Exit, Stop> {
    let account = super::account(global)?;
    account
        .reset()
        .map_err(|error| Stop::failed(format!("local AWS could not be emptied: {error}"), ""))?;
    global.terminal().tell("local AWS is empty");
    Ok(Exit::Done)
}
