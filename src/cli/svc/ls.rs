//! `shipit svc ls`: the services of the workspace.

use serde_json::json;

use super::super::{Exit, Global, Stop, open};
use crate::render::{human::table, json};

/// List the services of the workspace
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit svc ls --format json")]
pub(in super::super) struct Args {}

pub(super) fn run(global: &Global, _args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let workspace = open::workspace(None)?;
    let services: Vec<(String, String)> = workspace
        .services
        .iter()
        .map(|service| (service.name.clone(), service.service_type.to_string()))
        .collect();
    if terminal.json() {
        let list: Vec<_> = services
            .iter()
            .map(|(name, service_type)| json!({ "name": name, "type": service_type }))
            .collect();
        terminal.out(&json::document(&json!({ "services": list })));
        return Ok(Exit::Done);
    }
    if services.is_empty() {
        terminal.tell("no service yet: create one with `shipit svc init --name api`");
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> =
        services.into_iter().map(|(name, service_type)| vec![name, service_type]).collect();
    terminal.out(&table::table(&["NAME", "TYPE"], &rows));
    Ok(Exit::Done)
}
