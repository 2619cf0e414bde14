//! The main job: init, deploy, plan, change, delete.

use serde_json::Value;

use crate::support::{Ran, Workdir};

fn demo() -> Workdir {
    Workdir::demo("Load Balanced Web Service", "public.ecr.aws/nginx/nginx:1.27")
}

/// Each step as `action address`, in the plan's order.
fn steps(plan: &Value) -> Vec<String> {
    let steps = plan["steps"].as_array().unwrap();
    let mut list: Vec<String> = steps
        .iter()
        .map(|step| {
            format!("{} {}", step["action"].as_str().unwrap(), step["address"].as_str().unwrap())
        })
        .collect();
    list.sort();
    list
}

fn plan(workdir: &Workdir, arguments: &[&str], code: i32) -> Value {
    let mut all = vec!["--format", "json"];
    all.extend_from_slice(arguments);
    all.push("--exit-code");
    workdir.local(&all).expect(code).json()
}

/// Every live resource's address.
fn live(workdir: &Workdir) -> Vec<String> {
    let shown =
        workdir.local(&["--format", "json", "env", "show", "--name", "test"]).expect(0).json();
    let resources = shown["resources"].as_array().unwrap();
    resources.iter().map(|live| live["identity"]["address"].as_str().unwrap().to_owned()).collect()
}

fn last_line(ran: &Ran) -> &str {
    ran.stdout.trim_end().lines().last().unwrap_or_default()
}

#[test]
fn a_service_is_deployed_changed_and_deleted() {
    let workdir = demo();
    let deployed = workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert!(last_line(&deployed).starts_with("api  http://"), "{}", deployed.stdout);
    assert_eq!(steps(&plan(&workdir, &["plan", "--env", "test"], 0)), Vec::<String>::new());

    workdir.edit("shipit/services/api.yml", "cpu: 256", "cpu: 512");
    workdir.edit("shipit/services/api.yml", "memory: 512", "memory: 1024");
    let changed = plan(&workdir, &["plan", "--env", "test"], 2);
    assert_eq!(steps(&changed), ["revise ecs/task-definition.api", "update ecs/service.api"]);
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(steps(&plan(&workdir, &["plan", "--env", "test"], 0)), Vec::<String>::new());

    workdir
        .local(&[
            "svc",
            "delete",
            "--name",
            "api",
            "--env",
            "test",
            "--yes",
            "--allow-delete",
            "all",
        ])
        .expect(0);
    assert!(
        live(&workdir).iter().all(|address| !address.ends_with(".api")),
        "{:?}",
        live(&workdir)
    );
    workdir.local(&["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"]).expect(0);
    assert_eq!(live(&workdir), Vec::<String>::new());
}

#[test]
fn what_holds_data_is_kept_and_listed() {
    let workdir = demo();
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    let deleted =
        workdir.local(&["svc", "delete", "--name", "api", "--env", "test", "--yes"]).expect(0);
    assert!(deleted.stdout.contains("= logs/log-group.api"), "{}", deleted.stdout);
    workdir.local(&["env", "delete", "--name", "test", "--yes"]).expect(0);
    assert_eq!(live(&workdir), ["logs/log-group.api"]);
    // Kept things alone are no changes.
    plan(&workdir, &["svc", "plan", "--name", "api", "--env", "test"], 4);
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(steps(&plan(&workdir, &["plan", "--env", "test"], 0)), Vec::<String>::new());
}

#[test]
fn the_environment_comes_first_then_the_service() {
    let workdir = demo();
    let refused =
        workdir.local(&["svc", "deploy", "--name", "api", "--env", "test", "--yes"]).expect(4);
    insta::assert_snapshot!(refused.stderr, @r"
    error: environment `test` is not deployed yet, and service `api` runs in it
    hint: run `shipit env deploy --name test` first, or `shipit deploy --env test` for both
    ");
    workdir.local(&["env", "deploy", "--name", "test", "--yes"]).expect(0);
    plan(&workdir, &["env", "plan", "--name", "test"], 0);
    assert!(live(&workdir).iter().all(|address| !address.starts_with("elbv2/")));
    workdir.local(&["svc", "deploy", "--name", "api", "--env", "test", "--yes"]).expect(0);
    plan(&workdir, &["svc", "plan", "--name", "api", "--env", "test"], 0);
    plan(&workdir, &["env", "plan", "--name", "test"], 0);
    plan(&workdir, &["plan", "--env", "test"], 0);
}

/// The SDK would send a create again whose answer was lost, and make a second one.
#[test]
fn a_lost_answer_makes_no_twin() {
    let workdir = demo();
    workdir.write(
        "faults.yml",
        "rules:\n  - on: {operation: 'Create*', calls: [1, 3, 6, 10]}\n    fault: lost-answer\n",
    );
    workdir.local(&["--local-faults", "faults.yml", "deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(steps(&plan(&workdir, &["plan", "--env", "test"], 0)), Vec::<String>::new());
}
