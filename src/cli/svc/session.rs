//! A session in a container of a pod: the terminal is connected to it, or standard input and output are.

use std::io::{IsTerminal, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, channel};

use super::super::pipeline::Pipeline;
use super::super::{Exit, Global, Stop, interrupt, running};
use crate::engine::Class;
use crate::resources::kubernetes::exec::{self, Said, Session};
use crate::resources::kubernetes::workload::Workload;

/// Input that is not there within this may come yet, and may not.
const PATIENCE: Duration = Duration::from_millis(200);
/// Between two signs of life.
const ALIVE: Duration = Duration::from_secs(20);
/// So much is read at once.
const PIECE: usize = 8 << 10;
/// So many pieces wait at most to be sent.
const WAITING: usize = 16;

/// What is run where.
pub(super) struct Wanted<'a> {
    pub(super) pod: Option<&'a str>,
    pub(super) container: Option<&'a str>,
    pub(super) command: &'a str,
}

pub(super) async fn run(
    pipeline: &Pipeline,
    global: &Global,
    workload: &Workload,
    wanted: Wanted<'_>,
) -> Result<Exit, Stop> {
    let command = running::words("--command", wanted.command)?;
    if command.is_empty() {
        return Err(Stop::failed("`--command` is empty", "name what is to be run"));
    }
    let named = exec::Wanted {
        environment: pipeline.environment(),
        pod: wanted.pod,
        container: wanted.container,
    };
    let place = exec::find(pipeline.cx(), workload, named).await.map_err(|failure| {
        match (failure.class, &failure.operation, &failure.hint) {
            // Nothing that the cluster said: what it has cannot be entered.
            (Class::Invalid, None, Some(hint)) => Stop::refused(&failure.message, hint),
            _ => Stop::from(failure),
        }
    })?;
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    // Ctrl-C is for what runs in the container, unless nobody types there.
    let careful = interrupt::careful();
    let mut typed = typed();
    let first = match terminal {
        true => None,
        false => tokio::time::timeout(PATIENCE, typed.recv()).await.ok(),
    };
    let input = first != Some(None);
    let opened = exec::open(pipeline.cx(), workload, &place, &command, (input, terminal)).await;
    let mut session = opened?;
    pipeline.terminal().tell(&format!(
        "container `{}` of pod {}{}",
        place.container,
        place.pod,
        if global.local { " (local Kubernetes runs no containers)" } else { "" }
    ));
    let raw = terminal.then(Raw::begin).flatten();
    let mut connected = Connected { pipeline, session: &mut session, terminal };
    let code = tokio::select! {
        code = connected.all(typed, first.flatten(), input) => code,
        () = careful.cancel().cancelled() => {
            drop(raw);
            return Ok(Exit::Interrupted);
        }
    };
    drop(raw);
    Ok(match u8::try_from(code?) {
        Ok(0) => Exit::Done,
        Ok(code) => Exit::Task(code),
        Err(_) => Exit::Failed,
    })
}

/// What is typed, piece by piece; the channel closes at the end.
fn typed() -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel(WAITING);
    // A thread of its own, which the process does not wait for: nobody can be made to type.
    std::thread::spawn(move || {
        let mut piece = vec![0; PIECE];
        let mut input = std::io::stdin().lock();
        while let Ok(count @ 1..) = input.read(&mut piece) {
            if sender.blocking_send(piece[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// A session and who sits at it.
struct Connected<'a> {
    pipeline: &'a Pipeline,
    session: &'a mut Session,
    terminal: bool,
}

impl Connected<'_> {
    /// Until the command ends: its exit code.
    async fn all(
        &mut self,
        mut typed: Receiver<Vec<u8>>,
        first: Option<Vec<u8>>,
        mut input: bool,
    ) -> Result<i32, Stop> {
        if let Some(first) = first {
            self.session.write(&first).await?;
        }
        let mut sizes = Sizes::new(self.terminal);
        if self.terminal {
            self.resize().await?;
        }
        let terminal = self.pipeline.terminal();
        let mut alive = tokio::time::interval(ALIVE);
        loop {
            tokio::select! {
                _ = alive.tick() => self.session.ping().await?,
                said = self.session.next() => match said? {
                    Some(Said::Output(bytes)) => {
                        terminal.pass(&bytes, false);
                    }
                    Some(Said::Errors(bytes)) => {
                        terminal.pass(&bytes, true);
                    }
                    Some(Said::Ended(code)) => return Ok(code),
                    None => return Ok(0),
                },
                piece = typed.recv(), if input => match piece {
                    Some(piece) => self.session.write(&piece).await?,
                    None => {
                        input = false;
                        self.session.end_input().await?;
                    }
                },
                () = sizes.next() => self.resize().await?,
            }
        }
    }

    async fn resize(&mut self) -> Result<(), Stop> {
        if let Some((rows, columns)) = console::Term::stdout().size_checked() {
            self.session.resize(columns, rows).await?;
        }
        Ok(())
    }
}

/// Tells when the terminal's size has changed.
struct Sizes {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Sizes {
    #[cfg(unix)]
    fn new(terminal: bool) -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self { signal: terminal.then(|| signal(SignalKind::window_change()).ok()).flatten() }
    }

    #[cfg(not(unix))]
    fn new(_terminal: bool) -> Self {
        Self {}
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// While it lives, the terminal passes on each key as it is typed. `stty`, which every system with such terminals has, sets
/// that, and puts back what was before.
struct Raw {
    before: String,
}

impl Raw {
    fn begin() -> Option<Self> {
        let before = stty(&["-g"])?;
        stty(&["raw", "-echo"])?;
        Some(Self { before: before.trim().to_owned() })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        stty(&[&self.before]);
    }
}

fn stty(arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("stty");
    command.args(arguments).stdin(Stdio::inherit()).stderr(Stdio::null());
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}
