//! What services, jobs and single tasks run on: the capacity that each of them names.

use crate::support::Workdir;

/// Every task of the cluster that an application's environment `test` has, stopped ones too: its group, its launch type and its
/// capacity provider.
fn places(workdir: &Workdir, application: &str) -> Vec<String> {
    let cluster = format!("{application}-test-main");
    workdir.by_hand(async |cx| {
        let mut places = Vec::new();
        for status in ["RUNNING", "STOPPED"] {
            let tasks = cx.ecs.list_tasks().cluster(&cluster).desired_status(status.into());
            let tasks = tasks.send().await.unwrap().task_arns().to_vec();
            if tasks.is_empty() {
                continue;
            }
            let shown = cx.ecs.describe_tasks().cluster(&cluster).set_tasks(Some(tasks));
            places.extend(shown.send().await.unwrap().tasks().iter().map(|task| {
                let on = task.launch_type().unwrap().as_str();
                let provider = task.capacity_provider_name().unwrap_or("-");
                format!("{} {on} {provider}", task.group().unwrap())
            }));
        }
        places.sort();
        places.dedup();
        places
    })
}

#[test]
fn on_instances_everything_runs_where_it_says() {
    let workdir = Workdir::example("instances");
    workdir.local(&["deploy", "--yes"]).expect(0);
    workdir.local(&["job", "run", "--name", "reindex"]).expect(0);
    let image = "public.ecr.aws/docker/library/busybox:1.37";
    let task = ["task", "run", "--name", "migrate", "--image", image, "--yes", "--skip-preflight"];
    workdir.local(&[&task[..], &["--capacity", "fargate"]].concat()).expect(0);
    let general = ["--capacity", "general", "--platform-arch", "arm64"];
    workdir.local(&[&task[..], &general].concat()).expect(0);
    workdir.local(&["task", "run", "--service", "api", "--command", "ls"]).expect(0);
    assert_eq!(
        places(&workdir, "instances"),
        [
            "family:instances-test-api EC2 instances-test-general",
            "family:instances-test-migrate EC2 instances-test-general",
            "family:instances-test-migrate FARGATE FARGATE",
            "family:instances-test-reindex EC2 instances-test-general",
            "service:instances-test-agent EC2 -",
            "service:instances-test-api EC2 instances-test-general",
            "service:instances-test-render EC2 instances-test-graphics",
            "service:instances-test-web EC2 instances-test-general",
        ]
    );
    // The daemon stays off the other group's instances.
    let agents = workdir.by_hand(async |cx| {
        let cluster = "instances-test-main";
        let instances =
            |filter: &str| cx.ecs.list_container_instances().cluster(cluster).filter(filter);
        let general = instances("attribute:shipit.capacity == general").send().await.unwrap();
        let all = cx.ecs.list_container_instances().cluster(cluster).send().await.unwrap();
        let agents = cx.ecs.list_tasks().cluster(cluster).service_name("instances-test-agent");
        let agents = agents.send().await.unwrap().task_arns().len();
        let general = general.container_instance_arns().len();
        (agents == general, general < all.container_instance_arns().len())
    });
    assert_eq!(agents, (true, true));
}

#[test]
fn on_managed_instances_everything_runs_where_it_says() {
    let workdir = Workdir::example("managed-instances");
    workdir.local(&["deploy", "--yes"]).expect(0);
    workdir.local(&["job", "run", "--name", "report"]).expect(0);
    let image = "public.ecr.aws/docker/library/busybox:1.37";
    let task = ["task", "run", "--name", "migrate", "--image", image, "--yes", "--skip-preflight"];
    workdir.local(&[&task[..], &["--capacity", "managed"]].concat()).expect(0);
    assert_eq!(
        places(&workdir, "managed-instances"),
        [
            "family:managed-instances-test-migrate MANAGED_INSTANCES managed-instances-test-managed",
            "family:managed-instances-test-report MANAGED_INSTANCES managed-instances-test-managed",
            "service:managed-instances-test-api MANAGED_INSTANCES managed-instances-test-managed",
            "service:managed-instances-test-edge FARGATE FARGATE",
        ]
    );
}

#[test]
fn a_service_moves_to_other_capacity() {
    let workdir = Workdir::example("managed-instances");
    workdir.local(&["deploy", "--yes"]).expect(0);
    workdir.edit("shipit/services/api.yml", "capacity: managed", "capacity: fargate");
    let steps = workdir.steps(&["plan"]);
    assert!(
        steps.iter().any(|step| step.contains("ecs/service.api: capacity_provider_strategy")),
        "{steps:?}"
    );
    workdir.local(&["deploy", "--yes"]).expect(0);
    assert_eq!(workdir.steps(&["plan"]), Vec::<String>::new());
    let places = places(&workdir, "managed-instances");
    assert!(
        places.contains(&"service:managed-instances-test-api FARGATE FARGATE".to_owned()),
        "{places:?}"
    );
}

#[test]
fn quotas_of_instances_are_looked_at() {
    let workdir = Workdir::example("instances");
    let plan = workdir.local(&["--format", "json", "plan"]).expect(0).json();
    let findings: Vec<&str> = plan["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["check"] == "quota")
        .map(|one| one["why"].as_str().unwrap())
        .collect();
    assert_eq!(
        findings,
        [
            "this needs 8 vCPUs of G and VT On-Demand instances when its groups are at their `max`, and 0 are allowed",
            "this needs 8 vCPUs of standard On-Demand instances when its groups are at their `max`, and 5 are allowed",
        ]
    );
}
