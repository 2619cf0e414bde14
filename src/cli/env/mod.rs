//! `shipit env …`: environments.

mod delete;
mod deploy;
pub(super) mod init;
mod kubeconfig;
mod ls;
mod plan;
mod prune;
mod register;
mod show;

use super::{Exit, Global, Stop};

/// Environments: a network, a cluster and what services share
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Init(init::Args),
    Plan(plan::Args),
    Deploy(deploy::Args),
    Show(show::Args),
    Register(register::Args),
    Ls(ls::Args),
    Kubeconfig(kubeconfig::Args),
    Delete(delete::Args),
    Prune(prune::Args),
}

impl Command {
    /// Whether it draws a picture.
    pub(super) fn draws(&self) -> bool {
        matches!(self, Self::Show(_))
    }

    /// Whether it makes or applies a plan.
    pub(super) fn plans(&self) -> bool {
        matches!(self, Self::Plan(_) | Self::Deploy(_) | Self::Delete(_) | Self::Prune(_))
    }
}

pub(super) async fn run(global: &Global, command: Command) -> Result<Exit, Stop> {
    match command {
        Command::Init(args) => init::run(global, args),
        Command::Plan(args) => plan::run(global, args).await,
        Command::Deploy(args) => deploy::run(global, args).await,
        Command::Register(args) => register::run(global, args).await,
        Command::Show(args) => show::run(global, args).await,
        Command::Kubeconfig(args) => kubeconfig::run(global, args).await,
        Command::Ls(args) => ls::run(global, args),
        Command::Delete(args) => delete::run(global, args).await,
        Command::Prune(args) => prune::run(global, args).await,
    }
}

/// The environment of this command: `--name` is the same as `--env`.
fn chosen(global: &Global, name: Option<String>) -> Global {
    let mut global = global.clone();
    if name.is_some() {
        global.env = name;
    }
    global
}
