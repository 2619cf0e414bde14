//! `shipit plan`: what `deploy` would do.

use super::pipeline::{Choices, Pipeline, Which};
use super::{Exit, Global, Stop};

/// Show what `deploy` would change, and change nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local plan --env test --exit-code")]
pub(super) struct Args {
    /// Exit with 2 if there are changes
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    choices: Choices,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    Pipeline::open(global, Which::Everything).await?.show_plan(&args.choices, args.exit_code).await
}
