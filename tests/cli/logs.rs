//! What containers write: read, filtered, and followed through throttles and lost answers.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::process::Child;

use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use shipit::aws::Cx;

use crate::support::{Ran, Workdir};

const IMAGE: &str = "public.ecr.aws/nginx/nginx:1.27";
const GROUP: &str = "/shipit/demo/test/api";

fn deployed(count: usize) -> Workdir {
    let workdir = Workdir::demo("Backend Service", IMAGE);
    workdir.edit("shipit/services/api.yml", "count: 1", &format!("count: {count}"));
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    workdir
}

/// Ids of the tasks that run.
async fn tasks(cx: &Cx) -> Vec<String> {
    let call = cx.ecs.list_tasks().cluster("demo-test-main").service_name("demo-test-api");
    let arns = call.send().await.unwrap().task_arns.unwrap();
    arns.iter().map(|arn| arn.rsplit('/').next().unwrap().to_owned()).collect()
}

async fn write(cx: &Cx, task: &str, at: i64, messages: &[String]) {
    let events = messages
        .iter()
        .map(|message| InputLogEvent::builder().timestamp(at).message(message).build().unwrap());
    let call = cx.logs.put_log_events().log_group_name(GROUP);
    let call = call.log_stream_name(format!("api/api/{task}"));
    call.set_log_events(Some(events.collect())).send().await.unwrap();
}

fn now() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

fn interrupt(child: &Child) {
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
}

/// What was printed, with ids of tasks taken out.
fn said(ran: &Ran) -> String {
    let all = format!("{}---\n{}", ran.stdout, ran.stderr);
    let hex = |word: &str| word.chars().all(|c| c.is_ascii_hexdigit());
    let mut out = String::new();
    for part in all.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let id = matches!(word.len(), 8 | 32) && hex(word);
        out.push_str(&if id { part.replace(word, "TASK") } else { part.to_owned() });
    }
    out
}

#[test]
fn a_follower_of_twenty_tasks_loses_no_line_and_keeps_their_order() {
    const ROUNDS: usize = 30;
    const LINES: usize = 5;
    let workdir = deployed(20);
    let faults = workdir.write(
        "faults.yml",
        "seed: 3\nrules:\n\
         - on: {operation: FilterLogEvents, probability: 0.5}\n  fault: throttle\n\
         - on: {operation: FilterLogEvents, probability: 0.3}\n  fault: lost-answer\n\
         - on: {operation: FilterLogEvents, probability: 0.3}\n  fault: {server-error: 503}\n",
    );
    let options = ["--local", "--local-speed", "instant", "--local-faults"];
    let follow = [faults.to_str().unwrap(), "svc", "logs", "api", "--follow", "--since", "1h"];
    let mut child = workdir.command(&[&options[..], &follow].concat()).spawn().unwrap();
    let mut wanted = workdir.by_hand(async |cx| {
        let tasks = tasks(&cx).await;
        assert_eq!(tasks.len(), 20);
        for round in 0..ROUNDS {
            for (at, task) in tasks.iter().enumerate() {
                let lines: Vec<String> =
                    (0..LINES).map(|line| format!("line {}", round * LINES + line)).collect();
                // Half of the agents send what is twenty seconds old by then.
                let late = if at % 2 == 0 { 20_000 } else { 0 };
                write(&cx, task, now() - late, &lines).await;
            }
        }
        let all = || (0..ROUNDS * LINES).map(|line| format!("line {line}")).collect::<Vec<_>>();
        tasks.iter().map(|task| (task[..8].to_owned(), all())).collect::<BTreeMap<_, _>>()
    });
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let (mut line, mut count) = (String::new(), 0);
    while count < 20 * ROUNDS * LINES {
        line.clear();
        assert!(output.read_line(&mut line).unwrap() > 0, "it ended after {count} lines");
        let (task, message) = line.trim_end().split_once(" | ").unwrap();
        if message.starts_with("line ") {
            found.entry(task.to_owned()).or_default().push(message.to_owned());
            count += 1;
        }
    }
    // Nothing comes twice: what is written last is also the next that is printed.
    let last = workdir.by_hand(async |cx| {
        let task = tasks(&cx).await.remove(0);
        write(&cx, &task, now(), &["the last".to_owned()]).await;
        task
    });
    line.clear();
    assert!(output.read_line(&mut line).unwrap() > 0);
    assert_eq!(line, format!("{} | the last\n", &last[..8]));
    wanted.retain(|task, lines| found.get(task) != Some(lines));
    assert_eq!(wanted, BTreeMap::new());
    interrupt(&child);
    let (mut rest, mut errors) = (String::new(), String::new());
    output.read_to_string(&mut rest).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!((child.wait().unwrap().code(), rest.as_str()), (Some(130), ""), "{errors}");
    assert!(errors.lines().all(|line| line.ends_with("; trying again")), "{errors}");
    assert!(!errors.is_empty());
}

