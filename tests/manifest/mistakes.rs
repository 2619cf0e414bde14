//! Mistakes, each with the whole text that is said about it: `mistakes/*.txt`.
//!
//! A case is `=== title`, then `--- path` lines with the files below them, then `>>>` and the
//! expected output. An application `shop` and an environment `test` are there unless a case brings
//! its own (`--- path -` takes one away). `SHIPIT_BLESS=1` writes the outputs anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use shipit::manifest::{Problems, Severity, Workspace};

use super::files::workspace;

/// What a run says: nothing, warnings, or the problems.
fn say(files: &[(String, Option<String>)]) -> String {
    let mut all = vec![
        ("shipit/application.yml".to_owned(), Some("kind: application\nname: shop\n".to_owned())),
        (
            "shipit/environments/test.yml".to_owned(),
            Some("kind: environment\nname: test\n".to_owned()),
        ),
    ];
    all.retain(|(path, _)| !files.iter().any(|(other, _)| other == path));
    all.extend(files.iter().cloned());
    let files: Vec<(&str, &str)> =
        all.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?))).collect();
    let folder = workspace(&files);
    match Workspace::load(folder.path(), &|_| None) {
        Ok(workspace) => workspace.warnings.to_string(),
        Err(problems) => {
            checked(&problems);
            problems.to_string()
        }
    }
}

/// Every problem points into its file, and says what would be right or what to do.
fn checked(problems: &Problems) {
    for problem in &problems.0 {
        assert!(
            problem.expected.is_some() || problem.help.is_some(),
            "nothing to do about: {problem}"
        );
        let end = problem.span.offset + problem.span.length;
        assert!(problem.source.text.get(problem.span.offset..end).is_some(), "span of: {problem}");
    }
    assert!(problems.0.iter().any(|problem| problem.severity == Severity::Error));
}

/// Runs every case of a file; returns how many there are.
fn run(name: &str) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifest/mistakes").join(name);
    let text = fs::read_to_string(&path).unwrap();
    let (mut cases, mut anew) = (0, String::new());
    for case in text.split("=== ").skip(1) {
        let (input, expected) = case.split_once("\n>>>\n").unwrap_or((case.trim_end(), ""));
        let mut parts = input.split("\n--- ");
        let title = parts.next().unwrap();
        let files: Vec<(String, Option<String>)> = parts
            .map(|part| {
                let (path, text) = part.split_once('\n').unwrap_or((part, ""));
                match path.strip_suffix(" -") {
                    Some(path) => (path.to_owned(), None),
                    None => (path.to_owned(), Some(format!("{text}\n"))),
                }
            })
            .collect();
        let said = say(&files);
        if std::env::var_os("SHIPIT_BLESS").is_none() {
            assert_eq!(said.trim_end(), expected.trim_end(), "{name}: {title}");
        }
        write!(anew, "=== {input}\n>>>\n{}\n\n", said.trim_end()).unwrap();
        cases += 1;
    }
    if std::env::var_os("SHIPIT_BLESS").is_some() {
        fs::write(&path, anew.trim_end().to_owned() + "\n").unwrap();
    }
    cases
}

#[test]
fn yaml() {
    assert!(run("yaml.txt") >= 20);
}

#[test]
fn keys() {
    assert!(run("keys.txt") >= 15);
}

#[test]
fn values() {
    assert!(run("values.txt") >= 20);
}

#[test]
fn services() {
    assert!(run("services.txt") >= 20);
}

#[test]
fn storage() {
    assert!(run("storage.txt") >= 7);
}

#[test]
fn domains() {
    assert!(run("domains.txt") >= 12);
}

#[test]
fn of_capacity() {
    assert!(run("capacity.txt") >= 16);
}

#[test]
fn of_lattice() {
    assert!(run("lattice.txt") >= 12);
}

#[test]
fn services_on_eks() {
    assert!(run("services-on-eks.txt") >= 25);
}

#[test]
fn of_meshes() {
    assert!(run("mesh.txt") >= 30);
}

#[test]
fn messaging() {
    assert!(run("messaging.txt") >= 10);
}

#[test]
fn network() {
    assert!(run("network.txt") >= 10);
}

#[test]
fn of_jobs() {
    assert!(run("jobs.txt") >= 14);
}

#[test]
fn mistakes_of_deployments() {
    assert!(run("deployment.txt") >= 18);
}

#[test]
fn mistakes_of_scaling_alarms_and_service_connect() {
    assert!(run("scaling.txt") >= 17);
}

#[test]
fn mistakes_of_service_connect_and_cloud_map() {
    assert!(run("connect.txt") >= 20);
}

#[test]
fn tasks() {
    assert!(run("tasks.txt") >= 15);
}

#[test]
fn environments() {
    assert!(run("environments.txt") >= 15);
}

#[test]
fn workspaces() {
    assert!(run("workspaces.txt") >= 10);
}

#[test]
fn of_kubernetes() {
    assert!(run("kubernetes.txt") >= 15);
}
