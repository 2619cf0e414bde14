//! `shipit secret …`: secrets of services, as SecureStrings in Parameter Store. Values come from a prompt or a file, never
//! from an argument, and are never shown.

mod init;
mod ls;
mod set;
mod store;
mod values;

use super::{Exit, Global, Stop};

/// Secrets: values for services that no manifest and no plan shows
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Init(init::Args),
    Set(set::Args),
    Ls(ls::Args),
}

pub(super) async fn run(global: &Global, command: Command) -> Result<Exit, Stop> {
    match command {
        Command::Init(args) => init::run(global, args).await,
        Command::Set(args) => set::run(global, args).await,
        Command::Ls(args) => ls::run(global, args).await,
    }
}
