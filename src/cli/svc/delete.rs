//! `shipit svc delete`: one service's resources.

use super::super::pipeline::{Choices, Pipeline, Which};
use super::super::{Exit, Global, Stop};

/// Delete a service from an environment
///
/// The manifest stays. What holds data (log groups, repositories with images) is kept and
/// listed unless `--allow-delete` names its kind.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit --local svc delete --name api --env test --yes --allow-delete all"
)]
pub(in super::super) struct Args {
    /// The service; may be left out where there is only one
    #[arg(long, short)]
    name: Option<String>,
    #[command(flatten)]
    choices: Choices,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let name = super::chosen(args.name)?;
    Pipeline::open(global, Which::DeleteService(name)).await?.deploy(&args.choices).await
}
