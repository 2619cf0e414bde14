//! `shipit svc deploy`: one service.

use super::super::pipeline::{Choices, Pipeline, Which};
use super::super::{Exit, Global, Stop};

/// Deploy one service, and create what it needs of the environment
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local svc deploy --name api --env test --yes")]
pub(in super::super) struct Args {
    /// The service; may be left out where there is only one
    #[arg(long, short)]
    name: Option<String>,
    #[command(flatten)]
    choices: Choices,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let name = super::chosen(args.name)?;
    Pipeline::open(global, Which::Service(name)).await?.deploy(&args.choices).await
}
