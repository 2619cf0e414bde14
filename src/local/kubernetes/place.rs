//! The folder of an API server: its data, who runs it, and how other processes find it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Trouble;
use crate::local::KubernetesServer;

/// Says where the server is, while it runs.
const NOTE: &str = "server.json";
/// Held by the process that runs the server.
const RUNNING: &str = "running.lock";
/// Held until etcd has ended, too.
const DATA: &str = "data.lock";

/// How long others may hold the lock to see whether somebody does.
const GLANCE: Duration = Duration::from_millis(500);
/// How long the programs of a process that was killed may take to end.
const LAST_WORDS: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(50);

/// A folder that is ours alone while this lives.
#[derive(Debug)]
pub struct Place {
    folder: PathBuf,
    _running: File,
    data: File,
}

impl Place {
    /// Takes the folder, emptied if it shall be.
    ///
    /// # Errors
    /// It cannot be written, or a server runs in it.
    pub async fn take(folder: &Path, fresh: bool) -> Result<Self, Trouble> {
        let broken = |error: io::Error| {
            Trouble::new(format!("the folder {}: {error}", folder.display()), "")
        };
        std::fs::create_dir_all(folder).map_err(broken)?;
        let Some(running) = lock(&folder.join(RUNNING), GLANCE).await.map_err(broken)? else {
            let pid = note(folder)["pid"].to_string();
            let what =
                format!("process {pid} runs a Kubernetes API server in {}", folder.display());
            return Err(Trouble::new(what, format!("use that one, or stop it: `kill {pid}`")));
        };
        let Some(data) = lock(&folder.join(DATA), LAST_WORDS).await.map_err(broken)? else {
            let what = format!("an etcd without a shipit still writes to {}", folder.display());
            return Err(Trouble::new(what, "end it"));
        };
        let place = Self { folder: folder.to_owned(), _running: running, data };
        place.forget();
        if fresh {
            for entry in std::fs::read_dir(folder).map_err(broken)?.flatten() {
                let path = entry.path();
                if path.is_dir() {
                    std::fs::remove_dir_all(&path).map_err(broken)?;
                } else if path.extension().is_none_or(|extension| extension != "lock") {
                    std::fs::remove_file(&path).map_err(broken)?;
                }
            }
        }
        Ok(place)
    }

    /// A path in the folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file that only its owner reads.
    pub(super) fn write(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        use io::Write;
        let path = self.path(name);
        let new = self.path(&format!("{name}.new"));
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&new)?.write_all(text.as_bytes())?;
        std::fs::rename(&new, &path)?;
        Ok(path)
    }

    /// Lets other processes find the server.
    pub(super) fn tell(&self, endpoint: &str, authority: &Path, version: &str) -> io::Result<()> {
        let note = json!({
            "endpoint": endpoint,
            "certificate_authority": authority,
            "version": version,
            "pid": std::process::id(),
        });
        self.write(NOTE, &format!("{note:#}\n")).map(|_| ())
    }

    /// No server is found here any more.
    pub(super) fn forget(&self) {
        let _ = std::fs::remove_file(self.path(NOTE));
    }

    /// The lock of the data, for a process that shall hold it as well.
    pub(super) fn hold(&self) -> io::Result<Stdio> {
        Ok(Stdio::from(self.data.try_clone()?))
    }
}

/// A lock, if nobody holds it for that long.
async fn lock(path: &Path, patience: Duration) -> io::Result<Option<File>> {
    let file = File::create(path)?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if began.elapsed() > patience => return Ok(None),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
        }
    }
}

fn note(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join(NOTE)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// The server that runs in a folder, and the certificates of who signed its own.
///
/// # Errors
/// The id of the process that ran it, if that has ended without a word. It is told once.
pub fn found(folder: &Path) -> Result<Option<KubernetesServer>, String> {
    let note = note(folder);
    let Some(endpoint) = note["endpoint"].as_str() else { return Ok(None) };
    let runs = File::open(folder.join(RUNNING))
        .is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)));
    if !runs {
        let _ = std::fs::remove_file(folder.join(NOTE));
        return Err(note["pid"].to_string());
    }
    let authority = note["certificate_authority"].as_str().unwrap_or_default();
    let certificate_authority = std::fs::read_to_string(authority).unwrap_or_default();
    Ok(Some(KubernetesServer { endpoint: endpoint.to_owned(), certificate_authority }))
}
