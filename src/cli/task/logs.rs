//! `shipit task logs`: what tasks write that were run with `task run`.

use super::super::logs::{self, Lines};
use super::super::pipeline::LogsOf;
use super::super::{Exit, Global, Stop};

/// Print what a task has written that was run with `task run --image`
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local task logs --name migrate --env test --since 1d")]
pub(in super::super) struct Args {
    /// What the task is called
    #[arg(long, short, visible_alias = "task-group-name", default_value = "task")]
    name: String,
    #[command(flatten)]
    lines: Lines,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    logs::run(global, LogsOf::Task, &[args.name], args.lines, false).await
}
