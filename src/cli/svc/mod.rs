//! `shipit svc …`: services.

mod cancel;
mod carry_on;
mod delete;
mod deploy;
mod exec;
mod follow;
mod history;
pub(super) mod init;
mod logs;
mod ls;
mod pause;
mod plan;
mod restart;
mod resume;
mod rollback;
mod scale;
mod session;
mod show;
mod status;

use super::{Exit, Global, Stop, open};

/// Services: containers that run all the time
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Init(init::Args),
    Plan(plan::Args),
    Deploy(deploy::Args),
    Show(show::Args),
    Ls(ls::Args),
    Status(status::Args),
    Logs(logs::Args),
    Exec(exec::Args),
    History(history::Args),
    Continue(carry_on::Args),
    Cancel(cancel::Args),
    Rollback(rollback::Args),
    Scale(scale::Args),
    Pause(pause::Args),
    Resume(resume::Args),
    Restart(restart::Args),
    Delete(delete::Args),
}

impl Command {
    /// Whether it makes or applies a plan.
    pub(super) fn plans(&self) -> bool {
        matches!(
            self,
            Self::Plan(_)
                | Self::Deploy(_)
                | Self::Delete(_)
                | Self::Rollback(_)
                | Self::Scale(_)
                | Self::Pause(_)
                | Self::Resume(_)
                | Self::Restart(_)
        )
    }
}

pub(super) async fn run(global: &Global, command: Command) -> Result<Exit, Stop> {
    match command {
        Command::Init(args) => init::run(global, args),
        Command::Plan(args) => plan::run(global, args).await,
        Command::Deploy(args) => deploy::run(global, args).await,
        Command::Show(args) => show::run(global, args).await,
        Command::Ls(args) => ls::run(global, args),
        Command::Status(args) => status::run(global, args).await,
        Command::Logs(args) => logs::run(global, args).await,
        Command::Exec(args) => exec::run(global, args).await,
        Command::History(args) => history::run(global, args).await,
        Command::Continue(args) => carry_on::run(global, args).await,
        Command::Cancel(args) => cancel::run(global, args).await,
        Command::Rollback(args) => rollback::run(global, args).await,
        Command::Scale(args) => scale::run(global, args).await,
        Command::Pause(args) => pause::run(global, args).await,
        Command::Resume(args) => resume::run(global, args).await,
        Command::Restart(args) => restart::run(global, args).await,
        Command::Delete(args) => delete::run(global, args).await,
    }
}

/// The service that `--name` names, or the only one there is a manifest of.
pub(super) fn chosen(name: Option<String>) -> Result<String, Stop> {
    if let Some(name) = name {
        return Ok(name);
    }
    let workspace = open::workspace(None)?;
    let names: Vec<&str> = workspace.services.iter().map(|service| service.name.as_str()).collect();
    match names.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => Err(Stop::refused(
            "this workspace has no service yet",
            "create one with `shipit svc init --name api`",
        )),
        names => Err(Stop::refused(
            format!("which service? There is {}", names.join(", ")),
            format!("add `--name {}`", names[0]),
        )),
    }
}
