//! `shipit job …`: scheduled jobs. What is alike for services is the same code.

mod delete;
mod deploy;
mod init;
mod logs;
mod ls;
mod plan;
mod run;

use super::{Exit, Global, Stop, open};
use crate::manifest::ServiceType;

/// Jobs: containers that run at set times and end
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Init(init::Args),
    Plan(plan::Args),
    Deploy(deploy::Args),
    Run(run::Args),
    Logs(logs::Args),
    Ls(ls::Args),
    Delete(delete::Args),
}

impl Command {
    /// Whether it makes or applies a plan.
    pub(super) fn plans(&self) -> bool {
        matches!(self, Self::Plan(_) | Self::Deploy(_) | Self::Delete(_))
    }
}

pub(super) async fn run(global: &Global, command: Command) -> Result<Exit, Stop> {
    match command {
        Command::Init(args) => init::run(global, args),
        Command::Plan(args) => plan::run(global, args).await,
        Command::Deploy(args) => deploy::run(global, args).await,
        Command::Run(args) => run::run(global, args).await,
        Command::Logs(args) => logs::run(global, args).await,
        Command::Ls(args) => ls::run(global, args),
        Command::Delete(args) => delete::run(global, args).await,
    }
}

/// The job that `--name` names, or the only one there is a manifest of.
fn chosen(name: Option<String>) -> Result<String, Stop> {
    let workspace = open::workspace(None)?;
    let is_job = |kind: ServiceType| kind == ServiceType::ScheduledJob;
    if let Some(name) = name {
        // One without a manifest may be live all the same.
        return match workspace.services.iter().find(|service| service.name == name) {
            Some(service) if !is_job(service.service_type) => Err(Stop::refused(
                format!("`{name}` is a {}, and no job", service.service_type),
                "the commands for it begin with `shipit svc`",
            )),
            _ => Ok(name),
        };
    }
    let jobs = workspace.services.iter().filter(|service| is_job(service.service_type));
    let names: Vec<&str> = jobs.map(|service| service.name.as_str()).collect();
    match names.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => Err(Stop::refused(
            "this workspace has no job yet",
            "create one with `shipit job init --name nightly`",
        )),
        names => Err(Stop::refused(
            format!("which job? There is {}", names.join(", ")),
            format!("add `--name {}`", names[0]),
        )),
    }
}
