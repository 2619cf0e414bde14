//! `shipit job deploy`: one job.

use super::super::pipeline::{Choices, Pipeline, Which};
use super::super::{Exit, Global, Stop};

/// Deploy one job, and create what it needs of the environment
///
/// Nothing is run by it: the schedule is made or changed, and `job run` runs the job now.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local job deploy --name nightly --env test --yes")]
pub(in super::super) struct Args {
    /// The job; may be left out where there is only one
    #[arg(long, short)]
    name: Option<String>,
    #[command(flatten)]
    choices: Choices,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let pipeline = Pipeline::open(global, Which::Service(super::chosen(args.name)?)).await?;
    pipeline.deploy(&args.choices).await
}
