//! The forms of a run's output: Markdown, events, a step's summary.

use serde_json::Value;

use crate::support::{Ran, Workdir};

fn demo() -> Workdir {
    Workdir::demo("Backend Service", "nginx:1")
}

fn lines(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn names(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["event"].as_str().unwrap()).collect()
}

/// Whether a line has the members that the schema wants, and no other.
fn fits(schema: &Value, line: &Value) -> bool {
    let variants = schema["oneOf"].as_array().unwrap();
    variants.iter().any(|variant| {
        let event = variant["properties"]["event"]["const"] == line["event"];
        let mut known = variant["properties"].as_object().unwrap().clone();
        // What several lines share stands apart.
        if let Some(name) = variant["$ref"].as_str() {
            let shared = &schema["$defs"][name.trim_start_matches("#/$defs/")]["properties"];
            known.extend(shared.as_object().unwrap().clone());
        }
        let required = variant["required"].as_array().unwrap();
        event
            && required.iter().all(|name| line.get(name.as_str().unwrap()).is_some())
            && line.as_object().unwrap().keys().all(|name| known.contains_key(name))
    })
}

#[test]
fn events_of_a_run_fit_their_schema_and_end_with_the_exit_code() {
    let workdir = demo();
    let schema = workdir.shipit(&["schema", "events"]).expect(0).json();
    let deploy = ["--format", "json", "deploy", "--env", "test"];
    let ran = lines(&workdir.local(&[&deploy[..], &["--yes"]].concat()).expect(0));
    assert_eq!(
        (ran[0]["event"].as_str(), ran[0]["format_version"].as_str()),
        (Some("run"), Some("1.0"))
    );
    assert_eq!(ran[1]["event"], "plan");
    let last = ran.last().unwrap();
    assert_eq!(last["event"], "outcome");
    assert_eq!(
        (last["exit_code"].as_u64(), last["done"].as_u64()),
        (Some(0), Some(ran[1]["steps"].as_array().unwrap().len() as u64))
    );
    for line in &ran {
        assert!(fits(&schema, line), "{line}");
    }
    // Nothing to do, and a refusal, end the same way.
    let again = lines(&workdir.local(&deploy).expect(0));
    assert_eq!(names(&again), ["run", "plan", "outcome"]);
    workdir.edit("shipit/services/api.yml", "cpu: 256", "cpu: 512");
    workdir.edit("shipit/services/api.yml", "memory: 512", "memory: 1024");
    let refused = lines(&workdir.local(&deploy).expect(4));
    assert_eq!(names(&refused), ["run", "plan", "stopped", "outcome"]);
    assert_eq!(refused[3]["exit_code"], 4);
    assert!(refused[2]["why"]["hint"].as_str().unwrap().contains("--yes"));
    // An error before the run is a document of its own.
    let early = workdir.shipit(&[&deploy[..], &["--yes"]].concat()).expect(1).json();
    assert!(early["failures"].is_array(), "{early}");
}

#[test]
fn markdown_is_one_document_on_stdout() {
    let workdir = demo();
    let planned = workdir.local(&["--format", "markdown", "plan", "--env", "test"]).expect(0);
    assert!(
        planned
            .stdout
            .starts_with("<!-- shipit:plan demo/test -->\n### shipit plan: demo / test\n")
    );
    let deploy = ["--format", "markdown", "deploy", "--env", "test"];
    let refused = workdir.local(&deploy).expect(4);
    assert!(
        refused
            .stdout
            .starts_with("<!-- shipit:error test -->\n### shipit: ❌ refused (exit code 4)\n"),
        "{}",
        refused.stdout
    );
    assert!(refused.stderr.contains("Plan demo / test"), "{}", refused.stderr);
    let done = workdir.local(&[&deploy[..], &["--yes"]].concat()).expect(0);
    assert!(
        done.stdout
            .starts_with("<!-- shipit:outcome demo/test -->\n### shipit: demo / test: ✅ done\n"),
        "{}",
        done.stdout
    );
    assert_eq!(done.stdout.matches("<!--").count(), 1);
    let other = workdir.local(&["--format", "markdown", "env", "show", "--name", "test"]).expect(1);
    assert!(
        other.stderr.starts_with("error: `--format markdown` is for plans"),
        "{}",
        other.stderr
    );
}

#[test]
fn a_step_summary_is_appended_and_a_failing_one_is_a_warning() {
    let workdir = demo();
    let path = workdir.write("summary.md", "before\n").display().to_string();
    let workdir = workdir.variable("GITHUB_STEP_SUMMARY", &path);
    workdir.local(&["plan", "--env", "test"]).expect(0);
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    let summary = workdir.read("summary.md");
    let headings: Vec<&str> = summary.lines().filter(|line| line.starts_with("### ")).collect();
    assert_eq!(
        headings,
        [
            "### shipit plan: demo / test",
            "### shipit plan: demo / test",
            "### shipit: demo / test: ✅ done"
        ]
    );
    assert!(summary.starts_with("before\n<!-- shipit:plan"));
    // Full, or not there: said, and no more.
    workdir.write("summary.md", "x".repeat(1024 * 1024 - 10));
    let full = workdir.local(&["plan", "--env", "test"]).expect(0);
    assert!(full.stderr.contains("warning: the step summary was not written: "), "{}", full.stderr);
    assert_eq!(workdir.read("summary.md").len(), 1024 * 1024 - 10);
    let workdir = workdir.variable("GITHUB_STEP_SUMMARY", "/no/such/folder/file");
    let none = workdir.local(&["plan", "--env", "test"]).expect(0);
    assert!(none.stderr.contains("warning: the step summary was not written: "), "{}", none.stderr);
}
