//! `svc exec`, with a stand-in for AWS's plugin that says what it was called with.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use shipit::aws::Cx;

use crate::support::Workdir;

const SERVICE: &str = "shipit/services/api.yml";

/// A search path with the plugin, which prints its arguments as lines and ends with a code of its own.
fn plugin(workdir: &Workdir) -> String {
    let program = workdir.write(
        "bin/session-manager-plugin",
        "#!/bin/sh\nfor one in \"$@\"; do printf '%s\\n' \"$one\"; done\nexit 7\n",
    );
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:/usr/bin:/bin", program.parent().unwrap().display())
}

fn deployed(exec: bool) -> Workdir {
    let workdir = Workdir::demo("Backend Service", "public.ecr.aws/nginx/nginx:1.27");
    if exec {
        let text = workdir.read(SERVICE);
        let sidecar = "sidecars:\n  envoy:\n    image: public.ecr.aws/docker/library/busybox:stable\n    essential: false\n";
        workdir.write(SERVICE, format!("{text}\nexec: true\n{sidecar}"));
    }
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    workdir
}

fn task(workdir: &Workdir) -> String {
    workdir.by_hand(async |cx: Cx| {
        let call = cx.ecs.list_tasks().cluster("demo-test-main").service_name("demo-test-api");
        let arns = call.send().await.unwrap().task_arns.unwrap();
        arns[0].rsplit('/').next().unwrap().to_owned()
    })
}

#[test]
fn the_plugin_is_called_as_the_aws_command_line_calls_it() {
    let workdir = deployed(true);
    let path = plugin(&workdir);
    let workdir = workdir.variable("PATH", &path);
    let task = task(&workdir);
    let runtime = workdir.by_hand(async |cx: Cx| {
        let call = cx.ecs.describe_tasks().cluster("demo-test-main").tasks(&task);
        let answer = call.send().await.unwrap();
        let all = answer.tasks()[0].containers();
        all.iter().find(|one| one.name() == Some("api")).unwrap().runtime_id().unwrap().to_owned()
    });
    let ran = workdir.local(&["svc", "exec", "api", "--command", "ls /tmp"]).expect(7);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let response: Value = serde_json::from_str(lines[0]).unwrap();
    let session = response["sessionId"].as_str().unwrap();
    assert!(session.starts_with("ecs-execute-command-"), "{response}");
    assert_eq!(response["streamUrl"].as_str().map(|url| url.contains(session)), Some(true));
    assert_eq!(response["tokenValue"].as_str().map(str::len), Some(64));
    assert_eq!(response.as_object().unwrap().len(), 3);
    let target = format!("{{\"Target\":\"ecs:demo-test-main_{task}_{runtime}\"}}");
    assert_eq!(
        lines[1..],
        ["eu-west-1", "StartSession", "", target.as_str(), "https://ssm.eu-west-1.amazonaws.com"]
    );
    assert_eq!(
        ran.stderr,
        format!("container `api` of task {task} (local AWS runs no containers: nothing answers)\n")
    );
    // Another container, of a task by how its id begins.
    let ran =
        workdir.local(&["svc", "exec", "--task", &task[..6], "--container", "envoy"]).expect(7);
    assert!(ran.stderr.starts_with("container `envoy` of task"), "{}", ran.stderr);
}

#[test]
fn what_stands_in_the_way_is_told() {
    let plain = deployed(false);
    let mut all = String::new();
    let mut says = |workdir: &Workdir, arguments: &[&str], task: &str| {
        let ran = workdir.local(&[&["svc", "exec"], arguments].concat()).expect(4);
        all.push_str(&ran.stderr.replace(task, "TASK"));
    };
    says(&plain, &["api"], "NOTHING");
    plain.write(SERVICE, format!("{}\nexec: true\n", plain.read(SERVICE)));
    // A change of that alone starts no task anew.
    plain.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    says(&plain, &["api"], "NOTHING");
    let path = plugin(&plain);
    let plain = plain.variable("PATH", &path);
    let old = task(&plain);
    says(&plain, &["api"], &old);
    plain.local(&["svc", "restart", "--yes"]).expect(0);
    says(&plain, &["--task", "0123"], &task(&plain));
    says(&plain, &["--task", &old], &old);
    let new = task(&plain);
    says(&plain, &["--container", "envoy"], &new);
    plain.local(&["svc", "pause", "--yes"]).expect(0);
    says(&plain, &["api"], "NOTHING");
    insta::assert_snapshot!(all, @r"
    error: ECS Exec is off for service `api` in environment `test`
    hint: write `exec: true` into its manifest and run `shipit svc deploy --name api --env test`
    error: `session-manager-plugin` is not on PATH
    hint: install AWS's Session Manager plugin: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html
    error: task TASK was started before ECS Exec was switched on
    hint: start new ones with `shipit svc restart api --env test`
    error: service `api` has no task `0123`
    hint: there is TASK; `shipit svc status --name api --env test` lists its tasks
    error: task TASK of service `api` is stopped
    hint: `shipit svc status --name api --env test` lists its tasks
    error: task TASK has no container `envoy`
    hint: it has `api`; choose one with `--container`
    error: no task of service `api` runs
    hint: `shipit svc status --name api --env test` lists its tasks
    ");
}
