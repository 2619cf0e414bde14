//! `shipit svc status`: how a service fares.

use super::super::pipeline::{Pipeline, Which};
use super::super::{Exit, Global, Stop};

/// Show how a service fares: deployments, tasks, health of targets, recent events
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local svc status --name api --env test")]
pub(in super::super) struct Args {
    /// The service; may be left out where there is only one
    #[arg(long, short)]
    name: Option<String>,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let name = super::chosen(args.name)?;
    Pipeline::open(global, Which::Service(name.clone())).await?.show_live(Some(&name)).await
}
