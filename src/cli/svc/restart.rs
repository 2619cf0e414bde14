//! `shipit svc restart`: new tasks of the same revision.

use super::super::pipeline::{Act, Pipeline, Which};
use super::super::{Exit, Global, Stop, when};

/// Replace all tasks of a service by new ones of the same revision
///
/// ECS, or Kubernetes on EKS, deploys it anew, and shipit waits for the verdict, as after a deploy. Secrets, and images behind tags that move, are
/// read anew.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local svc restart api --env test --yes")]
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
    pipeline.act(&name, Act::Restart(when::exact_stamp())).await
}
