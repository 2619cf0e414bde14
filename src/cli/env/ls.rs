//! `shipit env ls`: the environments of the workspace.

use serde_json::json;

use super::super::{Exit, Global, Stop, open};
use crate::render::{human::table, json};

/// List the environments of the workspace
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit env ls --format json")]
pub(in super::super) struct Args {}

pub(super) fn run(global: &Global, _args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let workspace = open::workspace(None)?;
    let application = &workspace.application;
    let environments: Vec<_> = workspace
        .environments
        .iter()
        .map(|environment| {
            let region = environment.region.as_ref().or(application.region.as_ref());
            let account = environment.account.as_ref().or(application.account.as_ref());
            let cluster = environment.cluster.cluster_type.to_string();
            (environment.name.clone(), region.cloned(), account.cloned(), cluster)
        })
        .collect();
    if terminal.json() {
        let list: Vec<_> = environments
            .iter()
            .map(|(name, region, account, cluster)| {
                json!({ "name": name, "region": region, "account": account, "cluster": cluster })
            })
            .collect();
        terminal.out(&json::document(&json!({ "environments": list })));
        return Ok(Exit::Done);
    }
    if environments.is_empty() {
        terminal.tell("no environment yet: create one with `shipit env init --name test`");
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = environments
        .into_iter()
        .map(|(name, region, account, cluster)| {
            let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".into());
            vec![name, or_none(region), or_none(account), cluster]
        })
        .collect();
    terminal.out(&table::table(&["NAME", "REGION", "ACCOUNT", "CLUSTER"], &rows));
    Ok(Exit::Done)
}
