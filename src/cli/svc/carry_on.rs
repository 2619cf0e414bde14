//! `shipit svc continue`: a deployment that has paused goes on.

use super::super::pipeline::{Pipeline, Which};
use super::super::{Exit, Global, Stop};
use super::follow;
use crate::resources::ecs::shifting;

/// Let a deployment go on that has paused at a stage
///
/// Follows it until it ends, or pauses again. `svc status` says where it stands, and `svc cancel` rolls it back.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local svc continue --name api --env test")]
pub(in super::super) struct Args {
    /// The service; may be left out where there is only one
    #[arg(long, short)]
    name: Option<String>,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let name = super::chosen(args.name)?;
    let pipeline = Pipeline::open(global, Which::Environment).await?;
    let environment = pipeline.environment();
    let found = follow::find(&pipeline, &name).await?;
    let status = format!("`shipit svc status --name {name} --env {environment}` says how it fares");
    let Some(now) = found.now.as_ref().filter(|now| now.is_going()) else {
        return Err(Stop::refused(
            format!("no deployment of service `{name}` is in progress"),
            status,
        ));
    };
    if now.pauses.is_empty() {
        return Err(Stop::refused(
            format!("the deployment of service `{name}` has not paused: {}", now.text()),
            status,
        ));
    }
    shifting::go_on(pipeline.cx(), now, true).await?;
    let stage = &now.stage;
    follow::tell(&pipeline, &name, "continued", &format!("{name}: goes on from {stage}"), now);
    follow::follow(global, &pipeline, &name, &found, Some(&now.pauses)).await
}
