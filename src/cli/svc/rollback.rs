//! `shipit svc rollback`: a service's earlier release again.

use super::super::pipeline::{Choices, Pipeline, Which};
use super::super::{Exit, Global, Stop};
use super::follow;

/// Go back to an earlier release of a service
///
/// The task definition that the release ran is deployed again, exactly; nothing is built, and
/// nothing else of the service changes. On EKS it is the template of its pods, of which Kubernetes keeps the last ten. Where a deployment is in progress and no release is named, that is
/// stopped and rolled back, as with `svc cancel`. The manifests stay: the next `deploy` goes forward again to
/// what they say.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local svc rollback --name api --env test --yes")]
pub(in super::super) struct Args {
    /// The release, by its number in `svc history`; else the last one that completed before the
    /// current one
    #[arg(value_name = "RELEASE", value_parser = clap::value_parser!(i64).range(1..))]
    release: Option<i64>,
    /// The service; may be left out where there is only one
    #[arg(long, short)]
    name: Option<String>,
    #[command(flatten)]
    choices: Choices,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let name = super::chosen(args.name)?;
    let pipeline = Pipeline::open(global, Which::Environment).await?;
    // What is on its way is stopped; that is the way back to what was there before it.
    if args.release.is_none()
        && let Ok(found) = follow::find(&pipeline, &name).await
        && found.now.as_ref().is_some_and(|now| now.is_forward())
    {
        return super::cancel::stop(global, &pipeline, &name, &found).await;
    }
    pipeline.roll_back(&name, args.release, &args.choices).await
}
