//! `shipit convert`: a Copilot workspace as a shipit workspace.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Exit, Global, Stop, open, write};
use crate::manifest::copilot::{self, Converted};
use crate::manifest::{Kind, Workspace};
use crate::render::human::problem;
use crate::render::json;

/// Write the manifests of a Copilot workspace as shipit's
///
/// Reads `copilot/.workspace`, `copilot/NAME/manifest.yml` and `copilot/environments/NAME/manifest.yml`, and
/// writes `shipit/application.yml`, `shipit/services/NAME.yml` and `shipit/environments/NAME.yml`. Keys, values and
/// comments stay as they are; an environment with private services gets the NAT gateways (`nat: per-zone`) that
/// Copilot made unasked. Nothing of Copilot's is changed, nothing that exists is overwritten, and AWS
/// is not called. What shipit has no key for is told at the end, with its line and what to write instead;
/// the exit code is 5 then. `--region` is written into every environment.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit convert\n  shipit convert path/to/copilot --region eu-west-1"
)]
pub(super) struct Args {
    /// Copilot's folder
    #[arg(value_name = "FOLDER", default_value = "copilot")]
    folder: PathBuf,
}

/// Something of Copilot's that is not converted.
#[derive(serde::Serialize)]
struct Left {
    path: String,
    why: String,
    instead: String,
}

pub(super) fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let here = open::here()?;
    let (files, left) = converted(&here.join(&args.folder), &args.folder, global)?;
    let wrote = write::files(&here, &files)?;
    let to_do = Workspace::load(&here, &|name| std::env::var(name).ok()).err();
    if terminal.json() {
        let document = json!({ "wrote": wrote, "left": left, "problems": to_do });
        terminal.out(&json::document(&document));
    } else {
        wrote.iter().for_each(|path| terminal.say(&format!("wrote {path}")));
        for Left { path, why, instead } in &left {
            terminal.say(&format!("left {path}: {why}\n  hint: {instead}"));
        }
        if let Some(problems) = &to_do {
            terminal.say("\nto be written by hand:\n");
            terminal.say(&problem::problems(problems));
        }
        terminal.tell("containers find SHIPIT_ variables where Copilot gave COPILOT_ ones");
    }
    Ok(if to_do.is_some() { Exit::Invalid } else { Exit::Done })
}

/// The files of a Copilot workspace as ours, and what has no counterpart. `shown` is the folder as it was typed.
fn converted(
    folder: &Path,
    shown: &Path,
    global: &Global,
) -> Result<(Vec<write::File>, Vec<Left>), Stop> {
    let workspace = folder.join(".workspace");
    let bytes = fs::read(&workspace).map_err(|error| {
        Stop::refused(
            format!("{} cannot be read: {error}", shown.join(".workspace").display()),
            "name the folder of a Copilot workspace: `shipit convert path/to/copilot`",
        )
    })?;
    let name = copilot::application(&shown.join(".workspace").display().to_string(), &bytes)?;
    let mut files = vec![write::application(&name)?];
    let (mut manifests, mut left) = (Vec::new(), Vec::new());
    for (part, kept) in folders(folder, shown)? {
        let is = |name: &str| part == Path::new(name);
        if is("pipelines") {
            left.push(Left {
                path: shown.join(&part).display().to_string(),
                why: "pipelines of CodePipeline are not converted".to_owned(),
                instead:
                    "`templates/github` and `templates/gitlab` in the sources plan and deploy in CI"
                        .to_owned(),
            });
            continue;
        }
        for extra in ["addons", "overrides"].into_iter().filter(|extra| kept.join(extra).is_dir()) {
            left.push(Left {
                path: shown.join(&part).join(extra).display().to_string(),
                why: format!("`{extra}` are CloudFormation, and there is none here"),
                instead: if extra == "addons" {
                    "keep that stack as it is, and name what it made in the manifest".to_owned()
                } else {
                    "`patches` in the manifest change what has no key".to_owned()
                },
            });
        }
        if is("environments") {
            continue;
        }
        let path = shown.join(&part).join("manifest.yml").display().to_string();
        let Ok(bytes) = fs::read(kept.join("manifest.yml")) else { continue };
        let stem = part.file_name().map(|name| name.to_string_lossy().into_owned());
        let stem = stem.unwrap_or_default();
        match copilot::convert(&path, &stem, &bytes, global.region.as_deref())? {
            Converted::Manifest { kind, name, text } => manifests.push((kind, name, text)),
            Converted::Left { what, why, instead } => left.push(Left {
                path,
                why: format!("a {what} is not converted: {why}"),
                instead: instead.to_owned(),
            }),
        }
    }
    for (kind, name, text) in &manifests {
        let path = Converted::path(*kind, name);
        let private = |(of, service, text): &(Kind, String, String)| {
            *of == Kind::Service && copilot::is_private(&Converted::path(*of, service), text, name)
        };
        let text = if *kind == Kind::Environment && manifests.iter().any(private) {
            copilot::with_nat(&path, text)
        } else {
            text.clone()
        };
        files.push(write::File::new(path, text));
    }
    Ok((files, left))
}

/// The folders of a Copilot workspace in which manifests lie, relative to it and as they are, sorted.
fn folders(folder: &Path, shown: &Path) -> Result<Vec<(PathBuf, PathBuf)>, Stop> {
    let list = |below: &Path| -> Result<Vec<(PathBuf, PathBuf)>, Stop> {
        let failed = |error: std::io::Error| {
            Stop::failed(
                format!("{} cannot be listed: {error}", shown.join(below).display()),
                "check the folder's permissions",
            )
        };
        let mut found = Vec::new();
        for entry in fs::read_dir(folder.join(below)).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.path().is_dir() {
                found.push((below.join(entry.file_name()), entry.path()));
            }
        }
        found.sort();
        Ok(found)
    };
    let mut all = list(Path::new(""))?;
    if folder.join("environments").is_dir() {
        all.extend(
            list(Path::new("environments"))?
                .into_iter()
                .filter(|(part, _)| !part.ends_with("addons")),
        );
    }
    Ok(all)
}
