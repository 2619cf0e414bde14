//! `shipit env show`: what is live in an environment.

use super::super::pipeline::{Pipeline, Which};
use super::super::{Exit, Global, Stop};

/// Show what is live in an environment
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local env show --name test --format json")]
pub(in super::super) struct Args {
    /// The environment; the same as `--env`
    #[arg(long, short)]
    name: Option<String>,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let global = super::chosen(global, args.name);
    Pipeline::open(&global, Which::Environment).await?.show_live(None).await
}
