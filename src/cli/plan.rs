//! `shipit plan`: what `deploy` would do.

use std::path::PathBuf;

use super::pipeline::{Choices, Pipeline, PlanOptions, Which};
use super::{Exit, Global, Stop, plan_file};

/// Show what `deploy` would change, and change nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local plan --env test --exit-code\n  \
                        shipit --local plan --env test --out plan.json\n  \
                        shipit --local plan --check plan.json")]
pub(super) struct Args {
    /// Say whether the plan saved in this file still holds, instead of making one
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "exit_code", "allow_delete", "prune", "skip_preflight"])]
    check: Option<PathBuf>,
    #[command(flatten)]
    options: PlanOptions,
    #[command(flatten)]
    choices: Choices,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    if let Some(path) = &args.check {
        let saved = plan_file::read(path)?;
        return Pipeline::open_saved(global, &saved).await?.check_saved(&saved).await;
    }
    Pipeline::open(global, Which::Everything).await?.show_plan(&args.choices, &args.options).await
}
