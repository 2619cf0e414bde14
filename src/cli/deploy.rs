//! `shipit deploy`: the environment and all its services.

use super::pipeline::{Choices, Pipeline, Which};
use super::{Exit, Global, Stop};

/// Deploy the environment and all services of the workspace
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local deploy --env test --yes")]
pub(super) struct Args {
    #[command(flatten)]
    choices: Choices,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    Pipeline::open(global, Which::Everything).await?.deploy(&args.choices).await
}
