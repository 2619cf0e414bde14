//! What people do to services on EKS after they were deployed: the same commands as on ECS, on a real API server.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::support::kubernetes::{self, Kubernetes};
use crate::support::{Ran, Workdir};

const PRICES: &str = "shipit/services/prices.yml";

/// The bakery on EKS, with `prices` alone; its namespace.
fn deployed(test: &str, change: &str) -> Option<(&'static Kubernetes, Workdir, String)> {
    let server = kubernetes::server(test)?;
    let workdir = server.behind(Workdir::example("both"));
    let name = server.name("bakery");
    workdir.edit("shipit/application.yml", "name: bakery", &format!("name: {name}"));
    let text = workdir.read(PRICES);
    workdir.write(PRICES, format!("{text}{change}"));
    let deploy = ["deploy", "--env", "kube", "--yes"];
    for other in ["services/shop.yml", "services/oven.yml", "jobs/cleaning.yml"] {
        std::fs::remove_file(workdir.path().join("shipit").join(other)).unwrap();
    }
    workdir.local(&deploy).expect(0);
    Some((server, workdir, name))
}

fn kube(workdir: &Workdir, arguments: &[&str]) -> Ran {
    workdir.local(&[arguments, &["--env", "kube"]].concat())
}

fn steps(workdir: &Workdir) -> Vec<String> {
    workdir.steps(&["plan", "--env", "kube"])
}

/// Replicas that are wanted, and names of pods.
fn pods(server: &Kubernetes, namespace: &str) -> (Value, Vec<String>) {
    let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/prices");
    let wanted = server.get(&path).unwrap()["spec"]["replicas"].clone();
    let all = server.get(&format!("/api/v1/namespaces/{namespace}/pods")).unwrap();
    let there = all["items"].as_array().unwrap().iter();
    let there = there.filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
    let names = there.map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned());
    (wanted, names.collect())
}

/// The hash of a template: as many characters as its number has digits, in the alphabet of Kubernetes' made-up names.
fn is_hash(word: &str) -> bool {
    (6..=10).contains(&word.len())
        && word.chars().all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c))
}

/// A screen without what differs from run to run.
fn plain(text: &str, namespace: &str) -> String {
    static AGE: OnceLock<Vec<String>> = OnceLock::new();
    let ages = AGE.get_or_init(|| (0..600).map(|age| format!("{age}s")).collect());
    let mut out = String::new();
    for line in text.lines() {
        let words = line.replace(namespace, "bakery");
        let words = words.split(' ').filter(|word| !word.is_empty()).map(|word| {
            match word.strip_prefix("prices-").map(|rest| rest.split('-').count()) {
                Some(2) => "prices-HASH-POD".to_owned(),
                _ if word.starts_with("i-00") => "NODE".to_owned(),
                _ if ages.iter().any(|age| age == word) => "AGE".to_owned(),
                _ if is_hash(word) => "HASH".to_owned(),
                _ => word.to_owned(),
            }
        });
        out.push_str(words.collect::<Vec<_>>().join(" ").trim_end());
        out.push('\n');
    }
    out
}

#[test]
fn a_service_is_counted_paused_restarted_and_goes_back() {
    let test = "cli::both_by_hand::a_service_is_counted_paused_restarted_and_goes_back";
    let Some((server, workdir, namespace)) = deployed(test, "") else { return };
    let first = pods(server, &namespace);
    assert_eq!((&first.0, first.1.len()), (&json!(1), 1));

    // A count lasts until the next deploy.
    let scaled = kube(&workdir, &["svc", "scale", "prices", "--count", "3", "--yes"]).expect(0);
    let said = format!("{}{}", scaled.stdout, scaled.stderr);
    assert!(said.contains("the count stays until the next deploy"), "{said}");
    let (wanted, all) = pods(server, &namespace);
    assert_eq!((wanted, all.len()), (json!(3), 3));
    let one = ["update kubernetes/deployment.prices: object.spec.replicas"];
    assert_eq!(steps(&workdir), one);
    kube(&workdir, &["deploy", "--yes"]).expect(0);
    assert_eq!((pods(server, &namespace).0, steps(&workdir)), (json!(1), Vec::new()));

    // A restart replaces the pods, and is no difference afterwards.
    let before = pods(server, &namespace).1;
    kube(&workdir, &["svc", "restart", "prices", "--yes"]).expect(0);
    let after = pods(server, &namespace).1;
    assert!(after.len() == 1 && after != before, "{before:?} {after:?}");
    assert_eq!(steps(&workdir), Vec::<String>::new());
    kube(&workdir, &["drift", "--exit-code"]).expect(0);

    // A pause stays over deploys.
    kube(&workdir, &["svc", "pause", "prices", "--yes"]).expect(0);
    assert_eq!(pods(server, &namespace), (json!(0), Vec::new()));
    assert_eq!(steps(&workdir), Vec::<String>::new());
    workdir.edit(PRICES, "python:3.13-slim", "python:3.14-slim");
    assert_eq!(
        steps(&workdir),
        ["update kubernetes/deployment.prices: object.spec.template.spec.containers[0].image"]
    );
    let ran = kube(&workdir, &["deploy", "--yes"]).expect(0);
    assert!(format!("{ran:?}").contains("starts its pods"), "{ran:?}");
    assert_eq!(pods(server, &namespace).0, json!(0));
    let refused = kube(&workdir, &["svc", "scale", "prices", "--count", "3", "--yes"]).expect(4);
    assert!(refused.stderr.starts_with("error: service `prices` is paused since 2"), "{refused:?}");
    let status = kube(&workdir, &["svc", "status", "--name", "prices"]).expect(0).stdout;
    assert!(status.contains("\npaused since 2"), "{status}");
    kube(&workdir, &["svc", "resume", "prices", "--yes"]).expect(0);
    let (wanted, all) = pods(server, &namespace);
    assert_eq!((wanted, all.len(), steps(&workdir)), (json!(1), 1, Vec::new()));

    // What ran before runs again.
    let history = kube(&workdir, &["--format", "json", "svc", "history", "--name", "prices"]);
    let history = history.expect(0).json();
    let releases: Vec<String> = history["releases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let image = one["images"]["prices"]["image"].as_str().unwrap();
            format!("{} {} {}", one["number"], image.rsplit(':').next().unwrap(), one["count"])
        })
        .collect();
    insta::assert_snapshot!(releases.join("\n"), @r"
    7 3.14-slim 1
    6 3.14-slim 0
    5 3.13-slim 0
    4 3.13-slim 1
    3 3.13-slim 1
    2 3.13-slim 3
    1 3.13-slim 1
    ");
    let back = kube(&workdir, &["svc", "rollback", "1", "--name", "prices", "--yes"]).expect(0);
    let said = format!("{}{}", back.stdout, back.stderr);
    assert!(
        said.contains("3.14-slim\" → \"public.ecr.aws/docker/library/python:3.13-slim\""),
        "{said}"
    );
    assert_eq!(
        steps(&workdir),
        ["update kubernetes/deployment.prices: object.spec.template.spec.containers[0].image"]
    );
    let again = kube(&workdir, &["svc", "rollback", "1", "--name", "prices", "--yes"]).expect(0);
    let said = format!("{}{}", again.stdout, again.stderr);
    assert!(said.contains("release 1 of service `prices` is what runs already"), "{said}");
    let plan = kube(&workdir, &["plan"]).expect(0);
    let said = format!("{}{}", plan.stdout, plan.stderr);
    assert!(said.contains("service `prices` went back to release 1 (with release 8)"), "{said}");
    workdir.edit(PRICES, "python:3.14-slim", "python:3.13-slim");
    assert_eq!(steps(&workdir), Vec::<String>::new());
}

