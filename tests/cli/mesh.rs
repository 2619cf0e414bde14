//! Services that call each other through Service Connect: deployed, planned again, drawn, changed one by one, and deleted.

use crate::support::Workdir;

#[test]
fn services_on_service_connect_are_deployed_drawn_changed_and_deleted() {
    let workdir = Workdir::example("mesh-service-connect");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(workdir.steps(&["plan"]), Vec::<String>::new());
    draw(&workdir);

    let api = "shipit/services/api.yml";
    workdir.edit(api, "idle: 10m", "idle: 5m");
    workdir.edit(api, "discovery_name: api-web", "alias: {name: api, port: 80}");
    workdir.edit("shipit/services/store.yml", "logging: true", "access_logs: text");
    workdir.edit("shipit/environments/test.yml", "        two: {ipv4: 10.9.0.5, port: 8443}\n", "");
    assert_eq!(
        workdir.steps(&["plan"]),
        [
            "update ecs/service.api: service_connect.services.web.client_aliases[0].port \
             service_connect.services.web.idle_timeout",
            "update ecs/service.store: service_connect.access_log_format",
            "delete servicediscovery/instance.payments/two: ",
        ]
    );
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(workdir.steps(&["plan"]), Vec::<String>::new());

    // A service that leaves Service Connect, and one that goes: their names stay in Cloud Map, as ECS leaves them.
    let text = workdir.read("shipit/services/api-next.yml");
    let (before, _) = text.split_once("network:\n").unwrap();
    let left = format!("{before}network: {{connect: false}}\n");
    workdir.write("shipit/services/api-next.yml", left);
    let steps = workdir.steps(&["plan"]);
    assert_eq!(
        steps.iter().map(|step| step.split(':').next().unwrap()).collect::<Vec<_>>(),
        ["revise ecs/task-definition.api-next", "update ecs/service.api-next"]
    );
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    let delete = ["svc", "delete", "--name", "store", "--yes", "--allow-delete", "all"];
    workdir.local(&delete).expect(0);

    // The namespace goes with all that ECS has left in it.
    let delete = ["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"];
    workdir.local(&delete).expect(0);
    let shown = workdir.local(&["--format", "json", "env", "show"]).expect(0).json();
    assert_eq!(shown["resources"].as_array().unwrap().len(), 0, "{shown}");
}

/// Every form in which the environment is drawn.
fn draw(workdir: &Workdir) {
    let drawn =
        |form: &str| workdir.local(&["--format", form, "env", "show", "--mesh"]).expect(0).stdout;
    let text = drawn("human");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!("mesh_text", text);
    insta::assert_snapshot!("mesh_dot", drawn("dot"));
    insta::assert_snapshot!("mesh_mermaid", drawn("mermaid"));
    insta::assert_snapshot!("mesh_svg", drawn("svg"));
    let document = workdir.local(&["--format", "json", "env", "show", "--mesh"]).expect(0).json();
    assert_eq!(document["namespace"], "test.mesh-service-connect.local");
    assert_eq!(document["nodes"].as_array().unwrap().len(), 6, "{document}");

    // Nothing else is drawn.
    workdir.local(&["--format", "svg", "svc", "ls"]).expect(1);
}
