//! `shipit env delete`: an environment and all that is live in it.

use super::super::pipeline::{Choices, Pipeline, Which};
use super::super::{Exit, Global, Stop};

/// Delete an environment with every service that is live in it
///
/// The manifests stay. What holds data (log groups, repositories with images) is kept and
/// listed unless `--allow-delete` names its kind.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit --local env delete --name test --yes --allow-delete all"
)]
pub(in super::super) struct Args {
    /// The environment; the same as `--env`
    #[arg(long, short)]
    name: Option<String>,
    #[command(flatten)]
    choices: Choices,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let global = super::chosen(global, args.name);
    Pipeline::open(&global, Which::DeleteEnvironment).await?.deploy(&args.choices).await
}
