//! `shipit env plan`: what `env deploy` would do.

use super::super::pipeline::{Choices, Pipeline, PlanOptions, Which};
use super::super::{Exit, Global, Stop};

/// Show what `env deploy` would change, and change nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local env plan --name test")]
pub(in super::super) struct Args {
    /// The environment; the same as `--env`
    #[arg(long, short)]
    name: Option<String>,
    #[command(flatten)]
    options: PlanOptions,
    #[command(flatten)]
    choices: Choices,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let global = super::chosen(global, args.name);
    Pipeline::open(&global, Which::Environment).await?.show_plan(&args.choices, &args.options).await
}
