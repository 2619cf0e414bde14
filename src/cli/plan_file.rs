//! Saved plans on disk: written whole or not at all, and read with care.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use super::Stop;
use crate::engine::saved::{SavedPlan, Unusable};

/// Largest plan that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// Refuses a place where a plan cannot or must not be written, before anything else is done.
///
/// # Errors
/// Something else than an earlier plan is there, or the folder is not.
pub(super) fn may_write(path: &Path) -> Result<(), Stop> {
    let shown = path.display();
    if path.as_os_str() == "-" || path.file_name().is_none() {
        return Err(Stop::refused(
            format!("`--out {shown}`: a plan is saved to a file"),
            "name a file, such as `--out plan.json`; `--format json` prints a plan",
        ));
    }
    let folder = folder(path);
    if !folder.is_dir() {
        return Err(Stop::refused(
            format!("`--out {shown}`: there is no folder {}", folder.display()),
            "make it first, or name a file in a folder that is there",
        ));
    }
    let taken = |what: &str| {
        let hint = "choose another name: `--out` writes over earlier plans only";
        Err(Stop::refused(format!("`--out {shown}`: {what} is there already"), hint))
    };
    let there = match path.symlink_metadata() {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot("looked at", path, &error)),
    };
    if there.is_symlink() {
        return taken("a symbolic link");
    }
    if there.is_dir() {
        return taken("a folder");
    }
    if !there.is_file() {
        return taken("something that is no file");
    }
    let plan = there.len() <= LARGEST
        && fs::read_to_string(path).is_ok_and(|text| SavedPlan::resembles(&text));
    if plan { Ok(()) } else { taken("a file that is no saved plan") }
}

/// Writes a plan beside its place and moves it there, readable by its owner only.
///
/// # Errors
/// As for [`may_write`]; and when the folder cannot be written to.
pub(super) fn write(path: &Path, plan: &SavedPlan) -> Result<(), Stop> {
    may_write(path)?;
    let text = plan.seal()?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside = folder(path).join(format!(".{name}.{}.tmp", std::process::id()));
    let written = create(&aside)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&aside, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&aside);
        cannot("written", path, &error)
    })
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Reads a saved plan.
///
/// # Errors
/// The file cannot be read (1), or is no saved plan of this format, whole and unchanged (4).
pub(super) fn read(path: &Path) -> Result<SavedPlan, Stop> {
    let shown = path.display();
    let hint = "save one with `shipit plan --out plan.json`";
    let meta = fs::metadata(path).map_err(|error| cannot("read", path, &error))?;
    if !meta.is_file() {
        let what = if meta.is_dir() { "a folder" } else { "no file" };
        return Err(Stop::refused(format!("the plan {shown} is {what}"), hint));
    }
    if meta.len() > LARGEST {
        let size = format!("{} MB, and plans have {} at most", meta.len() >> 20, LARGEST >> 20);
        return Err(Stop::refused(format!("the plan {shown} has {size}"), hint));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| cannot("read", path, &error))?;
    let refused = |why: String, hint: &str| {
        Stop::refused(format!("the plan {shown} cannot be used: {why}"), hint)
    };
    if bytes.is_empty() {
        return Err(refused("it is empty".to_owned(), hint));
    }
    let text = String::from_utf8(bytes).map_err(|_| refused("it is not UTF-8".to_owned(), hint))?;
    SavedPlan::open(&text).map_err(|error| {
        let hint = match &error {
            Unusable::OtherFormat(_) => "use the shipit that made it, or plan again",
            Unusable::Printed => "save it with `--out FILE` instead of printing it",
            Unusable::Changed => "plan again: a plan is applied as it was made",
            _ => hint,
        };
        refused(error.to_string(), hint)
    })
}

fn cannot(done: &str, path: &Path, error: &io::Error) -> Stop {
    let hint = match error.kind() {
        io::ErrorKind::NotFound => "save one with `shipit plan --out plan.json`",
        _ => "check the permissions of the file and its folder",
    };
    Stop::failed(format!("the plan {} cannot be {done}: {error}", path.display()), hint)
}
