//! `shipit svc resume`: its tasks again.

use super::super::pipeline::{Act, Pipeline, Which};
use super::super::{Exit, Global, Stop};

/// Start the tasks of a paused or scaled service, as many as its manifest says
///
/// Autoscaling goes on where the manifest has it, from its lowest count.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local svc resume api --env test --yes")]
pub(in super::super) struct Args {
    /// The service; may be left out where there is only one
    #[arg(value_name = "SERVICE")]
    service: Option<String>,
    /// The same
    #[arg(long, short, value_name = "SERVICE", conflicts_with = "service")]
    name: Option<String>,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let name = super::chosen(args.service.or(args.name))?;
    let pipeline = Pipeline::open(global, Which::Environment).await?;
    pipeline.act(&name, Act::Resume).await
}
