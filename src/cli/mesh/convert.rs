//! `shipit mesh convert`: manifests that use App Mesh, rewritten to what succeeded it.

use std::fs;

use serde_json::json;

use crate::cli::{Exit, Global, Stop, open};
use crate::manifest::convert_mesh::{self, Lost};
use crate::manifest::mesh::MeshType;
use crate::manifest::{Kind, Workspace};
use crate::render::json;

/// Rewrite manifests that use App Mesh to ECS Service Connect, or to VPC Lattice
///
/// AWS ended App Mesh on 2026-09-30. Manifests keep their text and comments; what belongs to the mesh goes, and each
/// thing that has no equal is told in a line of its own. AWS is not called. The order in which live traffic
/// moves is told at the end. With `--dry-run` nothing is written.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit mesh convert --dry-run\n  shipit mesh convert --to service-connect"
)]
pub(in crate::cli) struct Args {
    /// What to use instead: service-connect or lattice
    #[arg(long, value_name = "MESH", default_value = "service-connect", value_parser = ["service-connect", "lattice"])]
    to: String,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// How live traffic moves, step by step, with the services in the place of `{}`. A task has one proxy: that of App Mesh or that
/// of Service Connect.
const ORDER: &[&str] = &[
    "with the manifests as they were: `egress: all` for the mesh and `tls: {mode: permissive}` for each service with TLS, then `shipit deploy`, so that those inside and outside reach each other while they move",
    "then, with what is written here, one service after another, whom others call first: {}, each with `shipit svc deploy --name NAME`",
    "while a service moves, its tasks are replaced one by one: callers that have not moved find them in Cloud Map; what still names it in the mesh stays until that moves, too; shares and retries end with the move",
    "look at each with `shipit svc status --name NAME` before the next one moves; `shipit svc rollback` takes its tasks back",
    "when all have moved, `shipit deploy` deletes what is left of the mesh, from the outermost in",
];

/// The services in the order in which they move: whom others call first.
fn moving(workspace: &Workspace, environment: &str) -> Vec<String> {
    fn visit(workspace: &Workspace, environment: &str, name: &str, seen: &mut Vec<(String, bool)>) {
        if seen.iter().any(|(known, _)| known == name) {
            return;
        }
        let Ok(service) = workspace.service_in(name, environment) else { return };
        let Some(part) = &service.mesh else { return };
        seen.push((name.to_owned(), false));
        let calls = part.calls.iter().map(|call| call.name.as_str());
        let routes = part.routes.iter().flat_map(|route| route.to.keys().map(String::as_str));
        let door = part.gateway.iter().flatten().map(|route| route.to.as_str());
        for other in calls.chain(routes).chain(door) {
            visit(workspace, environment, other, seen);
        }
        // Behind all that it calls.
        seen.retain(|(known, _)| known != name);
        seen.push((name.to_owned(), true));
    }
    let mut seen = Vec::new();
    for service in &workspace.services {
        visit(workspace, environment, &service.name, &mut seen);
    }
    seen.into_iter().map(|(name, _)| name).collect()
}

pub(super) fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let root = Workspace::find(&open::here()?)?;
    let to = if args.to == "lattice" { MeshType::Lattice } else { MeshType::ServiceConnect };
    let workspace = Workspace::load(&root, &|name| std::env::var(name).ok())?;
    let in_mesh = workspace.environments.iter().filter(|environment| {
        environment.mesh.as_ref().is_some_and(|mesh| mesh.mesh_type == MeshType::AppMesh)
    });
    let meshes: Vec<&str> = in_mesh.map(|environment| environment.name.as_str()).collect();
    if meshes.is_empty() {
        return Err(Stop::refused("no environment uses App Mesh", "nothing has to be converted"));
    }
    let mut files: Vec<(String, Kind)> = meshes
        .iter()
        .map(|name| (format!("shipit/environments/{name}.yml"), Kind::Environment))
        .collect();
    files.extend(workspace.services.iter().map(|service| (service.file.clone(), Kind::Service)));
    // Callers keep the names that they have written down, where those can be told from the environment's alone.
    let names = workspace.environments.iter().all(|environment| {
        let discovery = &environment.discovery;
        discovery.name.is_none() && discovery.id.is_none()
    });
    let order: Vec<String> = ORDER
        .iter()
        .map(|step| step.replace("{}", &moving(&workspace, meshes[0]).join(", ")))
        .collect();
    let mut done: Vec<(String, String)> = Vec::new();
    let mut lost: Vec<Lost> = Vec::new();
    for (path, kind) in files {
        let bytes = fs::read(root.join(&path)).map_err(|error| {
            Stop::failed(
                format!("{path} cannot be read: {error}"),
                "name files after what is in them",
            )
        })?;
        if let Some(converted) = convert_mesh::convert(&path, &bytes, kind, to, names)? {
            lost.extend(converted.lost);
            done.push((path, converted.text));
        }
    }
    for (path, text) in done.iter().filter(|_| !args.dry_run) {
        fs::write(root.join(path), text)
            .map_err(|error| Stop::failed(format!("{path} cannot be written: {error}"), ""))?;
    }
    // Where another environment has no mesh, its services have Service Connect from now on, too.
    let others: Vec<&str> = workspace
        .environments
        .iter()
        .filter(|environment| environment.mesh.is_none() && to == MeshType::ServiceConnect)
        .map(|environment| environment.name.as_str())
        .collect();
    let wrote: Vec<&String> = done.iter().map(|(path, _)| path).collect();
    if terminal.json() {
        let document = json!({
            "wrote": wrote, "dry_run": args.dry_run, "lost": lost, "order": order, "also_in": others,
        });
        terminal.out(&json::document(&document));
        return Ok(Exit::Done);
    }
    let verb = if args.dry_run { "would write" } else { "wrote" };
    wrote.iter().for_each(|path| terminal.say(&format!("{verb} {path}")));
    for Lost { place, key, why } in &lost {
        terminal.say(&format!("lost {place} {key}: {why}"));
    }
    for name in &others {
        terminal.say(&format!("environment `{name}` had no mesh: its services get Service Connect, too, unless they say `environments: {{{name}: {{network: {{connect: false}}}}}}`"));
    }
    if !names && to == MeshType::ServiceConnect {
        terminal.say("callers must write `http://NAME:PORT` for names in the namespace, which lead around Service Connect");
    }
    terminal.say("\nmove live traffic in this order:");
    for (index, step) in order.iter().enumerate() {
        terminal.say(&format!("  {}. {step}", index + 1));
    }
    Ok(Exit::Done)
}
