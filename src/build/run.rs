//! Runs a builder's command: its lines are told while they come, and it ends with whoever waits for it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::engine::{Class, Failure, redact, waits};

/// How many of the last lines are kept.
const KEPT: usize = 20;

/// What came of a command.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) ok: bool,
    /// What it wrote to standard output; the first line for those that are asked something.
    pub(super) text: String,
    /// The last lines that it wrote anywhere.
    pub(super) last: Vec<String>,
}

/// Ends the process where nobody waits for it any longer.
struct Kept {
    child: Arc<Mutex<Child>>,
    over: bool,
}

impl Drop for Kept {
    fn drop(&mut self) {
        if !self.over {
            let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Asks a program something; nobody hears it.
pub(super) async fn quietly(program: &Path, args: &[&str]) -> Result<Ran, Failure> {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    command(program, &args, None, None, false).await
}

/// Runs a program to its end, in a folder if one is given.
pub(super) async fn command(
    program: &Path,
    args: &[String],
    folder: Option<&Path>,
    input: Option<String>,
    aloud: bool,
) -> Result<Ran, Failure> {
    let failed = |error: std::io::Error| {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Failure::new(Class::Invalid, format!("`{name}` cannot be run: {error}"))
            .with_hint(format!("is {} a program?", program.display()))
    };
    let mut command = Command::new(program);
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    let mut child = command
        .args(args)
        // Without buildx, Docker knows secrets and SSH through BuildKit alone.
        .env("DOCKER_BUILDKIT", "1")
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let (told, mut lines) = unbounded_channel();
    if let Some(out) = child.stdout.take() {
        listen(out, true, told.clone());
    }
    if let Some(err) = child.stderr.take() {
        listen(err, false, told.clone());
    }
    drop(told);
    if let (Some(mut to), Some(input)) = (child.stdin.take(), input) {
        // Who does not read it has ended already, and says why.
        std::thread::spawn(move || to.write_all(input.as_bytes()));
    }
    let mut kept = Kept { child: Arc::new(Mutex::new(child)), over: false };
    let (mut text, mut last) = (String::new(), VecDeque::new());
    while let Some((out, line)) = lines.recv().await {
        if aloud {
            waits::write(&line);
        }
        if out && text.len() < 4096 {
            text.push_str(&line);
            text.push('\n');
        }
        if last.len() == KEPT {
            last.pop_front();
        }
        last.push_back(line);
    }
    let child = kept.child.clone();
    let ended = tokio::task::spawn_blocking(move || {
        child.lock().unwrap_or_else(PoisonError::into_inner).wait()
    });
    let status = ended.await.map_err(|error| Failure::internal(error.to_string()))?;
    kept.over = true;
    let ok = status.map_err(failed)?.success();
    Ok(Ran { ok, text: text.trim().to_owned(), last: last.into() })
}

/// Hands on each line of a pipe; of what is drawn over itself the last.
fn listen(pipe: impl Read + Send + 'static, out: bool, told: UnboundedSender<(bool, String)>) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
            let line = String::from_utf8_lossy(&bytes);
            let line = line.trim_end().rsplit('\r').next().unwrap_or_default();
            let line = redact::others(&console::strip_ansi_codes(line));
            if !line.is_empty() && told.send((out, line)).is_err() {
                return;
            }
            bytes.clear();
        }
    });
}
