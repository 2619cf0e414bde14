//! Releases: history, rollback, and drift told apart from changed manifests.

use serde_json::{Value, json};
use shipit::aws::Cx;

use crate::support::Workdir;

fn demo() -> Workdir {
    Workdir::demo("Load Balanced Web Service", "public.ecr.aws/nginx/nginx:1.27")
}

fn deploy(workdir: &Workdir, code: i32) {
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(code);
}

async fn stretch_health_checks(cx: Cx) {
    let groups = cx.elbv2.describe_target_groups().send().await.unwrap();
    let arn = groups.target_groups()[0].target_group_arn().unwrap().to_owned();
    let call = cx.elbv2.modify_target_group().target_group_arn(arn);
    call.health_check_interval_seconds(77).send().await.unwrap();
}

async fn drop_log_group(cx: Cx) {
    let groups = cx.logs.describe_log_groups().send().await.unwrap();
    let name = groups.log_groups()[0].log_group_name().unwrap().to_owned();
    cx.logs.delete_log_group().log_group_name(name).send().await.unwrap();
}

/// Text with what differs between runs replaced.
fn steady(text: &str) -> String {
    let mut words = Vec::new();
    for line in text.lines() {
        let line: Vec<String> = line.split(' ').map(steady_word).collect();
        words.push(line.join(" "));
    }
    words.join("\n")
}

fn steady_word(word: &str) -> String {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let is_time = digits >= 6 && word.contains(':') && !word.contains("arn");
    let is_date = digits == 8 && word.matches('-').count() == 2;
    if is_time {
        return "TIME".to_owned();
    }
    if is_date {
        return "DATE".to_owned();
    }
    match word.rsplit_once('/') {
        Some((head, tail)) if tail.len() == 16 && tail.bytes().all(|b| b.is_ascii_hexdigit()) => {
            format!("{head}/HASH")
        }
        _ => word.to_owned(),
    }
}

fn history(workdir: &Workdir) -> Vec<Value> {
    let shown = workdir.local(&["--format", "json", "svc", "history", "--env", "test"]);
    let shown = shown.expect(0).json();
    let releases = shown["releases"].as_array().unwrap();
    releases
        .iter()
        .map(|one| {
            json!([
                one["number"],
                one["outcome"],
                one["task_definition"],
                one["rollback_to"],
                one["current"],
                one["images"]["api"]["image"].as_str().map(|image| image.rsplit(':').next()),
            ])
        })
        .collect()
}

/// The revision that the service runs.
fn running(workdir: &Workdir) -> String {
    let status =
        workdir.local(&["--format", "json", "svc", "status", "--env", "test"]).expect(0).json();
    status["ecs"]["deployments"][0]["task_definition"].as_str().unwrap().to_owned()
}

