//! Services on instances: deployed, planned again, changed, and deleted.

use crate::support::Workdir;

/// Each step of a plan as `action address: changed fields`.
fn steps(workdir: &Workdir, arguments: &[&str]) -> Vec<String> {
    let plan = workdir.local(&[&["--format", "json"], arguments].concat()).expect(0).json();
    let step = |step: &serde_json::Value| {
        let changes = step["changes"].as_array().unwrap().iter();
        let paths: Vec<&str> = changes.map(|change| change["path"].as_str().unwrap()).collect();
        let text = |name: &str| step[name].as_str().unwrap().to_owned();
        format!("{} {}: {}", text("action"), text("address"), paths.join(" "))
    };
    plan["steps"].as_array().unwrap().iter().map(step).collect()
}

fn delete(workdir: &Workdir) {
    let delete = ["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"];
    workdir.local(&delete).expect(0);
    let shown = workdir.local(&["--format", "json", "env", "show"]).expect(0).json();
    assert_eq!(shown["resources"].as_array().unwrap().len(), 0, "{shown}");
}

#[test]
fn services_on_instances_are_deployed_changed_and_deleted() {
    let workdir = Workdir::example("instances");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(steps(&workdir, &["plan"]), Vec::<String>::new());
    let environment = "shipit/environments/test.yml";
    workdir.edit(environment, "max: 4", "max: 5");
    workdir.edit(environment, "disk: 100", "disk: 120");
    workdir.edit("shipit/services/api.yml", "    - distinct_instance\n", "");
    assert_eq!(
        steps(&workdir, &["plan"]),
        [
            "update autoscaling/group.general: max",
            "update ec2/launch-template.graphics: disks[0] disks[0]",
            "update ecs/service.api: placement_constraints[0]",
        ]
    );
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(steps(&workdir, &["plan"]), Vec::<String>::new());
    delete(&workdir);
}

#[test]
fn services_on_managed_instances_are_deployed_changed_and_deleted() {
    let workdir = Workdir::example("managed-instances");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(steps(&workdir, &["plan"]), Vec::<String>::new());
    workdir.edit("shipit/environments/test.yml", "scale_in_after: 600", "scale_in_after: 300");
    assert_eq!(
        steps(&workdir, &["plan"]),
        ["update ecs/capacity-provider.managed: managed.scale_in_after"]
    );
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(steps(&workdir, &["plan"]), Vec::<String>::new());
    delete(&workdir);
}
