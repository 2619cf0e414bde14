//! Taking over what exists.

use crate::support::{Ran, Workdir};

const GROUP: &str = "/shipit/demo/test/api";
const ADOPT: &[&str] = &["adopt", "logs/log-group.api", GROUP, "--env", "test"];

/// A back end that is deployed; then somebody takes its log group's tags away, has it keep a week, and
/// puts a tag of their own on it.
fn demo() -> Workdir {
    let workdir = Workdir::demo("Backend Service", "nginx:1.27");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    workdir.by_hand(async |cx| {
        let arn = format!("arn:aws:logs:eu-west-1:123456789012:log-group:{GROUP}");
        let keys = ["application", "environment", "service", "resource"];
        let keys = keys.map(|key| format!("shipit:{key}")).to_vec();
        let call = cx.logs.untag_resource().resource_arn(&arn).set_tag_keys(Some(keys));
        call.send().await.unwrap();
        cx.logs.tag_resource().resource_arn(&arn).tags("team", "blue").send().await.unwrap();
        let call = cx.logs.put_retention_policy().log_group_name(GROUP).retention_in_days(7);
        call.send().await.unwrap();
        cx.logs.create_log_group().log_group_name("/theirs").send().await.unwrap();
    });
    workdir
}

/// Both streams, with the durations out of them.
fn screen(ran: &Ran) -> String {
    let seconds = |line: &str| match line.rsplit_once(' ') {
        Some((rest, took))
            if took.ends_with('s') && took.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            format!("{rest} [TIME]")
        }
        _ => line.to_owned(),
    };
    let lines = format!("{}--\n{}", ran.stdout, ran.stderr);
    lines.replace(" of local AWS's time", "").lines().map(seconds).collect::<Vec<_>>().join("\n")
}

#[test]
fn something_in_the_way_is_adopted_as_its_hint_says() {
    let workdir = demo();
    let ran = workdir.local(&["plan", "--env", "test"]).expect(4);
    insta::assert_snapshot!(ran.stderr.lines().filter(|line| !line.starts_with("read ")).collect::<Vec<_>>().join("\n"), @r#"
    error: 1 resource in the way, and shipit changes nothing that does not bear its tags
      logs/log-group.api: `/shipit/demo/test/api` has its name, and no shipit tags
    hint: to take it over:
      shipit adopt logs/log-group.api /shipit/demo/test/api --env test
    or rename or delete what is in the way, or choose another application or environment name
    "#);
    // Without a terminal nothing is adopted unasked.
    let ran = workdir.local(ADOPT).expect(4);
    insta::assert_snapshot!(screen(&ran), @r#"
    Plan demo / test  (eu-west-1, account 123456789012)

    api
      > logs/log-group.api  adopt  /shipit/demo/test/api
          the next deploy changes it: `retention_days` and `tags.team` differ
          retention_days  7 → 30
          tags.team       "blue" → (none)

    Plan: 1 to adopt; 0 unchanged
    --
    error: this would change AWS, and there is no terminal to confirm it at
    hint: add `--yes`, after `shipit plan` has shown what it does
    "#);
    let ran = workdir.local(&[ADOPT, &["--yes"]].concat()).expect(0);
    insta::assert_snapshot!(screen(&ran), @r#"
    Plan demo / test  (eu-west-1, account 123456789012)

    api
      > logs/log-group.api  adopt  /shipit/demo/test/api
          the next deploy changes it: `retention_days` and `tags.team` differ
          retention_days  7 → 30
          tags.team       "blue" → (none)

    Plan: 1 to adopt; 0 unchanged
    --
      ✓ logs/log-group.api  adopted [TIME]
    1 done in [TIME]
    next: `shipit plan --env test` shows what the next deploy changes of it
    "#);
    let ran = workdir.local(&[ADOPT, &["--yes"]].concat()).expect(0);
    insta::assert_snapshot!(screen(&ran), @r#"
    logs/log-group.api is `/shipit/demo/test/api` already
    --
    "#);
    let plan = workdir.local(&["--format", "json", "plan", "--env", "test"]).expect(0).json();
    let steps: Vec<String> = plan["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let paths = step["changes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|change| change["path"].as_str().unwrap());
            format!(
                "{} {} {}",
                step["action"].as_str().unwrap(),
                step["address"].as_str().unwrap(),
                paths.collect::<Vec<_>>().join(" ")
            )
        })
        .collect();
    assert_eq!(steps, ["update logs/log-group.api retention_days tags.team"]);
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
}

#[test]
fn adoption_for_programs() {
    let ran = demo().local(&[&["--format", "json"], ADOPT, &["--yes"]].concat()).expect(0);
    let lines: Vec<serde_json::Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let shown = serde_json::to_string_pretty(&lines[1]["steps"]).unwrap();
    insta::assert_snapshot!(shown, @r#"
    [
      {
        "action": "adopt",
        "address": "logs/log-group.api",
        "changes": [
          {
            "after": 30,
            "before": 7,
            "drift": false,
            "forces_replacement": false,
            "path": "retention_days",
            "sensitive": false
          },
          {
            "after": null,
            "before": "blue",
            "drift": false,
            "forces_replacement": false,
            "path": "tags.team",
            "sensitive": false
          }
        ],
        "id": "/shipit/demo/test/api",
        "reason": "the next deploy changes it: `retention_days` and `tags.team` differ",
        "service": "api",
        "step": 0
      }
    ]
    "#);
    let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(
        events,
        ["run", "plan", "run-started", "step-started", "step-done", "run-finished", "outcome"]
    );
    assert_eq!(lines.last().unwrap()["exit_code"], 0);
}

#[test]
fn an_adoption_is_saved_and_applied() {
    let workdir = demo();
    workdir.local(&[ADOPT, &["--out", "plan.json"]].concat()).expect(0);
    workdir.local(&["plan", "--env", "test"]).expect(4);
    workdir.local(&["plan", "--check", "plan.json"]).expect(0);
    workdir.local(&["apply", "plan.json", "--yes"]).expect(0);
    let ran = workdir.local(&[ADOPT, &["--yes"]].concat()).expect(0);
    assert_eq!(ran.stdout, "logs/log-group.api is `/shipit/demo/test/api` already\n");
    workdir.local(&["apply", "plan.json", "--yes"]).expect(4);
}

#[test]
fn what_cannot_be_adopted() {
    let workdir = demo();
    let refused = |address: &str, id: &str| {
        workdir.local(&["adopt", address, id, "--env", "test", "--yes"]).expect(4).stderr
    };
    let all = [
        refused("logs/log-group.apii", GROUP),
        refused("ecs/cluster.staging", "demo"),
        refused("logs/log-group.api", "/nowhere"),
        refused("logs/log-group.api", "/theirs"),
        refused("ecs/cluster.main", "other"),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    error: the manifests want no `logs/log-group.apii` in environment `test`
    hint: did you mean `logs/log-group.api`?

    error: the manifests want no `ecs/cluster.staging` in environment `test`
    hint: they want ecs/cluster.main

    error: there is no logs/log-group `/nowhere`
    hint: that was asked of account 123456789012 in eu-west-1: check the id, `--env` and `--region`

    error: `/theirs` is called `/theirs`, and shipit would look for `/shipit/demo/test/api`
    hint: adopt works on what bears that name: let `shipit deploy --env test` make a new one

    error: there is no ecs/cluster `other`
    hint: that was asked of account 123456789012 in eu-west-1: check the id, `--env` and `--region`
    "#);
}
