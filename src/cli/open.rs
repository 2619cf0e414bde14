//! Finding and loading the workspace.

use std::path::PathBuf;

use super::{Global, Stop};
use crate::manifest::{Environment, Problems, Workspace};

/// The folder that holds `shipit/`, found by walking up from the current folder.
pub(super) fn root() -> Result<PathBuf, Stop> {
    Ok(Workspace::find(&here()?)?)
}

/// The current folder.
pub(super) fn here() -> Result<PathBuf, Stop> {
    std::env::current_dir()
        .map_err(|error| Stop::failed(format!("the current folder cannot be read: {error}"), ""))
}

/// Loads all manifests; `${SHIPIT_ENVIRONMENT}` is the chosen environment if there is one.
pub(super) fn workspace(environment: Option<&str>) -> Result<Workspace, Stop> {
    Ok(load(environment)?)
}

fn load(environment: Option<&str>) -> Result<Workspace, Problems> {
    let here = std::env::current_dir().unwrap_or_default();
    Workspace::load_for(&Workspace::find(&here)?, environment, &|name| std::env::var(name).ok())
}

/// The workspace for a run in the environment that `--env` names, or in the only one there is,
/// and that environment.
pub(super) fn in_environment(global: &Global) -> Result<(Workspace, Environment), Stop> {
    let workspace = workspace(global.env.as_deref())?;
    let names: Vec<&str> =
        workspace.environments.iter().map(|environment| environment.name.as_str()).collect();
    let name = match (&global.env, names.as_slice()) {
        (Some(name), _) => name.clone(),
        (None, [only]) => (*only).to_owned(),
        (None, []) => {
            return Err(Stop::refused(
                "this workspace has no environment yet",
                "create one with `shipit env init --name test`",
            ));
        }
        (None, names) => {
            return Err(Stop::refused(
                format!("which environment? There is {}", list(names)),
                format!("add `--env {}`", names[0]),
            ));
        }
    };
    match workspace.environment(&name).cloned() {
        Some(environment) if global.env.is_some() => Ok((workspace, environment)),
        // Loaded for all environments: once more for this one, whose name manifests may use.
        Some(environment) => Ok((self::workspace(Some(&name))?, environment)),
        None => Err(Stop::refused(
            format!("there is no environment `{name}` here; there is {}", list(&names)),
            format!("create it with `shipit env init --name {name}`"),
        )),
    }
}

fn list(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    }
}
