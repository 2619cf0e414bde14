//! Finding a workspace's files and reading them as text.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::problem::{Problem, Problems, Source, Span};
use super::read::did_you_mean;

/// Largest manifest, in bytes.
const LARGEST: u64 = 1 << 20;

/// The folder of manifests within a workspace.
pub(crate) const FOLDER: &str = "shipit";

/// A file's name without its folders and ending.
pub(crate) fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".yml").unwrap_or(name)
}

/// The manifests in a folder such as `shipit/services`, sorted by name; none when it does not exist.
pub(crate) fn list(root: &Path, folder: &str, problems: &mut Vec<Problem>) -> Vec<String> {
    let mut paths = Vec::new();
    let entries = match fs::read_dir(root.join(folder)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return paths,
        Err(error) => {
            problems.push(Problem::of_file(folder, format!("cannot list this folder: {error}")));
            return paths;
        }
    };
    for entry in entries {
        let name = match entry {
            Ok(entry) => entry.file_name(),
            Err(error) => {
                problems
                    .push(Problem::of_file(folder, format!("cannot list this folder: {error}")));
                continue;
            }
        };
        let Some(name) = name.to_str() else {
            let shown = name.to_string_lossy().into_owned();
            problems.push(
                Problem::of_file(format!("{folder}/{shown}"), "the file's name is not UTF-8")
                    .help("rename it"),
            );
            continue;
        };
        let path = format!("{folder}/{name}");
        if name.starts_with('.') {
            continue;
        }
        if name.ends_with(".yml") {
            paths.push(path);
        } else if let Some(stem) = name.strip_suffix(".yaml") {
            let better = format!("{folder}/{stem}.yml");
            let help = if root.join(&better).exists() {
                format!("there is {better} too: remove one of the two")
            } else {
                format!("mv {path} {better}")
            };
            problems.push(
                Problem::of_file(&*path, "manifests end in `.yml`, so this file is not read")
                    .help(help),
            );
        } else if ["manifest.yml", "manifest.yaml"]
            .iter()
            .any(|file| root.join(&path).join(file).exists())
        {
            problems.push(
                Problem::of_file(&*path, "a folder per service or environment is Copilot's layout")
                    .expected(format!("one file: {path}.yml"))
                    .help(format!("mv {path}/manifest.yml {path}.yml, or run `shipit convert` for a whole Copilot workspace")),
            );
        }
    }
    paths.sort();
    paths
}

/// Folders and files beside the known ones whose names look like typing mistakes.
pub(crate) fn strangers(root: &Path, problems: &mut Vec<Problem>) {
    const KNOWN: &[&str] = &["application.yml", "environments", "services", "jobs", "kubernetes"];
    let Ok(entries) = fs::read_dir(root.join(FOLDER)) else { return };
    for name in entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()) {
        if KNOWN.contains(&name.as_str()) {
            continue;
        }
        if let Some(help) = did_you_mean(&name, KNOWN) {
            let path = format!("{FOLDER}/{name}");
            problems.push(Problem::of_file(path, "nothing here is read").warning().help(help));
        }
    }
}

/// The text of a file.
pub(crate) fn read(root: &Path, path: &str) -> Result<Arc<Source>, Problems> {
    let full = root.join(path);
    let failed = |error: &io::Error| cannot_read(&full, path, error);
    let metadata = fs::metadata(&full).map_err(|error| failed(&error))?;
    if !metadata.is_file() {
        return Err(Problem::of_file(path, "this is not a file").expected("a YAML file").into());
    }
    if metadata.len() > LARGEST {
        let size = metadata.len();
        return Err(Problem::of_file(path, format!("the file has {size} bytes"))
            .expected(format!("at most {LARGEST} bytes"))
            .help("is this the right file? manifests are small")
            .into());
    }
    let bytes = fs::read(&full).map_err(|error| failed(&error))?;
    text(path, &bytes)
}

fn cannot_read(full: &Path, path: &str, error: &io::Error) -> Problem {
    let target = fs::read_link(full).ok();
    match (error.kind(), target) {
        (io::ErrorKind::NotFound, Some(target)) => {
            let target = target.display();
            Problem::of_file(path, format!("this link points to {target}, which does not exist"))
                .help("put the file there, or remove the link")
        }
        // Only the application's file is asked for without having been listed.
        (io::ErrorKind::NotFound, None) => Problem::of_file(path, "this file is missing").help(
            "`shipit init` writes one; or create it with `kind: application` and `name: NAME`",
        ),
        (io::ErrorKind::PermissionDenied, _) => {
            Problem::of_file(path, "no permission to read this file")
                .help(format!("chmod u+r {path}"))
        }
        _ => Problem::of_file(path, format!("cannot read this file: {error}")),
    }
}

/// Bytes as text: UTF-8, with or without a byte-order mark.
pub(crate) fn text(path: &str, bytes: &[u8]) -> Result<Arc<Source>, Problems> {
    let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(path, text.strip_prefix('\u{feff}').unwrap_or(text))),
        Err(_) if utf16 => Err(Problem::of_file(path, "the file is in UTF-16")
            .expected("UTF-8")
            .help(format!("iconv -f UTF-16 -t UTF-8 {path} > new.yml"))
            .into()),
        Err(error) => {
            let at = error.valid_up_to();
            let source = Source::new(path, String::from_utf8_lossy(bytes));
            let message = format!(
                "byte {at} (0x{:02x}) is not UTF-8",
                bytes.get(at).copied().unwrap_or_default()
            );
            Err(Problem::error(
                &source,
                Span { offset: at, length: '\u{fffd}'.len_utf8() },
                message,
            )
            .help(format!(
                "save the file as UTF-8; from Latin-1: iconv -f LATIN1 -t UTF-8 {path} > new.yml"
            ))
            .into())
        }
    }
}

/// The nearest folder at or above `start` that holds a folder `shipit` with manifests.
pub(crate) fn find(start: &Path) -> Result<PathBuf, Problems> {
    // A relative path has no ancestors beyond itself.
    let start = &if start.is_absolute() {
        start.to_owned()
    } else {
        start.canonicalize().unwrap_or_else(|_| start.to_owned())
    };
    for folder in start.ancestors() {
        if folder.join(FOLDER).is_dir() && is_workspace(&folder.join(FOLDER)) {
            return Ok(folder.to_owned());
        }
    }
    let shown = start.display();
    let problem =
        Problem::of_file("", format!("no folder `{FOLDER}` with manifests in {shown} or above it"));
    let help = super::copilot::hint(start)
        .unwrap_or("start one with `shipit init`, or change into the folder of your project");
    Err(problem.help(help).into())
}

/// A folder that merely bears the name (the program's own sources, say) is not taken for a workspace.
fn is_workspace(folder: &Path) -> bool {
    ["application.yml", "application.yaml", "environments", "services", "jobs"]
        .iter()
        .any(|name| fs::symlink_metadata(folder.join(name)).is_ok())
}
