//! `shipit task delete`: what `task run --image` has made.

use super::super::pipeline::{Choices, Pipeline, Which};
use super::super::{Exit, Global, Stop, open};
use crate::manifest::ServiceType;

/// Delete what `task run --image` has made: task definition, roles, log group
///
/// Tasks that run go on. The log group holds data: it stays unless `--allow-delete` names it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit --local task delete --name migrate --env test --yes --allow-delete all"
)]
pub(in super::super) struct Args {
    /// The name that was given to `task run`
    #[arg(long, short, visible_alias = "task-group-name")]
    name: String,
    #[command(flatten)]
    choices: Choices,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let workspace = open::workspace(global.env.as_deref())?;
    if let Some(service) = workspace.services.iter().find(|service| service.name == args.name) {
        let whose = if service.service_type == ServiceType::ScheduledJob { "job" } else { "svc" };
        return Err(Stop::refused(
            format!(
                "`{}` is what {} describes, and no task that was run by hand",
                args.name, service.file
            ),
            format!("delete it with `shipit {whose} delete --name {}`", args.name),
        ));
    }
    let which = Which::DeleteService(args.name);
    Pipeline::open(global, which).await?.deploy(&args.choices).await
}
