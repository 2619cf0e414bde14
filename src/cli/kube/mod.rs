//! `shipit kube …`: what Kubernetes' own tools call.

mod token;

use super::{Exit, Global, Stop};

/// Kubernetes: what its tools call
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Token(token::Args),
}

pub(super) async fn run(global: &Global, command: Command) -> Result<Exit, Stop> {
    match command {
        Command::Token(args) => token::run(global, args).await,
    }
}
