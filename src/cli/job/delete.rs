//! `shipit job delete`: one job's resources.

use super::super::pipeline::{Choices, Pipeline, Which};
use super::super::{Exit, Global, Stop};

/// Delete a job from an environment
///
/// The manifest stays, and so do tasks that run. What holds data (the log group) is kept and listed
/// unless `--allow-delete` names its kind.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit --local job delete --name nightly --env test --yes --allow-delete all"
)]
pub(in super::super) struct Args {
    /// The job; may be left out where there is only one
    #[arg(long, short)]
    name: Option<String>,
    #[command(flatten)]
    choices: Choices,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let which = Which::DeleteService(super::chosen(args.name)?);
    Pipeline::open(global, which).await?.deploy(&args.choices).await
}
