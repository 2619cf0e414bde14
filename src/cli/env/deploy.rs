//! `shipit env deploy`: the environment, without its services.

use super::super::pipeline::{Choices, Pipeline, Which};
use super::super::{Exit, Global, Stop};

/// Deploy an environment, without its services
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local env deploy --name test --yes")]
pub(in super::super) struct Args {
    /// The environment; the same as `--env`
    #[arg(long, short)]
    name: Option<String>,
    #[command(flatten)]
    choices: Choices,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let global = super::chosen(global, args.name);
    Pipeline::open(&global, Which::Environment).await?.deploy(&args.choices).await
}
