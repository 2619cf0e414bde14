//! `shipit job plan`: what `job deploy` would do.

use super::super::pipeline::{Choices, Pipeline, PlanOptions, Which};
use super::super::{Exit, Global, Stop};

/// Show what `job deploy` would change, and change nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local job plan --name nightly --env test")]
pub(in super::super) struct Args {
    /// The job; may be left out where there is only one
    #[arg(long, short)]
    name: Option<String>,
    #[command(flatten)]
    options: PlanOptions,
    #[command(flatten)]
    choices: Choices,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let pipeline = Pipeline::open(global, Which::Service(super::chosen(args.name)?)).await?;
    pipeline.show_plan(&args.choices, &args.options).await
}
