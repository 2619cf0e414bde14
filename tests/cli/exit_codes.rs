//! Every exit code, and the table of them in the README.

use std::io::{BufRead, BufReader};

use crate::support::Workdir;

const DEPLOY: &[&str] = &["deploy", "--env", "test", "--yes"];

fn demo() -> Workdir {
    Workdir::demo("Backend Service", "nginx:1")
}

/// A script in which one operation is refused for good.
fn refusing(workdir: &Workdir, operation: &str) {
    let fault = "{error: {code: AccessDeniedException, message: no}}";
    let rule = format!("rules:\n- on: {{operation: {operation}}}\n  fault: {fault}\n");
    workdir.write("faults.yml", rule);
}

#[test]
fn all_of_them() {
    let readme = include_str!("../../README.md");
    let table: Vec<i32> = readme
        .lines()
        .skip_while(|line| !line.starts_with("### Exit codes"))
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok())
        .take_while(|code| *code <= 130)
        .collect();
    assert_eq!(table, [0, 1, 2, 3, 4, 5, 6, 130]);

    let workdir = demo();
    let plan = &["plan", "--env", "test"][..];
    let faults = &["--local-faults", "faults.yml"][..];
    // 0 and 2: the same plan, without and with `--exit-code`.
    workdir.local(plan).expect(0);
    workdir.local(&[plan, &["--exit-code"]].concat()).expect(2);
    // 1: nothing was done, before a run and in it.
    workdir.shipit(plan).expect(1);
    refusing(&workdir, "'Create*'");
    let failed = workdir.local(&[faults, DEPLOY].concat()).expect(1);
    assert!(failed.stderr.contains("0 done"), "{}", failed.stderr);
    // 3: something was.
    refusing(&workdir, "CreateService");
    let partly = workdir.local(&[faults, &["--no-wait"], DEPLOY].concat()).expect(3);
    assert!(!partly.stderr.contains("\n0 done"), "{}", partly.stderr);
    // 4: nobody confirmed it.
    workdir.local(&["deploy", "--env", "test"]).expect(4);
    // 5: a manifest is wrong.
    workdir.edit("shipit/services/api.yml", "port:", "prot:");
    workdir.local(plan).expect(5);
    workdir.edit("shipit/services/api.yml", "prot:", "port:");
    // 0: the next run goes on from there.
    workdir.local(DEPLOY).expect(0);
    workdir.local(&[plan, &["--exit-code"]].concat()).expect(0);
}

#[cfg(unix)]
#[test]
fn interrupted() {
    let workdir = demo();
    let real = ["--local", "--local-speed", "real", "--format", "json"];
    let mut child = workdir.command(&[&real[..], DEPLOY].concat()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let started = lines.find(|line| line.as_ref().unwrap().contains("\"step-done\"")).unwrap();
    assert!(started.is_ok());
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    // The stream ends as it always does.
    let last: serde_json::Value = serde_json::from_str(&lines.last().unwrap().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["exit_code"]), (&"outcome".into(), &130.into()));
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
