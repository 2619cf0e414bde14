//! `shipit adopt`: takes over what exists already.

use std::path::PathBuf;

use super::pipeline::{Pipeline, Which};
use super::{Exit, Global, Stop};

/// Take over an AWS resource that exists already
///
/// Shows what it is and what the next deploy would change of it, asks, and puts this environment's
/// ownership tags on it. Nothing else of it changes, and its other tags stay. What bears another
/// application's or environment's shipit tags is refused.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit adopt elbv2/target-group.api demo-test-api --env test\n  \
                  shipit adopt ec2/vpc.main vpc-0123456789abcdef0 --env test --yes"
)]
pub(super) struct Args {
    /// What it is to become: an address as `shipit plan` prints it, such as `ecs/cluster.main`
    address: String,
    /// What AWS calls it: an id, ARN or name
    id: String,
    /// Save the plan to this file, for `shipit apply`, instead of carrying it out
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let pipeline = Pipeline::open(global, Which::Everything).await?;
    pipeline.adopt(&args.address, &args.id, args.out.as_deref()).await
}
