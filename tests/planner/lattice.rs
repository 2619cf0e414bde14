//! VPC Lattice: what a service's part in the mesh becomes.

use serde_json::{Value, json};
use shipit::engine::Address;

use super::support::{BACKEND, plan, workspace_in};

fn document(environment: &str, services: &[(&str, &str)], kind: &str, name: &str) -> Option<Value> {
    let desired = plan(&workspace_in(environment, services), "test");
    desired.nodes.get(&Address::new(kind, name)).map(|node| node.spec.clone())
}

const ENVIRONMENT: &str = "mesh: lattice\n";

#[test]
fn without_a_route_for_the_rest_it_is_not_found() {
    let routes = "mesh:\n  routes:\n    - {match: {path: /v2, method: get}, to: next, priority: 7}\n    \
                  - {name: exact, match: {path: {exact: /health}}, to: {api: 1, next: 3}}\n";
    let api = format!("{BACKEND}{routes}");
    let services = [("api", api.as_str()), ("next", BACKEND)];
    let found = |kind: &str, name: &str| document(ENVIRONMENT, &services, kind, name).unwrap();
    let listener = found("vpclattice/listener", "api");
    assert_eq!(listener["default_action"], json!({ "fixed_response": 404 }));
    let rule = found("vpclattice/rule", "api/1");
    assert_eq!(rule["priority"], json!(8));
    assert_eq!(rule["matching"]["method"], json!("GET"));
    assert_eq!(rule["matching"]["path"]["value"], json!({ "prefix": "/v2" }));
    let rule = found("vpclattice/rule", "api/exact");
    // Those that name none come after those that do.
    assert_eq!(rule["priority"], json!(1003));
    let weights = rule["action"]["forward"].as_array().unwrap();
    let weights: Vec<_> = weights.iter().map(|one| one["weight"].as_i64().unwrap()).collect();
    assert_eq!(weights, [1, 3]);
}

#[test]
fn each_protocol_is_checked_as_it_can_be() {
    let check = |mesh: &str| {
        let api = format!("{BACKEND}mesh: {mesh}\n");
        let group = document(ENVIRONMENT, &[("api", &api)], "vpclattice/target-group", "api");
        let group = group.unwrap();
        let check = &group["health_check"];
        (
            group["protocol_version"].clone(),
            check["enabled"].clone(),
            check["protocol_version"].clone(),
        )
    };
    assert_eq!(check("{}"), (json!("HTTP1"), json!(true), json!("HTTP1")));
    assert_eq!(
        check("{protocol: http2, healthcheck: {path: /up}}"),
        (json!("HTTP2"), json!(true), json!("HTTP2"))
    );
    assert_eq!(check("{protocol: grpc}"), (json!("GRPC"), json!(false), json!("HTTP1")));
    assert_eq!(
        check("{protocol: grpc, healthcheck: {protocol: http2}}"),
        (json!("GRPC"), json!(true), json!("HTTP2"))
    );
}

#[test]
fn who_stays_out_has_nothing_of_it() {
    let out = format!("{BACKEND}mesh: false\n");
    let services = [("api", out.as_str())];
    assert_eq!(document(ENVIRONMENT, &services, "vpclattice/service", "api"), None);
    let ecs = document(ENVIRONMENT, &services, "ecs/service", "api").unwrap();
    assert_eq!(ecs["lattice"], json!({}));
    // Who only calls needs no port, and no target group.
    let caller = "type: Backend Service\nimage:\n  location: nginx:1\nmesh: {calls: [store]}\n";
    let services = [("api", caller), ("store", BACKEND)];
    assert_eq!(document(ENVIRONMENT, &services, "vpclattice/target-group", "api"), None);
    let task = document(ENVIRONMENT, &services, "ecs/task-definition", "api").unwrap();
    assert_eq!(
        task["containers"]["api"]["environment"]["SHIPIT_MESH_STORE"],
        json!({ "$output": ["vpclattice/service.store", "dns_name"] })
    );
}

#[test]
fn iam_knows_callers_by_their_roles() {
    let caller = format!("{BACKEND}mesh: {{calls: [store]}}\n");
    let own = format!(
        "{BACKEND}mesh: {{calls: [store]}}\niam: {{task_role: arn:aws:iam::123456789012:role/own}}\n"
    );
    let services = [("api", caller.as_str()), ("other", own.as_str()), ("store", BACKEND)];
    let environment = "mesh: {type: lattice, auth: iam}\n";
    let store = document(environment, &services, "vpclattice/service", "store").unwrap();
    assert_eq!(store["auth_type"], json!("AWS_IAM"));
    assert_eq!(
        store["policy"]["Statement"][0]["Condition"]["StringEquals"]["aws:PrincipalArn"],
        json!([
            "arn:aws:iam::123456789012:role/own",
            "arn:aws:iam::123456789012:role/shipit/demo/test/demo-test-api-task"
        ])
    );
    // Nobody calls it, and nobody may.
    let api = document(environment, &services, "vpclattice/service", "api").unwrap();
    assert_eq!((&api["auth_type"], &api["policy"]), (&json!("AWS_IAM"), &json!(null)));
    let plain = document(ENVIRONMENT, &services, "vpclattice/service", "store").unwrap();
    assert_eq!((&plain["auth_type"], &plain["policy"]), (&json!("NONE"), &json!(null)));
}

#[test]
fn what_leaves_the_environment_passes_lattice_where_egress_is_bounded() {
    let bounded = "mesh: {type: lattice, access_logs: 'arn:aws:logs:eu-west-1:123456789012:log-group:mesh:*'}\n\
                   network:\n  vpc:\n    security_group:\n      egress:\n        - {ip_protocol: tcp, ports: 443, cidr: 0.0.0.0/0}\n";
    let services = [("api", BACKEND)];
    let rule = |environment: &str, name: &str| {
        document(environment, &services, "ec2/security-group-rule", name)
    };
    let to = rule(bounded, "environment-to-lattice").unwrap();
    assert_eq!(to["peer"], json!({ "prefix_list": "pl-0a1b2c3d4e5f67890" }));
    assert_eq!(rule(ENVIRONMENT, "environment-to-lattice"), None);
    assert!(rule(ENVIRONMENT, "environment-from-lattice").is_some());
    assert!(rule("", "environment-from-lattice").is_none());
    let logs = document(bounded, &services, "vpclattice/access-log-subscription", "main").unwrap();
    assert_eq!(logs["destination"], json!("arn:aws:logs:eu-west-1:123456789012:log-group:mesh"));
}
