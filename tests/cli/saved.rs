//! Plans that are kept: saved, checked, applied exactly or refused.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use shipit::engine::saved::schema;

use crate::support::{Ran, Workdir, python};

fn hello() -> Workdir {
    Workdir::example("hello")
}

/// Changes the service's manifest.
fn enlarge(workdir: &Workdir) {
    workdir.edit("shipit/services/web.yml", "\nhttp:", "\ncpu: 512\nmemory: 1024\nhttp:");
}

fn plan(workdir: &Workdir, more: &[&str]) -> Ran {
    let mut all = vec!["plan", "--env", "test", "--out", "plan.json"];
    all.extend_from_slice(more);
    workdir.local(&all)
}

#[test]
fn a_saved_plan_is_applied_once() {
    let workdir = hello();
    let planned = plan(&workdir, &[]).expect(0);
    assert!(
        planned.stderr.ends_with(
            "saved to plan.json: `shipit apply plan.json` does exactly this, or nothing\n"
        ),
        "{}",
        planned.stderr
    );
    #[cfg(unix)]
    {
        let mode = std::fs::metadata(workdir.path().join("plan.json")).unwrap().permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
    }
    let holds = workdir.local(&["plan", "--check", "plan.json"]).expect(0);
    assert_eq!(holds.stdout, "the plan holds: nothing that it depends on has changed\n");
    let holds = workdir.local(&["--format", "json", "plan", "--check", "plan.json"]).expect(0);
    assert_eq!(holds.json(), json!({ "holds": true, "moved": [] }));
    let asks = workdir.local(&["apply", "plan.json"]).expect(4);
    assert!(asks.stderr.contains("there is no terminal to confirm it at"), "{}", asks.stderr);
    let applied = workdir.local(&["apply", "plan.json", "--yes"]).expect(0);
    assert!(applied.stdout.contains("Plan: 26 to create; 0 unchanged"), "{}", applied.stdout);
    workdir.local(&["plan", "--env", "test", "--exit-code"]).expect(0);
    // Once more it would make everything twice.
    let stale = workdir.local(&["apply", "plan.json", "--yes"]).expect(4);
    let first: Vec<&str> = stale.stderr.lines().take(1).collect();
    assert_eq!(
        first,
        ["error: the plan is stale: 26 things that it depends on have changed since it was made"]
    );
    assert!(stale.stderr.contains("ecs/cluster.main "), "{}", stale.stderr);
    workdir.local(&["plan", "--env", "test", "--exit-code"]).expect(0);
}

#[test]
fn what_a_plan_with_nothing_to_do_does() {
    let workdir = hello();
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    plan(&workdir, &["--exit-code"]).expect(0);
    let applied = workdir.local(&["apply", "plan.json"]).expect(0);
    assert!(applied.stdout.contains("Nothing to do"), "{}", applied.stdout);
}

