//! A stand-in for Docker and the like on PATH: it checks what it is asked, pushes to the registry for real, and plays what a test wants.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

const SCRIPT: &str = include_str!("builder.py");

/// A folder with one program in it.
pub(crate) struct Builder {
    folder: tempfile::TempDir,
}

impl Builder {
    /// A Docker with buildx.
    pub(crate) fn new() -> Self {
        Self::called("docker")
    }

    /// A builder of this name.
    pub(crate) fn called(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let search = std::env::var_os("PATH").unwrap_or_default();
        let python = std::env::split_paths(&search).map(|folder| folder.join("python3"));
        let python = python.into_iter().find(|program| program.is_file()).expect("no python3");
        let program = folder.path().join(name);
        std::fs::write(&program, format!("#!{}\n{SCRIPT}", python.display())).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let builder = Self { folder };
        builder.plays(json!({}));
        builder
    }

    /// What it plays from now on: `version`, `buildx`, `fails` (a context), `platform`, `login`, `push`.
    pub(crate) fn plays(&self, what: Value) {
        std::fs::write(self.file("plays.json"), what.to_string()).unwrap();
    }

    /// A search path with it, and with no other builder.
    pub(crate) fn path(&self) -> OsString {
        std::env::join_paths([self.folder.path().to_owned(), "/usr/bin".into(), "/bin".into()])
            .unwrap()
    }

    /// The same as text.
    pub(crate) fn search(&self) -> String {
        self.path().into_string().unwrap()
    }

    /// What it was asked since the last time, sorted, as builds run at once; the registry is `REGISTRY`.
    pub(crate) fn asked(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.file("log")).unwrap_or_default();
        let _ = std::fs::remove_file(self.file("log"));
        let mut lines: Vec<String> = log.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
