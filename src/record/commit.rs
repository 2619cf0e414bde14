//! Which commit a workspace is at, as git says; nothing where git does not.

use std::path::Path;
use std::process::{Command, Stdio};

/// The commit of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Forty hexadecimal digits.
    pub id: String,
    /// Whether files of the folder differ from it.
    pub dirty: bool,
}

impl Commit {
    /// Asks git; `None` if it is not installed, or the folder is in no repository, or has no
    /// commit yet.
    pub fn of(folder: &Path) -> Option<Self> {
        let id = git(folder, &["rev-parse", "--verify", "--quiet", "HEAD"])?;
        let id = id.trim().to_owned();
        if id.len() < 40 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let files = ["status", "--porcelain", "--", ".", ":(exclude).shipit"];
        // Where the state of the files cannot be told, the commit alone would promise too much.
        let dirty = git(folder, &files).is_none_or(|text| !text.trim().is_empty());
        Some(Self { id, dirty })
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        // No program that the repository's own configuration names, and no lock taken.
        .args(["-c", "core.fsmonitor=false", "--no-optional-locks"])
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
