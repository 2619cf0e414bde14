//! `shipit job logs`: what jobs write.

use super::super::logs::{self, Lines};
use super::super::pipeline::LogsOf;
use super::super::{Exit, Global, Stop};

/// Print what the runs of a job write
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local job logs --name nightly --env test --since 1d")]
pub(in super::super) struct Args {
    /// The job; may be left out where there is only one
    #[arg(long, short)]
    name: Option<String>,
    #[command(flatten)]
    lines: Lines,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let name = super::chosen(args.name)?;
    logs::run(global, LogsOf::Job, &[name], args.lines, false).await
}
