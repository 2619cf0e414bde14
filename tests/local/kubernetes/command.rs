//! `shipit local kubernetes`: found by `--local`, and never left running.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};

use serde_json::Value;

use crate::support::{Workdir, kubernetes, skipped};

struct Run {
    child: Child,
    endpoint: String,
}

impl Run {
    fn start(workdir: &Workdir) -> Self {
        let mut child = workdir.command(&["local", "kubernetes", "--port", "0"]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let mut told = String::new();
        if line.is_empty() {
            child.stderr.as_mut().unwrap().read_to_string(&mut told).unwrap();
        }
        assert!(
            line.starts_with("Kubernetes v1.") && line.contains(" listens on https://127.0.0.1:"),
            "{line}{told}"
        );
        let endpoint = line.trim().rsplit(' ').next().unwrap().to_owned();
        Self { child, endpoint }
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
    }

    /// Waits until etcd has ended, which holds this lock: by then nothing is left.
    fn nothing_is_left(&self, workdir: &Workdir) {
        let folder = workdir.path().join(".shipit/local/kubernetes");
        File::open(folder.join("data.lock")).unwrap().lock().unwrap();
        let address = self.endpoint.trim_start_matches("https://");
        assert!(TcpStream::connect(address).is_err(), "the API server runs");
        // It never missed its store, so that went last: only what dials that words it so.
        let log = std::fs::read_to_string(folder.join("kube-apiserver.log")).unwrap();
        assert!(!log.contains("Error while dialing"), "{log}");
    }
}

fn workdir(test: &str, workdir: Workdir) -> Option<Workdir> {
    match kubernetes::programs() {
        Ok(programs) => {
            let folder = programs.etcd.parent().unwrap().to_str().unwrap().to_owned();
            Some(workdir.variable("KUBEBUILDER_ASSETS", &folder))
        }
        Err(why) => {
            skipped(test, &why);
            None
        }
    }
}

#[test]
fn clusters_of_the_workspace_are_behind_it_until_it_is_stopped() {
    let example = Workdir::example("kubernetes-auto");
    let Some(workdir) = workdir("local::kubernetes::command", example) else { return };
    let mut run = Run::start(&workdir);
    workdir.local(&["deploy", "--yes"]).expect(0);
    workdir.local(&["env", "kubeconfig", "--file", "config"]).expect(0);
    let config: Value = serde_saphyr::from_str(&workdir.read("config")).unwrap();
    assert_eq!(config["clusters"][0]["cluster"]["server"], run.endpoint.as_str());
    let second = workdir.shipit(&["local", "kubernetes", "--port", "0"]).expect(1);
    let id = run.child.id();
    assert_eq!(
        second.stderr,
        format!(
            "error: process {id} runs a Kubernetes API server in [DIR]/.shipit/local/kubernetes\n\
             hint: use that one, or stop it: `kill {id}`\n"
        )
    );
    run.signal("TERM");
    assert_eq!(run.child.wait().unwrap().code(), Some(0));
    run.nothing_is_left(&workdir);
}

#[test]
fn nothing_runs_on_when_it_is_killed_and_that_is_noticed_once() {
    let Some(workdir) = workdir("local::kubernetes::command", Workdir::new()) else { return };
    let mut run = Run::start(&workdir);
    run.signal("KILL");
    run.child.wait().unwrap();
    run.nothing_is_left(&workdir);
    let told = workdir.local(&["local", "status"]).expect(0).stderr;
    let id = run.child.id();
    assert_eq!(
        told,
        format!(
            "the Kubernetes API server of process {id} has gone with it; `shipit local kubernetes` starts one\n\
             local AWS in [DIR]/.shipit/local\n"
        )
    );
    let told = workdir.local(&["local", "status"]).expect(0).stderr;
    assert_eq!(told, "local AWS in [DIR]/.shipit/local\n");
}

#[test]
fn what_keeps_it_from_starting_is_said() {
    let workdir = Workdir::new().variable("KUBEBUILDER_ASSETS", "nowhere");
    let told = |arguments: &[&str]| {
        workdir.shipit(&[&["local", "kubernetes"], arguments].concat()).expect(1).stderr
    };
    let error = told(&[]);
    assert!(
        error.starts_with(
            "error: there is no etcd in nowhere, which KUBEBUILDER_ASSETS names\n\
             hint: install Kubernetes' test programs, "
        ),
        "{error}"
    );
    for program in ["etcd", "kube-apiserver"] {
        let path =
            workdir.write(&format!("nowhere/{program}"), "#!/bin/sh\necho no room\nexit 7\n");
        assert!(Command::new("chmod").arg("+x").arg(path).status().unwrap().success());
    }
    assert_eq!(
        told(&["--port", "0"]),
        "error: etcd does not start: it ended (exit status: 7):\n  no room\n\
         hint: `--fresh` begins with an empty cluster\n"
    );
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    assert_eq!(
        told(&["--port", &port]),
        format!(
            "error: port {port} of 127.0.0.1 cannot be used: Address already in use (os error 98)\n\
             hint: choose another with `--port`, or `--port 0` for any that is free\n"
        )
    );
}
