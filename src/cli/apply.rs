//! `shipit apply`: a saved plan, exactly.

use std::path::PathBuf;

use super::pipeline::Pipeline;
use super::{Exit, Global, Stop, plan_file};

/// Apply a saved plan: exactly what it shows, or nothing where it is stale
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local plan --env test --out plan.json\n  \
                        shipit --local apply plan.json --yes")]
pub(super) struct Args {
    /// The file that `plan --out` wrote
    #[arg(value_name = "FILE")]
    plan: PathBuf,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let saved = plan_file::read(&args.plan)?;
    Pipeline::open_saved(global, &saved).await?.apply_saved(&saved).await
}
