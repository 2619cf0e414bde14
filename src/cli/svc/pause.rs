//! `shipit svc pause`: no tasks, until it is resumed.

use super::super::pipeline::{Act, Pipeline, Which};
use super::super::{Exit, Global, Stop, when};

/// Stop all tasks of a service, until `svc resume`
///
/// Nothing scales it meanwhile, and deploys leave it paused: they change all else, and start no task. All of the
/// service stays: names, load balancer, logs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local svc pause api --env test --yes")]
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
    pipeline.act(&name, Act::Pause(when::stamp())).await
}
