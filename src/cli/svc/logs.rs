//! `shipit svc logs`: what services write.

use super::super::logs::{self, Lines};
use super::super::pipeline::LogsOf;
use super::super::{Exit, Global, Stop};

/// Print what the containers of services write
///
/// Each line begins with its task's id, in a colour of its own. With `-f` it goes on until Ctrl-C, also over
/// deployments; lines of a task keep their order. On EKS lines come from the pods themselves, and begin with the pod's name.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local svc logs api --env test --since 10m\n  \
    shipit --local svc logs api web --env test --follow --filter \"?ERROR ?WARN\"\n  \
    shipit --local svc logs api --env test --previous")]
pub(in super::super) struct Args {
    /// The services; may be left out where there is only one
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
    /// The same; several with commas
    #[arg(long, short, value_name = "SERVICE", value_delimiter = ',', conflicts_with = "services")]
    name: Vec<String>,
    /// Only the task that stopped last; on EKS the run before of the container that was started again last
    #[arg(long, short, conflicts_with_all = ["follow", "task"])]
    previous: bool,
    #[command(flatten)]
    lines: Lines,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let mut names = if args.name.is_empty() { args.services } else { args.name };
    if names.is_empty() {
        names.push(super::chosen(None)?);
    }
    logs::run(global, LogsOf::Service, &names, args.lines, args.previous).await
}
