//! Seven services that call each other, publish and subscribe: deployed together, changed one by one, deleted.

use crate::support::Workdir;

/// Each step of the plan as `action address`.
fn steps(workdir: &Workdir) -> Vec<String> {
    let plan = workdir.local(&["--format", "json", "plan"]).expect(0).json();
    let text = |step: &serde_json::Value, name: &str| step[name].as_str().unwrap().to_owned();
    let steps = plan["steps"].as_array().unwrap();
    steps.iter().map(|step| format!("{} {}", text(step, "action"), text(step, "address"))).collect()
}

#[test]
fn seven_services_come_and_go_together() {
    let workdir = Workdir::example("market");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(steps(&workdir), Vec::<String>::new());

    // They find each other by names that are there, and topics by ARNs that their roles may use.
    let variables = |service: &str| {
        let show = ["--format", "json", "svc", "show", "--name", service];
        workdir.local(&show).expect(0).stdout
    };
    assert!(variables("storefront").contains("http://catalog.test.market.local:8080"));
    assert!(variables("cart").contains("market-test-cart-checked-out"));

    workdir.edit("shipit/services/cart.yml", "python:3.13-slim", "python:3.14-slim");
    workdir.edit("shipit/services/shipping.yml", "goods: [parcel]", "goods: [parcel, letter]");
    assert_eq!(
        steps(&workdir),
        [
            "revise ecs/task-definition.cart",
            "update ecs/service.cart",
            "update sqs/queue.shipping/events",
        ]
    );
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(steps(&workdir), Vec::<String>::new());

    // Who still listens to a service's topics is no reason to keep it.
    workdir
        .local(&["svc", "delete", "--name", "mailer", "--yes", "--allow-delete", "all"])
        .expect(0);
    workdir.local(&["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"]).expect(0);
    let left = workdir.local(&["--format", "json", "env", "show", "--name", "test"]).expect(0);
    assert_eq!(left.json()["resources"], serde_json::json!([]));
}
