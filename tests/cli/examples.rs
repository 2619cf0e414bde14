//! Every example application, whole: deployed, planned empty, changed, planned empty again, deleted, and nothing left.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use shipit::aws::Cx;

use crate::calls::budget::Held;
use crate::support::Workdir;
use crate::support::builder::Builder;
use crate::support::examples::{self, Example};
use crate::support::prepare::prepare;

/// What is in a folder, without endings; nothing if it is not there.
fn names(folder: &Path) -> Vec<String> {
    let entries =
        std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let name = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

/// Services on EKS, which need a real API server: see `tests/kubernetes`.
const ON_EKS: &[(&str, &str)] = &[
    ("both", "kube"),
    ("mesh-kubernetes", "app-mesh"),
    ("mesh-kubernetes", "lattice"),
    ("patterns", "kube"),
];

#[test]
fn every_example_has_its_row() {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
    let mut there = BTreeSet::new();
    for folder in names(&all) {
        let environments = names(&all.join(&folder).join("shipit/environments"));
        there.extend(environments.into_iter().map(|environment| (folder.clone(), environment)));
    }
    let rows = examples::ALL.iter();
    let rows = rows.map(|row| (row.folder, row.environment)).chain(ON_EKS.iter().copied());
    let rows = rows.map(|(folder, environment)| (folder.to_owned(), environment.to_owned()));
    assert_eq!(rows.collect::<BTreeSet<_>>(), there);
}

#[test]
fn every_example_comes_changes_and_goes() {
    let next = Mutex::new(examples::ALL.iter());
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(row) = next.lock().unwrap().next() else { break };
                    let name = format!("{} in {}", row.folder, row.environment);
                    // Its panic is printed under the thread's name.
                    let thread = std::thread::Builder::new().name(name.clone());
                    if thread.spawn(|| life(row)).unwrap().join().is_err() {
                        wrong.lock().unwrap().push(name);
                    }
                }
            });
        }
    });
    assert_eq!(wrong.into_inner().unwrap(), Vec::<String>::new());
}

fn life(row: &Example) {
    let builder = Builder::new();
    let workdir = Workdir::example(row.folder).variable("PATH", &builder.search());
    prepare(&workdir, row.folder, row.environment);
    let environment = ["--env", row.environment];
    let deploy = || workdir.local(&[&["deploy", "--yes"], &environment[..]].concat()).expect(0);
    let unchanged = || {
        let plan = workdir.local(&[&["plan", "--exit-code"], &environment[..]].concat()).expect(0);
        assert!(plan.stdout.contains("Nothing to do"), "{}", plan.stdout);
        plan.stderr
    };
    deploy();
    let calls = calls(&unchanged());
    let show = ["--format", "json", "env", "show", "--name", row.environment];
    let held = Held::of(&workdir.local(&show).expect(0).json());
    assert!(calls <= held.most(), "{calls} calls for {held:?}, and {} are allowed", held.most());
    for (file, from, to) in row.edits {
        workdir.edit(file, from, to);
    }
    let plan = [&["plan", "--allow-delete", "all"], &environment[..]].concat();
    let steps = workdir.steps(&plan);
    let steps: Vec<&str> = steps.iter().map(|step| step.trim_end_matches(": ")).collect();
    assert_eq!(steps, row.steps);
    workdir
        .local(&[&["deploy", "--yes", "--allow-delete", "all"], &environment[..]].concat())
        .expect(0);
    unchanged();

    // One goes by itself, the others with their environment.
    let all = ["--yes", "--allow-delete", "all"];
    let services = names(&workdir.path().join("shipit/services"));
    if let Some(first) = services.first() {
        let delete = ["svc", "delete", "--name", first];
        workdir.local(&[&delete[..], &environment[..], &all[..]].concat()).expect(0);
    }
    for job in names(&workdir.path().join("shipit/jobs")) {
        let delete = ["job", "delete", "--name", &job];
        workdir.local(&[&delete[..], &environment[..], &all[..]].concat()).expect(0);
    }
    let delete = ["env", "delete", "--name", row.environment];
    workdir.local(&[&delete[..], &all[..]].concat()).expect(0);
    assert_eq!(workdir.by_hand_in(row.region, left).as_slice(), [] as [&str; 0]);
}

/// How many API calls a plan says that it took.
fn calls(plan: &str) -> usize {
    let (before, _) = plan.split_once(" API calls").unwrap();
    before.rsplit(' ').next().unwrap().parse().unwrap()
}

/// ARNs and names of all that bears a tag of ours, as AWS itself lists them.
async fn left(cx: Cx) -> Vec<String> {
    let filter = aws_sdk_resourcegroupstagging::types::TagFilter::builder();
    let filter = filter.key("shipit:application").build();
    let mut left = Vec::new();
    let mut pages = cx.tagging.get_resources().tag_filters(filter).into_paginator().items().send();
    while let Some(tagged) = pages.next().await {
        let arn = tagged.unwrap().resource_arn.unwrap();
        if !is_gone(&cx, &arn).await {
            left.push(arn);
        }
    }
    let roles = cx.iam.list_roles().path_prefix("/shipit/").send().await.unwrap();
    left.extend(roles.roles().iter().map(|it| it.arn().to_owned()));
    let profiles = cx.iam.list_instance_profiles().path_prefix("/shipit/").send().await.unwrap();
    left.extend(profiles.instance_profiles().iter().map(|it| it.arn().to_owned()));
    for zone in cx.route53.list_hosted_zones().send().await.unwrap().hosted_zones() {
        let sets = cx.route53.list_resource_record_sets().hosted_zone_id(zone.id());
        let sets = sets.send().await.unwrap();
        // Its own two stay.
        let others = sets.resource_record_sets().iter();
        let others = others.filter(|set| !["NS", "SOA"].contains(&set.r#type().as_str()));
        left.extend(others.map(|set| set.name().to_owned()));
    }
    left
}

/// AWS shows some things, tags and all, when they are no more. What `secret init` made is nobody's but the user's.
async fn is_gone(cx: &Cx, arn: &str) -> bool {
    if arn.contains(":task-definition/") {
        let shown = cx.ecs.describe_task_definition().task_definition(arn).send().await.unwrap();
        let status = shown.task_definition().unwrap().status().unwrap();
        return status.as_str() == "INACTIVE";
    }
    if let Some((_, id)) = arn.split_once(":natgateway/") {
        let shown = cx.ec2.describe_nat_gateways().nat_gateway_ids(id).send().await.unwrap();
        return shown.nat_gateways()[0].state().unwrap().as_str() == "deleted";
    }
    arn.contains(":parameter/shipit/") && arn.contains("/secrets/")
}
