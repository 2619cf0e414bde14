//! The example with a log router, traces, policies and patches: deployed, planned again, changed, deleted; and patches
//! that do not fit.

use serde_json::{Value, json};

use crate::support::Workdir;

/// The document of a step, by address.
fn step<'p>(plan: &'p Value, address: &str) -> &'p Value {
    let steps = plan["steps"].as_array().unwrap();
    steps.iter().find(|step| step["address"] == address).unwrap_or_else(|| panic!("{plan}"))
}

#[test]
fn a_service_with_everything_is_deployed_changed_and_deleted() {
    let workdir = Workdir::example("observed");
    let plan = workdir.local(&["--format", "json", "plan"]).expect(0).json();
    let service = step(&plan, "ecs/service.api");
    assert_eq!(service["spec"]["deployment"]["maximum_percent"], 150);
    assert_eq!(service["patched_by"], json!(["services/api.yml:106"]));
    let task = step(&plan, "ecs/task-definition.api");
    assert_eq!(task["patched_by"], json!(["services/api.yml:100"]));
    assert_eq!(step(&plan, "ecs/cluster.main")["spec"]["tags"], json!({ "team": "platform" }));
    let roles = ["iam/role.api/execution", "iam/role.api/task"];
    for role in roles {
        let boundary = &step(&plan, role)["spec"]["permissions_boundary"];
        assert_eq!(boundary, "arn:aws:iam::aws:policy/PowerUserAccess");
    }
    let shown = workdir.local(&["plan"]).expect(0).stdout;
    assert!(shown.contains("patched by services/api.yml:106"), "{shown}");
    let markdown = workdir.local(&["--format", "markdown", "plan"]).expect(0).stdout;
    assert!(markdown.contains("patched by services/api.yml:100"), "{markdown}");

    workdir.local(&["deploy", "--yes"]).expect(0);
    assert_eq!(workdir.steps(&["plan"]), Vec::<String>::new());

    let api = "shipit/services/api.yml";
    workdir.edit(api, "hard: 65536", "hard: 32768");
    workdir.edit(api, "    stream: observed-api\n", "    stream: observed-other\n");
    workdir.edit(api, "kinesis:PutRecord, ", "");
    workdir.edit(api, "    value: 150", "    value: 175");
    workdir.edit(api, "  tracing: awsxray", "  {}");
    workdir.edit(api, "    aws-otel-collector: start\n", "");
    assert_eq!(
        workdir.steps(&["plan"]),
        [
            "update iam/role.api/task: inline_policies.stream inline_policies.tracing",
            "revise ecs/task-definition.api: containers.api.depends_on.aws-otel-collector \
             containers.api.log_configuration.options.stream containers.api.ulimits.nofile.hard \
             containers.aws-otel-collector",
            "update ecs/service.api: deployment.maximum_percent task_definition",
        ]
    );
    workdir.local(&["svc", "deploy", "--name", "api", "--yes"]).expect(0);
    assert_eq!(workdir.steps(&["plan"]), Vec::<String>::new());
    workdir.local(&["svc", "delete", "--name", "api", "--yes", "--allow-delete", "all"]).expect(0);
    let delete = ["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"];
    workdir.local(&delete).expect(0);
    let left = workdir.local(&["--format", "json", "env", "show"]).expect(0).json();
    assert_eq!(left["resources"], json!([]));
}

/// What is said about patches below `patches:` or `taskdef_overrides:`.
fn said(patches: &str) -> String {
    let workdir = Workdir::new();
    workdir.write("shipit/application.yml", "kind: application\nname: demo\nregion: eu-west-1\n");
    workdir.write("shipit/environments/test.yml", "kind: environment\nname: test\n");
    let service =
        "kind: service\nname: api\ntype: Backend Service\nimage: {location: \"nginx:1\"}\n";
    workdir.write("shipit/services/api.yml", format!("{service}{patches}\n"));
    let ran = workdir.local(&["plan"]).expect(5);
    assert_eq!(ran.stdout, "");
    // The same without AWS.
    assert_eq!(workdir.shipit(&["validate"]).expect(5).stderr, ran.stderr);
    ran.stderr
}

#[test]
fn a_patch_that_does_not_fit_is_named_with_its_line() {
    let of = |resource: &str, rest: &str| format!("patches: [{{resource: {resource}, {rest}}}]");
    let service = |rest: &str| of("ecs/service", rest);
    let task = |path: &str, value: &str| {
        format!("taskdef_overrides: [{{path: \"{path}\", value: {value}}}]")
    };
    let cases = [
        of("ecs/servic", "op: remove, path: /a"),
        of("iam/role", "op: remove, path: /description"),
        of("ecs/cluster", "op: remove, path: /tags"),
        service("op: replace, path: /deployment/maximum, value: 1"),
        service("op: add, path: /deployment/max, value: 1"),
        service("op: replace, path: /deployment/maximum_percent, value: many"),
        service("op: remove, path: /deployment/strategy"),
        service("op: remove, path: /network/subnets/7"),
        service("op: replace, path: /network/subnets/0/$output/1, value: arn"),
        service("op: replace, path: /cluster, value: {$output: [ecs/cluster.other, arn]}"),
        service("op: replace, path: /cluster, value: {$output: 1}"),
        service("op: test, path: /desired_count, value: 3"),
        service("op: add, path: \"/tags/shipit:service\", value: other"),
        of("ecs/task-definition", "op: replace, path: /containers/api/essential, value: false"),
        task("ContainerDefinitions[0].Ulimits[-].Hard", "1"),
        task("ContainerDefinitions[1].Cpu", "1"),
        task("ContainerDefinitions[0].Ulimits[-]", "{Name: nofile, SoftLimit: 1}"),
        task("ContainerDefinitions[0].Name", "other"),
        task("Memory", "much"),
    ];
    let all: Vec<String> = cases.iter().map(|case| said(case)).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn references_may_be_moved() {
    let workdir = Workdir::new();
    workdir.write("shipit/application.yml", "kind: application\nname: demo\nregion: eu-west-1\n");
    workdir.write("shipit/environments/test.yml", "kind: environment\nname: test\n");
    workdir.write(
        "shipit/services/api.yml",
        "kind: service\nname: api\ntype: Backend Service\nimage: {location: \"nginx:1\"}\npatches:\n\
         - {resource: ecs/service, op: test, path: /desired_count, value: 1}\n\
         - {resource: ecs/service, op: move, from: /network/subnets/0, path: /network/subnets/1}\n\
         - {resource: ecs/service, op: remove, path: /network/subnets/1}\n",
    );
    let plan = workdir.local(&["--format", "json", "plan"]).expect(0).json();
    let service = step(&plan, "ecs/service.api");
    assert_eq!(
        service["spec"]["network"]["subnets"],
        json!([{ "$output": ["ec2/subnet.public-2", "id"] }])
    );
    assert_eq!(
        service["patched_by"],
        json!(["services/api.yml:6", "services/api.yml:7", "services/api.yml:8"])
    );
}
