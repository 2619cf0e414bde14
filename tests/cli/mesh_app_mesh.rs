//! Services in AWS App Mesh: deployed, planned again, changed, moved from version to version, in and out of the mesh, and deleted.

use std::collections::BTreeSet;

use crate::support::Workdir;

const API: &str = "shipit/services/api.yml";
const NEXT: &str = "shipit/services/api-next.yml";
const NOTHING: [String; 0] = [];

/// The tasks of the cluster, as ECS lists them.
fn tasks(workdir: &Workdir) -> BTreeSet<String> {
    workdir.by_hand(async |cx| {
        let listed = cx.ecs.list_tasks().cluster("mesh-test-main").send().await.unwrap();
        listed.task_arns().iter().cloned().collect()
    })
}

/// The addresses of App Mesh that an apply is done with, in their order.
fn done(workdir: &Workdir, arguments: &[&str]) -> Vec<String> {
    let lines = workdir.local(&[&["--format", "json"], arguments].concat()).expect(0).stdout;
    let lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines
        .filter(|line| line["event"] == "step-done")
        .map(|line| line["address"].as_str().unwrap().to_owned())
        .filter(|address| address.starts_with("appmesh/") || address.starts_with("ecs/"))
        .collect()
}

#[test]
fn a_route_moves_all_calls_to_the_next_version_and_no_task_is_restarted() {
    let workdir = Workdir::example("mesh-app-mesh");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(workdir.steps(&["plan"]), NOTHING);
    let before = tasks(&workdir);
    assert_eq!(before.len(), 4);
    let shares = ["{api: 100, api-next: 0}", "{api: 90, api-next: 10}", "{api: 0, api-next: 100}"];
    for (pair, weights) in shares.windows(2).zip([(90, 10), (0, 100)]) {
        workdir.edit(API, pair[0], pair[1]);
        assert_eq!(
            workdir.steps(&["plan"]),
            ["update appmesh/route.api/all: http_route.action.weighted_targets[0].weight \
                 http_route.action.weighted_targets[1].weight"]
        );
        workdir.local(&["svc", "deploy", "--name", "api", "--yes"]).expect(0);
        assert_eq!(workdir.steps(&["plan"]), NOTHING);
        let route = workdir.by_hand(async |cx| {
            let asked = cx.appmesh.describe_route().mesh_name("mesh-test-main-mesh");
            let asked =
                asked.virtual_router_name("mesh-test-api-router").route_name("mesh-test-api-all");
            asked.send().await.unwrap()
        });
        let spec = route.route().unwrap().spec().unwrap();
        let targets = spec.http_route().unwrap().action().unwrap().weighted_targets().to_vec();
        let found: Vec<i32> = targets.iter().map(|one| one.weight()).collect();
        assert_eq!(found, [weights.0, weights.1]);
    }
    assert_eq!(tasks(&workdir), before);
}

