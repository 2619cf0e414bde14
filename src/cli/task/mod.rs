//! `shipit task …`: tasks that are run once, by hand.

mod delete;
mod logs;
mod run;
mod stop;

use super::{Exit, Global, Stop};

/// Tasks that are run once, by hand
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Run(Box<run::Args>),
    Logs(logs::Args),
    Stop(stop::Args),
    Delete(delete::Args),
}

impl Command {
    /// Whether it makes or applies a plan.
    pub(super) fn plans(&self) -> bool {
        matches!(self, Self::Delete(_))
    }
}

pub(super) async fn run(global: &Global, command: Command) -> Result<Exit, Stop> {
    match command {
        Command::Run(args) => run::run(global, *args).await,
        Command::Logs(args) => logs::run(global, args).await,
        Command::Stop(args) => stop::run(global, args).await,
        Command::Delete(args) => delete::run(global, args).await,
    }
}