#[test]
fn releases_are_listed_and_gone_back_to() {
    let workdir = demo();
    deploy(&workdir, 0);
    workdir.edit("shipit/services/api.yml", "nginx:1.27", "nginx:1.28");
    deploy(&workdir, 0);
    assert_eq!(
        history(&workdir),
        [
            json!([2, "completed", "demo-test-api:2", null, true, "1.28"]),
            json!([1, "completed", "demo-test-api:1", null, false, "1.27"]),
        ]
    );
    // Something else of the manifest has changed, too: a rollback leaves it for the next deploy.
    workdir.edit("shipit/services/api.yml", "memory: 512", "memory: 1024");
    let back = workdir.local(&["svc", "rollback", "--env", "test", "--yes"]).expect(0);
    insta::assert_snapshot!(steady(&back.stdout), @r#"
    Plan demo / test  (eu-west-1, account 123456789012)

    api
      ~ ecs/service.api  update in place
          task_definition
              "arn:aws:ecs:eu-west-1:123456789012:task-definition/demo-test-api:2"
            → "arn:aws:ecs:eu-west-1:123456789012:task-definition/demo-test-api:1"

    note: service `api` goes back to release 1 of TIME `containers.api.image` "public.ecr.aws/nginx/nginx:1.28" → "public.ecr.aws/nginx/nginx:1.27"

    Plan: 1 to update; 7 unchanged
    "#);
    assert_eq!(running(&workdir), "demo-test-api:1");
    let shown = workdir.local(&["svc", "history", "--env", "test", "--limit", "2"]).expect(0);
    insta::assert_snapshot!(steady(&shown.stdout), @r"
    RELEASE  WHEN (UTC)           WHO    OUTCOME               REVISION  COMMIT  IMAGE
    → 3      DATE TIME  local  completed: back to 1  1         -       nginx:1.27
      2      DATE TIME  local  completed             2         -       nginx:1.28
    ");
    assert_eq!(shown.stderr, "1 older: `--limit 3` lists them\n");
    // Nothing is further back; what was left can be gone to by name.
    let refused = workdir.local(&["svc", "rollback", "--env", "test", "--yes"]).expect(4);
    insta::assert_snapshot!(refused.stderr, @r"
    error: service `api` has no completed release before the current one
    hint: name one to go to it all the same; `shipit svc history --name api --env test` lists them
    ");
    workdir.local(&["svc", "rollback", "2", "--env", "test", "--yes"]).expect(0);
    assert_eq!(running(&workdir), "demo-test-api:2");
    // The next deploy goes forward again, and says so.
    let forward = workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert!(
        forward.stdout.contains(
            "service `api` went back to release 2 (with release 4): this goes forward again to its manifest"
        ),
        "{}",
        forward.stdout
    );
    assert!(!forward.stdout.contains("(drift)"), "{}", forward.stdout);
    assert_eq!(running(&workdir), "demo-test-api:3");
    let none = workdir.local(&["svc", "rollback", "9", "--env", "test", "--yes"]).expect(4);
    insta::assert_snapshot!(none.stderr, @r"
    error: there is no release 9 of service `api` (any more)
    hint: `shipit svc history --name api --env test` lists them
    ");
}

#[test]
fn a_deployment_that_ecs_took_back_is_in_the_history() {
    let workdir = demo();
    deploy(&workdir, 0);
    workdir.edit("shipit/services/api.yml", "nginx:1.27", "nginx:broken");
    workdir.write("faults.yml", "rollouts:\n  - image: \"*:broken\"\n    fault: exits\n");
    let arguments = ["--local-faults", "faults.yml", "deploy", "--env", "test", "--yes"];
    assert_ne!(workdir.local(&arguments).code, 0);
    assert_eq!(
        history(&workdir),
        [
            json!([2, "rolled-back-by-ecs", "demo-test-api:2", null, false, "broken"]),
            json!([1, "completed", "demo-test-api:1", null, true, "1.27"]),
        ]
    );
    // What ECS did is no drift: it is the manifest that waits to be applied.
    let plan = workdir.local(&["plan", "--env", "test"]).expect(0);
    assert!(!plan.stdout.contains("drift"), "{}", plan.stdout);
}

#[test]
fn a_revision_that_is_gone_cannot_be_gone_back_to() {
    let workdir = demo();
    deploy(&workdir, 0);
    workdir.edit("shipit/services/api.yml", "nginx:1.27", "nginx:1.28");
    deploy(&workdir, 0);
    workdir.by_hand(async |cx| {
        let call = cx.ecs.deregister_task_definition().task_definition("demo-test-api:1");
        call.send().await.unwrap();
    });
    let refused = workdir.local(&["svc", "rollback", "--env", "test", "--yes"]).expect(4);
    insta::assert_snapshot!(refused.stderr, @r"
    error: release 1 of service `api` ran `demo-test-api:1`, which is not registered any more
    hint: write its image (public.ecr.aws/nginx/nginx:1.27) into the manifest and run `shipit svc deploy --name api`
    ");
}

#[test]
fn drift_is_marked_apart_from_changed_manifests() {
    let workdir = demo();
    deploy(&workdir, 0);
    let none = workdir.local(&["drift", "--env", "test", "--exit-code"]).expect(0);
    insta::assert_snapshot!(none.stdout, @r"
    Drift demo / test  (eu-west-1, account 123456789012)

    No drift; 26 as applied
    ");
    workdir.by_hand(stretch_health_checks);
    workdir.by_hand(drop_log_group);
    workdir.edit("shipit/services/api.yml", "cpu: 256", "cpu: 512");
    workdir.edit("shipit/services/api.yml", "memory: 512", "memory: 1024");
    let plan = workdir.local(&["plan", "--env", "test"]).expect(0);
    insta::assert_snapshot!(steady(&plan.stdout), @r#"
    Plan demo / test  (eu-west-1, account 123456789012)

    api
      ~ elbv2/target-group.api   update in place
          health_check.interval  77 → 30  (drift)
      + logs/log-group.api       create: it was deleted outside shipit  (drift)
      + ecs/task-definition.api  new revision
          containers.api.log_configuration.options.awslogs-group
              "/shipit/demo/test/api"
            → (logs/log-group.api → name)
          cpu                                256 → 512
          memory                             512 → 1024
      ~ ecs/service.api          update in place
          task_definition
              "arn:aws:ecs:eu-west-1:123456789012:task-definition/demo-test-api:1"
            → (ecs/task-definition.api → arn)

    Plan: 1 to create, 2 to update, 1 to revise; 22 unchanged
    "#);
    let json = workdir.local(&["--format", "json", "plan", "--env", "test"]).expect(0).json();
    let marked: Vec<Value> = json["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let changes = step["changes"].as_array().unwrap();
            let paths = changes.iter().filter(|one| one["drift"] == true).map(|one| &one["path"]);
            json!([step["address"], step["drift"], paths.collect::<Vec<_>>()])
        })
        .collect();
    assert_eq!(
        marked,
        [
            json!(["elbv2/target-group.api", true, ["health_check.interval"]]),
            json!(["logs/log-group.api", true, []]),
            json!(["ecs/task-definition.api", null, []]),
            json!(["ecs/service.api", null, []]),
        ]
    );
    let drift = workdir.local(&["drift", "--env", "test", "--exit-code"]).expect(2);
    insta::assert_snapshot!(steady(&drift.stdout), @r"
    Drift demo / test  (eu-west-1, account 123456789012)

    api
      ~ elbv2/target-group.api  changed outside arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/demo-test-api/HASH
          health_check.interval  was 30, is 77
          by arn:aws:iam::123456789012:user/local at TIME via elasticloadbalancing ModifyTargetGroup
      - logs/log-group.api  deleted outside
          by arn:aws:iam::123456789012:user/local at TIME via logs DeleteLogGroup

    Drift: 1 changed, 1 deleted outside; 22 as applied; 2 differences by changed manifests (`shipit plan`)
    ");
    let drift = workdir.local(&["--format", "json", "drift", "api", "--env", "test"]).expect(0);
    let drift = drift.json();
    let who: Vec<Value> = drift["drifted"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            json!([one["address"], one["what"], one["who"]["operation"], one["who"]["certain"]])
        })
        .collect();
    assert_eq!(
        who,
        [
            json!([
                "elbv2/target-group.api",
                "changed",
                "elasticloadbalancing ModifyTargetGroup",
                true
            ]),
            json!(["logs/log-group.api", "deleted", "logs DeleteLogGroup", true]),
        ]
    );
    // Refused, it is said, and the rest of the report stands.
    workdir.write(
        "faults.yml",
        "rules:\n  - on: {service: cloudtrail}\n    fault: {error: {code: AccessDeniedException, status: 400, message: no}}\n",
    );
    let denied = workdir.local(&["--local-faults", "faults.yml", "drift", "--env", "test"]);
    let denied = denied.expect(0);
    assert!(denied.stdout.contains("Drift: 1 changed, 1 deleted outside"), "{}", denied.stdout);
    assert_eq!(
        denied.stderr.matches("CloudTrail could not be read").count(),
        1,
        "{}",
        denied.stderr
    );
    // A deploy puts it back.
    deploy(&workdir, 0);
    workdir.local(&["drift", "--env", "test", "--exit-code"]).expect(0);
}

#[test]
fn without_records_a_plan_is_the_same_but_unmarked() {
    let workdir = demo();
    deploy(&workdir, 0);
    workdir.by_hand(stretch_health_checks);
    workdir.write(
        "faults.yml",
        "rules:\n  - on: {service: ssm}\n    fault: {error: {code: AccessDeniedException, status: 400, message: no}}\n",
    );
    let faults = ["--local-faults", "faults.yml"];
    let plan = workdir.local(&[faults[0], faults[1], "plan", "--env", "test"]).expect(0);
    assert!(plan.stdout.contains("health_check.interval"), "{}", plan.stdout);
    assert!(!plan.stdout.contains("(drift)"), "{}", plan.stdout);
    let marked = workdir.local(&["plan", "--env", "test"]).expect(0);
    assert_eq!(marked.stdout.replace("  (drift)", ""), plan.stdout);
    let drift = workdir.local(&[faults[0], faults[1], "drift", "--env", "test"]).expect(1);
    assert!(drift.stderr.starts_with("error: ssm GetParametersByPath: no"), "{}", drift.stderr);
    // Where the record alone cannot be written (the lock comes first), the deploy succeeds all the
    // same, and it is said.
    workdir.write(
        "faults.yml",
        "rules:\n  - on: {operation: PutParameter, call: 2}\n    fault: {error: {code: AccessDeniedException, status: 400, message: no}}\n",
    );
    let deployed = workdir.local(&[faults[0], faults[1], "deploy", "--env", "test", "--yes"]);
    let deployed = deployed.expect(0);
    assert!(
        deployed.stderr.contains("warning: the release could not be recorded"),
        "{}",
        deployed.stderr
    );
    assert_eq!(history(&workdir).len(), 1);
}

#[test]
fn records_go_with_what_they_are_about() {
    let workdir = demo();
    deploy(&workdir, 0);
    let all = ["--yes", "--allow-delete", "all"];
    let service = ["svc", "delete", "--name", "api", "--env", "test"];
    workdir.local(&[&service[..], &all[..]].concat()).expect(0);
    assert_eq!(history(&workdir), Vec::<Value>::new());
    let environment = ["env", "delete", "--name", "test"];
    workdir.local(&[&environment[..], &all[..]].concat()).expect(0);
    workdir.by_hand(async |cx| {
        let left =
            cx.ssm.get_parameters_by_path().path("/shipit/demo/test/release").recursive(true);
        assert_eq!(left.send().await.unwrap().parameters(), []);
    });
    // Made anew it is simply not there yet.
    let plan = workdir.local(&["plan", "--env", "test"]).expect(0);
    assert!(!plan.stdout.contains("drift"), "{}", plan.stdout);
}

#[test]
fn two_services_deployed_at_once_write_their_own_records() {
    let workdir = demo();
    let copy = workdir.read("shipit/services/api.yml").replace("name: api", "name: web");
    let copy = copy.replace("path: /\n", "path: web\n").replace("path: '/'\n", "path: web\n");
    workdir.write("shipit/services/web.yml", copy);
    workdir.local(&["env", "deploy", "--name", "test", "--yes"]).expect(0);
    workdir.local(&["svc", "deploy", "--name", "api", "--env", "test", "--yes"]).expect(0);
    workdir.local(&["svc", "deploy", "--name", "web", "--env", "test", "--yes"]).expect(0);
    for service in ["api", "web"] {
        let file = format!("shipit/services/{service}.yml");
        workdir.edit(&file, "nginx:1.27", "nginx:1.28");
    }
    let start = |service: &str| {
        let arguments = ["--local", "--local-speed", "instant", "svc", "deploy", "--name", service];
        workdir.command(&[&arguments[..], &["--env", "test", "--yes"]].concat()).spawn().unwrap()
    };
    let runs = ["api", "web"].map(start);
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    for service in ["api", "web"] {
        let shown = workdir
            .local(&["--format", "json", "svc", "history", "--name", service, "--env", "test"]);
        let shown = shown.expect(0).json();
        let numbers: Vec<&Value> =
            shown["releases"].as_array().unwrap().iter().map(|one| &one["number"]).collect();
        assert_eq!(numbers, [&json!(2), &json!(1)], "{service}");
    }
    // What `api` made of the environment for itself is in its record: nothing is drift.
    workdir.local(&["drift", "--env", "test", "--exit-code"]).expect(0);
}

#[test]
fn a_saved_plan_is_a_release_like_any_other() {
    let workdir = demo();
    deploy(&workdir, 0);
    workdir.edit("shipit/services/api.yml", "nginx:1.27", "nginx:1.28");
    workdir.local(&["plan", "--env", "test", "--out", "plan.json"]).expect(0);
    workdir.local(&["apply", "plan.json", "--yes"]).expect(0);
    assert_eq!(
        history(&workdir)[0],
        json!([2, "completed", "demo-test-api:2", null, true, "1.28"])
    );
    workdir.by_hand(stretch_health_checks);
    let plan = workdir.local(&["plan", "--env", "test"]).expect(0);
    assert!(plan.stdout.contains("77 → 30  (drift)"), "{}", plan.stdout);
    workdir.local(&["svc", "rollback", "--env", "test", "--yes"]).expect(0);
    assert_eq!(running(&workdir), "demo-test-api:1");
}
