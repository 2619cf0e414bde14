//! Canary and blue/green deployments by commands: passed, paused and gone on with, rolled back by an alarm and by a person,
//! killed on the way; and plans that stay empty whatever ECS moves.

use std::io::{BufRead, Read};

use aws_sdk_cloudwatch::types::StateValue;

use crate::support::{Ran, Workdir};

const WEB: &str = "shipit/services/web.yml";
const PAUSES: &str = "  hooks: {pre_production_traffic_shift: pause}\n";

struct Canary {
    workdir: Workdir,
}

impl Canary {
    /// The example, deployed once; from then on `web` pauses before each step.
    fn new() -> Self {
        let workdir = Workdir::example("canary");
        workdir.local(&["deploy", "--yes"]).expect(0);
        let text = workdir.read(WEB);
        workdir.write(WEB, text + PAUSES);
        Self { workdir }
    }

    fn image(&self, from: &str, to: &str) {
        self.workdir.edit(WEB, &format!("nginx:{from}"), &format!("nginx:{to}"));
    }

    fn svc(&self, command: &str) -> Ran {
        let yes: &[&str] = if command == "deploy" { &["--yes"] } else { &[] };
        self.workdir.local(&[&["svc", command, "--name", "web"], yes].concat())
    }

    /// `first:other`, the weights of the rule of `web`.
    fn weights(&self) -> String {
        self.workdir.by_hand(async |cx| {
            let balancers = cx.elbv2.describe_load_balancers().send().await.unwrap();
            let balancer = balancers.load_balancers()[0].load_balancer_arn().unwrap();
            let listeners = cx.elbv2.describe_listeners().load_balancer_arn(balancer);
            let listeners = listeners.send().await.unwrap();
            let listener = listeners.listeners()[0].listener_arn().unwrap();
            let rules = cx.elbv2.describe_rules().listener_arn(listener).send().await.unwrap();
            let web = rules.rules().iter().find(|rule| {
                let paths = rule.conditions().iter().filter_map(|one| one.path_pattern_config());
                paths.flat_map(|config| config.values()).any(|value| value == "/*")
            });
            let config = web.unwrap().actions()[0].forward_config().unwrap();
            let weights =
                config.target_groups().iter().map(|one| one.weight().unwrap().to_string());
            weights.collect::<Vec<_>>().join(":")
        })
    }

    /// Number and outcome of each release, the newest first.
    fn releases(&self) -> Vec<String> {
        let shown = ["--format", "json", "svc", "history", "--name", "web"];
        let shown = self.workdir.local(&shown).expect(0).json();
        let line = |one: &serde_json::Value| {
            let current = if one["current"] == true { ", current" } else { "" };
            format!("{} {}{current}", one["number"], one["outcome"].as_str().unwrap())
        };
        shown["releases"].as_array().unwrap().iter().map(line).collect()
    }

    fn alarm(&self, state: StateValue) {
        self.workdir.by_hand(async |cx| {
            let call = cx.cloudwatch.set_alarm_state().alarm_name("canary-test-web-rollback-cpu");
            call.state_value(state).state_reason("try").send().await.unwrap();
        });
    }
}

/// Times and ids that differ from run to run, replaced.
fn plain(text: &str) -> String {
    let words = |line: &str| {
        let word = |word: &str| {
            let bare = word.trim_end_matches([')', ',', ':', '.', ';']);
            let time = bare.len() == 20 && bare.ends_with('Z') && bare.contains('T');
            let number = bare.strip_prefix("ecs-svc/").is_some();
            let end = &word[bare.len()..];
            match (time, number) {
                (true, _) => format!("TIME{end}"),
                (_, true) => format!("ecs-svc/ID{end}"),
                _ => word.to_owned(),
            }
        };
        line.split(' ').map(word).collect::<Vec<_>>().join(" ")
    };
    text.lines().map(words).collect::<Vec<_>>().join("\n")
}

/// What a command says from this word on.
fn from(ran: &Ran, word: &str) -> String {
    let at = ran.stderr.find(word).unwrap_or_else(|| panic!("{}", ran.stderr));
    plain(&ran.stderr[at..])
}

