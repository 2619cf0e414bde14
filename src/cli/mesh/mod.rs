//! `shipit mesh …`: what concerns the mesh of an application.

mod convert;

use super::{Exit, Global, Stop};

/// Meshes: what carries the calls between services
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Convert(convert::Args),
}

pub(super) fn run(global: &Global, command: Command) -> Result<Exit, Stop> {
    match command {
        Command::Convert(args) => convert::run(global, args),
    }
}
