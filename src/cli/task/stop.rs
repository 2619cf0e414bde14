//! `shipit task stop`: a task's end.

use super::super::pipeline::{Pipeline, Which};
use super::super::{Exit, Global, Stop};
use crate::engine::{Address, Class};
use crate::resources::ecs::run;

/// Stop a running task, of a job or run by hand
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local task stop 0123456789abcdef --env test")]
pub(in super::super) struct Args {
    /// The task's id or ARN, as `job run` and `task run` print it
    #[arg(value_name = "TASK")]
    task: String,
    /// The cluster, where it is not the environment's own
    #[arg(long, value_name = "CLUSTER")]
    cluster: Option<String>,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let pipeline = Pipeline::open(global, Which::Environment).await?;
    let existing = pipeline.existing_cluster().map(str::to_owned);
    let cluster = match args.cluster.or(existing) {
        Some(cluster) => cluster,
        None => {
            let live = pipeline.live_of(&["ecs/cluster"]).await?;
            let address = Address::new("ecs/cluster", "main");
            let cluster = live.at(&address).next();
            let name = cluster.and_then(|live| live.outputs["name"].as_str());
            let Some(name) = name else {
                return Err(Stop::refused(
                    format!("environment `{}` has no cluster", pipeline.environment()),
                    "name it with `--cluster`",
                ));
            };
            name.to_owned()
        }
    };
    run::stop(pipeline.cx(), &cluster, &args.task).await.map_err(|failure| {
        match &failure.hint {
            Some(hint) if failure.class == Class::Gone => Stop::refused(&failure.message, hint),
            _ => Stop::from(failure),
        }
    })?;
    pipeline.terminal().tell(&format!("task {} is being stopped", args.task));
    Ok(Exit::Done)
}
