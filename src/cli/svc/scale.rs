//! `shipit svc scale`: another number of tasks, for now.

use super::super::pipeline::{Act, Pipeline, Which};
use super::super::{Exit, Global, Stop};

/// Set how many tasks a service has, until the next deploy
///
/// The manifest stays: the next deploy puts its count back. Where autoscaling decides, it is suspended (on EKS it has
/// that count as both its bounds), and goes on with `svc resume` or the next deploy.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local svc scale api --count 3 --env test --yes")]
pub(in super::super) struct Args {
    /// The service; may be left out where there is only one
    #[arg(value_name = "SERVICE")]
    service: Option<String>,
    /// The same
    #[arg(long, short, value_name = "SERVICE", conflicts_with = "service")]
    name: Option<String>,
    /// How many tasks; `svc pause` is for none
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=5000))]
    count: u32,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let name = super::chosen(args.service.or(args.name))?;
    let pipeline = Pipeline::open(global, Which::Environment).await?;
    pipeline.act(&name, Act::Scale(args.count)).await
}
