//! A program that ends when this process does, be it killed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

/// Runs its arguments until its standard input ends; `$0` is where the program's output goes. The program gets ten seconds to end.
const SCRIPT: &str = r#"
exec 3<&0 </dev/null
"$@" >"$0" 2>&1 3<&- &
program=$!
(
    read -r line <&3
    exec 3<&-
    kill "$program"
    for second in 1 2 3 4 5 6 7 8 9 10; do
        sleep 1
        kill -0 "$program" || exit 0
    done
    kill -9 "$program"
) >/dev/null 2>&1 &
watcher=$!
wait "$program"
code=$?
kill "$watcher"
exit "$code"
"#;

/// How often it is looked whether a program has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// A program under its supervisor. Dropping it lets the program end by itself.
#[derive(Debug)]
pub(super) struct Supervised {
    child: Child,
    input: Option<ChildStdin>,
    log: PathBuf,
}

impl Supervised {
    /// Starts the program. `holds` is kept open until it has ended, or this process and it have.
    pub(super) fn start(
        program: &Path,
        arguments: &[String],
        log: PathBuf,
        holds: Stdio,
    ) -> io::Result<Self> {
        let mut command = Command::new("sh");
        command.arg("-c").arg(SCRIPT).arg(&log).arg(program).args(arguments);
        command.stdin(Stdio::piped()).stdout(holds).stderr(Stdio::null());
        // What a terminal sends to this process is this process's to pass on, in order.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let input = child.stdin.take();
        Ok(Self { child, input, log })
    }

    /// What keeps the program running while anybody holds it.
    pub(super) fn hold(&self) -> io::Result<Stdio> {
        #[cfg(unix)]
        if let Some(input) = &self.input {
            use std::os::fd::AsFd;
            return Ok(Stdio::from(File::from(input.as_fd().try_clone_to_owned()?)));
        }
        Ok(Stdio::null())
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Ends the program, and waits until it has.
    pub(super) async fn stop(&mut self) {
        self.input = None;
        while let Ok(None) = self.child.try_wait() {
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The last lines of what it wrote, indented.
    pub(super) fn last_lines(&self, count: usize) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines.iter().skip(lines.len().saturating_sub(count));
        last.map(|line| format!("\n  {line}")).collect()
    }

    /// Whether it has written that its address is taken.
    pub(super) fn is_taken(&self) -> bool {
        self.last_lines(20).contains("address already in use")
    }
}