#[test]
fn a_canary_pauses_goes_on_and_completes() {
    let canary = Canary::new();
    canary.image("1.27", "1.28");
    let paused = canary.svc("deploy").expect(6);
    let said = from(&paused, "paused:");
    let (said, _) = said.split_once("\n1 done").unwrap();
    insta::assert_snapshot!(said, @r"
    paused: ecs/service.web: the deployment has paused at PRE_PRODUCTION_TRAFFIC_SHIFT: traffic 0% canary-test-web:2, 100% canary-test-web:1; it will roll back at TIME
      deployment: canary: before step 1 of 2; traffic 0% canary-test-web:2, 100% canary-test-web:1; tasks 2/2 new, 2/2 old; canary-test-web-rollback-cpu watched
    hint: `shipit svc continue --name web --env test` lets it go on, `shipit svc cancel --name web --env test` rolls it back
    ");
    assert_eq!(canary.weights(), "100:0");
    assert_eq!(canary.workdir.steps(&["plan"]), ["settle ecs/service.web: "]);
    insta::assert_snapshot!(from(&canary.svc("continue").expect(6), "web:"), @r"
    web: goes on from PRE_PRODUCTION_TRAFFIC_SHIFT
    web: canary: before step 2 of 2; traffic 10% canary-test-web:2, 90% canary-test-web:1; tasks 2/2 new, 2/2 old; canary-test-web-rollback-cpu watched
    paused: ecs/service.web: the deployment has paused at PRE_PRODUCTION_TRAFFIC_SHIFT: traffic 10% canary-test-web:2, 90% canary-test-web:1; it will roll back at TIME
      deployment: canary: before step 2 of 2; traffic 10% canary-test-web:2, 90% canary-test-web:1; tasks 2/2 new, 2/2 old; canary-test-web-rollback-cpu watched
    hint: `shipit svc continue --name web --env test` lets it go on, `shipit svc cancel --name web --env test` rolls it back
    ");
    assert_eq!(canary.weights(), "90:10");
    // What ECS has moved is no difference.
    assert_eq!(canary.workdir.steps(&["plan"]), ["settle ecs/service.web: "]);
    let status = canary.svc("status").expect(0);
    let at = status.stdout.find("\nDeployment in progress").unwrap();
    insta::assert_snapshot!(plain(&status.stdout[at..]), @r"
    Deployment in progress
      canary in progress, PRE_PRODUCTION_TRAFFIC_SHIFT, step 1 of 2
         REVISION           TRAFFIC  TEST  TASKS
    new  canary-test-web:2  10%      0%    2/2
    old  canary-test-web:1  90%      0%    2/2
      alarms: canary-test-web-rollback-cpu (none went off)
      paused until TIME, then it will roll back
    ");
    // Deploying again goes on waiting: nothing is begun anew.
    let again = canary.svc("deploy").expect(6);
    assert!(
        again.stderr.contains("has paused at PRE_PRODUCTION_TRAFFIC_SHIFT"),
        "{}",
        again.stderr
    );
    insta::assert_snapshot!(from(&canary.svc("continue").expect(0), "web: goes on"), @r"
    web: goes on from PRE_PRODUCTION_TRAFFIC_SHIFT
    web: the deployment is done
    ");
    assert_eq!(canary.weights(), "0:100");
    assert_eq!(canary.workdir.steps(&["plan"]), Vec::<String>::new());
    let releases = ["4 completed, current", "3 paused", "2 paused", "1 completed"];
    assert_eq!(canary.releases(), releases);
    insta::assert_snapshot!(plain(&canary.svc("continue").expect(4).stderr), @r"
    error: no deployment of service `web` is in progress
    hint: `shipit svc status --name web --env test` says how it fares
    ");

    // The other group carries the traffic now: a rolling deployment would begin with an empty one.
    let shifting = canary.workdir.read(WEB);
    let (before, _) = shifting.split_once("deployment:\n").unwrap();
    canary.workdir.write(WEB, before);
    insta::assert_snapshot!(plain(&canary.workdir.local(&["plan"]).expect(1).stderr), @r"
    error: service `web` cannot go back to rolling deployments now: web/alternate carries its traffic, and elbv2/target-group.web would take its place without a task
    hint: deploy it once more as it is deployed now, which moves the traffic back, then write `strategy: rolling`
    ");
    canary.workdir.write(WEB, shifting.replace(PAUSES, ""));
    canary.image("1.28", "1.29");
    canary.svc("deploy").expect(0);
    assert_eq!(canary.weights(), "100:0");
    canary.workdir.write(WEB, before);
    canary.image("1.28", "1.29");
    canary.svc("deploy").expect(0);
    assert_eq!(canary.workdir.steps(&["plan"]), Vec::<String>::new());
    canary
        .workdir
        .local(&["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"])
        .expect(0);
}

#[test]
fn an_alarm_and_a_person_roll_a_canary_back() {
    let canary = Canary::new();
    canary.image("1.27", "1.28");
    canary.svc("deploy").expect(6);
    canary.svc("continue").expect(6);
    assert_eq!(canary.weights(), "90:10");
    canary.alarm(StateValue::Alarm);
    assert_eq!(canary.weights(), "100:0");
    canary.alarm(StateValue::Ok);
    insta::assert_snapshot!(plain(&canary.svc("cancel").expect(4).stderr), @r"
    error: no deployment of service `web` is in progress
    hint: `shipit svc rollback --name web --env test` goes back to an earlier release
    ");
    // What the manifest says is deployed again; and what is wanted no more is stopped.
    canary.svc("deploy").expect(6);
    insta::assert_snapshot!(plain(&canary.svc("rollback").expect(0).stderr), @r"
    web: the deployment is stopped and rolled back
    web: rolled back
    ");
    assert_eq!(canary.weights(), "100:0");
    // Nobody was there to see how the second one ended.
    let releases = ["4 rolled-back-by-ecs", "3 paused", "2 paused", "1 completed, current"];
    assert_eq!(canary.releases(), releases);
    canary.image("1.28", "1.27");
    let running = canary.workdir.by_hand(async |cx| {
        let service = cx.ecs.describe_services().cluster("canary-test-main");
        let answer = service.services("canary-test-web").send().await.unwrap();
        answer.services()[0].task_definition().unwrap().rsplit('/').next().unwrap().to_owned()
    });
    assert_eq!(running, "canary-test-web:1");
}

/// A run that waits at the pause.
fn waiting(canary: &Canary) -> std::process::Child {
    let words = ["--local", "--local-speed", "60x", "svc", "deploy", "--name", "web", "--yes"];
    let words = [&words[..], &["--pause-wait", "10h"]].concat();
    let mut child = canary.workdir.command(&words).spawn().unwrap();
    let mut said = String::new();
    let mut reader = std::io::BufReader::new(child.stderr.as_mut().unwrap());
    // One line is said when the pause is reached, and nothing after it.
    while !said.contains("has paused at") {
        assert_ne!(reader.read_line(&mut said).unwrap(), 0, "{said}");
    }
    child
}

#[test]
fn the_verdict_of_an_alarm_comes_first() {
    let canary = Canary::new();
    canary.image("1.27", "1.28");
    let mut run = waiting(&canary);
    canary.alarm(StateValue::Alarm);
    let mut said = String::new();
    run.stderr.as_mut().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(1), "{said}");
    let at = said.find("\nerror: ").unwrap_or_else(|| panic!("{said}"));
    let error = said[at + 1..].lines().next().unwrap();
    insta::assert_snapshot!(plain(error), @"error: ecs/service.web: deployment ecs-svc/ID failed, and ECS is rolling it back to canary-test-web:1: alarm canary-test-web-rollback-cpu went off");
}

#[test]
fn a_killed_run_leaves_the_deployment_and_the_next_one_goes_on() {
    let canary = Canary::new();
    canary.image("1.27", "1.28");
    let mut run = waiting(&canary);
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(canary.workdir.steps(&["plan"]), ["settle ecs/service.web: "]);
    canary.svc("deploy").expect(6);
    canary.svc("continue").expect(6);
    canary.svc("continue").expect(0);
    assert_eq!(canary.weights(), "0:100");
    assert_eq!(canary.workdir.steps(&["plan"]), Vec::<String>::new());
}