#[test]
fn a_mesh_is_changed_and_goes() {
    let workdir = Workdir::example("mesh-app-mesh");
    let said = workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0).stderr;
    assert!(said.contains("AWS ended App Mesh on 2026-09-30"), "{said}");
    draw(&workdir, "app_mesh");

    // Another gateway route, another pool, and no routes any more: the name is answered by the tasks themselves.
    let gateway = "shipit/services/gateway.yml";
    workdir.edit(gateway, "rewrite: {prefix: /}", "rewrite: {prefix: /v1}");
    workdir.edit("shipit/services/store.yml", "pending: 50", "pending: 60");
    let text = workdir.read(API);
    let (text, _) = text.split_once("  # How calls").unwrap();
    workdir.write(API, text);
    assert_eq!(
        workdir.steps(&["plan"]),
        [
            "update appmesh/virtual-node.store: listeners[0].connection_pool.http.max_pending_requests",
            "update appmesh/virtual-service.api: provider.virtual_router provider.virtual_node",
            "update appmesh/gateway-route.gateway/1: http_route.action.rewrite.prefix.value",
            "delete appmesh/route.api/all: ",
            "delete appmesh/route.api/beta: ",
            "delete appmesh/virtual-router.api: ",
        ]
    );
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(workdir.steps(&["plan"]), NOTHING);

    // Two ports behind one name: the router has a listener for each, and each route says which it is for.
    workdir.edit(gateway, "      to: api\n", "      to: api\n      port: 8080\n");
    workdir.write(API, format!("{text}  additional_listeners: [{{port: 9090, protocol: grpc}}]\n  routes:\n    - {{to: {{api: 50, api-next: 50}}}}\n    - {{match: {{port: 9090}}, to: api}}\n"));
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(workdir.steps(&["plan"]), NOTHING);
    let routes = workdir.by_hand(async |cx| {
        let mut found = Vec::new();
        for name in ["mesh-test-api-1", "mesh-test-api-2"] {
            let asked = cx.appmesh.describe_route().mesh_name("mesh-test-main-mesh");
            let asked = asked.virtual_router_name("mesh-test-api-router").route_name(name);
            found.push(asked.send().await.unwrap().route().unwrap().spec().unwrap().clone());
        }
        found
    });
    let first = routes[0].http_route().unwrap();
    let targets = first.action().unwrap().weighted_targets();
    assert_eq!(first.r#match().unwrap().port(), Some(8080));
    // Of api's two ports one must be named; api-next has but one.
    let ports = targets.iter().map(|one| (one.virtual_node(), one.port())).collect::<Vec<_>>();
    assert_eq!(ports, [("mesh-test-api", Some(8080)), ("mesh-test-api-next", None)]);
    assert_eq!(routes[1].grpc_route().unwrap().r#match().unwrap().port(), Some(9090));

    for service in ["gateway", "api"] {
        let delete = ["svc", "delete", "--name", service, "--yes", "--allow-delete", "all"];
        workdir.local(&delete).expect(0);
    }
    let delete = ["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"];
    workdir.local(&delete).expect(0);
    let shown = workdir.local(&["--format", "json", "env", "show"]).expect(0).json();
    assert_eq!(shown["resources"].as_array().unwrap().len(), 0, "{shown}");
}

#[test]
fn services_leave_the_mesh_and_join_it() {
    let workdir = Workdir::example("mesh-app-mesh");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    // The next version leaves: no route leads to it first, and its tasks are without Envoy before their node goes.
    let all = workdir.read(API);
    let next = workdir.read(NEXT);
    workdir.edit(API, "      to: api-next\n", "      to: api\n");
    workdir.edit(API, "{api: 100, api-next: 0}", "api");
    workdir.edit(
        NEXT,
        "mesh:\n  healthcheck: {path: /health, interval: 10s}\n  calls: [store]\n",
        "mesh: false\n",
    );
    let order = done(&workdir, &["deploy", "--env", "test", "--yes"]);
    let place = |address: &str| {
        order
            .iter()
            .position(|one| one == address)
            .unwrap_or_else(|| panic!("{address}: {order:?}"))
    };
    let node = place("appmesh/virtual-node.api-next");
    for before in [
        "appmesh/route.api/all",
        "appmesh/route.api/beta",
        "appmesh/virtual-service.api-next",
        "ecs/service.api-next",
    ] {
        assert!(place(before) < node, "{before}: {order:?}");
    }
    assert_eq!(workdir.steps(&["plan"]), NOTHING);
    let containers = |workdir: &Workdir| {
        workdir.by_hand(async |cx| {
            let asked = cx.ecs.describe_services().cluster("mesh-test-main");
            let found = asked.services("mesh-test-api-next").send().await.unwrap();
            let revision = found.services()[0].task_definition().unwrap().to_owned();
            let found = cx.ecs.describe_task_definition().task_definition(revision);
            let found = found.send().await.unwrap();
            let containers = found.task_definition().unwrap().container_definitions();
            containers.iter().map(|one| one.name().unwrap().to_owned()).collect::<BTreeSet<_>>()
        })
    };
    assert_eq!(containers(&workdir), ["api-next".to_owned()].into());

    // It joins again: its node is there before its tasks, and they before a route leads to it.
    workdir.write(API, all);
    workdir.write(NEXT, next);
    let order = done(&workdir, &["deploy", "--env", "test", "--yes"]);
    let place = |address: &str| {
        order
            .iter()
            .position(|one| one == address)
            .unwrap_or_else(|| panic!("{address}: {order:?}"))
    };
    let node = place("appmesh/virtual-node.api-next");
    assert!(node < place("ecs/task-definition.api-next"), "{order:?}");
    assert!(node < place("appmesh/route.api/all"), "{order:?}");
    assert_eq!(workdir.steps(&["plan"]), NOTHING);
    assert_eq!(containers(&workdir), ["api-next".to_owned(), "envoy".to_owned()].into());
}

#[test]
fn a_mesh_goes_from_the_outermost_in() {
    let workdir = Workdir::example("mesh-app-mesh");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    let delete = ["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"];
    let order = done(&workdir, &delete);
    let last = |kind: &str| order.iter().rposition(|one| one.starts_with(kind)).unwrap();
    let first = |kind: &str| order.iter().position(|one| one.starts_with(kind)).unwrap();
    for (inner, outer) in [
        ("appmesh/virtual-service.", "appmesh/gateway-route."),
        ("appmesh/virtual-gateway.", "appmesh/gateway-route."),
        ("appmesh/virtual-router.", "appmesh/route."),
        ("appmesh/virtual-router.api", "appmesh/virtual-service.api"),
        ("appmesh/virtual-node.api", "appmesh/route."),
        ("appmesh/virtual-node.store", "appmesh/virtual-service.store"),
        ("appmesh/mesh.", "appmesh/virtual-"),
        ("appmesh/virtual-node.store", "ecs/service.store"),
    ] {
        let (before, after) =
            (order.iter().position(|one| one.starts_with(outer)).unwrap(), first(inner));
        assert!(before < after, "{outer} goes before {inner}: {order:?}");
    }
    assert_eq!(last("appmesh/"), first("appmesh/mesh."), "{order:?}");
}

/// Who talks to whom, in every form.
fn draw(workdir: &Workdir, name: &str) {
    for form in ["human", "dot", "mermaid", "svg"] {
        let drawn = workdir.local(&["--format", form, "env", "show", "--mesh"]).expect(0).stdout;
        insta::assert_snapshot!(format!("{name}_{form}"), drawn);
    }
}

#[test]
fn lattice_is_drawn_in_every_form() {
    let workdir = Workdir::example("mesh-lattice");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    draw(&workdir, "lattice");
}

/// API calls of a plan that changes nothing, after everything was deployed, and how many objects of App Mesh there are.
fn quiet_plan(workdir: &Workdir) -> (usize, usize) {
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    let said = workdir.local(&["plan", "--env", "test", "--exit-code"]).expect(0).stderr;
    let (before, _) = said.split_once(" API calls").unwrap();
    let calls = before.rsplit(' ').next().unwrap().parse().unwrap();
    let shown = workdir.local(&["--format", "json", "env", "show"]).expect(0).json();
    let resources = shown["resources"].as_array().unwrap().iter();
    let addresses = resources.map(|one| one["identity"]["address"].as_str().unwrap().to_owned());
    (calls, addresses.filter(|address| address.starts_with("appmesh/")).count())
}

#[test]
fn a_mesh_costs_a_plan_two_calls_for_each_kind_and_one_for_each_object() {
    let meshed = Workdir::example("mesh-app-mesh");
    let (calls, objects) = quiet_plan(&meshed);
    let plain = Workdir::example("mesh-app-mesh");
    let mut files = vec!["shipit/environments/test.yml".to_owned()];
    files.extend(
        ["gateway", "api", "api-next", "store"].map(|name| format!("shipit/services/{name}.yml")),
    );
    for file in files {
        let text = plain.read(&file);
        plain.write(&file, text.split_once("mesh:\n").unwrap().0);
    }
    let (without, none) = quiet_plan(&plain);
    assert_eq!((objects, none), (15, 0));
    println!("{calls} calls with {objects} objects, {without} without a mesh");
    assert!(calls <= without + 2 * 7 + objects, "{calls} calls, and {without} without a mesh");
}

#[test]
fn what_does_not_fit_into_a_mesh_is_told_before() {
    let workdir = Workdir::example("mesh-app-mesh");
    workdir.by_hand(async |cx| {
        for number in 0..15 {
            cx.appmesh.create_mesh().mesh_name(format!("other-{number}")).send().await.unwrap();
        }
    });
    let more: String =
        (0..9).map(|one| format!("    - {{match: {{path: /{one}}}, to: store}}\n")).collect();
    let gateway = workdir.read("shipit/services/gateway.yml");
    workdir.write("shipit/services/gateway.yml", format!("{gateway}{more}"));
    let plan = workdir.local(&["plan", "--env", "test"]).expect(0).stdout;
    let (_, findings) = plan.split_once("Findings\n").unwrap();
    let (findings, _) = findings.split_once("\nPlan:").unwrap_or((findings, ""));
    insta::assert_snapshot!("findings", findings);
}

/// What `mesh convert` says and writes; the result is checked, planned and deployed.
fn converted(to: &str) -> Workdir {
    let workdir = Workdir::example("mesh-app-mesh");
    let before = workdir.read(API);
    let dry = workdir.shipit(&["mesh", "convert", "--to", to, "--dry-run"]).expect(0).stderr;
    assert!(dry.contains("would write shipit/services/api.yml"), "{dry}");
    assert_eq!(workdir.read(API), before);
    let mut said = workdir.shipit(&["mesh", "convert", "--to", to]).expect(0).stderr;
    for file in [
        "environments/test",
        "services/gateway",
        "services/api",
        "services/api-next",
        "services/store",
    ] {
        let text = workdir.read(&format!("shipit/{file}.yml"));
        said.push_str(&format!("\n--- {file}.yml\n{text}"));
    }
    insta::assert_snapshot!(format!("converted_to_{to}"), said);
    // What came out is sound, and nothing of it is App Mesh.
    let checked = workdir.shipit(&["validate"]).expect(0);
    assert!(
        !format!("{}{}", checked.stdout, checked.stderr).contains("warning"),
        "{}",
        checked.stderr
    );
    let again = workdir.shipit(&["mesh", "convert"]).expect(4).stderr;
    assert!(again.contains("no environment uses App Mesh"), "{again}");
    workdir
}

#[test]
fn a_mesh_is_converted_to_lattice() {
    let workdir = converted("lattice");
    let steps = workdir.steps(&["plan", "--env", "test"]).join("\n");
    assert!(
        !steps.contains("appmesh/") && steps.contains("create vpclattice/listener.api"),
        "{steps}"
    );
}

#[test]
fn a_mesh_that_is_live_moves_to_service_connect_in_the_order_that_is_told() {
    let workdir = converted("service-connect");
    // As it was, and live.
    let live = Workdir::example("mesh-app-mesh");
    live.edit("shipit/environments/test.yml", "egress: mesh", "egress: all");
    live.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    let files = [
        "environments/test",
        "services/gateway",
        "services/api",
        "services/api-next",
        "services/store",
    ];
    for file in files {
        let file = format!("shipit/{file}.yml");
        live.write(&file, workdir.read(&file));
    }
    for service in ["store", "api-next", "api", "gateway"] {
        live.local(&["svc", "deploy", "--name", service, "--env", "test", "--yes"]).expect(0);
    }
    live.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(live.steps(&["plan", "--env", "test"]), NOTHING);
    let shown = live.local(&["--format", "json", "env", "show"]).expect(0).stdout;
    // The door keeps its image, Envoy of App Mesh.
    assert!(!shown.contains("\"appmesh/"), "{shown}");
}
