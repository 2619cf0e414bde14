//! `shipit svc plan`: what `svc deploy` would do.

use super::super::pipeline::{Choices, Pipeline, PlanOptions, Which};
use super::super::{Exit, Global, Stop};

/// Show what `svc deploy` would change, and change nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local svc plan --name api --env test")]
pub(in super::super) struct Args {
    /// The service; may be left out where there is only one
    #[arg(long, short)]
    name: Option<String>,
    #[command(flatten)]
    options: PlanOptions,
    #[command(flatten)]
    choices: Choices,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let name = super::chosen(args.name)?;
    Pipeline::open(global, Which::Service(name))
        .await?
        .show_plan(&args.choices, &args.options)
        .await
}
