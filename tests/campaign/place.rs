//! Folders with a workspace and a local account, copied from prepared ones, and runs of the binary in them.

use std::path::Path;

use shipit::local::clock::{Clock, Speed};
use shipit::local::{LocalAws, LocalOptions};

use super::audit::{Inventory, inventory};
use super::objects;
use super::wire::Wire;
use crate::support::kubernetes::Kubernetes;
use crate::support::{Ran, Workdir};

/// Where a local account is kept in a workspace.
const ACCOUNT: &str = ".shipit/local";

/// How fast things happen there: a load balancer takes a fifth of a second, so that runs are killed while things are on
/// their way.
const SPEED: &str = "600x";

/// The application, where there is no cluster that several places share.
const APPLICATION: &str = "demo";

/// A workspace with its local account.
pub(super) struct Place {
    pub(super) workdir: Workdir,
    /// What is behind its clusters, and the name that the application has there: every place has one of its own.
    cluster: Option<(&'static Kubernetes, String)>,
}

impl Drop for Place {
    /// Other tests share the server: what is left here would slow them down.
    fn drop(&mut self) {
        if let Some((server, name)) = &self.cluster {
            let path = format!("/api/v1/namespaces/{name}");
            let nothing = serde_json::Value::Null;
            let _ = server.by_hand(|api| async move { api.delete(&path, &nothing).await });
        }
    }
}

impl Place {
    /// An application `demo` with one environment and one service, and an empty account.
    pub(super) fn new() -> Self {
        let workdir = Workdir::new();
        workdir.write("shipit/application.yml", "kind: application\nname: demo\n");
        workdir.write(
            "shipit/environments/test.yml",
            "kind: environment\nname: test\nregion: eu-west-1\nnetwork:\n  vpc:\n    nat: single\n",
        );
        workdir.write(
            "shipit/services/api.yml",
            "kind: service\nname: api\ntype: Load Balanced Web Service\n\
             image:\n  location: public.ecr.aws/nginx/nginx:1.27\n  port: 80\n\
             http:\n  path: /\ncount:\n  range: 1-3\n  cpu_percentage: 70\n",
        );
        Self { workdir, cluster: None }
    }

    /// A copy: manifests and account.
    pub(super) fn copy(&self) -> Self {
        self.copied(Workdir::new(), self.cluster.as_ref().map(|(server, _)| *server))
    }

    /// A copy whose clusters lead to this server, where nothing is deployed yet.
    pub(super) fn on(&self, server: &'static Kubernetes) -> Self {
        self.copied(Workdir::new(), Some(server))
    }

    fn copied(&self, workdir: Workdir, server: Option<&'static Kubernetes>) -> Self {
        let cluster = server.map(|server| (server, server.name(APPLICATION)));
        let workdir = match server {
            Some(server) => server.behind(workdir),
            None => workdir,
        };
        let from = self.workdir.path();
        for file in
            ["application.yml", "environments/test.yml", "services/api.yml", "services/worker.yml"]
        {
            let file = format!("shipit/{file}");
            if let Ok(text) = std::fs::read(from.join(&file)) {
                workdir.write(&file, text);
            }
        }
        if let Some((_, name)) = &cluster {
            workdir.write("shipit/application.yml", format!("kind: application\nname: {name}\n"));
        }
        let account = from.join(ACCOUNT);
        if account.exists() {
            for file in ["journal.jsonl", "lock"] {
                let text = std::fs::read(account.join(file)).unwrap();
                workdir.write(&format!("{ACCOUNT}/{file}"), text);
            }
        }
        Self { workdir, cluster }
    }

    /// Runs the binary with a script of faults.
    pub(super) fn run(&self, arguments: &[&str], faults: &str) -> Ran {
        self.workdir.write("faults.yml", faults);
        let mut all = vec!["--local", "--local-speed", SPEED, "--local-faults", "faults.yml"];
        all.extend_from_slice(&["--local-log", "calls.jsonl"]);
        all.extend_from_slice(&["--env", "test"]);
        all.extend_from_slice(arguments);
        self.workdir.shipit(&all)
    }

    /// The account as it is, for calls of our own.
    pub(super) fn wire(&self) -> Wire {
        self.open(Clock::system())
    }

    fn open(&self, clock: Clock) -> Wire {
        let options = LocalOptions {
            directory: Some(self.account()),
            seed: Some(1),
            speed: Speed::Instant,
            clock,
            ..LocalOptions::default()
        };
        Wire::new(LocalAws::open(options).unwrap())
    }

    /// Everything that is in the account once all of it has settled: two hours later.
    pub(super) fn inventory(&self) -> Inventory {
        let later = Clock::system().now() + 2 * 60 * 60 * 1000;
        let application = self.cluster.as_ref().map_or(APPLICATION, |(_, name)| name);
        let mut found = inventory(&self.open(Clock::manual(later)), application);
        if let Some((server, name)) = &self.cluster {
            for (id, content) in objects::of(server, name) {
                found.add("object", id, content);
            }
            found.rename(name, APPLICATION);
        }
        found
    }

    /// What a run has left: two runs that left the same need not both be repeated. `since` is where the journal began.
    pub(super) fn state(&self, since: usize) -> String {
        let mut text = left(&self.journal()[since..]);
        if let Some((server, name)) = &self.cluster {
            for (id, _) in objects::of(server, name) {
                text.push_str(&format!("{id}\n"));
            }
            text = text.replace(name, APPLICATION);
        }
        text
    }

    /// The calls of all runs: operation and outcome, in order.
    pub(super) fn calls(&self) -> Vec<(String, String)> {
        let text = std::fs::read_to_string(self.workdir.path().join("calls.jsonl"));
        let call = |line: &str| {
            let call: serde_json::Value = serde_json::from_str(line).ok()?;
            let text = |name: &str| call[name].as_str().unwrap_or_default().to_owned();
            Some((text("operation"), text("outcome")))
        };
        text.unwrap_or_default().lines().filter_map(call).collect()
    }

    /// The journal of the account.
    pub(super) fn journal(&self) -> String {
        std::fs::read_to_string(self.account().join("journal.jsonl")).unwrap_or_default()
    }

    fn account(&self) -> std::path::PathBuf {
        Path::new(self.workdir.path()).join(ACCOUNT)
    }
}

/// What lies in a journal, without times and tokens.
fn left(journal: &str) -> String {
    let mut text = String::new();
    for line in journal.lines() {
        let Ok(line) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        text.push_str(line["op"].as_str().unwrap_or_default());
        for put in line["put"].as_array().into_iter().flatten() {
            text.push_str(&format!(" {}", put[1].as_str().unwrap_or_default()));
        }
        text.push('\n');
    }
    text
}
