//! Scheduled jobs and tasks that are run once: deployed, changed, run to every kind of end, deleted.

use crate::support::{Ran, Workdir};

/// What was printed, with ids of tasks taken out.
fn said(ran: &Ran) -> String {
    let all = format!("{}---\n{}", ran.stdout, ran.stderr);
    let hex = |c: char| c.is_ascii_hexdigit();
    let mask = |word: &str| word.len() == 32 && word.chars().all(hex);
    let mut out = String::new();
    for part in all.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        out.push_str(&if mask(word) { part.replace(word, "TASK") } else { part.to_owned() });
    }
    out
}

fn deployed() -> Workdir {
    let workdir = Workdir::example("nightly");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    workdir
}

/// Runs a command with a script of what containers do.
fn scripted(workdir: &Workdir, rollouts: &str, arguments: &[&str]) -> Ran {
    let path = workdir.write("faults.yml", format!("rollouts:\n{rollouts}"));
    let faults = ["--local-faults", path.to_str().unwrap()];
    workdir.local(&[&faults[..], arguments].concat())
}

#[test]
fn jobs_are_deployed_changed_and_deleted() {
    let workdir = deployed();
    assert_eq!(workdir.steps(&["plan"]), Vec::<String>::new());

    let report = "shipit/jobs/report.yml";
    workdir.edit(report, "30 6 * * 1-5", "45 6 * * 1-5");
    workdir.edit(report, "spot: 1", "spot: 2");
    workdir.edit(report, "cpu: 512", "cpu: 256");
    assert_eq!(
        workdir.steps(&["job", "plan", "--name", "report"]),
        [
            "revise ecs/task-definition.report: cpu",
            "update scheduler/schedule.report: expression run.count run.task_definition",
        ]
    );
    workdir.local(&["job", "deploy", "--name", "report", "--yes"]).expect(0);
    assert_eq!(workdir.steps(&["plan"]), Vec::<String>::new());

    // It is switched on, and one queue goes for none.
    let cleanup = "shipit/jobs/cleanup.yml";
    workdir.edit(cleanup, "schedule: none", "dead_letter: false");
    workdir.edit(cleanup, "retries: 3", "retries: 4");
    workdir.edit(cleanup, "timeout: 1h30m", "timeout: 2h");
    assert_eq!(
        workdir.steps(&["job", "plan", "--name", "cleanup", "--allow-delete", "all"]),
        [
            "update iam/role.cleanup/scheduler: inline_policies.run",
            "revise ecs/task-definition.cleanup: containers.timeout.command",
            "update scheduler/schedule.cleanup: dead_letters enabled expression retry.attempts run.task_definition",
            "delete sqs/queue.cleanup/dead-letters: ",
        ]
    );
    workdir.local(&["deploy", "--yes", "--allow-delete", "all"]).expect(0);
    assert_eq!(workdir.steps(&["plan"]), Vec::<String>::new());
    insta::assert_snapshot!(workdir.shipit(&["job", "ls"]).expect(0).stdout, @r"
    NAME     ENVIRONMENT  SCHEDULE                  TIME ZONE
    cleanup  test         cron(0 3 * * ? *)         Europe/Berlin
    report   test         cron(45 6 ? * MON-FRI *)  UTC
    ");

    let delete = ["job", "delete", "--name", "report", "--yes", "--allow-delete", "all"];
    workdir.local(&delete).expect(0);
    let delete = ["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"];
    workdir.local(&delete).expect(0);
    let shown = workdir.local(&["--format", "json", "env", "show"]).expect(0).json();
    assert_eq!(shown["resources"].as_array().unwrap().len(), 0, "{shown}");
}

#[test]
fn a_run_ends_as_its_job_does() {
    let workdir = deployed();
    let ran = workdir.local(&["job", "run", "--name", "report", "--follow"]).expect(0);
    insta::assert_snapshot!(said(&ran), @r"
    report | starting public.ecr.aws/docker/library/python:3.13-slim (local AWS runs no containers)
    report | exiting with code 0
    ---
    started task TASK
      task TASK  stopped
    report ended with exit code 0
    ");

    let exits = "  - image: \"*python*\"\n    fault: {exits: {code: 3, lines: [no database]}}\n";
    let ran = scripted(&workdir, exits, &["job", "run", "--name", "report"]).expect(3);
    insta::assert_snapshot!(said(&ran), @r"
    ---
    started task TASK
      task TASK  stopped
    error: container `report` exited with code 3: no database
      stopped task: container `report` exited with code 3
    hint: its log says why: `aws logs tail /shipit/nightly/test/report --since 1h`
      log of container `report` (/shipit/nightly/test/report, report/report/TASK)
      | starting public.ecr.aws/docker/library/python:3.13-slim (local AWS runs no containers)
      | no database
    report ended with exit code 3 (task TASK)
    ");

    let pull = "  - image: \"*python*\"\n    fault: cannot-pull\n";
    let ran = scripted(&workdir, pull, &["job", "run", "--name", "report"]).expect(1);
    insta::assert_snapshot!(said(&ran), @r"
    ---
    started task TASK
      task TASK  stopped
    error: the image does not exist: public.ecr.aws/docker/library/python:3.13-slim
      stopped task: CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref public.ecr.aws/docker/library/python:3.13-slim: public.ecr.aws/docker/library/python:3.13-slim: not found
    hint: push it, or correct `image.location` in the manifest of report; `docker manifest inspect public.ecr.aws/docker/library/python:3.13-slim` says whether it is there
    report never ran (task TASK)
    ");

    let slow = "  - image: \"*busybox*\"\n    fault: {exits: {code: 124, after: 90m}}\n";
    let ran = scripted(&workdir, slow, &["job", "run", "--name", "cleanup"]).expect(124);
    insta::assert_snapshot!(said(&ran), @r"
    ---
    started task TASK
      task TASK  stopped
    error: cleanup took longer than its `timeout`, and was ended (exit code 124)
    hint: allow it more time with `timeout` in its manifest, or find out what it waits for
    ");

    let json = ["--format", "json", "job", "run", "--name", "cleanup"];
    let document = scripted(&workdir, slow, &json).expect(124).json();
    assert_eq!(document["timed_out"], true);
    assert_eq!(
        document["tasks"][0]["exit_codes"],
        serde_json::json!({"cleanup": 143, "timeout": 124})
    );

    // With another command and variables, without waiting; and then it is ended.
    let options = ["--command", "python -c 'print(1)'", "--env-vars", "A=1,B=2", "--detach"];
    let run = [&["--format", "json", "job", "run", "--name", "report"][..], &options].concat();
    let document = workdir.local(&run).expect(0).json();
    let task = document["tasks"][0].as_str().unwrap().to_owned();
    let overrides = workdir.by_hand(async |cx| {
        let call = cx.ecs.describe_tasks().cluster("nightly-test-main").tasks(&task);
        let answer = call.send().await.unwrap();
        let task = &answer.tasks()[0];
        assert_eq!(task.started_by(), Some("shipit"));
        let one = task.overrides().unwrap().container_overrides()[0].clone();
        let pairs: Vec<String> = one
            .environment()
            .iter()
            .map(|pair| format!("{}={}", pair.name().unwrap(), pair.value().unwrap()))
            .collect();
        (one.name().unwrap().to_owned(), one.command().join("|"), pairs.join(" "))
    });
    assert_eq!(
        overrides,
        ("report".to_owned(), "python|-c|print(1)".to_owned(), "A=1 B=2".to_owned())
    );
    workdir.local(&["task", "stop", &task]).expect(0);
    let unknown = workdir.local(&["task", "stop", &"0".repeat(32)]).expect(4);
    insta::assert_snapshot!(unknown.stderr, @r"
    error: cluster `nightly-test-main` has no task `00000000000000000000000000000000`
    hint: `aws ecs list-tasks --cluster nightly-test-main` prints those that run; one that has stopped is forgotten after an hour
    ");
}

#[test]
fn a_task_is_run_once() {
    let workdir = deployed();
    let image = "public.ecr.aws/docker/library/busybox:stable";
    let run = ["task", "run", "--name", "migrate", "--image", image, "--follow", "--yes"];
    let options = ["--command", "sh -c 'echo done'", "--env-vars", "A=1", "--secrets", "B=/b"];
    let all = [&run[..], &options].concat();
    // The secret is not there: nothing is made.
    let ran = workdir.local(&all).expect(4);
    assert!(ran.stdout.contains("/b"), "{}", ran.stdout);
    let ran = workdir.local(&run).expect(0);
    assert!(
        ran.stderr.contains("+ ecs/task-definition.migrate")
            || ran.stdout.contains("ecs/task-definition.migrate"),
        "{ran:?}"
    );
    assert!(
        ran.stderr.ends_with("migrate ended with exit code 0\n")
            || ran.stdout.contains("exit code 0"),
        "{ran:?}"
    );
    // The second time nothing is made.
    insta::assert_snapshot!(said(&workdir.local(&run).expect(0)), @r"
    migrate | starting public.ecr.aws/docker/library/busybox:stable (local AWS runs no containers)
    migrate | exiting with code 0
    ---
    started task TASK
      task TASK  stopped
    migrate ended with exit code 0
    ");
    let exits = "  - image: \"*busybox*\"\n    fault: {exits: {code: 7}}\n";
    scripted(&workdir, exits, &run).expect(7);
    // With what a service has; its exit code as well.
    let service =
        ["task", "run", "--service", "api", "--command", "ls", "--cpu", "256", "--count", "2"];
    workdir.local(&service).expect(0);
    workdir
        .local(&["task", "delete", "--name", "migrate", "--yes", "--allow-delete", "all"])
        .expect(0);
    assert_eq!(workdir.steps(&["plan", "--prune"]), Vec::<String>::new());
}

#[test]
fn what_cannot_be_run_says_so() {
    let workdir = Workdir::example("nightly");
    let cases: &[(&[&str], i32)] = &[
        (&["job", "run"], 4),
        (&["job", "run", "--name", "api"], 4),
        (&["job", "run", "--name", "report"], 4),
        (&["job", "run", "--name", "report", "--env-vars", "A"], 1),
        (&["job", "run", "--name", "report", "--command", "echo 'a"], 1),
        (&["task", "run", "--service", "api"], 4),
        (&["task", "run", "--name", "report", "--image", "a:1", "--yes"], 5),
        (&["task", "run", "--image", "a:1", "--cpu", "300", "--yes"], 5),
        (&["task", "delete", "--name", "report", "--yes"], 4),
        (&["task", "stop", "0123456789abcdef0123456789abcdef"], 4),
    ];
    let mut all = String::new();
    for (arguments, code) in cases {
        let ran = workdir.local(arguments).expect(*code);
        all.push_str(&format!("$ {}\n{}\n", arguments.join(" "), ran.stderr));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_job_is_written_for_a_beginner() {
    let workdir = Workdir::new();
    workdir.shipit(&["init", "--yes", "--app", "demo"]).expect(0);
    let init = ["job", "init", "--name", "nightly", "--schedule", "0 3 * * *", "--timeout", "1h"];
    workdir.shipit(&[&init[..], &["--retries", "2", "--image", "busybox:1"]].concat()).expect(0);
    workdir.shipit(&["validate"]).expect(0);
    insta::assert_snapshot!(workdir.read("shipit/jobs/nightly.yml"), @r#"
    # yaml-language-server: $schema=../.schema/service.json
    kind: job
    name: nightly
    type: Scheduled Job

    image:
      location: busybox:1

    on:
      # Five fields of cron, `@daily`, `@every 1h`, `rate(1 hour)`, or `none`.
      schedule: "0 3 * * *"
      # timezone: Europe/Berlin
    # How often AWS tries again to start a run.
    retries: 2
    # A run that takes longer is ended, with exit code 124.
    timeout: "1h"

    # environments:
    #   test:
    #     on: {schedule: none}
    "#);
    workdir.shipit(&init).expect(4);
}

#[test]
fn an_interrupt_ends_the_waiting_and_not_the_job() {
    use std::io::{BufRead, BufReader, Read};
    let workdir = deployed();
    // At AWS's own pace nothing ends before it is interrupted.
    let run = ["--local", "--local-speed", "real", "job", "run", "--name", "report"];
    let mut child = workdir.command(&run).spawn().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("provisioning") {
        line.clear();
        assert!(errors.read_line(&mut line).unwrap() > 0, "it ended");
    }
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let mut rest = String::new();
    errors.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    let ran = Ran { code: 130, stdout: String::new(), stderr: rest };
    insta::assert_snapshot!(said(&ran), @r"
    ---
    error: interrupted: report goes on
    hint: end it with `shipit task stop TASK --env test`
    ");
}
