//! The lock, with processes of the real binary on one account: who gets it, who loses it, and what signals do to it.
//!
//! `front` serves local AWS on a port, holds calls back where a test wants a run to stand still, and tells which process
//! made which call. Nothing here sleeps: everything waits for something, with a deadline.

mod campaign;
mod front;
mod loss;
mod signals;

use std::io::Read;
use std::process::{Child, Command, Output};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::Workdir;
use front::Front;

/// Nothing here takes so long, even on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A workspace with one environment and these services, deployed to an account of its own.
struct Place {
    workdir: Workdir,
    front: Front,
}

impl Place {
    fn deployed(services: &[&str]) -> Self {
        let workdir = Workdir::new();
        workdir.write("shipit/application.yml", "kind: application\nname: demo\n");
        workdir.write(
            "shipit/environments/test.yml",
            "kind: environment\nname: test\nregion: eu-west-1\n",
        );
        let place = Self { workdir, front: Front::start() };
        for name in services {
            place.ask_for(name, "first");
        }
        let ran = place.start("first", &["deploy", "--yes"]).end();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        place.front.forget();
        place
    }

    /// Changes a service's manifest, so that a deploy has something to do.
    fn ask_for(&self, service: &str, what: &str) {
        self.workdir.write(
            &format!("shipit/services/{service}.yml"),
            format!(
                "kind: service\nname: {service}\ntype: Backend Service\n\
                 image:\n  location: public.ecr.aws/nginx/nginx:1.27\n  port: 80\n\
                 variables:\n  WHAT: {what}\n"
            ),
        );
    }

    /// Starts the binary; `run` names it in the list of calls.
    fn start(&self, run: &str, arguments: &[&str]) -> Run {
        let mut all = vec!["--env", "test", "--no-wait"];
        all.extend_from_slice(arguments);
        let mut command = self.workdir.command(&all);
        command
            .env("AWS_ENDPOINT_URL", &self.front.url)
            .env("AWS_ACCESS_KEY_ID", run)
            .env("AWS_SECRET_ACCESS_KEY", "none");
        Run::start(command)
    }

    /// What `unlock` would take away: the locks that are held.
    fn held(&self) -> String {
        let ran = self.start("asks", &["unlock"]).end();
        if ran.code == 0 { String::new() } else { ran.stderr }
    }
}

/// A process that runs.
struct Run {
    pid: String,
    said: Arc<Mutex<Vec<u8>>>,
    ended: Receiver<Output>,
}

/// How it ended.
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Run {
    fn start(mut command: Command) -> Self {
        let mut child: Child = command.spawn().unwrap();
        let pid = child.id().to_string();
        let said = Arc::<Mutex<Vec<u8>>>::default();
        let (mut stderr, heard) = (child.stderr.take().unwrap(), said.clone());
        let listens = std::thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(count @ 1..) = stderr.read(&mut part) {
                heard.lock().unwrap().extend_from_slice(&part[..count]);
            }
        });
        let (sender, ended) = channel();
        let all = said.clone();
        std::thread::spawn(move || {
            let mut output = child.wait_with_output().unwrap();
            listens.join().unwrap();
            output.stderr = std::mem::take(&mut all.lock().unwrap());
            sender.send(output)
        });
        Self { pid, said, ended }
    }

    #[track_caller]
    fn end(self) -> Ended {
        self.end_within(DEADLINE)
    }

    #[track_caller]
    fn end_within(self, limit: Duration) -> Ended {
        let Ok(output) = self.ended.recv_timeout(limit) else {
            self.signal("KILL");
            let output = self.ended.recv().unwrap();
            panic!("it still ran after {limit:?}:\n{}", String::from_utf8_lossy(&output.stderr));
        };
        Ended {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Whether it has said this on stderr.
    fn has_said(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.said.lock().unwrap()).contains(text)
    }

    /// Stops the process, and waits until it stands.
    fn pause(&self) {
        self.signal("STOP");
        until("it stands", || {
            let state = Command::new("ps").args(["-o", "state=", "-p", &self.pid]).output();
            state.unwrap().stdout.starts_with(b"T")
        });
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.pid]).status().unwrap();
        assert!(sent.success(), "{name} was not sent");
    }
}

/// Waits until something is so.
#[track_caller]
fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < DEADLINE, "never: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
