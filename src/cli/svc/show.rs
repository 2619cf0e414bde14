//! `shipit svc show`: what is live of one service.

use super::super::pipeline::{Pipeline, Which};
use super::super::{Exit, Global, Stop};

/// Show what is live of a service, and its address
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local svc show --name api --env test")]
pub(in super::super) struct Args {
    /// The service; may be left out where there is only one
    #[arg(long, short)]
    name: Option<String>,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let name = super::chosen(args.name)?;
    Pipeline::open(global, Which::Service(name.clone())).await?.show_live(Some(&name)).await
}
