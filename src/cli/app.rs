//! `shipit app …`: the application of the workspace.

use serde_json::json;

use super::{Exit, Global, Stop, open};
use crate::render::json;

/// The application of the workspace
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Show(ShowArgs),
}

/// Show the application, its environments and services
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit app show --format json")]
pub(super) struct ShowArgs {}

pub(super) fn run(global: &Global, command: Command) -> Result<Exit, Stop> {
    let Command::Show(ShowArgs {}) = command;
    let terminal = global.terminal();
    let workspace = open::workspace(None)?;
    let environments: Vec<&str> =
        workspace.environments.iter().map(|environment| environment.name.as_str()).collect();
    let services: Vec<(&str, String)> = workspace
        .services
        .iter()
        .map(|service| (service.name.as_str(), service.service_type.to_string()))
        .collect();
    if terminal.json() {
        let services: Vec<_> = services
            .iter()
            .map(|(name, service_type)| json!({ "name": name, "type": service_type }))
            .collect();
        terminal.out(&json::document(&json!({
            "application": workspace.application.name,
            "folder": workspace.root,
            "environments": environments,
            "services": services,
        })));
        return Ok(Exit::Done);
    }
    let or_none = |list: String| if list.is_empty() { "none yet".to_owned() } else { list };
    let services: Vec<String> =
        services.iter().map(|(name, service_type)| format!("{name} ({service_type})")).collect();
    terminal.out(&format!(
        "application   {}\nfolder        {}\nenvironments  {}\nservices      {}",
        workspace.application.name,
        workspace.root.display(),
        or_none(environments.join(", ")),
        or_none(services.join(", ")),
    ));
    Ok(Exit::Done)
}
