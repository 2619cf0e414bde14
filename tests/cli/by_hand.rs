//! Services that people scale, pause, resume and restart.

use serde_json::Value;
use shipit::aws::Cx;

use crate::support::Workdir;

const SERVICE: &str = "shipit/services/api.yml";

fn deployed() -> Workdir {
    let workdir = Workdir::demo("Backend Service", "public.ecr.aws/nginx/nginx:1.27");
    workdir.edit(SERVICE, "count: 1", "count: 2");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    workdir
}

/// Desired and running count, and the ids of tasks.
fn tasks(workdir: &Workdir) -> (i32, i32, Vec<String>) {
    workdir.by_hand(async |cx: Cx| {
        let call = cx.ecs.describe_services().cluster("demo-test-main").services("demo-test-api");
        let answer = call.send().await.unwrap();
        let service = answer.services()[0].clone();
        let call = cx.ecs.list_tasks().cluster("demo-test-main").service_name("demo-test-api");
        let arns = call.send().await.unwrap().task_arns.unwrap();
        (service.desired_count(), service.running_count(), arns)
    })
}

fn suspended(workdir: &Workdir) -> [Option<bool>; 3] {
    workdir.by_hand(async |cx: Cx| {
        let call = cx.applicationautoscaling.describe_scalable_targets();
        let answer = call.service_namespace("ecs".into()).send().await.unwrap();
        let state = answer.scalable_targets()[0].suspended_state().unwrap().clone();
        [
            state.dynamic_scaling_in_suspended(),
            state.dynamic_scaling_out_suspended(),
            state.scheduled_scaling_suspended(),
        ]
    })
}

fn notes(workdir: &Workdir, arguments: &[&str]) -> String {
    let ran = workdir.local(&[arguments, &["--format", "json"]].concat()).expect(0);
    let all: Vec<String> = ran
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|line| line.get("notices").or(line.pointer("/plan/notices")).cloned())
        .flat_map(|notices| serde_json::from_value::<Vec<String>>(notices).unwrap())
        .collect();
    all.join("\n")
}

fn steps(workdir: &Workdir) -> Vec<String> {
    workdir.steps(&["plan", "--env", "test"])
}