#[test]
fn an_autoscaler_keeps_a_count_and_goes_on() {
    let test = "cli::both_by_hand::an_autoscaler_keeps_a_count_and_goes_on";
    let count = "\ncount: {range: 2-4, cpu_percentage: 60}\n";
    let Some((server, workdir, namespace)) = deployed(test, count) else { return };
    let bounds = || {
        let path =
            format!("/apis/autoscaling/v1/namespaces/{namespace}/horizontalpodautoscalers/prices");
        let spec = server.get(&path).unwrap()["spec"].clone();
        (spec["minReplicas"].clone(), spec["maxReplicas"].clone())
    };
    assert_eq!(bounds(), (json!(2), json!(4)));
    kube(&workdir, &["svc", "scale", "prices", "--count", "6", "--yes"]).expect(0);
    assert_eq!((bounds(), pods(server, &namespace).0), ((json!(6), json!(6)), json!(6)));
    kube(&workdir, &["deploy", "--yes"]).expect(0);
    assert_eq!((bounds(), steps(&workdir)), ((json!(2), json!(4)), Vec::new()));
    kube(&workdir, &["svc", "pause", "prices", "--yes"]).expect(0);
    assert_eq!((pods(server, &namespace).0, steps(&workdir)), (json!(0), Vec::new()));
    let ran = kube(&workdir, &["svc", "resume", "prices", "--yes"]).expect(0);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("`prices` has what its manifest says: 2 to 4 pods"), "{said}");
    assert_eq!((pods(server, &namespace).0, steps(&workdir)), (json!(2), Vec::new()));
}

#[test]
fn the_screen_says_how_a_service_fares() {
    let test = "cli::both_by_hand::the_screen_says_how_a_service_fares";
    let Some((_, workdir, namespace)) = deployed(test, "") else { return };
    let status = ["svc", "status", "--name", "prices"];
    let screen = kube(&workdir, &status).expect(0).stdout;
    let (head, events) = screen.split_once("\nEvents, newest first\n").unwrap();
    insta::assert_snapshot!(plain(head, &namespace), @r"
    prices: 1 of 1 pod ready, 1 of the newest revision

    Revisions
    REVISION HASH READY AGE IMAGE
    1 HASH 1/1 AGE public.ecr.aws/docker/library/python:3.13-slim

    Pods
    POD STATUS READY RESTARTS NODE AGE
    prices-HASH-POD Running 1/1 0 NODE AGE

    Endpoints
    KIND ADDRESS PORTS
    Service prices.bakery.svc 8080
    ");
    assert!(events.contains("Started container prices"), "{events}");

    workdir.edit(PRICES, "python:3.13-slim", "python:crash");
    kube(&workdir, &["svc", "deploy", "--name", "prices", "--yes"]).expect(1);
    let ran = kube(&workdir, &status).expect(0);
    assert!(ran.stdout.contains("CrashLoopBackOff"), "{}", ran.stdout);
    assert!(
        ran.stderr
            .contains("kubernetes/deployment.prices: container `prices` ends with exit code 1"),
        "{}",
        ran.stderr
    );
    let document = kube(&workdir, &[&["--format", "json"][..], &status].concat()).expect(0).json();
    assert_eq!(document["kubernetes"]["revisions"].as_array().unwrap().len(), 2);
    assert_eq!(document["kubernetes"]["failure"]["diagnosis"]["cause"], "crash");
}