#[test]
fn a_reader_that_goes_away_ends_it() {
    let workdir = deployed(1);
    let follow = ["--local", "--local-speed", "instant", "svc", "logs", "-f", "--since", "1h"];
    let mut child = workdir.command(&follow).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert!(
        line.ends_with(
            " | starting public.ecr.aws/nginx/nginx:1.27 (local AWS runs no containers)\n"
        )
    );
    drop(output);
    workdir.by_hand(async |cx| {
        let task = tasks(&cx).await.remove(0);
        write(&cx, &task, now(), &["nobody reads this".to_owned()]).await;
    });
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn lines_are_chosen() {
    let workdir = deployed(1);
    let json = r#"{"level":"error",  "text":"\u001b[31mred"}"#;
    let stopped = workdir.by_hand(async |cx| {
        let task = tasks(&cx).await.remove(0);
        write(&cx, &task, now() - 7_200_000, &["two hours old".to_owned()]).await;
        write(&cx, &task, now(), &["ERROR no database".to_owned(), json.to_owned()]).await;
        let call = cx.ecs.stop_task().cluster("demo-test-main").task(&task);
        call.send().await.unwrap();
        task
    });
    let logs = |arguments: &[&str]| workdir.local(&[&["svc", "logs"], arguments].concat());
    insta::assert_snapshot!(said(&logs(&["--task", &stopped[..6]]).expect(0)), @r#"
    TASK | starting public.ecr.aws/nginx/nginx:1.27 (local AWS runs no containers)
    TASK | listening on port 80
    TASK | ERROR no database
    TASK | {"level":"error",  "text":"\u001b[31mred"}
    ---
    "#);
    insta::assert_snapshot!(said(&logs(&["api", "--since", "3h", "--filter", "hours"]).expect(0)), @r"
    TASK | two hours old
    ---
    ");
    insta::assert_snapshot!(said(&logs(&["--limit", "2", "--previous"]).expect(0)), @r#"
    TASK | ERROR no database
    TASK | {"level":"error",  "text":"\u001b[31mred"}
    ---
    the newest 2 of 5 lines
    "#);
    insta::assert_snapshot!(said(&logs(&["--end", "30m", "--since", "3h"]).expect(0)), @r"
    TASK | two hours old
    ---
    ");
    insta::assert_snapshot!(said(&logs(&["--filter", "nothing"]).expect(0)), @r"
    ---
    nothing was written in the last hour: `--since 1d` looks further back
    ");
    insta::assert_snapshot!(said(&logs(&["--task", "nobody"]).expect(0)), @r"
    ---
    nothing was written by a task whose id begins with `nobody` in the last hour: `--since 1d` looks further back
    ");
    let lines = logs(&["--filter", "ERROR", "--format", "json", "--container", "api"]).expect(0);
    let line: serde_json::Value = lines.json();
    assert_eq!(line["task"], stopped);
    assert_eq!(line["message"], "ERROR no database");
    assert!(line["at"].as_str().unwrap().ends_with('Z'), "{line}");
    let coloured =
        workdir.local(&["--color", "always", "svc", "logs", "--limit", "1", "-p"]).expect(0);
    assert!(coloured.stdout.starts_with("\u{1b}[3"), "{:?}", coloured.stdout);
}

#[test]
fn what_has_no_log_says_so() {
    let workdir = Workdir::demo("Backend Service", IMAGE);
    let mut all = String::new();
    let mut says = |arguments: &[&str], code| {
        let ran = workdir.local(arguments).expect(code);
        all.push_str(&format!("$ shipit {}\n{}{}\n", arguments.join(" "), ran.stdout, ran.stderr));
    };
    says(&["svc", "logs", "api"], 4);
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    says(&["svc", "logs", "api", "worker"], 4);
    says(&["svc", "logs", "--container", "envoy"], 1);
    says(&["svc", "logs", "--previous"], 4);
    says(&["svc", "logs", "--since", "yesterday"], 1);
    says(&["svc", "logs", "--since", "1h", "--end", "2h"], 1);
    says(&["job", "logs", "--name", "nightly"], 4);
    says(&["task", "logs", "--name", "migrate"], 4);
    insta::assert_snapshot!(all, @r"
    $ shipit svc logs api
    error: service `api` is not deployed in environment `test`
    hint: deploy it with `shipit svc deploy --name api --env test`

    $ shipit svc logs api worker
    error: service `worker` is not deployed in environment `test`
    hint: deploy it with `shipit svc deploy --name worker --env test`

    $ shipit svc logs --container envoy
    error: `api` has no container `envoy`
    hint: it has `api`

    $ shipit svc logs --previous
    error: no task of `api` has stopped and left a log
    hint: `shipit svc status --name api --env test` lists those that run

    $ shipit svc logs --since yesterday
    error: invalid value 'yesterday' for '--since <WHEN>': write how long ago (`90s`, `10m`, `2h`, `3d`), or when (`2026-01-31T12:00:00Z`)

    For more information, try '--help'.

    $ shipit svc logs --since 1h --end 2h
    error: the end of what is wanted is before its beginning
    hint: give `--end` a later time than `--since` or `--start`

    $ shipit job logs --name nightly
    error: job `nightly` is not deployed in environment `test`
    hint: deploy it with `shipit job deploy --name nightly --env test`

    $ shipit task logs --name migrate
    error: task `migrate` was never run in environment `test`
    hint: run it with `shipit task run --name migrate --image IMAGE --env test`
    ");
    let wrong = workdir.local(&["svc", "logs", "--filter", "a.b"]).expect(1).stderr;
    assert!(wrong.contains("Invalid filter pattern: a.b"), "{wrong}");
    assert!(wrong.contains("hint: a pattern is words that all must be there"), "{wrong}");
}

/// The API calls of a run, each with how often it was made.
fn calls(workdir: &Workdir, arguments: &[&str]) -> String {
    let ran = workdir.local(&[&["-v"], arguments].concat()).expect(0);
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    for line in ran.stderr.lines().filter(|line| line.trim_start().starts_with('·')) {
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        *calls.entry(words[..words.len() - 2].join(" ")).or_default() += 1;
    }
    calls.iter().map(|(call, count)| format!("{count} {call}\n")).collect()
}

#[test]
fn who_looks_asks_for_no_more_than_is_shown() {
    let workdir = deployed(1);
    insta::assert_snapshot!(calls(&workdir, &["svc", "logs", "api"]), @r"
    1 CloudWatch Logs FilterLogEvents
    1 ECS DescribeClusters
    1 ECS DescribeServices
    1 ECS DescribeTaskDefinition
    1 ECS ListClusters
    1 ECS ListServices
    1 Resource Groups Tagging API GetResources
    1 STS GetCallerIdentity
    ");
    insta::assert_snapshot!(calls(&workdir, &["svc", "status"]), @r"
    1 Application Auto Scaling DescribeScalableTargets
    1 ECS DescribeClusters
    2 ECS DescribeServices
    1 ECS DescribeTasks
    1 ECS ListClusters
    1 ECS ListServices
    1 ECS ListTasks
    1 Elastic Load Balancing v2 DescribeTargetGroups
    1 Resource Groups Tagging API GetResources
    1 STS GetCallerIdentity
    ");
}
