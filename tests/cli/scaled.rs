//! Services that follow their load in every way: deployed, planned again, changed one by one, rolled back by an
//! alarm, and deleted.

use aws_sdk_cloudwatch::types::StateValue;

use crate::support::{Server, Workdir};

#[test]
fn scaled_services_are_deployed_changed_and_deleted() {
    let workdir = Workdir::example("scaled");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(workdir.steps(&["plan"]), Vec::<String>::new());

    let web = "shipit/services/web.yml";
    workdir.edit(web, "{from: 6, change: 50}", "{from: 6, change: 60}");
    workdir.edit(web, "{from: 3, to: 6, change: 20}", "{from: 4, to: 6, change: 20}");
    workdir.edit(web, "range: 4-20", "range: 5-20");
    workdir.edit(web, "cpu_utilization: 90", "cpu_utilization: 95");
    workdir.edit(web, "connect: true", "connect: {alias: front}");
    assert_eq!(
        workdir.steps(&["plan"]),
        [
            "update cloudwatch/alarm.web/rollback-cpu: threshold",
            "update ecs/service.web: service_connect.services.target.client_aliases[0].dns_name",
            "update application-autoscaling/target.web: schedules.evening.min_capacity \
             steps.rush.step_adjustments[0].metric_interval_upper_bound \
             steps.rush.step_adjustments[1].metric_interval_lower_bound \
             steps.rush.step_adjustments[1].scaling_adjustment",
            "update cloudwatch/alarm.web/steps-rush: threshold",
        ]
    );
    workdir.local(&["svc", "deploy", "--name", "web", "--yes"]).expect(0);
    assert_eq!(workdir.steps(&["plan"]), Vec::<String>::new());

    // Steps, schedules and alarms go as they came, and the bounds are the manifest's again.
    let text = workdir.read(web);
    let cut = |text: &str, from: &str, to: &str| {
        let (before, rest) = text.split_once(from).unwrap();
        let (_, after) = rest.split_once(to).unwrap();
        format!("{before}{to}{after}")
    };
    let text = cut(&text, "  steps:\n", "network:\n");
    let (text, _) = text.split_once("deployment:\n").unwrap();
    workdir.write(web, text);
    let changed = workdir.steps(&["plan"]);
    let addresses = changed.iter().map(|step| step.split(':').next().unwrap());
    assert_eq!(
        addresses.collect::<std::collections::BTreeSet<_>>(),
        [
            "delete cloudwatch/alarm.web/rollback-cpu",
            "delete cloudwatch/alarm.web/rollback-memory",
            "delete cloudwatch/alarm.web/steps-quiet",
            "delete cloudwatch/alarm.web/steps-rush",
            "update application-autoscaling/target.web",
            "update ecs/service.web",
        ]
        .into()
    );
    workdir.local(&["svc", "deploy", "--name", "web", "--yes"]).expect(0);
    assert_eq!(workdir.steps(&["plan"]), Vec::<String>::new());

    let delete = ["svc", "delete", "--name", "stock", "--yes", "--allow-delete", "all"];
    workdir.local(&delete).expect(0);
    let delete = ["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"];
    workdir.local(&delete).expect(0);
    let shown = workdir.local(&["--format", "json", "env", "show"]).expect(0).json();
    assert_eq!(shown["resources"].as_array().unwrap().len(), 0, "{shown}");
}

#[test]
fn an_alarm_rolls_a_deployment_back() {
    let workdir = Workdir::example("scaled");
    // The new version finds no capacity, so that its deployment goes on until the alarm ends it.
    let script = "rollouts:\n  - image: \"*nginx:1.28\"\n    fault: no-capacity\n";
    let script = workdir.write("faults.yml", script);
    let server = Server::local(&workdir, &["--local-faults", script.to_str().unwrap()]);
    let workdir = workdir.at(&server.url);
    workdir.shipit(&["deploy", "--yes"]).expect(0);
    workdir.edit("shipit/services/web.yml", "nginx:1.27", "nginx:1.28");

    let (cluster, alarm) = ("scaled-test-main", "scaled-test-web-rollback-cpu");
    let failed = std::thread::scope(|scope| {
        let deploy = scope.spawn(|| workdir.shipit(&["svc", "deploy", "--name", "web", "--yes"]));
        workdir.by_hand(async |cx| {
            loop {
                let service = cx.ecs.describe_services().cluster(cluster);
                let answer = service.services("scaled-test-web").send().await.unwrap();
                let deployments = answer.services()[0].deployments();
                let new = deployments.iter().find(|one| one.status() == Some("PRIMARY")).unwrap();
                if new.task_definition().unwrap().ends_with(":2") {
                    break;
                }
                assert!(!deploy.is_finished(), "the deployment ended before the alarm");
            }
            let call = cx.cloudwatch.set_alarm_state().alarm_name(alarm);
            let call = call.state_value(StateValue::Alarm).state_reason("too much");
            call.send().await.unwrap();
        });
        deploy.join().unwrap().expect(1)
    });
    let said = &failed.stderr;
    assert!(
        said.contains(
            "was rolled back to scaled-test-web:1: alarm scaled-test-web-rollback-cpu went off"
        ) || said.contains(
            "is rolling it back to scaled-test-web:1: alarm scaled-test-web-rollback-cpu went off"
        ),
        "{said}"
    );
    // What runs is the version before.
    let running = workdir.by_hand(async |cx| {
        let service = cx.ecs.describe_services().cluster(cluster);
        let answer = service.services("scaled-test-web").send().await.unwrap();
        answer.services()[0].task_definition().unwrap().rsplit('/').next().unwrap().to_owned()
    });
    assert_eq!(running, "scaled-test-web:1");
}