#[test]
fn a_count_set_by_hand_lasts_until_the_next_deploy() {
    let workdir = deployed();
    let ran = workdir.local(&["svc", "scale", "api", "--count", "5", "--yes"]).expect(0);
    assert!(ran.stdout.contains("desired_count  2 → 5"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains(
            "the count stays until the next deploy, which puts back what the manifest says"
        ) || ran.stderr.contains("the count stays until the next deploy"),
        "{ran:?}"
    );
    assert_eq!(tasks(&workdir).1, 5);
    assert_eq!(steps(&workdir), ["update ecs/service.api: desired_count"]);
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!((tasks(&workdir).1, steps(&workdir)), (2, Vec::new()));
    // Each of these is a release.
    let history = workdir.local(&["--format", "json", "svc", "history"]).expect(0).json();
    let counts: Vec<&Value> =
        history["releases"].as_array().unwrap().iter().map(|one| &one["count"]).collect();
    assert_eq!(counts, [2, 5, 2]);
    // Without a terminal nothing is done unasked.
    workdir.local(&["svc", "scale", "api", "--count", "5"]).expect(4);
    assert_eq!(tasks(&workdir).1, 2);
}

#[test]
fn a_paused_service_stays_so_until_it_is_resumed() {
    let workdir = deployed();
    let ran = workdir.local(&["svc", "pause", "api", "--yes"]).expect(0);
    assert!(ran.stdout.contains("desired_count  2 → 0"), "{}", ran.stdout);
    assert_eq!(tasks(&workdir), (0, 0, Vec::new()));
    assert_eq!(steps(&workdir), Vec::<String>::new());
    workdir.local(&["drift", "--env", "test", "--exit-code"]).expect(0);
    // What else changes is deployed, and starts nothing.
    workdir.edit(SERVICE, "cpu: 256", "cpu: 512");
    workdir.edit(SERVICE, "memory: 512", "memory: 1024");
    assert_eq!(
        steps(&workdir),
        ["revise ecs/task-definition.api: cpu memory", "update ecs/service.api: task_definition"]
    );
    let ran = workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert!(format!("{ran:?}").contains("and stays so: `shipit svc resume"), "{ran:?}");
    assert_eq!(tasks(&workdir).0, 0);
    assert_eq!(steps(&workdir), Vec::<String>::new());
    // Only resuming is left to do.
    let status = workdir.local(&["svc", "scale", "api", "--count", "3", "--yes"]).expect(4);
    assert!(
        status.stderr.starts_with("error: service `api` is paused since 2"),
        "{}",
        status.stderr
    );
    assert!(
        status
            .stderr
            .ends_with("hint: `shipit svc resume --name api --env test` starts its tasks\n")
    );
    workdir.local(&["svc", "restart", "api", "--yes"]).expect(4);
    let again = workdir.local(&["svc", "pause", "api", "--yes"]).expect(0);
    assert!(
        again.stderr.starts_with("service `api` is paused already, since 2"),
        "{}",
        again.stderr
    );
    workdir.local(&["svc", "resume", "api", "--yes"]).expect(0);
    assert_eq!((tasks(&workdir).1, steps(&workdir)), (2, Vec::new()));
    workdir.local(&["svc", "resume", "api", "--yes"]).expect(0);
}

#[test]
fn autoscaling_is_suspended_and_goes_on() {
    let workdir = deployed();
    workdir.edit(SERVICE, "count: 2", "count: {range: 3-6, cpu_percentage: 60}");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!((tasks(&workdir).1, suspended(&workdir)), (3, [Some(false); 3]));
    let said = notes(&workdir, &["svc", "pause", "api", "--yes"]);
    assert_eq!(
        said,
        "`api` has no tasks, and nothing scales it, until `shipit svc resume --name api --env test`; deploys leave it paused"
    );
    assert_eq!((tasks(&workdir).1, suspended(&workdir)), (0, [Some(true); 3]));
    assert_eq!(steps(&workdir), Vec::<String>::new());
    let said = notes(&workdir, &["svc", "resume", "api", "--yes"]);
    assert_eq!(said, "`api` has what its manifest says: 3 to 6 tasks");
    assert_eq!((tasks(&workdir).1, suspended(&workdir)), (3, [Some(false); 3]));
    assert_eq!(steps(&workdir), Vec::<String>::new());
    // A count by hand, beyond what autoscaling would allow.
    let said = notes(&workdir, &["svc", "scale", "api", "--count", "8", "--yes"]);
    assert_eq!(
        said,
        "autoscaling of `api` is suspended, and the count stays, until the next deploy, which puts back what the manifest says; so does `shipit svc resume --name api --env test`"
    );
    assert_eq!((tasks(&workdir).1, suspended(&workdir)), (8, [Some(true); 3]));
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!((tasks(&workdir).1, suspended(&workdir)), (6, [Some(false); 3]));
    assert_eq!(steps(&workdir), Vec::<String>::new());
}

#[test]
fn a_restart_replaces_every_task_and_waits_for_the_verdict() {
    let workdir = deployed();
    let before = tasks(&workdir).2;
    let ran = workdir.local(&["svc", "restart", "api", "--yes"]).expect(0);
    assert!(
        format!("{ran:?}")
            .contains("the tasks of `api` are replaced by new ones of the same revision")
    );
    let after = tasks(&workdir).2;
    assert_eq!(after.len(), 2);
    assert!(before.iter().all(|task| !after.contains(task)), "{before:?} {after:?}");
    assert_eq!(steps(&workdir), Vec::<String>::new());
    // The next deploy does not restart it again.
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(tasks(&workdir).2, after);
    // A restart that fails is told as a deployment that fails.
    let faults = workdir.write("faults.yml", "rollouts:\n- image: \"*\"\n  fault: cannot-pull\n");
    let restart = ["--local-faults", faults.to_str().unwrap(), "svc", "restart", "api", "--yes"];
    let ran = workdir.local(&restart).expect(1);
    assert!(format!("{ran:?}").contains("the image does not exist"), "{ran:?}");
}

#[test]
fn what_cannot_be_done_says_so() {
    let workdir = Workdir::demo("Backend Service", "public.ecr.aws/nginx/nginx:1.27");
    let mut all = String::new();
    for arguments in [
        &["svc", "pause", "api", "--yes"][..],
        &["svc", "scale", "api", "--count", "0", "--yes"],
        &["svc", "restart", "--yes"],
    ] {
        let ran = workdir.local(arguments);
        all.push_str(&format!("$ shipit {}\n{}[{}]\n", arguments.join(" "), ran.stderr, ran.code));
    }
    insta::assert_snapshot!(all, @r"
    $ shipit svc pause api --yes
    error: service `api` is not deployed in environment `test`
    hint: deploy it with `shipit svc deploy --name api --env test`
    [4]
    $ shipit svc scale api --count 0 --yes
    error: invalid value '0' for '--count <N>': 0 is not in 1..=5000

    For more information, try '--help'.
    [1]
    $ shipit svc restart --yes
    error: service `api` is not deployed in environment `test`
    hint: deploy it with `shipit svc deploy --name api --env test`
    [4]
    ");
}
