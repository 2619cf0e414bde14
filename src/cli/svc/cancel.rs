//! `shipit svc cancel`: a deployment in progress is stopped and rolled back.

use super::super::pipeline::{Pipeline, Which};
use super::super::{Exit, Global, Stop};
use super::follow;
use crate::resources::ecs::shifting;

/// Stop a deployment in progress, and roll back to what was there before
///
/// All traffic goes back at once, then the new tasks are stopped. Follows that until it is over. The manifests stay: the
/// next `deploy` deploys again what they say.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local svc cancel --name api --env test")]
pub(in super::super) struct Args {
    /// The service; may be left out where there is only one
    #[arg(long, short)]
    name: Option<String>,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let name = super::chosen(args.name)?;
    let pipeline = Pipeline::open(global, Which::Environment).await?;
    let found = follow::find(&pipeline, &name).await?;
    match found.now.as_ref().filter(|now| now.is_forward()) {
        Some(_) => stop(global, &pipeline, &name, &found).await,
        None => Err(Stop::refused(
            format!("no deployment of service `{name}` is in progress"),
            format!(
                "`shipit svc rollback --name {name} --env {}` goes back to an earlier release",
                pipeline.environment()
            ),
        )),
    }
}

/// Stops it, and waits until it is rolled back.
pub(super) async fn stop(
    global: &Global,
    pipeline: &Pipeline,
    name: &str,
    found: &follow::Found,
) -> Result<Exit, Stop> {
    let Some(now) = &found.now else { return Ok(Exit::Done) };
    shifting::stop(pipeline.cx(), &now.arn).await?;
    follow::tell(
        pipeline,
        name,
        "cancelled",
        &format!("{name}: the deployment is stopped and rolled back"),
        now,
    );
    follow::follow(global, pipeline, name, found, None).await
}
