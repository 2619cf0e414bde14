//! `shipit app …`: the application of the workspace.

use serde_json::json;

use super::pipeline::draw;
use super::{Exit, Global, Stop, open};
use crate::engine::Observation;
use crate::planner;
use crate::render::json;
use crate::topology::Topology;

/// The application of the workspace
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Show(ShowArgs),
}

/// Show the application, its environments and services, and who calls whom as the manifests say
///
/// AWS is not asked; `shipit env show` shows what is live. `--format dot`, `mermaid` and `svg` draw one environment.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit app show --format json\n  shipit app show --env test --format mermaid"
)]
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
    let graphs = graphs(global)?;
    if terminal.format.draws() {
        return match graphs.as_slice() {
            [only] => {
                draw(&terminal, only);
                Ok(Exit::Done)
            }
            [] => Err(Stop::refused(
                "this workspace has no environment yet",
                "create one with `shipit env init --name test`",
            )),
            [first, ..] => Err(Stop::refused(
                "a drawing is of one environment",
                format!("add `--env {}`", first.environment),
            )),
        };
    }
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
            "topology": graphs,
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
    for graph in graphs.iter().filter(|graph| !graph.nodes.is_empty()) {
        terminal.out("");
        draw(&terminal, graph);
    }
    Ok(Exit::Done)
}

/// Who calls whom in the environment that is named, or in each.
fn graphs(global: &Global) -> Result<Vec<Topology>, Stop> {
    let names: Vec<String> = match &global.env {
        Some(_) => vec![open::in_environment(global)?.1.name],
        None => open::workspace(None)?.environments.iter().map(|one| one.name.clone()).collect(),
    };
    let graph = |name: &String| {
        // Manifests may use the environment's name.
        let workspace = open::workspace(Some(name))?;
        let mut graph = planner::topology(&workspace, name, &Observation::default());
        // Nobody was asked.
        graph.nodes.iter_mut().for_each(|node| node.live = None);
        Ok(graph)
    };
    names.iter().map(graph).collect()
}
