//! `shipit svc status`: how a service fares.

use serde_json::json;

use super::super::pipeline::{Pipeline, Which};
use super::super::{Exit, Global, Stop};
use crate::engine::{Address, Observation};
use crate::render::human::failure::failure;
use crate::render::human::status;
use crate::render::json;
use crate::resources::ecs::status::status as of_service;
use crate::resources::elbv2::health::of_targets;

/// Show how a service fares: deployments, tasks, health of targets, recent events
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local svc status --name api --env test")]
pub(in super::super) struct Args {
    /// The service; may be left out where there is only one
    #[arg(long, short)]
    name: Option<String>,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let name = super::chosen(args.name)?;
    let pipeline = Pipeline::open(global, Which::Service(name.clone())).await?;
    let live = pipeline.live().await?;
    let Some((cluster, service)) = ecs_names(&live, &name) else {
        return Err(Stop::refused(
            format!("service `{name}` is not deployed in environment `{}`", pipeline.environment()),
            format!(
                "deploy it with `shipit svc deploy --name {name} --env {}`",
                pipeline.environment()
            ),
        ));
    };
    let cx = pipeline.cx();
    let state = of_service(cx, &cluster, &service, (&name, pipeline.environment())).await?;
    let mut targets = Vec::new();
    for group in live.seen.of("elbv2/target-group") {
        if group.identity.owner.service() == Some(&name)
            && let Some(arn) = group.outputs["arn"].as_str()
        {
            targets.extend(of_targets(cx, arn).await?);
        }
    }
    let terminal = pipeline.terminal();
    if terminal.json() {
        let document = json!({ "service": name, "ecs": state, "targets": targets });
        terminal.out(&json::document(&document));
        return Ok(Exit::Done);
    }
    let document = json!({ "ecs": state, "targets": targets });
    terminal.out(&status::status(&name, &document));
    if let Some(why) = &state.failure {
        terminal.say(&failure(Some(&Address::new("ecs/service", &name)), why));
    }
    Ok(Exit::Done)
}

/// What ECS calls the cluster and the service.
fn ecs_names(live: &Observation, name: &str) -> Option<(String, String)> {
    let address = Address::new("ecs/service", name);
    let outputs = &live.at(&address).next()?.outputs;
    Some((outputs["cluster"].as_str()?.to_owned(), outputs["name"].as_str()?.to_owned()))
}
