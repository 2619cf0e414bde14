//! The files under `templates/` for CI: they are read, their commands are known, and their scripts run, against local
//! AWS and a stand-in for GitHub's command line.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::Workdir;
use crate::support::workdir::SHIPIT;

const FILES: &[&str] = &["github/action.yml", "github/workflow.yml", "gitlab/.gitlab-ci.yml"];

fn read(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(name);
    serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Every script in a document.
fn scripts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("run", Value::String(script)) => found.push(script.clone()),
                    ("script" | "before_script", Value::Array(lines)) => {
                        found.extend(lines.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => scripts(value, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| scripts(value, found)),
        _ => {}
    }
}

#[test]
fn every_command_line_is_known() {
    let mut seen = Vec::new();
    for name in FILES {
        let mut found = Vec::new();
        scripts(&read(name), &mut found);
        for line in found.iter().flat_map(|script| script.lines()) {
            let Some(arguments) = line.trim().strip_prefix("shipit ") else { continue };
            let arguments: Vec<&str> = arguments
                .split_whitespace()
                .take_while(|word| !word.starts_with(['>', '|']))
                .map(|word| word.trim_matches('"').trim_start_matches('$'))
                .collect();
            let ran = Workdir::new().shipit(&arguments);
            assert!(!ran.stderr.contains("Usage:"), "{name}: {line}\n{}", ran.stderr);
            seen.push(arguments.join(" "));
        }
    }
    assert_eq!(seen.len(), 6, "{seen:#?}");
}

/// Runs the action's steps as GitHub would, with these inputs; the exit code of the first that fails.
struct Action<'a> {
    workdir: &'a Workdir,
    bin: tempfile::TempDir,
}

impl<'a> Action<'a> {
    /// With `gh` replaced by a script that keeps one comment in a file.
    fn new(workdir: &'a Workdir) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let bin = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(SHIPIT, bin.path().join("shipit")).unwrap();
        let gh = bin.path().join("gh");
        let script = r#"#!/bin/bash
echo "$*" >> "$HOME/gh.log"
body() { for word in "$@"; do case "$word" in body=@*) cat "${word#body=@}";; esac; done; }
case "$*" in
  *--paginate*) [ -f "$HOME/comment" ] && head -n 1 "$HOME/comment" | grep -qE "$pattern" && echo 77; true ;;
  *PATCH*comments/77*|*POST*) body "$@" > "$HOME/comment" ;;
  *) exit 1 ;;
esac
"#;
        std::fs::write(&gh, script).unwrap();
        std::fs::set_permissions(&gh, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { workdir, bin }
    }

    fn run(&self, command: &str) -> i32 {
        let action = read("github/action.yml");
        let mut inputs: BTreeMap<String, String> = BTreeMap::new();
        for (name, input) in action["inputs"].as_object().unwrap() {
            inputs.insert(name.clone(), input["default"].as_str().unwrap_or_default().to_owned());
        }
        for (name, value) in [("command", command), ("environment", "test"), ("pull-request", "5")]
        {
            inputs.insert(name.to_owned(), value.to_owned());
        }
        let output = self.workdir.write("github-output", "");
        let path = std::env::var("PATH").unwrap();
        for step in action["runs"]["steps"].as_array().unwrap() {
            let outputs = std::fs::read_to_string(&output).unwrap();
            let value = |expression: &str| -> String {
                let name = expression.trim_start_matches("${{").trim_end_matches("}}").trim();
                match name.split_once('.').unwrap() {
                    ("inputs", name) => inputs[name].clone(),
                    ("steps", rest) => {
                        let name = rest.rsplit('.').next().unwrap();
                        let line =
                            outputs.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
                        line.unwrap_or_default().to_owned()
                    }
                    _ => panic!("{expression}"),
                }
            };
            // Expressions stand in `env` alone: in a script they would be pasted into the shell.
            let script = step["run"].as_str().unwrap();
            assert!(!script.contains("${{"), "{script}");
            let mut shell = Command::new("bash");
            shell
                .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
                .current_dir(self.workdir.path())
                .env_clear()
                .env("PATH", format!("{}:{path}", self.bin.path().display()))
                .env("HOME", self.workdir.path())
                .env("SHIPIT_LOCAL", "true")
                .env("SHIPIT_LOCAL_SPEED", "instant")
                .env("RUNNER_TEMP", self.bin.path())
                .env("GITHUB_OUTPUT", &output)
                .env("GITHUB_STEP_SUMMARY", self.workdir.path().join("summary.md"))
                .env("GITHUB_REPOSITORY", "owner/name");
            for (name, expression) in step["env"].as_object().unwrap() {
                shell.env(name, value(expression.as_str().unwrap()));
            }
            let ran = shell.output().unwrap();
            if !ran.status.success() {
                return ran.status.code().unwrap();
            }
        }
        0
    }

    fn comment(&self) -> String {
        self.workdir.read("comment")
    }
}

#[test]
fn the_action_plans_comments_and_applies_what_was_planned() {
    let workdir = Workdir::demo("Backend Service", "nginx:1");
    let action = Action::new(&workdir);
    assert_eq!(action.run("plan"), 0);
    assert!(
        action
            .comment()
            .starts_with("<!-- shipit:plan demo/test -->\n### shipit plan: demo / test\n")
    );
    assert!(workdir.read("github-output").contains("changes=true\n"));
    // An error takes the place of the plan's comment, and the next plan that of the error's.
    let manifest = workdir.read("shipit/services/api.yml");
    workdir.edit("shipit/services/api.yml", "port: 80", "prot: 80");
    assert_eq!(action.run("plan"), 5);
    assert!(action.comment().starts_with("<!-- shipit:error test -->\n"), "{}", action.comment());
    workdir.write("shipit/services/api.yml", manifest);
    assert_eq!(action.run("plan"), 0);
    assert_eq!(action.run("check"), 0);
    assert_eq!(action.run("apply"), 0);
    assert!(
        action.comment().starts_with("<!-- shipit:outcome demo/test -->\n"),
        "{}",
        action.comment()
    );
    // The plan does not hold any more: it has been carried out.
    assert_eq!(action.run("apply"), 4);
    let summary = workdir.read("summary.md");
    for part in ["### shipit plan: demo / test", "✅ done", "❌ refused (exit code 4)"] {
        assert!(summary.contains(part), "{part}");
    }
    let posts = workdir.read("gh.log").matches("--method POST").count();
    assert_eq!(posts, 3, "{}", workdir.read("gh.log"));
    assert_eq!(json!(action.run("nonsense")), 1);
}