#[test]
fn a_change_by_hand_makes_it_stale_and_an_unrelated_one_does_not() {
    let workdir = hello();
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    enlarge(&workdir);
    let service = ["svc", "plan", "--name", "web", "--env", "test", "--out", "plan.json"];
    workdir.local(&service).expect(0);
    workdir.by_hand(async |cx| {
        cx.logs.create_log_group().log_group_name("/others/thing").send().await.unwrap();
        cx.ec2.create_vpc().cidr_block("172.16.0.0/16").send().await.unwrap();
    });
    workdir.local(&["plan", "--check", "plan.json"]).expect(0);
    workdir.by_hand(async |cx| {
        let update = cx.ecs.update_service().cluster("hello-test-main").service("hello-test-web");
        update.enable_execute_command(true).send().await.unwrap();
        let groups = cx.logs.describe_log_groups().send().await.unwrap();
        let names = groups.log_groups().iter().filter_map(|group| group.log_group_name());
        let name = names.into_iter().find(|name| name.contains("web")).unwrap().to_owned();
        let retention = cx.logs.put_retention_policy().log_group_name(name);
        retention.retention_in_days(3).send().await.unwrap();
    });
    let stale = workdir.local(&["apply", "plan.json", "--yes"]).expect(4);
    insta::assert_snapshot!(stale.stderr, @"
    error: the plan is stale: 2 things that it depends on have changed since it was made
      ecs/service.web     enable_execute_command: false → true
      logs/log-group.web  retention_days: 30 → 3
    hint: plan again, and look at what it would do now
    ");
    let checked = workdir.local(&["--format", "json", "plan", "--check", "plan.json"]).expect(4);
    let document = checked.json();
    assert_eq!(document["holds"], json!(false));
    assert_eq!(
        document["moved"][0],
        json!({
            "moved": "field",
            "address": "ecs/service.web",
            "path": "enable_execute_command",
            "then": false,
            "now": true,
        })
    );
    // A plan made now puts it right.
    workdir.local(&service).expect(0);
    workdir.local(&["--format", "json", "apply", "plan.json", "--yes"]).expect(0);
    workdir.local(&["plan", "--env", "test", "--exit-code"]).expect(0);
}

#[test]
fn manifests_that_changed_make_it_stale_and_comments_do_not() {
    let workdir = hello();
    plan(&workdir, &[]).expect(0);
    let web = workdir.read("shipit/services/web.yml");
    workdir.write("shipit/services/web.yml", format!("# A comment.\n{web}\n"));
    workdir.local(&["plan", "--check", "plan.json"]).expect(0);
    enlarge(&workdir);
    let stale = workdir.local(&["apply", "plan.json", "--yes"]).expect(4);
    insta::assert_snapshot!(stale.stderr, @"
    error: the plan is stale: 2 things that it depends on have changed since it was made
      ecs/task-definition.web  cpu: 256 in the plan, 512 wanted now
      ecs/task-definition.web  memory: 512 in the plan, 1024 wanted now
    manifests changed since: shipit/services/web.yml
    hint: plan again, and look at what it would do now
    ");
    // What is planned is in the plan: it is applied where there are no manifests at all.
    std::fs::rename(workdir.path().join("shipit"), workdir.path().join("elsewhere")).unwrap();
    let applied = workdir.local(&["apply", "plan.json", "--yes"]).expect(0);
    assert!(applied.stdout.contains("26 to create"), "{}", applied.stdout);
    std::fs::rename(workdir.path().join("elsewhere"), workdir.path().join("shipit")).unwrap();
    workdir.write("shipit/services/web.yml", web);
    workdir.local(&["plan", "--env", "test", "--exit-code"]).expect(0);
}

#[test]
fn a_plan_that_was_applied_in_part_is_stale_and_a_new_one_goes_on() {
    let workdir = hello();
    plan(&workdir, &[]).expect(0);
    workdir.write(
        "faults.yml",
        "rules:\n  - on: {service: ecs, operation: CreateService}\n    fault: {error: {code: AccessDeniedException, message: no}}\n",
    );
    let faults = ["--local-faults", "faults.yml", "apply", "plan.json", "--yes"];
    workdir.local(&faults).expect(3);
    workdir.local(&["apply", "plan.json", "--yes"]).expect(4);
    plan(&workdir, &[]).expect(0);
    workdir.local(&["apply", "plan.json", "--yes"]).expect(0);
    workdir.local(&["plan", "--env", "test", "--exit-code"]).expect(0);
}

#[test]
fn a_plan_for_something_else_is_refused() {
    let workdir = hello();
    plan(&workdir, &[]).expect(0);
    let text = workdir.read("plan.json");
    let other = Workdir::new();
    other.shipit(&["init", "--yes", "--app", "other", "--region", "eu-west-1"]).expect(0);
    other.write("plan.json", &text);
    let says = |arguments: &[&str]| other.local(arguments).expect(4).stderr;
    insta::assert_snapshot!(says(&["apply", "plan.json", "--yes"]), @r"
    error: the plan is for application `hello`, and this is `other`
    hint: run it in the folder of that application, or in one without manifests
    ");
    insta::assert_snapshot!(says(&["apply", "plan.json", "--env", "production"]), @r"
    error: the plan is for environment `test`, and this is `production`
    hint: leave `--env` out
    ");
    insta::assert_snapshot!(says(&["apply", "plan.json", "--region", "us-east-1"]), @r"
    error: the plan is for region `eu-west-1`, and this is `us-east-1`
    hint: leave `--region` out
    ");
}

/// Seals a document as shipit would, had it made it.
fn sealed(document: &mut Value) -> String {
    use sha2::{Digest, Sha256};
    fn normal(value: &Value, text: &mut String) {
        match value {
            Value::Object(fields) => {
                let mut keys: Vec<&String> = fields.keys().collect();
                keys.sort();
                text.push('{');
                for key in keys {
                    text.push_str(&format!("{}:", json!(key)));
                    normal(&fields[key], text);
                    text.push(',');
                }
                text.push('}');
            }
            Value::Array(items) => {
                text.push('[');
                for item in items {
                    normal(item, text);
                    text.push(',');
                }
                text.push(']');
            }
            scalar => text.push_str(&scalar.to_string()),
        }
    }
    document["saved"].as_object_mut().unwrap().remove("digest");
    let mut text = String::new();
    normal(document, &mut text);
    let hash: String =
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    document["saved"]["digest"] = json!(hash);
    document.to_string()
}

#[test]
fn files_that_are_no_good_plan() {
    let workdir = hello();
    plan(&workdir, &[]).expect(0);
    let good = workdir.read("plan.json");
    let document: Value = serde_json::from_str(&good).unwrap();
    let resealed = |change: &dyn Fn(&mut Value)| {
        let mut document = document.clone();
        change(&mut document);
        sealed(&mut document)
    };
    let printed = workdir.local(&["--format", "json", "plan", "--env", "test"]).expect(0).stdout;
    let is = |text: &str| format!("error: the plan bad.json cannot be used: {text}");
    let cases: Vec<(Vec<u8>, String)> = vec![
        (Vec::new(), is("it is empty")),
        (good.as_bytes()[..good.len() / 2].to_vec(), is("it is not a JSON document: EOF while")),
        (b"\xff\xfe{".to_vec(), is("it is not UTF-8")),
        (b"kind: service\n".to_vec(), is("it is not a JSON document: expected value")),
        (b"[1, 2]".to_vec(), is("it is not a plan")),
        ("[".repeat(100_000).into_bytes(), is("it is not a JSON document: recursion limit")),
        (printed.into_bytes(), is("it is a plan that was printed, not saved")),
        (good.replace("256", "512").into_bytes(), is("it was changed after it was written")),
        (
            resealed(&|plan| plan["format_version"] = json!("2.0")).into_bytes(),
            is("it is a plan of format 2.0, and this shipit reads format 1."),
        ),
        (
            resealed(&|plan| plan["steps"] = json!({})).into_bytes(),
            is("it is not as plans of format 1."),
        ),
        (
            resealed(&|plan| plan["steps"][0]["after"] = json!([{"step": 99, "wait": "ready"}]))
                .into_bytes(),
            is("it is not as plans of format 1."),
        ),
    ];
    for (bytes, says) in cases {
        workdir.write("bad.json", &bytes);
        for command in [&["apply", "bad.json", "--yes"][..], &["plan", "--check", "bad.json"]] {
            let ran = workdir.local(command).expect(4);
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
            assert!(ran.stderr.starts_with(&says), "{shown}:\n{}", ran.stderr);
            assert!(ran.stderr.contains("\nhint: "), "{}", ran.stderr);
        }
    }
    // A later minor version has more fields.
    let later = resealed(&|plan| {
        plan["format_version"] = json!("1.99");
        plan["new"] = json!(1);
    });
    workdir.write("later.json", later);
    workdir.local(&["plan", "--check", "later.json"]).expect(0);
    // The same document, laid out otherwise.
    workdir.write("short.json", document.to_string());
    workdir.local(&["plan", "--check", "short.json"]).expect(0);
    // Another version of shipit may plan otherwise.
    workdir.write("old.json", resealed(&|plan| plan["saved"]["shipit"] = json!("0.0.1")));
    let old = workdir.local(&["plan", "--check", "old.json"]).expect(4);
    assert!(old.stderr.contains("  shipit 0.0.1 made the plan, and this is "), "{}", old.stderr);

    let missing = workdir.local(&["apply", "none.json"]).expect(1);
    assert!(
        missing.stderr.starts_with("error: the plan none.json cannot be read: "),
        "{}",
        missing.stderr
    );
    let folder = workdir.local(&["apply", "shipit"]).expect(4);
    assert!(folder.stderr.starts_with("error: the plan shipit is a folder\n"), "{}", folder.stderr);
    let live = workdir.local(&["--format", "json", "env", "show"]).expect(0);
    assert_eq!(live.json()["resources"], json!([]));
}

#[test]
fn a_file_that_is_no_plan_is_not_written_over() {
    let workdir = hello();
    workdir.write("notes.txt", "mine");
    std::fs::create_dir(workdir.path().join("folder")).unwrap();
    let mut cases = vec![
        ("notes.txt", "a file that is no saved plan is there already"),
        ("folder", "a folder is there already"),
        ("none/plan.json", "there is no folder none"),
        ("-", "a plan is saved to a file"),
    ];
    if cfg!(unix) {
        #[cfg(unix)]
        std::os::unix::fs::symlink("notes.txt", workdir.path().join("link")).unwrap();
        cases.push(("link", "a symbolic link is there already"));
    }
    for (path, says) in cases {
        let ran = workdir.local(&["plan", "--env", "test", "--out", path]).expect(4);
        assert_eq!(ran.stdout, "", "nothing is planned for nothing");
        assert!(
            ran.stderr.starts_with(&format!("error: `--out {path}`: {says}\nhint: ")),
            "{}",
            ran.stderr
        );
    }
    assert_eq!(workdir.read("notes.txt"), "mine");
    plan(&workdir, &[]).expect(0);
    plan(&workdir, &[]).expect(0);
    let left: Vec<String> = std::fs::read_dir(workdir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".tmp"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn saving_changes_nothing_that_is_printed() {
    let workdir = hello();
    let saved = plan(&workdir, &["--format", "json"]).expect(0).stdout;
    let printed = workdir.local(&["--format", "json", "plan", "--env", "test"]).expect(0).stdout;
    let without_run = |text: &str| {
        let mut document: Value = serde_json::from_str(text).unwrap();
        for step in document["steps"].as_array_mut().unwrap() {
            step["identity"]["run"] = Value::Null;
        }
        document
    };
    assert_eq!(without_run(&saved), without_run(&printed));
    let mut file = without_run(&workdir.read("plan.json"));
    assert!(file.as_object_mut().unwrap().remove("saved").is_some());
    assert_eq!(file, without_run(&printed));
}

/// The schema in the repository: `SHIPIT_BLESS=1 cargo test plan_schema` writes it anew.
#[test]
fn the_plan_schema_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join("plan.schema.json");
    let now = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("SHIPIT_BLESS").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        kept, now,
        "the plan's fields changed: write the schema anew with SHIPIT_BLESS=1, and raise FORMAT_VERSION"
    );
    let printed = Workdir::new().shipit(&["schema", "plan"]).expect(0).stdout;
    assert_eq!(printed, now);
}

/// Real plans against the schema, as an independent validator reads it.
#[test]
fn plans_are_as_the_plan_schema_says() {
    let workdir = hello();
    plan(&workdir, &[]).expect(0);
    std::fs::rename(workdir.path().join("plan.json"), workdir.path().join("create.json")).unwrap();
    workdir.local(&["apply", "create.json", "--yes"]).expect(0);
    enlarge(&workdir);
    workdir.edit("shipit/services/web.yml", "port: 80", "port: 8080");
    let printed = plan(&workdir, &["--format", "json"]).expect(0).stdout;
    workdir.write("printed.json", &printed);
    let actions: Vec<&str> = printed.matches("\"action\": \"").collect();
    assert!(actions.len() > 3, "{printed}");
    std::fs::remove_file(workdir.path().join("shipit/services/web.yml")).unwrap();
    let gone = ["plan", "--env", "test", "--prune", "--out", "delete.json"];
    workdir.local(&gone).expect(0);
    let script = "import json, sys, jsonschema\n\
        schema = json.load(open(sys.argv[1]))\n\
        validator = jsonschema.Draft202012Validator\n\
        validator.check_schema(schema)\n\
        for path in sys.argv[2:]:\n    \
            for error in validator(schema).iter_errors(json.load(open(path))):\n        \
                print(path, list(error.absolute_path), error.message[:300])\n";
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/plan.schema.json");
    let files = ["create.json", "plan.json", "printed.json", "delete.json"];
    let run = |files: &[&str]| {
        let output = Command::new(python::moto().join("python"))
            .args(["-c", script])
            .arg(&schema)
            .args(files)
            .current_dir(workdir.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(run(&files), "");
    // The schema does say something.
    workdir.edit("plan.json", "\"account\": \"123456789012\"", "\"account\": 123456789012");
    assert!(run(&["plan.json"]).contains("['account']"));
}
