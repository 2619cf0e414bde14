//! `shipit drift`: what was changed outside.

use super::pipeline::{Pipeline, Which};
use super::{Exit, Global, Stop};

/// Show what was changed or deleted outside shipit since the last deploy, and by whom
///
/// What the manifests have changed since is no drift: `plan` shows both. Who it was comes from
/// CloudTrail, where it can be read. Nothing is changed: `deploy` puts back what has drifted.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local drift --env test --exit-code")]
pub(super) struct Args {
    /// One service alone
    #[arg(value_name = "SERVICE")]
    service: Option<String>,
    /// Exit with 2 if something has drifted
    #[arg(long)]
    exit_code: bool,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let which = args.service.map_or(Which::Everything, Which::Service);
    Pipeline::open(global, which).await?.drift(args.exit_code).await
}
