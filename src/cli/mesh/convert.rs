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

/// How live traffic moves, step by step. An ECS service cannot be in App Mesh and in Service Connect at once.
const ORDER: &[&str] = &[
    "those who are called and call nobody go first (`shipit svc deploy --name NAME`), then those who call them, the door last",
    "while a service moves, its tasks are replaced one by one: callers in App Mesh find the new ones in Cloud Map as before",
    "look at each with `shipit svc status --name NAME` before the next one moves; `shipit svc rollback` takes it back",
    "when no service is in App Mesh any more, `shipit env deploy` deletes the mesh, from the outermost in",
];

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
    let mut done: Vec<(String, String)> = Vec::new();
    let mut lost: Vec<Lost> = Vec::new();
    for (path, kind) in files {
        let bytes = fs::read(root.join(&path)).map_err(|error| {
            Stop::failed(
                format!("{path} cannot be read: {error}"),
                "name files after what is in them",
            )
        })?;
        if let Some(converted) = convert_mesh::convert(&path, &bytes, kind, to)? {
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
            "wrote": wrote, "dry_run": args.dry_run, "lost": lost, "order": ORDER, "also_in": others,
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
    terminal.say("\nmove live traffic in this order:");
    for (index, step) in ORDER.iter().enumerate() {
        terminal.say(&format!("  {}. {step}", index + 1));
    }
    Ok(Exit::Done)
}
